//! `leno::sync::OnceCell`: made once, by whoever needs it first.

#[path = "support/sync_support.rs"]
mod support;

use leno::sync::{OnceCell, SetError, oneshot};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{CountDrops, manual};

static IN_A_STATIC: OnceCell<u32> = OnceCell::const_new();
static FILLED: OnceCell<u32> = OnceCell::const_new_with(7);

// The cell in a static is made in the first run of a simulation, and stays so in all others.
#[leno::test(sim = false)]
async fn a_cell_is_made_once_and_keeps_its_value() {
    assert!(!IN_A_STATIC.initialized());
    assert_eq!(IN_A_STATIC.get_or_init(|| async { 1 }).await, &1);
    assert_eq!(IN_A_STATIC.get_or_init(|| async { 2 }).await, &1);
    assert_eq!(IN_A_STATIC.get(), Some(&1));
    assert!(IN_A_STATIC.initialized());
    assert_eq!(FILLED.get(), Some(&7));
}

#[test]
fn who_comes_while_it_is_made_waits_and_gets_the_same() {
    let cell = OnceCell::new();
    let (sender, receiver) = oneshot::channel::<u32>();
    let mut first = manual(cell.get_or_init(|| async { receiver.await.unwrap() }));
    let called = Cell::new(false);
    let mut second = manual(cell.get_or_init(|| async {
        called.set(true);
        0
    }));
    first.pending();
    second.pending();
    assert_eq!(cell.set(3), Err(SetError::InitializingError(3)));
    assert_eq!(cell.get(), None);
    sender.send(5).unwrap();
    assert_eq!(first.ready(), &5);
    assert!(second.is_woken());
    assert_eq!(second.ready(), &5);
    assert!(!called.get());
    assert_eq!(cell.set(3), Err(SetError::AlreadyInitializedError(3)));
}

#[test]
fn who_fails_is_cancelled_or_panics_hands_on() {
    let cell = OnceCell::new();
    let mut first = manual(cell.get_or_init(std::future::pending::<u32>));
    let mut second = manual(cell.get_or_try_init(|| async { Err("no") }));
    let mut third = manual(cell.get_or_init(|| async { panic!("on purpose") }));
    let mut fourth = manual(cell.get_or_init(|| async { 4 }));
    first.pending();
    second.pending();
    third.pending();
    fourth.pending();
    drop(first);
    assert!(second.is_woken() && !third.is_woken());
    assert_eq!(second.ready(), Err("no"));
    assert!(third.is_woken());
    catch_unwind(AssertUnwindSafe(|| third.poll().is_ready())).unwrap_err();
    assert!(fourth.is_woken());
    assert!(!cell.initialized());
    assert_eq!(fourth.ready(), &4);
}

#[test]
fn the_value_is_changed_taken_and_dropped_by_who_owns_the_cell() {
    let mut cell = OnceCell::from(1);
    *cell.get_mut().unwrap() += 1;
    assert_eq!(cell.take(), Some(2));
    assert_eq!((cell.take(), cell.get_mut()), (None, None));
    assert_eq!(cell.set(3), Ok(()));
    assert_eq!(cell.into_inner(), Some(3));

    let drops = CountDrops::new();
    let count = drops.0.clone();
    drop(OnceCell::new_with(Some(drops)));
    drop(OnceCell::<CountDrops>::new_with(None));
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[test]
fn cells_compare_copy_and_print_as_their_values() {
    let cell = OnceCell::new_with(Some(1));
    assert_eq!(cell, cell.clone());
    assert_ne!(cell, OnceCell::default());
    assert_eq!(format!("{cell:?}"), "OnceCell { value: Some(1) }");
    let taken = SetError::AlreadyInitializedError(());
    let busy = SetError::InitializingError(());
    assert!(taken.is_already_init_err() && !taken.is_initializing_err());
    assert!(busy.is_initializing_err() && !busy.is_already_init_err());
    assert_ne!(taken.to_string(), busy.to_string());
}

#[leno::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks_make_one_value() {
    for _ in 0..200 {
        let cell = Arc::new(OnceCell::new());
        let made = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..8)
            .map(|i| {
                let (cell, made) = (cell.clone(), made.clone());
                leno::spawn(async move {
                    let make = || async {
                        leno::task::yield_now().await;
                        made.fetch_add(1, Ordering::Relaxed);
                        i
                    };
                    *cell.get_or_init(make).await
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(Some(&task.await.unwrap()), cell.get());
        }
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }
}
