//! Waiting for time to pass.
//!
//! - [`sleep`] and [`sleep_until`] wait once;
//! - [`interval`] and [`interval_at`] tick again and again, without drifting;
//! - [`timeout`] and [`timeout_at`] put a limit to another future;
//! - [`Instant`] is a moment on the runtime's clock;
//! - [`pause`], [`resume`] and [`advance`] let tests play with that clock: nothing has to wait for real.
//!
//! All but `Instant` need a runtime whose timers are enabled (`enable_time()` or `enable_all()` on its
//! builder).
//!
//! Deadlines are nanoseconds and are not rounded, so a timer never ends early, and two of them end in the
//! order of their deadlines if they belong to one worker. How much later than its deadline a timer ends
//! is decided by the operating system and by what else the worker has to do. On Linux an idle worker wakes
//! up some 50 µs late, which is what that takes; where several deadlines come within 33 µs, it wakes up
//! once, for the last, and where they come as thick as that for long, every 131 µs. Elsewhere it is a
//! millisecond or so, or some 15 ms (Windows).
//!
//! A timer costs no allocation, and no system call unless it is the worker's next one when it goes to
//! sleep.
//!
//! # Examples
//!
//! ```
//! use leno::time::{Duration, Instant, sleep, timeout};
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
//! let start = Instant::now();
//! sleep(Duration::from_millis(20)).await;
//! assert!(start.elapsed() >= Duration::from_millis(20));
//!
//! let slow = sleep(Duration::from_secs(60));
//! assert!(timeout(Duration::from_millis(10), slow).await.is_err());
//! # });
//! ```
//!
//! # Which one
//!
//! **To wait once**: [`sleep`]. Its time counts from the call. In a loop or a `select!` it starts over in each round; what should not is
//! made once before the loop, pinned, and awaited by reference, or is a moment for [`sleep_until`]:
//!
//! ```
//! use leno::time::{Duration, Instant, interval, sleep};
//! use std::pin::pin;
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
//! let start = Instant::now();
//! let mut tick = interval(Duration::from_secs(3));
//! let mut end = pin!(sleep(Duration::from_secs(10)));
//! let mut ticks = 0;
//! loop {
//!     leno::select! {
//!         _ = tick.tick() => ticks += 1,
//!         // A `sleep` made here would never end, as a tick comes before it.
//!         () = end.as_mut() => break,
//!     }
//! }
//! // At 0, 3, 6 and 9 seconds.
//! assert_eq!((ticks, start.elapsed()), (4, Duration::from_secs(10)));
//! # });
//! ```
//!
//! **Again and again**: [`interval`], which does not drift, as a loop around `sleep` does by the time that its body takes. What becomes of
//! ticks that nobody has taken in time is [chosen](MissedTickBehavior); the default makes up for all of them.
//!
//! **To limit something**: [`timeout`] for one future. For several steps under one limit take the moment once, and [`timeout_at`] for
//! each; a [`Scope`](crate::task::Scope) has a deadline for all that is done in it, tasks that it starts included.
//!
//! ```
//! use leno::time::{Duration, Instant, sleep, timeout};
//!
//! /// Tries at most three times, for a second each, with longer and longer pauses in between.
//! async fn with_patience<T>(mut attempt: impl AsyncFnMut(u32) -> T) -> Option<T> {
//!     for number in 0..3 {
//!         if let Ok(answer) = timeout(Duration::from_secs(1), attempt(number)).await {
//!             return Some(answer);
//!         }
//!         sleep(Duration::from_millis(100) * 2u32.pow(number)).await;
//!     }
//!     None
//! }
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
//! let start = Instant::now();
//! let slow_at_first = async |number| {
//!     sleep(Duration::from_millis([3000, 2000, 500][number as usize])).await;
//!     number
//! };
//! assert_eq!(with_patience(slow_at_first).await, Some(2));
//! // Two that were cut off, two pauses, and half a second.
//! assert_eq!(start.elapsed(), Duration::from_millis(1000 + 100 + 1000 + 200 + 500));
//! # });
//! ```
//!
//! A timeout *drops* the future: it ends between two of its steps, where it waits. What that loses stands at each operation under "Cancel
//! safety". It does not interrupt code that does not wait, nor a closure in [`spawn_blocking`](crate::task::spawn_blocking).
//!
//! # The clock
//!
//! [`Instant::now`] is the standard library's monotonic clock, unless a test stops it. A stopped clock shows the same moment until
//! nothing is left to do, and then jumps to the next deadline: a test of an hour takes no time, and every duration in it is exact. The
//! clock belongs to a current-thread runtime; `#[leno::test(start_paused = true)]` begins with it stopped, [`pause`] stops it in the middle.
//!
//! ```
//! use leno::time::{Duration, Instant, advance, sleep};
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
//! let start = Instant::now();
//! let night = sleep(Duration::from_secs(24 * 3600));
//! let daily = leno::spawn(async {
//!     night.await;
//!     "the report"
//! });
//! advance(Duration::from_secs(3600)).await;
//! assert!(!daily.is_finished());
//! assert_eq!(daily.await.unwrap(), "the report");
//! assert_eq!(start.elapsed(), Duration::from_secs(24 * 3600));
//! # });
//! ```

#[cfg(feature = "test-util")]
mod clock;
pub mod error;
mod instant;
mod interval;
#[cfg(feature = "sync")]
mod send_timeout;
mod sleep;
mod timeout;

#[cfg(feature = "test-util")]
#[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
pub use self::clock::{advance, pause, resume};
pub use self::instant::Instant;
pub use self::interval::{Interval, MissedTickBehavior, interval, interval_at};
pub(crate) use self::sleep::after;
pub use self::sleep::{Sleep, sleep, sleep_until};
#[doc(inline)]
pub use self::timeout::{Timeout, timeout, timeout_at};
#[doc(no_inline)]
pub use std::time::Duration;

/// The longest that anything waits: there are platforms whose `Instant` cannot hold a hundred years.
const THIRTY_YEARS: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// What is added to "now" for `duration`.
#[inline]
fn bounded(duration: Duration) -> Duration {
    duration.min(THIRTY_YEARS)
}
