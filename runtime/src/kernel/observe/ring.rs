//! A ring of records of `W` words: one writer, and readers that may come at any time, from another process too.
//!
//! ```text
//!   writer                                           reader
//!   for some records together, h to h + k − 1:
//!   begin := h + k (Relaxed); fence(Release)         e := end (Acquire)
//!   for each of them, i:                             copies the slots (Relaxed)
//!     slot[i % N] := the words (Relaxed)             fence(Acquire); b := begin (Relaxed)
//!     end := i + 1 (Release)                         valid: max(b − N, 0) ≤ index < e
//! ```
//!
//! # Why nothing torn is ever shown
//!
//! A record below `e` has been written, by the Acquire of `end`. Could the writer be overwriting it by now? If the reader has
//! seen a word of the later content, of index `i + N` or beyond, the two fences meet: it sees a `begin` of more than
//! `i + N`, and drops `i`. On x86-64 both fences only bind the compiler. (A seqlock whose counter is the position: Boehm, "Can
//! seqlocks get along with programming language memory models?", 2012.)
//!
//! # Blocks
//!
//! A ring that is written to all the time has no `end` to store for each record, and no second word for most: its [`Writer`] opens
//! `AHEAD` records together.
//!
//! ```text
//!   writer opens h to h + AHEAD − 1, h a multiple      reader, after the slots below e
//!   begin := h + AHEAD (Relaxed); fence(Release)       for i from e to e + AHEAD − 1:
//!   end := h (Relaxed, behind the fence)                 last word of slot[i % N] (Acquire): of this lap? else no more
//!   for each record: all words but the last, or none,    copies the slot (Relaxed)
//!     (Relaxed), the last word with the lap (Release)
//! ```
//!
//! Two bits of the last word are the ring's: whether the other words are meant, or are what was there before, and stand for
//! zeros; and the parity of the lap, that is, of how often the ring has gone round. Each slot is written in each lap. So whoever
//! sees that `end` sees in the slots from there on what is of the lap before, or is of this one, or has come later still. By the
//! bit the first is told from the second, where memory of zeros counts as of a lap before the first. The third is dropped as
//! above: it was begun before.
//!
//! The words of a ring, which is part of a file's too: `begin`, `end`, `N`, `W`, the index
//! of the first record that counts, `AHEAD`, two that are 0, and the slots.
//!
//! The model is `loom-tests/src/models/ring.rs`.

use crate::prim::atomic::{AtomicU64, Ordering, fence};
use crate::prim::words::Words;
use std::cell::Cell;

/// Words before the slots.
pub(crate) const HEAD: usize = 8;
const BEGIN: usize = 0;
const END: usize = 1;
const CAPACITY: usize = 2;
const WIDTH: usize = 3;
const FIRST: usize = 4;
const IN_BLOCK: usize = 5;

/// Of the last word of a record in a block: set in the first lap, not in the second, and so on.
const LAP: u64 = 1 << 10;
/// The other words are meant.
const FULL: u64 = 1 << 11;
/// Both; records have zeros there.
pub(crate) const OWN: u64 = LAP | FULL;

/// What the lap of record `index` is.
const fn lap(index: u64, capacity: u64) -> u64 {
    if (index / capacity) % 2 == 0 { LAP } else { 0 }
}

/// True if record `index`, in the block that was opened last, has been written.
pub(crate) const fn is_there(last: u64, index: u64, capacity: u64) -> bool {
    last & LAP == lap(index, capacity)
}

/// What a record in a block says.
pub(crate) fn clean<const W: usize>(mut record: [u64; W]) -> [u64; W] {
    if record[W - 1] & FULL == 0 {
        record[..W - 1].fill(0);
    }
    record[W - 1] &= !OWN;
    record
}

/// Words of a ring of so many records.
pub(crate) const fn words(capacity: usize, width: usize) -> usize {
    HEAD + capacity * width
}

/// A ring, in blocks of `AHEAD` records, or of single ones for 0; a clone refers to the same.
#[derive(Debug, Clone)]
pub(crate) struct Ring<const W: usize, const AHEAD: usize = 0> {
    words: Words,
    /// The capacity, a power of two, less 1.
    mask: u64,
}

/// What a reader has found: records, and the index of the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Copied<const W: usize> {
    pub(crate) first: u64,
    pub(crate) records: Vec<[u64; W]>,
}

impl<const W: usize, const AHEAD: usize> Ring<W, AHEAD> {
    /// A ring in memory that is as long as [`words`] says, and all zeros, or has been a ring of this kind.
    pub(crate) fn new(words: Words, capacity: usize) -> Self {
        assert!(capacity.is_power_of_two() && words.len() == self::words(capacity, W));
        assert!(AHEAD == 0 || capacity % AHEAD == 0 && capacity > AHEAD);
        // Ordering: Relaxed; whoever reads this has been told of the ring by other means.
        words[CAPACITY].store(capacity as u64, Ordering::Relaxed);
        words[WIDTH].store(W as u64, Ordering::Relaxed);
        // Ordering: Release, for who reads the file: with this the rest is there.
        words[IN_BLOCK].store(AHEAD as u64, Ordering::Release);
        let this = Self {
            words,
            mask: capacity as u64 - 1,
        };
        // What somebody else has left there does not count.
        this.words[FIRST].store(this.next(), Ordering::Relaxed);
        this
    }

    pub(crate) fn capacity(&self) -> u64 {
        self.mask + 1
    }

    /// The index of the next record. For the one writer.
    #[inline(always)]
    pub(crate) fn next(&self) -> u64 {
        // Ordering: Relaxed, only the writer writes it, and the slots.
        // SAFETY: `new` has checked that there are `HEAD` words and more.
        let end = unsafe { self.words.at(END) }.load(Ordering::Relaxed);
        if AHEAD == 0 {
            return end;
        }
        let begun = self.words[BEGIN].load(Ordering::Relaxed);
        let is_there = |&index: &u64| {
            let last = self.words[self.place(index) + W - 1].load(Ordering::Relaxed);
            is_there(last, index, self.capacity())
        };
        end + (end..begun).take_while(is_there).count() as u64
    }

    /// Where the slot of record `index` is among the words.
    #[inline(always)]
    fn place(&self, index: u64) -> usize {
        HEAD + (index & self.mask) as usize * W
    }

    /// The last word of the slot of record `index`.
    fn last_word(&self, index: u64) -> *const AtomicU64 {
        &raw const self.words[self.place(index) + W - 1]
    }

    /// Says that the records below `index` may be written from now on. For the one writer.
    #[inline(always)]
    pub(crate) fn begin(&self, index: u64) {
        // Ordering: see the module's header.
        // SAFETY: as in `next`.
        unsafe { self.words.at(BEGIN) }.store(index, Ordering::Relaxed);
        fence(Ordering::Release);
    }

    /// The slots from that of record `index` on will be written to soon, so many words.
    ///
    /// The ring is larger than the cache that is next to the processor, and a store that has to wait for its line holds up the next
    /// read-modify-write of this thread, of which each poll has some.
    #[inline(always)]
    pub(crate) fn prefetch(&self, index: u64, words: usize) {
        const LINE: usize = 8;
        let place = self.place(index);
        for line in 0..words / LINE {
            self.words.prefetch(place + line * LINE);
        }
    }

    /// Writes record `index`, the [next](Self::next), if there are no blocks, which is below what [`begin`](Self::begin) has been
    /// told. For the one writer.
    #[inline(always)]
    pub(crate) fn write(&self, index: u64, record: [u64; W]) {
        let place = self.place(index);
        for (word, value) in record.into_iter().enumerate() {
            // Ordering: see the module's header.
            // SAFETY: `new` has checked that there are `HEAD + (mask + 1) * W` words.
            unsafe { self.words.at(place + word) }.store(value, Ordering::Relaxed);
        }
        // SAFETY: as in `next`.
        unsafe { self.words.at(END) }.store(index + 1, Ordering::Release);
    }

    /// The records that are there, and stay so while they are copied.
    pub(crate) fn read(&self) -> Copied<W> {
        // Ordering: Acquire, the partner of the Release in `write`, or of the fence in `begin` for blocks.
        let end = self.words[END].load(Ordering::Acquire);
        // Ordering: Relaxed, as in `new`.
        let counts = self.words[FIRST].load(Ordering::Relaxed);
        let first = end.saturating_sub(self.capacity()).max(counts);
        let copy = |index: u64| {
            let place = self.place(index);
            // Ordering: Relaxed, here and for `begin`; see the module's header.
            let record =
                std::array::from_fn(|word| self.words[place + word].load(Ordering::Relaxed));
            if AHEAD == 0 { record } else { clean(record) }
        };
        let mut records: Vec<[u64; W]> = (first..end).map(copy).collect();
        for index in first.max(end)..end + AHEAD as u64 {
            // Ordering: Acquire, the partner of the Releases in `Writer::write` and `Writer::put`.
            let last = self.words[self.place(index) + W - 1].load(Ordering::Acquire);
            if !is_there(last, index, self.capacity()) {
                break;
            }
            records.push(copy(index));
        }
        fence(Ordering::Acquire);
        let begin = self.words[BEGIN].load(Ordering::Relaxed);
        let valid = begin.saturating_sub(self.capacity()).max(first);
        records.drain(..records.len().min((valid - first) as usize));
        Copied {
            first: valid,
            records,
        }
    }
}

/// The one writer of a ring in blocks.
#[derive(Debug)]
pub(crate) struct Writer<const W: usize, const AHEAD: usize> {
    ring: Ring<W, AHEAD>,
    /// The last word of the next record's slot, which is in the block that is open; at its end, where it would be.
    next: Cell<*const AtomicU64>,
    /// [`put`](Self::put) goes on until `next` is here: not beyond the block.
    limit: Cell<*const AtomicU64>,
    /// Where `next` is at the block's end, and the index that comes after it.
    block_end: Cell<*const AtomicU64>,
    begun: Cell<u64>,
    /// Of the block.
    lap: Cell<u64>,
}

// SAFETY: the pointers are to words of `ring`, which may be used by any thread.
unsafe impl<const W: usize, const AHEAD: usize> Send for Writer<W, AHEAD> {}

impl<const W: usize, const AHEAD: usize> Writer<W, AHEAD> {
    /// Goes on where the ring ends.
    pub(crate) fn new(ring: Ring<W, AHEAD>) -> Self {
        assert!(AHEAD > 0);
        let next = ring.next();
        // Ordering: Relaxed, only the writer writes it.
        let begun = ring.words[BEGIN].load(Ordering::Relaxed);
        let left = (begun - next) as usize * W;
        let next = ring.last_word(next);
        Self {
            next: Cell::new(next),
            limit: Cell::new(next),
            block_end: Cell::new(next.wrapping_add(left)),
            begun: Cell::new(begun),
            lap: Cell::new(lap(begun.saturating_sub(1), ring.capacity())),
            ring,
        }
    }

    /// The index of the next record.
    pub(crate) fn index(&self) -> u64 {
        let left = self.block_end.get().addr() - self.next.get().addr();
        self.begun.get() - (left / (W * size_of::<AtomicU64>())) as u64
    }

    /// Writes a record of which all words are 0 but the last, unless the next is one to [`write`](Self::write). False then.
    #[inline(always)]
    pub(crate) fn put(&self, last: u64) -> bool {
        let next = self.next.get();
        if next >= self.limit.get() {
            return false;
        }
        // SAFETY: before the limit it is a word of the block that is open, and so of `ring`, which this keeps.
        let word = unsafe { &*next };
        // Ordering: Release, not for the record, which has no other word: who sees it sees what was told elsewhere before.
        word.store(last | self.lap.get(), Ordering::Release);
        self.next.set(next.wrapping_add(W));
        true
    }

    /// Writes a record in full. The next is one to write as well, unless the writer may [rest](Self::rest).
    pub(crate) fn write(&self, record: [u64; W]) {
        if self.next.get() == self.block_end.get() {
            self.open();
        }
        let place = self.ring.place(self.index());
        let words = &self.ring.words[place..place + W];
        for (word, &value) in words.iter().zip(&record[..W - 1]) {
            // Ordering: Relaxed, see the module's header.
            word.store(value, Ordering::Relaxed);
        }
        words[W - 1].store(record[W - 1] | self.lap.get() | FULL, Ordering::Release);
        self.next.set(self.next.get().wrapping_add(W));
        self.write_next();
    }

    /// The rest of the block is to be [put](Self::put).
    pub(crate) fn rest(&self) {
        self.limit.set(self.block_end.get());
    }

    /// The next record is one to [`write`](Self::write).
    pub(crate) fn write_next(&self) {
        self.limit.set(self.next.get());
    }

    /// The next block.
    fn open(&self) {
        let ring = &self.ring;
        let index = self.begun.get();
        let begun = index + AHEAD as u64;
        ring.begin(begun);
        // Ordering: Relaxed, as it comes after the fence, and that after all records before.
        ring.words[END].store(index, Ordering::Relaxed);
        // By the time that it is opened, the one behind is at hand.
        ring.prefetch(begun, AHEAD * W);
        let next = ring.last_word(index);
        self.next.set(next);
        self.block_end.set(next.wrapping_add(AHEAD * W));
        self.begun.set(begun);
        self.lap.set(lap(index, ring.capacity()));
    }
}
