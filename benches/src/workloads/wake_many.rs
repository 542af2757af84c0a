//! Waking many tasks of the same runtime.

use crate::peer::{Peer, on_worker};
use crate::workload::{Case, Floor, Pinning, Sample, TIME_PER_OPERATION, Workload};
use crate::workloads::sampling::{DEADLINE, on_fresh};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Instant;

/// A task wakes a hundred others.
pub static SLEEPING: Workload = Workload {
    name: "wake, 100 sleeping tasks",
    group: "wake",
    isolates: "The wake of a sleeping task by another task, its way through the queue and an empty poll; the hundred wakers are registered once.",
    cannot_show: "Wakers that are registered anew for each wait, and wakes of a runtime that sleeps.",
    floor: Some(Floor {
        parts: &[
            ("atomic read-modify-write", 2.0),
            ("deque push and pop", 1.0),
        ],
        quantity: TIME_PER_OPERATION,
    }),
    workers: &[1, 0],
    operations: 300_000,
    most_rounds: None,
    deadline: DEADLINE,
    pinning: Pinning::None,
};

/// The workload of this file.
pub fn cases<P: Peer>() -> Vec<Case> {
    vec![Case {
        workload: &SLEEPING,
        run: |setting| on_fresh(setting, sleeping::<P>),
    }]
}

/// What the sleepers share with the task that wakes them.
#[derive(Default)]
struct Sleepers {
    wakers: Mutex<Vec<Waker>>,
    /// How often one of them was polled.
    polled: AtomicU64,
    ended: AtomicU64,
}

const TASKS: u64 = 100;

fn sleeping<P: Peer>(peer: &P, wakes: u64) -> Sample {
    let rounds = wakes.div_ceil(TASKS);
    on_worker(peer, async move {
        let sleepers = Arc::new(Sleepers::default());
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| P::spawn(sleeper(Arc::clone(&sleepers), rounds)))
            .collect();
        let polled = async |times: u64| {
            while sleepers.polled.load(Ordering::Acquire) < times * TASKS {
                P::yield_now().await;
            }
        };
        // The first poll of each registers its waker.
        polled(1).await;
        let wakers = std::mem::take(&mut *sleepers.wakers.lock().expect("not poisoned"));
        assert_eq!(wakers.len() as u64, TASKS, "wakers are missing");
        let start = Instant::now();
        for round in 0..rounds {
            for waker in &wakers {
                waker.wake_by_ref();
            }
            polled(round + 2).await;
        }
        let elapsed = start.elapsed();
        for task in tasks {
            task.await;
        }
        assert_eq!(sleepers.ended.load(Ordering::Acquire), TASKS);
        Sample::time(elapsed, rounds * TASKS)
    })
}

/// Sleeps until it was woken so many times.
fn sleeper(shared: Arc<Sleepers>, times: u64) -> impl Future<Output = ()> + Send {
    let polls = Cell::new(0);
    poll_fn(move |cx| {
        if polls.get() == 0 {
            let mut wakers = shared.wakers.lock().expect("not poisoned");
            wakers.push(cx.waker().clone());
        }
        polls.set(polls.get() + 1);
        shared.polled.fetch_add(1, Ordering::Release);
        if polls.get() > times {
            shared.ended.fetch_add(1, Ordering::Release);
            return Poll::Ready(());
        }
        Poll::Pending
    })
}
