//! What some tasks are polled within: the scope that they are members of, and the values that they inherit.
//!
//! Such a task is born SURROUNDED (invariant 10). Its scope is entered where its future is polled, by code of its
//! [type](super::cell), so that others pay nothing; values are rarer, and each start of a task that has some comes here by way of
//! [`run`](super::run)'s cold path. When its future and its output are gone, or its output is its handle's, [`run`](super::run) leaves the scope: after
//! COMPLETE, so that whoever is told that a scope has ended finds no task of it, and nothing of one that is still to be dropped.

use super::cell::Header;
use crate::kernel::context::{Context, Within};
use crate::kernel::foreign;
use crate::kernel::here;
use crate::kernel::scope::{Inside, Node};
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
    // It is taken out before the task is complete, by LINKED, which is set next, or because it is refused by its scheduler.
    let linked = Node::link(member);
    if !linked {
        // SAFETY: as above.
        unsafe { member.as_ref().note(task.as_ref()) };
    }
    linked
}

/// Its scope finds the task no longer.
///
/// # Safety
///
/// The caller is the task's poller, and [`link`] has returned true.
#[cold]
pub(super) unsafe fn unlink(task: NonNull<Header>) {
    // SAFETY: alive, as the caller polls it.
    if let Some(member) = unsafe { Header::member(task) } {
        // SAFETY: the caller's.
        unsafe { Node::unlink(member) };
    }
}

/// What a task has inherited, when the task itself is about to go.
pub(super) struct Inheritance(Option<Context>);

/// The task, which is about to complete, leaves behind what it has inherited: to be dropped when it is complete.
///
/// # Safety
///
/// The caller is the task's poller, whose claim ends with the completion that follows.
pub(super) unsafe fn leave_behind(task: NonNull<Header>) -> Inheritance {
    // SAFETY: the caller is the poller, which keeps the task.
    Inheritance(unsafe { task.as_ref().origin().take_context() })
}

impl Drop for Inheritance {
    fn drop(&mut self) {
        if let Some(context) = self.0.take() {
            // This may be what the thread has. Its poller puts back what was there before.
            Within::clear();
            foreign::call(|| drop(context));
        }
    }
}
