//! Where the readiness of every source lives.
//!
//! Slots sit in pages that are made when first needed and stay until the last handle is gone: page *n* holds
//! 64·2ⁿ of them. A slot therefore never moves, and finding one takes no lock: an event's token holds its
//! index. Slots are given to one owner after another. The lock of the free list orders what the leaving owner
//! did before what the next one does, and the generation in the token tells their events apart.
//!
//! A token is `generation │ index`, 26 bits of index and above them as much of the generation as a `usize`
//! has room for: all 16 bits, or 6 on a 32-bit target. An event can only be mistaken for a later owner's if a
//! slot changes hands 2¹⁶ (or 2⁶) times between the selector's report and its delivery; the price would be
//! one operation tried in vain.
//!
//! *Rejected:* pointers as tokens (unsafe, and freeing a slot must wait until no batch names it); a map behind
//! a lock (taken for every event).

use crate::prim::Mutex;
use crate::reactor::gone;
use crate::readiness::Readiness;
use crate::waiters::Panics;
use mio::Token;
use std::io;
use std::sync::OnceLock;

/// The length of the first page.
const FIRST: usize = 64;
/// How many pages there can be.
const PAGES: usize = 20;
/// How many slots there can be.
const MAX: usize = FIRST * ((1 << PAGES) - 1);

const INDEX_BITS: u32 = 26;
const INDEX: usize = (1 << INDEX_BITS) - 1;
/// The bits of a generation that a token has room for.
const RELEVANT: u16 = if usize::BITS - INDEX_BITS >= u16::BITS {
    u16::MAX
} else {
    (1 << ((usize::BITS - INDEX_BITS) % u16::BITS)) - 1
};

/// The token of the wake-up call, which is no slot's: its index is one that is never given out.
pub(crate) const WAKE: Token = Token(usize::MAX);
const _: () = assert!(MAX <= INDEX);

/// One source's readiness, on cache lines of its own.
#[derive(Debug)]
#[repr(align(128))]
struct Slot(Readiness);

/// The slots of one reactor.
#[derive(Debug)]
pub(crate) struct Slots {
    pages: [OnceLock<Box<[Slot]>>; PAGES],
    free: Mutex<Free>,
}

#[derive(Debug)]
struct Free {
    /// Slots that had an owner, the last one on top: its lines are the likeliest to be cached.
    indices: Vec<u32>,
    /// The first slot that never had an owner.
    next: usize,
    /// The reactor is gone.
    closed: bool,
}

impl Slots {
    pub(crate) fn new() -> Self {
        Self {
            pages: [const { OnceLock::new() }; PAGES],
            free: Mutex::new(Free {
                indices: Vec::new(),
                next: 0,
                closed: false,
            }),
        }
    }

    /// The slot with this index, if its page has been made.
    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<&Readiness> {
        let (page, offset) = locate(index as usize);
        self.pages.get(page)?.get()?.get(offset).map(|slot| &slot.0)
    }

    /// An error if the reactor is gone.
    pub(crate) fn check(&self) -> io::Result<()> {
        if self.free.lock().closed {
            return Err(gone());
        }
        Ok(())
    }

    /// Gives a slot to a new owner.
    pub(crate) fn claim(&self) -> io::Result<u32> {
        let mut free = self.free.lock();
        if free.closed {
            return Err(gone());
        }
        if let Some(index) = free.indices.pop() {
            return Ok(index);
        }
        if free.next == MAX {
            return Err(io::Error::new(
                io::ErrorKind::OutOfMemory,
                "this reactor has no room for more sources: drop some of them first",
            ));
        }
        let index = free.next;
        // Made under the lock, so that `close` finds every slot that anybody can own.
        let (page, _) = locate(index);
        self.pages[page]
            .get_or_init(|| (0..FIRST << page).map(|_| Slot(Readiness::new())).collect());
        free.next += 1;
        // Below 2²⁶: the cast cannot lose anything.
        Ok(index as u32)
    }

    /// Takes a slot back; its source has left the selector.
    pub(crate) fn release(&self, index: u32) {
        if let Some(slot) = self.get(index) {
            // If a waker's destructor panics here the slot is lost, and nothing else.
            slot.release();
            self.free.lock().indices.push(index);
        }
    }

    /// The token under which the slot's present owner enters the selector.
    pub(crate) fn token(&self, index: u32) -> Token {
        let generation = self.get(index).map_or(0, Readiness::generation);
        Token((usize::from(generation & RELEVANT) << INDEX_BITS) | index as usize)
    }

    /// Hands an event to the slot that its token names; false if its owner has left.
    pub(crate) fn event(&self, token: Token, bits: u8, panics: &mut Panics) -> bool {
        let generation = (token.0 >> INDEX_BITS) as u16;
        self.get((token.0 & INDEX) as u32)
            .is_some_and(|slot| slot.event(generation, RELEVANT, bits, panics))
    }

    /// Tells every waiter, now and in future, that the reactor is gone.
    pub(crate) fn close(&self, panics: &mut Panics) {
        let mut free = self.free.lock();
        free.closed = true;
        let count = free.next;
        drop(free);
        for slot in (0..count).filter_map(|index| self.get(index as u32)) {
            slot.close(panics);
        }
    }

    /// How many slots have an owner.
    pub(crate) fn owned(&self) -> usize {
        let free = self.free.lock();
        free.next - free.indices.len()
    }
}

/// The page of a slot, and its place there: page `n` starts at 64·(2ⁿ − 1).
#[inline]
fn locate(index: usize) -> (usize, usize) {
    let page = (index / FIRST + 1).ilog2() as usize;
    (page, index - FIRST * ((1 << page) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_has_a_place_of_its_own() {
        let mut expected = 0;
        for page in 0..8 {
            for offset in 0..FIRST << page {
                assert_eq!(locate(expected), (page, offset));
                expected += 1;
            }
        }
        assert_eq!(
            locate(MAX - 1),
            (PAGES - 1, (FIRST << (PAGES - 1)) - 1),
            "the last slot is the last of the last page"
        );
    }

    #[test]
    fn a_slot_that_comes_back_has_another_token() {
        let slots = Slots::new();
        let index = slots.claim().unwrap();
        let first = slots.token(index);
        slots.release(index);
        assert_eq!(slots.claim().unwrap(), index);
        assert_ne!(slots.token(index), first);
    }
}
