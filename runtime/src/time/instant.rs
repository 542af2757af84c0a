//! Moments on the runtime's clock.

use crate::prim::{self, asked};
use crate::runtime::current;
use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::Duration;

/// A moment on a monotonic clock.
///
/// It is [`std::time::Instant`] but for [`now`](Instant::now), which shows the clock of the runtime it is
/// called in: the real one, unless a test has [paused](super::pause) it.
///
/// # Examples
///
/// ```
/// use leno::time::{Duration, Instant};
///
/// let start = Instant::now();
/// let later = start + Duration::from_millis(3);
/// assert_eq!(later - start, Duration::from_millis(3));
/// // Differences do not become negative.
/// assert_eq!(start - later, Duration::ZERO);
/// assert_eq!(start.checked_duration_since(later), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    std: std::time::Instant,
}

impl Instant {
    /// The present moment.
    ///
    /// Outside of a runtime, and as long as no runtime's clock was ever paused in this process, that is
    /// `std::time::Instant::now()` and costs the same.
    ///
    /// # Examples
    ///
    /// On the runtime's clock, which a test can stop:
    ///
    /// ```
    /// use leno::time::{Duration, Instant, advance};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let before = Instant::now();
    /// assert_eq!(Instant::now(), before);
    /// advance(Duration::from_secs(1)).await;
    /// assert_eq!(Instant::now(), before + Duration::from_secs(1));
    /// # });
    /// ```
    #[inline]
    pub fn now() -> Self {
        if prim::a_clock_was_paused() {
            Self::now_in_runtime()
        } else {
            Self::from_std(std::time::Instant::now())
        }
    }

    /// The present moment, as [`nanoseconds`](Self::nanoseconds).
    #[inline]
    pub(super) fn now_in_nanoseconds() -> u64 {
        if prim::a_clock_was_paused() {
            Self::now_in_runtime().nanoseconds()
        } else {
            prim::now()
        }
    }

    #[cold]
    fn now_in_runtime() -> Self {
        match current::clock() {
            Some(clock) => {
                asked::looks(&raw const *clock);
                Self::from_nanoseconds(clock.now())
            }
            None => Self::from_std(std::time::Instant::now()),
        }
    }

    /// The same moment, from the standard library's type.
    ///
    /// # Examples
    ///
    /// ```
    /// let std = std::time::Instant::now();
    /// assert_eq!(leno::time::Instant::from_std(std).into_std(), std);
    /// ```
    #[inline]
    pub fn from_std(std: std::time::Instant) -> Self {
        Self { std }
    }

    /// The same moment, as the standard library's type.
    ///
    /// # Examples
    ///
    /// For a function that takes the standard library's type:
    ///
    /// ```
    /// use leno::time::{Duration, Instant};
    ///
    /// fn is_over(deadline: std::time::Instant) -> bool {
    ///     deadline <= std::time::Instant::now()
    /// }
    ///
    /// let deadline = Instant::now() + Duration::from_secs(60);
    /// assert!(!is_over(deadline.into_std()));
    /// ```
    #[inline]
    pub fn into_std(self) -> std::time::Instant {
        self.std
    }

    /// How much later this is than `earlier`; zero if it is not.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::time::{Duration, Instant};
    ///
    /// let earlier = Instant::now();
    /// let later = earlier + Duration::from_secs(2);
    /// assert_eq!(later.duration_since(earlier), Duration::from_secs(2));
    /// assert_eq!(earlier.duration_since(later), Duration::ZERO);
    /// ```
    #[inline]
    pub fn duration_since(&self, earlier: Instant) -> Duration {
        self.std.saturating_duration_since(earlier.std)
    }

    /// How much later this is than `earlier`; `None` if it is earlier.
    ///
    /// # Examples
    ///
    /// Tells "at the same time" from "not yet":
    ///
    /// ```
    /// use leno::time::{Duration, Instant};
    ///
    /// let start = Instant::now();
    /// let later = start + Duration::from_secs(1);
    /// assert_eq!(start.checked_duration_since(start), Some(Duration::ZERO));
    /// assert_eq!(start.checked_duration_since(later), None);
    /// ```
    #[inline]
    pub fn checked_duration_since(&self, earlier: Instant) -> Option<Duration> {
        self.std.checked_duration_since(earlier.std)
    }

    /// How much later this is than `earlier`; zero if it is not.
    ///
    /// # Examples
    ///
    /// How much of a limit is left:
    ///
    /// ```
    /// use leno::time::{Duration, Instant};
    ///
    /// let now = Instant::now();
    /// let left = |deadline: Instant| deadline.saturating_duration_since(now);
    /// assert_eq!(left(now + Duration::from_secs(3)), Duration::from_secs(3));
    /// assert_eq!(left(now - Duration::from_nanos(1)), Duration::ZERO);
    /// ```
    #[inline]
    pub fn saturating_duration_since(&self, earlier: Instant) -> Duration {
        self.std.saturating_duration_since(earlier.std)
    }

    /// How long ago this was; zero if it is still to come.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::time::{Duration, Instant, sleep};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let start = Instant::now();
    /// sleep(Duration::from_secs(7)).await;
    /// assert_eq!(start.elapsed(), Duration::from_secs(7));
    /// # });
    /// ```
    #[inline]
    pub fn elapsed(&self) -> Duration {
        Self::now().saturating_duration_since(*self)
    }

    /// The moment `duration` later, or `None` if the type cannot hold it.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::time::{Duration, Instant};
    ///
    /// let now = Instant::now();
    /// assert_eq!(now.checked_add(Duration::from_secs(1)), Some(now + Duration::from_secs(1)));
    /// // No moment is so far away; `+` would panic.
    /// assert_eq!(now.checked_add(Duration::MAX), None);
    /// ```
    #[inline]
    pub fn checked_add(&self, duration: Duration) -> Option<Instant> {
        self.std.checked_add(duration).map(Self::from_std)
    }

    /// The moment `duration` earlier, or `None` if the type cannot hold it.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::time::{Duration, Instant};
    ///
    /// let now = Instant::now();
    /// assert_eq!(now.checked_sub(Duration::ZERO), Some(now));
    /// assert_eq!(now.checked_sub(Duration::MAX), None);
    /// ```
    #[inline]
    pub fn checked_sub(&self, duration: Duration) -> Option<Instant> {
        self.std.checked_sub(duration).map(Self::from_std)
    }

    /// As the clocks and wheels of the kernel count; 0 for what was before they began, and the last number
    /// for what is too far away.
    #[inline]
    pub(crate) fn nanoseconds(self) -> u64 {
        let since = self.std.saturating_duration_since(prim::base());
        let seconds = since.as_secs().saturating_mul(1_000_000_000);
        seconds.saturating_add(u64::from(since.subsec_nanos()))
    }

    #[inline]
    pub(crate) fn from_nanoseconds(nanoseconds: u64) -> Self {
        Self::from_std(prim::base() + Duration::from_nanos(nanoseconds))
    }
}

impl From<std::time::Instant> for Instant {
    #[inline]
    fn from(std: std::time::Instant) -> Self {
        Self::from_std(std)
    }
}

impl From<Instant> for std::time::Instant {
    #[inline]
    fn from(instant: Instant) -> Self {
        instant.into_std()
    }
}

/// Panics if the type cannot hold the result.
impl Add<Duration> for Instant {
    type Output = Instant;

    #[inline]
    fn add(self, duration: Duration) -> Instant {
        Self::from_std(self.std + duration)
    }
}

impl AddAssign<Duration> for Instant {
    #[inline]
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

/// Zero if the right one is the later one.
impl Sub for Instant {
    type Output = Duration;

    #[inline]
    fn sub(self, earlier: Instant) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

/// Panics if the type cannot hold the result.
impl Sub<Duration> for Instant {
    type Output = Instant;

    #[inline]
    fn sub(self, duration: Duration) -> Instant {
        Self::from_std(self.std - duration)
    }
}

impl SubAssign<Duration> for Instant {
    #[inline]
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl fmt::Debug for Instant {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.std.fmt(f)
    }
}
