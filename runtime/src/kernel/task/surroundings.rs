//! What some tasks are polled within: the scope that they are members of, and the values that they inherit.
//!
//! Such a task is born SURROUNDED (invariant 10): each of its starts comes here by way of [`run`](super::run)'s cold path, so
//! that others pay nothing. When its future and its output are gone, or its output is its handle's, it leaves the scope: after
//! COMPLETE, so that whoever is told that a scope has ended finds no task of it, and nothing of one that is still to be dropped.

use super::cell::Header;
use super::member::Member;
use crate::kernel::context::{Context, Within};
use crate::kernel::foreign;
use crate::kernel::here;
use crate::kernel::scope::{Inside, Node};
use std::ptr::{self, NonNull};

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
        task.state.surround();
    }
}

/// The member that the task is, if it is one.
///
/// # Safety
///
/// `task` is alive.
#[inline(always)]
unsafe fn member<'a>(task: NonNull<Header>) -> Option<&'a Member> {
    // SAFETY: alive (caller); the member lies in the task's memory. The lifetime does not leave this file's callers, who have it
    // too.
    unsafe { Header::member(task).map(|member| member.as_ref()) }
}

/// Enters what the task is polled within; and says whether its scope is cancelled, at a glance.
///
/// # Safety
///
/// The caller is the task's poller, and drops what is returned before the task completes.
#[inline(always)]
pub(super) unsafe fn enter(task: NonNull<Header>) -> (Inside, bool) {
    // SAFETY: alive, as the caller polls it.
    let (header, member) = unsafe { (task.as_ref(), member(task)) };
    let (scope, is_cancelled) = match member {
        Some(member) => (
            member.node().as_ptr().cast_const().cast(),
            member.is_cancelled(),
        ),
        None => (ptr::null(), false),
    };
    // SAFETY: the caller is the poller.
    let context = unsafe { header.origin().context() };
    (Inside::enter(scope, context), is_cancelled)
}

/// True if the task's scope is cancelled, and the task is to end with it.
///
/// # Safety
///
/// The caller is the task's poller.
pub(super) unsafe fn is_cancelled(task: NonNull<Header>) -> bool {
    // SAFETY: alive, as the caller polls it.
    unsafe { member(task) }.is_some_and(|member| {
        let cancelled = member.is_cancelled();
        if cancelled {
            // SAFETY: as above.
            note(unsafe { task.as_ref() }, member);
        }
        cancelled
    })
}

/// The scope has cancelled the task without having found it: says why, if the task's handle is to tell.
#[cold]
fn note(task: &Header, member: &Member) {
    if member.is_told() {
        if let Some(reason) = member.scope().reason() {
            task.origin().note(reason);
        }
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
        unsafe { note(task.as_ref(), member.as_ref()) };
    }
    linked
}

/// What is left of a task that is about to complete.
pub(super) struct Departure {
    context: Option<Context>,
    node: Option<NonNull<Node>>,
}

/// The task is about to complete: its scope does not find it any more, but still counts it, until [`Departure::leave`].
///
/// # Safety
///
/// The caller is the task's poller, whose claim ends with the completion that follows.
#[inline(always)]
pub(super) unsafe fn depart(task: NonNull<Header>) -> Departure {
    // SAFETY: alive, as the caller polls it.
    let header = unsafe { task.as_ref() };
    // SAFETY: the caller is the poller.
    let context = unsafe { header.origin().take_context() };
    // SAFETY: alive, and its poller says so for the first and last time.
    let node = unsafe { Header::member(task).map(Node::unlink) };
    Departure { context, node }
}

impl Departure {
    /// The task is complete.
    #[inline(always)]
    pub(super) fn leave(self) {
        // What the task was in may be gone after this. Its poller puts back what was there before.
        Within::clear();
        if let Some(context) = self.context {
            drop_context(context);
        }
        if let Some(node) = self.node {
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
