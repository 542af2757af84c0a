//! What can be told of a pool whatever its workers are doing, for who asks from outside.

use super::Pool;
use crate::kernel::captures::Standing;
use crate::kernel::census;
use crate::kernel::task::{AbortHandle, TaskInfo};
use std::ptr;
use std::time::Duration;

impl Pool {
    /// The tasks that have been asleep, and the one that this thread is polling.
    pub(crate) fn tasks(&self) -> Vec<TaskInfo> {
        census::take(&self.owned, ptr::from_ref(self).cast(), census::BITE)
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

    /// The task that each worker whose polls are watched is polling, with the worker's number.
    pub(crate) fn polled(&self) -> Vec<(usize, TaskInfo)> {
        let remotes = self.remotes.iter().enumerate();
        let polled = remotes.filter_map(|(worker, remote)| {
            let task = remote.watched.as_ref()?.polled()?;
            Some((worker, task))
        });
        polled.collect()
    }

    /// Where its lists of tasks are, for who reads them from outside.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) fn outline(&self) -> (*const (), usize, usize) {
        self.owned.outline()
    }
}
