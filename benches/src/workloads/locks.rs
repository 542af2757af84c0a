//! Locks whose waiters are tasks.

use crate::peer::{Channels, on_worker};
use crate::workload::{Case, Floor, Pinning, Sample, Setting, TIME_PER_OPERATION, Workload};
use crate::workloads::sampling::{DEADLINE, all, on_fresh};
use std::sync::Arc;
use std::time::Instant;

/// What the workloads of this file share.
const LOCK: Workload = Workload {
    name: "",
    group: "channels and locks",
    isolates: "",
    cannot_show: "",
    floor: Some(Floor {
        parts: &[("atomic read-modify-write", 2.0)],
        quantity: TIME_PER_OPERATION,
    }),
    workers: &[1, 2],
    operations: 500_000,
    most_rounds: None,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// Nobody else wants it.
pub static ALONE: Workload = Workload {
    name: "mutex, 1 task",
    isolates: "Locking and unlocking a lock that nobody else wants.",
    cannot_show: "Waiting for it.",
    ..LOCK
};

/// Eight tasks want it.
pub static CONTENDED: Workload = Workload {
    name: "mutex, 8 tasks",
    isolates: "Eight tasks that lock, count and unlock in a loop, without waiting for anything else; on two workers they meet.",
    cannot_show: "Fairness: a lock that lets the task that runs have it again is faster, and the others wait for longer.",
    ..LOCK
};

/// The workloads of this file.
pub fn cases<P: Channels>() -> Vec<Case> {
    vec![
        Case {
            workload: &ALONE,
            run: counted::<P, 1>,
        },
        Case {
            workload: &CONTENDED,
            run: counted::<P, 8>,
        },
    ]
}

fn counted<P: Channels, const TASKS: u64>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, times| {
        let each = times.div_ceil(TASKS);
        on_worker(peer, async move {
            let mutex = Arc::new(P::mutex(0_u64));
            let start = Instant::now();
            all::<P, _>((0..TASKS).map(|_| {
                let mutex = Arc::clone(&mutex);
                async move {
                    for _ in 0..each {
                        P::lock(&mutex, |count| *count += 1).await;
                    }
                }
            }))
            .await;
            let elapsed = start.elapsed();
            let count = P::lock(&mutex, |count| *count).await;
            assert_eq!(count, TASKS * each, "the lock does not exclude");
            Sample::time(elapsed, count)
        })
    })
}
