//! `join!`, and the expansion that it shares with `try_join!`.

use pin_project_lite::pin_project;
use std::convert::Infallible;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Awaits several futures at once, until **all** of them are ready, and returns a tuple of their outputs.
///
/// The futures live in the future of the `async` function around the macro, and are polled by its task: no
/// memory is allocated, and the branches run concurrently, but not in parallel. Spawn them and join their
/// handles where they should. Whatever implements [`IntoFuture`] will do.
///
/// Errors are outputs like all others: see [`try_join!`](crate::try_join) to stop at the first.
///
/// # Order
///
/// Every wake-up of the task polls all branches that are not ready. Which one is first rotates, since it has
/// first use of the budget that all branches share. With `biased;` in front they are polled
/// as they are written, always.
///
/// # Cancel safety
///
/// Dropping the future loses data: the outputs that were there already. The future is the enclosing one, and all branches are
/// dropped with it.
///
/// # Examples
///
/// ```
/// async fn one() -> u32 {
///     1
/// }
///
/// async fn two() -> &'static str {
///     "two"
/// }
///
/// # #[leno::main(flavor = "current_thread")]
/// # async fn main() {
/// let (first, second) = leno::join!(one(), two());
/// assert_eq!((first, second), (1, "two"));
///
/// let (second, first) = leno::join!(biased; two(), one());
/// assert_eq!((first, second), (1, "two"));
/// # }
/// ```
#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
#[macro_export]
macro_rules! join {
    ($(biased;)?) => { async {}.await };
    (biased; $($future:expr),+ $(,)?) => {
        $crate::__join!(joined as FromFirst () [] $($future,)+)
    };
    ($($future:expr),+ $(,)?) => {
        $crate::__join!(joined as Rotating () [] $($future,)+)
    };
}

/// `__join!(module as Order () [] future, …)`: awaits all and returns `module::output` of a tuple.
///
/// It collects, in brackets, each future after one `_` for every future before it (a pattern that leads
/// to its place in the tuple), and one step more for each of them.
#[doc(hidden)]
#[macro_export]
macro_rules! __join {
    ($how:ident as $order:ident ($($before:tt)*) [$($counted:tt)*] $future:expr, $($rest:tt)*) => {
        $crate::__join!($how as $order ($($before)* _) [$($counted)* ($($before)*) $future,] $($rest)*)
    };
    ($how:ident as $order:ident $count:tt [$(($($before:tt)*) $future:expr,)+]) => {{
        let mut futures = $crate::macros::support::abandoned(
            ($($crate::macros::support::maybe_done($future),)+)
        );
        // The closure below may be moved, as `PollFn` is `Unpin`. The futures stay here.
        let futures = $crate::macros::support::Abandoned::get(&mut futures);
        let mut order = $crate::macros::support::$order::default();
        let joined = $crate::macros::support::poll_fn(move |cx| {
            let mut is_pending = false;
            let mut index = 0;
            // Once for the branches from the first one on, once for those before it.
            for lap in [false, true] {
                index = 0;
                $(
                    if order.is_before_first(index) == lap {
                        let ($($before,)* future, ..) = &mut *futures;
                        // SAFETY: nothing is moved out of the tuple, which is dropped where it is. User
                        // code cannot name it.
                        let future = unsafe { $crate::macros::support::Pin::new_unchecked(future) };
                        match $crate::macros::support::$how::poll(future, cx) {
                            $crate::macros::support::Poll::Pending => is_pending = true,
                            $crate::macros::support::Poll::Ready(
                                $crate::macros::support::Result::Ok(()),
                            ) => {}
                            $crate::macros::support::Poll::Ready(
                                $crate::macros::support::Result::Err(error),
                            ) => return $crate::macros::support::Poll::Ready(
                                $crate::macros::support::Result::Err(error),
                            ),
                        }
                    }
                    index += 1;
                )+
            }
            order.rotate(index);
            if is_pending {
                return $crate::macros::support::Poll::Pending;
            }
            // Outputs may be of types without values; then this is never reached.
            #[allow(unreachable_code)]
            $crate::macros::support::Poll::Ready($crate::macros::support::Result::Ok(($({
                let ($($before,)* future, ..) = &mut *futures;
                // SAFETY: as above.
                let future = unsafe { $crate::macros::support::Pin::new_unchecked(future) };
                $crate::macros::support::$how::take(future)
            },)+)))
        })
        .await;
        $crate::macros::support::$how::output(joined)
    }};
}

pin_project! {
    /// A branch: its future, then its output, then nothing.
    // With `repr(C)` the tag has a place of its own. In a niche of the future it would be read while a
    // future that refers to itself may be writing there.
    #[project = BranchProjection]
    #[project_replace = BranchReplaced]
    #[derive(Debug)]
    #[repr(C)]
    pub enum MaybeDone<F: Future> {
        Future { #[pin] future: F },
        Done { output: F::Output },
        Taken,
    }
}

/// Wraps a future so that its output can be kept in its place.
pub fn maybe_done<F: IntoFuture>(future: F) -> MaybeDone<F::IntoFuture> {
    MaybeDone::Future {
        future: future.into_future(),
    }
}

impl<F: Future> MaybeDone<F> {
    /// Polls the future, unless the output is there already, and borrows the output.
    pub(super) fn poll_output(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<&mut F::Output> {
        if let BranchProjection::Future { future } = self.as_mut().project() {
            let output = ready!(future.poll(cx));
            self.set(Self::Done { output });
        }
        match self.project() {
            BranchProjection::Done { output } => Poll::Ready(output),
            _ => unreachable!("a joined future is not polled after it was ready"),
        }
    }

    /// Takes the output, which must be there.
    pub(super) fn take_output(self: Pin<&mut Self>) -> F::Output {
        match self.project_replace(Self::Taken) {
            BranchReplaced::Done { output } => output,
            _ => unreachable!("an output is taken once, when all are there"),
        }
    }
}

/// `join!`: every output is fine, so nothing ends it early.
pub mod joined {
    use super::*;

    pub fn poll<F: Future>(
        branch: Pin<&mut MaybeDone<F>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Infallible>> {
        branch.poll_output(cx).map(|_| Ok(()))
    }

    pub fn take<F: Future>(branch: Pin<&mut MaybeDone<F>>) -> F::Output {
        branch.take_output()
    }

    pub fn output<T>(joined: Result<T, Infallible>) -> T {
        let Ok(outputs) = joined;
        outputs
    }
}

/// The branch that is polled first: another one each time.
#[derive(Debug, Default)]
pub struct Rotating {
    first: u32,
}

impl Rotating {
    #[inline]
    pub fn is_before_first(&self, index: u32) -> bool {
        index < self.first
    }

    #[inline]
    pub fn rotate(&mut self, branches: u32) {
        self.first += 1;
        if self.first == branches {
            self.first = 0;
        }
    }
}

/// The branch that is polled first: the one written first.
#[derive(Debug, Default)]
pub struct FromFirst;

impl FromFirst {
    #[inline]
    pub fn is_before_first(&self, _: u32) -> bool {
        false
    }

    #[inline]
    pub fn rotate(&mut self, _: u32) {}
}
