//! `block_in_place` hands on the core that a task runs on, and no other.

use leno::runtime::{Builder, Runtime, worker_index};
use leno::task::block_in_place;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Wake, Waker};
use std::thread;

fn one_worker(name: &str) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name(name)
        .build()
        .unwrap()
}

/// Runs a few tasks, one after the other, and returns the names of the threads that they ran on.
fn threads_of_tasks(runtime: &Runtime) -> Vec<String> {
    let name = || thread::current().name().unwrap().to_owned();
    runtime.block_on(async {
        let mut names = Vec::new();
        for _ in 0..3 {
            names.push(leno::spawn(async move { name() }).await.unwrap());
        }
        names
    })
}

#[test]
fn tasks_stay_on_their_runtime_after_block_in_place_in_another() {
    let one = one_worker("one");
    let two = one_worker("two");
    let other = two.handle().clone();
    one.block_on(async {
        let task = leno::spawn(async move {
            let _entered = other.enter();
            block_in_place(|| ());
        });
        task.await.unwrap();
    });
    assert!(threads_of_tasks(&one).iter().all(|name| name == "one"));
    drop(two);
    assert!(threads_of_tasks(&one).iter().all(|name| name == "one"));
}

#[test]
fn a_park_callback_may_block_in_place() {
    let parks = Arc::new(AtomicUsize::new(0));
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .on_thread_park({
            let parks = parks.clone();
            move || {
                block_in_place(|| parks.fetch_add(1, Ordering::Relaxed));
            }
        })
        .build()
        .unwrap();
    for _ in 0..100 {
        assert_eq!(threads_of_tasks(&runtime).len(), 3);
    }
    drop(runtime);
    assert!(parks.load(Ordering::Relaxed) > 0);
}

#[test]
fn a_waker_that_a_timer_wakes_may_block_in_place() {
    struct Blocks(Mutex<Option<std::sync::mpsc::Sender<()>>>);
    impl Wake for Blocks {
        fn wake(self: Arc<Self>) {
            block_in_place(|| drop(self.0.lock().unwrap().take()));
        }
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap();
    for _ in 0..10 {
        let (woken, wakes) = std::sync::mpsc::channel::<()>();
        let waker = Waker::from(Arc::new(Blocks(Mutex::new(Some(woken)))));
        let mut sleep = {
            let _enter = runtime.enter();
            Box::pin(leno::time::sleep(std::time::Duration::from_millis(1)))
        };
        let mut cx = std::task::Context::from_waker(&waker);
        assert!(sleep.as_mut().poll(&mut cx).is_pending());
        // Disconnected: the waker has been called.
        wakes.recv().unwrap_err();
        drop(sleep);
    }
    assert_eq!(threads_of_tasks(&runtime).len(), 3);
}

#[test]
fn two_that_are_refused_a_thread_at_once_keep_their_own_cores() {
    for _ in 0..20 {
        let both = Arc::new(Barrier::new(2));
        let names = AtomicUsize::new(0);
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).spare_workers(0);
        builder.thread_name_fn(move || {
            if names.fetch_add(1, Ordering::Relaxed) >= 2 {
                // Both have handed their cores on, and nobody comes for these.
                both.wait();
                panic::resume_unwind(Box::new("no name, no thread"));
            }
            "leno-worker".to_owned()
        });
        let runtime = builder.build().unwrap();
        let start = Arc::new(Barrier::new(2));
        let waits = |start: Arc<Barrier>| async move {
            // Both workers are there.
            start.wait();
            let before = worker_index();
            block_in_place(|| ());
            assert!(before.is_some());
            assert_eq!(worker_index(), before);
        };
        let tasks = [(); 2].map(|()| runtime.spawn(waits(start.clone())));
        runtime.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
        });
    }
}
