//! What a runtime counts of its workers.

mod task_support;

use leno::runtime::{Builder, RuntimeMetrics};
use leno::time::{Duration, sleep};
use std::sync::mpsc;
use task_support::{current_thread, multi_thread};

#[test]
fn a_worker_that_sleeps_has_parked_once_more_than_it_woke() {
    let runtime = current_thread();
    let metrics = runtime.metrics();
    assert_eq!(metrics.worker_park_unpark_count(0), 0);
    runtime.block_on(async { sleep(Duration::from_millis(1)).await });
    assert!(metrics.worker_park_count(0) >= 1);
    assert_eq!(metrics.worker_park_unpark_count(0) % 2, 0);
}

#[test]
fn a_worker_s_busy_time_grows() {
    for runtime in [current_thread(), multi_thread(2)] {
        let metrics = runtime.metrics();
        runtime
            .block_on(runtime.spawn(async { leno::task::yield_now().await }))
            .unwrap();
        drop(runtime);
        for worker in 0..metrics.num_workers() {
            assert!(metrics.worker_total_busy_duration(worker) > Duration::ZERO);
        }
    }
}

#[test]
#[should_panic(expected = "there is no worker 2: this runtime has 2, counted from 0")]
fn there_is_no_worker_past_the_last() {
    let _ = multi_thread(2).metrics().worker_park_count(2);
}

fn sum(metrics: &RuntimeMetrics, of: impl Fn(&RuntimeMetrics, usize) -> u64) -> u64 {
    (0..metrics.num_workers())
        .map(|worker| of(metrics, worker))
        .sum()
}

#[test]
fn what_another_worker_takes_is_counted() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .spare_workers(0)
        .build()
        .unwrap();
    let metrics = runtime.metrics();
    assert_eq!(sum(&metrics, RuntimeMetrics::worker_steal_operations), 0);
    let busy = runtime.spawn(async {
        let (ran, rest) = mpsc::channel();
        for _ in 0..8 {
            let ran = ran.clone();
            leno::spawn(async move { _ = ran.send(()) });
        }
        // This worker comes to none of them.
        rest.recv().unwrap();
    });
    runtime.block_on(busy).unwrap();
    let operations = sum(&metrics, RuntimeMetrics::worker_steal_operations);
    let tasks = sum(&metrics, RuntimeMetrics::worker_steal_count);
    assert!(
        operations >= 1 && tasks >= operations,
        "{operations} {tasks}"
    );
}

#[test]
fn timers_that_go_off_are_counted() {
    for runtime in [current_thread(), multi_thread(1)] {
        let metrics = runtime.metrics();
        runtime.block_on(async {
            for _ in 0..3 {
                sleep(Duration::from_millis(1)).await;
            }
            // This one does not.
            let never = leno::time::timeout(Duration::from_secs(3600), async {});
            never.await.unwrap();
        });
        assert_eq!(metrics.timers_fired_count(), 3);
    }
}

#[test]
fn events_of_sockets_are_counted() {
    for runtime in [current_thread(), multi_thread(1)] {
        let metrics = runtime.metrics();
        runtime.block_on(async {
            let listener = leno::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let client = leno::net::TcpStream::connect(address);
            let (client, server) = leno::join!(client, listener.accept());
            drop((client.unwrap(), server.unwrap()));
        });
        assert!(metrics.io_driver_ready_count() >= 1);
    }
}

#[test]
fn the_time_in_which_a_worker_is_stuck_is_counted() {
    let runtime = multi_thread(2);
    let metrics = runtime.metrics();
    assert_eq!(metrics.worker_total_stuck_duration(0), Duration::ZERO);
    let stuck = runtime.spawn(async move {
        let time = |worker| metrics.worker_total_stuck_duration(worker);
        // It holds its worker up until that has been seen.
        while time(0).max(time(1)) < Duration::from_millis(10) {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    runtime.block_on(stuck).unwrap();
}
