//! A program of leno's, as the driver of explorations runs it.

use super::once::{self, Conditions, Spare};
use leno_sim::{Ended, Program, Run};
use std::future::Future;
use std::panic::resume_unwind;
use std::thread;

/// How runs are kept apart from each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Isolate {
    /// As little as will do: runs follow each other on one thread. If two runs with the same answers differ, each gets a thread of its
    /// own from then on, and the summary says so.
    #[default]
    Auto,
    /// All runs on the calling thread. What one leaves in thread-locals the next one finds.
    Never,
    /// A thread for each run, which costs some 40 µs.
    Thread,
}

/// A function that makes the program's future, and what holds for each run of it.
pub(super) struct Simulated<'a, P> {
    pub(super) program: &'a P,
    pub(super) conditions: Conditions,
    pub(super) isolate: Isolate,
    /// From the run before.
    pub(super) spare: Spare,
}

impl<P, F> Program for Simulated<'_, P>
where
    P: Fn() -> F + Sync,
    F: Future<Output = ()>,
{
    fn run(&mut self, run: &mut Run) -> Ended {
        if self.isolate != Isolate::Thread {
            return once::run(run, &self.conditions, &mut self.spare, self.program);
        }
        let (conditions, program) = (&self.conditions, self.program);
        let spare = &mut self.spare;
        let ended = thread::scope(|scope| {
            let name = thread::current().name().unwrap_or("leno-sim").to_owned();
            let started = thread::Builder::new()
                .name(name)
                .spawn_scoped(scope, || once::run(run, conditions, spare, program));
            match started {
                Ok(thread) => thread.join(),
                Err(error) => panic!(
                    "the system cannot start a thread for a run of the simulation: {error}. Raise its limit of threads, or take \
                     `Isolate::Never`"
                ),
            }
        });
        ended.unwrap_or_else(|payload| resume_unwind(payload))
    }

    fn isolate(&mut self) -> Option<String> {
        if self.isolate != Isolate::Auto {
            return None;
        }
        self.isolate = Isolate::Thread;
        Some(
            "two runs on one thread differed, so each has a thread of its own: something is left from one run to the next, in a \
             thread-local (or in a static, which threads do not keep apart)"
                .to_owned(),
        )
    }
}
