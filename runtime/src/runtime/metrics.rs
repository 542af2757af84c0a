//! What a runtime counts.

use super::handle::Handle;
use super::histogram::DurationHistogram;
use std::time::Duration;

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

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Worker threads, without [spares](Self::spare_workers); 1 for a current-thread runtime.
    pub fn num_workers(&self) -> usize {
        self.handle.inner().workers()
    }

    /// Tasks that were spawned and have not finished.
    pub fn num_alive_tasks(&self) -> usize {
        usize::try_from(self.handle.inner().live_tasks()).unwrap_or(usize::MAX)
    }

    /// Spare workers that are there now, since all workers were stuck; see
    /// [`Builder::spare_workers`](super::Builder::spare_workers).
    pub fn spare_workers(&self) -> usize {
        self.handle.inner().spares().0
    }

    /// How often a spare worker has been started.
    pub fn spare_worker_start_count(&self) -> u64 {
        self.handle.inner().spares().1
    }

    /// For how long a worker was awake, until it last went to sleep or ended: the rest it spent waiting for work.
    ///
    /// # Panics
    ///
    /// If there is no such worker.
    #[track_caller]
    pub fn worker_total_busy_duration(&self, worker: usize) -> Duration {
        Duration::from_nanos(self.handle.inner().busy(worker))
    }

    /// How often a worker went to sleep.
    ///
    /// # Panics
    ///
    /// If there is no such worker.
    #[track_caller]
    pub fn worker_park_count(&self, worker: usize) -> u64 {
        self.handle.inner().sleeps(worker).div_ceil(2)
    }

    /// How often a worker went to sleep, and how often it came back, together: an odd number means that it sleeps.
    ///
    /// # Panics
    ///
    /// If there is no such worker.
    #[track_caller]
    pub fn worker_park_unpark_count(&self, worker: usize) -> u64 {
        self.handle.inner().sleeps(worker)
    }

    /// How long polls took, as far as the runtime has been [recorded](crate::trace).
    ///
    /// While polls are so short that the clock is read for one of eight, they are counted as if the eight had taken the same.
    pub fn poll_time_histogram(&self) -> DurationHistogram {
        let observation = self.handle.inner().observation();
        DurationHistogram::new(observation.map(|observation| observation.histograms().0))
    }

    /// How long tasks that were woken waited until they were polled, as far as the runtime has been
    /// [recorded](crate::trace). It is a sample: at most one of 64 wakes.
    pub fn schedule_delay_histogram(&self) -> DurationHistogram {
        let observation = self.handle.inner().observation();
        DurationHistogram::new(observation.map(|observation| observation.histograms().1))
    }

    /// Tasks that wait in the queue for what comes from other threads.
    pub fn global_queue_depth(&self) -> usize {
        self.handle.inner().injected()
    }
}
