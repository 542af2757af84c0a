//! How a worker that has run dry looks for work: tasks that wait behind other workers, and timers that they do not come to.
//!
//! What it promises is a row of the table "What waits for how long" in ARCHITECTURE.md.

use super::{Core, observed, retrying};
use crate::kernel::here;
use crate::kernel::intervals::LATE;
use crate::kernel::task::Runnable;
use crate::kernel::wheel;
use crate::prim::hint;

/// True if something is due in the wheel that its owner should have fired by `now`.
pub(super) fn is_neglected(wheel: &wheel::Handle, now: u64) -> bool {
    wheel.overdue(now.saturating_sub(LATE))
}

impl Core {
    /// Looks for work at the others'.
    pub(super) fn search<const OBSERVED: bool>(&self) -> Option<Runnable> {
        let remotes = &self.pool.remotes;
        let active = self.pool.idle.active();
        let start = here::with(|here| here.rng.below(active as u32)) as usize;
        let others = || {
            (start..active)
                .chain(0..start)
                .filter(|&index| index != self.index)
                .map(|index| (index, &remotes[index]))
        };
        for (index, remote) in others() {
            let stolen = retrying(|| remote.stealer.steal_batch_and_pop(&self.deque));
            if stolen.is_some() {
                // This worker had none.
                self.remote.counters.count_steal(1 + self.deque.len());
                if OBSERVED {
                    observed::steal(&stolen, index);
                }
                return stolen;
            }
        }
        // A task in a slot is about to run where its data is; it is taken only if that takes too long.
        for (index, remote) in others() {
            let seen = remote.slot.peek();
            if seen.is_null() {
                continue;
            }
            for _ in 0..hint::A_WHILE {
                hint::spin_loop();
                if remote.slot.peek() != seen {
                    break;
                }
            }
            let stolen = remote.slot.steal(seen);
            if stolen.is_some() {
                self.remote.counters.count_steal(1);
                if OBSERVED {
                    observed::steal(&stolen, index);
                }
                return stolen;
            }
        }
        self.quietly(|| self.fire_overdue(self.pool.clock.now()));
        if OBSERVED {
            observed::end_timers();
        }
        self.deque.pop().or_else(|| self.take_injected())
    }

    /// A searcher has found work.
    #[cold]
    pub(super) fn found(&self) {
        self.searching.set(false);
        // This tells of all that is there.
        self.untold.set(false);
        self.pool.idle.found(|| self.pool.has_work());
    }

    /// Fires the timers that are due: this worker's, and those of workers that do not come to it.
    ///
    /// A wheel that somebody else is busy with is left alone, also if it is this worker's own: who fires it goes on as long
    /// as anything is due, and to wait for each other's lock would cost both a sleep.
    pub(super) fn fire_overdue(&self, now: u64) {
        let own = self.wheel();
        if own.overdue(now) {
            own.try_fire(now);
        }
        for (index, wheel) in self.pool.wheels().enumerate() {
            if index != self.index && is_neglected(wheel, now) {
                wheel.try_fire(now);
            }
        }
    }
}
