//! The owner's side of a scope: its body, polled within it until it is done or cancelled, and then the wait for what is left.

use crate::kernel::scope::{Node, NodeKind};
use crate::kernel::task::Reason;
use pin_project_lite::pin_project;
use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Who waits for a scope, until it has ended. If it is dropped before, the scope is cancelled, and waited for by the one around it.
pub(super) struct Owner {
    node: Arc<Node>,
    /// It counts among those who are in.
    is_in: bool,
    has_ended: bool,
}

impl Owner {
    /// Begins a scope, here.
    pub(super) fn begin(
        kind: NodeKind,
        place: &'static Location<'static>,
        deadline: Option<u64>,
    ) -> Self {
        let node = Node::new(kind, place);
        node.begin(deadline);
        Self::of(node)
    }

    /// The owner of a scope that was made, and has begun.
    pub(super) fn of(node: Arc<Node>) -> Self {
        Self {
            node,
            is_in: true,
            has_ended: false,
        }
    }

    pub(super) fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// The body is done, and dropped.
    fn leave(&mut self) {
        if std::mem::take(&mut self.is_in) {
            // SAFETY: the owner is in, and leaves once.
            unsafe { Node::leave(Node::pointer(&self.node)) };
        }
    }

    /// Waits until nobody is in any more.
    pub(super) async fn end(&mut self) {
        self.leave();
        poll_fn(|cx| self.node.poll_end(cx)).await;
        self.has_ended = true;
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if !self.has_ended {
            self.node.cancel(&Reason::owner_dropped(self.node.place()));
            self.leave();
        }
    }
}

/// How a body has ended. It is dropped by then.
pub(super) enum Ended<T> {
    Done(T),
    Panicked(Box<dyn Any + Send>),
    /// The scope was cancelled before.
    Cancelled,
}

pin_project! {
    /// A scope's body.
    #[project = BodyProjection]
    pub(super) struct Body<F> {
        // `None` if it is not to be within it, nor cancelled with it.
        node: Option<Arc<Node>>,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for Body<F> {
        fn drop(this: Pin<&mut Self>) {
            this.project().set_gone();
        }
    }
}

impl<F> BodyProjection<'_, F> {
    /// Drops the future, within the scope.
    fn set_gone(&mut self) {
        if self.future.is_some() {
            let _within = self.node.as_ref().map(Node::inside);
            self.future.set(None);
        }
    }
}

impl<F: Future> Body<F> {
    /// The body of a scope, within it.
    pub(super) fn new(node: &Arc<Node>, future: F) -> Self {
        Self {
            node: Some(Arc::clone(node)),
            future: Some(future),
        }
    }

    /// That of one which is for its tasks alone.
    pub(super) fn beside(future: F) -> Self {
        Self {
            node: None,
            future: Some(future),
        }
    }
}

impl<F: Future> Future for Body<F> {
    type Output = Ended<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended<F::Output>> {
        let mut this = self.project();
        if this.node.as_ref().is_some_and(|node| node.is_cancelled()) {
            this.set_gone();
            return Poll::Ready(Ended::Cancelled);
        }
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            panic!("a scope was polled after it had ended");
        };
        let polled = {
            let _within = this.node.as_ref().map(Node::inside);
            catch_unwind(AssertUnwindSafe(|| future.poll(cx)))
        };
        let ended = match polled {
            Ok(Poll::Ready(output)) => Ended::Done(output),
            Err(payload) => Ended::Panicked(payload),
            // Told of a cancel from now on, or it has come meanwhile.
            Ok(Poll::Pending) => match this.node {
                Some(node) if node.poll_cancelled(cx) => Ended::Cancelled,
                _ => return Poll::Pending,
            },
        };
        // A destructor that panics is the body's panic; what it had is dropped.
        match catch_unwind(AssertUnwindSafe(|| this.set_gone())) {
            Ok(()) => Poll::Ready(ended),
            Err(payload) => Poll::Ready(Ended::Panicked(payload)),
        }
    }
}

/// True if the code that runs is within `node`, or within one that is.
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
