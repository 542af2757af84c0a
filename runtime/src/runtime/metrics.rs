//! What a runtime counts.

use super::handle::Handle;

/// A view of a runtime's counters, read at each call.
///
/// They are kept per worker, so a value may lag a little behind what the threads are doing just now.
#[derive(Debug, Clone)]
pub struct RuntimeMetrics {
    handle: Handle,
}

impl RuntimeMetrics {
    pub(super) fn new(handle: Handle) -> Self {
        Self { handle }
    }

    /// Worker threads; 1 for a current-thread runtime.
    pub fn num_workers(&self) -> usize {
        self.handle.inner().workers()
    }

    /// Tasks that were spawned and have not finished.
    pub fn num_alive_tasks(&self) -> usize {
        usize::try_from(self.handle.inner().live_tasks()).unwrap_or(usize::MAX)
    }

    /// Tasks that wait in the queue for what comes from other threads.
    pub fn global_queue_depth(&self) -> usize {
        self.handle.inner().injected()
    }
}
