//! What a current-thread scheduler counts, and what this thread is to it.

use super::{Closed, Driven, Local};
use crate::kernel::captures::Standing;
use crate::kernel::census;
use crate::kernel::here;
use crate::kernel::lines::Lines;
use crate::kernel::task::{AbortHandle, TaskInfo};
use crate::prim::Arc;
use crate::prim::atomic::Ordering;
use std::ptr;
use std::time::Duration;

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

    /// Where its lists of tasks are, for who reads them from outside.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) fn outline(&self) -> (*const (), usize, usize) {
        self.owned.outline()
    }

    /// The tasks that have been asleep, and the one that this thread is polling.
    pub(crate) fn tasks(&self) -> Vec<TaskInfo> {
        census::take(&self.owned, ptr::from_ref(self).cast(), census::BITE)
    }

    /// The end has begun.
    pub(crate) fn is_closed(&self) -> bool {
        self.injected.lock().closed != Closed::No
    }

    /// Handles to the tasks that have been asleep, and are being polled just now.
    pub(crate) fn handles_of_running(&self) -> Vec<AbortHandle> {
        census::busy(&self.owned, census::BITE)
    }

    /// Handles to the tasks that have been asleep.
    pub(crate) fn handles(&self) -> Vec<AbortHandle> {
        census::handles(&self.owned, census::BITE)
    }

    /// Where tasks stand. Waits for that, for as long as `patience` allows.
    pub(crate) fn ask(&self, tasks: &[AbortHandle], patience: Duration) -> Vec<Standing> {
        self.captures.ask(tasks, patience)
    }

    /// Who of the tasks waits in line, if anybody wants to know.
    pub(crate) fn lines(&self) -> Option<&Arc<Lines>> {
        self.diagnostics.waits.is_some().then_some(&self.lines)
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
