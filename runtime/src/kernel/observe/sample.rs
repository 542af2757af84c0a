//! One task that has been woken, and when: whoever polls it next says how late that is.
//!
//! ```text
//!   who wakes                                     who polls
//!   task: 0 → BUSY (CAS, Acquire)                 the task's word says SPECIAL?
//!   since := now                                  task: mine → BUSY (CAS, Acquire)
//!   task := id (Release)                          reads since, counts, task := 0 (Release)
//!   the wake sets SPECIAL as well
//! ```
//!
//! Whoever polls is told by the task's own word, so that polls of all others need not look here.
//!
//! While it is BUSY one thread has it. A sample of a task that is not polled any more gives way after a second.

use crate::prim::atomic::{AtomicU64, Ordering};

const FREE: u64 = 0;
const BUSY: u64 = u64::MAX;

/// The one that is timed.
#[derive(Debug)]
pub(crate) struct Sample {
    task: AtomicU64,
    /// In ticks.
    since: AtomicU64,
}

impl Sample {
    pub(crate) fn new() -> Self {
        Self {
            task: AtomicU64::new(FREE),
            since: AtomicU64::new(0),
        }
    }

    /// A task has been woken: times it, unless another is being timed. True if it does.
    pub(crate) fn start(&self, id: u64, now: u64, patience: u64) -> bool {
        let there = self.task.load(Ordering::Relaxed);
        if there == BUSY {
            return false;
        }
        // Ordering: Relaxed, a hint: what a late value does is to time one task less.
        let since = self.since.load(Ordering::Relaxed);
        if there != FREE && now.saturating_sub(since) < patience {
            return false;
        }
        // Ordering: Acquire, partner of the Releases here and in `free`.
        let claimed = self
            .task
            .compare_exchange(there, BUSY, Ordering::Acquire, Ordering::Relaxed);
        if claimed.is_ok() {
            self.since.store(now, Ordering::Relaxed);
            self.task.store(id, Ordering::Release);
        }
        claimed.is_ok()
    }

    /// The task is polled: when it was woken, if it is the one. Then the caller has it to itself until it
    /// [frees](Self::free) it.
    pub(crate) fn end(&self, id: u64) -> Option<u64> {
        // Ordering: Acquire, the partner of `start`'s Release.
        self.task
            .compare_exchange(id, BUSY, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
            .then(|| self.since.load(Ordering::Relaxed))
    }

    pub(crate) fn free(&self) {
        // Ordering: Release, the partner of `start`'s Acquire.
        self.task.store(FREE, Ordering::Release);
    }
}
