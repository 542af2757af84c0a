//! The models, and the bounds they run under.
//!
//! Each model names a promise of the kernel and explores the interleavings in which it could break. Beside it stand
//! the mutations that it was shown to catch: one step or ordering of the kernel taken away, and how the model failed.

mod alarm;
mod atomic_waker;
mod barrier;
mod block_on;
mod blocking;
mod broadcast;
mod captures;
mod children;
mod finished;
mod idle;
mod join;
mod lanes;
mod local;
mod local_set;
mod mpsc;
mod mutex;
mod notify;
mod once_cell;
mod oneshot;
mod origin;
mod polling;
mod pool;
mod question;
mod queue;
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

/// How long a model may run, unless `LENO_LOOM=deep`.
const CAP: Duration = Duration::from_secs(60);

/// Explores `f` with at most `preemptions` preemptions per execution (one more if `LENO_LOOM=deep`).
///
/// Panics if an execution fails, also if the kernel has caught the panic: it takes a failing poll for its task's
/// own fault. A model that panics on purpose does so by `resume_unwind`, which tells no hook. A model that would run
/// for minutes stops at a time cap; `LENO_LOOM=deep` lifts it. With `--nocapture` each model says what it cost.
#[track_caller]
pub(crate) fn explore(preemptions: usize, f: impl Fn() + Sync + Send + 'static) {
    let deep = std::env::var("LENO_LOOM").is_ok_and(|value| value == "deep");
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions + usize::from(deep));
    builder.max_branches = 50_000;
    builder.max_duration = (!deep).then_some(CAP);
    // How often the cap is looked at.
    builder.checkpoint_interval = 1_000;
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
    if executions > 1 {
        let capped = !deep && time >= CAP;
        let capped = if capped { ", stopped by the cap" } else { "" };
        println!(
            "{}: {executions} executions in {time:?}{capped}",
            std::panic::Location::caller(),
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
