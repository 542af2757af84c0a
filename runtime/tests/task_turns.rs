//! Who comes before whom on one thread: what other threads hand in, who has yielded, and what a set's thread wakes while it does
//! something else. The order is tokio's.

use leno::runtime::{Builder, LocalOptions, Runtime};
use leno::sync::{Notify, oneshot};
use leno::task::{JoinHandle, LocalSet, coop, spawn_local, yield_now};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// What has happened, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    fn add(&self, event: &str) {
        self.0.lock().unwrap().push_str(event);
    }

    fn read(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

/// Runs `program` where `spawn` is that of a current-thread runtime, of a `LocalRuntime`, and of a set, and compares what it
/// logs.
macro_rules! on_one_thread {
    ($expected:literal, |$log:ident, $spawn:ident| $program:expr) => {{
        let log = Log::default();
        {
            let $log = log.clone();
            macro_rules! $spawn {
                ($future:expr) => {
                    leno::spawn($future)
                };
            }
            one_thread().block_on($program);
        }
        assert_eq!(log.read(), $expected, "tasks of a runtime");
        macro_rules! $spawn {
            ($future:expr) => {
                spawn_local($future)
            };
        }
        let log = Log::default();
        {
            let $log = log.clone();
            let runtime = Builder::new_current_thread()
                .build_local(LocalOptions::default())
                .unwrap();
            runtime.block_on($program);
        }
        assert_eq!(log.read(), $expected, "tasks of a local runtime");
        let log = Log::default();
        {
            let $log = log.clone();
            LocalSet::new().block_on(&one_thread(), $program);
        }
        assert_eq!(log.read(), $expected, "tasks of a set");
    }};
}

/// Yields so often that whoever else has something to do has done it.
async fn settle() {
    for _ in 0..5 {
        yield_now().await;
    }
}

#[test]
fn what_an_injected_task_sets_off_comes_before_the_next_injected_one() {
    let runtime = one_thread();
    let log = Log::default();
    for (name, sets_off) in [("a", "A"), ("b", "B"), ("c", "C")] {
        let log = log.clone();
        drop(runtime.spawn(async move {
            log.add(name);
            leno::spawn(async move { log.add(sets_off) });
        }));
    }
    runtime.block_on(settle());
    assert_eq!(log.read(), "aAbBcC");
}

#[test]
fn so_does_what_a_task_sets_off_that_another_thread_has_woken() {
    on_one_thread!("aAbB", |log, spawn| async move {
        let (wakers, tasks): (Vec<_>, Vec<_>) = [("a", "A"), ("b", "B")]
            .into_iter()
            .map(|(name, sets_off)| {
                let (waker, woken) = oneshot::channel::<()>();
                let log = log.clone();
                let task = spawn!(async move {
                    woken.await.unwrap();
                    log.add(name);
                    spawn!(async move { log.add(sets_off) });
                });
                (waker, task)
            })
            .unzip();
        settle().await;
        // This thread does nothing meanwhile.
        std::thread::spawn(|| wakers.into_iter().for_each(|waker| waker.send(()).unwrap()))
            .join()
            .unwrap();
        for task in tasks {
            task.await.unwrap();
        }
        settle().await;
    });
}

#[test]
fn an_injected_task_is_counted_until_its_turn() {
    let runtime = one_thread();
    let depths = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..3 {
        let (depths, handle) = (depths.clone(), runtime.handle().clone());
        drop(runtime.spawn(async move {
            let depth = handle.metrics().global_queue_depth();
            depths.lock().unwrap().push(depth);
        }));
    }
    assert_eq!(runtime.metrics().global_queue_depth(), 3);
    runtime.block_on(settle());
    assert_eq!(*depths.lock().unwrap(), [2, 1, 0]);
}

/// A task that spawns its successor for ever.
fn endless(ran: Arc<AtomicUsize>) {
    leno::spawn(async move {
        ran.fetch_add(1, Ordering::Relaxed);
        endless(ran);
    });
}

#[test]
fn injected_tasks_come_first_every_so_often() {
    for (interval, expected) in [(None, [30, 60]), (Some(2), [1, 2]), (Some(1), [0, 0])] {
        let mut builder = Builder::new_current_thread();
        if let Some(interval) = interval {
            builder.global_queue_interval(interval);
        }
        let runtime = builder.build().unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let injected: Vec<JoinHandle<()>> = runtime.block_on(async {
            endless(ran.clone());
            let handle = leno::runtime::Handle::current();
            let (ran, seen) = (ran.clone(), seen.clone());
            std::thread::spawn(move || {
                let inject = |_| {
                    let (ran, seen) = (ran.clone(), seen.clone());
                    handle.spawn(async move {
                        seen.lock().unwrap().push(ran.load(Ordering::Relaxed));
                    })
                };
                (0..2).map(inject).collect()
            })
            .join()
            .unwrap()
        });
        runtime.block_on(async {
            for task in injected {
                task.await.unwrap();
            }
        });
        assert_eq!(*seen.lock().unwrap(), expected, "{interval:?}");
    }
}

#[test]
fn what_other_threads_push_to_a_set_comes_first_every_so_often() {
    fn endless(ran: Arc<AtomicUsize>) {
        spawn_local(async move {
            ran.fetch_add(1, Ordering::Relaxed);
            endless(ran);
        });
    }
    let (ran, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    LocalSet::new().block_on(&one_thread(), async {
        let (waker, woken) = oneshot::channel::<()>();
        let task = spawn_local({
            let (ran, seen) = (ran.clone(), seen.clone());
            async move {
                woken.await.unwrap();
                seen.store(ran.load(Ordering::Relaxed), Ordering::Relaxed);
            }
        });
        yield_now().await;
        endless(ran.clone());
        std::thread::spawn(move || waker.send(()).unwrap())
            .join()
            .unwrap();
        task.await.unwrap();
    });
    let seen = seen.load(Ordering::Relaxed);
    assert!(seen <= 31, "{seen} tasks came before");
}

#[test]
fn tasks_that_yield_take_turns_and_the_last_comes_first() {
    on_one_thread!("abccbaabc", |log, spawn| async move {
        for name in ["a", "b", "c"] {
            let log = log.clone();
            spawn!(async move {
                for _ in 0..3 {
                    log.add(name);
                    yield_now().await;
                }
            });
        }
        settle().await;
    });
}

#[test]
fn who_has_no_budget_left_takes_turns_with_those_who_yield() {
    on_one_thread!("abAB-", |log, spawn| async move {
        let (first, second) = (log.clone(), log.clone());
        spawn!(async move {
            first.add("a");
            yield_now().await;
            first.add("B");
        });
        spawn!(async move {
            second.add("b");
            for _ in 0..=128 {
                coop::consume_budget().await;
            }
            second.add("A");
        });
        settle().await;
        log.add("-");
    });
}

/// Three tasks that are ready now, each of which sets off another.
macro_rules! crowd {
    ($spawn:ident, $log:expr) => {
        for name in ["0", "1", "2"] {
            let log = $log.clone();
            $spawn!(async move {
                log.add(name);
                $spawn!(async move { log.add("+") });
            });
        }
    };
}

#[test]
fn a_task_that_has_yielded_can_be_woken_before_its_turn() {
    // It comes behind what was ready when it was woken: nothing.
    on_one_thread!("news012+++", |log, spawn| async move {
        let news = Arc::new(Notify::new());
        let (told, first) = (news.clone(), log.clone());
        spawn!(async move {
            leno::select! {
                biased;
                () = told.notified() => first.add("news"),
                () = yield_now() => first.add("nothing"),
            }
        });
        let second = log.clone();
        spawn!(async move {
            news.notify_one();
            crowd!(spawn, second);
        });
        settle().await;
    });
}

#[test]
fn a_task_that_has_yielded_can_be_aborted_before_its_turn() {
    struct Dropped(Log);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.add("dropped");
        }
    }
    on_one_thread!("dropped012over+++", |log, spawn| async move {
        let dropped = Dropped(log.clone());
        let yields = spawn!(async move {
            let _dropped = dropped;
            yield_now().await;
            std::future::pending::<()>().await;
        });
        let second = log.clone();
        spawn!(async move {
            yields.abort();
            crowd!(spawn, second);
            assert!(yields.await.unwrap_err().is_cancelled());
            second.add("over");
        });
        settle().await;
    });
}

#[test]
fn a_task_that_has_woken_itself_before_it_yields_does_not_wait() {
    on_one_thread!("012polled+++", |log, spawn| async move {
        let (first, second) = (log.clone(), log.clone());
        spawn!(async move {
            let mut yields = pin!(yield_now());
            let mut woken = false;
            poll_fn(|cx| {
                if !std::mem::replace(&mut woken, true) {
                    cx.waker().wake_by_ref();
                }
                yields.as_mut().poll(cx)
            })
            .await;
            first.add("polled");
        });
        crowd!(spawn, second);
        settle().await;
    });
}

#[test]
fn what_a_set_is_woken_for_comes_before_what_its_root_spawns_next() {
    // By those who resume it.
    let log = Log::default();
    LocalSet::new().block_on(&one_thread(), async {
        let yields = log.clone();
        spawn_local(async move {
            yield_now().await;
            yields.add("woken ");
        });
        yield_now().await;
        let spawned = log.clone();
        spawn_local(async move { spawned.add("spawned ") });
        settle().await;
    });
    assert_eq!(log.read(), "woken spawned ");
    // By a task that is not of the set.
    let log = Log::default();
    LocalSet::new().block_on(&one_thread(), async {
        let news = Arc::new(Notify::new());
        let (told, sleeps) = (news.clone(), log.clone());
        spawn_local(async move {
            told.notified().await;
            sleeps.add("woken ");
        });
        yield_now().await;
        leno::spawn(async move { news.notify_one() }).await.unwrap();
        let spawned = log.clone();
        spawn_local(async move { spawned.add("spawned ") });
        settle().await;
    });
    assert_eq!(log.read(), "woken spawned ");
    // By what is polled within it: another set.
    let log = Log::default();
    LocalSet::new().block_on(&one_thread(), async {
        let news = Arc::new(Notify::new());
        let (told, sleeps) = (news.clone(), log.clone());
        spawn_local(async move {
            told.notified().await;
            sleeps.add("woken ");
        });
        yield_now().await;
        let inner = LocalSet::new();
        inner.spawn_local(async move { news.notify_one() });
        poll_fn(|_| {
            let mut cx = Context::from_waker(Waker::noop());
            let mut run = pin!(inner.run_until(std::future::pending::<()>()));
            assert!(run.as_mut().poll(&mut cx).is_pending());
            Poll::Ready(())
        })
        .await;
        let spawned = log.clone();
        spawn_local(async move { spawned.add("spawned ") });
        settle().await;
    });
    assert_eq!(log.read(), "woken spawned ");
}

#[test]
fn a_set_that_is_dropped_takes_along_what_it_has_been_woken_for() {
    let alive = Arc::new(());
    one_thread().block_on(async {
        let set = LocalSet::new();
        let (waker, woken) = oneshot::channel::<()>();
        let (elsewhere, far) = oneshot::channel::<()>();
        let (first, second) = (alive.clone(), alive.clone());
        let near = set.spawn_local(async move {
            let _alive = first;
            woken.await.unwrap();
        });
        let far = set.spawn_local(async move {
            let _alive = second;
            far.await.unwrap();
        });
        set.run_until(yield_now()).await;
        waker.send(()).unwrap();
        std::thread::spawn(move || elsewhere.send(()).unwrap())
            .join()
            .unwrap();
        drop(set);
        assert_eq!(Arc::strong_count(&alive), 1);
        assert!(near.await.unwrap_err().is_cancelled());
        assert!(far.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn injected_tasks_that_have_not_had_their_turn_outlast_a_root_and_end_with_the_runtime() {
    let alive = Arc::new(());
    let runtime = Builder::new_current_thread()
        .event_interval(1)
        .build()
        .unwrap();
    let tasks: Vec<JoinHandle<Arc<()>>> = (0..3)
        .map(|_| {
            let alive = alive.clone();
            runtime.spawn(async move { alive })
        })
        .collect();
    let [first, second, third] = tasks.try_into().unwrap();
    // One task in each round.
    drop(runtime.block_on(first).unwrap());
    assert!(!third.is_finished());
    drop(runtime.block_on(second).unwrap());
    drop(runtime);
    let third = one_thread().block_on(third);
    assert!(third.is_err_and(|error| error.is_cancelled()));
    assert_eq!(Arc::strong_count(&alive), 1);
}

/// Wakes `other` and waits for `own`, in turn, until there is an `end`. Counts its turns.
async fn wake_each_other(
    [own, other]: [Arc<Notify>; 2],
    turns: Arc<AtomicUsize>,
    end: Arc<AtomicUsize>,
) {
    // If nothing stops it, a test fails, and does not hang.
    while end.load(Ordering::Relaxed) == 0 && turns.load(Ordering::Relaxed) < 10_000 {
        own.notified().await;
        turns.fetch_add(1, Ordering::Relaxed);
        other.notify_one();
    }
    other.notify_one();
}

#[test]
fn two_tasks_that_wake_each_other_let_others_have_their_turn() {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).spare_workers(0).build().unwrap();
    let (turns, end) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (one, other) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let tasks = runtime.spawn({
        let (turns, end) = (turns.clone(), end.clone());
        async move {
            let pair = [[one.clone(), other.clone()], [other.clone(), one.clone()]];
            let [first, second] =
                pair.map(|pair| leno::spawn(wake_each_other(pair, turns.clone(), end.clone())));
            // Both wait; this task is the last in the queue.
            settle().await;
            turns.store(0, Ordering::Relaxed);
            // To the worker's next slot; then the slot is taken.
            one.notify_one();
            let third = leno::spawn({
                let turns = turns.clone();
                async move {
                    end.store(1, Ordering::Relaxed);
                    turns.load(Ordering::Relaxed)
                }
            });
            let waited = third.await.unwrap();
            first.await.unwrap();
            second.await.unwrap();
            waited
        }
    });
    assert_eq!(runtime.block_on(tasks).unwrap(), 3);
}
