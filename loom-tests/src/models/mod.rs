//! The models, and the bounds they run under.

mod atomic_waker;
mod block_on;
mod local_set;
mod mpsc;
mod mutex;
mod notify;
mod oneshot;
mod readiness;
mod semaphore;
mod watch;
mod wheel;
mod wheel_oracle;

use loom::model::Builder;
use std::time::Duration;

/// Explores `f` with at most `preemptions` preemptions per execution (one more if `LENO_LOOM=deep`).
///
/// Panics if an execution fails. A model that would run for minutes stops at a time cap; `LENO_LOOM=deep`
/// lifts it.
pub(crate) fn explore(preemptions: usize, f: impl Fn() + Sync + Send + 'static) {
    let deep = std::env::var("LENO_LOOM").is_ok_and(|value| value == "deep");
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions + usize::from(deep));
    builder.max_branches = 50_000;
    builder.max_duration = (!deep).then_some(Duration::from_secs(60));
    builder.check(f);
}
