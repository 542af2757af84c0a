//! Entries in advance: a thread that spawns many tasks in one poll enters their scope once for several of them.
//!
//! An entry is a read-modify-write of the node's word, and one for each level around it. So whoever polls within a node, and has
//! entered it in that poll before, enters for 2 at once, then for 4, up to [`MOST`]; what is spare lies in `here` for those who come
//! next, and is given back when this thread is not within the node any more: when the [`Inside`] of its poll is dropped.
//!
//! A spare entry is an entry like any other, so it keeps the node, and those around it. Nobody waits longer for that: who polls
//! within a node is its body or a member of it, and counts there until the poll is over anyway. (The exception is a body whose
//! future is polled elsewhere than where it had begun: what is around that place waits for such a poll to return.)
//!
//! All of it is this thread's own. What others see is a node that has more in it than there are, for the length of a poll.

use super::Node;
use crate::kernel::here;
use std::ptr::{self, NonNull};

/// So many are entered at once at most.
const MOST: usize = 16;

/// Until this is dropped, this thread is within a scope, and may enter it in advance.
pub(crate) struct Inside {
    outer: *const (),
    scope: *const (),
}

impl Inside {
    /// Within what `scope` points to: a node, or its seed, or nothing. The caller keeps it. See [`context`](crate::kernel::context).
    #[inline]
    pub(crate) fn enter(scope: *const ()) -> Self {
        let outer = here::with(|here| here.scope.replace(scope));
        Self { outer, scope }
    }
}

impl Inside {
    /// Within a node, which the caller keeps.
    #[inline]
    pub(crate) fn of(node: NonNull<Node>) -> Self {
        Self::enter(address(node))
    }
}

impl Drop for Inside {
    #[inline]
    fn drop(&mut self) {
        let entered = here::with(|here| {
            here.scope.set(self.outer);
            here.entered.get()
        });
        // In this order, as they hardly ever are the same.
        if entered == self.scope && !entered.is_null() {
            give_back(entered);
        }
    }
}

/// This thread enters nothing in advance any more.
#[cold]
#[inline(never)]
fn give_back(node: *const ()) {
    let spare = here::with(|here| {
        here.entered.set(ptr::null());
        here.spare_entries.replace(0)
    });
    if let (Some(node), 1..) = (NonNull::new(node.cast_mut()), spare) {
        // SAFETY: `enter_many`, on this thread, has entered it for so many by `keep`, and nobody else finds them any more.
        unsafe { Node::leave_many(node.cast(), spare) };
    }
}

/// Takes one of the spare entries, if there are any of this node.
#[inline]
pub(super) fn take(node: &Node) -> bool {
    here::with(|here| {
        let spare = here.spare_entries.get();
        let taken = spare > 0 && here.entered.get() == address(node.into());
        if taken {
            here.spare_entries.set(spare - 1);
        }
        taken
    })
}

/// How many of those who are in this node are spare entries of this thread's, of this one or of one that is within it.
#[inline]
pub(super) fn spare(node: &Node) -> usize {
    let (entered, spare) = here::with(|here| (here.entered.get(), here.spare_entries.get()));
    if spare == 0 {
        return 0;
    }
    // SAFETY: its spare entries keep it, and this thread, which alone can give them back, is here.
    let mut at = unsafe { entered.cast::<Node>().as_ref() };
    while let Some(entered) = at {
        if ptr::eq(entered, node) {
            return spare;
        }
        at = entered.around().map(|around| &**around);
    }
    0
}

/// For how many to enter, one of whom is there. What is more is [kept](keep) if they have entered.
#[inline]
pub(super) fn many(node: &Node) -> usize {
    here::with(|here| {
        // Who is not within it would give nothing back; and the entries of a node further out are not given back before it is left.
        let node = address(node.into());
        if here.scope.get() != node || here.spare_entries.get() > 0 {
            return 1;
        }
        let many = if here.entered.replace(node) == node {
            MOST.min(2 * here.many_entries.get())
        } else {
            1
        };
        here.many_entries.set(many);
        many
    })
}

/// So many entries of this node, which [`many`] has asked for, are spare.
#[inline]
pub(super) fn keep(spare: usize) {
    here::with(|here| here.spare_entries.set(spare));
}

fn address(node: NonNull<Node>) -> *const () {
    node.as_ptr().cast_const().cast()
}
