//! The tasks of a `LocalSet` run and end on its own thread, whatever other threads do with their wakers and handles.

mod expected_reports;
mod task_support;

use expected_reports::expect;
use leno::diagnostics::ReportKind;
use leno::task::{JoinSet, LocalSet, block_in_place, spawn_local, yield_now};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};
use task_support::{
    Count, Event, OnDrop, PanicOnDrop, catch, current_thread, multi_thread, on_each_runtime,
    runtimes,
};

async fn tasks_that_are_not_send_run_on_the_thread_of_the_set(kind: &str) {
    let set = LocalSet::new();
    let home = thread::current().id();
    let seen = set.run_until(async {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let seen = seen.clone();
                spawn_local(async move {
                    yield_now().await;
                    seen.borrow_mut().push(thread::current().id());
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        seen.take()
    });
    assert_eq!(seen.await, vec![home; 100], "{kind}");
}

async fn a_set_can_be_awaited(kind: &str) {
    let set = LocalSet::new();
    let count = Rc::new(Cell::new(0));
    for _ in 0..200 {
        let count = count.clone();
        set.spawn_local(async move {
            yield_now().await;
            let inner = count.clone();
            spawn_local(async move { inner.set(inner.get() + 1) });
            count.set(count.get() + 1);
        });
    }
    set.await;
    assert_eq!(count.get(), 400, "{kind}");
}

#[leno::test]
async fn an_empty_set_is_ready() {
    LocalSet::default().await;
}

#[leno::test]
async fn tasks_stay_in_the_set_between_two_runs() {
    let set = LocalSet::new();
    let (event, done) = (Event::new(), Rc::new(Cell::new(false)));
    let (waits, sets) = (event.clone(), done.clone());
    set.run_until(async move {
        spawn_local(async move {
            waits.wait().await;
            sets.set(true);
        });
        yield_now().await;
    })
    .await;
    // Woken while nobody runs the set.
    event.set();
    yield_now().await;
    assert!(!done.get());
    set.await;
    assert!(done.get());
}

#[test]
fn wakes_from_other_threads_arrive() {
    for (kind, runtime) in runtimes() {
        let set = LocalSet::new();
        set.block_on(&runtime, async {
            for _ in 0..200 {
                let event = Event::new();
                let waits = event.clone();
                let task = spawn_local(async move { waits.wait().await });
                let thread = thread::spawn(move || event.set());
                task.await.expect(&kind);
                thread.join().unwrap();
            }
        });
    }
}

#[leno::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_can_be_spawned_and_woken_from_a_task_of_the_runtime() {
    let set = LocalSet::new();
    set.run_until(async {
        let event = Event::new();
        let waits = event.clone();
        let local = spawn_local(async move {
            waits.wait().await;
            Rc::new(1)
        });
        leno::spawn(async move { event.set() });
        assert_eq!(*local.await.unwrap(), 1);
    })
    .await;
}

#[test]
fn spawn_local_outside_of_a_set_panics_with_the_fix() {
    let caught = catch(|| drop(spawn_local(async {})));
    assert!(caught.text.contains("`LocalSet::run_until`"), "{caught:?}");
    assert!(caught.file.ends_with("task_local_set.rs"), "{caught:?}");
    // A task of the runtime is outside, whoever spawned it.
    let runtime = current_thread();
    let error = LocalSet::new().block_on(&runtime, async {
        let task = leno::spawn(async { drop(spawn_local(async {})) });
        task.await.unwrap_err()
    });
    assert!(error.is_panic());
}

#[test]
fn an_entered_set_takes_tasks_and_does_not_run_them() {
    let runtime = current_thread();
    let set = LocalSet::new();
    let ran = Rc::new(Cell::new(false));
    let runs = ran.clone();
    let guard = set.enter();
    let task = spawn_local(async move { runs.set(true) });
    drop(guard);
    runtime.block_on(yield_now());
    assert!(!ran.get());
    set.block_on(&runtime, async { task.await.unwrap() });
    assert!(ran.get());
    catch(|| drop(spawn_local(async {})));
}

#[test]
fn the_innermost_set_is_the_current_one() {
    let runtime = current_thread();
    let (outer, inner) = (LocalSet::new(), LocalSet::new());
    let guard = outer.enter();
    let inner_guard = inner.enter();
    spawn_local(async {});
    drop(inner_guard);
    let task = spawn_local(async { 1 });
    drop(guard);
    assert_eq!(outer.block_on(&runtime, task).unwrap(), 1);
    runtime.block_on(inner);
}

#[test]
fn guards_may_outlive_their_set() {
    let set = LocalSet::new();
    let guard = set.enter();
    drop(set);
    let alive = Rc::new(());
    let kept = alive.clone();
    let task = spawn_local(async move { drop(kept) });
    assert!(task.is_finished());
    assert_eq!(Rc::strong_count(&alive), 1);
    drop(guard);
    assert!(current_thread().block_on(task).unwrap_err().is_cancelled());
}

#[test]
fn guards_out_of_order_leave_nothing_dangling() {
    let (first, second) = (LocalSet::new(), LocalSet::new());
    let outer = first.enter();
    let inner = second.enter();
    drop(outer);
    drop(inner);
    drop((first, second));
    // The first set is current still, and closed.
    assert!(spawn_local(async {}).is_finished());
}

#[test]
fn run_until_can_be_nested() {
    for (kind, runtime) in runtimes() {
        let set = Rc::new(LocalSet::new());
        let again = set.clone();
        let sum = set.block_on(&runtime, async move {
            let innermost = again.clone();
            let root = again.run_until(async { spawn_local(async { 1 }).await.unwrap() });
            let from_root = root.await;
            // Within a task of the same set, which is then run by itself.
            let task = spawn_local(async move {
                let event = Event::new();
                let waits = event.clone();
                let inner = innermost.run_until(async move {
                    let task = spawn_local(async move {
                        waits.wait().await;
                        2
                    });
                    thread::spawn(move || event.set());
                    task.await.unwrap()
                });
                inner.await
            });
            from_root + task.await.unwrap()
        });
        assert_eq!(sum, 3, "{kind}");
    }
}

#[leno::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_set_within_another_is_run_by_its_task() {
    let outer = LocalSet::new();
    let sum = outer
        .run_until(async {
            let task = spawn_local(async {
                let inner = LocalSet::new();
                inner
                    .run_until(async { *spawn_local(async { Rc::new(1) }).await.unwrap() })
                    .await
            });
            task.await.unwrap() + *spawn_local(async { Rc::new(2) }).await.unwrap()
        })
        .await;
    assert_eq!(sum, 3);
}

#[test]
fn each_poll_of_a_set_ends_after_a_while() {
    let runtime = current_thread();
    runtime.block_on(async {
        let set = LocalSet::new();
        let polls = Rc::new(Cell::new(0));
        for _ in 0..200 {
            let polls = polls.clone();
            set.spawn_local(async move { polls.set(polls.get() + 1) });
        }
        let wakes = Arc::new(Count::default());
        let waker = Waker::from(wakes.clone());
        let mut set = pin!(set);
        let mut run = || set.as_mut().poll(&mut Context::from_waker(&waker));
        for turn in 1..=3 {
            assert!(run().is_pending());
            assert_eq!(polls.get(), turn * 61);
        }
        assert!(wakes.0.load(Ordering::SeqCst) >= 3);
        assert!(run().is_ready());
        assert_eq!(polls.get(), 200);
    });
}

// A simulation may hold the task of the runtime up for as long as the set can go on, which is for ever.
#[leno::test]
async fn busy_local_tasks_do_not_starve_the_runtime() {
    let set = LocalSet::new();
    set.run_until(async {
        let stop = Rc::new(Cell::new(false));
        for _ in 0..100 {
            let stop = stop.clone();
            spawn_local(async move {
                while !stop.get() {
                    yield_now().await;
                }
            });
        }
        leno::spawn(async {}).await.unwrap();
        stop.set(true);
    })
    .await;
}

// It counts polls, of which a simulation may make more.
#[leno::test(sim = false)]
async fn each_task_has_a_budget_of_its_own() {
    let set = LocalSet::new();
    set.run_until(async {
        for _ in 0..3 {
            let polls = Rc::new(Cell::new(0));
            let count = polls.clone();
            let task = spawn_local(async move {
                let mut work = pin!(async {
                    for _ in 0..129 {
                        leno::task::coop::consume_budget().await;
                    }
                });
                poll_fn(|cx| {
                    count.set(count.get() + 1);
                    work.as_mut().poll(cx)
                })
                .await;
            });
            task.await.unwrap();
            assert_eq!(polls.get(), 2);
        }
    })
    .await;
}

async fn a_panic_goes_to_the_handle(kind: &str) {
    let set = LocalSet::new();
    set.run_until(async {
        let error = spawn_local(async { panic!("on purpose") })
            .await
            .unwrap_err();
        assert!(error.is_panic(), "{kind}");
        assert_eq!(spawn_local(async { 1 }).await.unwrap(), 1);
    })
    .await;
}

#[test]
fn a_panic_of_the_awaited_future_leaves_the_set_usable() {
    let runtime = current_thread();
    let set = LocalSet::new();
    let task = set.spawn_local(async { 1 });
    catch(|| set.block_on(&runtime, async { panic!("on purpose") }));
    catch(|| drop(spawn_local(async {})));
    assert_eq!(set.block_on(&runtime, task).unwrap(), 1);
}

#[test]
fn block_in_place_panics_in_a_set() {
    let runtime = multi_thread(2);
    let set = LocalSet::new();
    let caught = catch(|| set.block_on(&runtime, async { block_in_place(|| {}) }));
    assert!(caught.text.contains("`spawn_blocking`"), "{caught:?}");
    assert!(caught.file.ends_with("task_local_set.rs"), "{caught:?}");
    let in_task = set.block_on(&runtime, async {
        let task = spawn_local(async { block_in_place(|| {}) });
        task.await.unwrap_err().is_panic()
    });
    assert!(in_task);
    // Outside of the set it is fine again.
    runtime.block_on(async { block_in_place(|| {}) });
}

#[test]
fn an_aborted_task_ends_on_its_thread() {
    for (kind, runtime) in runtimes() {
        let set = LocalSet::new();
        let home = thread::current().id();
        let ended = Rc::new(Cell::new(None));
        set.block_on(&runtime, async {
            let tell = ended.clone();
            let task = spawn_local(async move {
                let _on_drop = OnDrop(|| tell.set(Some(thread::current().id())));
                pending::<()>().await;
            });
            yield_now().await;
            let abort = task.abort_handle();
            thread::spawn(move || abort.abort()).join().unwrap();
            assert!(task.await.unwrap_err().is_cancelled(), "{kind}");
        });
        assert_eq!(ended.get(), Some(home), "{kind}");
    }
}

/// A future that asserts that it is polled and dropped on the thread that made it.
struct Homesick {
    home: ThreadId,
    alive: Rc<Cell<usize>>,
    waker: Arc<std::sync::Mutex<Option<Waker>>>,
}

impl Homesick {
    fn new(alive: &Rc<Cell<usize>>, waker: &Arc<std::sync::Mutex<Option<Waker>>>) -> Self {
        alive.set(alive.get() + 1);
        Self {
            home: thread::current().id(),
            alive: alive.clone(),
            waker: waker.clone(),
        }
    }
}

impl Future for Homesick {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        assert_eq!(thread::current().id(), self.home);
        *self.waker.lock().unwrap() = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Homesick {
    fn drop(&mut self) {
        if thread::current().id() != self.home {
            // A panic would be caught by the runtime.
            std::process::abort();
        }
        self.alive.set(self.alive.get() - 1);
    }
}

#[test]
fn wakes_race_with_the_end_of_a_set() {
    for _ in 0..200 {
        let alive = Rc::new(Cell::new(0));
        let set = LocalSet::new();
        let wakers: Vec<_> = (0..4).map(|_| Arc::default()).collect();
        for waker in &wakers {
            set.spawn_local(Homesick::new(&alive, waker));
        }
        let mut set = Box::pin(set);
        assert!(
            set.as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
        let started = Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = wakers
            .chunks(2)
            .map(|wakers| {
                let wakers: Vec<Waker> = wakers
                    .iter()
                    .map(|waker| waker.lock().unwrap().take().unwrap())
                    .collect();
                let started = started.clone();
                thread::spawn(move || {
                    started.fetch_add(1, Ordering::SeqCst);
                    for waker in wakers {
                        waker.wake_by_ref();
                        waker.wake();
                    }
                })
            })
            .collect();
        while started.load(Ordering::SeqCst) < 2 {
            thread::yield_now();
        }
        drop(set);
        assert_eq!(alive.get(), 0);
        for thread in threads {
            thread.join().unwrap();
        }
    }
}

#[test]
fn wakers_may_outlive_their_set_and_their_thread() {
    let slot: Arc<std::sync::Mutex<Option<Waker>>> = Arc::default();
    let shared = slot.clone();
    thread::spawn(move || {
        let alive = Rc::new(Cell::new(0));
        let set = LocalSet::new();
        set.spawn_local(Homesick::new(&alive, &shared));
        let mut set = pin!(set);
        assert!(
            set.as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
    })
    .join()
    .unwrap();
    let waker = slot.lock().unwrap().take().unwrap();
    waker.wake_by_ref();
    drop(waker);
}

#[test]
fn dropping_a_set_drops_queued_sleeping_and_woken_tasks() {
    let set = LocalSet::new();
    let alive = Rc::new(());
    let event = Event::new();
    for number in 0..100 {
        let (alive, event) = (alive.clone(), event.clone());
        set.spawn_local(async move {
            match number % 3 {
                0 => event.wait().await,
                1 => pending().await,
                _ => loop {
                    yield_now().await;
                },
            }
            drop(alive);
        });
    }
    let mut set = Box::pin(set);
    for _ in 0..3 {
        let _ = set.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    event.set();
    drop(set);
    assert_eq!(Rc::strong_count(&alive), 1);
}

#[test]
fn destructors_in_a_dying_set_may_wake_spawn_and_panic() {
    expect(
        ReportKind::LostPanic,
        "nobody waits for the tasks of the set",
    );
    let set = LocalSet::new();
    let ended = Rc::new(Cell::new(0));
    let late = Rc::new(Cell::new(false));
    let event = Event::new();
    for number in 0..30 {
        let (ended, event, late) = (ended.clone(), event.clone(), late.clone());
        set.spawn_local(async move {
            let sets = event.clone();
            let _on_drop = OnDrop(|| {
                ended.set(ended.get() + 1);
                sets.set();
                let late = late.clone();
                assert!(spawn_local(async move { late.set(true) }).is_finished());
            });
            if number % 2 == 0 {
                let _panics = PanicOnDrop;
                event.wait().await;
            } else {
                event.wait().await;
            }
        });
    }
    let mut set = Box::pin(set);
    assert!(
        set.as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    drop(set);
    assert_eq!(ended.get(), 30);
    assert!(!late.get());
}

#[test]
fn a_set_in_a_thread_local_ends_with_its_thread() {
    thread_local! {
        static SET: LocalSet = LocalSet::new();
    }
    let ended = Event::new();
    let tell = ended.clone();
    thread::spawn(move || {
        SET.with(|set| {
            set.spawn_local(async move {
                let _on_drop = OnDrop(|| tell.set());
                pending::<()>().await;
            });
            set.block_on(&current_thread(), yield_now());
        });
    })
    .join()
    .unwrap();
    assert!(ended.is_set());
}

#[test]
fn a_set_runs_off_a_runtime() {
    let set = LocalSet::new();
    let task = set.spawn_local(async {
        yield_now().await;
        1
    });
    let mut set = pin!(set);
    while set
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
        .is_pending()
    {}
    assert!(task.is_finished());
}

#[leno::test]
async fn a_join_set_of_local_tasks_is_drained() {
    let mut tasks = JoinSet::new();
    let set = LocalSet::new();
    for number in 0..100 {
        tasks.spawn_local_on(async move { Rc::new(number) }, &set);
    }
    let sum = set
        .run_until(async move {
            let mut sum = 0;
            while let Some(number) = tasks.join_next().await {
                sum += *number.unwrap();
            }
            sum
        })
        .await;
    assert_eq!(sum, 4950);
}

on_each_runtime!(
    tasks_that_are_not_send_run_on_the_thread_of_the_set,
    a_set_can_be_awaited,
    a_panic_goes_to_the_handle
);
