//! `sync::Mutex`: one holder at a time, who sees what the one before has done.

use super::block_on::block_on;
use super::explore;
use crate::prim::UnsafeCell;
use crate::sync::{Mutex, MutexGuard};
use loom::thread;
use std::sync::Arc;

/// The mutex is a semaphore with one permit; its own part is that guards give back exactly one.
///
/// Mutation: `into_permit` drops the guard → fails: an update is lost (1 instead of 2).
#[test]
fn a_narrowed_guard_still_holds_the_lock() {
    explore(3, || {
        let mutex = Arc::new(Mutex::new((0, 0)));
        let other = mutex.clone();
        let thread = thread::spawn(move || {
            block_on(async {
                let mut second = MutexGuard::map(other.lock().await, |pair| &mut pair.1);
                let seen = *second;
                thread::yield_now();
                *second = seen + 1;
            });
        });
        block_on(async {
            let mut guard = mutex.lock().await;
            let seen = guard.1;
            thread::yield_now();
            guard.1 = seen + 1;
        });
        thread.join().unwrap();
        assert_eq!(mutex.try_lock().map(|guard| guard.1).ok(), Some(2));
    });
}

/// What the lock guards; loom reports two threads in it, or one that does not see the other's write.
struct Data(UnsafeCell<usize>);

// SAFETY: that the mutex guards it is what the model checks.
unsafe impl Sync for Data {}
// SAFETY: as above.
unsafe impl Send for Data {}

async fn add_one(mutex: &Mutex<Data>) {
    let guard = mutex.lock().await;
    // SAFETY: only under the lock.
    guard.0.with_mut(|data| unsafe { *data += 1 });
}

#[test]
fn who_locks_sees_what_was_done_before() {
    explore(3, || {
        let mutex = Arc::new(Mutex::new(Data(UnsafeCell::new(0))));
        let other = mutex.clone();
        let thread = thread::spawn(move || block_on(add_one(&other)));
        block_on(add_one(&mutex));
        thread.join().unwrap();
        let data = mutex.try_lock().unwrap();
        // SAFETY: as above.
        assert_eq!(data.0.with(|data| unsafe { *data }), 2);
    });
}
