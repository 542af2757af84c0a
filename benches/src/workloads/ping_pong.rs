//! Tasks that wake each other.

use crate::peer::{Peer, on_worker};
use crate::workload::{Case, Floor, Pinning, Sample, Setting, TIME_PER_OPERATION, Workload};
use crate::workloads::sampling::{DEADLINE, all, on_fresh};
use crate::workloads::switch::yields;
use crate::workloads::turn::Turn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// What the workloads of this file share.
const PING_PONG: Workload = Workload {
    name: "",
    group: "ping-pong",
    isolates: "",
    cannot_show: "",
    floor: None,
    workers: &[1, 2],
    operations: 100_000,
    most_rounds: None,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// Two tasks.
pub static TWO_TASKS: Workload = Workload {
    name: "ping-pong, 2 tasks",
    isolates: "Two wakes and two switches, there and back, between two tasks of which one is always asleep.",
    cannot_show: "Cloning, storing and dropping wakers, which a leaf future does and this signal does not.",
    floor: Some(Floor {
        parts: &[
            ("deque push and pop", 2.0),
            ("atomic read-modify-write", 2.0),
        ],
        quantity: TIME_PER_OPERATION,
    }),
    workers: &[1, 2, 0],
    operations: 200_000,
    ..PING_PONG
};

/// A hundred pairs at once.
pub static PAIRS: Workload = Workload {
    name: "ping-pong, 100 pairs",
    isolates: "Wakes between tasks when both workers always have more to do.",
    cannot_show: "Whether both partners of a pair keep to one worker, which is what makes it fast.",
    // Two workers share the round trips.
    floor: Some(Floor {
        parts: &[
            ("deque push and pop", 1.0),
            ("atomic read-modify-write", 1.0),
        ],
        quantity: TIME_PER_OPERATION,
    }),
    workers: &[2],
    operations: 200_000,
    ..PING_PONG
};

/// The thread in `block_on` and a task.
pub static WITH_BLOCK_ON: Workload = Workload {
    name: "ping-pong, block_on thread and a task",
    isolates: "A thread that waits in block_on and a task on a worker wake each other: two wakes of sleeping threads.",
    cannot_show: "What the runtime adds: it is small beside the system's two wakes, whose time depends on the processors that the threads are on.",
    floor: Some(Floor {
        parts: &[("unpark to run, one processor", 2.0)],
        quantity: TIME_PER_OPERATION,
    }),
    operations: 10_000,
    ..PING_PONG
};

/// A pair that never stops, and others that want to run.
pub static NO_STARVING: Workload = Workload {
    name: "ping-pong pair must not starve others",
    isolates: "A pair wakes each other for ever while 100 other tasks yield: the time of one of their yields, the pair's share included.",
    cannot_show: "Which share the pair ought to get; a peer that starves the others has no figure at all.",
    operations: 50_000,
    ..PING_PONG
};

/// The workloads of this file.
pub fn cases<P: Peer>() -> Vec<Case> {
    vec![
        Case {
            workload: &TWO_TASKS,
            run: pairs::<P, 1>,
        },
        Case {
            workload: &PAIRS,
            run: pairs::<P, 100>,
        },
        Case {
            workload: &WITH_BLOCK_ON,
            run: with_block_on::<P>,
        },
        Case {
            workload: &NO_STARVING,
            run: no_starving::<P>,
        },
    ]
}

/// How many others there are beside the pair that never stops.
const OTHERS: u64 = 100;

/// The turn that tells the partner to stop.
const STOP: u64 = u64::MAX;

/// What two partners play over.
#[derive(Debug, Default)]
struct Table {
    there: Turn,
    back: Turn,
}

impl Table {
    /// Serves `rounds` times, or until `stop` is set, then ends the game; returns the rounds played.
    async fn serve(&self, rounds: u64, stop: Option<&AtomicBool>) -> u64 {
        let mut played = 0;
        while played < rounds && stop.is_none_or(|stop| !stop.load(Ordering::Relaxed)) {
            played += 1;
            self.there.advance(played);
            self.back.reached(played).await;
        }
        self.there.advance(STOP);
        played
    }

    /// Returns what is served; returns the rounds played.
    async fn return_all(&self) -> u64 {
        let mut played = 0;
        while self.there.reached(played + 1).await != STOP {
            played += 1;
            self.back.advance(played);
        }
        played
    }
}

fn pairs<P: Peer, const PAIRS: u64>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, rounds| {
        let each = rounds.div_ceil(PAIRS);
        on_worker(peer, async move {
            let start = Instant::now();
            let played = all::<P, _>((0..PAIRS).map(|_| {
                let table = Arc::new(Table::default());
                async move {
                    let partner = Arc::clone(&table);
                    let partner = P::spawn(async move { partner.return_all().await });
                    table.serve(each, None).await;
                    partner.await
                }
            }))
            .await;
            let elapsed = start.elapsed();
            assert_eq!(played.iter().sum::<u64>(), each * PAIRS);
            Sample::time(elapsed, each * PAIRS)
        })
    })
}

fn with_block_on<P: Peer>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, rounds| {
        let table = Arc::new(Table::default());
        let partner = Arc::clone(&table);
        let start = Instant::now();
        let partner = peer.spawn_from_outside(async move { partner.return_all().await });
        let played = peer.block_on(async {
            table.serve(rounds, None).await;
            partner.await
        });
        let elapsed = start.elapsed();
        assert_eq!(played, rounds);
        Sample::time(elapsed, rounds)
    })
}

fn no_starving<P: Peer>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, count| {
        let each = count.div_ceil(OTHERS);
        on_worker(peer, async move {
            let stop = Arc::new(AtomicBool::new(false));
            let table = Arc::new(Table::default());
            let partner = Arc::clone(&table);
            let partner = P::spawn(async move { partner.return_all().await });
            let until = Arc::clone(&stop);
            let server = P::spawn(async move { table.serve(u64::MAX, Some(&until)).await });
            let start = Instant::now();
            let yielded = all::<P, _>((0..OTHERS).map(|_| yields::<P>(each))).await;
            let elapsed = start.elapsed();
            stop.store(true, Ordering::Relaxed);
            assert_eq!(server.await, partner.await, "a round was lost");
            assert_eq!(yielded.iter().sum::<u64>(), each * OTHERS);
            Sample::time(elapsed, each * OTHERS)
        })
    })
}
