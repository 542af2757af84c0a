//! Values that tasks inherit: they arrive wherever a task is spawned, and nowhere else, and go with the last who has them.

#![deny(warnings)]
#![forbid(unsafe_code)]
#![allow(
    clippy::async_yields_async,
    reason = "tasks are spawned in scopes, and awaited outside of them"
)]

#[path = "task_support/mod.rs"]
mod support;

mod by_hand;

use by_hand::Driven;
use leno::runtime::{Builder, LocalOptions, Runtime};
use leno::sync::oneshot;
use leno::task::{self, JoinSet, LocalSet, spawn_local, yield_now};
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use support::on_all_runtimes;

leno::task_local! {
    /// With a description.
    #[inherited]
    #[allow(unused)]
    pub static NUMBER: u32;

    static NOT_INHERITED: u32;

    #[inherited]
    static NAME: &'static str;

    #[inherited] static COUNTED: Counted;

    #[inherited] static OTHER: Counted
}

/// One of those that are alive, and what its destructor does.
struct Counted {
    alive: Arc<AtomicUsize>,
    end: Box<dyn Fn() + Send + Sync>,
}

impl Counted {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        Self::ending(alive, || {})
    }

    fn ending(alive: &Arc<AtomicUsize>, end: impl Fn() + Send + Sync + 'static) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        let (alive, end) = (Arc::clone(alive), Box::new(end));
        Self { alive, end }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Release);
        (self.end)();
    }
}

/// Tells what the number is where it is dropped.
struct TellsNumber(mpsc::Sender<Option<u32>>);

impl Drop for TellsNumber {
    fn drop(&mut self) {
        let _ = self.0.send(NUMBER.try_get().ok());
    }
}

fn number() -> Option<u32> {
    NUMBER.try_get().ok()
}

fn multi_thread(workers: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap()
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

// ----- where they arrive ------------------------------------------------------------------------------------

#[test]
fn a_task_has_the_value_that_there_was_at_its_spawn() {
    on_all_runtimes(|| async {
        let tasks = NUMBER
            .scope(1, async {
                let first = leno::spawn(async {
                    yield_now().await;
                    number()
                });
                let second = NUMBER.sync_scope(2, || leno::spawn(async { number() }));
                yield_now().await;
                assert_eq!(number(), Some(1));
                (first, second)
            })
            .await;
        assert_eq!(number(), None);
        assert_eq!(tasks.0.await.unwrap(), Some(1));
        assert_eq!(tasks.1.await.unwrap(), Some(2));
    });
}

#[test]
fn whichever_way_it_is_spawned() {
    on_all_runtimes(|| async {
        let handle = leno::runtime::Handle::current();
        let numbers = NUMBER.scope(1, async {
            let mut seen = vec![
                leno::spawn(async { number() }).await.unwrap(),
                handle.spawn(async { number() }).await.unwrap(),
                task::spawn_blocking(number).await.unwrap(),
                handle.spawn_blocking(number).await.unwrap(),
                task::Builder::new()
                    .name("named")
                    .spawn(async { number() })
                    .unwrap()
                    .await
                    .unwrap(),
            ];
            let mut set = JoinSet::new();
            set.spawn(async { number() });
            set.spawn_blocking(number);
            seen.extend(set.join_all().await);
            let group = task::group(async |group| {
                let tasks = (
                    group.spawn(async { Ok::<_, ()>(number()) }),
                    group.spawn_blocking(|| Ok(number())),
                );
                Ok([tasks.0.await, tasks.1.await, number()])
            });
            seen.extend(group.await.unwrap());
            let supervised = task::supervise(async |supervisor| {
                let task = supervisor.spawn(async { number() });
                [task.await.unwrap(), number()]
            });
            seen.extend(supervised.await);
            seen
        });
        let numbers = numbers.await;
        assert_eq!(numbers.len(), 12);
        assert!(
            numbers.iter().all(|number| *number == Some(1)),
            "{numbers:?}"
        );
    });
}

#[test]
fn local_tasks_too() {
    let test = || async {
        let local = NUMBER.sync_scope(1, || spawn_local(async { number() }));
        assert_eq!(local.await.unwrap(), Some(1));
        let grouped = NUMBER.scope(2, async {
            task::group(async |group| {
                let task = group.spawn_local(async { Ok::<_, ()>(number()) });
                Ok(task.await)
            })
            .await
        });
        assert_eq!(grouped.await, Ok(Some(2)));
    };
    for runtime in [multi_thread(2), current_thread()] {
        let set = LocalSet::new();
        let before = NUMBER.sync_scope(3, || set.spawn_local(async { number() }));
        set.block_on(&runtime, async {
            test().await;
            assert_eq!(before.await.unwrap(), Some(3));
        });
    }
    let runtime = Builder::new_current_thread()
        .build_local(LocalOptions::default())
        .unwrap();
    runtime.block_on(test());
}

#[test]
fn through_two_levels_and_between_runtimes() {
    let other = multi_thread(1);
    let handle = other.handle().clone();
    let found = current_thread().block_on(NUMBER.scope(1, async move {
        let task = leno::spawn(async move {
            let task = handle.spawn(async {
                // A thread of the other runtime, a closure, and a task again.
                let closure = || leno::runtime::Handle::current().block_on(async { number() });
                task::spawn_blocking(closure).await.unwrap()
            });
            task.await.unwrap()
        });
        task.await.unwrap()
    }));
    assert_eq!(found, Some(1));
}

#[test]
fn several_keys() {
    on_all_runtimes(|| async {
        let both = || (number(), NAME.try_get().ok(), NOT_INHERITED.try_get().ok());
        NUMBER
            .scope(
                1,
                NAME.scope(
                    "a",
                    NOT_INHERITED.scope(9, async move {
                        assert_eq!(both(), (Some(1), Some("a"), Some(9)));
                        assert_eq!(
                            leno::spawn(async move { both() }).await.unwrap(),
                            (Some(1), Some("a"), None)
                        );
                        NUMBER.sync_scope(2, || {
                            assert_eq!(both(), (Some(2), Some("a"), Some(9)));
                            // The outer of the two keys, hidden, with another in front of it.
                            NAME.sync_scope("b", || {
                                NUMBER.sync_scope(3, || {
                                    assert_eq!(both(), (Some(3), Some("b"), Some(9)));
                                })
                            });
                            assert_eq!(both(), (Some(2), Some("a"), Some(9)));
                        });
                        assert_eq!(both(), (Some(1), Some("a"), Some(9)));
                    }),
                ),
            )
            .await;
        assert_eq!(both(), (None, None, None));
    });
}

#[test]
fn a_future_sees_its_value_in_every_poll_and_nobody_else_does() {
    let count = |start: u32| {
        NUMBER.scope(start, async move {
            for _ in 0..3 {
                assert_eq!(number(), Some(start));
                yield_now().await;
            }
        })
    };
    current_thread().block_on(async {
        leno::join!(count(1), count(2), async {
            for _ in 0..3 {
                assert_eq!(number(), None);
                yield_now().await;
            }
        });
    });
}

#[test]
fn the_other_values_are_those_of_where_it_is_polled() {
    let mut future = Driven::new(NUMBER.scope(1, async {
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push((number(), NAME.try_get().ok()));
            by_hand::yield_now().await;
        }
        seen
    }));
    assert!(future.poll().is_pending());
    NAME.sync_scope("a", || assert!(future.poll().is_pending()));
    NAME.sync_scope("b", || assert!(future.poll().is_pending()));
    NUMBER.sync_scope(5, || {
        assert!(future.poll().is_pending());
        assert_eq!(number(), Some(5));
    });
    let std::task::Poll::Ready(seen) = future.poll() else {
        panic!("it is pending")
    };
    let names = [None, Some("a"), Some("b"), None];
    assert_eq!(seen, names.map(|name| (Some(1), name)));
}

#[test]
fn a_panic_leaves_the_scope() {
    let future = NUMBER.scope(1, async { panic!("on purpose") });
    let mut future = Driven::new(future);
    assert!(catch_unwind(AssertUnwindSafe(|| future.poll())).is_err());
    assert_eq!(number(), None);
    assert!(catch_unwind(|| NUMBER.sync_scope(1, || panic!("on purpose"))).is_err());
    assert_eq!(number(), None);
}

#[test]
#[should_panic(expected = "`InheritedFuture` polled after completion")]
fn a_future_that_is_done_is_not_polled() {
    let mut future = Driven::new(NUMBER.scope(1, async {}));
    assert!(future.poll().is_ready());
    let _ = future.poll();
}

#[test]
#[should_panic(expected = "cannot access a task-local storage value without setting it first")]
fn getting_what_is_not_there_panics() {
    NUMBER.get();
}

#[test]
fn a_closure_that_has_the_value_may_enter_another_scope() {
    let seen = NUMBER.sync_scope(1, || {
        NUMBER.with(|outer| NUMBER.sync_scope(2, || NUMBER.with(|inner| (*outer, *inner))))
    });
    assert_eq!(seen, (1, 2));
}

#[test]
fn it_says_what_it_is() {
    assert_eq!(format!("{NUMBER:?}"), "InheritedKey { .. }");
    let future = NUMBER.scope(1, async {});
    assert_eq!(format!("{future:?}"), "InheritedFuture { value: Some(1) }");
    fn is_send_and_sync<T: Send + Sync>(_: &T) {}
    is_send_and_sync(&NUMBER);
    is_send_and_sync(&future);
}

// ----- in destructors ---------------------------------------------------------------------------------------

#[test]
fn a_future_is_dropped_with_its_value() {
    on_all_runtimes(|| async {
        let (sender, dropped) = mpsc::channel();
        let token = || TellsNumber(sender.clone());
        // Ready, in a scope.
        let held = token();
        let mut scope = Driven::new(NUMBER.scope(1, async move { drop(held) }));
        assert!(scope.poll().is_ready());
        assert_eq!(dropped.recv().unwrap(), Some(1));
        // Dropped when it was pending, and before it was polled.
        for polled in [true, false] {
            let held = token();
            let mut scope = Driven::new(NUMBER.scope(2, async move {
                pending::<()>().await;
                drop(held);
            }));
            assert!(!polled || scope.poll().is_pending());
            drop(scope);
            assert_eq!(dropped.recv().unwrap(), Some(2));
        }
        // A task that is aborted asleep, or before it begins.
        for asleep in [true, false] {
            let held = token();
            let task = NUMBER.sync_scope(3, || {
                leno::spawn(async move {
                    pending::<()>().await;
                    drop(held);
                })
            });
            while asleep && leno::runtime::Handle::current().tasks().is_empty() {
                yield_now().await;
            }
            assert!(task.cancel().await.is_none());
            assert_eq!(dropped.recv().unwrap(), Some(3));
        }
        // A task's output, when nobody waits for it any more.
        let held = token();
        let (end, ends) = oneshot::channel::<()>();
        let spawn = || {
            leno::spawn(async move {
                ends.await.unwrap();
                held
            })
        };
        drop(NUMBER.sync_scope(4, spawn));
        end.send(()).unwrap();
        let dropped = task::spawn_blocking(move || dropped.recv().unwrap());
        assert_eq!(dropped.await.unwrap(), Some(4));
    });
}

#[test]
fn a_runtimes_end_drops_a_future_with_its_value() {
    for runtime in [multi_thread(2), current_thread()] {
        let (sender, dropped) = mpsc::channel();
        for scope in [Some(1), None] {
            let held = TellsNumber(sender.clone());
            let task = async move {
                pending::<()>().await;
                drop(held);
            };
            match scope {
                Some(number) => NUMBER.sync_scope(number, || runtime.spawn(task)),
                None => runtime.spawn(task),
            };
        }
        // Whoever ends it has a value of his own.
        NUMBER.sync_scope(7, || drop(runtime));
        let mut seen = [dropped.recv().unwrap(), dropped.recv().unwrap()];
        seen.sort_unstable();
        assert_eq!(seen, [None, Some(1)]);
    }
}

// ----- where they do not arrive -----------------------------------------------------------------------------

#[test]
fn not_in_what_is_detached() {
    on_all_runtimes(|| async {
        NUMBER
            .scope(1, async {
                let tasks = task::detached(|| {
                    assert_eq!(number(), None);
                    let mut set = JoinSet::new();
                    set.spawn(async { number() });
                    (
                        leno::spawn(async { number() }),
                        task::spawn_blocking(number),
                        NUMBER.sync_scope(2, || leno::spawn(async { number() })),
                        set,
                    )
                });
                assert_eq!(number(), Some(1));
                assert_eq!(tasks.0.await.unwrap(), None);
                assert_eq!(tasks.1.await.unwrap(), None);
                assert_eq!(tasks.2.await.unwrap(), Some(2));
                assert_eq!(tasks.3.join_all().await, [None]);
                // A panic leaves it too.
                let left = catch_unwind(|| task::detached(|| panic!("on purpose")));
                assert!(left.is_err());
                assert_eq!(number(), Some(1));
            })
            .await;
    });
}

#[test]
fn not_in_the_tasks_of_a_set_that_is_polled_in_a_scope() {
    for runtime in [multi_thread(1), current_thread()] {
        let set = LocalSet::new();
        let plain = set.spawn_local(async {
            yield_now().await;
            number()
        });
        runtime.block_on(NUMBER.scope(
            1,
            set.run_until(async {
                // It is the scope's future, and polled by the set.
                assert_eq!(number(), Some(1));
                assert_eq!(plain.await.unwrap(), None);
                assert_eq!(number(), Some(1));
            }),
        ));
        let plain = set.spawn_local(async { number() });
        let own = NUMBER.sync_scope(2, || set.spawn_local(async { number() }));
        runtime.block_on(NUMBER.scope(1, set));
        assert_eq!(runtime.block_on(plain).unwrap(), None);
        assert_eq!(runtime.block_on(own).unwrap(), Some(2));
    }
}

#[test]
fn not_in_the_tasks_that_a_block_on_drives() {
    let runtime = current_thread();
    let local = Builder::new_current_thread()
        .build_local(LocalOptions::default())
        .unwrap();
    let plain = runtime.spawn(async { number() });
    let plain_local = local.spawn_local(async { number() });
    NUMBER.sync_scope(1, || {
        runtime.block_on(async {
            assert_eq!(number(), Some(1));
            assert_eq!(plain.await.unwrap(), None);
            assert_eq!(number(), Some(1));
            assert_eq!(leno::spawn(async { number() }).await.unwrap(), Some(1));
        });
        local.block_on(async {
            assert_eq!(plain_local.await.unwrap(), None);
            assert_eq!(number(), Some(1));
        });
        // One that helps, since it has no claim.
        let plain = task::detached(|| runtime.spawn(async { number() }));
        let seen = runtime
            .handle()
            .block_on(async { (number(), plain.await.unwrap()) });
        assert_eq!(seen, (Some(1), None));
        assert_eq!(number(), Some(1));
    });
}

#[test]
fn not_in_a_runtime_that_is_driven_in_the_middle_of_a_task() {
    multi_thread(1).block_on(async {
        let task = NUMBER.sync_scope(1, || {
            leno::spawn(async {
                task::block_in_place(|| {
                    assert_eq!(number(), Some(1));
                    let inner = current_thread();
                    let plain = task::detached(|| inner.spawn(async { number() }));
                    inner.block_on(async { (number(), plain.await.unwrap()) })
                })
            })
        });
        assert_eq!(task.await.unwrap(), (Some(1), None));
        let closure = NUMBER.sync_scope(2, || {
            task::spawn_blocking(|| {
                let inner = current_thread();
                let plain = task::detached(|| inner.spawn(async { number() }));
                inner.block_on(async { (number(), plain.await.unwrap()) })
            })
        });
        assert_eq!(closure.await.unwrap(), (Some(2), None));
        // The worker goes on with tasks that have none.
        assert_eq!(leno::spawn(async { number() }).await.unwrap(), None);
    });
}

/// A scope is no more seen than values are: a group that such a task begins is within nothing.
#[test]
fn nor_does_a_scope_contain_the_tasks_that_are_driven_in_it() {
    for runtime in [multi_thread(1), current_thread()] {
        runtime.block_on(async {
            let set = LocalSet::new();
            let (go_on, goes_on) = oneshot::channel::<()>();
            let group = set.spawn_local(task::group(async |group| {
                let task = group.spawn(async move { goes_on.await.map_err(|_| ()) });
                task.await;
                Ok("done")
            }));
            let failed = task::group(async |_| {
                set.run_until(yield_now()).await;
                Err::<(), _>("the group around has failed")
            });
            assert!(failed.await.is_err());
            go_on.send(()).unwrap();
            assert_eq!(set.run_until(group).await.unwrap(), Ok("done"));
        });
    }
}

/// As a client does that keeps its connections: the task that serves one is spawned by whoever needs it first, and outlives him, and
/// his scope. It has his names.
#[test]
fn a_task_of_a_pool_outlives_the_scope_of_its_first_user() {
    type Request = oneshot::Sender<Option<u32>>;
    for runtime in [multi_thread(1), multi_thread(2), current_thread()] {
        runtime.block_on(async {
            let pool: Arc<Mutex<Option<leno::sync::mpsc::Sender<Request>>>> = Arc::default();
            let connect = || {
                let mut pool = pool.lock().unwrap();
                let connection = pool.get_or_insert_with(|| {
                    let (sender, mut requests) = leno::sync::mpsc::channel::<Request>(1);
                    leno::spawn(async move {
                        while let Some(reply) = requests.recv().await {
                            let _ = reply.send(number());
                        }
                    });
                    sender
                });
                connection.clone()
            };
            let ask = async || {
                let (sender, reply) = oneshot::channel();
                connect().send(sender).await.unwrap();
                reply.await.unwrap()
            };
            let failed = task::group(async |_| {
                assert_eq!(NUMBER.scope(1, ask()).await, Some(1));
                Err::<(), _>("the scope is over")
            });
            assert!(failed.await.is_err());
            assert_eq!(NUMBER.scope(2, ask()).await, Some(1));
        });
    }
}

// ----- how long they live -----------------------------------------------------------------------------------

#[test]
#[allow(
    clippy::async_yields_async,
    reason = "the task is to outlive the scope that it is spawned in"
)]
fn the_last_task_that_has_a_value_drops_it() {
    on_all_runtimes(|| async {
        let alive = Arc::new(AtomicUsize::new(0));
        let live = || alive.load(Ordering::Acquire);
        let (end, ends) = oneshot::channel::<()>();
        let task = COUNTED
            .scope(Counted::new(&alive), async {
                leno::spawn(async {
                    let inner = leno::spawn(async { ends.await.unwrap() });
                    drop(inner);
                })
            })
            .await;
        task.await.unwrap();
        yield_now().await;
        assert_eq!(live(), 1);
        end.send(()).unwrap();
        while live() > 0 {
            yield_now().await;
        }
        // Without a task the scope's future keeps it.
        let mut scope = Driven::new(COUNTED.scope(Counted::new(&alive), async {}));
        assert!(scope.poll().is_ready());
        assert_eq!(live(), 1);
        drop(scope);
        assert_eq!(live(), 0);
        COUNTED.sync_scope(Counted::new(&alive), || assert_eq!(live(), 1));
        assert_eq!(live(), 0);
    });
}

/// A finished task that somebody keeps a handle to keeps no value.
#[test]
fn a_handle_keeps_no_value() {
    on_all_runtimes(|| async {
        let alive = Arc::new(AtomicUsize::new(0));
        let scope = || COUNTED.sync_scope(Counted::new(&alive), || leno::spawn(pending::<()>()));
        let task = scope();
        let abort = task.abort_handle();
        yield_now().await;
        let info = leno::runtime::Handle::current().tasks();
        assert!(task.cancel().await.is_none());
        while alive.load(Ordering::Acquire) > 0 {
            yield_now().await;
        }
        drop((abort, info));
    });
}

/// Tasks that spawn each other, each in a scope of its own: what nobody can see any more is not kept.
#[test]
fn a_chain_of_scopes_does_not_grow() {
    fn next(alive: Arc<AtomicUsize>, left: u32, done: oneshot::Sender<()>) {
        assert!(alive.load(Ordering::Acquire) <= 3, "they pile up");
        if left == 0 {
            done.send(()).unwrap();
            return;
        }
        let value = Counted::new(&alive);
        let spawn = || {
            let spawn = || leno::spawn(async move { next(alive, left - 1, done) });
            NUMBER.sync_scope(left, spawn)
        };
        drop(COUNTED.sync_scope(value, spawn));
    }
    current_thread().block_on(async {
        let alive = Arc::new(AtomicUsize::new(0));
        let (done, is_done) = oneshot::channel();
        next(Arc::clone(&alive), 10_000, done);
        is_done.await.unwrap();
    });
}

#[test]
fn a_values_destructor_may_do_anything() {
    on_all_runtimes(|| async {
        let alive = Arc::new(AtomicUsize::new(0));
        let (sender, seen) = mpsc::channel();
        let value = Counted::ending(&alive, move || {
            // What it belonged to is over.
            let (here, sender) = (COUNTED.try_with(|_| ()).is_ok(), sender.clone());
            drop(leno::spawn(async move {
                let there = COUNTED.try_with(|_| ()).is_ok();
                sender.send((here, there)).unwrap();
            }));
        });
        let task = COUNTED.sync_scope(value, || {
            leno::spawn(async {
                yield_now().await;
            })
        });
        task.await.unwrap();
        let seen = task::spawn_blocking(move || seen.recv().unwrap());
        assert_eq!(seen.await.unwrap(), (false, false));
    });
}

#[test]
fn a_value_that_panics_as_it_is_dropped_hurts_nobody() {
    on_all_runtimes(|| async {
        let alive = Arc::new(AtomicUsize::new(0));
        let panics = || Counted::ending(&alive, || panic!("a value's destructor, on purpose"));
        let spawn = || leno::spawn(async { 7 });
        // Two of them in one task, so that the second is dropped after the first has panicked.
        let task = COUNTED.sync_scope(panics(), || OTHER.sync_scope(panics(), spawn));
        assert_eq!(task.await.unwrap(), 7);
        while alive.load(Ordering::Acquire) > 0 {
            yield_now().await;
        }
        // In the scope itself, and while that unwinds.
        assert_eq!(COUNTED.scope(panics(), async { 8 }).await, 8);
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            COUNTED.sync_scope(panics(), || std::panic::resume_unwind(Box::new("first")));
        }));
        assert_eq!(unwound.unwrap_err().downcast_ref(), Some(&"first"));
        assert_eq!(alive.load(Ordering::Acquire), 0);
    });
}
