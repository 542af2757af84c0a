//! What a current-thread scheduler counts, and what this thread is to it.

use super::{Closed, Driven, Local};
use crate::kernel::here;
use crate::kernel::register::Register;
use crate::prim::atomic::Ordering;

impl Local {
    pub(crate) fn count_spawned(&self) {
        // Ordering: Relaxed, a statistic.
        self.spawned.fetch_add(1, Ordering::Relaxed);
    }

    /// Tasks that were spawned and have not finished.
    pub(crate) fn live_tasks(&self) -> u64 {
        // Ordering: Acquire, the partner of the Release in `finished`: a task that is counted out has dropped its
        // future. Read first, so that the difference cannot be negative.
        let finished = self.finished.load(Ordering::Acquire);
        self.spawned.load(Ordering::Relaxed) - finished
    }

    /// The tasks, for who asks.
    pub(crate) fn register(&self) -> &Register {
        &self.register
    }

    /// The end has begun.
    pub(crate) fn is_closed(&self) -> bool {
        self.injected.lock().closed != Closed::No
    }

    /// How often the driver went to sleep, and came back.
    pub(crate) fn sleeps(&self) -> u64 {
        // Ordering: Relaxed, a statistic.
        self.sleeps.load(Ordering::Relaxed)
    }

    /// Nanoseconds that drivers were awake until the last one went to sleep, or ended.
    pub(crate) fn busy(&self) -> u64 {
        // Ordering: Relaxed, a statistic.
        self.busy.load(Ordering::Relaxed)
    }

    /// True if this thread drives some current-thread scheduler.
    pub(crate) fn is_driven_here() -> bool {
        here::with(|here| !here.local.get().is_null())
    }

    /// If this thread polls the root of a scheduler, that has its next turn right after the tasks that are ready now, and
    /// injected ones that come first meanwhile.
    pub(crate) fn queue_root_here() {
        let driven = here::with(|here| here.local.get()).cast::<Driven>();
        // SAFETY: as in `LocalHome::driven`.
        if let Some(driven) = unsafe { driven.as_ref() } {
            if !driven.core().polling.get() {
                let ready = driven.queues(|queues| queues.ready.len());
                let before = ready / driven.local.intervals.injected() as usize + 1;
                let before = before.min(driven.local.injected());
                driven.core().left.set((ready + before).max(1));
            }
        }
    }
}
