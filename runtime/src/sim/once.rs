//! One run of a program: its runtime, what is caught, and how it ended.

use super::asking::{self, Asking};
use super::panics::{self, Caught};
use super::standing::{self, Standings};
use super::watchdog::Pulse;
use crate::kernel::here;
use crate::kernel::local::drawn::{Bounds, Line, Still, Stuck};
use crate::kernel::root::WOKEN_OUTSIDE;
use crate::prim::asked;
use crate::runtime::inner::{How, Inner};
use leno_sim::{Actor, Ended, Failure, FailureKind, Run};
use pin_project_lite::pin_project;
use std::cmp::Reverse;
use std::fmt::Write;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

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
    pub(super) pulse: Arc<Pulse>,
    pub(super) how: How,
    /// A leaf that is polled with another waker than the running one's is not held up.
    pub(super) spares_hand_polls: bool,
    /// A deadlock has been waited for in vain: no thread outside is to end one.
    pub(super) is_deadlock_certain: Arc<AtomicBool>,
}

/// What a run leaves behind for the next one, so that little is made anew for each.
#[derive(Default)]
pub(super) struct Spare {
    /// Who asked.
    asking: Option<Box<Asking>>,
    /// A runtime in which nothing was left.
    inner: Option<Arc<Inner>>,
    line: Option<Box<Line>>,
}

/// So long a thread outside has to wake somebody before a deadlock is said to be one. Real time, once in an exploration.
const PATIENCE: Duration = Duration::from_millis(200);

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

/// Runs `program` once, with the answers of `run`; `spare` is what the run before has left, if there was one.
pub(super) fn run<F: Future<Output = ()>>(
    run: &mut Run,
    conditions: &Conditions,
    spare: &mut Spare,
    program: impl FnOnce() -> F,
) -> Ended {
    let told = run.is_told();
    let asking = spare
        .asking
        .take()
        .unwrap_or_else(|| Asking::new(&conditions.pulse));
    let Ok(entered) = asked::enter(asking.take(run, conditions.spares_hand_polls)) else {
        unreachable!("a builder refuses to explore in a simulation");
    };
    let fresh = Fresh::begin();
    let watch = panics::watch();
    let inner = Inner::new_simulated(conditions.place, conditions.how, spare.inner.take());
    let mut bounds = conditions.bounds;
    // Ordering: Relaxed, a hint: the runs of an exploration follow each other.
    if !conditions.is_deadlock_certain.load(Ordering::Relaxed) {
        bounds.patience = PATIENCE;
    }
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
        inner.run_simulated(future, bounds, &mut spare.line, |why, still| {
            if why == Stuck::Deadlock {
                // Ordering: Relaxed, as above.
                let certain = &conditions.is_deadlock_certain;
                certain.store(true, Ordering::Relaxed);
            }
            stuck = Some(Standstill::look(why, still, &inner, told));
        })
    }));
    let (passed, thrown) = match outcome {
        Ok(output) => (output.is_some(), None),
        Err(payload) => (false, Some(Caught::thrown(&*payload))),
    };
    let asked = entered.leave();
    let (forsaken, thrown) = match inner.spare_simulated() {
        Ok(inner) => {
            spare.inner = Some(inner);
            (Vec::new(), thrown)
        }
        Err(inner) => end(inner, passed && !conditions.tolerates_sleepers, thrown),
    };
    conditions.pulse.rest();
    drop(fresh);
    let caught = watch.end();
    let given_back = asked.and_then(|asked| asking::give_back(asked, run));
    let refused = given_back.as_ref().and_then(|asking| asking.refused());
    if given_back.is_some() {
        spare.asking = given_back;
    }
    if let Some(why) = refused {
        return Ended::Failed(refusal(why));
    }
    judge(run, conditions, thrown, stuck, &forsaken, caught)
}

/// Ends a runtime in which something is left. Says who was forsaken in it, if that is `asked`, and what was thrown first.
#[cold]
fn end(inner: Arc<Inner>, asked: bool, thrown: Option<Caught>) -> (Vec<Actor>, Option<Caught>) {
    let forsaken = if asked { forsaken(&inner) } else { Vec::new() };
    // Destructors are the program's too, but nothing is decided any more.
    let ended = catch_unwind(AssertUnwindSafe(|| {
        inner.end_simulated();
        drop(inner);
    }));
    let thrown = thrown.or_else(|| Some(Caught::thrown(&*ended.err()?)));
    (forsaken, thrown)
}

/// The program has done what no simulation can allow: nothing else that is wrong with the run counts.
fn refusal(why: &str) -> Failure {
    Failure {
        kind: FailureKind::Refused,
        place: None,
        actors: Vec::new(),
        message: why.to_owned(),
        details: String::new(),
    }
}

/// Where a run stands that does not go on.
struct Standstill {
    why: Stuck,
    /// Where it comes among the panics.
    event: u64,
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
            event: panics::event(),
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
    thrown: Option<Caught>,
    stuck: Option<Standstill>,
    forsaken: &[Actor],
    caught: Vec<Caught>,
) -> Ended {
    if stuck.as_ref().is_some_and(|it| it.why == Stuck::Alien) {
        return Ended::Failed(refusal(WOKEN_OUTSIDE));
    }
    // The first one sets off the others. What tasks panic with may be their own affair, and then only what has ended the root is not.
    let caught = caught.into_iter().filter(|_| !conditions.tolerates_panics);
    let panic = caught.chain(thrown).min_by_key(Caught::event);
    // What panics when a run that is stuck is cut off would not have been cut off in one that goes on.
    let until = stuck.as_ref().map_or(u64::MAX, |stuck| stuck.event);
    if let Some(panic) = panic.filter(|panic| panic.event() < until) {
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
            format!(
                "nobody can go on, {} after the start",
                nanoseconds(stuck.now)
            ),
        ),
        Stuck::Livelock => (
            FailureKind::Livelock,
            format!(
                "{} turns were taken, and the program has not ended. If that is no loop without an end, allow it more: `polls`",
                grouped(conditions.bounds.turns)
            ),
        ),
        Stuck::LivelockAtOnce => (
            FailureKind::Livelock,
            format!(
                "{} turns were taken without time moving on, and the program has not ended. If that is no loop without an end, \
                 allow it more: `Builder::polls_at_once`",
                grouped(conditions.bounds.turns_at_once)
            ),
        ),
        Stuck::TooLate(deadline) => (
            FailureKind::Livelock,
            format!(
                "nobody can go on before the next timer, {} after the start, and a run may take {} of virtual time: allow it more by \
                 `virtual_time`, if it is to take so long",
                nanoseconds(deadline),
                nanoseconds(conditions.bounds.time)
            ),
        ),
        Stuck::Alien => return Ended::Failed(refusal(WOKEN_OUTSIDE)),
    };
    let mut details = match kind {
        FailureKind::Livelock => busiest(run),
        _ => String::new(),
    };
    if let Some(standings) = stuck.standings {
        details += &standings.tell(run);
    }
    Ended::Failed(Failure {
        kind,
        place: None,
        actors: run.keys(stuck.alive.iter().map(|&id| Actor(asked::number(id)))),
        message,
        details,
    })
}

/// So many are named that have had the most turns.
const BUSIEST: usize = 3;

/// Who was at work where a run has not ended, a line for each: those that have come to the most points of the schedule, and who has come to
/// a tenth as many.
fn busiest(run: &Run) -> String {
    let actors = run.actors();
    let all = (0..actors.len() as u32).map(Actor);
    let mut counts: Vec<(u32, Actor)> = all.map(|actor| (actors.turns(actor), actor)).collect();
    counts.sort_by_key(|&(count, actor)| (Reverse(count), actor));
    let most = counts.first().map_or(0, |&(count, _)| count);
    counts.retain(|&(count, _)| count > 0 && count >= most / 10);
    counts.truncate(BUSIEST);
    let mut text = String::new();
    for (count, actor) in counts {
        let lead = if text.is_empty() { "busiest:" } else { "" };
        let (called, count) = (asking::called(run, actor), grouped(count.into()));
        let _ = writeln!(text, "{lead:8} {called}, at {count} points of the schedule");
    }
    text
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

/// A number with a comma between each three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
    groups.join(",")
}
