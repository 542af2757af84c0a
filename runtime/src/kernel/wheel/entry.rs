//! A timer: one wait for one deadline, pinned inside the future that waits.
//!
//! | state | whose are links, place, deadline | the waker cell holds | leaves by |
//! | --- | --- | --- | --- |
//! | `IDLE` | the owner's | nothing | owner files it → `LINKED`; or finds it due → `FIRED` |
//! | `LINKED` | the wheel's, under its lock | a waker | `fire` → `FIRED`; `close` → `CLOSED`; owner, under the lock → `IDLE` |
//! | `FIRED` | the owner's | nothing | owner resets it → `IDLE` |
//! | `CLOSED` | the owner's | nothing | – |
//!
//! The *owner* is whoever has the exclusive reference to the future. Only it writes the waker cell, and
//! only under the lock while the entry is linked; who finishes the entry *reads* the waker out of it, also
//! under the lock. So the owner may compare the cell's bits with another waker without the lock: polling
//! again with the same waker costs two loads. Likewise only the owner writes the deadline, under the lock while
//! the entry is linked, so that it may read it at any time.
//!
//! Orderings: the store of `FIRED` or `CLOSED` is the wheel's last touch of the entry, and Release; the
//! owner's loads are Acquire, after which links, cells and memory are its own again; or Relaxed under the lock, where
//! the store was too. `LINKED` is stored and taken back by the owner itself.

use super::level::Place;
use super::{Handle, State};
use crate::kernel::clock::LAST_MOMENT;
use crate::kernel::list::{Linked, Links};
use crate::kernel::task::{self, WaitsFor, What};
use crate::prim::atomic::{AtomicU32, Ordering};
use crate::prim::{MutexGuard, UnsafeCell};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::task::{Poll, Waker};

const IDLE: u32 = 0;
const LINKED: u32 = 1;
const FIRED: u32 = 2;
const CLOSED: u32 = 3;

/// How a wheel is done with an entry.
#[derive(Debug, Clone, Copy)]
pub(super) enum Verdict {
    Fired,
    Closed,
}

/// The runtime that an entry belongs to has shut down: it will never fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed;

/// A timer.
pub(crate) struct Entry {
    links: Links<Entry>,
    deadline: UnsafeCell<u64>,
    place: UnsafeCell<Place>,
    /// Holds a waker while the entry is linked. Its bits outlive it, see the module's header.
    waker: UnsafeCell<MaybeUninit<Waker>>,
    wheel: Handle,
    state: AtomicU32,
}

// SAFETY: what a shared reference gives is `is_elapsed` and `Debug`, a load of an atomic. Everything else
// takes the exclusive reference, or is done by the wheel under its lock.
unsafe impl Sync for Entry {}

// SAFETY: the links are always those of the node, and no reference to the whole node is made.
unsafe impl Linked for Entry {
    unsafe fn links(node: NonNull<Self>) -> NonNull<Links<Self>> {
        // SAFETY: `node` is live (caller).
        unsafe { NonNull::new_unchecked(&raw mut (*node.as_ptr()).links) }
    }
}

// The owner's side.
impl Entry {
    /// A timer for `wheel`, which learns of it at the first poll.
    #[inline]
    pub(crate) fn new(wheel: Handle, deadline: u64) -> Self {
        Self {
            links: Links::new(),
            deadline: UnsafeCell::new(deadline.min(LAST_MOMENT)),
            place: UnsafeCell::new(Place::DUE),
            waker: UnsafeCell::new(MaybeUninit::uninit()),
            wheel,
            state: AtomicU32::new(IDLE),
        }
    }

    /// True once a poll has found the deadline passed, or the wheel has fired this.
    pub(crate) fn is_elapsed(&self) -> bool {
        // Ordering: Acquire, partner of the Release in `finish`: who sees it fired may expect to see what the
        // wheel's worker did before.
        self.state.load(Ordering::Acquire) == FIRED
    }

    /// What this waits for.
    #[inline]
    pub(crate) fn deadline(&self) -> u64 {
        // SAFETY: only the owner writes it, through an exclusive reference, and this is a shared one.
        self.deadline.with(|deadline| unsafe { *deadline })
    }

    /// Ready when the deadline has passed; until then the last waker given will be woken then.
    // Always: a sleep is no more than this, and there is one other caller, which is cold.
    #[inline(always)]
    pub(crate) fn poll_elapsed(self: Pin<&mut Self>, waker: &Waker) -> Poll<Result<(), Closed>> {
        let this = self.into_ref().get_ref();
        // Ordering: Acquire, partner of the Release in `finish`.
        match this.state.load(Ordering::Acquire) {
            IDLE => this.register(waker),
            FIRED => Poll::Ready(Ok(())),
            CLOSED => Poll::Ready(Err(Closed)),
            _ if this.has_waker(waker) => Poll::Pending,
            _ => this.replace_waker(waker),
        }
    }

    /// For the owner of a linked entry: whether `waker` is the one in the cell.
    fn has_waker(&self, waker: &Waker) -> bool {
        // SAFETY: the cell has been written, since the entry was linked when the owner looked, and only
        // the owner, who is calling, writes it: so it can be read. If the wheel has read the waker out in
        // the meantime, what is left are two pointers that `will_wake` compares and does not follow; they
        // are equal to a live waker's only if it is the one that is being woken.
        self.waker
            .with(|cell| unsafe { (*cell).assume_init_ref() }.will_wake(waker))
    }

    /// Files an idle entry, or finds it due.
    #[inline(always)]
    fn register(&self, waker: &Waker) -> Poll<Result<(), Closed>> {
        // Foreign code: before the lock, as the drop of the old one is after it.
        let waker = waker.clone();
        let state = self.wheel.state.lock();
        if state.closed {
            return Poll::Ready(Err(Closed));
        }
        let deadline = self.deadline();
        if deadline <= self.wheel.known_now(&state) {
            // Ordering: Relaxed, the owner tells itself.
            self.state.store(FIRED, Ordering::Relaxed);
            return Poll::Ready(Ok(()));
        }
        // SAFETY: the entry is idle, so the cell is the owner's, and empty.
        self.waker.with_mut(|cell| unsafe {
            (*cell).write(waker);
        });
        // Ordering: Relaxed, the owner tells itself; the wheel finds the entry under the lock.
        self.state.store(LINKED, Ordering::Relaxed);
        self.file(state, deadline);
        Poll::Pending
    }

    /// Gives a linked entry another waker, unless it has just been finished.
    #[cold]
    fn replace_waker(&self, waker: &Waker) -> Poll<Result<(), Closed>> {
        task::waits_for(waker, || WaitsFor {
            what: What::Deadline(self.deadline()),
            address: 0,
        });
        let waker = waker.clone();
        let state = self.wheel.state.lock();
        // Ordering: Relaxed, entries are finished under the lock.
        match self.state.load(Ordering::Relaxed) {
            FIRED => return Poll::Ready(Ok(())),
            CLOSED => return Poll::Ready(Err(Closed)),
            _ => {}
        }
        // SAFETY: linked and locked, so nobody else is at the cell, and it holds a waker.
        let old = self
            .waker
            .with_mut(|cell| unsafe { std::mem::replace((*cell).assume_init_mut(), waker) });
        drop(state);
        drop(old);
        Poll::Pending
    }

    /// Links the entry, whose deadline is not due, releases the lock and tells the wheel's owner.
    #[inline]
    fn file(&self, mut state: MutexGuard<'_, State>, deadline: u64) {
        // SAFETY: the entry is in no list and not due (callers). It is pinned (every way here begins with
        // a `Pin`), so it stays in place until its destructor, which unlinks it.
        let must_poke = unsafe { self.wheel.link(&mut state, NonNull::from(self), deadline) };
        drop(state);
        if must_poke {
            self.poke();
        }
    }

    #[cold]
    fn poke(&self) {
        self.wheel.seat.poke();
    }

    /// Gives the entry another deadline. If it is being waited for, its waker stays.
    pub(crate) fn reset(self: Pin<&mut Self>, deadline: u64) {
        let this = self.into_ref().get_ref();
        let deadline = deadline.min(LAST_MOMENT);
        // Ordering: Acquire, partner of the Release in `finish`.
        if this.state.load(Ordering::Acquire) == LINKED && this.move_to(deadline) {
            return;
        }
        this.set_deadline(deadline);
        // Ordering: Relaxed, the owner tells itself. (A closed wheel will say so again.)
        this.state.store(IDLE, Ordering::Relaxed);
    }

    /// Moves a linked entry to `deadline`; false if it has just been finished.
    fn move_to(&self, deadline: u64) -> bool {
        let Some(state) = self.unlink() else {
            return false;
        };
        self.set_deadline(deadline);
        if deadline > self.wheel.known_now(&state) {
            self.file(state, deadline);
            return true;
        }
        // Due at once. Who waits is to hear of it as if the wheel had fired it.
        let waker = self.take_waker();
        // Ordering: Relaxed, the owner tells itself.
        self.state.store(FIRED, Ordering::Relaxed);
        drop(state);
        waker.wake();
        true
    }

    /// Takes the entry out of the wheel, if it is in it, and returns the lock.
    ///
    /// The state is still `LINKED` and the waker in its cell.
    #[inline]
    fn unlink(&self) -> Option<MutexGuard<'_, State>> {
        let mut state = self.wheel.state.lock();
        // Ordering: Relaxed, entries are finished under the lock.
        if self.state.load(Ordering::Relaxed) != LINKED {
            return None;
        }
        // SAFETY: the state says that it is linked, in this wheel, and only changes under the lock.
        unsafe { state.unlink(NonNull::from(self)) };
        Some(state)
    }

    /// Takes the entry out of the wheel for good, unless it has just been finished.
    fn cancel(&self) {
        let Some(state) = self.unlink() else {
            return;
        };
        let waker = self.take_waker();
        drop(state);
        // Foreign code, after the lock.
        drop(waker);
    }

    /// Takes the waker out of the cell, after `unlink`.
    fn take_waker(&self) -> Waker {
        // SAFETY: it was linked until just now, so the cell holds a waker, and nobody else points at the
        // entry any more. The caller changes the state, so it is not taken again.
        self.waker
            .with(|cell| unsafe { (*cell).assume_init_read() })
    }

    /// Replaces the deadline of an entry that is not linked; only the owner may call this.
    fn set_deadline(&self, deadline: u64) {
        // SAFETY: the owner is calling, and the entry is not linked.
        self.deadline.with_mut(|place| unsafe { *place = deadline });
    }
}

impl Drop for Entry {
    #[inline]
    fn drop(&mut self) {
        // Ordering: Acquire, partner of the Release in `finish`: the memory goes away after this.
        if self.state.load(Ordering::Acquire) == LINKED {
            self.cancel();
        }
    }
}

// The wheel's side. No reference to the whole entry is made, since its owner may hold one of its own, and
// may free it as soon as it is finished.
impl Entry {
    /// The deadline of an entry.
    ///
    /// # Safety
    ///
    /// `node` is live and given to its wheel, which the caller holds.
    pub(super) unsafe fn deadline_of(node: NonNull<Self>) -> u64 {
        // SAFETY: live (caller).
        let deadline = unsafe { &(*node.as_ptr()).deadline };
        // SAFETY: its owner would need the wheel to write it, which the caller holds.
        deadline.with(|deadline| unsafe { *deadline })
    }

    /// Where an entry is.
    ///
    /// # Safety
    ///
    /// As [`deadline_of`](Self::deadline_of).
    pub(super) unsafe fn place(node: NonNull<Self>) -> Place {
        // SAFETY: live (caller).
        let place = unsafe { &(*node.as_ptr()).place };
        // SAFETY: it belongs to the holder of the wheel, who is calling.
        place.with(|place| unsafe { *place })
    }

    /// Notes where an entry is.
    ///
    /// # Safety
    ///
    /// As [`deadline_of`](Self::deadline_of).
    pub(super) unsafe fn set_place(node: NonNull<Self>, place: Place) {
        // SAFETY: live (caller).
        let cell = unsafe { &(*node.as_ptr()).place };
        // SAFETY: it belongs to the holder of the wheel, who is calling.
        cell.with_mut(|cell| unsafe { *cell = place });
    }

    /// Gives an entry back to its owner, and returns the waker to tell it by: the last touch.
    ///
    /// # Safety
    ///
    /// `node` was linked in a wheel until just now, which the caller holds.
    pub(super) unsafe fn finish(node: NonNull<Self>, verdict: Verdict) -> Waker {
        // SAFETY: live (caller).
        let cell = unsafe { &(*node.as_ptr()).waker };
        // SAFETY: it was linked, so the cell holds a waker; the state below says that it is gone.
        let waker = cell.with(|cell| unsafe { ptr::read(cell).assume_init() });
        let state = match verdict {
            Verdict::Fired => FIRED,
            Verdict::Closed => CLOSED,
        };
        // SAFETY: live (caller) until the store below.
        let word = unsafe { &(*node.as_ptr()).state };
        // Ordering: Release, partner of the owner's Acquire loads: it may do with links, cells and memory
        // as it likes from here on.
        word.store(state, Ordering::Release);
        waker
    }
}
