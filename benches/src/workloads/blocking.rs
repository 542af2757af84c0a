//! Closures on threads that may block.

use crate::peer::{Blocking, on_worker};
use crate::workload::{Case, Floor, Pinning, Sample, Setting, TIME_PER_OPERATION, Workload};
use crate::workloads::sampling::{DEADLINE, on_fresh};
use std::time::Instant;

/// What the workloads of this file share.
const BLOCKING: Workload = Workload {
    name: "",
    group: "blocking pool",
    isolates: "",
    cannot_show: "",
    floor: None,
    workers: &[2],
    operations: 20_000,
    most_rounds: None,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// One closure at a time.
pub static ONE_AT_A_TIME: Workload = Workload {
    name: "spawn_blocking and join, one at a time",
    isolates: "Handing a closure to a thread that waits for one, and waking the task when it is done: two wakes of sleeping threads.",
    cannot_show: "What the runtime adds: it is small beside the system's two wakes.",
    floor: Some(Floor {
        parts: &[("unpark to run, one processor", 2.0)],
        quantity: TIME_PER_OPERATION,
    }),
    operations: 5000,
    ..BLOCKING
};

/// A hundred at a time.
pub static BATCHES: Workload = Workload {
    name: "spawn_blocking and join, batches of 100",
    isolates: "The queue of the blocking pool: 100 closures that do nothing are handed over before the first is awaited.",
    cannot_show: "How many threads the pool keeps for them, or starts; a closure that really blocks.",
    floor: Some(Floor {
        parts: &[("allocate and free", 0.5), ("mutex lock and unlock", 1.0)],
        quantity: TIME_PER_OPERATION,
    }),
    ..BLOCKING
};

/// The workloads of this file.
pub fn cases<P: Blocking>() -> Vec<Case> {
    vec![
        Case {
            workload: &ONE_AT_A_TIME,
            run: one_at_a_time::<P>,
        },
        Case {
            workload: &BATCHES,
            run: batches::<P>,
        },
    ]
}

fn one_at_a_time<P: Blocking>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, closures| {
        on_worker(peer, async move {
            let mut done = 0;
            let start = Instant::now();
            for _ in 0..closures {
                done += P::spawn_blocking(|| 1).await;
            }
            finished(start, done, closures)
        })
    })
}

fn batches<P: Blocking>(setting: Setting) -> Sample {
    const BATCH: u64 = 100;
    on_fresh(setting, |peer: &P, closures| {
        let rounds = closures.div_ceil(BATCH);
        on_worker(peer, async move {
            let mut done = 0;
            let start = Instant::now();
            for _ in 0..rounds {
                let closures: Vec<_> = (0..BATCH).map(|_| P::spawn_blocking(|| 1)).collect();
                for closure in closures {
                    done += closure.await;
                }
            }
            finished(start, done, rounds * BATCH)
        })
    })
}

/// The sample, if all closures ran.
fn finished(start: Instant, done: u64, expected: u64) -> Sample {
    let elapsed = start.elapsed();
    assert_eq!(done, expected, "closures are missing");
    Sample::time(elapsed, expected)
}
