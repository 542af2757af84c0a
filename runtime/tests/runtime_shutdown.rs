//! However a runtime ends, it ends: its futures are dropped, its threads are gone, and nobody waits for ever.

mod expected_reports;
mod task_support;

use expected_reports::expect;
use leno::diagnostics::ReportKind;
use leno::net::TcpListener;
use leno::runtime::{Builder, Handle, Runtime};
use leno::task::{JoinHandle, block_in_place, spawn_blocking, yield_now};
use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;
use task_support::{Event, OnDrop, catch, current_thread, multi_thread, runtimes};

const MANY: usize = if cfg!(debug_assertions) {
    200_000
} else {
    1_000_000
};

#[test]
fn many_sleeping_tasks_are_dropped() {
    for runtime in [current_thread(), multi_thread(2)] {
        let alive = Arc::new(());
        for _ in 0..MANY {
            let alive = alive.clone();
            runtime.spawn(async move {
                pending::<()>().await;
                drop(alive);
            });
        }
        // Some of them sleep by now, others have not started.
        runtime.block_on(yield_now());
        drop(runtime);
        assert_eq!(Arc::strong_count(&alive), 1);
    }
}

#[test]
fn queued_running_and_sleeping_tasks_are_dropped_on_a_thread_of_the_runtime() {
    for (kind, runtime) in runtimes() {
        let alive = Arc::new(());
        for number in 0..300 {
            let alive = alive.clone();
            runtime.spawn(async move {
                match number % 3 {
                    0 => pending().await,
                    1 => loop {
                        yield_now().await;
                    },
                    _ => {}
                }
                // Destructors are within the runtime.
                let _current = OnDrop(|| drop(Handle::current()));
                pending::<()>().await;
                drop(alive);
            });
        }
        runtime.block_on(yield_now());
        drop(runtime);
        assert_eq!(Arc::strong_count(&alive), 1, "{kind}");
    }
}

#[test]
fn destructors_find_their_runtime() {
    for (kind, runtime) in runtimes() {
        let (asleep, found) = (Event::new(), Arc::new(Mutex::new(None)));
        let (tells, finds) = (asleep.clone(), found.clone());
        runtime.spawn(async move {
            let _finds = OnDrop(|| {
                let spawned = Handle::try_current().map(|handle| handle.spawn(async {}));
                *finds.lock().unwrap() = Some(spawned.is_ok());
            });
            tells.set();
            pending::<()>().await;
        });
        runtime.block_on(asleep.wait());
        drop(runtime);
        assert_eq!(*found.lock().unwrap(), Some(true), "{kind}");
    }
}

#[test]
fn a_task_spawned_after_the_end_is_cancelled() {
    for (kind, runtime) in runtimes() {
        let handle = runtime.handle().clone();
        drop(runtime);
        let alive = Arc::new(());
        let (in_task, in_closure) = (alive.clone(), alive.clone());
        let task = handle.spawn(async move { drop(in_task) });
        let closure = handle.spawn_blocking(move || drop(in_closure));
        assert!(task.is_finished() && closure.is_finished(), "{kind}");
        assert_eq!(Arc::strong_count(&alive), 1, "{kind}");
        let runtime = current_thread();
        assert!(runtime.block_on(task).unwrap_err().is_cancelled(), "{kind}");
        assert!(
            runtime.block_on(closure).unwrap_err().is_cancelled(),
            "{kind}"
        );
    }
}

#[test]
fn dropping_a_runtime_in_its_own_task_panics_with_the_fix() {
    let runtime = multi_thread(2);
    let (handle, keeps_on) = (runtime.handle().clone(), current_thread());
    let text = Arc::new(Mutex::new(String::new()));
    let tells = text.clone();
    let task = handle.spawn(async move {
        *tells.lock().unwrap() = catch(|| drop(runtime)).text;
    });
    // The runtime ends all the same, and may cancel the task that dropped it if that pauses again; it does not.
    assert!(keeps_on.block_on(task).is_ok());
    let text = text.lock().unwrap();
    assert!(text.contains("`shutdown_background`"), "{text}");
    assert!(text.contains("`spawn_blocking`"), "{text}");
}

#[test]
fn dropping_another_runtime_in_a_task_panics_too() {
    for (kind, runtime) in runtimes() {
        for inner in [current_thread(), multi_thread(1)] {
            let task = runtime.spawn(async move { drop(inner) });
            assert!(runtime.block_on(task).unwrap_err().is_panic(), "{kind}");
        }
    }
}

#[test]
fn shutdown_background_in_a_task_does_not_wait() {
    for workers in [1, 2, 8] {
        let runtime = multi_thread(workers);
        let handle = runtime.handle().clone();
        let blocked = Event::new();
        let (waits, alive) = (blocked.clone(), Arc::new(()));
        handle.spawn_blocking(move || waits.block());
        let kept = alive.clone();
        handle.spawn(async move {
            pending::<()>().await;
            drop(kept);
        });
        let task = handle.spawn(async move {
            runtime.shutdown_background();
            7
        });
        assert_eq!(current_thread().block_on(task).unwrap(), 7);
        blocked.set();
    }
}

#[test]
fn a_runtime_can_be_dropped_by_a_closure_of_its_own() {
    for (kind, runtime) in runtimes() {
        let alive = Arc::new(());
        let kept = alive.clone();
        runtime.spawn(async move {
            pending::<()>().await;
            drop(kept);
        });
        runtime.block_on(yield_now());
        let closure = runtime
            .handle()
            .clone()
            .spawn_blocking(move || drop(runtime));
        current_thread().block_on(closure).unwrap();
        assert_eq!(Arc::strong_count(&alive), 1, "{kind}");
    }
}

#[test]
fn a_runtime_can_be_dropped_in_block_in_place_of_its_own_task() {
    for workers in [1, 2, 8] {
        let runtime = multi_thread(workers);
        let handle = runtime.handle().clone();
        let after = Event::new();
        let tells = after.clone();
        let task = handle.spawn(async move {
            block_in_place(|| drop(runtime));
            tells.set();
            pending::<()>().await;
        });
        assert!(current_thread().block_on(task).unwrap_err().is_cancelled());
        assert!(after.is_set());
    }
}

#[test]
fn shutdown_timeout_does_not_wait_for_a_blocked_closure() {
    expect(ReportKind::StillRunning, "the closure outlives the timeout");
    for (kind, runtime) in runtimes() {
        let (started, go, ended) = (Event::new(), Event::new(), Event::new());
        let (tells, waits, ends) = (started.clone(), go.clone(), ended.clone());
        runtime.spawn_blocking(move || {
            tells.set();
            waits.block();
            ends.set();
        });
        started.block();
        runtime.shutdown_timeout(Duration::from_millis(10));
        assert!(!ended.is_set(), "{kind}");
        go.set();
        ended.block();
    }
}

#[test]
fn shutdown_timeout_ends_as_soon_as_everything_has() {
    for (_, runtime) in runtimes() {
        runtime.spawn(pending::<()>());
        // If this waited in vain, the test would take for ever.
        runtime.shutdown_timeout(Duration::MAX);
    }
}

/// Gives a thread time to end, and fails if it does.
fn still_waits<T>(thread: &thread::JoinHandle<T>) {
    for _ in 0..2000 {
        thread::yield_now();
        assert!(!thread.is_finished());
    }
}

#[test]
fn a_drop_waits_for_a_closure_that_has_started() {
    for (kind, runtime) in runtimes() {
        let (started, go, ended) = (Event::new(), Event::new(), Event::new());
        let (tells, waits, ends) = (started.clone(), go.clone(), ended.clone());
        runtime.spawn_blocking(move || {
            tells.set();
            waits.block();
            ends.set();
        });
        started.block();
        let dropper = thread::spawn(move || drop(runtime));
        still_waits(&dropper);
        go.set();
        dropper.join().unwrap();
        assert!(ended.is_set(), "{kind}");
    }
}

#[test]
fn a_drop_waits_for_block_in_place() {
    for workers in [1, 2, 8] {
        let runtime = multi_thread(workers);
        let (started, go) = (Event::new(), Event::new());
        let alive = Arc::new(());
        for _ in 0..2 {
            let (tells, waits, kept) = (started.clone(), go.clone(), alive.clone());
            runtime.spawn(async move {
                block_in_place(|| {
                    tells.set();
                    waits.block();
                });
                pending::<()>().await;
                drop(kept);
            });
        }
        started.block();
        let dropper = thread::spawn(move || drop(runtime));
        still_waits(&dropper);
        go.set();
        dropper.join().unwrap();
        assert_eq!(Arc::strong_count(&alive), 1);
    }
}

#[test]
fn wakes_from_other_threads_race_with_the_end() {
    for round in 0..200 {
        let runtime = match round % 3 {
            0 => current_thread(),
            1 => multi_thread(1),
            _ => multi_thread(2),
        };
        let alive = Arc::new(());
        let wakers = Arc::new(Mutex::new(Vec::new()));
        for _ in 0..8 {
            let (wakers, kept) = (wakers.clone(), alive.clone());
            runtime.spawn(async move {
                poll_fn(|cx: &mut Context<'_>| {
                    wakers.lock().unwrap().push(cx.waker().clone());
                    Poll::<()>::Pending
                })
                .await;
                drop(kept);
            });
        }
        runtime.block_on(async {
            while wakers.lock().unwrap().len() < 8 {
                yield_now().await;
            }
        });
        let started = Arc::new(AtomicUsize::new(0));
        let wakers = std::mem::take(&mut *wakers.lock().unwrap());
        let threads: Vec<_> = wakers
            .chunks(4)
            .map(|wakers| {
                let (wakers, started) = (wakers.to_vec(), started.clone());
                thread::spawn(move || {
                    started.fetch_add(1, Ordering::SeqCst);
                    for waker in wakers {
                        waker.wake_by_ref();
                        waker.wake();
                    }
                })
            })
            .collect();
        drop(wakers);
        while started.load(Ordering::SeqCst) < 2 {
            thread::yield_now();
        }
        drop(runtime);
        assert_eq!(Arc::strong_count(&alive), 1, "round {round}");
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    }
}

#[test]
fn spawns_from_other_threads_race_with_the_end() {
    for round in 0..100 {
        let runtime = if round % 2 == 0 {
            multi_thread(2)
        } else {
            current_thread()
        };
        let alive = Arc::new(());
        let started = Event::new();
        let (handle, kept, tells) = (runtime.handle().clone(), alive.clone(), started.clone());
        let spawner = thread::spawn(move || {
            let mut tasks = Vec::new();
            for _ in 0..50 {
                let kept = kept.clone();
                tasks.push(handle.spawn(async move {
                    pending::<()>().await;
                    drop(kept);
                }));
                tells.set();
            }
            tasks
        });
        started.block();
        drop(runtime);
        let tasks = spawner.join().unwrap();
        let runtime = current_thread();
        for task in tasks {
            assert!(
                runtime.block_on(task).unwrap_err().is_cancelled(),
                "round {round}"
            );
        }
        assert_eq!(Arc::strong_count(&alive), 1, "round {round}");
    }
}

#[test]
fn a_timer_moved_out_of_a_dead_runtime_panics() {
    for (kind, runtime) in runtimes() {
        let enter = runtime.enter();
        let new = leno::time::sleep(Duration::from_secs(3600));
        let mut waiting = Box::pin(leno::time::sleep(Duration::from_secs(3600)));
        assert!(
            waiting
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
        drop(enter);
        drop(runtime);
        let other = current_thread();
        assert!(
            catch(|| other.block_on(waiting)).text.contains("shut down"),
            "{kind}"
        );
        assert!(
            catch(|| other.block_on(new)).text.contains("shut down"),
            "{kind}"
        );
    }
}

#[test]
fn a_timer_that_waits_is_woken_by_the_end() {
    for (kind, runtime) in runtimes() {
        let sleep = {
            let _enter = runtime.enter();
            leno::time::sleep(Duration::from_secs(3600))
        };
        let waits = Event::new();
        let tells = waits.clone();
        let waiter = thread::spawn(move || {
            let mut sleep = pin!(sleep);
            current_thread().block_on(poll_fn(|cx| {
                let polled = sleep.as_mut().poll(cx);
                tells.set();
                polled
            }));
        });
        waits.block();
        drop(runtime);
        assert!(waiter.join().is_err(), "{kind}");
    }
}

#[test]
fn a_listener_moved_out_of_a_dead_runtime_gives_an_error() {
    for (kind, runtime) in runtimes() {
        let bind = || runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let (unused, waiting) = (bind(), bind());
        let waits = Event::new();
        let tells = waits.clone();
        let waiter = thread::spawn(move || {
            current_thread().block_on(poll_fn(|cx| {
                let polled = waiting.poll_accept(cx);
                tells.set();
                polled
            }))
        });
        waits.block();
        drop(runtime);
        assert!(waiter.join().unwrap().is_err(), "{kind}");
        assert!(
            current_thread().block_on(unused.accept()).is_err(),
            "{kind}"
        );
    }
}

#[test]
fn thread_locals_may_wake_and_spawn_as_their_thread_ends() {
    struct Late {
        handle: Handle,
        waker: Waker,
        spawned: Arc<Mutex<Option<JoinHandle<()>>>>,
    }
    impl Drop for Late {
        fn drop(&mut self) {
            self.waker.wake_by_ref();
            let task = self.handle.spawn(pending());
            *self.spawned.lock().unwrap() = Some(task);
        }
    }
    thread_local! {
        static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
    }
    for (kind, runtime) in runtimes() {
        let spawned = Arc::default();
        let mut late = Late {
            handle: runtime.handle().clone(),
            waker: Waker::noop().clone(),
            spawned: Arc::clone(&spawned),
        };
        let sets = spawn_in(&runtime, move |waker| {
            late.waker = waker;
            LATE.with(|cell| *cell.borrow_mut() = Some(late));
        });
        runtime.block_on(sets);
        drop(runtime);
        let task = spawned.lock().unwrap().take().expect(&kind);
        assert!(
            current_thread().block_on(task).unwrap_err().is_cancelled(),
            "{kind}"
        );
    }
}

/// Calls `closure` on a thread of the runtime, with the waker of a task that sleeps.
async fn spawn_in(runtime: &Runtime, closure: impl FnOnce(Waker) + Send + 'static) {
    let slot = Arc::new(Mutex::new(None));
    let asleep = Event::new();
    let (puts, tells) = (slot.clone(), asleep.clone());
    runtime.spawn(async move {
        poll_fn(|cx: &mut Context<'_>| {
            *puts.lock().unwrap() = Some(cx.waker().clone());
            tells.set();
            Poll::<()>::Pending
        })
        .await;
    });
    asleep.wait().await;
    let waker = slot.lock().unwrap().take().unwrap();
    runtime
        .handle()
        .spawn_blocking(move || closure(waker))
        .await
        .unwrap();
}

#[test]
fn all_threads_have_ended_after_a_drop() {
    for workers in [0, 1, 2, 8] {
        let mut builder = Builder::new_current_thread();
        if workers > 0 {
            builder = Builder::new_multi_thread();
            builder.worker_threads(workers);
        }
        let (started, stopped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (starts, stops) = (started.clone(), stopped.clone());
        let runtime = builder
            .on_thread_start(move || {
                starts.fetch_add(1, Ordering::SeqCst);
            })
            .on_thread_stop(move || {
                stops.fetch_add(1, Ordering::SeqCst);
            })
            .build()
            .unwrap();
        runtime.block_on(async {
            let closures: Vec<_> = (0..20).map(|_| spawn_blocking(|| {})).collect();
            for closure in closures {
                closure.await.unwrap();
            }
            for _ in 0..workers {
                leno::spawn(async { block_in_place(|| {}) }).await.unwrap();
            }
        });
        drop(runtime);
        let (started, stopped) = (
            started.load(Ordering::SeqCst),
            stopped.load(Ordering::SeqCst),
        );
        assert!(started > workers, "{started} threads for {workers} workers");
        assert_eq!(started, stopped, "{workers} workers");
    }
}

#[test]
fn a_runtime_can_end_at_once() {
    for _ in 0..50 {
        drop(multi_thread(4));
        multi_thread(4).shutdown_background();
        drop(current_thread());
    }
}

/// Also by the threads of the workers, which end meanwhile and have nothing to do: in many rounds, as that is a race.
#[test]
fn a_closure_that_has_not_started_is_dropped() {
    for _ in 0..50 {
        queued_closures_are_dropped();
    }
}

fn queued_closures_are_dropped() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let (started, go) = (Event::new(), Event::new());
    let (tells, waits) = (started.clone(), go.clone());
    runtime.spawn_blocking(move || {
        tells.set();
        waits.block();
    });
    started.block();
    let alive = Arc::new(());
    let closures: Vec<_> = (0..10)
        .map(|_| {
            let kept = alive.clone();
            runtime.spawn_blocking(move || drop(kept))
        })
        .collect();
    runtime.shutdown_background();
    assert_eq!(Arc::strong_count(&alive), 1);
    go.set();
    let runtime = current_thread();
    for closure in closures {
        assert!(runtime.block_on(closure).unwrap_err().is_cancelled());
    }
}
