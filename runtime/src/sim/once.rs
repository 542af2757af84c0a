//! One run of a program: its runtime, what is caught, and how it ended.

use super::asking::{self, Asking};
use super::panics::{self, Caught};
use crate::kernel::here;
use crate::kernel::local::drawn::{Bounds, Still, Stuck};
use crate::prim::asked;
use crate::runtime::inner::Inner;
use leno_sim::{Actor, Ended, Failure, FailureKind, Run};
use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// What holds for all runs of a program.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    pub(super) bounds: Bounds,
    /// A panic of a task is its own affair, as in production.
    pub(super) tolerates_panics: bool,
    /// Where the program was given to the simulation.
    pub(super) place: &'static Location<'static>,
    pub(super) pulse: Arc<AtomicU64>,
}

/// This thread's own, as a run has to find it, and as it is found again after it.
struct Fresh {
    ids: (u64, u64),
    rng: u64,
}

impl Fresh {
    fn begin() -> Self {
        here::with(|here| Self {
            // So ids, and what shows them, repeat. Tasks of other threads may have the same ones meanwhile.
            ids: here.ids.replace((1, u64::MAX)),
            rng: here.rng.0.replace(0),
        })
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        here::with(|here| {
            here.ids.set(self.ids);
            here.rng.0.set(self.rng);
        });
    }
}

/// Runs `program` once, with the answers of `run`; `spare` is who asked in the run before, if there was one.
pub(super) fn run<F: Future<Output = ()>>(
    run: &mut Run,
    conditions: &Conditions,
    spare: &mut Option<Box<Asking>>,
    program: impl FnOnce() -> F,
) -> Ended {
    let asking = spare
        .take()
        .unwrap_or_else(|| Asking::new(&conditions.pulse));
    let Ok(entered) = asked::enter(asking.take(run)) else {
        panic!(
            "a simulation within a simulation: run the inner one on a thread of its own, or not at all"
        );
    };
    let fresh = Fresh::begin();
    let watch = panics::watch();
    let inner = Inner::new_simulated(conditions.place);
    let mut stuck = None;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        inner.run_simulated(
            async { program().await },
            conditions.bounds,
            |why, still| {
                stuck = Some(Standstill::look(why, still));
            },
        )
    }));
    let asked = entered.leave();
    // Destructors are the program's too, but nothing is decided any more.
    let ended = catch_unwind(AssertUnwindSafe(|| inner.end_simulated()));
    drop(inner);
    drop(fresh);
    let caught = watch.end();
    if let Some(asked) = asked {
        *spare = asking::give_back(asked, run);
    }
    if let Err(payload) = ended {
        if outcome.is_ok() {
            resume_unwind(payload);
        }
    }
    judge(run, conditions, outcome, stuck, caught)
}

/// Where a run stands that does not go on.
struct Standstill {
    why: Stuck,
    now: u64,
}

impl Standstill {
    fn look(why: Stuck, still: &Still<'_, '_>) -> Self {
        Self {
            why,
            now: still.now(),
        }
    }
}

fn judge(
    run: &Run,
    conditions: &Conditions,
    outcome: Result<Option<()>, Box<dyn Any + Send>>,
    stuck: Option<Standstill>,
    caught: Vec<Caught>,
) -> Ended {
    // The root's own panic ends the run, so it is the last; those of tasks come first.
    let panic = match outcome {
        Err(_) => caught.into_iter().next_back(),
        Ok(_) if conditions.tolerates_panics => None,
        Ok(_) => caught.into_iter().next(),
    };
    if let Some(panic) = panic {
        return Ended::Failed(panic.into_failure());
    }
    let Some(stuck) = stuck else {
        return run.broken().cloned().map_or(Ended::Passed, Ended::Failed);
    };
    let (kind, message) = match stuck.why {
        Stuck::Deadlock => (
            FailureKind::Deadlock,
            format!("nobody can go on, {} after the start", nanoseconds(stuck.now)),
        ),
        Stuck::Livelock => (
            FailureKind::Livelock,
            format!(
                "turn after turn is taken ({} at most, {} without time moving), and the program does not end",
                conditions.bounds.turns, conditions.bounds.turns_at_once
            ),
        ),
        Stuck::TooLate => (
            FailureKind::Livelock,
            format!(
                "the program has not ended after {} of virtual time",
                nanoseconds(conditions.bounds.time)
            ),
        ),
        Stuck::Alien => (
            FailureKind::Refused,
            "a task was woken by a thread that is not part of the simulation. Use `spawn_blocking` in the place of \
             `std::thread::spawn`, or leave the thread out of the test"
                .to_owned(),
        ),
    };
    Ended::Failed(Failure {
        kind,
        place: None,
        actors: run.keys(Vec::<Actor>::new()),
        message,
        details: String::new(),
    })
}

/// A time for people.
fn nanoseconds(nanoseconds: u64) -> String {
    format!("{:?}", std::time::Duration::from_nanos(nanoseconds))
}
