//! A task that blocks its worker, which none should, holds up what it has to itself and nothing else: its wakes, its timers
//! and all events come through, as long as another worker sleeps.

use leno::io::{AsyncReadExt, AsyncWriteExt};
use leno::net::UnixStream;
use leno::runtime::{Builder, Runtime};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

/// Longer than anything here takes that comes at all.
const NEVER: Duration = Duration::from_secs(60);

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// Waits until all workers have gone to sleep and stay there: one in the reactor, the other elsewhere.
fn wait_until_idle(runtime: &Runtime) {
    let metrics = runtime.metrics();
    let asleep = || {
        let counts: [u64; 2] = std::array::from_fn(|i| metrics.worker_park_unpark_count(i));
        counts.iter().all(|count| count % 2 == 1).then_some(counts)
    };
    while asleep().is_none_or(|before| {
        thread::yield_now();
        asleep() != Some(before)
    }) {}
}

#[test]
fn events_reach_the_others() {
    for _ in 0..20 {
        let runtime = runtime();
        let (mut to_stuck, mut from_us, mut to_other, mut from_stuck) = runtime.block_on(async {
            let (a, b) = UnixStream::pair().unwrap();
            let (c, d) = UnixStream::pair().unwrap();
            (a, b, c, d)
        });
        let (unblock, blocked) = mpsc::channel();
        let stuck = runtime.spawn(async move {
            // Comes out of the reactor, so that nobody waits there from here on.
            from_us.read_u8().await.unwrap();
            to_other.write_u8(2).await.unwrap();
            blocked.recv_timeout(NEVER)
        });
        let other = runtime.spawn(async move {
            from_stuck.read_u8().await.unwrap();
            unblock.send(()).unwrap();
        });
        wait_until_idle(&runtime);
        runtime.block_on(async {
            to_stuck.write_u8(1).await.unwrap();
            stuck.await.unwrap().unwrap();
            other.await.unwrap();
        });
    }
}

#[test]
fn what_a_stuck_task_has_spawned_runs() {
    for _ in 0..20 {
        let runtime = runtime();
        wait_until_idle(&runtime);
        let stuck = runtime.spawn(async {
            let (unblock, blocked) = mpsc::channel();
            leno::spawn(async move { unblock.send(()) }).detach();
            blocked.recv_timeout(NEVER)
        });
        runtime.block_on(stuck).unwrap().unwrap();
    }
}

#[test]
fn timers_fire() {
    for _ in 0..20 {
        let runtime = runtime();
        let (mut to_stuck, mut from_us) = runtime.block_on(async { UnixStream::pair().unwrap() });
        let stuck = runtime.spawn(async move {
            // As above.
            from_us.read_u8().await.unwrap();
            let (unblock, blocked) = mpsc::channel();
            leno::spawn(async move {
                leno::time::sleep(Duration::from_millis(1)).await;
                unblock.send(())
            })
            .detach();
            // So the timer is this worker's.
            leno::task::yield_now().await;
            blocked.recv_timeout(NEVER)
        });
        wait_until_idle(&runtime);
        runtime.block_on(async {
            to_stuck.write_u8(1).await.unwrap();
            stuck.await.unwrap().unwrap();
        });
    }
}

#[test]
fn a_busy_worker_takes_the_tasks_of_one_that_is_stuck() {
    for _ in 0..20 {
        let runtime = runtime();
        // Two tasks that always run, so that no worker ever has nothing to do.
        let done = Arc::new(AtomicBool::new(false));
        let busy: [_; 2] = std::array::from_fn(|_| {
            let done = Arc::clone(&done);
            runtime.spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    leno::task::yield_now().await;
                }
            })
        });
        let stuck = runtime.spawn(async {
            let (unblock, blocked) = mpsc::channel();
            for _ in 0..10 {
                let unblock = unblock.clone();
                leno::spawn(async move { unblock.send(()) }).detach();
            }
            for _ in 0..10 {
                blocked.recv_timeout(NEVER).unwrap();
            }
        });
        runtime.block_on(stuck).unwrap();
        done.store(true, Ordering::Relaxed);
        for task in busy {
            runtime.block_on(task).unwrap();
        }
    }
}
