//! Simulation (being built).
mod asking;
mod once;
mod panics;

use std::future::Future;

/// PROBE
pub fn probe<F: Future<Output = ()>>(
    run: &mut leno_sim::Run,
    program: impl FnOnce() -> F,
) -> leno_sim::Ended {
    let conditions = once::Conditions {
        bounds: crate::kernel::local::drawn::Bounds {
            turns: 1_000_000,
            turns_at_once: 100_000,
            time: 3_600_000_000_000,
            stalls: false,
        },
        tolerates_panics: false,
        place: std::panic::Location::caller(),
        pulse: Default::default(),
    };
    once::run(run, &conditions, program)
}
