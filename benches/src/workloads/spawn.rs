//! Spawning tasks and waiting for them.

use crate::peer::{Peer, on_worker};
use crate::workload::{Case, Floor, Pinning, Sample, Setting, TIME_PER_OPERATION, Workload};
use crate::workloads::sampling::{DEADLINE, on_fresh};
use std::time::Instant;

/// How many tasks live at a time.
const BATCH: u64 = 1000;

/// What the workloads of this file share.
const SPAWN: Workload = Workload {
    name: "",
    group: "spawn",
    isolates: "",
    cannot_show: "",
    floor: None,
    workers: &[1, 2],
    operations: 200_000,
    most_rounds: None,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// What a task that is spawned in a batch cannot do without. Two workers could share it, so it is half of that.
const IN_BATCHES: Option<Floor> = Some(Floor {
    parts: &[
        ("allocate and free in batches", 0.5),
        ("deque push and pop", 0.5),
        ("atomic read-modify-write", 1.0),
    ],
    quantity: TIME_PER_OPERATION,
});

/// From a task, in batches.
pub static BATCHES: Workload = Workload {
    name: "spawn+join, batches of 1000",
    isolates: "Allocating a task, queueing it, polling it once, its join handle, freeing it; 1000 are alive at a time.",
    cannot_show: "The cost of a large future, or of a task that is freed on another thread, unless two workers share the batch.",
    floor: IN_BATCHES,
    workers: &[1, 2, 0],
    ..SPAWN
};

/// From a task, one after the other.
pub static ONE_AT_A_TIME: Workload = Workload {
    name: "spawn+join, one at a time",
    isolates: "A task that is awaited as soon as it is spawned: the same memory each time, and a switch there and back.",
    cannot_show: "What memory costs that is not in the cache.",
    floor: Some(Floor {
        parts: &[
            ("allocate and free", 1.0),
            ("deque push and pop", 1.0),
            ("atomic read-modify-write", 2.0),
        ],
        quantity: TIME_PER_OPERATION,
    }),
    workers: &[1, 2, 0],
    operations: 100_000,
    ..SPAWN
};

/// From a thread that is no worker.
pub static FROM_OUTSIDE: Workload = Workload {
    name: "spawn+join from outside, batches of 1000",
    isolates: "Spawning and joining on a thread that is no worker: the queue for what comes from outside, and tasks that are freed on another thread.",
    cannot_show: "The wake of a sleeping worker, which a batch of 1000 pays once; the wake rows show that.",
    floor: IN_BATCHES,
    operations: 100_000,
    ..SPAWN
};

/// Each task spawns the next.
pub static CHAIN: Workload = Workload {
    name: "chain of 1000 spawns",
    isolates: "A task spawns a task that spawns a task, 1000 deep, each awaiting the next: spawns that cannot run at the same time.",
    cannot_show: "Parallelism: a runtime that involves a second worker only loses here.",
    floor: Some(Floor {
        parts: &[
            ("allocate and free in batches", 1.0),
            ("deque push and pop", 2.0),
            ("atomic read-modify-write", 2.0),
        ],
        quantity: TIME_PER_OPERATION,
    }),
    ..SPAWN
};

/// Each task spawns two.
pub static TREE: Workload = Workload {
    name: "tree of 2^16 leaves",
    isolates: "Each task spawns two and awaits them, 16 levels deep: spawning and stealing when all tasks make more; the time is per task.",
    cannot_show: "Fairness: any order of the tasks will do.",
    floor: IN_BATCHES,
    operations: 1 << 16,
    ..SPAWN
};

/// The workloads of this file.
pub fn cases<P: Peer>() -> Vec<Case> {
    vec![
        Case {
            workload: &BATCHES,
            run: batches::<P>,
        },
        Case {
            workload: &ONE_AT_A_TIME,
            run: one_at_a_time::<P>,
        },
        Case {
            workload: &FROM_OUTSIDE,
            run: from_outside::<P>,
        },
        Case {
            workload: &CHAIN,
            run: chain::<P>,
        },
        Case {
            workload: &TREE,
            run: tree::<P>,
        },
    ]
}

fn batches<P: Peer>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, tasks| {
        let (rounds, batch) = split(tasks);
        on_worker(peer, async move {
            let mut handles = Vec::with_capacity(batch as usize);
            let mut done = 0;
            let start = Instant::now();
            for _ in 0..rounds {
                handles.extend((0..batch).map(|_| P::spawn(async { 1 })));
                for handle in handles.drain(..) {
                    done += handle.await;
                }
            }
            finished(start, done, rounds * batch)
        })
    })
}

fn one_at_a_time<P: Peer>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, tasks| {
        on_worker(peer, async move {
            let mut done = 0;
            let start = Instant::now();
            for _ in 0..tasks {
                done += P::spawn(async { 1 }).await;
            }
            finished(start, done, tasks)
        })
    })
}

fn from_outside<P: Peer>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, tasks| {
        let (rounds, batch) = split(tasks);
        let mut handles = Vec::with_capacity(batch as usize);
        let mut done = 0;
        let start = Instant::now();
        for _ in 0..rounds {
            handles.extend((0..batch).map(|_| peer.spawn_from_outside(async { 1 })));
            peer.block_on(async {
                for handle in handles.drain(..) {
                    done += handle.await;
                }
            });
        }
        finished(start, done, rounds * batch)
    })
}

fn chain<P: Peer>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, tasks| {
        let (rounds, length) = split(tasks);
        on_worker(peer, async move {
            let mut done = 0;
            let start = Instant::now();
            for _ in 0..rounds {
                done += link::<P>(length).await;
            }
            finished(start, done, rounds * length)
        })
    })
}

/// A task that spawns the next, until there are `length`; its output is how many there were.
fn link<P: Peer>(length: u64) -> P::Join<u64> {
    P::spawn(async move {
        match length {
            1 => 1,
            _ => 1 + link::<P>(length - 1).await,
        }
    })
}

fn tree<P: Peer>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, leaves| {
        let depth = leaves.ilog2();
        on_worker(peer, async move {
            let start = Instant::now();
            let done = node::<P>(depth).await;
            finished(start, done, (2 << depth) - 1)
        })
    })
}

/// A task that spawns two, `depth` levels deep; its output is how many there were.
fn node<P: Peer>(depth: u32) -> P::Join<u64> {
    P::spawn(async move {
        if depth == 0 {
            return 1;
        }
        let (left, right) = (node::<P>(depth - 1), node::<P>(depth - 1));
        1 + left.await + right.await
    })
}

/// `tasks` as so many rounds of at most a batch.
pub(super) fn split(tasks: u64) -> (u64, u64) {
    (tasks.div_ceil(BATCH), tasks.min(BATCH))
}

/// The sample, if all tasks ran.
pub(super) fn finished(start: Instant, done: u64, expected: u64) -> Sample {
    let elapsed = start.elapsed();
    assert_eq!(done, expected, "tasks are missing");
    Sample::time(elapsed, expected)
}
