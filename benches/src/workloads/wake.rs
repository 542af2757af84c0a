//! Waking a runtime that sleeps: how late the woken task runs, and what the wake costs whoever wakes.

use crate::peer::{Peer, on_worker};
use crate::workload::{Case, Floor, Pinning, Sample, Setting, Unit, Workload};
use crate::workloads::place;
use crate::workloads::sampling::{
    DEADLINE, histogram, median, nanoseconds_since, on_fresh, spin, warm_up,
};
use crate::workloads::turn::Turn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What the workloads of this file share.
const WAKE: Workload = Workload {
    name: "",
    group: "wake latency",
    isolates: "",
    cannot_show: "",
    floor: None,
    workers: &[1],
    operations: 1000,
    most_rounds: None,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// Everything on one processor.
pub static ONE_PROCESSOR: Workload = Workload {
    name: "wake from outside, one processor",
    isolates: "From a wake on a thread outside to the poll on a worker that slept, both on one processor, which was busy.",
    cannot_show: "The time a sleeping processor takes to wake; here none sleeps.",
    floor: Some(Floor {
        parts: &[("unpark to run, one processor", 1.0)],
        quantity: "p50 latency",
    }),
    pinning: Pinning::OneProcessor,
    ..WAKE
};

/// Wherever the system puts the threads.
pub static ANYWHERE: Workload = Workload {
    name: "wake from outside",
    isolates: "From a wake on a thread outside, busy for 100 µs before, to the poll on a worker that slept.",
    cannot_show: "The runtime apart from the system's choice of a processor, which changes from minute to minute; the bare peer has the same choice made for it.",
    floor: Some(Floor {
        parts: &[("unpark to run, one processor", 1.0)],
        quantity: "p50 latency",
    }),
    workers: &[1, 2, 0],
    ..WAKE
};

/// The workers on the first processor, the thread outside on the second.
pub static OTHER_PROCESSOR: Workload = Workload {
    name: "wake from outside, other processor",
    isolates: "From a wake on one processor to the poll on a worker that slept on another.",
    cannot_show: "The runtime's own share: the system's interrupt and the sleep of the processor are most of it.",
    floor: Some(Floor {
        parts: &[("unpark to run, other processor", 1.0)],
        quantity: "p50 latency",
    }),
    workers: &[1, 2],
    pinning: Pinning::Apart,
    ..WAKE
};

/// A wake that crosses no thread.
pub static SAME_WORKER: Workload = Workload {
    name: "wake of a task on the same worker",
    isolates: "From a wake in a task to the poll of the woken task on the only worker, which goes there at once.",
    cannot_show: "Less than a reading of the clock, which is part of it.",
    floor: Some(Floor {
        parts: &[("clock read", 1.0), ("deque push and pop", 1.0)],
        quantity: "p50 latency",
    }),
    operations: 100_000,
    ..WAKE
};

/// The workloads of this file.
pub fn cases<P: Peer>() -> Vec<Case> {
    vec![
        Case {
            workload: &ONE_PROCESSOR,
            run: |setting| from_outside::<P>(&ONE_PROCESSOR, setting),
        },
        Case {
            workload: &ANYWHERE,
            run: |setting| from_outside::<P>(&ANYWHERE, setting),
        },
        Case {
            workload: &OTHER_PROCESSOR,
            run: |setting| from_outside::<P>(&OTHER_PROCESSOR, setting),
        },
        Case {
            workload: &SAME_WORKER,
            run: on_same_worker::<P>,
        },
    ]
}

/// What a thread outside rings, and when it did.
#[derive(Debug)]
pub struct Bell {
    start: Instant,
    rung: AtomicU64,
    heard: AtomicU64,
}

impl Default for Bell {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            rung: AtomicU64::new(0),
            heard: AtomicU64::new(0),
        }
    }
}

impl Bell {
    /// Notes the time, just before a wake.
    pub fn ring(&self) {
        let now = nanoseconds_since(self.start);
        self.rung.store(now, Ordering::Release);
    }

    /// The nanoseconds since the last ring.
    pub fn latency(&self) -> u64 {
        nanoseconds_since(self.start) - self.rung.load(Ordering::Acquire)
    }

    /// Tells the ringer that the wake was heard.
    pub fn confirm(&self) {
        self.heard.fetch_add(1, Ordering::Release);
    }

    /// How many wakes were heard.
    pub fn heard(&self) -> u64 {
        self.heard.load(Ordering::Acquire)
    }

    /// Calls `wake` with 1, 2, … `wakes`, each time after the listener confirmed the one before, had time to fall
    /// asleep, and this thread was busy for 100 µs; returns the nanoseconds of the calls.
    pub fn ring_all(&self, wakes: u64, mut wake: impl FnMut(u64)) -> Vec<u64> {
        let mut calls = Vec::with_capacity(wakes as usize);
        for number in 1..=wakes {
            // The listener may share this processor, so it needs to be left alone to go to sleep.
            std::thread::sleep(Duration::from_micros(100));
            // A thread that wakes others was doing something; it also keeps the processor's clock up.
            spin(Duration::from_micros(100));
            let call = Instant::now();
            self.ring();
            wake(number);
            calls.push(nanoseconds_since(call));
            while self.heard() < number {
                std::thread::yield_now();
            }
        }
        calls
    }
}

/// The sample of latencies and wake calls.
pub fn sample(latencies: Vec<u64>, calls: Vec<u64>) -> Sample {
    assert_eq!(latencies.len(), calls.len(), "wakes were lost");
    Sample::latency(histogram(latencies)).with("wake call p50", Unit::Nanoseconds, median(calls))
}

fn from_outside<P: Peer>(workload: &Workload, setting: Setting) -> Sample {
    place::at_workers(workload.pinning, || {
        let peer = P::start(setting.workers);
        wakes_from_outside(&peer, workload.pinning, warm_up(setting.operations));
        wakes_from_outside(&peer, workload.pinning, setting.operations)
    })
}

fn wakes_from_outside<P: Peer>(peer: &P, pinning: Pinning, wakes: u64) -> Sample {
    let bell = Arc::new(Bell::default());
    let turn = Arc::new(Turn::default());
    let listener = {
        let (bell, turn) = (Arc::clone(&bell), Arc::clone(&turn));
        peer.spawn_from_outside(async move {
            let mut latencies = Vec::with_capacity(wakes as usize);
            for number in 1..=wakes {
                turn.reached(number).await;
                latencies.push(bell.latency());
                bell.confirm();
            }
            latencies
        })
    };
    // A thread of its own, since the workers of a current-thread runtime are whoever is in `block_on`.
    let ringer = std::thread::spawn(move || {
        place::outside(pinning);
        bell.ring_all(wakes, |number| turn.advance(number))
    });
    let latencies = peer.block_on(listener);
    sample(latencies, ringer.join().expect("the ringer rings"))
}

fn on_same_worker<P: Peer>(setting: Setting) -> Sample {
    on_fresh(setting, |peer: &P, wakes| {
        on_worker(peer, async move {
            let bell = Arc::new(Bell::default());
            let turns = Arc::new((Turn::default(), Turn::default()));
            let listener = {
                let (bell, turns) = (Arc::clone(&bell), Arc::clone(&turns));
                P::spawn(async move {
                    let mut latencies = Vec::with_capacity(wakes as usize);
                    for number in 1..=wakes {
                        turns.0.reached(number).await;
                        latencies.push(bell.latency());
                        turns.1.advance(number);
                    }
                    latencies
                })
            };
            for number in 1..=wakes {
                bell.ring();
                turns.0.advance(number);
                turns.1.reached(number).await;
            }
            let latencies = listener.await;
            assert_eq!(latencies.len() as u64, wakes, "wakes were lost");
            Sample::latency(histogram(latencies))
        })
    })
}
