//! A node that is cancelled by time.
//!
//! The timer is in the node and not in the owner's future, and what it wakes is the node: so it cancels also while the owner is
//! busy. It is made when it is needed: when the body is first pending, or somebody else is in the node. While it is linked it
//! keeps the node, as any waker of a timer; so the owner takes it out when the body is done.

use super::{Node, NodeKind};
use crate::kernel::foreign;
use crate::kernel::task::Reason;
use crate::kernel::wheel::{self, Entry};
use crate::prim::SelfArc;
use crate::prim::atomic::Ordering;
use std::pin::Pin;
use std::task::{Poll, Wake, Waker};

/// What waits for a node's deadline.
pub(super) struct Timer {
    entry: Option<Pin<Box<Entry>>>,
    is_done: bool,
}

impl Timer {
    pub(super) const fn new() -> Self {
        Self {
            entry: None,
            is_done: false,
        }
    }
}

impl Node {
    /// The earliest deadline of this node and those around it.
    #[inline]
    pub(crate) fn deadline(&self) -> Option<u64> {
        let mut node = self;
        let mut earliest = node.own_deadline();
        while let Some(outer) = node.outer() {
            node = outer;
            earliest = match (earliest, node.own_deadline()) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        earliest
    }

    /// That of the node itself.
    #[inline]
    pub(crate) fn own_deadline(&self) -> Option<u64> {
        // Ordering: Relaxed. Who sets it wakes the owner, which looks again.
        let deadline = self.deadline.load(Ordering::Relaxed);
        (deadline != u64::MAX).then_some(deadline)
    }

    /// Gives the node another deadline. Its owner, which is woken, sees to a timer.
    #[inline]
    pub(crate) fn set_deadline(&self, deadline: u64) {
        // Ordering: Relaxed; the waker's place orders it before the owner's next look.
        self.deadline.store(deadline, Ordering::Relaxed);
        foreign::call(|| self.owner.wake());
    }

    /// Where deadlines are waited for, if that is not known already.
    #[inline]
    pub(crate) fn set_wheel(&self, wheel: wheel::Handle) {
        let _ = self.wheel.set(wheel);
    }

    #[inline]
    pub(crate) fn has_wheel(&self) -> bool {
        self.wheel.get().is_some()
    }

    /// Has the node cancelled at its deadline, if it has one and there is a wheel. The timer cancels it by itself, so the members
    /// end in time also while the owner is busy.
    #[cold]
    #[inline]
    pub(crate) fn arm(self: &SelfArc<Self>) {
        let (Some(deadline), Some(wheel)) = (self.own_deadline(), self.wheel.get()) else {
            return;
        };
        let waker = Waker::from(SelfArc::clone(self));
        let mut timer = self.timer.lock();
        if timer.is_done {
            return;
        }
        let entry = timer
            .entry
            .get_or_insert_with(|| Box::pin(Entry::new(wheel.clone(), deadline)));
        if entry.deadline() != deadline {
            entry.as_mut().reset(deadline);
        }
        // A wheel that is closed never fires: then everything ends anyway.
        let is_over = matches!(entry.as_mut().poll_elapsed(&waker), Poll::Ready(Ok(())));
        drop(timer);
        if is_over {
            self.expire();
        }
    }

    /// The body is done: the deadline means nothing any more, and the timer gives back what it has of the node.
    #[inline]
    pub(crate) fn disarm(&self) {
        if self.own_deadline().is_some() {
            let mut timer = self.timer.lock();
            timer.is_done = true;
            let entry = timer.entry.take();
            drop(timer);
            drop(entry);
        }
    }

    /// Its time is over.
    #[inline]
    pub(crate) fn expire(&self) {
        self.cancel(&match self.kind {
            NodeKind::Shield(limit) => Reason::shield_expired(self.place, limit),
            _ => Reason::deadline(self.place),
        });
    }
}

/// What a deadline's timer wakes: so the members end in time also while the owner is busy.
impl Wake for Node {
    #[inline]
    fn wake(self: SelfArc<Self>) {
        self.expire();
    }
}
