//! Who waits on a source, and how they are woken without running their code under a lock.
//!
//! [`Waiters`] is plain data behind the slot's mutex: one waker for polls of reads, one for polls of writes
//! (the last poll wins, as `AsyncRead` and its kin want it), and a list in which any number of futures keep
//! an entry each. An entry lives from its future's first pending poll until the future completes or is
//! dropped; taking its waker does not free it, so a future's key stays its own.
//!
//! A waker is foreign code: it may panic, block, or call back into the source. Whoever holds the lock only
//! moves wakers into a [`Batch`] on its own stack; they are woken, and replaced ones dropped, after unlocking.
//! A panic of one waker is kept in [`Panics`] until everybody else has been told.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Waker;

/// How many wakers one batch holds. Nearly all sources have one or two waiters, and each event pays for making and dropping
/// a whole batch: of 16, that was 1 % of the instructions of an HTTP request.
const CAPACITY: usize = 4;

/// The end of the list of free entries.
const NIL: u32 = u32::MAX;

/// A listed waiter's place, valid until it is removed.
pub(crate) type Key = u32;

/// The waiters of one source.
#[derive(Debug)]
pub(crate) struct Waiters {
    /// Waits by polling for reads.
    pub(crate) reader: Option<Waker>,
    /// Waits by polling for writes.
    pub(crate) writer: Option<Waker>,
    entries: Vec<Entry>,
    /// The first free entry.
    free: u32,
    /// How many entries are not free.
    used: u32,
}

#[derive(Debug)]
enum Entry {
    Free {
        next: u32,
    },
    /// Waits for any of the bits in `mask`. The waker is gone once the entry has been notified.
    Used {
        mask: u8,
        waker: Option<Waker>,
    },
}

impl Default for Waiters {
    fn default() -> Self {
        Self {
            reader: None,
            writer: None,
            entries: Vec::new(),
            free: NIL,
            used: 0,
        }
    }
}

impl Waiters {
    /// How many futures are listed.
    pub(crate) fn listed(&self) -> usize {
        self.used as usize
    }

    /// Lists a waiter.
    pub(crate) fn insert(&mut self, mask: u8, waker: Waker) -> Key {
        let waker = Some(waker);
        self.used += 1;
        if self.free == NIL {
            let key = u32::try_from(self.entries.len()).expect("fewer than 2^32 waiters");
            self.entries.push(Entry::Used { mask, waker });
            return key;
        }
        let key = self.free;
        let entry = mem::replace(&mut self.entries[key as usize], Entry::Used { mask, waker });
        if let Entry::Free { next } = entry {
            self.free = next;
        }
        key
    }

    /// Makes `waker` the one that the entry will wake; returns the one that is no longer needed.
    pub(crate) fn replace(&mut self, key: Key, new: Waker) -> Option<Waker> {
        match &mut self.entries[key as usize] {
            Entry::Used { waker, .. } => keep_or_replace(waker, new),
            Entry::Free { .. } => Some(new),
        }
    }

    /// Takes an entry out of the list.
    pub(crate) fn remove(&mut self, key: Key) -> Option<Waker> {
        let free = Entry::Free { next: self.free };
        let entry = mem::replace(&mut self.entries[key as usize], free);
        self.free = key;
        self.used -= 1;
        if self.used == 0 {
            self.entries.clear();
            self.free = NIL;
        }
        match entry {
            Entry::Used { waker, .. } => waker,
            Entry::Free { .. } => None,
        }
    }

    /// Moves the wakers of listed waiters for any of `bits` into the batch, from entry `from` on.
    ///
    /// Returns where to go on when the batch was full. Entries never move, so a waiter that was listed when
    /// the sweep began is not passed over by one that continues after an unlock.
    pub(crate) fn take(&mut self, bits: u8, from: usize, batch: &mut Batch) -> Option<usize> {
        if self.used == 0 {
            return None;
        }
        for (index, entry) in self.entries.iter_mut().enumerate().skip(from) {
            if let Entry::Used { mask, waker } = entry {
                if *mask & bits == 0 || waker.is_none() {
                    continue;
                }
                if batch.is_full() {
                    return Some(index);
                }
                batch.push(waker.take());
            }
        }
        None
    }
}

/// Puts `new` in `place` unless what is there wakes the same task; returns the superfluous one.
pub(crate) fn keep_or_replace(place: &mut Option<Waker>, new: Waker) -> Option<Waker> {
    match place {
        Some(old) if old.will_wake(&new) => Some(new),
        _ => place.replace(new),
    }
}

/// Wakers taken under a lock, to be woken after it is released.
#[derive(Debug)]
pub(crate) struct Batch {
    wakers: [Option<Waker>; CAPACITY],
    len: usize,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self {
            wakers: [const { None }; CAPACITY],
            len: 0,
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len == CAPACITY
    }

    /// Adds a waker, if there is one; panics if the batch is full.
    pub(crate) fn push(&mut self, waker: Option<Waker>) {
        if waker.is_some() {
            self.wakers[self.len] = waker;
            self.len += 1;
        }
    }

    /// Wakes all, in the order in which they came, and leaves the batch empty.
    pub(crate) fn wake_all(&mut self, panics: &mut Panics) {
        let len = mem::take(&mut self.len);
        for waker in self.wakers[..len].iter_mut().filter_map(Option::take) {
            panics.catch(|| waker.wake());
        }
    }
}

/// Panics of foreign code, kept until it is safe to go on with them.
#[derive(Debug, Default)]
pub(crate) struct Panics(Vec<Box<dyn Any + Send>>);

impl Panics {
    pub(crate) fn catch(&mut self, f: impl FnOnce()) {
        // Unwind safety: nothing of ours is half changed while foreign code runs.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
            self.0.push(payload);
        }
    }

    /// Goes on with the first panic, unless this thread is panicking already.
    pub(crate) fn resume(mut self) {
        if !self.0.is_empty() && !std::thread::panicking() {
            let first = self.0.swap_remove(0);
            drop(self);
            resume_unwind(first);
        }
    }
}
