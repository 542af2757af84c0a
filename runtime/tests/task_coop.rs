//! A task that could go on for ever lets the others run.

mod task_support;

use leno::task::coop::{
    consume_budget, cooperative, has_budget_remaining, poll_proceed, unconstrained,
};
use std::future::{poll_fn, ready};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use task_support::{current_thread, on_each_runtime, runtimes};

/// Polls `future` to its end, and counts the polls.
async fn polls<F: Future>(future: F) -> usize {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|cx| {
        polls += 1;
        future.as_mut().poll(cx).map(drop)
    })
    .await;
    polls
}

async fn spend(units: usize) {
    for _ in 0..units {
        consume_budget().await;
    }
}

/// Takes a unit of the present poll's budget, if there is one.
fn take_unit() -> bool {
    match poll_proceed(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(unit) => {
            unit.made_progress();
            true
        }
        Poll::Pending => false,
    }
}

async fn a_greedy_task_lets_another_run(kind: &str) {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let greedy = leno::spawn(async move {
        while !stopped.load(Ordering::Relaxed) {
            consume_budget().await;
        }
    });
    leno::spawn(async move { stop.store(true, Ordering::Relaxed) });
    greedy.await.expect(kind);
}

#[test]
fn the_budget_of_a_poll_is_128_units() {
    for (kind, runtime) in runtimes() {
        runtime.block_on(async {
            assert_eq!(leno::spawn(polls(spend(128))).await.unwrap(), 1, "{kind}");
            assert_eq!(leno::spawn(polls(spend(129))).await.unwrap(), 2, "{kind}");
            assert_eq!(leno::spawn(polls(spend(1280))).await.unwrap(), 10, "{kind}");
        });
        // The future of a `block_on` has one too.
        assert_eq!(runtime.block_on(polls(spend(129))), 2, "{kind}");
    }
}

/// Whatever was polled before on that worker, and wherever the task waited: in the next slot, in the queue, outside.
#[test]
fn every_poll_begins_with_a_budget_of_its_own() {
    for (kind, runtime) in runtimes() {
        let units = || poll_fn(|_| Poll::Ready((0..).take_while(|_| take_unit()).count()));
        // Woken by one that has spent its own, and a chain of such.
        let units_of_woken = runtime.block_on(async move {
            leno::spawn(async move {
                let (wake, woken) = leno::sync::oneshot::channel::<()>();
                let (wake_next, woken_next) = leno::sync::oneshot::channel::<()>();
                let first = leno::spawn(async move {
                    let _ = woken.await;
                    let units = units().await;
                    drop(wake_next);
                    units
                });
                let second = leno::spawn(async move {
                    let _ = woken_next.await;
                    units().await
                });
                spend(128).await;
                drop(wake);
                [first.await.unwrap(), second.await.unwrap()]
            })
            .await
            .unwrap()
        });
        // (Being woken by the channel has taken one.)
        assert_eq!(units_of_woken, [127, 127], "{kind}");
        // Spawned from outside, while others spend all they are given.
        let stop = Arc::new(AtomicBool::new(false));
        for _ in 0..8 {
            let stop = stop.clone();
            runtime.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    spend(129).await;
                }
            });
        }
        let mut spawned = Vec::new();
        for _ in 0..500 {
            spawned.push(runtime.spawn(units()));
        }
        let units: Vec<_> = spawned
            .into_iter()
            .map(|task| runtime.block_on(task).unwrap())
            .collect();
        stop.store(true, Ordering::Relaxed);
        assert!(units.iter().all(|&units| units == 128), "{kind}: {units:?}");
    }
}

// It counts polls, of which a simulation may make more.
#[leno::test(flavor = "multi_thread", worker_threads = 1, sim = false)]
async fn a_unit_comes_back_without_progress() {
    let polls = polls(poll_fn(|cx| {
        for _ in 0..1000 {
            let Poll::Ready(unit) = poll_proceed(cx) else {
                return Poll::Pending;
            };
            drop(unit);
        }
        Poll::Ready(())
    }));
    assert_eq!(leno::spawn(polls).await.unwrap(), 1);
}

// It counts the units of one poll, and a simulation may say earlier that they are spent.
#[leno::test(flavor = "multi_thread", worker_threads = 1, sim = false)]
async fn a_unit_is_kept_after_progress() {
    let spent = Arc::new(AtomicUsize::new(0));
    let count = spent.clone();
    leno::spawn(poll_fn(move |cx| {
        if count.load(Ordering::SeqCst) > 0 {
            return Poll::Ready(());
        }
        while let Poll::Ready(unit) = poll_proceed(cx) {
            unit.made_progress();
            assert!(count.fetch_add(1, Ordering::SeqCst) < 1000);
        }
        assert!(!has_budget_remaining());
        Poll::Pending
    }))
    .await
    .unwrap();
    assert_eq!(spent.load(Ordering::SeqCst), 128);
}

#[test]
fn an_unconstrained_future_is_never_held_back() {
    for (kind, runtime) in runtimes() {
        runtime.block_on(async {
            let polls = polls(async {
                unconstrained(spend(10_000)).await;
                // What it did has cost the task nothing.
                spend(128).await;
            });
            assert_eq!(leno::spawn(polls).await.unwrap(), 1, "{kind}");
        });
    }
}

// It counts polls, of which a simulation may make more.
#[leno::test(flavor = "multi_thread", worker_threads = 1, sim = false)]
async fn a_cooperative_future_spends_a_unit_when_it_is_ready() {
    let ready = polls(async {
        for _ in 0..129 {
            cooperative(ready(())).await;
        }
    });
    assert_eq!(leno::spawn(ready).await.unwrap(), 2);
    let pending = polls(async {
        let mut pending = pin!(cooperative(std::future::pending::<()>()));
        poll_fn(|cx| {
            for _ in 0..1000 {
                assert!(pending.as_mut().poll(cx).is_pending());
            }
            assert!(has_budget_remaining());
            Poll::Ready(())
        })
        .await;
    });
    assert_eq!(leno::spawn(pending).await.unwrap(), 1);
}

#[test]
fn off_a_runtime_nothing_is_held_back() {
    let mut future = pin!(spend(100_000));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_ready());
    assert!(has_budget_remaining());
}

#[test]
fn a_blocking_closure_has_no_budget_to_spend() {
    current_thread().block_on(async {
        leno::task::spawn_blocking(|| {
            let mut cx = Context::from_waker(Waker::noop());
            assert!(pin!(spend(100_000)).as_mut().poll(&mut cx).is_ready());
        })
        .await
        .unwrap();
    });
}

#[leno::test]
async fn awaiting_tasks_that_are_ready_spends_budget() {
    let tasks: Vec<_> = (0..1000).map(|_| leno::spawn(async {})).collect();
    while !tasks.iter().all(leno::task::JoinHandle::is_finished) {
        leno::task::yield_now().await;
    }
    let polls = polls(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert!(polls.await >= 7);
}

#[leno::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_names_of_before_still_work() {
    leno::task::consume_budget().await;
    leno::task::unconstrained(leno::task::consume_budget()).await;
}

on_each_runtime!(a_greedy_task_lets_another_run);
