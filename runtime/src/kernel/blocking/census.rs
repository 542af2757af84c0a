//! Which closures are being run, and since when: for whoever ends a runtime, and wants to know what does not stop.
//!
//! A thread says so under the pool's lock, which it holds anyway when it takes a job and when it comes back.

use super::{Blocking, Job, Main, State, in_place};
use crate::kernel::task::Origin;
use crate::prim::Arc;
use std::time::Instant;

/// A closure that is being run.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) origin: Origin,
    pub(crate) since: Instant,
}

impl Blocking {
    /// The closures that are being run, but for that of this very thread; the one that has been for longest first.
    pub(crate) fn running(&self) -> Vec<Running> {
        let own = self.own_number();
        let state = self.0.state.lock();
        let others = state
            .running
            .iter()
            .filter(|(number, _)| Some(**number) != own);
        let mut running: Vec<_> = others.map(|(_, running)| running.clone()).collect();
        drop(state);
        running.sort_by_key(|running| running.since);
        running
    }

    /// This thread's number, if it is one of this runtime.
    pub(super) fn own_number(&self) -> Option<usize> {
        in_place::with_main(|main| {
            main.filter(|main| Arc::ptr_eq(&main.shared, &self.0))
                .map(|main| main.number)
        })
    }
}

impl Job {
    /// Where the closure comes from, if it is one.
    fn origin(&self) -> Option<&Origin> {
        match self {
            Job::Task(task) | Job::Mandatory(task) | Job::Wait(task) => Some(task.origin()),
            Job::Worker(_) | Job::Spare(_) => None,
        }
    }
}

impl Main {
    /// This thread is about to run a job.
    pub(super) fn will_run(&self, state: &mut State, job: &Job) {
        self.in_closure.set(job.counts());
        state.in_closures += usize::from(job.counts());
        if let Some(origin) = job.origin() {
            self.is_running.set(true);
            let running = Running {
                origin: origin.clone(),
                since: Instant::now(),
            };
            state.running.insert(self.number, running);
        }
    }

    /// It has run its job, if it had one.
    pub(super) fn has_run(&self, state: &mut State) {
        state.in_closures -= usize::from(self.in_closure.replace(false));
        if self.is_running.replace(false) {
            state.running.remove(&self.number);
        }
    }
}
