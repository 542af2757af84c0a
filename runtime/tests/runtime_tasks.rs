//! A runtime tells which tasks it has, whatever its workers are doing, and does not hold them up.

mod task_support;

use leno::runtime::{Handle, LocalRuntime, Runtime};
use leno::sync::Notify;
use leno::task::{self, LocalSet, TaskInfo, TaskState};
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};
use task_support::{current_thread, multi_thread};

/// Longer than anything here takes that comes at all.
const NEVER: Duration = Duration::from_secs(60);

/// Waits until it is so.
#[track_caller]
fn until(mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < NEVER, "it never comes");
        thread::yield_now();
    }
}

/// Runs a runtime until so many tasks sleep.
#[track_caller]
fn runs_until_asleep(runtime: &Runtime, count: usize) {
    until(|| {
        runtime.block_on(task::yield_now());
        runtime.handle().tasks().len() == count
    });
}

/// A runtime of each kind, with so many tasks that sleep and are called so.
fn asleep(count: usize, name: &str) -> [Runtime; 2] {
    let runtimes = [current_thread(), multi_thread(2)];
    for runtime in &runtimes {
        for _ in 0..count {
            let task = task::Builder::new().name(name);
            task.spawn_on(pending::<()>(), runtime.handle()).unwrap();
        }
        runs_until_asleep(runtime, count);
    }
    runtimes
}

async fn checkout() {
    let basket = [1u8; 100];
    pending::<()>().await;
    std::hint::black_box(&basket);
}

#[test]
fn a_task_tells_all_about_itself() {
    for runtime in [current_thread(), multi_thread(2)] {
        runtime.block_on(async {
            let (line, task) = (line!(), leno::spawn(checkout()));
            let named = task::Builder::new().name("the \"second\"");
            let named = named.spawn(checkout()).unwrap();
            let handle = Handle::current();
            while handle.tasks().len() < 2 {
                task::yield_now().await;
            }
            let tasks = handle.tasks();
            let find = |id| tasks.iter().find(|found| found.id() == id).unwrap();
            let (first, second) = (find(task.id()), find(named.id()));
            assert_eq!(first.name(), None);
            assert_eq!(second.name(), Some("the \"second\""));
            assert_eq!(first.state(), TaskState::Asleep);
            assert!(!first.is_cancelled());
            assert!(first.type_name().contains("runtime_tasks::checkout"));
            assert_eq!(first.future_size(), size_of_val(&checkout()));
            let place = first.spawned_at();
            assert_eq!((place.file(), place.line()), (file!(), line));
            let (id, type_name) = (first.id(), first.type_name());
            assert_eq!(
                first.to_string(),
                format!("task {id}, {type_name}, spawned at {place}")
            );
            let (id, place) = (second.id(), second.spawned_at());
            assert_eq!(
                second.to_string(),
                format!("task {id} \"the \\\"second\\\"\", {type_name}, spawned at {place}")
            );
            assert!(format!("{second:?}").contains("state: Asleep"));
        });
    }
}

#[test]
fn a_task_s_state_is_told() {
    current_thread().block_on(async {
        let notify = Arc::new(Notify::new());
        let sleeper = leno::spawn({
            let notify = Arc::clone(&notify);
            async move { notify.notified().await }
        });
        let state = || Handle::current().tasks()[0].state();
        task::yield_now().await;
        assert_eq!(state(), TaskState::Asleep);
        notify.notify_one();
        assert_eq!(state(), TaskState::Queued);
        sleeper.await.unwrap();
        assert!(Handle::current().tasks().is_empty());

        let aborted = leno::spawn(pending::<()>());
        task::yield_now().await;
        aborted.abort();
        let tasks = Handle::current().tasks();
        assert!(tasks[0].is_cancelled());
        assert_eq!(tasks[0].state().to_string(), "queued");
        assert!(aborted.await.unwrap_err().is_cancelled());
        assert!(Handle::current().tasks().is_empty());
    });
}

#[test]
fn the_task_that_asks_is_there_once() {
    for runtime in [current_thread(), multi_thread(2)] {
        let task = runtime.spawn(async {
            let me = |tasks: Vec<TaskInfo>| {
                assert_eq!(tasks.len(), 1);
                assert_eq!(tasks[0].id(), task::id());
                assert_eq!(tasks[0].state(), TaskState::Running);
            };
            // It has never slept.
            me(Handle::current().tasks());
            let (wake, woken) = leno::sync::oneshot::channel();
            thread::spawn(move || wake.send(()).unwrap());
            woken.await.unwrap();
            me(Handle::current().tasks());
        });
        runtime.block_on(task).unwrap();
    }
}

#[test]
fn a_task_of_another_runtime_is_not_there() {
    let [first, second] = asleep(1, "sleeper");
    for (asked, asking) in [(&first, &second), (&second, &first)] {
        let handle = asked.handle().clone();
        let task = asking.spawn(async move { handle.tasks() });
        let tasks = asking.block_on(task).unwrap();
        assert_eq!(tasks.len(), 1);
        assert_eq!(tasks[0].name(), Some("sleeper"));
    }
}

#[test]
fn a_task_that_has_not_slept_is_not_there() {
    let runtime = current_thread();
    let _task = runtime.spawn(pending::<()>());
    assert!(runtime.handle().tasks().is_empty());
    assert_eq!(runtime.metrics().num_alive_tasks(), 1);
}

#[test]
fn alive_are_those_that_a_worker_has_spawned_as_well() {
    let [_, runtime] = asleep(1, "sleeper");
    let task = runtime.spawn(async {
        let tasks: Vec<_> = (0..10).map(|_| leno::spawn(pending::<()>())).collect();
        (Handle::current().metrics().num_alive_tasks(), tasks)
    });
    let (alive, tasks) = runtime.block_on(task).unwrap();
    // The sleeper and the one that asks are from outside.
    assert_eq!(alive, 12);
    assert_eq!(tasks.len(), 10);
}

#[test]
fn the_tasks_of_a_local_set_are_its_own_and_those_of_its_runtime() {
    let (runtime, set) = (current_thread(), LocalSet::new());
    let sleeper = set.spawn_local(pending::<()>());
    assert_eq!(runtime.handle().tasks().len(), 0);
    set.block_on(&runtime, async {
        task::spawn_local(async move {
            // One has slept by now, the other asks.
            let tasks = Handle::current().tasks();
            let ids: Vec<_> = tasks.iter().map(TaskInfo::id).collect();
            assert_eq!(ids.len(), 2);
            assert!(ids.contains(&task::id()) && ids.contains(&sleeper.id()));
        })
        .await
        .unwrap();
    });
    let handle = runtime.handle().clone();
    for tasks in [set.tasks(), handle.tasks()] {
        assert_eq!(tasks.len(), 1);
        assert_eq!(tasks[0].spawned_at().file(), file!());
    }
    assert_eq!(runtime.metrics().num_alive_tasks(), 0);
    // They do not end with it.
    drop(runtime);
    assert_eq!(set.tasks().len(), 1);
    assert_eq!(handle.tasks().len(), 1);
    drop(set);
    assert_eq!(handle.tasks().len(), 0);
}

#[test]
fn the_tasks_of_a_local_runtime_are_there() {
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        task::spawn_local(pending::<()>());
        task::yield_now().await;
        assert_eq!(Handle::current().tasks().len(), 1);
    });
    let handle = runtime.handle().clone();
    let elsewhere = thread::spawn(move || handle.tasks().len());
    assert_eq!(elsewhere.join().unwrap(), 1);
}

#[test]
fn they_are_told_while_all_workers_are_stuck() {
    let [_, runtime] = asleep(10, "sleeper");
    let barrier = Arc::new(Barrier::new(3));
    let stuck: Vec<_> = (0..2)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            runtime.spawn(async move {
                barrier.wait();
                barrier.wait();
            })
        })
        .collect();
    barrier.wait();
    // They have not slept, so they are not there.
    assert_eq!(runtime.handle().tasks().len(), 10);
    assert_eq!(runtime.metrics().num_alive_tasks(), 12);
    barrier.wait();
    for task in stuck {
        runtime.block_on(task).unwrap();
    }
}

/// Asks, when it is dropped, who is there.
struct Asks(Handle, mpsc::Sender<usize>);

impl Drop for Asks {
    fn drop(&mut self) {
        self.1.send(self.0.tasks().len()).unwrap();
    }
}

#[test]
fn they_may_be_asked_for_while_the_runtime_ends() {
    for runtime in asleep(100, "sleeper") {
        let handle = runtime.handle().clone();
        let (sender, lengths) = mpsc::channel();
        for _ in 0..100 {
            let asks = Asks(handle.clone(), sender.clone());
            runtime.spawn(async move {
                let _asks = asks;
                pending::<()>().await;
            });
        }
        drop(sender);
        runs_until_asleep(&runtime, 200);
        let asks_on = Arc::new(AtomicBool::new(true));
        let other = thread::spawn({
            let (handle, asks_on) = (handle.clone(), Arc::clone(&asks_on));
            move || {
                let mut before = usize::MAX;
                while asks_on.load(Ordering::Relaxed) {
                    let tasks = handle.tasks();
                    assert!(tasks.len() <= before);
                    before = tasks.len();
                    for task in &tasks {
                        assert!(task.name().is_none_or(|name| name == "sleeper"));
                        assert!(task.to_string().contains("runtime_tasks.rs"));
                    }
                }
            }
        });
        drop(runtime);
        assert!(handle.tasks().is_empty());
        asks_on.store(false, Ordering::Relaxed);
        other.join().unwrap();
        let lengths: Vec<_> = lengths.iter().collect();
        assert_eq!(lengths.len(), 100);
        assert!(lengths.iter().all(|length| *length < 200));
    }
}

#[test]
fn two_that_ask_at_once_are_both_told() {
    let [_, runtime] = asleep(1000, "sleeper");
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let handle = runtime.handle().clone();
            thread::spawn(move || {
                for _ in 0..20 {
                    assert_eq!(handle.tasks().len(), 1000);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// A task that stays is met once, however many come and go.
#[test]
fn none_is_missed_while_others_come_and_go() {
    let [_, runtime] = asleep(500, "sleeper");
    let goes_on = Arc::new(AtomicBool::new(true));
    let churn: Vec<_> = (0..4)
        .map(|_| {
            let goes_on = Arc::clone(&goes_on);
            runtime.spawn(async move {
                while goes_on.load(Ordering::Relaxed) {
                    let tasks: Vec<_> = (0..10).map(|_| leno::spawn(pending::<()>())).collect();
                    task::yield_now().await;
                    for task in &tasks {
                        task.abort();
                    }
                    for task in tasks {
                        assert!(task.await.unwrap_err().is_cancelled());
                    }
                }
            })
        })
        .collect();
    for _ in 0..200 {
        let tasks = runtime.handle().tasks();
        let mut ids: Vec<_> = tasks.iter().map(TaskInfo::id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), tasks.len());
        let stay = tasks.iter().filter(|task| task.name().is_some());
        assert_eq!(stay.count(), 500);
    }
    goes_on.store(false, Ordering::Relaxed);
    for task in churn {
        runtime.block_on(task).unwrap();
    }
}
