//! Channels: many values from producers to a consumer, and one value.

use crate::peer::{Channels, on_worker};
use crate::workload::{Case, Floor, Pinning, Sample, Setting, TIME_PER_OPERATION, Workload};
use crate::workloads::sampling::{DEADLINE, on_fresh};
use std::time::Instant;

/// What the workloads of this file share.
const CHANNEL: Workload = Workload {
    name: "",
    group: "channels and locks",
    isolates: "",
    cannot_show: "",
    floor: None,
    workers: &[1, 2],
    operations: 300_000,
    most_rounds: None,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// What a value that goes through a channel cannot do without.
const PER_VALUE: Option<Floor> = Some(Floor {
    parts: &[("atomic read-modify-write", 2.0)],
    quantity: TIME_PER_OPERATION,
});

/// One producer, bounded.
pub static BOUNDED_ONE: Workload = Workload {
    name: "mpsc bounded 128, 1P1C",
    isolates: "A value through a channel that holds 128, from one task to another: send, wait for room, receive, wait for values.",
    cannot_show: "What a wait costs alone: with 128 places there is one wait for many values.",
    floor: PER_VALUE,
    ..CHANNEL
};

/// Four producers, bounded.
pub static BOUNDED_FOUR: Workload = Workload {
    name: "mpsc bounded 128, 4P1C",
    isolates: "As with one producer, with four that compete for the room.",
    cannot_show: "Whether each gets its fair share of the room.",
    floor: PER_VALUE,
    ..CHANNEL
};

/// One producer, unbounded.
pub static UNBOUNDED_ONE: Workload = Workload {
    name: "mpsc unbounded, 1P1C",
    isolates: "A value through a channel without a limit: send, receive, memory for what is in between.",
    cannot_show: "A consumer that keeps up: the producer never waits, so most values lie in memory first.",
    floor: PER_VALUE,
    ..CHANNEL
};

/// Four producers, unbounded.
pub static UNBOUNDED_FOUR: Workload = Workload {
    name: "mpsc unbounded, 4P1C",
    isolates: "As with one producer, with four that compete for the end of the queue.",
    cannot_show: "A consumer that keeps up: the producers never wait, so most values lie in memory first.",
    floor: PER_VALUE,
    ..CHANNEL
};

/// One value, no switch.
pub static ONCE: Workload = Workload {
    name: "oneshot in one task",
    isolates: "A channel for one value: made, sent to, received from and freed in one task, which never waits. smol's users take a channel of one.",
    cannot_show: "A wait; the row with a spawned task has one.",
    floor: Some(Floor {
        parts: &[
            ("allocate and free", 1.0),
            ("atomic read-modify-write", 2.0),
        ],
        quantity: TIME_PER_OPERATION,
    }),
    ..CHANNEL
};

/// One value, from another task.
pub static ONCE_FROM_TASK: Workload = Workload {
    name: "oneshot from a spawned task",
    isolates: "A task that is spawned to send one value, and the task that waits for the value and then for it: a small request and its answer.",
    cannot_show: "What of it is the channel; the spawn row has the rest.",
    floor: Some(Floor {
        parts: &[
            ("allocate and free", 2.0),
            ("deque push and pop", 1.0),
            ("atomic read-modify-write", 4.0),
        ],
        quantity: TIME_PER_OPERATION,
    }),
    operations: 100_000,
    ..CHANNEL
};

/// The workloads of this file.
pub fn cases<P: Channels>() -> Vec<Case> {
    vec![
        Case {
            workload: &BOUNDED_ONE,
            run: bounded::<P, 1>,
        },
        Case {
            workload: &BOUNDED_FOUR,
            run: bounded::<P, 4>,
        },
        Case {
            workload: &UNBOUNDED_ONE,
            run: unbounded::<P, 1>,
        },
        Case {
            workload: &UNBOUNDED_FOUR,
            run: unbounded::<P, 4>,
        },
        Case {
            workload: &ONCE,
            run: once::<P>,
        },
        Case {
            workload: &ONCE_FROM_TASK,
            run: once_from_task::<P>,
        },
    ]
}

fn bounded<P: Channels, const PRODUCERS: u64>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, values| {
        let each = values.div_ceil(PRODUCERS);
        on_worker(peer, async move {
            let start = Instant::now();
            let (sender, mut receiver) = P::bounded::<u64>(128);
            let producers: Vec<_> = (0..PRODUCERS)
                .map(|_| {
                    let sender = sender.clone();
                    P::spawn(async move {
                        for value in 0..each {
                            P::send(&sender, value).await;
                        }
                    })
                })
                .collect();
            drop(sender);
            let mut sum = 0;
            while let Some(value) = P::receive(&mut receiver).await {
                sum += value;
            }
            for producer in producers {
                producer.await;
            }
            received(start, sum, PRODUCERS, each)
        })
    })
}

fn unbounded<P: Channels, const PRODUCERS: u64>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, values| {
        let each = values.div_ceil(PRODUCERS);
        on_worker(peer, async move {
            let start = Instant::now();
            let (sender, mut receiver) = P::unbounded::<u64>();
            let producers: Vec<_> = (0..PRODUCERS)
                .map(|_| {
                    let sender = sender.clone();
                    P::spawn(async move {
                        for value in 0..each {
                            P::send_unbounded(&sender, value);
                        }
                    })
                })
                .collect();
            drop(sender);
            let mut sum = 0;
            while let Some(value) = P::receive_unbounded(&mut receiver).await {
                sum += value;
            }
            for producer in producers {
                producer.await;
            }
            received(start, sum, PRODUCERS, each)
        })
    })
}

/// The sample, if the values from all producers came through.
fn received(start: Instant, sum: u64, producers: u64, each: u64) -> Sample {
    let elapsed = start.elapsed();
    assert_eq!(sum, producers * each * (each - 1) / 2, "values are missing");
    Sample::time(elapsed, producers * each)
}

fn once<P: Channels>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, times| {
        on_worker(peer, async move {
            let mut sum = 0;
            let start = Instant::now();
            for value in 0..times {
                let (sender, receiver) = P::once::<u64>();
                P::send_once(sender, value);
                sum += P::receive_once(receiver).await;
            }
            received(start, sum, 1, times)
        })
    })
}

fn once_from_task<P: Channels>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, times| {
        on_worker(peer, async move {
            let mut sum = 0;
            let start = Instant::now();
            for value in 0..times {
                let (sender, receiver) = P::once::<u64>();
                let task = P::spawn(async move { P::send_once(sender, value) });
                sum += P::receive_once(receiver).await;
                task.await;
            }
            received(start, sum, 1, times)
        })
    })
}
