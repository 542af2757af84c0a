//! Which tasks there are: a walk through the owned lists.
//!
//! What is to be known of a task is copied while its list's lock is held: linked, it cannot complete, and so it cannot be
//! freed. To hold the lock for a list of a million tasks would hold up a worker whose task goes to sleep for the first time, so
//! the walk goes in bites, and lets the lock go after each. [`Owned`] keeps the walk's place meanwhile. No user code runs under
//! the lock, the allocator's included: there is room for a bite before it is taken, and an origin is copied by counting. So is
//! the scope of a task that is in one, which is looked at afterwards. Those counts are given back at the end, with no lock
//! held: one may be the last by then, and tell of failures that nobody has taken.
//!
//! A task that has never gone to sleep is in no list. One is at hand nevertheless: that which this thread is polling.
//!
//! Measured: 55 ns a task. With two processors, one of which walks through a million tasks again and again, while the other
//! spawns tasks that go to sleep and end, those take twice as long each; ten times, if the walk is one bite.

use crate::kernel::here;
use crate::kernel::owned::Owned;
use crate::kernel::scope::{Looks, Node, ScopeInfo};
use crate::kernel::task::{AbortHandle, Header, Id, TaskInfo};
use std::ptr::NonNull;

/// How many tasks are copied while the lock is held: microseconds.
pub(crate) const BITE: usize = 256;

/// The tasks of a scheduler that have been asleep, and the one that is being polled here, if it is the scheduler's.
/// `scheduler` is its [address](crate::kernel::task::Scheduler::address).
#[inline]
pub(crate) fn take(owned: &Owned, scheduler: *const (), bite: usize) -> Vec<TaskInfo> {
    let mut found = Vec::new();
    let running = here::with(|here| here.running.get()) as *mut Header;
    if let Some(running) = NonNull::new(running) {
        // SAFETY: who polls a task keeps it, and this is a call in the middle of its poll; so it has not left its scope either.
        let (task, member) = unsafe {
            let member = Header::member(running);
            (running.as_ref(), member.map(|member| member.as_ref()))
        };
        // One that is linked will be met in its list.
        if !task.is_linked() && task.is_at_home_in(scheduler) {
            found.push((TaskInfo::look(task), member.map(Node::of_member)));
        }
    }
    owned.walk(bite, &mut found, |task, member| {
        (TaskInfo::look(task), member.map(Node::of_member))
    });
    let scopes: Vec<_> = {
        let mut looks = Looks::new();
        let nodes = found.iter().enumerate();
        nodes
            .filter_map(|(place, (_, node))| Some((place, looks.look(node.as_ref()?))))
            .collect()
    };
    for (place, scope) in scopes {
        found[place].0.set_scope(scope);
    }
    found.into_iter().map(|(task, _)| task).collect()
}

/// The scopes of those that have been asleep and are in one.
pub(crate) fn scopes(owned: &Owned, bite: usize) -> Vec<(Id, ScopeInfo)> {
    let mut found = Vec::new();
    owned.walk(bite, &mut found, |task, member| {
        member.map(|member| (TaskInfo::look(task).id(), Node::of_member(member)))
    });
    found.retain(Option::is_some);
    let mut looks = Looks::new();
    let looked = found.iter().flatten();
    looked
        .map(|(task, node)| (*task, looks.look(node)))
        .collect()
}

/// Handles to those that have been asleep, and are being polled just now or have woken themselves.
pub(crate) fn busy(owned: &Owned, bite: usize) -> Vec<AbortHandle> {
    let mut found = Vec::new();
    owned.walk(bite, &mut found, |task, _| {
        task.is_running().then(|| AbortHandle::of(task))
    });
    found.into_iter().flatten().collect()
}

/// Handles to those that have been asleep.
pub(crate) fn handles(owned: &Owned, bite: usize) -> Vec<AbortHandle> {
    let mut found = Vec::new();
    owned.walk(bite, &mut found, |task, _| AbortHandle::of(task));
    found
}
