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

/// A sign of life of who runs a program again and again.
///
/// The least bit says that no run is under way: what is computed between two, as how to make a failure small, may take its time.
#[derive(Debug, Default)]
pub(super) struct Pulse(AtomicU64);

impl Pulse {
    /// A turn begins. Only one thread at a time runs a program, and tells.
    pub(super) fn beat(&self) {
        // Ordering: Relaxed, a sign of life, here and below.
        let beats = self.0.load(Ordering::Relaxed);
        self.0.store((beats | 1).wrapping_add(1), Ordering::Relaxed);
    }

    /// The run is over.
    pub(super) fn rest(&self) {
        self.0.fetch_or(1, Ordering::Relaxed);
    }

    /// What there is to compare with later; nothing between two runs.
    fn feel(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|beats| beats & 1 == 0)
    }
}

/// The thread ends when this is dropped.
pub(super) struct Watchdog {
    _alive: Option<Sender<()>>,
}

impl Watchdog {
    /// Watches `pulse`, which moves with each turn. Without a thread nobody does: then a spin is a test that does not end.
    pub(super) fn start(test: &str, patience: Duration, pulse: &Arc<Pulse>) -> Self {
        let (alive, ended) = channel();
        let (test, pulse) = (test.to_owned(), Arc::clone(pulse));
        let builder = thread::Builder::new().name("leno-sim-watchdog".to_owned());
        let started = builder.spawn(move || watch(&test, patience, &pulse, &ended));
        Self {
            _alive: started.is_ok().then_some(alive),
        }
    }
}

fn watch(test: &str, patience: Duration, pulse: &Pulse, ended: &Receiver<()>) {
    let mut last = None;
    while ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
        let before = std::mem::replace(&mut last, pulse.feel());
        if last.is_some() && last == before {
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

#[cfg(test)]
mod tests {
    use super::Pulse;

    #[test]
    fn a_pulse_stands_still_in_a_turn_and_is_not_felt_between_runs() {
        let pulse = Pulse::default();
        for _ in 0..2 {
            pulse.beat();
            let first = pulse.feel();
            assert!(first.is_some() && pulse.feel() == first);
            pulse.beat();
            let second = pulse.feel();
            assert!(second.is_some() && second != first);
            pulse.rest();
            pulse.rest();
            assert_eq!(pulse.feel(), None);
            // The first turn of the next run is none that was felt before.
            pulse.beat();
            assert!(pulse.feel().is_some() && pulse.feel() != second);
        }
    }
}
