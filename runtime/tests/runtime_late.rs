//! What comes late: tasks, closures and timers that a runtime is given while it ends, by destructors, wakers and callbacks. All
//! of them end, and so does it.

mod task_support;

use leno::runtime::{Builder, Handle, Runtime};
use leno::task::{AbortHandle, JoinHandle, block_in_place, spawn_blocking};
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::time::Duration;
use task_support::{current_thread, multi_thread, runtimes};

/// Calls a closure when it is dropped.
struct OnDrop<F: FnOnce()>(Option<F>);

fn on_drop<F: FnOnce()>(f: F) -> OnDrop<F> {
    OnDrop(Some(f))
}

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}

/// A task that sleeps for ever, with `owned`.
fn sleeper<T: Send + 'static>(runtime: &Runtime, owned: T) -> JoinHandle<()> {
    let (started, starts) = leno::sync::oneshot::channel();
    let task = runtime.spawn(async move {
        let _owned = owned;
        started.send(()).unwrap();
        pending().await
    });
    runtime.block_on(starts).unwrap();
    task
}

/// Calls a closure when it is woken.
struct OnWake<F: Fn() + Send + Sync>(F);

impl<F: Fn() + Send + Sync> Wake for OnWake<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

#[test]
fn closures_of_destructors_are_run() {
    for (kind, runtime) in runtimes() {
        let ran = Arc::new(AtomicUsize::new(0));
        for _ in 0..3 {
            let ran = ran.clone();
            let owned = on_drop(move || {
                spawn_blocking(move || ran.fetch_add(1, Ordering::Relaxed));
            });
            sleeper(&runtime, owned);
        }
        drop(runtime);
        assert_eq!(ran.load(Ordering::Relaxed), 3, "{kind}");
    }
}

#[test]
fn a_destructor_may_wait_for_a_file() {
    for workers in [1, 2] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let runtime = multi_thread(workers);
        let to = path.clone();
        sleeper(
            &runtime,
            on_drop(move || {
                block_in_place(|| Handle::current().block_on(leno::fs::write(to, "flushed")))
                    .unwrap();
            }),
        );
        drop(runtime);
        assert_eq!(std::fs::read_to_string(path).unwrap(), "flushed");
    }
}

#[test]
fn closures_that_never_began_find_their_runtime() {
    for mut builder in [Builder::new_multi_thread(), Builder::new_current_thread()] {
        let runtime = builder.max_blocking_threads(1).build().unwrap();
        let (go, gone) = std::sync::mpsc::channel::<()>();
        let (there, is_there) = std::sync::mpsc::channel();
        runtime.spawn_blocking(move || {
            there.send(()).unwrap();
            let _ = gone.recv();
        });
        is_there.recv().unwrap();
        let (dropped, drops) = std::sync::mpsc::channel();
        let owned = on_drop(move || {
            dropped.send(Handle::try_current().is_ok()).unwrap();
        });
        runtime.spawn_blocking(move || drop(owned));
        // Not by its closure, which is cancelled before the thread is free.
        let release = std::thread::spawn(move || {
            let found = drops.recv_timeout(Duration::from_secs(60));
            drop(go);
            found
        });
        drop(runtime);
        assert_eq!(release.join().unwrap(), Ok(true));
    }
}

/// Without IO whoever waits for destructors waits otherwise.
#[test]
fn a_waker_may_spawn_while_a_destructor_waits() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap();
    let handle = runtime.handle().clone();
    let waker = Waker::from(Arc::new(OnWake(move || drop(handle.spawn(async {})))));
    let sleep = |milliseconds| {
        let _entered = runtime.enter();
        Box::pin(leno::time::sleep(Duration::from_millis(milliseconds)))
    };
    let mut timer = sleep(20);
    let polled = timer.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    let longer = sleep(40);
    sleeper(
        &runtime,
        on_drop(move || block_in_place(|| Handle::current().block_on(longer))),
    );
    drop(runtime);
}

#[test]
fn what_the_last_wakers_and_callbacks_spawn_is_cancelled() {
    for mut builder in [Builder::new_multi_thread(), Builder::new_current_thread()] {
        let handle = Arc::new(Mutex::new(None::<Handle>));
        let spawned = Arc::new(AtomicUsize::new(0));
        let spawn = {
            let (handle, spawned) = (handle.clone(), spawned.clone());
            move || {
                if let Some(handle) = &*handle.lock().unwrap() {
                    let counts = spawned.clone();
                    let owned = on_drop(move || {
                        counts.fetch_add(1, Ordering::Relaxed);
                    });
                    handle.spawn(async move {
                        let _owned = owned;
                        pending::<()>().await
                    });
                }
            }
        };
        let owned = on_drop(spawn.clone());
        let runtime = builder
            .worker_threads(1)
            .enable_time()
            .on_thread_park(move || {
                let _owned = &owned;
            })
            .build()
            .unwrap();
        drop(builder);
        *handle.lock().unwrap() = Some(runtime.handle().clone());
        let waker = Waker::from(Arc::new(OnWake(spawn)));
        let mut timer = {
            let _entered = runtime.enter();
            Box::pin(leno::time::sleep(Duration::from_secs(1_000_000)))
        };
        let polled = timer.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        drop(runtime);
        // The waker's, and that of what the callback owned.
        assert_eq!(spawned.load(Ordering::Relaxed), 2);
    }
}

/// Each destructor aborts the next task, which nobody but whoever aborts it can cancel any more.
#[test]
fn a_long_chain_of_destructors_does_not_overflow_the_stack() {
    struct Next(Arc<Mutex<Vec<AbortHandle>>>);
    impl Drop for Next {
        fn drop(&mut self) {
            let next = self.0.lock().unwrap().pop();
            if let Some(next) = next {
                next.abort();
            }
        }
    }
    for runtime in [current_thread(), multi_thread(1), multi_thread(2)] {
        let all = Arc::new(Mutex::new(Vec::new()));
        let tasks: Vec<_> = (0..50_000)
            .map(|_| {
                let next = Next(all.clone());
                runtime.spawn(async move {
                    let _next = next;
                    pending::<()>().await
                })
            })
            .collect();
        // All of them sleep.
        runtime.block_on(async {
            for _ in 0..5 {
                leno::spawn(async { leno::task::yield_now().await })
                    .await
                    .unwrap();
            }
        });
        *all.lock().unwrap() = tasks.iter().map(JoinHandle::abort_handle).collect();
        drop(runtime);
        assert!(tasks.iter().all(JoinHandle::is_finished));
    }
}

/// A task that waits in place hands its worker on at once, however many closures that waited have just gone on.
#[test]
fn a_worker_does_not_wait_for_closures_that_went_on() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let gone = Arc::new(Mutex::new(gone));
    let (wake, woken) = leno::sync::watch::channel(false);
    let (busy, is_busy) = std::sync::mpsc::channel();
    for _ in 0..4 {
        let (mut woken, gone, busy) = (woken.clone(), gone.clone(), busy.clone());
        runtime.spawn_blocking(move || {
            let waits = async move { woken.wait_for(|&woken| woken).await.map(drop) };
            Handle::current().block_on(waits).unwrap();
            busy.send(()).unwrap();
            // Something that nobody can see.
            let _ = gone.lock().unwrap().recv();
        });
    }
    wake.send(true).unwrap();
    is_busy.recv().unwrap();
    let waits = runtime.spawn(async {
        let (open, opened) = std::sync::mpsc::channel();
        leno::spawn(async move { open.send(()).unwrap() });
        block_in_place(|| opened.recv_timeout(Duration::from_secs(60)))
    });
    assert_eq!(runtime.block_on(waits).unwrap(), Ok(()));
    drop(go);
}

type Polled = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Foreign code between tasks is nobody's poll: a future that it polls in its own way is not held back, or its wake, which
/// comes in the middle of that poll, would be lost.
#[test]
fn what_is_polled_in_a_waker_has_no_budget_to_keep_to() {
    struct Inline(Mutex<Option<Polled>>);
    impl Wake for Inline {
        fn wake(self: Arc<Self>) {
            let waker = Waker::from(self.clone());
            let Ok(mut future) = self.0.try_lock() else {
                return;
            };
            let polled = future
                .as_mut()
                .map(|future| future.as_mut().poll(&mut Context::from_waker(&waker)));
            if polled.is_some_and(|polled| polled.is_ready()) {
                *future = None;
            }
        }
    }
    for (kind, runtime) in runtimes() {
        let (done, is_done) = std::sync::mpsc::channel();
        runtime.block_on(async move {
            leno::spawn(async move {
                let (sender, mut receiver) = leno::sync::mpsc::channel(3);
                for _ in 0..3 {
                    sender.try_send(()).unwrap();
                }
                let inline = Arc::new(Inline(Mutex::new(Some(Box::pin(async move {
                    leno::time::sleep(Duration::from_millis(2)).await;
                    for _ in 0..3 {
                        receiver.recv().await;
                    }
                    done.send(()).unwrap();
                })))));
                inline.wake();
                // All of the budget, just before it sleeps.
                for _ in 0..128 {
                    leno::task::consume_budget().await;
                }
                pending::<()>().await
            });
        });
        let driving = async { leno::time::sleep(Duration::from_millis(10)).await };
        runtime.block_on(driving);
        let done = is_done.recv_timeout(Duration::from_secs(60));
        assert_eq!(done, Ok(()), "{kind}");
    }
}
