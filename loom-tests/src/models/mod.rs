//! The models, and the bounds they run under.
//!
//! Each model names a promise of the kernel and explores the interleavings in which it could break. What it was shown to catch is
//! listed in `loom-tests/mutations`, and run by the command `mutations`: every ordering, and steps that are left out or replaced.
//! Steps that stand in a comment beside a model were tried by hand, and are not in that list.

mod alarm;
mod atomic_waker;
mod barrier;
mod block_on;
mod blocking;
mod broadcast;
mod captures;
mod children;
mod clock;
mod finished;
mod idle;
mod join;
mod lanes;
mod local;
mod local_set;
mod mpsc;
mod mutex;
mod notify;
mod observe;
mod once_cell;
mod oneshot;
mod origin;
mod polling;
mod pool;
mod question;
mod queue;
mod reactor;
mod readiness;
mod ring;
mod rwlock;
mod scope;
mod seat;
mod semaphore;
mod set_once;
mod slot;
mod spares;
mod task;
mod watch;
mod watcher;
mod wheel;
mod wheel_oracle;

use loom::model::Builder;
use std::cell::Cell;
use std::io::Write;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A model that takes this long is not one to wait for: it fails, unless `LENO_LOOM=deep`. Nearly all take less than a second.
const LIMIT: Duration = Duration::from_secs(600);

/// How often loom looks at its bounds, in executions.
const LOOKS: usize = 1_000;

/// What may end an exploration before it has seen everything.
#[derive(Debug, Clone, Copy)]
struct Bound {
    executions: usize,
    why: &'static str,
}

/// Explores `f` with at most `preemptions` preemptions per execution (one more if `LENO_LOOM=deep`), all of it.
///
/// Panics if an execution fails, also if the kernel has caught the panic: it takes a failing poll for its task's
/// own fault. A model that panics on purpose does so by `resume_unwind`, which tells no hook. With `--nocapture` each model says
/// what it cost.
///
/// Panics also if the model is not through after ten minutes: one that has too much to look at says so, by
/// [`explore_bounded`]. `LENO_LOOM_SECONDS` stops every model after so long, which is told and is no failure: for whoever looks for a
/// failure, and not for its absence.
#[track_caller]
pub(crate) fn explore(preemptions: usize, f: impl Fn() + Sync + Send + 'static) {
    explore_until(preemptions, None, f);
}

/// As [`explore`], but ends after so many executions, unless `LENO_LOOM=deep`, and tells that it has not seen everything, and why.
///
/// The bound is a number and no time, so that a busy machine looks at as much as an idle one.
#[track_caller]
pub(crate) fn explore_bounded(
    preemptions: usize,
    executions: usize,
    why: &'static str,
    f: impl Fn() + Sync + Send + 'static,
) {
    let executions = executions.next_multiple_of(LOOKS);
    explore_until(preemptions, Some(Bound { executions, why }), f);
}

#[track_caller]
fn explore_until(preemptions: usize, bound: Option<Bound>, f: impl Fn() + Sync + Send + 'static) {
    let deep = std::env::var("LENO_LOOM").is_ok_and(|value| value == "deep");
    let seconds = std::env::var("LENO_LOOM_SECONDS").ok().map(|seconds| {
        let seconds = seconds
            .parse()
            .expect("LENO_LOOM_SECONDS must be a number of seconds");
        Duration::from_secs(seconds)
    });
    let bound = bound.filter(|_| !deep);
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions + usize::from(deep));
    builder.max_branches = 50_000;
    builder.max_duration = seconds.or((!deep).then_some(LIMIT));
    builder.max_permutations = bound.map(|bound| bound.executions);
    builder.checkpoint_interval = LOOKS;
    watch_panics();
    let start = Instant::now();
    let executions = std::sync::Arc::new(AtomicUsize::new(0));
    builder.check({
        let executions = executions.clone();
        move || {
            executions.fetch_add(1, Ordering::Relaxed);
            crate::reactor::reset_time();
            f();
            PANICS.with(|panics| {
                assert_eq!(panics.get(), 0, "a panic was caught by what is modelled");
            });
        }
    });
    let (executions, time) = (executions.load(Ordering::Relaxed), start.elapsed());
    if std::env::var_os("LENO_LOOM_REACHED").is_some() {
        let reached: Vec<_> = crate::mutation::reached()
            .map(|number| number.to_string())
            .collect();
        println!("reached: {}", reached.join(" "));
    }
    let place = std::panic::Location::caller();
    // loom looks before it begins the execution that would be the thousandth, and so on.
    let looked = (executions + 1) % LOOKS == 0;
    let by_number = builder
        .max_permutations
        .is_some_and(|most| executions + 1 >= most);
    let by_time = builder.max_duration.is_some_and(|most| time >= most);
    let stopped = looked && (by_number || by_time);
    if stopped && by_time && seconds.is_none() {
        panic!(
            "{executions} executions in {time:?}, and more to look at: make the model smaller, or its bound `explore_bounded`'s"
        );
    }
    let end = if stopped {
        ", stopped by its bound"
    } else {
        ""
    };
    if executions > 1 {
        println!("{place}: {executions} executions in {time:?}{end}");
    }
    if stopped {
        let why = bound.map_or("LENO_LOOM_SECONDS", |bound| bound.why);
        // Past the test's capture: what has not been looked at is told, whether the test is or not.
        let _ = writeln!(
            std::io::stderr(),
            "note: the model at {place} was stopped by its bound after {executions} executions ({why})",
        );
    }
}

thread_local! {
    /// Panics on this thread, which is a model's own: loom runs all of a model's threads on it.
    static PANICS: Cell<usize> = const { Cell::new(0) };
}

fn watch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let panics = PANICS.with(|panics| panics.replace(panics.get() + 1));
            if panics == 0 {
                // A destructor that panics next would abort the process, and what the test has captured is lost.
                let _ = writeln!(std::io::stderr(), "{info}");
            }
            before(info);
        }));
    });
}
