//! Ticking again and again.

use super::{Instant, Sleep, bounded, sleep_until};
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// A tick that comes this late counts as missed.
const TOLERANCE: Duration = Duration::from_millis(5);

/// Ticks every `period`, the first time at once.
///
/// Unlike a loop around [`sleep`](super::sleep()) it does not drift: the time between two calls of
/// [`tick`](Interval::tick) is part of the period. What happens if a tick is missed can be
/// [chosen](MissedTickBehavior).
///
/// # Panics
///
/// Panics if `period` is zero, outside of a runtime, and in a runtime whose timers are not enabled (call
/// `enable_time()` or `enable_all()` on its builder).
///
/// # Examples
///
/// ```
/// use leno::time::{Duration, Instant, interval};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
/// let start = Instant::now();
/// let mut interval = interval(Duration::from_millis(10));
/// interval.tick().await;
/// assert_eq!(start.elapsed(), Duration::ZERO);
/// interval.tick().await;
/// interval.tick().await;
/// assert_eq!(start.elapsed(), Duration::from_millis(20));
/// # });
/// ```
#[track_caller]
#[inline]
pub fn interval(period: Duration) -> Interval {
    Interval::new(None, period)
}

/// Ticks every `period`, the first time at `start`.
///
/// # Panics
///
/// As [`interval`].
///
/// # Examples
///
/// ```
/// use leno::time::{Duration, Instant, interval_at};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
/// let start = Instant::now() + Duration::from_millis(50);
/// let mut interval = interval_at(start, Duration::from_millis(10));
/// assert_eq!(interval.tick().await, start);
/// assert_eq!(interval.tick().await, start + Duration::from_millis(10));
/// # });
/// ```
#[track_caller]
#[inline]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    Interval::new(Some(start), period)
}

/// What an [`Interval`] does when it was not polled in time.
///
/// With a period of 50 ms, a first tick at 0, and a pause of 120 ms after it (so that the tick of 50 ms is
/// taken at 120 ms):
///
/// | behaviour | taken at | then due at |
/// | --- | --- | --- |
/// | `Burst` | 120 | 100 (at once), 150, 200, … |
/// | `Delay` | 120 | 170, 220, … |
/// | `Skip` | 120 | 150, 200, … |
///
/// A tick that is at most 5 ms late is not missed: the next one is due a period after it was due itself.
///
/// # Examples
///
/// The table's second column, with the clock moved by hand:
///
/// ```
/// use leno::time::{Duration, Instant, MissedTickBehavior, advance, interval};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
/// let ms = Duration::from_millis;
/// let ticks = async |behavior| {
///     let start = Instant::now();
///     let mut interval = interval(ms(50));
///     interval.set_missed_tick_behavior(behavior);
///     interval.tick().await;
///     advance(ms(120)).await;
///     // The late one, and the two after it.
///     let mut taken = [0; 3];
///     for taken in &mut taken {
///         interval.tick().await;
///         *taken = start.elapsed().as_millis();
///     }
///     taken
/// };
/// assert_eq!(ticks(MissedTickBehavior::Burst).await, [120, 120, 150]);
/// assert_eq!(ticks(MissedTickBehavior::Delay).await, [120, 170, 220]);
/// assert_eq!(ticks(MissedTickBehavior::Skip).await, [120, 150, 200]);
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissedTickBehavior {
    /// Makes up for the missed ticks as fast as they are taken, so that their count is right in the end.
    /// This is the default.
    #[default]
    Burst,
    /// Starts anew: the next tick is due a period after the late one was taken.
    Delay,
    /// Leaves the missed ticks out: the next one is due when the first still to come would have been.
    Skip,
}

impl MissedTickBehavior {
    /// When the next tick is due, if the one of `due` is taken `now`, which is later.
    #[inline]
    fn next(self, due: Instant, now: Instant, period: Duration) -> Instant {
        match self {
            Self::Burst => due + period,
            Self::Delay => now + period,
            Self::Skip => {
                let into_period = (now - due).as_nanos() % period.as_nanos();
                // The remainder is less than the period, which is less than 2^64 ns (see `bounded`).
                now + (period - Duration::from_nanos(into_period as u64))
            }
        }
    }
}

/// Ticks in regular intervals; made by [`interval`](interval()) and [`interval_at`].
///
/// It costs one allocation, so that it can be moved.
///
/// # Examples
///
/// Beside other work, in a loop:
///
/// ```
/// use leno::sync::mpsc;
/// use leno::time::{Duration, interval, sleep};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
/// let (sender, mut values) = mpsc::channel(8);
/// leno::spawn(async move {
///     for value in 0..4 {
///         sleep(Duration::from_millis(30)).await;
///         sender.send(value).await.unwrap();
///     }
/// });
/// let mut flush = interval(Duration::from_millis(50));
/// let (mut received, mut flushes) = (0, 0);
/// loop {
///     leno::select! {
///         _ = flush.tick() => flushes += 1,
///         value = values.recv() => match value {
///             Some(_) => received += 1,
///             None => break,
///         },
///     }
/// }
/// // At 0, 50 and 100 ms; the last value came at 120.
/// assert_eq!((received, flushes), (4, 3));
/// # });
/// ```
#[derive(Debug)]
pub struct Interval {
    delay: Pin<Box<Sleep>>,
    period: Duration,
    missed_tick_behavior: MissedTickBehavior,
}

impl Interval {
    #[track_caller]
    #[inline]
    fn new(start: Option<Instant>, period: Duration) -> Self {
        assert!(
            !period.is_zero(),
            "the period of an interval must not be zero"
        );
        let start = start.unwrap_or_else(Instant::now);
        Self {
            delay: Box::pin(sleep_until(start)),
            period: bounded(period),
            missed_tick_behavior: MissedTickBehavior::default(),
        }
    }

    /// Waits for the next tick, and returns the moment at which it was due.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call has the tick.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::time::{Duration, interval};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let mut interval = interval(Duration::from_millis(10));
    /// let first = interval.tick().await;
    /// let second = interval.tick().await;
    /// assert_eq!(second - first, Duration::from_millis(10));
    /// # });
    /// ```
    #[inline]
    pub fn tick(&mut self) -> impl CancelSafe<Output = Instant> {
        assert_cancel_safe(async move { poll_fn(|cx| self.poll_tick(cx)).await })
    }

    /// Polls for the next tick; ready with the moment at which it was due.
    ///
    /// If it is pending, the task is woken when the tick is due: the one of the last call, if there were
    /// several. If it is ready, nobody is woken for the tick after it until this is called again.
    ///
    /// # Examples
    ///
    /// For a stream written by hand:
    ///
    /// ```
    /// use leno::time::{Duration, interval};
    /// use std::future::poll_fn;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let mut interval = interval(Duration::from_secs(1));
    /// let first = poll_fn(|cx| interval.poll_tick(cx)).await;
    /// let second = poll_fn(|cx| interval.poll_tick(cx)).await;
    /// assert_eq!(second - first, Duration::from_secs(1));
    /// # });
    /// ```
    #[inline]
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        ready!(self.delay.as_mut().poll(cx));
        let due = self.delay.deadline();
        let now = Instant::now();
        let next = if now > due + TOLERANCE {
            self.missed_tick_behavior.next(due, now, self.period)
        } else {
            due + self.period
        };
        self.delay.as_mut().reset(next);
        Poll::Ready(due)
    }

    /// Makes the next tick due a period from now.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::time::{Duration, Instant, interval, sleep};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let start = Instant::now();
    /// let mut interval = interval(Duration::from_millis(100));
    /// interval.tick().await;
    /// sleep(Duration::from_millis(50)).await;
    /// interval.reset();
    /// interval.tick().await;
    /// assert_eq!(start.elapsed(), Duration::from_millis(150));
    /// # });
    /// ```
    #[inline]
    pub fn reset(&mut self) {
        self.reset_at(Instant::now() + self.period);
    }

    /// Makes the next tick due now.
    ///
    /// # Examples
    ///
    /// Something has happened, so the next report is made now:
    ///
    /// ```
    /// use leno::time::{Duration, Instant, interval};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let mut report = interval(Duration::from_secs(60));
    /// report.tick().await;
    /// let start = Instant::now();
    /// report.reset_immediately();
    /// report.tick().await;
    /// assert_eq!(start.elapsed(), Duration::ZERO);
    /// report.tick().await;
    /// assert_eq!(start.elapsed(), Duration::from_secs(60));
    /// # });
    /// ```
    #[inline]
    pub fn reset_immediately(&mut self) {
        self.reset_at(Instant::now());
    }

    /// Makes the next tick due in `after`. Durations beyond 30 years are cut down to that.
    ///
    /// # Examples
    ///
    /// A pause before it goes on at its pace:
    ///
    /// ```
    /// use leno::time::{Duration, Instant, interval};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let mut retry = interval(Duration::from_secs(1));
    /// retry.tick().await;
    /// let start = Instant::now();
    /// retry.reset_after(Duration::from_secs(30));
    /// retry.tick().await;
    /// retry.tick().await;
    /// assert_eq!(start.elapsed(), Duration::from_secs(31));
    /// # });
    /// ```
    #[inline]
    pub fn reset_after(&mut self, after: Duration) {
        self.reset_at(Instant::now() + bounded(after));
    }

    /// Makes the next tick due at `deadline`, be it more than a period away; the ones after it follow from
    /// there. If it is in the past, ticks have been [missed](MissedTickBehavior).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::time::{Duration, Instant, interval};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let start = Instant::now();
    /// let mut interval = interval(Duration::from_millis(100));
    /// interval.reset_at(start + Duration::from_millis(30));
    /// interval.tick().await;
    /// interval.tick().await;
    /// assert_eq!(start.elapsed(), Duration::from_millis(130));
    /// # });
    /// ```
    #[inline]
    pub fn reset_at(&mut self, deadline: Instant) {
        self.delay.as_mut().reset(deadline);
    }

    /// What happens when a tick is missed.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::time::{Duration, MissedTickBehavior, interval};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut interval = interval(Duration::from_secs(1));
    /// assert_eq!(interval.missed_tick_behavior(), MissedTickBehavior::Burst);
    /// interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    /// assert_eq!(interval.missed_tick_behavior(), MissedTickBehavior::Delay);
    /// # });
    /// ```
    #[inline]
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed_tick_behavior
    }

    /// Decides what happens when a tick is missed.
    ///
    /// # Examples
    ///
    /// One check per period is enough, however late the last was:
    ///
    /// ```
    /// use leno::time::{Duration, Instant, MissedTickBehavior, interval, sleep};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let start = Instant::now();
    /// let mut check = interval(Duration::from_secs(10));
    /// check.set_missed_tick_behavior(MissedTickBehavior::Skip);
    /// let mut checks = 0;
    /// while start.elapsed() < Duration::from_secs(60) {
    ///     check.tick().await;
    ///     checks += 1;
    ///     // Slow at first.
    ///     sleep(Duration::from_secs(if checks == 1 { 35 } else { 0 })).await;
    /// }
    /// // At 0, at 35 for 10 (and those of 20 and 30), then at 40, 50 and 60.
    /// assert_eq!(checks, 5);
    /// # });
    /// ```
    #[inline]
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed_tick_behavior = behavior;
    }

    /// The time between two ticks.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::time::{Duration, interval};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// assert_eq!(interval(Duration::from_millis(50)).period(), Duration::from_millis(50));
    /// # });
    /// ```
    #[inline]
    pub fn period(&self) -> Duration {
        self.period
    }
}
