//! One run of a program: its runtime, what is caught, and how it ended.

use super::asking::{self, Asking};
use super::panics::{self, Caught};
use super::standing::{self, Standings};
use crate::kernel::here;
use crate::kernel::local::drawn::{Bounds, Still, Stuck};
use crate::prim::asked;
use crate::runtime::inner::Inner;
use leno_sim::{Actor, Ended, Failure, FailureKind, Run};
use pin_project_lite::pin_project;
use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll};

/// What holds for all runs of a program.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    pub(super) bounds: Bounds,
    /// A panic of a task is its own affair, as in production.
    pub(super) tolerates_panics: bool,
    /// A task that nothing can wake any more may be there when the program ends.
    pub(super) tolerates_sleepers: bool,
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
    let told = run.is_told();
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
    let future = async {
        let future = program();
        if told {
            AsRoot { future }.await;
        } else {
            future.await;
        }
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        inner.run_simulated(future, conditions.bounds, |why, still| {
            stuck = Some(Standstill::look(why, still, &inner, told));
        })
    }));
    let asked = entered.leave();
    let forsaken = match outcome {
        Ok(Some(())) if !conditions.tolerates_sleepers => forsaken(&inner),
        _ => Vec::new(),
    };
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
    judge(run, conditions, outcome, stuck, &forsaken, caught)
}

/// Where a run stands that does not go on.
struct Standstill {
    why: Stuck,
    now: u64,
    /// Who has not ended.
    alive: Vec<u64>,
    standings: Option<Standings>,
}

impl Standstill {
    fn look(why: Stuck, still: &Still<'_, '_>, inner: &Arc<Inner>, told: bool) -> Self {
        let tasks = inner.tasks();
        let mut alive: Vec<u64> = tasks.iter().map(|task| task.id().get()).collect();
        alive.sort_unstable();
        Self {
            why,
            now: still.now(),
            alive,
            standings: told.then(|| standing::ask(inner, still)).flatten(),
        }
    }
}

pin_project! {
    /// The root of a run that is told: its locks say that it holds them.
    struct AsRoot<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for AsRoot<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        struct Restore(u64);
        impl Drop for Restore {
            fn drop(&mut self) {
                here::with(|here| here.task_id.set(self.0));
            }
        }
        let _restore = Restore(here::with(|here| here.task_id.replace(standing::ROOT)));
        self.project().future.poll(cx)
    }
}

fn judge(
    run: &Run,
    conditions: &Conditions,
    outcome: Result<Option<()>, Box<dyn Any + Send>>,
    stuck: Option<Standstill>,
    forsaken: &[Actor],
    caught: Vec<Caught>,
) -> Ended {
    // The root's own panic ends the run, so it is the last; those of tasks come first.
    let panic = match outcome {
        Err(_) => caught.into_iter().next_back(),
        Ok(_) if conditions.tolerates_panics => None,
        Ok(_) => caught.into_iter().next(),
    };
    if let Some(panic) = panic {
        return Ended::Failed(panic.into_failure(run));
    }
    let Some(stuck) = stuck else {
        return match run.broken() {
            Some(broken) => Ended::Failed(broken.clone()),
            None if forsaken.is_empty() => Ended::Passed,
            None => Ended::Failed(asleep(run, forsaken)),
        };
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
        actors: run.keys(stuck.alive.iter().map(|&id| Actor(asked::number(id)))),
        message,
        details: stuck
            .standings
            .map_or_else(String::new, |standings| standings.tell(run)),
    })
}

/// Tasks that sleep when the program has ended, and to which nobody has a waker or a handle.
fn forsaken(inner: &Arc<Inner>) -> Vec<Actor> {
    let handles = inner.handles();
    let forsaken = handles.iter().filter(|task| task.is_forsaken());
    let mut forsaken: Vec<Actor> = forsaken
        .map(|task| Actor(asked::number(task.id().get())))
        .collect();
    forsaken.sort_unstable();
    forsaken
}

fn asleep(run: &Run, forsaken: &[Actor]) -> Failure {
    let called: Vec<String> = forsaken
        .iter()
        .map(|&actor| asking::called(run, actor))
        .collect();
    Failure {
        kind: FailureKind::Asleep,
        place: None,
        actors: run.keys(forsaken.iter().copied()),
        message: format!(
            "the program has ended, and nothing is left that could wake {}",
            called.join(", ")
        ),
        details: String::new(),
    }
}

/// A time for people.
fn nanoseconds(nanoseconds: u64) -> String {
    format!("{:?}", std::time::Duration::from_nanos(nanoseconds))
}
