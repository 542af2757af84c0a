//! What the threads for blocking closures do: closures, and workers' loops.

use crate::kernel::task::Runnable;
use crate::kernel::worker::Handed;
use std::ptr;

/// Something to run on a thread that may wait.
pub(crate) enum Job {
    /// A `spawn_blocking` closure.
    Task(Runnable),
    /// A closure that is run even if the end comes before a thread does: once taken, it is not cancelled.
    Mandatory(Runnable),
    /// A closure that only waits, for nothing that a thread of the pool does. It is mandatory.
    Wait(Runnable),
    /// A worker's loop.
    Worker(Handed),
    /// That of a spare worker that comes: only as long as it is there does it have a share of the limit.
    Spare(Handed),
}

impl Job {
    pub(super) fn counts(&self) -> bool {
        self.kind() == Kind::Counts
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Job::Task(_) | Job::Mandatory(_) => Kind::Counts,
            Job::Wait(_) => Kind::Wait,
            Job::Worker(_) => Kind::Worker,
            Job::Spare(_) => Kind::Spare,
        }
    }

    /// What tells it from all others that there are at the same time.
    pub(super) fn address(&self) -> *const () {
        match self {
            Job::Task(task) | Job::Mandatory(task) | Job::Wait(task) => {
                ptr::from_ref(task.header()).cast()
            }
            Job::Worker(core) | Job::Spare(core) => core.address(),
        }
    }
}

/// What a job means for the limit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It waits for a thread that the limit allows.
    Counts,
    Wait,
    Worker,
    Spare,
}
