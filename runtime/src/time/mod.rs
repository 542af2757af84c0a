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
fn bounded(duration: Duration) -> Duration {
    duration.min(THIRTY_YEARS)
}
