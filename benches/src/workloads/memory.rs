//! What a task takes that waits.

use crate::allocator;
use crate::peer::{Peer, on_worker};
use crate::services::process_figures;
use crate::workload::{Case, Pinning, REPEATS, Sample, Setting, Unit, Workload};
use crate::workloads::sampling::DEADLINE;
use std::future::{Future, pending};
use std::mem::ManuallyDrop;

/// What the workloads of this file share.
const MEMORY: Workload = Workload {
    name: "",
    group: "memory",
    isolates: "",
    cannot_show: "",
    // The allocator's smallest block and the state: nothing that `versus limits` could measure.
    floor: None,
    workers: &[2],
    operations: 1_000_000,
    most_rounds: REPEATS,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// Tasks without a state of their own.
pub static EMPTY: Workload = Workload {
    name: "idle task, empty state",
    isolates: "What a task that waits for ever takes, of a million: calls of the allocator, bytes asked for, and bytes that the system gave.",
    cannot_show: "What a task's waiting costs in other places: timers, sockets, queues.",
    ..MEMORY
};

/// Tasks with 100 bytes.
pub static HUNDRED: Workload = Workload {
    name: "idle task, 100-byte state",
    isolates: "The same with a state of 100 bytes in each, which have to be somewhere.",
    cannot_show: "What a task's waiting costs in other places: timers, sockets, queues.",
    ..MEMORY
};

/// The workloads of this file.
pub fn cases<P: Peer>() -> Vec<Case> {
    vec![
        Case {
            workload: &EMPTY,
            run: |setting| idle::<P, _>(setting, pending),
        },
        Case {
            workload: &HUNDRED,
            run: |setting| {
                idle::<P, _>(setting, || async {
                    let state = [1_u8; 100];
                    pending::<()>().await;
                    std::hint::black_box(&state);
                })
            },
        },
    ]
}

/// Leaves the tasks as they are, and the runtime with them: it is meant for a process that ends after it.
fn idle<P: Peer, F>(setting: Setting, task: fn() -> F) -> Sample
where
    F: Future<Output = ()> + Send + 'static,
{
    let tasks = setting.operations;
    let resident = || process_figures::resident(std::process::id());
    allocator::start();
    let peer = ManuallyDrop::new(P::start(setting.workers));
    on_worker(&*peer, async {});
    let (before, resident_before) = (allocator::allocated(), resident());
    on_worker(&*peer, async move {
        for spawned in 0..tasks {
            // The handle is forgotten, so that nothing but the task is counted.
            let _ = ManuallyDrop::new(P::spawn(task()));
            // Lets them go to sleep, or the queue would grow with their number, and be counted too.
            if spawned % 100 == 0 {
                P::yield_now().await;
            }
        }
    });
    // Every task has to be polled once: one that comes after them all has seen them go to sleep.
    for _ in 0..3 {
        on_worker(&*peer, P::yield_now());
    }
    let (after, resident_after) = (allocator::allocated(), resident());
    let per_task = |total: f64| total / tasks as f64;
    let mut sample = Sample::default();
    // None at all in a program that has another allocator.
    let allocations = after.allocations - before.allocations;
    if allocations > 0 {
        let bytes = (after.live - before.live) as f64;
        sample = sample
            .with(
                "allocations per task",
                Unit::Count,
                per_task(allocations as f64),
            )
            .with("bytes per task", Unit::Bytes, per_task(bytes));
    }
    if let (Some(before), Some(after)) = (resident_before, resident_after) {
        let given = after.saturating_sub(before) as f64;
        sample = sample.with("resident bytes per task", Unit::Bytes, per_task(given));
    }
    sample
}
