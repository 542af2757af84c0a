//! The threads of a runtime: how many there are, what they are called, when they come and go.

mod task_support;

use leno::runtime::{Builder, Runtime};
use leno::task::{block_in_place, spawn_blocking};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use task_support::{Event, multi_thread};

fn name() -> Option<String> {
    thread::current().name().map(str::to_owned)
}

#[test]
fn threads_have_the_name_that_was_given() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("mine")
        .build()
        .unwrap();
    let (task, closure) = (
        runtime.spawn(async { name() }),
        runtime.spawn_blocking(name),
    );
    assert_eq!(runtime.block_on(task).unwrap().as_deref(), Some("mine"));
    assert_eq!(runtime.block_on(closure).unwrap().as_deref(), Some("mine"));
}

#[test]
fn threads_are_named_by_a_function() {
    let next = AtomicUsize::new(0);
    let names: Arc<Mutex<Vec<_>>> = Arc::default();
    let sees = names.clone();
    let runtime = Builder::new_multi_thread()
        .worker_threads(3)
        .thread_name_fn(move || format!("number-{}", next.fetch_add(1, Ordering::SeqCst)))
        .on_thread_start(move || sees.lock().unwrap().push(name().unwrap()))
        .build()
        .unwrap();
    runtime.block_on(runtime.spawn_blocking(|| {})).unwrap();
    drop(runtime);
    let mut names = names.lock().unwrap().clone();
    names.sort_unstable();
    assert_eq!(names, ["number-0", "number-1", "number-2", "number-3"]);
}

#[test]
fn a_function_that_names_threads_may_use_the_runtime() {
    let slot: Arc<Mutex<Option<leno::runtime::Handle>>> = Arc::default();
    let (uses, spawned) = (slot.clone(), Event::new());
    let tells = spawned.clone();
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name_fn(move || {
            if let Some(handle) = uses.lock().unwrap().take() {
                let tells = tells.clone();
                handle.spawn(async move { tells.set() });
            }
            "any".to_owned()
        })
        .build()
        .unwrap();
    *slot.lock().unwrap() = Some(runtime.handle().clone());
    runtime.block_on(runtime.spawn_blocking(|| {})).unwrap();
    spawned.block();
}

#[test]
fn the_default_name_says_whose_thread_it_is() {
    let runtime = multi_thread(1);
    assert_eq!(
        runtime
            .block_on(runtime.spawn(async { name() }))
            .unwrap()
            .as_deref(),
        Some("leno-worker")
    );
}

#[test]
fn threads_have_the_stack_that_was_asked_for() {
    /// Needs a bit more than 1 KiB of stack per level.
    fn descend(levels: usize) -> usize {
        let frame = std::hint::black_box([1u8; 1024]);
        if levels == 0 {
            return usize::from(frame[0]);
        }
        descend(levels - 1) + usize::from(std::hint::black_box(frame)[levels % 1024])
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_stack_size(64 << 20)
        .build()
        .unwrap();
    // Some 4 MiB at least: more than a thread has by default.
    let task = runtime.spawn(async { descend(4 << 10) });
    assert_eq!(runtime.block_on(task).unwrap(), (4 << 10) + 1);
    let closure = runtime.spawn_blocking(|| descend(4 << 10));
    assert_eq!(runtime.block_on(closure).unwrap(), (4 << 10) + 1);
}

#[test]
fn callbacks_are_called_on_their_threads() {
    let started: Arc<Mutex<HashSet<_>>> = Arc::default();
    let (starts, parked) = (started.clone(), Event::new());
    let (parks, unparked) = (parked.clone(), Event::new());
    let unparks = unparked.clone();
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .on_thread_start(move || {
            starts.lock().unwrap().insert(thread::current().id());
        })
        .on_thread_park(move || parks.set())
        .on_thread_unpark(move || unparks.set())
        .build()
        .unwrap();
    let worker = runtime
        .block_on(runtime.spawn(async { thread::current().id() }))
        .unwrap();
    assert!(started.lock().unwrap().contains(&worker));
    assert!(!started.lock().unwrap().contains(&thread::current().id()));
    parked.block();
    while !unparked.is_set() {
        runtime.block_on(runtime.spawn(async {})).unwrap();
    }
}

#[test]
fn a_current_thread_runtime_parks_its_driver() {
    let (parked, unparked) = (Event::new(), Event::new());
    let (parks, unparks) = (parked.clone(), unparked.clone());
    let runtime = Builder::new_current_thread()
        .on_thread_park(move || parks.set())
        .on_thread_unpark(move || unparks.set())
        .build()
        .unwrap();
    // Awaited with this thread asleep, as nothing else is there to do.
    runtime.block_on(parked.wait());
    runtime.block_on(unparked.wait());
}

#[test]
fn a_task_spawned_by_on_thread_park_runs() {
    for workers in [0, 1, 2] {
        let mut builder = Builder::new_current_thread();
        if workers > 0 {
            builder = Builder::new_multi_thread();
            builder.worker_threads(workers);
        }
        let done = Event::new();
        let tells = done.clone();
        let runtime = builder
            .on_thread_park(move || {
                if !tells.is_set() {
                    let tells = tells.clone();
                    leno::spawn(async move { tells.set() });
                }
            })
            .build()
            .unwrap();
        runtime.block_on(done.wait());
    }
}

/// Runs `closures` closures on a runtime that allows `limit` at a time, and returns how many there were at most.
fn most_at_a_time(runtime: &Runtime, closures: usize) -> usize {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let ran = Arc::new(AtomicUsize::new(0));
    runtime.block_on(async {
        let handles: Vec<_> = (0..closures)
            .map(|_| {
                let (now, most, ran) = (now.clone(), most.clone(), ran.clone());
                spawn_blocking(move || {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    for _ in 0..10 {
                        thread::yield_now();
                    }
                    ran.fetch_add(1, Ordering::SeqCst);
                    now.fetch_sub(1, Ordering::SeqCst);
                })
            })
            .collect();
        for handle in handles {
            handle.await.unwrap();
        }
    });
    assert_eq!(ran.load(Ordering::SeqCst), closures);
    most.load(Ordering::SeqCst)
}

#[test]
fn never_more_closures_than_the_limit_run_at_a_time() {
    for limit in [1, 3] {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(limit)
            .build()
            .unwrap();
        assert!(most_at_a_time(&runtime, 200) <= limit);
    }
}

#[test]
fn as_many_closures_as_the_limit_run_at_a_time() {
    for workers in [0, 2] {
        let mut builder = Builder::new_current_thread();
        if workers > 0 {
            builder = Builder::new_multi_thread();
            builder.worker_threads(workers);
        }
        let runtime = builder.max_blocking_threads(4).build().unwrap();
        // Each waits until all four run.
        let barrier = Arc::new(std::sync::Barrier::new(4));
        runtime.block_on(async {
            let handles: Vec<_> = (0..4)
                .map(|_| {
                    let barrier = barrier.clone();
                    spawn_blocking(move || barrier.wait())
                })
                .collect();
            for handle in handles {
                handle.await.unwrap();
            }
        });
    }
}

#[test]
fn workers_do_not_wait_for_a_thread_while_closures_have_all() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let (started, go) = (Event::new(), Event::new());
    let (tells, waits) = (started.clone(), go.clone());
    let closure = runtime.spawn_blocking(move || {
        tells.set();
        waits.block();
    });
    started.block();
    // Hands its worker to another thread, which does not count against the limit of the closures.
    let opens = go.clone();
    let task = runtime.spawn(async move {
        leno::spawn(async move { opens.set() });
        block_in_place(|| go.block());
    });
    runtime.block_on(async {
        task.await.unwrap();
        closure.await.unwrap();
    });
}

#[test]
fn a_worker_stays_with_its_runtime_when_another_is_entered() {
    for other in [
        Builder::new_current_thread().build().unwrap(),
        multi_thread(1),
    ] {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("the first")
            .build()
            .unwrap();
        let other_handle = other.handle().clone();
        let task = runtime.spawn(async move {
            let (sender, receiver) = std::sync::mpsc::channel();
            leno::spawn(async move {
                let own = leno::spawn(async { name() }).await.unwrap();
                sender.send((name(), own)).unwrap();
            });
            let _enter = other_handle.enter();
            block_in_place(|| receiver.recv().unwrap())
        });
        let (name, own) = runtime.block_on(task).unwrap();
        assert_eq!(name.as_deref(), Some("the first"));
        assert_eq!(own.as_deref(), Some("the first"));
    }
}

#[test]
fn an_idle_thread_is_used_again() {
    let runtime = Builder::new_current_thread()
        .thread_keep_alive(Duration::from_secs(3600))
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let ids: HashSet<_> = (0..50)
        .map(|_| {
            runtime
                .block_on(runtime.spawn_blocking(|| thread::current().id()))
                .unwrap()
        })
        .collect();
    assert_eq!(ids.len(), 1);
}

#[test]
fn an_idle_thread_ends_after_the_keep_alive() {
    let stopped = Event::new();
    let stops = stopped.clone();
    let runtime = Builder::new_current_thread()
        .thread_keep_alive(Duration::from_millis(1))
        .on_thread_stop(move || stops.set())
        .build()
        .unwrap();
    for _ in 0..3 {
        runtime.block_on(runtime.spawn_blocking(|| {})).unwrap();
        // The runtime lives, so it can only be the keep-alive that ends the thread.
        stopped.block();
    }
}

#[test]
fn workers_outlive_the_keep_alive() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_keep_alive(Duration::from_nanos(1))
        .build()
        .unwrap();
    for _ in 0..20 {
        let handed_on = runtime.spawn(async { block_in_place(|| 1) });
        assert_eq!(runtime.block_on(handed_on).unwrap(), 1);
        assert_eq!(runtime.block_on(runtime.spawn(async { 2 })).unwrap(), 2);
    }
}

/// A waker keeps its task's memory, and with that its scheduler's: but nothing of the user's.
#[test]
fn what_the_callbacks_own_goes_with_the_runtime() {
    for mut builder in [Builder::new_multi_thread(), Builder::new_current_thread()] {
        let owned = Arc::new(());
        let callback = || {
            let owned = owned.clone();
            move || assert!(Arc::strong_count(&owned) > 0)
        };
        let runtime = builder
            .on_thread_start(callback())
            .on_thread_stop(callback())
            .on_thread_park(callback())
            .on_thread_unpark(callback())
            .build()
            .unwrap();
        drop(builder);
        let (sender, wakers) = std::sync::mpsc::channel();
        let task = runtime.spawn(std::future::poll_fn(move |cx| {
            sender.send(cx.waker().clone()).unwrap();
            std::task::Poll::<()>::Pending
        }));
        runtime.block_on(leno::task::yield_now());
        let waker = wakers.recv().unwrap();
        drop((task, runtime));
        assert_eq!(Arc::strong_count(&owned), 1);
        drop(waker);
    }
}
