//! Which closures are being run, and since when: for whoever ends a runtime, and wants to know what does not stop.
//!
//! A thread says so under the pool's lock, which it holds anyway when it takes a job and when it comes back. For that it has a
//! place of its own for as long as it takes: nothing is searched for, or hashed, while others wait for the lock.

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

/// What the threads run, each in the place that it has taken.
#[derive(Debug)]
pub(super) struct Places {
    all: Vec<Option<Running>>,
    free: Vec<usize>,
}

impl Places {
    pub(super) const fn new() -> Self {
        Self {
            all: Vec::new(),
            free: Vec::new(),
        }
    }

    fn take(&mut self, running: Running) -> usize {
        match self.free.pop() {
            Some(place) => {
                self.all[place] = Some(running);
                place
            }
            None => {
                self.all.push(Some(running));
                self.all.len() - 1
            }
        }
    }

    fn leave(&mut self, place: usize) {
        self.all[place] = None;
        self.free.push(place);
    }
}

impl Blocking {
    /// The closures that are being run, but for that of this very thread; the one that has been for longest first.
    pub(crate) fn running(&self) -> Vec<Running> {
        let own = self.with_own(|main| main.place.get()).flatten();
        let state = self.0.state.lock();
        let all = state.running.all.iter().enumerate();
        let mut running: Vec<_> = all
            .filter(|(place, _)| Some(*place) != own)
            .filter_map(|(_, running)| running.clone())
            .collect();
        drop(state);
        running.sort_by_key(|running| running.since);
        running
    }

    /// Calls `f` with what this thread runs, if it is one of this runtime.
    pub(super) fn with_own<R>(&self, f: impl FnOnce(&Main) -> R) -> Option<R> {
        in_place::with_main(|main| {
            main.filter(|main| Arc::ptr_eq(&main.shared, &self.0))
                .map(f)
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
            let running = Running {
                origin: origin.clone(),
                since: Instant::now(),
            };
            self.place.set(Some(state.running.take(running)));
        }
    }

    /// It has run its job, if it had one.
    pub(super) fn has_run(&self, state: &mut State) {
        state.in_closures -= usize::from(self.in_closure.replace(false));
        if let Some(place) = self.place.take() {
            state.running.leave(place);
        }
    }
}
