//! What goes on while all workers are blocked.

use crate::peer::{Network, Timers, on_worker};
use crate::workload::{Case, Pinning, REPEATS, Sample, Setting, Unit, Workload};
use crate::workloads::echo;
use crate::workloads::lateness::lateness;
use crate::workloads::sampling::{DEADLINE, all, histogram};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What the workloads of this file share.
const RESCUE: Workload = Workload {
    name: "",
    group: "timers",
    isolates: "",
    cannot_show: "Whether the blockers themselves end sooner: they do not.",
    floor: None,
    workers: &[2],
    operations: 10_000 * SLEEPS,
    most_rounds: REPEATS,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// Sleeps of each task.
const SLEEPS: u64 = 15;

/// As many blockers as workers.
pub static BLOCKERS: Workload = Workload {
    name: "w blockers among 10k timers",
    isolates: "10000 tasks that sleep 100 ms again and again, and an echo, while as many tasks as there are workers block their threads for 1 s: how late the sleeps end, and how many messages come back meanwhile.",
    ..RESCUE
};

/// Three times as many.
pub static THRICE: Workload = Workload {
    name: "3w blockers among 10k timers",
    isolates: "The same with three times as many blockers as there are workers.",
    ..RESCUE
};

/// As many, on a runtime that rescues nobody.
pub static ALONE: Workload = Workload {
    name: "w blockers, without a rescue",
    isolates: "As many blockers as workers, but who has spare workers does without: what these are worth.",
    ..RESCUE
};

/// The workloads of this file.
pub fn cases<P: Timers + Network>() -> Vec<Case> {
    vec![
        Case {
            workload: &BLOCKERS,
            run: |setting| blocked(&P::start(setting.workers), setting, 1),
        },
        Case {
            workload: &THRICE,
            run: |setting| blocked(&P::start(setting.workers), setting, 3),
        },
        Case {
            workload: &ALONE,
            run: |setting| blocked(&P::start_alone(setting.workers), setting, 1),
        },
    ]
}

/// `times` as many blockers as there are workers. No warm-up: the first round of sleeps is one.
fn blocked<P: Timers + Network>(peer: &P, setting: Setting, times: usize) -> Sample {
    const LENGTH: Duration = Duration::from_millis(100);
    const BLOCKED: Duration = Duration::from_secs(1);

    let tasks = setting.operations.div_ceil(SLEEPS);
    let (latenesses, per_second) = on_worker(peer, async move {
        let (listener, address) = P::listen().await;
        let server = P::spawn(echo::serve::<P>(listener, 1));
        let mut stream = P::connect(address).await;
        let done = Arc::new(AtomicBool::new(false));
        let client = P::spawn({
            let done = done.clone();
            async move {
                let start = Instant::now();
                let mut messages = 0;
                while !done.load(Ordering::Relaxed) {
                    P::write_all(&mut stream, &[0]).await;
                    assert_eq!(
                        P::read(&mut stream, &mut [0]).await,
                        1,
                        "the server is gone"
                    );
                    messages += 1;
                    P::sleep(Duration::from_millis(2)).await;
                }
                f64::from(messages) / start.elapsed().as_secs_f64()
            }
        });
        let blockers: Vec<_> = (0..times * setting.workers)
            .map(|_| {
                P::spawn(async move {
                    P::sleep(LENGTH * 3 / 2).await;
                    std::thread::sleep(BLOCKED);
                })
            })
            .collect();
        let first = Instant::now() + LENGTH;
        let periodic = all::<P, _>((0..tasks).map(|number| async move {
            let mut latenesses = Vec::with_capacity(SLEEPS as usize);
            let mut due = first + LENGTH.mul_f64(number as f64 / tasks as f64);
            for _ in 0..SLEEPS {
                P::sleep(due.saturating_duration_since(Instant::now())).await;
                latenesses.push(lateness(due));
                due = Instant::now() + LENGTH;
            }
            latenesses
        }));
        let latenesses = periodic.await;
        for blocker in blockers {
            blocker.await;
        }
        done.store(true, Ordering::Relaxed);
        let per_second = client.await;
        server.await;
        (latenesses.concat(), per_second)
    });
    assert_eq!(
        latenesses.len() as u64,
        tasks * SLEEPS,
        "sleeps are missing"
    );
    let histogram = histogram(latenesses);
    let latest = histogram.max() as f64;
    Sample::latency(histogram)
        .with("latest", Unit::Nanoseconds, latest)
        .with("messages there and back", Unit::PerSecond, per_second)
}
