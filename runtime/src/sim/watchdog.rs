//! A thread that looks whether a run is stuck in one poll: a spin never ends where nobody else runs meanwhile.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// So long one poll may take, in real time.
const PATIENCE: Duration = Duration::from_secs(10);

/// The thread ends when this is dropped.
pub(super) struct Watchdog {
    _alive: Option<Sender<()>>,
}

impl Watchdog {
    /// Watches `pulse`, which moves with each turn. Without a thread nobody does: then a spin is a test that does not end.
    pub(super) fn start(test: &str, pulse: &Arc<AtomicU64>) -> Self {
        let (alive, ended) = channel();
        let (test, pulse) = (test.to_owned(), Arc::clone(pulse));
        let builder = thread::Builder::new().name("leno-sim-watchdog".to_owned());
        let started = builder.spawn(move || watch(&test, &pulse, &ended));
        Self {
            _alive: started.is_ok().then_some(alive),
        }
    }
}

fn watch(test: &str, pulse: &AtomicU64, ended: &Receiver<()>) {
    let mut last = None;
    while ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
        // Ordering: Relaxed, a sign of life.
        let now = pulse.load(Ordering::Relaxed);
        if last.replace(now) == Some(now) {
            eprintln!(
                "{test}: one poll of a simulation has taken {PATIENCE:?} of real time. A spin never ends there, for nobody else runs \
                 meanwhile: await in its place. (Something that only computes for so long is to be made smaller for the test.) A debugger \
                 on process {} shows where it is. The process ends, since nothing can stop a poll from outside.",
                process::id()
            );
            process::exit(101);
        }
    }
}
