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

    /// Tasks that were spawned and have not finished. (Those of a [`LocalSet`](crate::task::LocalSet) are not the runtime's, and not
    /// counted.)
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

    /// How many tasks a worker has taken from others, which had more than they came to.
    ///
    /// # Panics
    ///
    /// If there is no such worker.
    #[track_caller]
    pub fn worker_steal_count(&self, worker: usize) -> u64 {
        self.handle.inner().steals(worker).1
    }

    /// How often a worker has taken tasks from another: each time up to half of what that has.
    ///
    /// # Panics
    ///
    /// If there is no such worker.
    #[track_caller]
    pub fn worker_steal_operations(&self, worker: usize) -> u64 {
        self.handle.inner().steals(worker).0
    }

    /// For how long a worker was seen in one poll, or one destructor, for 10 ms and more, while others could have needed it.
    ///
    /// It is looked at from outside, each 10 ms, so this lags behind by as much. A runtime with one thread has nobody to look, nor
    /// has one of one worker without [spares](super::Builder::spare_workers), unless slow polls are
    /// [looked for](crate::diagnostics::Diagnostics::slow_polls): it is 0 then.
    ///
    /// # Panics
    ///
    /// If there is no such worker.
    #[track_caller]
    pub fn worker_total_stuck_duration(&self, worker: usize) -> Duration {
        Duration::from_nanos(self.handle.inner().stuck_time(worker))
    }

    /// How many events the system has told of sources that the runtime waits for: sockets, pipes and the like.
    ///
    /// (The alarm by which a runtime sleeps until a timer is due is one, on Linux.)
    pub fn io_driver_ready_count(&self) -> u64 {
        self.handle.inner().io_events()
    }

    /// How many timers have gone off.
    pub fn timers_fired_count(&self) -> u64 {
        self.handle.inner().timers_fired()
    }

    /// How long polls took, as far as the runtime has been [recorded](crate::trace).
    ///
    /// While polls are so short that the clock is read for one of eight, they are counted as if the eight had taken the same.
    pub fn poll_time_histogram(&self) -> DurationHistogram {
        let observation = self.handle.inner().observation();
        DurationHistogram::new(observation.histograms().0)
    }

    /// How long tasks that were woken waited until they were polled, as far as the runtime has been
    /// [recorded](crate::trace). It is a sample: at most one of 64 wakes.
    pub fn schedule_delay_histogram(&self) -> DurationHistogram {
        let observation = self.handle.inner().observation();
        DurationHistogram::new(observation.histograms().1)
    }

    /// Tasks that wait in the queue for what comes from other threads.
    pub fn global_queue_depth(&self) -> usize {
        self.handle.inner().injected()
    }
}
