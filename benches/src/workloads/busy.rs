//! Waking and spawning while workers are busy: who notices, and when.

use crate::peer::Peer;
use crate::workload::{Case, Floor, Pinning, Sample, Setting, Unit, Workload};
use crate::workloads::sampling::{
    DEADLINE, histogram, median, nanoseconds_since, on_fresh, self_wake, spin,
};
use crate::workloads::turn::Turn;
use crate::workloads::wake::Bell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What the workloads of this file share.
const BUSY: Workload = Workload {
    name: "",
    group: "wake latency",
    isolates: "",
    cannot_show: "",
    floor: None,
    workers: &[2],
    operations: 300,
    most_rounds: None,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// One task is woken.
pub static ONE_WOKEN: Workload = Workload {
    name: "woken by a task that stays busy",
    isolates: "A task wakes another and computes on for 500 µs while the other worker sleeps: how late the woken one runs.",
    cannot_show: "What it would cost to hand over every wake; the ping-pong rows show that.",
    floor: Some(Floor {
        parts: &[("unpark to run, other processor", 1.0)],
        quantity: "p50 latency",
    }),
    ..BUSY
};

/// Two tasks are woken.
pub static TWO_WOKEN: Workload = Workload {
    name: "two woken by a task that stays busy",
    isolates: "As with one woken task, but with two: how late the first of them runs, and when both have.",
    cannot_show: "Which of the two it is.",
    floor: Some(Floor {
        parts: &[("unpark to run, other processor", 1.0)],
        quantity: "p50 latency",
    }),
    ..BUSY
};

/// A task is spawned from outside.
pub static REMOTE_SPAWN: Workload = Workload {
    name: "remote spawn while all workers are busy",
    isolates: "From a spawn on a thread outside to the first poll, with four tasks on two workers that poll for 50 µs at a time: how often workers look at what came from outside.",
    cannot_show: "Anything below the rest of a poll, 25 µs on average; the thread outside also takes a processor from a worker now and then.",
    group: "spawn",
    ..BUSY
};

/// The workloads of this file that wake.
pub fn wakes<P: Peer>() -> Vec<Case> {
    vec![
        Case {
            workload: &ONE_WOKEN,
            run: woken::<P, 1>,
        },
        Case {
            workload: &TWO_WOKEN,
            run: woken::<P, 2>,
        },
    ]
}

/// The workloads of this file that spawn.
pub fn spawns<P: Peer>() -> Vec<Case> {
    vec![Case {
        workload: &REMOTE_SPAWN,
        run: remote_spawn::<P>,
    }]
}

/// How long the waking task has been running when it wakes: the other worker, which may have been woken with this one,
/// has gone to sleep again.
pub const BEFORE: Duration = Duration::from_micros(200);

/// How long the waking task computes after its wakes.
pub const AFTER: Duration = Duration::from_micros(500);

/// How long the runtime is left alone between two rounds, so that its workers sleep.
pub const PAUSE: Duration = Duration::from_micros(300);

fn woken<P: Peer, const WOKEN: usize>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, rounds| {
        let bell = Arc::new(Bell::default());
        let go = Arc::new(Turn::default());
        let turns: Arc<[Turn; WOKEN]> = Arc::new(std::array::from_fn(|_| Turn::default()));
        let listeners: Vec<_> = (0..WOKEN)
            .map(|which| {
                let (bell, turns) = (Arc::clone(&bell), Arc::clone(&turns));
                peer.spawn_from_outside(async move {
                    let mut latencies = Vec::with_capacity(rounds as usize);
                    for round in 1..=rounds {
                        turns[which].reached(round).await;
                        latencies.push(bell.latency());
                        bell.confirm();
                    }
                    latencies
                })
            })
            .collect();
        let busy = {
            let (bell, go) = (Arc::clone(&bell), Arc::clone(&go));
            peer.spawn_from_outside(async move {
                for round in 1..=rounds {
                    go.reached(round).await;
                    spin(BEFORE);
                    bell.ring();
                    for turn in &*turns {
                        turn.advance(round);
                    }
                    spin(AFTER);
                    bell.confirm();
                }
            })
        };
        for round in 1..=rounds {
            std::thread::sleep(PAUSE);
            go.advance(round);
            // Asleep, since there may be no third processor to spin on.
            while bell.heard() < round * (WOKEN as u64 + 1) {
                std::thread::sleep(Duration::from_micros(100));
            }
        }
        peer.block_on(async {
            busy.await;
            let mut latencies = Vec::new();
            for listener in listeners {
                latencies.push(listener.await);
            }
            first_and_last(&latencies, rounds as usize)
        })
    })
}

/// The latency of each round's first listener, and with more than one, the median of the last.
fn first_and_last(latencies: &[Vec<u64>], rounds: usize) -> Sample {
    let of_round = |round: usize| latencies.iter().map(move |listener| listener[round]);
    let first = (0..rounds).filter_map(|round| of_round(round).min());
    let last = (0..rounds).filter_map(|round| of_round(round).max());
    let sample = Sample::latency(histogram(first));
    match latencies.len() {
        1 => sample,
        _ => sample.with("both have run p50", Unit::Nanoseconds, median(last)),
    }
}

fn remote_spawn<P: Peer>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, spawns| {
        let stop = Arc::new(AtomicBool::new(false));
        let busy: Vec<_> = (0..2 * setting.workers)
            .map(|_| {
                let stop = Arc::clone(&stop);
                peer.spawn_from_outside(async move {
                    while !stop.load(Ordering::Relaxed) {
                        spin(Duration::from_micros(50));
                        self_wake(1).await;
                    }
                })
            })
            .collect();
        let start = Instant::now();
        let mut latencies = Vec::with_capacity(spawns as usize);
        for _ in 0..spawns {
            std::thread::sleep(PAUSE);
            let spawned = nanoseconds_since(start);
            let task = peer.spawn_from_outside(async move { nanoseconds_since(start) - spawned });
            latencies.push(peer.block_on(task));
        }
        stop.store(true, Ordering::Relaxed);
        peer.block_on(async {
            for task in busy {
                task.await;
            }
        });
        Sample::latency(histogram(latencies))
    })
}
