//! Durations, counted by how long they are.

use crate::kernel::observe::histogram::{BUCKETS, Counted, FIRST};
use std::fmt;
use std::time::Duration;

/// How often something took how long, in buckets that double from 64 ns on.
///
/// From [`RuntimeMetrics::poll_time_histogram`](super::RuntimeMetrics::poll_time_histogram) and its like.
///
/// # Examples
///
/// How many of the polls took longer than some two milliseconds:
///
/// ```
/// use leno::diagnostics::Diagnostics;
/// use std::time::Duration;
///
/// let runtime = leno::runtime::Builder::new_current_thread()
///     .diagnostics(Diagnostics::default().recorder(true))
///     .build()?;
/// runtime.block_on(runtime.spawn(async { std::thread::sleep(Duration::from_millis(3)) })).unwrap();
/// let histogram = runtime.metrics().poll_time_histogram();
/// let long: u64 = histogram
///     .buckets()
///     .filter(|(end, _)| end.is_none_or(|end| end > Duration::from_millis(2)))
///     .map(|(_, count)| count)
///     .sum();
/// assert!(long >= 1, "{histogram:?}");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DurationHistogram {
    counted: Counted,
}

impl DurationHistogram {
    pub(super) fn new(counted: Counted) -> Self {
        Self { counted }
    }

    /// The buckets, from short to long: up to which duration each goes, and how many there were in it. The last one has no end.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let histogram = leno::runtime::Handle::current().metrics().poll_time_histogram();
    /// let ends: Vec<_> = histogram.buckets().map(|(end, _)| end).collect();
    /// assert_eq!(ends[1].unwrap(), ends[0].unwrap() * 2);
    /// assert_eq!(*ends.last().unwrap(), None);
    /// # });
    /// ```
    #[inline]
    pub fn buckets(&self) -> impl Iterator<Item = (Option<Duration>, u64)> + '_ {
        let ends = (0..BUCKETS - 1).map(|number| Some(Duration::from_nanos(FIRST << number)));
        ends.chain([None]).zip(self.counted.buckets)
    }

    /// How many there were.
    ///
    /// # Examples
    ///
    /// Nothing is counted as long as nobody records:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let metrics = leno::runtime::Handle::current().metrics();
    /// leno::task::yield_now().await;
    /// assert_eq!(metrics.poll_time_histogram().count(), 0);
    /// # });
    /// ```
    #[inline]
    pub fn count(&self) -> u64 {
        self.counted.buckets.iter().sum()
    }

    /// How long they took together.
    ///
    /// # Examples
    ///
    /// For the mean, which one bucket hides:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let histogram = leno::runtime::Handle::current().metrics().schedule_delay_histogram();
    /// let mean = histogram.sum().checked_div(histogram.count() as u32);
    /// assert_eq!(mean, None, "nothing was recorded");
    /// # });
    /// ```
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.counted.nanoseconds)
    }
}

impl fmt::Debug for DurationHistogram {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used = self.buckets().filter(|&(_, count)| count > 0);
        f.debug_struct("DurationHistogram")
            .field("count", &self.count())
            .field("sum", &self.sum())
            .field("buckets", &used.collect::<Vec<_>>())
            .finish()
    }
}
