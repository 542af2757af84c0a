//! `leno::sync::Barrier`: all go on when the last one has come, round after round.

#[path = "support/sync_support.rs"]
mod support;

use leno::sync::Barrier;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::manual;

#[test]
fn nobody_waits_alone() {
    for n in [0, 1] {
        let barrier = Barrier::new(n);
        for _ in 0..3 {
            assert!(manual(barrier.wait()).ready().is_leader());
        }
    }
}

#[test]
fn the_last_one_leads_and_wakes_the_others() {
    let barrier = Barrier::new(3);
    for _ in 0..3 {
        let mut first = manual(barrier.wait());
        let mut second = manual(barrier.wait());
        first.pending();
        second.pending();
        // Polled again it has not come again.
        first.pending();
        assert!(manual(barrier.wait()).ready().is_leader());
        assert!(first.is_woken() && second.is_woken());
        assert!(!second.ready().is_leader());
        assert!(!first.ready().is_leader());
    }
}

#[test]
fn the_next_round_does_not_wait_for_those_who_linger() {
    let barrier = Barrier::new(2);
    let mut first = manual(barrier.wait());
    first.pending();
    assert!(manual(barrier.wait()).ready().is_leader());
    let mut next = manual(barrier.wait());
    next.pending();
    assert!(!first.ready().is_leader());
    next.pending();
    assert!(manual(barrier.wait()).ready().is_leader());
    assert!(!next.ready().is_leader());
}

#[test]
fn who_has_come_counts_also_if_it_goes_away() {
    let barrier = Barrier::new(2);
    let mut first = manual(barrier.wait());
    first.pending();
    drop(first);
    assert!(manual(barrier.wait()).ready().is_leader());
    assert_eq!(format!("{barrier:?}"), "Barrier { n: 2, .. }");
}

#[leno::test(flavor = "multi_thread", worker_threads = 4)]
async fn rounds_of_many_tasks_keep_apart() {
    const TASKS: usize = 5;

    let shared = Arc::new((Barrier::new(TASKS), AtomicUsize::new(0)));
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let shared = shared.clone();
            leno::spawn(async move {
                let (barrier, count) = &*shared;
                let mut led = 0;
                for round in 1..=300 {
                    count.fetch_add(1, Ordering::Relaxed);
                    led += usize::from(barrier.wait().await.is_leader());
                    assert_eq!(count.load(Ordering::Relaxed), round * TASKS);
                    barrier.wait().await;
                }
                led
            })
        })
        .collect();
    let mut led = 0;
    for task in tasks {
        led += task.await.unwrap();
    }
    assert_eq!(led, 300);
}
