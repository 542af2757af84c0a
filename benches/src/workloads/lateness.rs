//! How late timers fire, and what a timer that fires costs.

use crate::peer::{Timers, on_worker};
use crate::workload::{Case, Floor, Pinning, Sample, Setting, Unit, Workload};
use crate::workloads::sampling::{DEADLINE, all, histogram, on_fresh, processor_time, spin};
use std::time::{Duration, Instant};

/// What the workloads of this file share.
const LATENESS: Workload = Workload {
    name: "",
    group: "timers",
    isolates: "",
    cannot_show: "",
    floor: None,
    workers: &[2],
    operations: 0,
    most_rounds: None,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// One timer at a time.
pub static MILLISECOND: Workload = Workload {
    name: "1 ms sleep",
    isolates: "How late a sleep of 1 ms ends on a runtime that has nothing else to do. The bare peer reads a timerfd.",
    cannot_show: "The runtime apart from the system's timer, and from the wake of a sleeping processor.",
    floor: Some(Floor {
        parts: &[("bare timerfd lateness, 1 ms", 1.0)],
        quantity: "p50 latency",
    }),
    workers: &[1, 2, 0],
    operations: 200,
    ..LATENESS
};

/// Many timers.
pub static TEN_THOUSAND: Workload = Workload {
    name: "10k sleeps due within 100 ms",
    isolates: "How late sleeps end when one is due every 10 µs, and the processor time of one, its task's spawn included.",
    cannot_show: "Precision alone: firing timers in groups is cheaper and later.",
    operations: 10_000,
    ..LATENESS
};

/// Very many timers.
pub static HUNDRED_THOUSAND: Workload = Workload {
    name: "100k sleeps due within 100 ms",
    isolates: "How late sleeps end when one is due every microsecond, which is about what two workers can do.",
    cannot_show: "Timers that are due far apart.",
    operations: 100_000,
    ..LATENESS
};

/// A worker that does not look after its timers.
pub static BLOCKER: Workload = Workload {
    name: "one blocker among 10k timers",
    isolates: "10000 tasks that sleep 100 ms again and again while another blocks its worker for 200 ms: how late they wake, that is whether the blocked worker's timers are seen to.",
    cannot_show: "A runtime whose workers are all blocked; nobody can help that one.",
    operations: 40_000,
    ..LATENESS
};

/// The workloads of this file.
pub fn cases<P: Timers>() -> Vec<Case> {
    vec![
        Case {
            workload: &MILLISECOND,
            run: one_at_a_time::<P>,
        },
        Case {
            workload: &TEN_THOUSAND,
            run: |setting| on_fresh(setting, due_within_100_ms::<P>),
        },
        Case {
            workload: &HUNDRED_THOUSAND,
            run: |setting| on_fresh(setting, due_within_100_ms::<P>),
        },
        Case {
            workload: &BLOCKER,
            run: one_blocker::<P>,
        },
    ]
}

fn one_at_a_time<P: Timers>(setting: Setting) -> Sample {
    const LENGTH: Duration = Duration::from_millis(1);
    on_fresh(setting, |peer: &P, sleeps| {
        let latenesses = on_worker(peer, async move {
            let mut latenesses = Vec::new();
            for _ in 0..sleeps {
                let due = Instant::now() + LENGTH;
                P::sleep(LENGTH).await;
                latenesses.push(lateness(due));
            }
            latenesses
        });
        Sample::latency(histogram(latenesses))
    })
}

/// How long ago `due` was. Panics if it is to come: a sleep must not end early.
pub fn lateness(due: Instant) -> u64 {
    let now = Instant::now();
    assert!(now >= due, "a sleep ended {:?} early", due - now);
    (now - due).as_nanos() as u64
}

/// Sleeps until `due`, and returns how late it was.
async fn sleep_until<P: Timers>(due: Instant) -> u64 {
    // A task that is first polled after the time is late already; its sleep is polled all the same.
    P::sleep(due.saturating_duration_since(Instant::now())).await;
    lateness(due)
}

fn due_within_100_ms<P: Timers>(peer: &P, sleeps: u64) -> Sample {
    /// Until the first is due: all must have been spawned and polled by then.
    const LEAD: Duration = Duration::from_millis(200);
    const WITHIN: Duration = Duration::from_millis(100);
    // A prime stride, so that neighbours in order of creation are not neighbours in time.
    const STRIDE: u64 = 7919;

    let before = processor_time();
    let latenesses = on_worker(peer, async move {
        let first = Instant::now() + LEAD;
        all::<P, _>((0..sleeps).map(|number| {
            let place = number * STRIDE % sleeps;
            sleep_until::<P>(first + WITHIN.mul_f64(place as f64 / sleeps as f64))
        }))
        .await
    });
    let used = processor_time() - before;
    assert_eq!(latenesses.len() as u64, sleeps, "sleeps are missing");
    Sample::latency(histogram(latenesses)).with(
        "processor time per sleep",
        Unit::Nanoseconds,
        used.as_nanos() as f64 / sleeps as f64,
    )
}

fn one_blocker<P: Timers>(setting: Setting) -> Sample {
    /// Sleeps per task, of this length.
    const SLEEPS: u32 = 4;
    const LENGTH: Duration = Duration::from_millis(100);
    const BLOCKED: Duration = Duration::from_millis(200);

    // No warm-up: the first round of sleeps, before the blocker blocks, is one.
    let peer = P::start(setting.workers);
    let tasks = setting.operations.div_ceil(u64::from(SLEEPS));
    let latenesses = on_worker(&peer, async move {
        let first = Instant::now() + LENGTH;
        let blocker = P::spawn(async move {
            // In the middle of the timers, between two of the first round.
            P::sleep(LENGTH * 3 / 2).await;
            spin(BLOCKED);
        });
        let periodic = all::<P, _>((0..tasks).map(|number| async move {
            let mut latenesses = Vec::with_capacity(SLEEPS as usize);
            let mut due = first + LENGTH.mul_f64(number as f64 / tasks as f64);
            for _ in 0..SLEEPS {
                latenesses.push(sleep_until::<P>(due).await);
                due = Instant::now() + LENGTH;
            }
            latenesses
        }));
        let latenesses = periodic.await;
        blocker.await;
        latenesses.concat()
    });
    assert_eq!(latenesses.len() as u64, tasks * u64::from(SLEEPS));
    Sample::latency(histogram(latenesses))
}
