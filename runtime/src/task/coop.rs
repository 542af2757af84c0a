//! Cooperation: how a task that could go on for ever lets the others run.
//!
//! A task runs until it awaits something that is not ready. One that reads from a socket which always has data would
//! never come to that, and nothing else would run on its worker. So each poll of a task has a **budget** of 128 units,
//! and everything in leno that can be awaited spends one for each piece of progress. When the budget is spent they are
//! all pending, even if they could go on: the task is queued again, the others get their turn, and its next poll has a
//! full budget.
//!
//! Outside of a task (and of the future of a `block_on`) there is no budget, and nothing is ever held back.
//!
//! # For your own futures
//!
//! A future that does not use leno's, but a channel of another crate or a long computation, takes part by means of
//! [`consume_budget`] in a loop, [`cooperative`] around a future, or [`poll_proceed`] within a `poll` function.
//! [`unconstrained`] takes a future out of it.

use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::kernel::{budget, worker};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

pub use crate::kernel::budget::RestoreOnPending;

/// Spends one unit of the running task's budget, or is pending if none is left.
///
/// If it is pending the task has been woken already, and will be polled with a new budget after the others. Otherwise
/// the unit is given back when the returned value is dropped, unless
/// [`made_progress`](RestoreOnPending::made_progress) has been called: a future that turns out to be pending has cost
/// nothing. Giving back restores what the budget was before this call, whatever was spent in between.
///
/// # Example
///
/// ```
/// use leno::task::coop;
/// use std::task::{Context, Poll, ready};
///
/// /// Polls a queue of another crate.
/// fn poll_pop(queue: &mut Vec<u32>, cx: &mut Context<'_>) -> Poll<Option<u32>> {
///     let unit = ready!(coop::poll_proceed(cx));
///     let number = queue.pop();
///     unit.made_progress();
///     Poll::Ready(number)
/// }
///
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut queue = vec![1, 2, 3];
/// let mut sum = 0;
/// while let Some(number) = std::future::poll_fn(|cx| poll_pop(&mut queue, cx)).await {
///     sum += number;
/// }
/// assert_eq!(sum, 6);
/// # });
/// ```
#[inline]
pub fn poll_proceed(cx: &mut Context<'_>) -> Poll<RestoreOnPending> {
    budget::poll_proceed(cx)
}

/// True if the running task has budget left, and outside of a task.
///
/// For a future that polls another one and then has to know why that was pending: if this was true before and is false
/// after, it may have been for want of budget.
///
/// ```
/// assert!(leno::task::coop::has_budget_remaining());
/// ```
#[inline]
pub fn has_budget_remaining() -> bool {
    budget::has_remaining()
}

/// Spends one unit of budget, and lets the other tasks run if none is left.
///
/// For loops that compute for long without awaiting anything of leno's: unlike [`yield_now`](super::yield_now) it goes
/// on at once most of the time.
///
/// # Cancel safety
///
/// Dropping the future loses nothing, and spends nothing.
///
/// # Example
///
/// ```
/// async fn sum(numbers: impl Iterator<Item = u64>) -> u64 {
///     let mut sum = 0;
///     for number in numbers {
///         sum += number;
///         leno::task::coop::consume_budget().await;
///     }
///     sum
/// }
///
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert_eq!(sum(1..=1000).await, 500_500);
/// # });
/// ```
#[inline]
pub fn consume_budget() -> impl CancelSafe<Output = ()> {
    assert_cancel_safe(async move {
        poll_fn(|cx| match budget::poll_proceed(cx) {
            Poll::Ready(unit) => {
                unit.made_progress();
                Poll::Ready(())
            }
            Poll::Pending => {
                worker::yielded();
                Poll::Pending
            }
        })
        .await;
    })
}

/// Takes a future out of the cooperation: nothing in it is held back for want of budget.
///
/// Such a future can starve all the others of its worker if it never pauses by itself.
///
/// # Cancel safety
///
/// As that of its future: dropping one drops the other.
///
/// # Example
///
/// ```
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use leno::task::coop;
///
/// // Goes on without a pause, however long it is.
/// coop::unconstrained(async {
///     for _ in 0..1000 {
///         coop::consume_budget().await;
///     }
/// })
/// .await;
/// # });
/// ```
pub fn unconstrained<F>(inner: F) -> Unconstrained<F> {
    Unconstrained { inner }
}

pin_project! {
    /// The future that [`unconstrained`] returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::coop;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// async fn all_at_once(turns: u32) -> u32 {
    ///     let work: coop::Unconstrained<_> = coop::unconstrained(async {
    ///         for _ in 0..turns {
    ///             coop::consume_budget().await;
    ///         }
    ///         turns
    ///     });
    ///     work.await
    /// }
    ///
    /// let (work, other) = leno::join!(biased; all_at_once(1000), async { "had to wait" });
    /// assert_eq!((work, other), (1000, "had to wait"));
    /// # });
    /// ```
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Unconstrained<F> {
        #[pin]
        inner: F,
    }
}

impl<F: Future> Future for Unconstrained<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        budget::with_budget(budget::UNLIMITED, || self.project().inner.poll(cx))
    }
}

impl<F: CancelSafe> CancelSafe for Unconstrained<F> {}

impl<F> fmt::Debug for Unconstrained<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unconstrained").finish_non_exhaustive()
    }
}

/// Makes a future take part in the cooperation: being ready costs it a unit, and without budget it is not polled.
///
/// For futures of other crates; leno's own do this by themselves.
///
/// # Cancel safety
///
/// As that of its future: dropping one drops the other.
///
/// # Example
///
/// ```
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use leno::task::coop;
///
/// for number in 0..1000 {
///     // Lets the other tasks run every so often, which `ready` alone would not do.
///     assert_eq!(coop::cooperative(std::future::ready(number)).await, number);
/// }
/// # });
/// ```
pub fn cooperative<F: Future>(fut: F) -> Coop<F> {
    Coop { fut }
}

pin_project! {
    /// The future that [`cooperative`] returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::coop::{Coop, cooperative};
    /// use std::future::{Ready, ready};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let limited: Coop<Ready<u32>> = cooperative(ready(1));
    /// assert_eq!(limited.await, 1);
    /// # });
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Coop<F: Future> {
        #[pin]
        fut: F,
    }
}

impl<F: Future> Future for Coop<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let fut = self.project().fut;
        budget::poll_budgeted(cx, |cx| fut.poll(cx))
    }
}

impl<F: CancelSafe> CancelSafe for Coop<F> {}
