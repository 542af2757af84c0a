//! Aborting a task drops its future once, on the runtime, wherever the task stands; and nothing else happens.

mod task_support;

use leno::runtime::Handle;
use leno::task::{AbortHandle, JoinHandle, spawn_blocking, yield_now};
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, ThreadId};
use task_support::{
    Event, OnDrop, PanicOnDrop, current_thread, multi_thread, on_each_runtime, runtimes,
};

/// Counts how often it is dropped, and tells on which thread it was last.
#[derive(Clone, Default)]
struct Drops {
    count: Arc<AtomicUsize>,
    thread: Arc<Mutex<Option<ThreadId>>>,
    dropped: Event,
}

impl Drops {
    fn guard(&self) -> OnDrop<impl FnMut() + Send + use<>> {
        let drops = self.clone();
        OnDrop(move || {
            *drops.thread.lock().unwrap() = Some(thread::current().id());
            drops.count.fetch_add(1, Ordering::SeqCst);
            drops.dropped.set();
        })
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

async fn cancelled<T>(task: JoinHandle<T>) -> bool {
    task.await.is_err_and(|error| error.is_cancelled())
}

async fn a_queued_task_is_never_polled(kind: &str) {
    let drops = Drops::default();
    let polled = Arc::new(AtomicUsize::new(0));
    let spawner = {
        let (guard, polled) = (drops.guard(), polled.clone());
        // From a task on purpose: what it spawns cannot start before it ends, on this worker at least.
        leno::spawn(async move {
            let task = leno::spawn(async move {
                let _guard = guard;
                polled.fetch_add(1, Ordering::SeqCst);
                pending::<()>().await;
            });
            task.abort();
            cancelled(task).await
        })
    };
    assert!(spawner.await.unwrap(), "{kind}");
    assert_eq!(drops.count(), 1, "{kind}");
    if Handle::current().metrics().num_workers() == 1 {
        assert_eq!(polled.load(Ordering::SeqCst), 0, "{kind}");
    }
}

async fn a_sleeping_task_is_dropped(kind: &str) {
    let drops = Drops::default();
    let asleep = Event::new();
    let (guard, tells) = (drops.guard(), asleep.clone());
    let task = leno::spawn(async move {
        let _guard = guard;
        tells.set();
        pending::<()>().await;
    });
    asleep.wait().await;
    task.abort();
    assert!(cancelled(task).await, "{kind}");
    assert_eq!(drops.count(), 1, "{kind}");
}

#[test]
fn a_running_task_ends_at_its_next_await() {
    for workers in [1, 2, 8] {
        let runtime = multi_thread(workers);
        let drops = Drops::default();
        let (running, aborted) = (Event::new(), Event::new());
        let after = Arc::new(AtomicUsize::new(0));
        let task = {
            let (guard, running, aborted, after) = (
                drops.guard(),
                running.clone(),
                aborted.clone(),
                after.clone(),
            );
            runtime.spawn(async move {
                let _guard = guard;
                running.set();
                aborted.block();
                yield_now().await;
                after.fetch_add(1, Ordering::SeqCst);
            })
        };
        running.block();
        task.abort();
        assert!(!task.is_finished());
        aborted.set();
        assert!(runtime.block_on(cancelled(task)));
        assert_eq!((drops.count(), after.load(Ordering::SeqCst)), (1, 0));
    }
}

#[test]
fn a_task_that_completes_after_its_abort_has_an_output() {
    let runtime = multi_thread(1);
    let (running, aborted) = (Event::new(), Event::new());
    let (tells, waits) = (running.clone(), aborted.clone());
    let task = runtime.spawn(async move {
        tells.set();
        waits.block();
        7
    });
    running.block();
    task.abort();
    aborted.set();
    assert_eq!(runtime.block_on(task).unwrap(), 7);
}

async fn a_finished_task_keeps_its_output(kind: &str) {
    let task = leno::spawn(async { 7 });
    while !task.is_finished() {
        yield_now().await;
    }
    task.abort();
    task.abort_handle().abort();
    assert_eq!(task.await.unwrap(), 7, "{kind}");
}

async fn a_task_can_abort_itself(kind: &str) {
    let drops = Drops::default();
    let (sender, receiver) = mpsc::channel::<AbortHandle>();
    let guard = drops.guard();
    let task = leno::spawn(async move {
        let _guard = guard;
        while let Ok(handle) = receiver.try_recv() {
            handle.abort();
        }
        yield_now().await;
        // If the handle came late the rest is as for a running task.
        loop {
            if let Ok(handle) = receiver.try_recv() {
                handle.abort();
            }
            yield_now().await;
        }
    });
    sender.send(task.abort_handle()).unwrap();
    assert!(cancelled(task).await, "{kind}");
    assert_eq!(drops.count(), 1, "{kind}");
}

#[test]
fn aborting_from_many_threads_drops_once() {
    for (kind, runtime) in runtimes() {
        let drops = Drops::default();
        let guard = drops.guard();
        let task = runtime.spawn(async move {
            let _guard = guard;
            loop {
                yield_now().await;
            }
        });
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let handle = task.abort_handle();
                thread::spawn(move || handle.abort())
            })
            .collect();
        assert!(runtime.block_on(cancelled(task)), "{kind}");
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(drops.count(), 1, "{kind}");
    }
}

#[test]
fn the_future_is_dropped_on_the_runtime() {
    for (kind, runtime) in runtimes() {
        let drops = Drops::default();
        let (asleep, guard) = (Event::new(), drops.guard());
        let tells = asleep.clone();
        let task = runtime.spawn(async move {
            let _guard = guard;
            tells.set();
            pending::<()>().await;
        });
        runtime.block_on(asleep.wait());
        let handle = task.abort_handle();
        let aborter = thread::spawn(move || {
            handle.abort();
            thread::current().id()
        });
        let aborter = aborter.join().unwrap();
        assert!(runtime.block_on(cancelled(task)), "{kind}");
        assert_ne!(*drops.thread.lock().unwrap(), Some(aborter), "{kind}");
    }
}

async fn the_id_of_a_task_is_known_in_its_destructor(kind: &str) {
    let seen = Arc::new(Mutex::new(None));
    let sees = seen.clone();
    let task = leno::spawn(async move {
        let _guard = OnDrop(|| *sees.lock().unwrap() = leno::task::try_id());
        pending::<()>().await;
    });
    let id = task.id();
    yield_now().await;
    while !task.is_finished() {
        // It may not have made its guard yet.
        if Arc::strong_count(&seen) > 1 {
            task.abort();
        }
        yield_now().await;
    }
    let seen = *seen.lock().unwrap();
    assert!(seen.is_none() || seen == Some(id), "{kind}");
}

async fn a_panicking_destructor_of_an_aborted_future_is_the_error(kind: &str) {
    let asleep = Event::new();
    let tells = asleep.clone();
    let task = leno::spawn(async move {
        let _panics = PanicOnDrop;
        tells.set();
        pending::<()>().await;
    });
    asleep.wait().await;
    task.abort();
    assert!(task.await.unwrap_err().is_panic(), "{kind}");
    leno::spawn(async {}).await.unwrap();
}

async fn the_output_of_a_dropped_handle_is_dropped(kind: &str) {
    for before in [true, false] {
        let drops = Drops::default();
        let output = drops.guard();
        let go = Event::new();
        let waits = go.clone();
        let task = leno::spawn(async move {
            waits.wait().await;
            output
        });
        if before {
            drop(task);
            go.set();
        } else {
            go.set();
            while !task.is_finished() {
                yield_now().await;
            }
            assert_eq!(drops.count(), 0, "{kind}");
            drop(task);
        }
        drops.dropped.wait().await;
        assert_eq!(drops.count(), 1, "{kind}");
    }
}

async fn a_panicking_destructor_of_an_unwanted_output_is_swallowed(kind: &str) {
    let task = leno::spawn(async { PanicOnDrop });
    while !task.is_finished() {
        yield_now().await;
    }
    drop(task);
    let go = Event::new();
    let waits = go.clone();
    drop(leno::spawn(async move {
        waits.wait().await;
        PanicOnDrop
    }));
    go.set();
    assert_eq!(leno::spawn(async { 1 }).await.unwrap(), 1, "{kind}");
}

#[test]
fn an_abort_handle_keeps_neither_future_nor_output() {
    for (kind, runtime) in runtimes() {
        let drops = Drops::default();
        let guard = drops.guard();
        let task = runtime.spawn(async move { drop(guard) });
        let handle = task.abort_handle();
        runtime.block_on(task).unwrap();
        assert_eq!(drops.count(), 1, "{kind}");
        assert!(handle.is_finished());
        let again = handle.clone();
        drop(runtime);
        again.abort();
        assert_eq!(again.id(), handle.id());
    }
}

#[test]
fn a_blocking_closure_that_has_not_started_can_be_aborted() {
    let runtime = leno::runtime::Builder::new_current_thread()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let go = Event::new();
    let waits = go.clone();
    let drops = Drops::default();
    let ran = Arc::new(AtomicUsize::new(0));
    runtime.block_on(async {
        let first = spawn_blocking(move || waits.block());
        let (guard, runs) = (drops.guard(), ran.clone());
        let second = spawn_blocking(move || {
            let _guard = guard;
            runs.fetch_add(1, Ordering::SeqCst);
        });
        second.abort();
        go.set();
        first.await.unwrap();
        assert!(cancelled(second).await);
    });
    assert_eq!((drops.count(), ran.load(Ordering::SeqCst)), (1, 0));
}

#[test]
fn a_blocking_closure_that_has_started_runs_to_its_end() {
    for (kind, runtime) in runtimes() {
        runtime.block_on(async {
            let (started, go) = (Event::new(), Event::new());
            let (tells, waits) = (started.clone(), go.clone());
            let task = spawn_blocking(move || {
                tells.set();
                waits.block();
                7
            });
            started.wait().await;
            task.abort();
            go.set();
            assert_eq!(task.await.unwrap(), 7, "{kind}");
        });
    }
}

#[test]
fn an_aborted_task_can_be_aborted_and_awaited_elsewhere() {
    let (first, second) = (current_thread(), multi_thread(1));
    let task = first.spawn(pending::<()>());
    task.abort();
    task.abort();
    let waiter = second.spawn(cancelled(task));
    first.block_on(yield_now());
    assert!(second.block_on(waiter).unwrap());
}

on_each_runtime!(
    a_queued_task_is_never_polled,
    a_sleeping_task_is_dropped,
    a_finished_task_keeps_its_output,
    a_task_can_abort_itself,
    the_id_of_a_task_is_known_in_its_destructor,
    a_panicking_destructor_of_an_aborted_future_is_the_error,
    the_output_of_a_dropped_handle_is_dropped,
    a_panicking_destructor_of_an_unwanted_output_is_swallowed
);
