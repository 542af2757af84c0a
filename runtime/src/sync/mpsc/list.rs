//! The values of a channel: an endless row of slots, in linked blocks.
//!
//! The idea of giving each sender a slot by one `fetch_add` and letting the receiver follow is Vyukov's; that
//! of blocks, and of an observed tail that says when one may go, is tokio's.
//!
//! ```text
//!   tail:  63 ............................ 1 │   0
//!            index that is claimed next      │ CLOSED (unbounded channels only)
//!
//!   oldest              rx.block            hint
//!     ▼                    ▼                  ▼
//!   [freed soon] → … → [▒▒▒▒░░░░] → … → [░░░░    ] → null        ▒ received  ░ claimed or full
//!                           ▲ head           ▲ tail
//!
//!   a send                                         a receive
//!   T1  claim: i = tail += 1                       R1  head's slot FULL? else nothing (or wait, see below)
//!   T2  find i's block, from the hint on           R2  take the value, head += 1
//!   T3  i is the last of its block: link the next  R3  was it the last of its block: go to the next one,
//!   T4  put the value in, FULL                         which T3 has linked, and retire the old one
//! ```
//!
//! **When a block may go.** A sender between T1 and T4 may be in any block from the hint it has read up to
//! its own. A block is *released* by moving the hint past it and then looking at the tail, with
//! read-modify-writes on both sides:
//!
//! ```text
//!   T1  i = tail.fetch_add(1)                      F1  hint moves past the block
//!   T2  b = hint                                   F2  p = tail, by a read-modify-write
//! ```
//!
//! The tail's modification order has one of T1, F2 first. If T1 is, i < p. If F2 is, T1 acquires F1, and T2
//! reads a hint past the block. So only senders with i < p can be in it, and all of those have filled their
//! slots when head ≥ p: then the receiver may free it. Usually it is a sender that moves the hint (and then
//! p is close behind the block); the receiver does it if none has.
//!
//! So T1 is Acquire and F2 is Release, and neither is more: what senders with i < p did in the block comes to the
//! receiver with their slots.
//!
//! **Where the hint may be.** It moves past a block only when all of its slots are full. So a sender that has
//! claimed a slot and not filled it never finds the hint behind it, however late it looks. And it only moves
//! from a block to a later one: a stale exchange cannot move it back, because its sender has not filled its
//! slot, so by the rule above the block it compares with has not been freed and reused.
//!
//! **Waiting.** The next value the receiver can use is the one in head's slot, and one sender will fill that.
//! So the receiver marks this slot, and no other sender needs to know: a send to a receiver that is awake
//! touches no waker, only the tail and its slot.

use super::block::{Block, UNKNOWN, first_of_block, offset};
use crate::prim::CHANNEL_BLOCK;
use crate::prim::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::ptr::{self, NonNull};

const CLOSED: u64 = 1;
const ONE: u64 = 2;

/// What the senders share.
pub(super) struct Tx<T> {
    tail: AtomicU64,
    /// A block at or before that of any index that is claimed and not filled; where T2 begins.
    hint: AtomicPtr<Block<T>>,
    /// A block nobody uses, or null: most channels live on two or three blocks that take turns.
    spare: AtomicPtr<Block<T>>,
}

/// What the receiver has for itself.
pub(super) struct Rx<T> {
    /// The index that is received next.
    head: u64,
    /// Its block.
    block: NonNull<Block<T>>,
    /// The oldest block that is not freed; those before `block` hold no values any more.
    oldest: NonNull<Block<T>>,
}

/// Creates the two ends of a list with one empty block.
pub(super) fn list<T>() -> (Tx<T>, Rx<T>) {
    let block = Block::allocate(0);
    let tx = Tx {
        tail: AtomicU64::new(0),
        hint: AtomicPtr::new(block.as_ptr()),
        spare: AtomicPtr::new(ptr::null_mut()),
    };
    let rx = Rx {
        head: 0,
        block,
        oldest: block,
    };
    (tx, rx)
}

impl<T> Tx<T> {
    /// Adds a value at the end; true if the receiver waits for exactly this one. Gives it back if the list is
    /// closed.
    #[inline]
    pub(super) fn push(&self, value: T) -> Result<bool, T> {
        // Ordering: T1 of the header: Acquire. It also pairs with `close`: who fails sees what was done before.
        let claimed = self.tail.fetch_add(ONE, Ordering::Acquire);
        if claimed & CLOSED != 0 {
            // The claimed index lies behind the end, where the receiver never looks.
            return Err(value);
        }
        let index = claimed >> 1;
        let block = self.block_of(index);
        if offset(index) == CHANNEL_BLOCK - 1 {
            self.next_of(block);
        }
        // SAFETY: the block cannot be freed before its slot `index`, which is ours, is filled (header).
        let block = unsafe { block.as_ref() };
        // SAFETY: the index was claimed by us, above, and this is the only fill.
        Ok(unsafe { block.slot(index).fill(value) })
    }

    /// Finds the block of an index that the caller has claimed and not filled.
    #[inline]
    fn block_of(&self, index: u64) -> NonNull<Block<T>> {
        // Ordering: Acquire pairs with the exchanges of the hint: what is in the block. T2 of the header.
        let start = self.hint.load(Ordering::Acquire);
        // SAFETY: the hint is never null.
        let start = unsafe { NonNull::new_unchecked(start) };
        // SAFETY: by the header's rule, no block from the hint on is freed before our slot is filled.
        if unsafe { start.as_ref() }.first() == first_of_block(index) {
            start
        } else {
            self.walk(start, index)
        }
    }

    /// Follows the links from `start` to the block of `index`, and moves the hint past what is full.
    #[cold]
    fn walk(&self, start: NonNull<Block<T>>, index: u64) -> NonNull<Block<T>> {
        let mut block = start;
        let mut hint = start;
        loop {
            // SAFETY: as in `block_of`.
            let this = unsafe { block.as_ref() };
            if this.first() == first_of_block(index) {
                break;
            }
            let next = self.next_of(block);
            if hint == block && this.is_full() {
                hint = next;
            }
            block = next;
        }
        if hint != start && self.move_hint(start, hint) {
            // Ordering: F2 of the header: Release.
            let claimed = self.tail.fetch_add(0, Ordering::Release) >> 1;
            let mut released = start;
            while released != hint {
                // SAFETY: as above.
                let this = unsafe { released.as_ref() };
                let next = self.next_of(released);
                // Ordering: Relaxed: the receiver does not free the block before it has acquired our slot, which we fill
                // after this.
                this.released_at.store(claimed, Ordering::Relaxed);
                released = next;
            }
        }
        block
    }

    /// Moves the hint from a block to a later one; false if it was not there any more.
    fn move_hint(&self, from: NonNull<Block<T>>, to: NonNull<Block<T>>) -> bool {
        // Ordering: Release publishes the block. Relaxed on failure: who is told that the hint has gone on has read it there,
        // so whoever comes after that, by F2 and T1, reads no older one (F1). Nor is that F2 before the T1 of who has moved it: this
        // would acquire a look at a move that it has not made.
        self.hint
            .compare_exchange(
                from.as_ptr(),
                to.as_ptr(),
                Ordering::Release,
                Ordering::Relaxed,
            )
            .is_ok()
    }

    /// The block after `block`, which is linked if it is not there yet. The caller keeps `block` from being
    /// freed.
    fn next_of(&self, block: NonNull<Block<T>>) -> NonNull<Block<T>> {
        // SAFETY: live (caller).
        let this = unsafe { block.as_ref() };
        // Ordering: Acquire pairs with the link: what is in the next block.
        if let Some(next) = NonNull::new(this.next.load(Ordering::Acquire)) {
            return next;
        }
        let first = this.first() + CHANNEL_BLOCK as u64;
        // Ordering: Acquire pairs with the Release of who put it there.
        let spare = self.spare.swap(ptr::null_mut(), Ordering::Acquire);
        let new = match NonNull::new(spare) {
            Some(spare) => {
                // SAFETY: it was taken out of `spare`, so it is ours alone, and empty.
                unsafe { Block::reset(spare, first) };
                spare
            }
            None => Block::allocate(first),
        };
        // Ordering: Release publishes the block; Acquire on failure receives the other one.
        match this.next.compare_exchange(
            ptr::null_mut(),
            new.as_ptr(),
            Ordering::Release,
            Ordering::Acquire,
        ) {
            Ok(_) => new,
            Err(next) => {
                // SAFETY: nobody else has seen ours.
                unsafe { self.set_aside(new) };
                // SAFETY: the exchange failed because it is not null.
                unsafe { NonNull::new_unchecked(next) }
            }
        }
    }

    /// Keeps a block as the spare one, or frees it.
    ///
    /// # Safety
    ///
    /// Nobody else has the block, and it holds no values.
    unsafe fn set_aside(&self, block: NonNull<Block<T>>) {
        // Ordering: Release hands the block over.
        let kept = self.spare.compare_exchange(
            ptr::null_mut(),
            block.as_ptr(),
            Ordering::Release,
            Ordering::Relaxed,
        );
        if kept.is_err() {
            // SAFETY: as the caller says.
            unsafe { Block::free(block) };
        }
    }

    /// Refuses values from now on; returns the index behind the last one.
    pub(super) fn close(&self) -> u64 {
        // Ordering: Release publishes what was done before to senders that fail. The values come with their slots.
        self.tail.fetch_or(CLOSED, Ordering::Release) >> 1
    }

    pub(super) fn is_closed(&self) -> bool {
        // Ordering: Acquire pairs with `close`.
        self.tail.load(Ordering::Acquire) & CLOSED != 0
    }

    /// The index that is claimed next.
    pub(super) fn claimed(&self) -> u64 {
        // Ordering: Relaxed: a send that is known to be over happened before, so it is counted; the values come with their slots.
        self.tail.load(Ordering::Relaxed) >> 1
    }
}

impl<T> Rx<T> {
    pub(super) fn head(&self) -> u64 {
        self.head
    }

    /// Takes the next value if it is there.
    #[inline]
    pub(super) fn pop(&mut self, tx: &Tx<T>) -> Option<T> {
        // SAFETY: head's block is not retired.
        let block = unsafe { self.block.as_ref() };
        let slot = block.slot(self.head);
        if !slot.is_full() {
            return None;
        }
        // SAFETY: this is the receiver, the slot is full, and head moves on.
        let value = unsafe { slot.take() };
        self.head += 1;
        if offset(self.head) == 0 {
            self.next_block(tx);
        }
        Some(value)
    }

    /// Marks head's slot, so that whoever fills it wakes the registered waker; false if the value is there.
    pub(super) fn wait(&self) -> bool {
        // SAFETY: head's block is not retired.
        unsafe { self.block.as_ref() }.slot(self.head).wait()
    }

    /// Goes on to the next block and retires the one that is used up: R3.
    #[cold]
    fn next_block(&mut self, tx: &Tx<T>) {
        let old = self.block;
        // SAFETY: not retired yet.
        let this = unsafe { old.as_ref() };
        // Ordering: Relaxed. It is there, and so is what is in it: T3 came before the last slot was full, which was acquired.
        let next = this.next.load(Ordering::Relaxed);
        debug_assert!(!next.is_null());
        // SAFETY: as said.
        self.block = unsafe { NonNull::new_unchecked(next) };
        // Ordering: Relaxed: whoever reads another value knows that F1 and F2 are done, and takes over nothing else by it.
        if this.released_at.load(Ordering::Relaxed) == UNKNOWN {
            // F1: either this moves the hint, or it is past the block already.
            tx.move_hint(old, self.block);
            // Ordering: F2 of the header: Release.
            let claimed = tx.tail.fetch_add(0, Ordering::Release) >> 1;
            // Ordering: Relaxed, only the receiver needs it; a sender that is about to store its own value
            // keeps the block from being freed, and either value will do.
            this.released_at.store(claimed, Ordering::Relaxed);
        }
        self.free_retired(tx);
    }

    fn free_retired(&mut self, tx: &Tx<T>) {
        while self.oldest != self.block {
            // SAFETY: it was not freed yet.
            let this = unsafe { self.oldest.as_ref() };
            // Ordering: Relaxed, see `next_block`: it has seen the value, or stored it.
            if this.released_at.load(Ordering::Relaxed) > self.head {
                return;
            }
            // Ordering: Relaxed, the link was followed before.
            let next = this.next.load(Ordering::Relaxed);
            // SAFETY: every index below `released_at` was received, hence filled: no sender is there (header).
            unsafe { tx.set_aside(self.oldest) };
            // SAFETY: a block before `block` has a next one.
            self.oldest = unsafe { NonNull::new_unchecked(next) };
        }
    }

    /// Drops the values that are there.
    pub(super) fn clear(&mut self, tx: &Tx<T>) {
        struct Clear<'a, T>(&'a mut Rx<T>, &'a Tx<T>);
        impl<T> Clear<'_, T> {
            fn run(&mut self) {
                while let Some(value) = self.0.pop(self.1) {
                    drop(value);
                }
            }
        }
        impl<T> Drop for Clear<'_, T> {
            fn drop(&mut self) {
                // Does something only if a value's destructor panicked.
                self.run();
            }
        }
        Clear(self, tx).run();
    }

    /// Frees all blocks.
    ///
    /// # Safety
    ///
    /// No sender is left, all values were received or dropped, and neither end is used again.
    pub(super) unsafe fn free_blocks(&mut self, tx: &Tx<T>) {
        // Ordering: Relaxed, here and below: nobody else is left.
        if let Some(spare) = NonNull::new(tx.spare.load(Ordering::Relaxed)) {
            // SAFETY: nobody else is left (caller).
            unsafe { Block::free(spare) };
        }
        let mut block = self.oldest.as_ptr();
        while let Some(this) = NonNull::new(block) {
            // SAFETY: linked and not freed.
            block = unsafe { this.as_ref() }.next.load(Ordering::Relaxed);
            // SAFETY: nobody else is left, and there are no values (caller).
            unsafe { Block::free(this) };
        }
    }
}
