//! A doubly linked list through its nodes: no allocation, and any node can leave at any time.
//!
//! Ownership: the list owns none of its nodes. A node is *lent* to the list from `push_back` until a
//! `pop` or a `remove` gives it back; for that long it must neither move nor be freed, and its links
//! belong to whoever holds the list (usually: the lock around it). Each user says beside its push who
//! guarantees that.
//!
//! A node that is in no list has both links empty and is not the head, so [`List::remove`] can tell, and
//! removing twice is harmless. A node must only ever be handed to `remove` of the list it may be in.

use crate::prim::{UnsafeCell, const_fn};
use std::marker::PhantomPinned;
use std::ptr::NonNull;

/// A type that carries the links of a list.
///
/// # Safety
///
/// `links` must return the same place, inside the node, whenever it is called for a node, and must not
/// create a reference to the whole node (other threads may be using other parts of it).
pub(crate) unsafe trait Linked {
    /// The place of the links in `node`.
    ///
    /// # Safety
    ///
    /// `node` must point to a live node.
    unsafe fn links(node: NonNull<Self>) -> NonNull<Links<Self>>;
}

/// The links of one node.
#[derive(Debug)]
pub(crate) struct Links<T: ?Sized> {
    ends: UnsafeCell<Ends<T>>,
    /// A node that sits in a future must not be assumed unique by a `&mut` to that future.
    _pinned: PhantomPinned,
}

#[derive(Debug)]
struct Ends<T: ?Sized> {
    prev: Option<NonNull<T>>,
    next: Option<NonNull<T>>,
}

// SAFETY: links are only pointers; who may follow them is the business of the list, which is reached
// under its owner's exclusion (see the module's header).
unsafe impl<T: ?Sized> Send for Links<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized> Sync for Links<T> {}

#[cfg(any(target_os = "linux", target_os = "android"))]
impl<T: ?Sized> Links<T> {
    /// Where the pointer to the next node is. A cell is what is in it.
    pub(crate) const NEXT: usize =
        std::mem::offset_of!(Self, ends) + std::mem::offset_of!(Ends<T>, next);
}

impl<T: ?Sized> Links<T> {
    const_fn! {
        /// Links of a node that is in no list.
        pub(crate) const fn new() -> Self {
            Self {
                ends: UnsafeCell::new(Ends { prev: None, next: None }),
                _pinned: PhantomPinned,
            }
        }
    }
}

/// A list of lent nodes.
#[derive(Debug)]
pub(crate) struct List<T: Linked> {
    head: Option<NonNull<T>>,
    tail: Option<NonNull<T>>,
}

// SAFETY: a list is two pointers to nodes that its owner's exclusion protects. `T: Send` because whoever
// holds the list reaches the nodes from its own thread.
unsafe impl<T: Linked + Send> Send for List<T> {}

#[cfg(any(target_os = "linux", target_os = "android"))]
impl<T: Linked> List<T> {
    /// Where the pointers to the first node and the last are.
    pub(crate) const HEAD: usize = std::mem::offset_of!(Self, head);
    pub(crate) const TAIL: usize = std::mem::offset_of!(Self, tail);
}

impl<T: Linked> List<T> {
    pub(crate) const fn new() -> Self {
        Self {
            head: None,
            tail: None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_none()
    }

    /// True if there is a node, and no other.
    pub(crate) fn has_one(&self) -> bool {
        self.head.is_some() && self.head == self.tail
    }

    /// The node that would be popped next from the front; it stays where it is.
    pub(crate) fn front(&self) -> Option<NonNull<T>> {
        self.head
    }

    /// The first node and the last.
    pub(crate) fn ends(&self) -> Option<(NonNull<T>, NonNull<T>)> {
        self.head.zip(self.tail)
    }

    /// The node after `node`.
    ///
    /// # Safety
    ///
    /// `node` is in this list.
    pub(crate) unsafe fn after(&self, node: NonNull<T>) -> Option<NonNull<T>> {
        // SAFETY: in the list, hence live.
        unsafe { update(node, |ends| ends.next) }
    }

    /// The node before `node`.
    ///
    /// # Safety
    ///
    /// `node` is in this list.
    pub(crate) unsafe fn before(&self, node: NonNull<T>) -> Option<NonNull<T>> {
        // SAFETY: in the list, hence live.
        unsafe { update(node, |ends| ends.prev) }
    }

    /// Lends `node` to the list, at its end.
    ///
    /// # Safety
    ///
    /// `node` is live, in no list, and stays in place until it is given back.
    pub(crate) unsafe fn push_back(&mut self, node: NonNull<T>) {
        let prev = self.tail.replace(node);
        // SAFETY: `node` is live (caller).
        unsafe { set(node, Ends { prev, next: None }) };
        match prev {
            // SAFETY: `prev` is in the list, hence live.
            Some(prev) => unsafe { update(prev, |ends| ends.next = Some(node)) },
            None => self.head = Some(node),
        }
    }

    /// Gives back the first node.
    pub(crate) fn pop_front(&mut self) -> Option<NonNull<T>> {
        let node = self.head?;
        // SAFETY: the head is in this list.
        unsafe { self.remove(node) };
        Some(node)
    }

    /// Gives back the last node.
    pub(crate) fn pop_back(&mut self) -> Option<NonNull<T>> {
        let node = self.tail?;
        // SAFETY: the tail is in this list.
        unsafe { self.remove(node) };
        Some(node)
    }

    /// Gives back `node`; false if it was in no list.
    ///
    /// # Safety
    ///
    /// `node` is live, and in this list or in none.
    pub(crate) unsafe fn remove(&mut self, node: NonNull<T>) -> bool {
        // SAFETY: `node` is live (caller).
        let Ends { prev, next } = unsafe {
            set(
                node,
                Ends {
                    prev: None,
                    next: None,
                },
            )
        };
        if prev.is_none() && self.head != Some(node) {
            return false;
        }
        match prev {
            // SAFETY: a neighbour of a node in the list is in the list, hence live.
            Some(prev) => unsafe { update(prev, |ends| ends.next = next) },
            None => self.head = next,
        }
        match next {
            // SAFETY: as above.
            Some(next) => unsafe { update(next, |ends| ends.prev = prev) },
            None => self.tail = prev,
        }
        true
    }
}

/// Replaces the links of a live node.
unsafe fn set<T: Linked + ?Sized>(node: NonNull<T>, ends: Ends<T>) -> Ends<T> {
    // SAFETY: the node is live (caller), and its links belong to the holder of the list, who is calling.
    unsafe { update(node, |old| std::mem::replace(old, ends)) }
}

/// Changes the links of a live node.
unsafe fn update<T: Linked + ?Sized, R>(
    node: NonNull<T>,
    change: impl FnOnce(&mut Ends<T>) -> R,
) -> R {
    // SAFETY: the node is live (caller), so `links` may be called and its result read; the links belong
    // to the holder of the list, who is calling, so the exclusive reference is the only one.
    unsafe {
        let links = T::links(node).as_ref();
        links.ends.with_mut(|ends| change(&mut *ends))
    }
}
