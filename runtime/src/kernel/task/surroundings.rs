//! What some tasks are polled within: the scope that they are members of, and the values that they inherit.
//!
//! Such a task is born SURROUNDED (invariant 10). Its scope is entered where its future is polled, by code of its
//! [type](super::cell), so that others pay nothing; values are rarer, and each start of a task that has some comes here by way of
//! [`run`](super::run)'s cold path. When its future and its output are gone, or its output is its handle's, it leaves the scope: after
//! COMPLETE, so that whoever is told that a scope has ended finds no task of it, and nothing of one that is still to be dropped.

use super::cell::Header;
use super::state::Word;
use crate::kernel::context::{Context, Within};
use crate::kernel::foreign;
use crate::kernel::here;
use crate::kernel::scope::{Inside, Node};
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

/// True if a task that is spawned here inherits anything.
#[inline(always)]
pub(super) fn are_inherited() -> bool {
    here::with(|here| !here.context.get().is_null())
}

/// Gives a fresh task what is inherited here.
#[cold]
#[inline(never)]
pub(super) fn inherit(task: &Header) {
    if let Some(context) = Context::current() {
        task.origin().inherit(context);
        task.state.inherit();
    }
}

/// Until this is dropped, the thread has the values that the task inherits.
///
/// # Safety
///
/// The caller is the task's poller, and drops what is returned before the task completes.
#[inline(always)]
pub(super) unsafe fn inherited(task: NonNull<Header>) -> Within {
    // SAFETY: alive, and the caller is the poller.
    let context = unsafe { task.as_ref().origin().context() };
    Within::enter(here::with(|here| here.scope.get()), context)
}

/// Until this is dropped, the thread is within all that the task is within.
pub(super) struct Entered {
    _inherited: Within,
    // Left as the last: that may give entries back, and so run foreign code.
    _inside: Option<Inside>,
}

/// Enters that.
///
/// # Safety
///
/// As [`inherited`].
pub(super) unsafe fn enter(task: NonNull<Header>) -> Entered {
    // SAFETY: alive (caller).
    let member = unsafe { Header::member(task) };
    // SAFETY: it lies in the task's memory.
    let inside = member.map(|member| unsafe { member.as_ref() }.inside());
    Entered {
        // SAFETY: the caller's.
        _inherited: unsafe { inherited(task) },
        _inside: inside,
    }
}

/// The task goes to sleep for the first time: from now on its scope finds it. False if that is cancelled.
///
/// # Safety
///
/// The caller is the task's poller.
#[cold]
pub(super) unsafe fn link(task: NonNull<Header>) -> bool {
    // SAFETY: alive, as the caller polls it.
    let Some(member) = (unsafe { Header::member(task) }) else {
        return true;
    };
    // `depart` gives it back before the task is complete.
    let linked = Node::link(member);
    if !linked {
        // SAFETY: as above.
        unsafe { member.as_ref().note(task.as_ref()) };
    }
    linked
}

/// What is left of a task that is about to complete.
pub(super) struct Departure {
    // Nothing unwinds before this is left, so no code is needed for that.
    context: ManuallyDrop<Option<Context>>,
    node: Option<NonNull<Node>>,
}

/// The task is about to complete: its scope does not find it any more, but still counts it, until [`Departure::leave`].
///
/// # Safety
///
/// The caller is the task's poller, whose claim ends with the completion that follows.
#[inline(always)]
pub(super) unsafe fn depart(task: NonNull<Header>, word: Word) -> Departure {
    let context = if word.inherits() {
        // SAFETY: the caller is the poller, which keeps the task.
        unsafe { task.as_ref().origin().take_context() }
    } else {
        None
    };
    // SAFETY: alive, and its poller says so for the first and last time.
    let node = unsafe { Header::member(task).map(Node::unlink) };
    Departure {
        context: ManuallyDrop::new(context),
        node,
    }
}

impl Departure {
    /// What it is in until then.
    pub(super) fn node(&self) -> Option<NonNull<Node>> {
        self.node
    }

    /// The task is complete.
    #[inline(always)]
    pub(super) fn leave(self) {
        if let Some(context) = ManuallyDrop::into_inner(self.context) {
            // This may be what the thread has. Its poller puts back what was there before.
            Within::clear();
            drop_context(context);
        }
        if let Some(node) = self.node {
            // It may be gone after this.
            Inside::forget(node);
            // SAFETY: the member has entered it, and leaves it here, once.
            unsafe { Node::leave(node) };
        }
    }
}

#[cold]
#[inline(never)]
fn drop_context(context: Context) {
    foreign::call(|| drop(context));
}
