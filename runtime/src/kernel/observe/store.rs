//! Where what is recorded stands: the strings of the process, and a track for each worker.
//!
//! A track is one row of words, which is part of a file's too (`trace/format.rs`): its kind, its length, the runtime's number,
//! the worker's, the number of the runtime's name, the places of its two rings, and one that is 0; then the ring of events, and
//! that of lives, which tells what tasks there are: so polls do not push out names.

use super::event::{BLOCK, EVENT, LIFE};
use super::histogram::Histogram;
use super::ring::{self, Ring};
use super::strings::Strings;
use crate::kernel::idle::MAX_WORKERS;
use crate::prim::SelfArc;
use crate::prim::atomic::Ordering;
use crate::prim::tick::Calibration;
use crate::prim::words::Words;
use std::fmt;

/// Events that a track holds.
pub(crate) const EVENTS: usize = 1 << 14;
/// Lives that it holds.
pub(crate) const LIVES: usize = 1 << 12;

/// Words before the rings.
pub(crate) const TRACK_HEAD: usize = 8;
/// The first word of a track.
pub(crate) const TRACK: u64 = 2;
/// The number of the worker that stands for all threads which are none: no pool has as many.
pub(crate) const OUTSIDE: usize = MAX_WORKERS;

/// Words of a track with rings of so many.
pub(crate) const fn track_words(events: usize, lives: usize) -> usize {
    TRACK_HEAD + ring::words(events, EVENT) + ring::words(lives, LIFE)
}

/// Where memory for tracks comes from, and goes to.
pub(crate) trait Memory: Send + Sync {
    /// So many words: zeros, or those of a track that has been given back.
    fn take(&self, words: usize) -> Words;

    /// Nobody writes there any more.
    fn give_back(&self, words: Words);
}

/// What the tracks of a process have in common.
pub(crate) struct Store {
    pub(crate) strings: Strings,
    pub(crate) calibration: Calibration,
    memory: Box<dyn Memory>,
}

impl Store {
    pub(crate) fn new(strings: Strings, calibration: Calibration, memory: Box<dyn Memory>) -> Self {
        Self {
            strings,
            calibration,
            memory,
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("strings", &self.strings)
            .field("calibration", &self.calibration)
            .finish_non_exhaustive()
    }
}

/// What one worker has recorded.
#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) worker: usize,
    store: SelfArc<Store>,
    words: Words,
    pub(crate) events: Ring<EVENT, BLOCK>,
    pub(crate) lives: Ring<LIFE>,
    pub(crate) poll_time: Histogram,
    pub(crate) schedule_delay: Histogram,
}

impl Track {
    pub(super) fn new(store: &SelfArc<Store>, runtime: u64, name: u32, worker: usize) -> Self {
        let words = store.memory.take(track_words(EVENTS, LIVES));
        let lives_at = TRACK_HEAD + ring::words(EVENTS, EVENT);
        let head = [
            TRACK,
            words.len() as u64,
            runtime,
            worker as u64,
            u64::from(name),
            TRACK_HEAD as u64,
            lives_at as u64,
            0,
        ];
        for (word, value) in words.iter().zip(head).rev() {
            // Ordering: Release, and the first word last: a reader of the file that sees it sees a track.
            word.store(value, Ordering::Release);
        }
        Self {
            worker,
            store: SelfArc::clone(store),
            events: Ring::new(words.part(TRACK_HEAD..lives_at), EVENTS),
            lives: Ring::new(words.part(lives_at..words.len()), LIVES),
            words,
            poll_time: Histogram::new(),
            schedule_delay: Histogram::new(),
        }
    }
}

impl Drop for Track {
    fn drop(&mut self) {
        self.store.memory.give_back(self.words.clone());
    }
}
