//! A marker for futures that may be dropped before they are done, and the wrapper that carries it.
//!
//! It is this far down because the operations of `sync/` say so in their signatures. [`AssertCancelSafe`] is transparent: the
//! future's own memory, and a `poll` that is always part of its caller's, so that no chain of awaits shows it.

use pin_project_lite::pin_project;
use std::fmt;
use std::future::{Future, Pending};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that may be dropped before it is done, and made anew, without losing data.
///
/// [`select!`](crate::select) drops all futures but the first that is ready, a [`timeout`](crate::time::timeout) the one that
/// takes too long. Whether that loses something depends on the future: `recv` of a channel has then taken no message, while
/// `read_exact` may have read half of what it was to read, and nobody knows of it any more. This trait is how a signature says
/// that it is of the first kind, and how a generic function or [`select! { safe; … }`](crate::select) asks for it.
///
/// # What counts as data
///
/// Messages, bytes, permits, events and outputs: what was taken from elsewhere, or was handed over by value to be delivered. So
/// these are *not* `CancelSafe`, though they are harmless elsewhere:
///
/// | | what dropping it loses |
/// | --- | --- |
/// | `sender.send(value)` of a bounded channel | the value; `sender.reserve()` is cancel safe |
/// | a [`JoinHandle`](crate::task::JoinHandle), a [`oneshot::Receiver`](crate::sync::oneshot::Receiver) by value | the output; `&mut handle` is cancel safe |
/// | [`std::future::Ready`] | the value |
/// | [`ctrl_c()`](crate::signal) | a Ctrl-C that comes before it is called again; pin it outside of the loop |
/// | `read_exact`, `read_to_end`, `write_all`, `copy` | how far they have come |
/// | [`join!`](crate::join) and the like | the outputs of those that were done |
///
/// These are no data: the time that was waited (a [`sleep`](crate::time::sleep) begins anew), and the place in the queue of a
/// lock or a semaphore (`lock`, `acquire`, `notified`). Whoever needs those keeps the future, as below.
///
/// # Which futures are
///
/// - Those of leno's operations whose signature says so: it is checked against what their docs say.
/// - `&mut F` and `Pin<&mut F>` for *any* future: what is dropped is the reference, and the future goes on with the next one. (If
///   it is a place of its own, that is. `&mut read_exact()` within a `select!` borrows a temporary, which dies as well.)
/// - `Box<F>`, `Pin<Box<F>>`, [`Timeout`](crate::time::Timeout), and leno's other wrappers, if `F` is. A boxed future whose type is
///   to be forgotten may keep the marker: `Pin<Box<dyn CancelSafe<Output = T> + Send>>`.
/// - What [`assert_cancel_safe`] returns, and a function with [`#[leno::cancel_safe]`](macro@crate::cancel_safe).
///
/// It is a statement like that of a comment, and not one that memory safety may rest on: so it is no `unsafe` trait.
///
/// # Cost
///
/// None: it has no methods, and the wrappers take neither memory nor instructions.
///
/// # Examples
///
/// ```
/// use leno::sync::mpsc;
/// use leno::task::CancelSafe;
/// use leno::time::{Duration, error::Elapsed, timeout};
///
/// /// Gives it ten milliseconds. Whoever calls this again has lost nothing.
/// async fn briefly<F: CancelSafe>(operation: F) -> Result<F::Output, Elapsed> {
///     timeout(Duration::from_millis(10), operation).await
/// }
///
/// # #[leno::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let (sender, mut numbers) = mpsc::channel(1);
/// leno::spawn(async move {
///     leno::time::sleep(Duration::from_millis(25)).await;
///     sender.send(7).await
/// });
/// let mut tries = 1;
/// let number = loop {
///     match briefly(numbers.recv()).await {
///         Ok(number) => break number,
///         Err(_) => tries += 1,
///     }
/// };
/// assert_eq!((number, tries), (Some(7), 3));
/// # }
/// ```
#[must_use = "futures do nothing unless they are awaited"]
#[diagnostic::on_unimplemented(
    message = "`{Self}` may lose data when it is dropped before it is done",
    label = "not known to be cancel safe",
    note = "spawn it, or pin it outside of the loop and pass `&mut`: then it is not dropped",
    note = "or wrap it in `leno::task::assert_cancel_safe`, if dropping it loses nothing"
)]
pub trait CancelSafe: Future {}

pin_project! {
    /// A future of which somebody has said that it is [`CancelSafe`]. From [`assert_cancel_safe`].
    #[derive(Clone, Copy)]
    #[must_use = "futures do nothing unless they are awaited"]
    #[repr(transparent)]
    pub struct AssertCancelSafe<F> {
        #[pin]
        future: F,
    }
}

/// Says that dropping `future` before it is done loses nothing, which the compiler cannot know.
///
/// # Cost
///
/// None: what it returns is as large as `future`, and polls it directly.
///
/// # Examples
///
/// ```
/// use leno::sync::mpsc;
/// use leno::task::assert_cancel_safe;
///
/// /// What was added up is in `sum`, so nothing is lost between two messages.
/// async fn add_up(numbers: &mut mpsc::Receiver<u32>, sum: &mut u32) {
///     while let Some(number) = numbers.recv().await {
///         *sum += number;
///     }
/// }
///
/// # #[leno::main(flavor = "current_thread")]
/// # async fn main() {
/// let (sender, mut numbers) = mpsc::channel(4);
/// let mut sum = 0;
/// sender.send(3).await.unwrap();
/// sender.send(4).await.unwrap();
/// drop(sender);
/// leno::select! {
///     safe;
///     _ = assert_cancel_safe(add_up(&mut numbers, &mut sum)) => {}
///     _ = leno::time::sleep(std::time::Duration::from_secs(1)) => {}
/// }
/// assert_eq!(sum, 7);
/// # }
/// ```
#[inline]
pub const fn assert_cancel_safe<F: Future>(future: F) -> AssertCancelSafe<F> {
    AssertCancelSafe { future }
}

impl<F> AssertCancelSafe<F> {
    /// The future itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::assert_cancel_safe;
    /// use std::future::ready;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let safe = assert_cancel_safe(ready(1));
    /// assert_eq!(safe.into_inner().await, 1);
    /// # });
    /// ```
    pub fn into_inner(self) -> F {
        self.future
    }
}

impl<F: Future> Future for AssertCancelSafe<F> {
    type Output = F::Output;

    // Always a part of the caller, also in debug builds: it is to leave no frame behind. The caller's place is that of the
    // `.await`.
    #[inline(always)]
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

impl<F> fmt::Debug for AssertCancelSafe<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssertCancelSafe").finish_non_exhaustive()
    }
}

impl<F: Future> CancelSafe for AssertCancelSafe<F> {}

// What is dropped is the reference.
impl<F: Future + Unpin + ?Sized> CancelSafe for &mut F {}
impl<F: Future + ?Sized> CancelSafe for Pin<&mut F> {}

impl<F: CancelSafe + Unpin + ?Sized> CancelSafe for Box<F> {}
impl<F: CancelSafe + ?Sized> CancelSafe for Pin<Box<F>> {}

// It is never done.
impl<T> CancelSafe for Pending<T> {}
