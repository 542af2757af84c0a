//! Work that appears on one worker: how well the others help.

use crate::peer::{Peer, on_worker};
use crate::workload::{Case, Pinning, Sample, Setting, Unit, Workload};
use crate::workloads::sampling::{DEADLINE, all, on_fresh};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// What the workloads of this file share.
const SKEW: Workload = Workload {
    name: "",
    group: "skewed load",
    isolates: "",
    cannot_show: "",
    floor: None,
    workers: &[2],
    operations: 0,
    most_rounds: None,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// Short tasks.
pub static MICROSECOND: Workload = Workload {
    name: "20000 tasks of 1 µs from one worker",
    isolates: "A task spawns 20000 that each compute for about 1 µs: what stealing them costs, and how soon it begins. 100 % is what two bare threads needed just after.",
    cannot_show: "More than two workers would: the more thieves, the more they get in each other's way.",
    operations: 20_000,
    ..SKEW
};

/// Longer tasks.
pub static TEN_MICROSECONDS: Workload = Workload {
    name: "5000 tasks of 10 µs from one worker",
    isolates: "A task spawns 5000 that each compute for about 10 µs: whether all workers take part to the end. 100 % is what two bare threads needed just after.",
    cannot_show: "What a steal costs: it vanishes beside 10 µs.",
    operations: 5000,
    ..SKEW
};

/// The workloads of this file.
pub fn cases<P: Peer>() -> Vec<Case> {
    vec![
        Case {
            workload: &MICROSECOND,
            run: skewed::<P, 1>,
        },
        Case {
            workload: &TEN_MICROSECONDS,
            run: skewed::<P, 10>,
        },
    ]
}

fn skewed<P: Peer, const MICROSECONDS: u64>(setting: Setting) -> Sample {
    let steps = MICROSECONDS * steps_in_a_microsecond();
    on_fresh(setting, |peer: &P, tasks| {
        let elapsed = on_worker(peer, async move {
            let start = Instant::now();
            let outputs = all::<P, _>((0..tasks).map(|task| async move { compute(task, steps) }));
            let outputs = outputs.await;
            let elapsed = start.elapsed();
            assert_eq!(outputs.len() as u64, tasks, "tasks are missing");
            assert_eq!(outputs.last(), Some(&compute(tasks - 1, steps)));
            elapsed
        });
        // Afterwards, so that it is not in the figure how the system places a worker that is woken when both processors have
        // just been busy.
        let ideal = bare(setting.workers as u64, tasks, steps);
        let efficiency = 100.0 * ideal.as_secs_f64() / elapsed.as_secs_f64();
        Sample::time(elapsed, tasks).with("efficiency", Unit::Percent, efficiency)
    })
}

/// The time of the same work on `threads` bare threads, each with its share.
fn bare(threads: u64, tasks: u64, steps: u64) -> Duration {
    // The threads start together, and their starts are not in the figure.
    let gate = std::sync::Barrier::new(threads as usize + 1);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let gate = &gate;
            scope.spawn(move || {
                gate.wait();
                for task in (thread..tasks).step_by(threads as usize) {
                    black_box(compute(task, steps));
                }
                gate.wait();
            });
        }
        gate.wait();
        let start = Instant::now();
        gate.wait();
        start.elapsed()
    })
}

/// Work that needs the processor and nothing else: each step waits for the one before.
fn compute(seed: u64, steps: u64) -> u64 {
    (0..steps).fold(black_box(seed), |value, step| {
        value
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(step)
    })
}

/// How many steps of [`compute`] take a microsecond when nobody interrupts.
fn steps_in_a_microsecond() -> u64 {
    const STEPS: u64 = 20_000;
    let fastest = (0..20)
        .map(|seed| {
            let start = Instant::now();
            black_box(compute(seed, STEPS));
            start.elapsed()
        })
        .min()
        .expect("twenty is more than none");
    (STEPS * 1000 / (fastest.as_nanos() as u64).max(1)).max(1)
}
