//! What the two schedulers have counted.

use super::{Inner, Scheduler};

impl Inner {
    /// How often a worker has taken tasks from another, and how many. Panics if there is no such worker.
    #[track_caller]
    #[inline]
    pub(crate) fn steals(&self, worker: usize) -> (u64, u64) {
        self.check_worker(worker);
        match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.steals(worker),
            Scheduler::Local { .. } => (0, 0),
        }
    }

    /// Nanoseconds for which a worker was seen stuck. Panics if there is no such worker.
    #[track_caller]
    #[inline]
    pub(crate) fn stuck_time(&self, worker: usize) -> u64 {
        self.check_worker(worker);
        match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.stuck_time(worker),
            Scheduler::Local { .. } => 0,
        }
    }

    /// How many events the reactor has delivered.
    #[inline]
    pub(crate) fn io_events(&self) -> u64 {
        match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.driver().events(),
            Scheduler::Local { local, .. } => local.driver().events(),
        }
    }

    /// How many timers have been fired.
    #[inline]
    pub(crate) fn timers_fired(&self) -> u64 {
        match &self.scheduler {
            Scheduler::Pool { pool, .. } => pool.wheels().map(|wheel| wheel.fired()).sum(),
            Scheduler::Local { local, .. } => local.wheel().fired(),
        }
    }
}
