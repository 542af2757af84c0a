//! A runtime that has nothing to do.

use crate::peer::Timers;
use crate::workload::{Case, Pinning, Sample, Setting, Unit, Workload};
use crate::workloads::sampling::{DEADLINE, processor_time};
use crate::workloads::turn::Turn;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Nothing happens.
pub static IDLE: Workload = Workload {
    name: "idle processor time",
    group: "idle",
    isolates: "The processor time that a runtime uses while 1000 tasks and a timer of 10 s wait, per second: close to none if its threads sleep until there is something to do.",
    cannot_show: "How soon it is there when something happens; the wake rows show that.",
    floor: None,
    workers: &[2],
    // Milliseconds.
    operations: 1000,
    most_rounds: None,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// The workload of this file.
pub fn cases<P: Timers>() -> Vec<Case> {
    vec![Case {
        workload: &IDLE,
        run: idle::<P>,
    }]
}

fn idle<P: Timers>(setting: Setting) -> Sample {
    const TASKS: usize = 1000;
    let peer = P::start(setting.workers);
    let signals: Arc<Vec<Turn>> = Arc::new((0..=TASKS).map(|_| Turn::default()).collect());
    let waiting: Vec<_> = (0..TASKS)
        .map(|task| {
            let signals = Arc::clone(&signals);
            peer.spawn_from_outside(async move { signals[task].reached(1).await })
        })
        .collect();
    let sleeper = {
        let signals = Arc::clone(&signals);
        peer.spawn_from_outside(async move {
            let mut sleep = pin!(P::sleep(Duration::from_secs(10)));
            let mut signal = pin!(signals[TASKS].reached(1));
            poll_fn(|cx| {
                assert!(sleep.as_mut().poll(cx).is_pending(), "it fired early");
                signal.as_mut().poll(cx)
            })
            .await
        })
    };
    // Until the tasks have been polled and the workers have gone to sleep.
    std::thread::sleep(Duration::from_millis(50));
    let (start, before) = (Instant::now(), processor_time());
    std::thread::sleep(Duration::from_millis(setting.operations));
    let (elapsed, used) = (start.elapsed(), processor_time() - before);
    for signal in &*signals {
        signal.advance(1);
    }
    let reached = peer.block_on(async {
        let mut reached = sleeper.await;
        for task in waiting {
            reached += task.await;
        }
        reached
    });
    assert_eq!(reached, TASKS as u64 + 1, "tasks are missing");
    Sample::default().with(
        "processor time per second",
        Unit::Nanoseconds,
        used.as_nanos() as f64 / elapsed.as_secs_f64(),
    )
}
