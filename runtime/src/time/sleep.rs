//! Waiting once.

use super::{Instant, THIRTY_YEARS};
use crate::kernel::budget;
use crate::kernel::cancel_safe::CancelSafe;
use crate::kernel::wheel::{Closed, Entry};
use crate::runtime::current;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// Waits until `duration` has passed.
///
/// The time counts from the call, not from the first poll. It is not rounded; see [the module](super) for
/// how exactly it is kept. Durations beyond 30 years are cut down to that.
///
/// # Panics
///
/// Panics outside of a runtime, and in one whose timers are not enabled (call `enable_time()` or
/// `enable_all()` on its builder). `runtime.block_on(sleep(d))` panics too, since its argument is made
/// outside: write `runtime.block_on(async { sleep(d).await })`.
///
/// # Cancel safety
///
/// Dropping the future loses its place: who sleeps anew does so for the whole time. [`sleep_until`] goes on where it was.
///
/// # Examples
///
/// ```
/// use leno::time::{Duration, sleep};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// sleep(Duration::from_millis(10)).await;
/// println!("10 ms have elapsed");
/// # });
/// ```
#[track_caller]
#[inline]
pub fn sleep(duration: Duration) -> Sleep {
    Sleep::new(after(duration))
}

/// Waits until `deadline`.
///
/// A deadline in the past is fine: the future is ready soon. Deadlines beyond some 500 years are cut down to that.
///
/// # Panics
///
/// As [`sleep`].
///
/// # Cancel safety
///
/// Dropping the future loses nothing.
///
/// # Examples
///
/// ```
/// use leno::time::{Duration, Instant, sleep_until};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let deadline = Instant::now() + Duration::from_millis(10);
/// sleep_until(deadline).await;
/// assert!(Instant::now() >= deadline);
/// # });
/// ```
#[track_caller]
#[inline]
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep::new(deadline.nanoseconds())
}

/// The moment `duration` from now, in the kernel's terms.
#[inline]
pub(crate) fn after(duration: Duration) -> u64 {
    // Nothing overflows: a clock shows less than a hundred years, unless a test moves it. (`as_nanos` is 128 bits wide.)
    let seconds = duration.as_secs().min(THIRTY_YEARS.as_secs());
    let nanoseconds = seconds * 1_000_000_000 + u64::from(duration.subsec_nanos());
    Instant::now_in_nanoseconds().saturating_add(nanoseconds)
}

pin_project! {
    /// The future returned by [`sleep`](sleep()) and [`sleep_until`].
    ///
    /// The timer is part of this future, so it must be pinned to be polled by hand, or to be used more than
    /// once, as in a loop; `.await` does that by itself. It belongs to the runtime it was made in.
    ///
    /// # Panics
    ///
    /// Panics when polled after its runtime was shut down, unless it had elapsed before.
    ///
    /// # Examples
    ///
    /// One timer, used again and again:
    ///
    /// ```
    /// use leno::time::{Duration, Instant, sleep};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut nap = std::pin::pin!(sleep(Duration::from_millis(1)));
    /// for _ in 0..3 {
    ///     nap.as_mut().await;
    ///     nap.as_mut().reset(Instant::now() + Duration::from_millis(1));
    /// }
    /// # });
    /// ```
    ///
    /// In a boxed field it does not make the whole future `!Unpin`:
    ///
    /// ```
    /// use leno::time::Sleep;
    /// use std::pin::Pin;
    /// use std::task::{Context, Poll};
    ///
    /// struct Countdown {
    ///     sleep: Pin<Box<Sleep>>,
    /// }
    ///
    /// impl Future for Countdown {
    ///     type Output = &'static str;
    ///
    ///     fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
    ///         self.sleep.as_mut().poll(cx).map(|()| "lift-off")
    ///     }
    /// }
    /// # fn is_unpin<T: Unpin>() {}
    /// # is_unpin::<Countdown>();
    /// ```
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Sleep {
        #[pin]
        entry: Entry,
    }
}

impl Sleep {
    /// `deadline` is in the kernel's terms.
    #[inline]
    #[track_caller]
    pub(super) fn new(deadline: u64) -> Self {
        Self {
            entry: Entry::new(current::wheel(), deadline),
        }
    }

    /// The moment for which this waits.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::time::{Duration, Instant, sleep};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let start = Instant::now();
    /// let nap = sleep(Duration::from_secs(1));
    /// assert_eq!(nap.deadline(), start + Duration::from_secs(1));
    /// # });
    /// ```
    #[inline]
    pub fn deadline(&self) -> Instant {
        Instant::from_nanoseconds(self.entry.deadline())
    }

    /// True if the deadline has passed and this future has noticed: it was ready, or its task is being
    /// woken.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::time::{Duration, sleep};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let mut nap = std::pin::pin!(sleep(Duration::from_secs(1)));
    /// assert!(!nap.is_elapsed());
    /// nap.as_mut().await;
    /// assert!(nap.is_elapsed());
    /// # });
    /// ```
    #[inline]
    pub fn is_elapsed(&self) -> bool {
        self.entry.is_elapsed()
    }

    /// Waits for another moment instead.
    ///
    /// May be called before the future has completed and after. If a task is waiting for it, it goes on
    /// waiting, now for the new deadline.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::time::{Duration, Instant, sleep};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let start = Instant::now();
    /// let mut nap = std::pin::pin!(sleep(Duration::from_millis(10)));
    /// nap.as_mut().reset(start + Duration::from_millis(20));
    /// nap.await;
    /// assert_eq!(start.elapsed(), Duration::from_millis(20));
    /// # });
    /// ```
    #[inline]
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        self.project().entry.reset(deadline.nanoseconds());
    }
}

impl Future for Sleep {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let unit = ready!(budget::poll_proceed(cx));
        match ready!(self.project().entry.poll_elapsed(cx.waker())) {
            Ok(()) => {
                unit.made_progress();
                Poll::Ready(())
            }
            Err(Closed) => closed(),
        }
    }
}

impl CancelSafe for Sleep {}

#[cold]
fn closed() -> ! {
    panic!(
        // It begins with what tokio says, for there are tests that look for it.
        "A Tokio 1.x context was found, but it is being shutdown. The runtime that this timer belongs to has been shut \
         down: keep the `Runtime` for as long as its timers are polled"
    )
}

impl fmt::Debug for Sleep {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("deadline", &self.deadline())
            .field("is_elapsed", &self.is_elapsed())
            .finish()
    }
}
