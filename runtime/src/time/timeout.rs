//! A limit to another future.

use super::error::Elapsed;
use super::sleep::after;
use super::{Instant, Sleep};
use crate::kernel::budget;
use crate::kernel::cancel_safe::CancelSafe;
use pin_project_lite::pin_project;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Gives `future` at most `duration` to complete.
///
/// The time counts from the call, not from the first poll. The future is polled first: one that is ready
/// is ready, even if the time is over. One that never yields cannot be stopped, since it is only between
/// its polls that anybody looks at the clock. Durations beyond 30 years are cut down to that.
///
/// # Errors
///
/// [`Elapsed`] if the time is over first. The future is not dropped by that, but with the [`Timeout`]; pass
/// `&mut future` to go on with it.
///
/// # Panics
///
/// Panics outside of a runtime, and in one whose timers are not enabled (call `enable_time()` or
/// `enable_all()` on its builder). So `runtime.block_on(timeout(d, f))` does too, since its argument is
/// made outside: write `runtime.block_on(async { timeout(d, f).await })`.
///
/// # Cancel safety
///
/// As that of its future: dropping one drops the other.
///
/// # Examples
///
/// ```
/// use leno::time::{Duration, timeout};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let quick = async { 7 };
/// assert_eq!(timeout(Duration::from_secs(1), quick).await, Ok(7));
///
/// let never = std::future::pending::<()>();
/// assert!(timeout(Duration::from_millis(1), never).await.is_err());
/// # });
/// ```
#[track_caller]
pub fn timeout<F>(duration: Duration, future: F) -> Timeout<F::IntoFuture>
where
    F: IntoFuture,
{
    Timeout {
        value: future.into_future(),
        delay: Sleep::new(after(duration)),
    }
}

/// Gives `future` until `deadline` to complete.
///
/// As [`timeout`] in everything else. With a deadline in the past, the future is polled at least once.
///
/// # Errors
///
/// [`Elapsed`] if the deadline passes first.
///
/// # Panics
///
/// As [`timeout`].
///
/// # Cancel safety
///
/// As that of its future: dropping one drops the other.
///
/// # Examples
///
/// ```
/// use leno::time::{Duration, Instant, timeout_at};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// // One deadline for several steps.
/// let deadline = Instant::now() + Duration::from_secs(1);
/// for step in 0..3 {
///     assert_eq!(timeout_at(deadline, async { step }).await, Ok(step));
/// }
/// # });
/// ```
#[track_caller]
pub fn timeout_at<F>(deadline: Instant, future: F) -> Timeout<F::IntoFuture>
where
    F: IntoFuture,
{
    Timeout {
        value: future.into_future(),
        delay: Sleep::new(deadline.nanoseconds()),
    }
}

pin_project! {
    /// The future returned by [`timeout`](timeout()) and [`timeout_at`].
    ///
    /// # Examples
    ///
    /// What was too slow is not lost, and may have more time:
    ///
    /// ```
    /// use leno::time::{Duration, sleep, timeout};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let mut slow = std::pin::pin!(async {
    ///     sleep(Duration::from_secs(3)).await;
    ///     "late"
    /// });
    /// assert!(timeout(Duration::from_secs(2), slow.as_mut()).await.is_err());
    /// assert_eq!(timeout(Duration::from_secs(2), slow.as_mut()).await, Ok("late"));
    /// # });
    /// ```
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    #[derive(Debug)]
    pub struct Timeout<T> {
        #[pin]
        value: T,
        #[pin]
        delay: Sleep,
    }
}

impl<T> Timeout<T> {
    /// The future that is limited.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::time::{Duration, timeout};
    /// use std::future::{Ready, ready};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let limited = timeout(Duration::from_secs(1), ready(1));
    /// let _future: &Ready<i32> = limited.get_ref();
    /// assert_eq!(limited.await, Ok(1));
    /// # });
    /// ```
    pub fn get_ref(&self) -> &T {
        &self.value
    }

    /// The future that is limited.
    ///
    /// # Examples
    ///
    /// To reach what the future offers besides being awaited:
    ///
    /// ```
    /// use leno::sync::oneshot;
    /// use leno::time::{Duration, timeout};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = oneshot::channel::<u8>();
    /// let mut limited = timeout(Duration::from_secs(1), receiver);
    /// limited.get_mut().close();
    /// assert!(sender.is_closed());
    /// # });
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.value
    }

    /// The future, without its limit.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::oneshot;
    /// use leno::time::{Duration, timeout};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = oneshot::channel();
    /// let limited = timeout(Duration::from_millis(1), receiver);
    /// let unlimited = limited.into_inner();
    /// sender.send("took its time").unwrap();
    /// assert_eq!(unlimited.await, Ok("took its time"));
    /// # });
    /// ```
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Future for Timeout<T>
where
    T: Future,
{
    type Output = Result<T::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let had_budget = budget::has_remaining();
        if let Poll::Ready(output) = this.value.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        poll_delay(had_budget, this.delay, cx).map(Err)
    }
}

impl<T: CancelSafe> CancelSafe for Timeout<T> {}

/// The part that does not depend on the future's type.
fn poll_delay(had_budget: bool, delay: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<Elapsed> {
    let poll = || delay.poll(cx).map(|()| Elapsed::new());
    if had_budget && !budget::has_remaining() {
        // It was the future that used up the budget. If it does so in every poll, this is the only chance
        // ever to look at the time.
        budget::with_budget(budget::UNLIMITED, poll)
    } else {
        poll()
    }
}
