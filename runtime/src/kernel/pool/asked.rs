//! What can be told of a pool whatever its workers are doing, for who asks from outside.

use super::Pool;
use crate::kernel::task::TaskInfo;

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
}
