//! Where threads run.

use crate::workload::Pinning;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::panic::resume_unwind;
use std::sync::OnceLock;

/// Runs `inside` on a thread of its own where `pinning` wants workers to be, so that those that it starts inherit the
/// place and nothing has to be undone on the calling thread.
pub fn at_workers<T: Send>(pinning: Pinning, inside: impl FnOnce() -> T + Send) -> T {
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

/// Pins the calling thread, and those that it starts from now on, to one of the processors of this process.
fn pin(nth: usize) {
    let mut only = CpuSet::new();
    only.set(*processors().get(nth).expect("there are so many processors"));
    sched_setaffinity(None, &only).expect("a thread may be pinned");
}

/// The processors that this process might use when this was first called, which is before it pins anything.
fn processors() -> &'static [usize] {
    static PROCESSORS: OnceLock<Vec<usize>> = OnceLock::new();
    PROCESSORS.get_or_init(|| {
        let allowed = sched_getaffinity(None).expect("a thread knows its processors");
        let numbers = 0..CpuSet::MAX_CPU;
        numbers.filter(|number| allowed.is_set(*number)).collect()
    })
}
