//! `LocalRuntime`: tasks that need not be `Send`, and whose thread they stay on.

use leno::runtime::{Builder, Handle, LocalOptions, LocalRuntime};
use leno::sync::{Notify, oneshot};
use leno::task::{JoinSet, LocalSet, spawn_local, yield_now};
use std::cell::Cell;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

fn runtime() -> LocalRuntime {
    LocalRuntime::new().unwrap()
}

/// Says on which thread it was dropped. Not `Send`.
struct Witness(Rc<Cell<Option<thread::ThreadId>>>);

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.set(Some(thread::current().id()));
    }
}

#[test]
fn tasks_need_not_be_send() {
    let runtime = runtime();
    let number = Rc::new(Cell::new(0));
    let outer = runtime.spawn_local({
        let number = number.clone();
        async move {
            let inner = spawn_local({
                let number = number.clone();
                async move { number.set(number.get() + 1) }
            });
            yield_now().await;
            inner.await.unwrap();
            number.set(number.get() + 1);
        }
    });
    runtime.block_on(outer).unwrap();
    assert_eq!(number.get(), 2);
}

#[test]
fn a_join_set_spawns_onto_it() {
    runtime().block_on(async {
        let mut set = JoinSet::new();
        let base = Rc::new(1);
        for number in 0..3 {
            let base = base.clone();
            set.spawn_local(async move { *base + number });
        }
        assert_eq!(set.join_all().await.iter().sum::<i32>(), 6);
    });
}

#[test]
fn a_task_that_is_send_can_come_from_any_thread() {
    let runtime = runtime();
    let handle = runtime.handle().clone();
    let task = thread::spawn(move || handle.spawn(async { 42 }));
    let task = task.join().unwrap();
    assert_eq!(runtime.block_on(task).unwrap(), 42);
}

#[test]
fn a_task_is_woken_from_another_thread_and_stays_on_its_own() {
    let runtime = runtime();
    let here = thread::current().id();
    let (sender, receiver) = oneshot::channel();
    let task = runtime.spawn_local(async move {
        let _not_send = Rc::new(());
        let number: u32 = receiver.await.unwrap();
        (number, thread::current().id())
    });
    let other = thread::spawn(move || sender.send(7).unwrap());
    assert_eq!(runtime.block_on(task).unwrap(), (7, here));
    other.join().unwrap();
}

#[test]
fn a_set_within_it_works_as_well() {
    let runtime = runtime();
    runtime.block_on(async {
        let set = LocalSet::new();
        let number = Rc::new(Cell::new(0));
        set.spawn_local({
            let number = number.clone();
            async move { number.set(1) }
        });
        set.await;
        assert_eq!(number.get(), 1);
    });
}

#[test]
fn dropping_it_drops_the_tasks_on_its_thread() {
    let dropped = Rc::new(Cell::new(None));
    let runtime = runtime();
    let asleep = runtime.spawn_local({
        let witness = Witness(dropped.clone());
        async move {
            let _witness = witness;
            pending::<()>().await;
        }
    });
    let fresh = Rc::new(Cell::new(None));
    runtime.block_on(yield_now());
    runtime.spawn_local({
        let witness = Witness(fresh.clone());
        async move { drop(witness) }
    });
    runtime.shutdown_background();
    assert!(asleep.is_finished());
    assert_eq!(dropped.get(), Some(thread::current().id()));
    assert_eq!(fresh.get(), Some(thread::current().id()));
}

/// Wakes that come from another thread while the runtime ends never make that thread drop a future.
#[test]
fn a_wake_that_meets_the_end_leaves_the_future_to_its_thread() {
    for _ in 0..200 {
        let runtime = runtime();
        let notify = Arc::new(Notify::new());
        let witnesses: Vec<_> = (0..8).map(|_| Rc::new(Cell::new(None))).collect();
        for witness in &witnesses {
            let (notify, witness) = (notify.clone(), Witness(witness.clone()));
            runtime.spawn_local(async move {
                let _witness = witness;
                loop {
                    notify.notified().await;
                }
            });
        }
        runtime.block_on(yield_now());
        let waker = thread::spawn(move || notify.notify_waiters());
        drop(runtime);
        let here = Some(thread::current().id());
        assert!(witnesses.iter().all(|witness| witness.get() == here));
        waker.join().unwrap();
    }
}

#[test]
fn what_is_spawned_after_its_end_is_dropped_at_once() {
    let runtime = runtime();
    let handle = runtime.handle().clone();
    drop(runtime);
    let _guard = handle.enter();
    let dropped = Rc::new(Cell::new(None));
    let witness = Witness(dropped.clone());
    let task = spawn_local(async move { drop(witness) });
    assert!(task.is_finished());
    assert!(dropped.get().is_some());
}

/// A destructor of a task may spawn, also when the runtime is ending.
#[test]
fn what_a_destructor_spawns_at_the_end_is_dropped_too() {
    struct Spawns(Rc<Cell<Option<thread::ThreadId>>>);
    impl Drop for Spawns {
        fn drop(&mut self) {
            let witness = Witness(self.0.clone());
            spawn_local(async move { drop(witness) });
        }
    }
    let dropped = Rc::new(Cell::new(None));
    let runtime = runtime();
    let spawns = Spawns(dropped.clone());
    runtime.spawn_local(async move {
        let _spawns = spawns;
        pending::<()>().await;
    });
    runtime.block_on(yield_now());
    drop(runtime);
    assert!(dropped.get().is_some());
}

#[test]
fn another_thread_cannot_spawn_what_is_not_send() {
    let runtime = runtime();
    let handle = runtime.handle().clone();
    let panicked = thread::spawn(move || {
        let _guard = handle.enter();
        catch_unwind(AssertUnwindSafe(|| spawn_local(async {}))).is_err()
    });
    assert!(panicked.join().unwrap());
}

#[test]
fn a_set_of_another_thread_that_entered_it_is_used_there() {
    let runtime = runtime();
    let handle = runtime.handle().clone();
    let other = thread::spawn(move || {
        let _guard = handle.enter();
        let set = LocalSet::new();
        let _entered = set.enter();
        let task = spawn_local(async { 1 });
        let plain = Builder::new_current_thread().build().unwrap();
        set.block_on(&plain, task).unwrap()
    });
    assert_eq!(other.join().unwrap(), 1);
}

#[test]
fn its_handle_is_entered_and_waited_in() {
    let runtime = runtime();
    assert_eq!(runtime.handle().block_on(async { 5 }), 5);
    let _guard = runtime.enter();
    assert_eq!(Handle::current().id(), runtime.handle().id());
}

#[test]
#[should_panic(expected = "needs a current-thread runtime")]
fn a_pool_cannot_be_local() {
    let _ = Builder::new_multi_thread().build_local(LocalOptions::default());
}
