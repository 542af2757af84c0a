//! A thread that looks whether a run is stuck in one poll: a spin never ends where nobody else runs meanwhile.

use super::environment;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// So long one poll may take at first, in real time.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The thread ends when this is dropped.
pub(super) struct Watchdog {
    _alive: Option<Sender<()>>,
}

impl Watchdog {
    /// Watches `pulse`, which moves with each turn. Without a thread nobody does: then a spin is a test that does not end.
    pub(super) fn start(test: &str, patience: Duration, pulse: &Arc<AtomicU64>) -> Self {
        let (alive, ended) = channel();
        let (test, pulse) = (test.to_owned(), Arc::clone(pulse));
        let builder = thread::Builder::new().name("leno-sim-watchdog".to_owned());
        let started = builder.spawn(move || watch(&test, patience, &pulse, &ended));
        Self {
            _alive: started.is_ok().then_some(alive),
        }
    }
}

fn watch(test: &str, patience: Duration, pulse: &AtomicU64, ended: &Receiver<()>) {
    let mut last = None;
    while ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
        // Ordering: Relaxed, a sign of life.
        let now = pulse.load(Ordering::Relaxed);
        if last.replace(now) == Some(now) {
            // Past what tests have captured, which is lost when the process ends.
            environment::say(format_args!(
                "{test}: one poll of a simulation has taken {patience:?} of real time. A spin, or a lock of the standard library that \
                 another task holds, never ends there, for nobody else runs meanwhile: await in its place. (What only computes for so \
                 long can be given more by `Builder::poll_patience`.) A debugger on process {} shows where it is. The process ends, since \
                 nothing can stop a poll from outside.",
                process::id()
            ));
            process::exit(101);
        }
    }
}
