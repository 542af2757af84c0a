//! What a task is besides its future: nothing, or a member of a [scope](crate::kernel::scope).
//!
//! A member lies in the task's memory, behind the header and beside the future, so a group's task is one allocation as any other,
//! and the member is there when the future is gone. Its kind decides what becomes of the task's output: of type, so it costs a
//! plain task nothing.

use super::cell::Header;
use super::error::Failure;
use crate::kernel::list::{Linked, Links};
use crate::kernel::scope::{Inside, Node};
use std::ptr::NonNull;

/// Whether any task can be one. (Where none can, what is done with a member is never compiled to code.)
pub(super) const EXIST: bool = cfg!(feature = "structured");

/// What a task with an output of type `O` is besides.
pub(crate) trait Membership<O>: 'static {
    /// What its handle is given.
    type Kept: 'static;

    /// It begins with a [`Member`].
    const IS_MEMBER: bool;

    /// Whoever waits for the task wants to know why it was cancelled.
    const IS_TOLD: bool;

    /// As long as it is there, this thread is within what the task is a member of.
    type Inside;

    /// The task is not made after all.
    fn give_back(self);

    /// Enters that. For the poller, who drops what is returned before the task leaves it.
    fn inside(&self) -> Self::Inside;

    /// It is cancelled, and the task is to end with it.
    fn is_cancelled(&self) -> bool;

    /// The task does: says why, if the handle is to tell.
    fn note(&self, task: &Header);

    /// The task's future has ended like this: what does its handle get? For the poller, before anybody else can see it.
    fn end(&self, task: &Header, outcome: Result<O, Failure>) -> Result<Self::Kept, Failure>;
}

/// A task that is nothing besides.
impl<O: 'static> Membership<O> for () {
    type Kept = O;
    type Inside = ();
    const IS_MEMBER: bool = false;
    const IS_TOLD: bool = false;

    #[inline(always)]
    fn give_back(self) {}

    #[inline(always)]
    fn inside(&self) {}

    #[inline(always)]
    fn is_cancelled(&self) -> bool {
        false
    }

    fn note(&self, _: &Header) {}

    #[inline(always)]
    fn end(&self, _: &Header, outcome: Result<O, Failure>) -> Result<O, Failure> {
        outcome
    }
}

/// What the scope knows of a task: counted until it leaves, linked from its first sleep on.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Member {
    /// Kept by its count of those who have entered; see `scope`.
    pub(super) node: NonNull<Node>,
    /// In the node's list; under its lock.
    pub(super) links: Links<Member>,
}

// SAFETY: the node is `Sync`; the links are reached under its lock.
unsafe impl Send for Member {}
// SAFETY: as above.
unsafe impl Sync for Member {}

// SAFETY: the field is inside the member, and its address is computed without making a reference.
unsafe impl Linked for Member {
    unsafe fn links(node: NonNull<Self>) -> NonNull<Links<Self>> {
        // SAFETY: `node` is live (caller), so the field's address is in bounds and not null.
        unsafe { NonNull::new_unchecked(&raw mut (*node.as_ptr()).links) }
    }
}

impl Member {
    pub(crate) fn node(&self) -> NonNull<Node> {
        self.node
    }

    pub(crate) fn scope(&self) -> &Node {
        // SAFETY: the node is kept until this has left it, which is the last that the task does.
        unsafe { self.node.as_ref() }
    }

    /// This thread is within its scope until what is returned is dropped, which comes before the task leaves that.
    #[inline]
    pub(super) fn inside(&self) -> Inside {
        Inside::of(self.node)
    }

    /// Its scope has cancelled the task without having found it: says why, if the task's handle is to tell.
    #[cold]
    pub(super) fn note(&self, task: &Header) {
        if task.is_told() {
            if let Some(reason) = self.scope().reason() {
                task.origin().note(reason);
            }
        }
    }

    /// Its scope is cancelled, and it with that.
    #[inline]
    pub(crate) fn is_cancelled(&self) -> bool {
        self.scope().is_cancelled()
    }
}
