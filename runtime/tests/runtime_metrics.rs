//! What a runtime counts of its workers.

mod task_support;

use leno::time::{Duration, sleep};
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
