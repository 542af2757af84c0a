//! Children that borrow from around: polled by their parent's future, in boxes that it owns.
//!
//! A future can be forgotten, so nothing forces a parent to wait for a child on another thread, which then must not borrow. These
//! children are in what the parent's future owns, and are polled by it: whoever forgets that forgets them. So the borrow checker
//! is content, and there is nothing unsafe in here. The lifetime `'env` is invariant, as that of `std::thread::scope`: what a
//! child borrows outlives the whole group.
//!
//! What the handles of a group share, who is polled and how nobody is missed is in `kernel/children.rs`. A handle in a child makes
//! a circle of counts; the end of the group takes the children out.

mod child;
mod kinds;

pub use child::LocalChild;
pub use kinds::{
    LocalGroup, Sendable, TryLocalGroup, Unsendable, local_group, local_group_send,
    try_local_group, try_local_group_send,
};

use crate::kernel::budget;
use crate::kernel::children::{Children, Member, Next};
use crate::macros::abandoned::{Abandoned, abandoned};
use crate::prim::Arc;
use child::{Child, Outcome};
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Makes a child of a future, and says how to wait for its output.
fn child<F: Future, T, E>(
    future: F,
    outcome_of: fn(F::Output) -> Result<T, E>,
) -> (Child<F, T, E>, LocalChild<T>) {
    let outcome = Outcome::new();
    let child = Child::new(future, outcome_of, outcome.clone());
    (child, LocalChild::new(outcome))
}

/// Ends the group when it is dropped.
struct Ends<C: ?Sized>(Arc<Children<C>>);

impl<C: ?Sized> Drop for Ends<C> {
    fn drop(&mut self) {
        drop(abandoned(self.0.end()));
    }
}

pin_project! {
    /// The future of a group: runs its body, and its children to their ends, or until one of them fails.
    struct Run<C: ?Sized, B: Future, T, E, R> {
        // Dropped first: it may wait for children.
        #[pin]
        body: Option<Abandoned<B>>,
        output: Option<T>,
        ends: Ends<C>,
        outcome_of: fn(B::Output) -> Result<T, E>,
        finish: fn(Result<T, E>) -> R,
    }
}

impl<C: ?Sized, B: Future, T, E, R> Run<C, B, T, E, R> {
    /// Makes a group. `body` makes its body, of a handle.
    fn new(
        body: impl FnOnce(Arc<Children<C>>) -> B,
        outcome_of: fn(B::Output) -> Result<T, E>,
        finish: fn(Result<T, E>) -> R,
    ) -> Self {
        let children = Arc::new(Children::new());
        // The body may spawn as it is made.
        let ends = Ends(Arc::clone(&children));
        Self {
            body: Some(abandoned(body(children))),
            output: None,
            ends,
            outcome_of,
            finish,
        }
    }
}

impl<C, B, T, E, R> Future for Run<C, B, T, E, R>
where
    C: Future<Output = Result<(), E>> + ?Sized,
    B: Future,
{
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let mut ending = Ending {
            run: self.as_mut(),
            goes_on: false,
        };
        let Poll::Ready(result) = ending.run.as_mut().poll_members(cx) else {
            ending.goes_on = true;
            return Poll::Pending;
        };
        drop(ending);
        Poll::Ready((self.finish)(result))
    }
}

/// Drops the body and then the children, also if one of them panics: all are gone when the group's output is there, or its panic.
struct Ending<'a, C: ?Sized, B: Future, T, E, R> {
    run: Pin<&'a mut Run<C, B, T, E, R>>,
    goes_on: bool,
}

impl<C: ?Sized, B: Future, T, E, R> Drop for Ending<'_, C, B, T, E, R> {
    fn drop(&mut self) {
        if self.goes_on {
            return;
        }
        let mut run = self.run.as_mut().project();
        run.body.set(None);
        drop(abandoned(run.ends.0.end()));
    }
}

impl<C, B, T, E, R> Run<C, B, T, E, R>
where
    C: Future<Output = Result<(), E>> + ?Sized,
    B: Future,
{
    /// Polls those that were woken.
    fn poll_members(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, E>> {
        let mut this = self.project();
        let Some(mut poller) = this.ends.0.begin(cx.waker()) else {
            panic!("the future of a local group was polled after it was done");
        };
        loop {
            match poller.next() {
                Next::Poll(Member::Child(lane, mut child), waker) => {
                    match poll_by(waker.as_ref(), cx, child.as_mut()) {
                        Poll::Pending => poller.put_back(lane, child),
                        Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                        Poll::Ready(Ok(())) => {
                            drop(child);
                            poller.remove(lane);
                        }
                    }
                }
                Next::Poll(Member::Body, waker) => {
                    let Some(body) = this.body.as_mut().as_pin_mut() else {
                        unreachable!("a body that is done has no lane");
                    };
                    if let Poll::Ready(ended) = poll_by(waker.as_ref(), cx, body.pinned()) {
                        this.body.set(None);
                        poller.remove_body();
                        *this.output = Some((this.outcome_of)(ended)?);
                    }
                }
                Next::Yield => return budget::exhausted(cx),
                Next::Sleep(is_last) => {
                    return match this.output.take_if(|_| is_last) {
                        Some(output) => Poll::Ready(Ok(output)),
                        None => Poll::Pending,
                    };
                }
            }
        }
    }
}

/// Polls a future with a waker of its own, or with that of the task.
fn poll_by<F: Future + ?Sized>(
    own: Option<&Waker>,
    cx: &mut Context<'_>,
    future: Pin<&mut F>,
) -> Poll<F::Output> {
    match own {
        Some(waker) => future.poll(&mut Context::from_waker(waker)),
        None => future.poll(cx),
    }
}
