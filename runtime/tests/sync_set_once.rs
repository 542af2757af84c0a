//! `leno::sync::SetOnce`: set once, awaited by anyone.

#[path = "support/sync_support.rs"]
mod support;

use leno::sync::{SetOnce, SetOnceError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use support::{CountDrops, manual, panicking_waker};

static IN_A_STATIC: SetOnce<u32> = SetOnce::const_new();
static FILLED: SetOnce<u32> = SetOnce::const_new_with(7);

// The cell in a static is set in the first run of a simulation, and stays so in all others.
#[leno::test(sim = false)]
async fn a_value_is_set_once_and_stays() {
    assert_eq!(
        (IN_A_STATIC.get(), IN_A_STATIC.initialized()),
        (None, false)
    );
    assert_eq!(IN_A_STATIC.set(1), Ok(()));
    let error = IN_A_STATIC.set(2).unwrap_err();
    assert_eq!(error, SetOnceError(2));
    assert!(!error.to_string().is_empty());
    assert_eq!(IN_A_STATIC.wait().await, &1);
    assert_eq!(FILLED.get(), Some(&7));
}

#[test]
fn setting_wakes_everyone_who_waits() {
    let cell = SetOnce::new();
    let mut waits: Vec<_> = (0..100).map(|_| manual(cell.wait())).collect();
    waits.iter_mut().for_each(|wait| wait.pending());
    waits.drain(..10);
    cell.set(1).unwrap();
    for mut wait in waits {
        assert!(wait.is_woken());
        assert_eq!(wait.ready(), &1);
    }
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_from_waking() {
    let cell = SetOnce::new();
    let mut first = manual(cell.wait());
    let mut second = manual(cell.wait());
    assert!(first.poll_with(&panicking_waker()).is_pending());
    second.pending();
    catch_unwind(AssertUnwindSafe(|| cell.set(1))).unwrap_err();
    assert!(second.is_woken());
    assert_eq!((first.ready(), second.ready()), (&1, &1));
}

#[test]
fn cells_compare_copy_print_and_drop_as_their_values() {
    let cell = SetOnce::from(1);
    assert_eq!(cell, cell.clone());
    assert_ne!(cell, SetOnce::default());
    assert_eq!(format!("{cell:?}"), "SetOnce { value: Some(1) }");
    assert_eq!(cell.into_inner(), Some(1));
    assert_eq!(SetOnce::<u32>::new_with(None).into_inner(), None);

    let drops = CountDrops::new();
    let count = drops.0.clone();
    drop(SetOnce::new_with(Some(drops)));
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[leno::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_tasks_one_sets_and_all_see_it() {
    for _ in 0..200 {
        let cell = Arc::new(SetOnce::new());
        let tasks: Vec<_> = (0..8)
            .map(|i| {
                let cell = cell.clone();
                leno::spawn(async move {
                    let set = i % 2 == 0 && cell.set(i).is_ok();
                    (set, *cell.wait().await)
                })
            })
            .collect();
        let mut set = 0;
        for task in tasks {
            let (was_set, value) = task.await.unwrap();
            set += u32::from(was_set);
            assert_eq!(Some(&value), cell.get());
        }
        assert_eq!(set, 1);
    }
}
