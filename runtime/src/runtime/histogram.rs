//! Durations, counted by how long they are.

use crate::kernel::observe::histogram::{BUCKETS, Counted, FIRST};
use std::fmt;
use std::time::Duration;

/// How often something took how long, in buckets that double from 64 ns on.
///
/// From [`RuntimeMetrics::poll_time_histogram`](super::RuntimeMetrics::poll_time_histogram) and its like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DurationHistogram {
    counted: Counted,
}

impl DurationHistogram {
    pub(super) fn new(counted: Counted) -> Self {
        Self { counted }
    }

    /// The buckets, from short to long: up to which duration each goes, and how many there were in it. The last one has no end.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<Duration>, u64)> + '_ {
        let ends = (0..BUCKETS - 1).map(|number| Some(Duration::from_nanos(FIRST << number)));
        ends.chain([None]).zip(self.counted.buckets)
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.counted.buckets.iter().sum()
    }

    /// How long they took together.
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.counted.nanoseconds)
    }
}

impl fmt::Debug for DurationHistogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used = self.buckets().filter(|&(_, count)| count > 0);
        f.debug_struct("DurationHistogram")
            .field("count", &self.count())
            .field("sum", &self.sum())
            .field("buckets", &used.collect::<Vec<_>>())
            .finish()
    }
}
