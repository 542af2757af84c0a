//! The owner's side of a scope: its body, polled within it until it is done or cancelled, and then the wait for what is left.

use crate::kernel::scope::{Node, Owner, Seed};
use crate::runtime::current;
use pin_project_lite::pin_project;
use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// How a body has ended. It is dropped by then.
pub(super) enum Ended<T> {
    Done(T),
    Panicked(Box<dyn Any + Send>),
    /// The scope was cancelled before.
    Cancelled,
}

pin_project! {
    /// A scope's body: its output is how it has ended, and the owner, who has to wait if there is one.
    #[project = BodyProjection]
    pub(super) struct Body<F> {
        seed: Seed,
        // What there is a timer for.
        armed: Option<u64>,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for Body<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_some() {
                this.seed.settle();
                this.set_gone();
            }
        }
    }
}

impl<F> BodyProjection<'_, F> {
    /// Drops the future, within the scope.
    fn set_gone(&mut self) {
        let _within = self.seed.enter();
        self.future.set(None);
    }
}

impl<F: Future> Body<F> {
    pub(super) fn new(seed: Seed, future: F) -> Self {
        Self {
            seed,
            armed: None,
            future: Some(future),
        }
    }
}

impl<F> Body<F> {
    /// The scope's node, which begins here if it has not.
    pub(super) fn make(&self) -> &Arc<Node> {
        self.seed.settle();
        self.seed.make()
    }

    /// The owner of that, if somebody else is to be it.
    pub(super) fn take_owner(self: Pin<&mut Self>) -> Option<Owner> {
        self.project().seed.take_owner()
    }
}

impl<F: Future> Future for Body<F> {
    type Output = (Ended<F::Output>, Option<Owner>);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        this.seed.settle();
        if this.seed.node().is_some() && this.seed.make().is_cancelled() {
            this.set_gone();
            return Poll::Ready((Ended::Cancelled, this.seed.take_owner()));
        }
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            panic!("a scope was polled after it had ended");
        };
        let polled = {
            let _within = this.seed.enter();
            catch_unwind(AssertUnwindSafe(|| future.poll(cx)))
        };
        let ended = match polled {
            Ok(Poll::Ready(output)) => Ended::Done(output),
            Err(payload) => Ended::Panicked(payload),
            Ok(Poll::Pending) => {
                let node = this.seed.make();
                // Told of a cancel from now on, and if the deadline changes; or it has come meanwhile.
                let mut cancelled = node.poll_cancelled(cx);
                let deadline = node.own_deadline();
                if !cancelled && *this.armed != deadline {
                    *this.armed = deadline;
                    if !node.has_wheel() {
                        node.set_wheel(current::wheel());
                    }
                    node.arm();
                    cancelled = node.is_cancelled();
                }
                if !cancelled {
                    return Poll::Pending;
                }
                Ended::Cancelled
            }
        };
        // A destructor that panics is the body's panic; what it had is dropped.
        let ended = match catch_unwind(AssertUnwindSafe(|| this.set_gone())) {
            Ok(()) => ended,
            Err(payload) => Ended::Panicked(payload),
        };
        Poll::Ready((ended, this.seed.take_owner()))
    }
}

/// True if the code that runs is within `node`, or within one that is.
#[inline]
pub(super) fn is_within(node: &Arc<Node>) -> bool {
    let mut at = Node::current();
    while let Some(current) = at {
        if Arc::ptr_eq(&current, node) {
            return true;
        }
        at = current.around().cloned();
    }
    false
}
