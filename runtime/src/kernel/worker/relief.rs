//! What a busy worker does for one that stands still.
//!
//! A worker that has run dry steals. But while all are busy none runs dry, and if one of them then stands still, because
//! the system has given its processor to somebody else or because a poll takes long, its tasks wait for that, a time slice
//! of some milliseconds mostly. So a worker that looks around has an eye on one of the others; if that is awake and has not
//! looked around itself for [`STANDSTILL`], half of its tasks are taken, and half of the rest at the next look.
//!
//! It watches one worker at a time, so it touches one foreign cache line at each look. The counters it goes by are hints: a
//! worker that moves on after all loses tasks to a thief, as it may at any time. What was taken is pushed and told as if it
//! had been injected.
//!
//! What it promises is a row of the table "What waits for how long" in ARCHITECTURE.md.

use super::{Core, retrying};
use crate::kernel::intervals::LATE;
use crate::kernel::stuck::Position;
use std::cell::Cell;

/// How long a worker may take, in nanoseconds, from one look to the next: thrice what it aims at.
const STANDSTILL: u64 = 3 * LATE;

/// The worker that is watched.
pub(super) struct Relief {
    index: Cell<usize>,
    /// Where it was when the watch began.
    position: Cell<Position>,
    /// When that was, in real time.
    since: Cell<u64>,
}

impl Relief {
    pub(super) fn new() -> Self {
        Self {
            index: Cell::new(0),
            position: Cell::new(Position::default()),
            since: Cell::new(0),
        }
    }
}

impl Core {
    /// Takes tasks from the worker that is watched, if it stands still, or goes on to the next.
    pub(super) fn relieve(&self, now: u64) {
        let relief = &self.relief;
        let remotes = &self.pool.remotes;
        let active = self.pool.idle.active();
        let mut index = relief.index.get();
        let position = remotes[index].counters.position();
        if index == self.index || position.is_asleep() || position != relief.position.get() {
            index = (index + 1) % active;
            relief.index.set(index);
            relief.position.set(remotes[index].counters.position());
            relief.since.set(now);
            return;
        }
        if now.saturating_sub(relief.since.get()) < STANDSTILL {
            return;
        }
        let remote = &remotes[index];
        let before = self.deque.len();
        let stolen = retrying(|| remote.stealer.steal_batch_and_pop(&self.deque));
        let seen = remote.slot.peek();
        let next = (!seen.is_null()).then(|| remote.slot.steal(seen)).flatten();
        for task in stolen.into_iter().chain(next) {
            self.deque.push(task);
            self.untold.set(true);
        }
        let tasks = self.deque.len().saturating_sub(before);
        if tasks > 0 {
            self.remote.counters.count_steal(tasks);
        }
    }
}
