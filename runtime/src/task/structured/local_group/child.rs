//! A child of a group, on both sides: what is polled, and what is awaited.

use crate::macros::abandoned::{Abandoned, abandoned};
use crate::prim::{Arc, Mutex};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

/// What has come of a child.
#[derive(Debug)]
enum Stage<T> {
    /// It is not done; who waits for it, if anybody does.
    Runs(Option<Waker>),
    Done(T),
    /// It was dropped before it was done, or has failed.
    Gone,
    Taken,
}

/// The place that a child and who awaits it have in common.
pub(super) struct Outcome<T>(Mutex<Stage<T>>);

impl<T> Outcome<T> {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Stage::Runs(None))))
    }

    /// Sets what has come of the child, once; and wakes who waits.
    fn set(&self, stage: Stage<T>) {
        let before = mem::replace(&mut *self.0.lock(), stage);
        if let Stage::Runs(Some(waker)) = before {
            waker.wake();
        }
    }
}

/// A child's share of that: if it is dropped with it, the child is gone.
struct Promise<T>(Option<Arc<Outcome<T>>>);

impl<T> Promise<T> {
    fn keep(&mut self, stage: Stage<T>) {
        if let Some(outcome) = self.0.take() {
            outcome.set(stage);
        }
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        self.keep(Stage::Gone);
    }
}

pin_project! {
    /// The future of a child, whose output goes to whoever awaits it, and whose error to the group.
    pub(super) struct Child<F: Future, T, E> {
        // Dropped first.
        #[pin]
        future: Abandoned<F>,
        outcome_of: fn(F::Output) -> Result<T, E>,
        promise: Promise<T>,
    }
}

impl<F: Future, T, E> Child<F, T, E> {
    pub(super) fn new(
        future: F,
        outcome_of: fn(F::Output) -> Result<T, E>,
        outcome: Arc<Outcome<T>>,
    ) -> Self {
        Self {
            future: abandoned(future),
            outcome_of,
            promise: Promise(Some(outcome)),
        }
    }
}

impl<F: Future, T, E> Future for Child<F, T, E> {
    type Output = Result<(), E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let output = ready!(this.future.pinned().poll(cx));
        Poll::Ready((this.outcome_of)(output).map(|output| this.promise.keep(Stage::Done(output))))
    }
}

/// A child of a [`LocalGroup`](crate::task::LocalGroup): a future of its output.
///
/// The child goes on if this is dropped, and the group waits for it.
///
/// # Panics
///
/// If it is polled after it was ready; and if the child was dropped before it was done, which whoever awaits it within the group
/// never sees: the group's body is dropped before its children.
///
/// # Cancel safety
///
/// Dropping the future loses data: the output. `&mut child` in a [`select!`](crate::select) is cancel safe.
///
/// # Examples
///
/// ```
/// use leno::task::{LocalChild, local_group};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let text = String::from("borrowed");
/// let length = local_group(async |group| {
///     // It may borrow from what is around the group.
///     let child: LocalChild<usize> = group.spawn(async { text.len() });
///     child.await
/// });
/// assert_eq!(length.await, 8);
/// # });
/// ```
pub struct LocalChild<T> {
    outcome: Arc<Outcome<T>>,
}

impl<T> LocalChild<T> {
    pub(super) fn new(outcome: Arc<Outcome<T>>) -> Self {
        Self { outcome }
    }

    /// True if the child is done, or gone: awaiting it does not wait.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::{local_group, yield_now};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let finished = local_group(async |group| {
    ///     let child = group.spawn(async {});
    ///     let before = child.is_finished();
    ///     yield_now().await;
    ///     [before, child.is_finished()]
    /// });
    /// assert_eq!(finished.await, [false, true]);
    /// # });
    /// ```
    pub fn is_finished(&self) -> bool {
        !matches!(&*self.outcome.0.lock(), Stage::Runs(_))
    }
}

impl<T> Future for LocalChild<T> {
    type Output = T;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        // Foreign code is called before the lock is taken, or after.
        let new = cx.waker().clone();
        let mut stage = self.outcome.0.lock();
        let old = match &mut *stage {
            Stage::Runs(waker) => waker.replace(new),
            Stage::Done(_) => {
                let done = mem::replace(&mut *stage, Stage::Taken);
                drop(stage);
                return match done {
                    Stage::Done(output) => Poll::Ready(output),
                    _ => unreachable!("it was looked at under the lock"),
                };
            }
            Stage::Gone => {
                drop(stage);
                panic!(
                    "this child was dropped with its group before it was done: await it within the group's body, or in another \
                     child"
                )
            }
            Stage::Taken => {
                drop(stage);
                panic!("`LocalChild` polled after completion")
            }
        };
        drop(stage);
        drop(old);
        Poll::Pending
    }
}

impl<T> fmt::Debug for LocalChild<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalChild")
            .field("is_finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}
