//! Who waits for a node: the future of a group, a scope, whatever it is.

use super::Node;
use crate::kernel::task::Reason;
use crate::prim::SelfArc;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};

/// The owner of a node that has begun, until it has ended. If this is dropped before, the node is cancelled, and waited for by
/// the one around it.
#[derive(Debug)]
pub(crate) struct Owner {
    node: SelfArc<Node>,
    /// It counts among those who are in.
    is_in: bool,
    has_ended: bool,
}

impl Owner {
    /// The one and only of the node.
    pub(super) fn of(node: SelfArc<Node>) -> Self {
        Self {
            node,
            is_in: true,
            has_ended: false,
        }
    }

    pub(crate) fn node(&self) -> &SelfArc<Node> {
        &self.node
    }

    /// The body is done, and dropped.
    #[inline]
    fn leave(&mut self) {
        if self.is_in {
            self.node.disarm();
            self.go();
        }
    }

    #[inline]
    fn go(&mut self) {
        if std::mem::take(&mut self.is_in) {
            // SAFETY: the owner is in, and leaves once.
            unsafe { Node::leave_as_owner(&self.node) };
        }
    }

    /// Waits until nobody is in any more.
    pub(crate) async fn end(&mut self) {
        poll_fn(|cx| self.poll_end(cx)).await;
    }

    /// As [`end`](Self::end).
    #[inline]
    pub(crate) fn poll_end(&mut self, cx: &Context<'_>) -> Poll<()> {
        self.leave();
        ready!(self.node.poll_end(cx));
        self.has_ended = true;
        Poll::Ready(())
    }

    /// Nobody waits here: who is in goes on without the owner, until the deadline.
    #[inline]
    pub(crate) fn hand_over(mut self) {
        self.has_ended = true;
        self.node.forget_owner();
        self.go();
    }
}

impl Drop for Owner {
    #[inline]
    fn drop(&mut self) {
        if !self.has_ended {
            self.node.forget_owner();
            let reason = self.node.reason().or_else(|| Node::current()?.reason());
            let place = self.node.place();
            self.node
                .cancel(&reason.unwrap_or_else(|| Reason::owner_dropped(place)));
            self.leave();
        }
    }
}
