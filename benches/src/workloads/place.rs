//! Where threads run.

use crate::process;
use crate::workload::Pinning;
use std::panic::resume_unwind;

/// Runs `inside` on a thread of its own where `pinning` wants workers to be, so that those that it starts inherit the
/// place and nothing has to be undone on the calling thread.
///
/// # Panics
///
/// If there are fewer processors than `pinning` wants: before anybody waits for a thread that could not be placed.
pub fn at_workers<T: Send>(pinning: Pinning, inside: impl FnOnce() -> T + Send) -> T {
    if pinning == Pinning::Apart && process::processors().len() < 2 {
        panic!("workers and others cannot be apart on one processor");
    }
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            if pinning != Pinning::None {
                pin(0);
            }
            inside()
        });
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// Moves the calling thread to where `pinning` wants what is no worker.
pub fn outside(pinning: Pinning) {
    match pinning {
        Pinning::None => {}
        Pinning::OneProcessor => pin(0),
        Pinning::Apart => pin(1),
    }
}

/// A sample that cannot be placed is none.
fn pin(nth: usize) {
    if let Err(error) = process::pin(nth) {
        panic!("cannot pin a thread: {error}");
    }
}
