//! Each run of a simulation begins as the first did, whatever the one before has left behind.

use leno::runtime::{Handle, Id};
use leno::sim::Builder;
use leno::task::JoinHandle;
use leno::time::{self, Duration, Instant, Sleep, sleep};
use std::cell::Cell;
use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Poll, Waker};

const RUNS: u64 = 50;
const SECOND: Duration = Duration::from_secs(1);

/// What a program finds at its start, but for the runtime's id.
#[derive(Debug, PartialEq)]
struct Start {
    now: Instant,
    tasks: usize,
    queued: usize,
    fired: u64,
    busy: Duration,
    parked: u64,
    task: String,
}

impl Start {
    fn look() -> Self {
        // It panics if the clock is paused already.
        time::pause();
        time::resume();
        let metrics = Handle::current().metrics();
        let task = leno::spawn(std::future::ready(()));
        Self {
            now: Instant::now(),
            tasks: metrics.num_alive_tasks(),
            queued: metrics.global_queue_depth(),
            fired: metrics.timers_fired_count(),
            busy: metrics.worker_total_busy_duration(0),
            parked: metrics.worker_park_unpark_count(0),
            task: task.id().to_string(),
        }
    }
}

/// Runs `program` again and again, with a look at how each run begins.
#[track_caller]
fn begins_alike<F: Future<Output = ()>>(program: impl Fn() -> F + Sync) {
    let traces = tempfile::tempdir().unwrap();
    let starts: Mutex<Vec<(Start, Id)>> = Mutex::default();
    let builder = Builder::new().seeds(0..RUNS).traces(traces.path());
    let summary = builder.tolerate_sleepers(true).run(|| async {
        let start = (Start::look(), Handle::current().id());
        starts.lock().unwrap().push(start);
        program().await;
    });
    let summary = summary.unwrap_or_else(|failed| panic!("{failed}"));
    assert_eq!(summary.runs(), RUNS);
    let (starts, ids): (Vec<Start>, Vec<Id>) = starts.into_inner().unwrap().into_iter().unzip();
    for start in &starts {
        assert_eq!(*start, starts[0]);
    }
    let first = &starts[0];
    assert_eq!((first.tasks, first.queued, first.fired), (1, 0, 0));
    let different: HashSet<Id> = ids.iter().copied().collect();
    assert_eq!(different.len(), ids.len(), "no id is used again");
}

#[test]
fn after_a_run_that_leaves_nothing() {
    begins_alike(|| async {
        leno::spawn(async {}).await.unwrap();
    });
}

#[test]
fn after_time_has_moved_and_timers_have_gone_off() {
    begins_alike(|| async {
        let sleeps: Vec<_> = (0..5)
            .map(|n| leno::spawn(sleep(Duration::from_millis(7 * n))))
            .collect();
        for sleep in sleeps {
            sleep.await.unwrap();
        }
        assert!(Handle::current().metrics().timers_fired_count() > 0);
    });
}

#[test]
fn after_the_program_has_paused_its_clock() {
    begins_alike(|| async {
        time::pause();
        time::advance(Duration::from_secs(3)).await;
    });
}

#[test]
fn after_a_closure_has_blocked() {
    begins_alike(|| async {
        let closure = leno::task::spawn_blocking(|| Handle::current().block_on(sleep(SECOND)));
        closure.await.unwrap();
    });
}

#[test]
fn after_tasks_that_slept_were_cancelled() {
    begins_alike(|| async {
        for _ in 0..3 {
            leno::spawn(sleep(SECOND));
        }
        leno::task::yield_now().await;
    });
}

thread_local! {
    static HANDLE: Cell<Option<Handle>> = const { Cell::new(None) };
    static JOINED: Cell<Option<JoinHandle<()>>> = const { Cell::new(None) };
    static WAKER: Cell<Option<Waker>> = const { Cell::new(None) };
    static TIMER: Cell<Option<Pin<Box<Sleep>>>> = const { Cell::new(None) };
}

/// Whoever keeps a runtime's handle keeps that runtime, which is ended and stays so.
#[test]
fn after_a_run_whose_handle_is_kept() {
    begins_alike(|| async {
        if let Some(before) = HANDLE.take() {
            assert_ne!(before.id(), Handle::current().id());
            let late = before.spawn(async { unreachable!("its runtime has ended") });
            assert!(late.await.unwrap_err().is_cancelled());
        }
        HANDLE.set(Some(Handle::current()));
    });
}

#[test]
fn after_a_run_whose_task_is_kept() {
    begins_alike(|| async {
        if let Some(before) = JOINED.take() {
            assert!(before.await.unwrap_err().is_cancelled());
        }
        JOINED.set(Some(leno::spawn(std::future::pending())));
        leno::task::yield_now().await;
    });
}

#[test]
fn after_a_run_whose_finished_task_is_kept() {
    begins_alike(|| async {
        if let Some(before) = JOINED.take() {
            before.await.unwrap();
        }
        let task = leno::spawn(async {});
        while !task.is_finished() {
            leno::task::yield_now().await;
        }
        JOINED.set(Some(task));
    });
}

/// The waker of the root that was before wakes nobody.
#[test]
fn after_a_run_whose_waker_is_kept() {
    begins_alike(|| async {
        let before = WAKER.take();
        let mut polls = 0;
        std::future::poll_fn(|cx| {
            polls += 1;
            WAKER.set(Some(cx.waker().clone()));
            if polls == 1 {
                // As often as anybody likes.
                before.iter().for_each(Waker::wake_by_ref);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        assert_eq!(polls, 2);
    });
}

#[test]
fn after_a_run_whose_timer_is_kept() {
    begins_alike(|| async {
        let mut timer = Box::pin(sleep(SECOND));
        let registered = std::future::poll_fn(|cx| Poll::Ready(timer.as_mut().poll(cx)));
        assert!(registered.await.is_pending());
        TIMER.set(Some(timer));
    });
}
