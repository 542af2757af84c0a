//! The owner's side of a scope: its body, polled within it until it is done or cancelled, and then the wait for what is left.

use crate::kernel::scope::{Node, NodeKind};
use crate::kernel::task::Reason;
use crate::runtime::current;
use pin_project_lite::pin_project;
use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// Who waits for a scope, until it has ended. If it is dropped before, the scope is cancelled, and waited for by the one around it.
#[derive(Debug)]
pub(super) struct Owner {
    node: Arc<Node>,
    /// It counts among those who are in.
    is_in: bool,
    has_ended: bool,
}

impl Owner {
    /// A scope that has not begun.
    pub(super) fn new(kind: NodeKind, place: &'static Location<'static>) -> Self {
        Self {
            node: Node::new(kind, place),
            is_in: true,
            has_ended: false,
        }
    }

    /// Begins a scope, here.
    pub(super) fn begin(kind: NodeKind, place: &'static Location<'static>) -> Self {
        let owner = Self::new(kind, place);
        owner.node.begin();
        owner
    }

    pub(super) fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// The body is done, and dropped.
    fn leave(&mut self) {
        if std::mem::take(&mut self.is_in) {
            self.node.disarm();
            // SAFETY: the owner is in, and leaves once.
            unsafe { Node::leave(Node::pointer(&self.node)) };
        }
    }

    /// Waits until nobody is in any more.
    pub(super) async fn end(&mut self) {
        poll_fn(|cx| self.poll_end(cx)).await;
    }

    /// As [`end`](Self::end).
    pub(super) fn poll_end(&mut self, cx: &Context<'_>) -> Poll<()> {
        self.leave();
        ready!(self.node.poll_end(cx));
        self.has_ended = true;
        Poll::Ready(())
    }

    /// A task that is in the scope goes on without its owner.
    pub(super) fn hand_over(mut self) {
        self.has_ended = true;
        if std::mem::take(&mut self.is_in) {
            // SAFETY: as in `leave`.
            unsafe { Node::leave(Node::pointer(&self.node)) };
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if !self.has_ended {
            let reason = self.node.reason().or_else(|| Node::current()?.reason());
            let place = self.node.place();
            self.node
                .cancel(&reason.unwrap_or_else(|| Reason::owner_dropped(place)));
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

pin_project! {
    /// A scope's body, until its deadline, if it has one.
    pub(super) struct Timed<F> {
        #[pin]
        body: Body<F>,
        node: Arc<Node>,
        // What there is a timer for.
        armed: Option<u64>,
    }
}

impl<F: Future> Timed<F> {
    pub(super) fn new(node: &Arc<Node>, future: F) -> Self {
        Self {
            body: Body::new(node, future),
            node: Arc::clone(node),
            armed: None,
        }
    }
}

impl<F: Future> Future for Timed<F> {
    type Output = Ended<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended<F::Output>> {
        let mut this = self.project();
        if let Poll::Ready(ended) = this.body.as_mut().poll(cx) {
            return Poll::Ready(ended);
        }
        // The body is pending, and the owner is woken if the deadline changes from now on.
        let deadline = this.node.own_deadline();
        if *this.armed == deadline {
            return Poll::Pending;
        }
        if !this.node.has_wheel() {
            this.node.set_wheel(current::wheel());
        }
        this.node.arm();
        *this.armed = deadline;
        if this.node.is_cancelled() {
            return this.body.poll(cx);
        }
        Poll::Pending
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
