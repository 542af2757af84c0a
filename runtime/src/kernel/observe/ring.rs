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
//! The words of a ring, which is part of a file's too: `begin`, `end`, `N`, `W`, the index
//! of the first record that counts, three that are 0, and the slots.
//!
//! The model is `loom-tests/src/models/ring.rs`.

use crate::prim::atomic::{Ordering, fence};
use crate::prim::words::Words;

/// Words before the slots.
pub(crate) const HEAD: usize = 8;
const BEGIN: usize = 0;
const END: usize = 1;
const CAPACITY: usize = 2;
const WIDTH: usize = 3;
const FIRST: usize = 4;

/// Words of a ring of so many records.
pub(crate) const fn words(capacity: usize, width: usize) -> usize {
    HEAD + capacity * width
}

/// A ring; a clone refers to the same.
#[derive(Debug, Clone)]
pub(crate) struct Ring<const W: usize> {
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

impl<const W: usize> Ring<W> {
    /// A ring in memory that is as long as [`words`] says, and all zeros, or has been a ring of this kind.
    pub(crate) fn new(words: Words, capacity: usize) -> Self {
        assert!(capacity.is_power_of_two() && words.len() == self::words(capacity, W));
        // Ordering: Relaxed; whoever reads this has been told of the ring by other means.
        words[CAPACITY].store(capacity as u64, Ordering::Relaxed);
        words[WIDTH].store(W as u64, Ordering::Relaxed);
        // What somebody else has left there does not count.
        let end = words[END].load(Ordering::Relaxed);
        words[FIRST].store(end, Ordering::Relaxed);
        Self {
            words,
            mask: capacity as u64 - 1,
        }
    }

    /// How many records there have been.
    pub(crate) fn end(&self) -> u64 {
        // Ordering: Acquire, the partner of `write`'s Release.
        self.words[END].load(Ordering::Acquire)
    }

    pub(crate) fn capacity(&self) -> u64 {
        self.mask + 1
    }

    /// The index of the next record. For the one writer.
    #[inline(always)]
    pub(crate) fn next(&self) -> u64 {
        // Ordering: Relaxed, only the writer writes it.
        // SAFETY: `new` has checked that there are `HEAD` words and more.
        unsafe { self.words.at(END) }.load(Ordering::Relaxed)
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
        let place = HEAD + (index & self.mask) as usize * W;
        for line in 0..words / LINE {
            self.words.prefetch(place + line * LINE);
        }
    }

    /// Writes record `index`, the [next](Self::next), which is below what [`begin`](Self::begin) has been told. For the one
    /// writer.
    #[inline(always)]
    pub(crate) fn write(&self, index: u64, record: [u64; W]) {
        let place = HEAD + (index & self.mask) as usize * W;
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
        let end = self.end();
        // Ordering: Relaxed, as in `new`.
        let counts = self.words[FIRST].load(Ordering::Relaxed);
        let first = end.saturating_sub(self.capacity()).max(counts);
        let copy = |index: u64| {
            let place = HEAD + (index & self.mask) as usize * W;
            // Ordering: Relaxed, here and for `begin`; see the module's header.
            std::array::from_fn(|word| self.words[place + word].load(Ordering::Relaxed))
        };
        let mut records: Vec<[u64; W]> = (first..end).map(copy).collect();
        fence(Ordering::Acquire);
        let begin = self.words[BEGIN].load(Ordering::Relaxed);
        let valid = begin.saturating_sub(self.capacity()).clamp(first, end);
        records.drain(..(valid - first) as usize);
        Copied {
            first: valid,
            records,
        }
    }
}
