//! What a worker counts, for statistics and for those who watch it.
//!
//! A worker writes its counters by plain stores, next to what it does anyway, so they cost nothing worth a switch. Only the time
//! for which it was stuck is written by somebody else, the watcher.
//!
//! Orderings: Relaxed, for what is a moment old is as good. Who has waited for the worker sees all that it has counted.

use super::Pool;
use crate::kernel::stuck::Position;
use crate::kernel::task::TaskInfo;
use crate::prim;
use crate::prim::atomic::{AtomicU64, Note, Ordering};

/// Totals of one worker.
#[derive(Debug)]
pub(in crate::kernel) struct Counters {
    pub(in crate::kernel) spawned: AtomicU64,
    pub(in crate::kernel) finished: AtomicU64,
    /// How often it went to sleep, and came back: odd while it sleeps.
    sleeps: AtomicU64,
    /// Nanoseconds that it was awake until it last went to sleep.
    busy: AtomicU64,
    /// How often it has looked around, between tasks.
    looks: AtomicU64,
    /// How often it has taken tasks from another worker.
    steals: Note,
    /// How many those were.
    stolen: Note,
    /// Nanoseconds that the watcher has seen it stuck.
    stuck: Note,
}

/// Adds to what this thread alone writes.
fn add(counter: &AtomicU64, number: u64) {
    counter.store(counter.load(Ordering::Relaxed) + number, Ordering::Relaxed);
}

/// The same, for what nobody concludes anything from.
fn note(counter: &Note, number: u64) {
    counter.store(counter.load(Ordering::Relaxed) + number, Ordering::Relaxed);
}

impl Counters {
    pub(super) fn new() -> Self {
        Self {
            spawned: AtomicU64::new(0),
            finished: AtomicU64::new(0),
            sleeps: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            looks: AtomicU64::new(0),
            steals: Note::new(0),
            stolen: Note::new(0),
            stuck: Note::new(0),
        }
    }

    /// The worker goes to sleep, or comes back.
    #[inline]
    pub(in crate::kernel) fn count_sleep(&self) {
        add(&self.sleeps, 1);
    }

    /// The worker looks around.
    #[inline]
    pub(in crate::kernel) fn count_look(&self) {
        add(&self.looks, 1);
    }

    /// The worker has taken so many tasks from another.
    #[inline]
    pub(in crate::kernel) fn count_steal(&self, tasks: usize) {
        note(&self.steals, 1);
        note(&self.stolen, tasks as u64);
    }

    /// Where the worker is: unchanged as long as it is in one poll, or asleep.
    #[inline]
    pub(in crate::kernel) fn position(&self) -> Position {
        Position {
            sleeps: self.sleeps.load(Ordering::Relaxed),
            looks: self.looks.load(Ordering::Relaxed),
        }
    }

    /// The worker has been awake since then, and is no more.
    pub(in crate::kernel) fn count_busy(&self, since: u64) {
        add(&self.busy, prim::now().saturating_sub(since));
    }

    /// The worker has stood still for so many nanoseconds more. For the watcher.
    #[inline]
    pub(in crate::kernel) fn count_stuck(&self, time: u64) {
        note(&self.stuck, time);
    }
}

impl Pool {
    /// The task that each worker whose polls are watched is polling, with the worker's number.
    pub(crate) fn polled(&self) -> Vec<(usize, TaskInfo)> {
        let remotes = self.remotes.iter().enumerate();
        let polled = remotes.filter_map(|(worker, remote)| {
            let task = remote.watched.as_ref()?.polled()?;
            Some((worker, task))
        });
        polled.collect()
    }

    /// How often a worker went to sleep, and came back.
    #[inline]
    pub(crate) fn sleeps(&self, worker: usize) -> u64 {
        self.counters(worker).sleeps.load(Ordering::Relaxed)
    }

    /// Nanoseconds that a worker was awake until it last went to sleep, or ended.
    #[inline]
    pub(crate) fn busy(&self, worker: usize) -> u64 {
        self.counters(worker).busy.load(Ordering::Relaxed)
    }

    /// How often a worker has taken tasks from another, and how many.
    #[inline]
    pub(crate) fn steals(&self, worker: usize) -> (u64, u64) {
        let counters = self.counters(worker);
        let steals = counters.steals.load(Ordering::Relaxed);
        (steals, counters.stolen.load(Ordering::Relaxed))
    }

    /// Nanoseconds that a worker was seen stuck.
    #[inline]
    pub(crate) fn stuck_time(&self, worker: usize) -> u64 {
        self.counters(worker).stuck.load(Ordering::Relaxed)
    }

    fn counters(&self, worker: usize) -> &Counters {
        &self.remotes[worker].counters
    }
}
