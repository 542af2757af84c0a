//! `leno::sync::Semaphore`: first come, first served; permits are neither lost nor invented.

#[path = "support/sync_support.rs"]
mod support;

use leno::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError};
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use support::{block_on, manual, panic_text, panicking_waker};

static IN_A_STATIC: Semaphore = Semaphore::const_new(2);

#[leno::test]
async fn a_permit_is_taken_and_goes_back() {
    let semaphore = Semaphore::new(1);
    let permit = semaphore.try_acquire().unwrap();
    assert_eq!(semaphore.available_permits(), 0);
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::NoPermits
    );
    drop(permit);
    assert_eq!(semaphore.available_permits(), 1);
    assert_eq!(semaphore.acquire().await.unwrap().num_permits(), 1);
    assert_eq!(IN_A_STATIC.try_acquire_many(2).unwrap().num_permits(), 2);
}

#[test]
fn zero_permits_are_always_there_until_it_closes() {
    let semaphore = Semaphore::new(0);
    let mut waiting = manual(semaphore.acquire());
    waiting.pending();
    assert!(semaphore.try_acquire_many(0).is_ok());
    assert!(manual(semaphore.acquire_many(0)).ready().is_ok());
    semaphore.close();
    assert!(manual(semaphore.acquire_many(0)).ready().is_err());
}

#[test]
fn who_came_first_is_served_first() {
    let semaphore = Semaphore::new(0);
    let mut waiting: Vec<_> = (0..3).map(|_| manual(semaphore.acquire())).collect();
    waiting.iter_mut().for_each(|one| one.pending());
    for served in 0..3 {
        semaphore.add_permits(1);
        let woken: Vec<_> = waiting.iter().map(|one| one.wakes()).collect();
        assert_eq!(
            woken,
            (0..3).map(|i| usize::from(i <= served)).collect::<Vec<_>>()
        );
        waiting[served].ready().unwrap().forget();
    }
}

#[test]
fn small_requests_do_not_overtake_a_large_one() {
    let semaphore = Semaphore::new(1);
    let mut large = manual(semaphore.acquire_many(3));
    large.pending();
    let mut small = manual(semaphore.acquire());
    small.pending();
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::NoPermits
    );

    semaphore.add_permits(1);
    assert!(!large.is_woken() && !small.is_woken());
    semaphore.add_permits(2);
    assert!(large.is_woken() && small.is_woken());
    assert_eq!(large.ready().unwrap().num_permits(), 3);
    assert_eq!(small.ready().unwrap().num_permits(), 1);
}

#[test]
fn who_cancels_hands_its_part_to_the_next() {
    let semaphore = Semaphore::new(2);
    let mut large = manual(semaphore.acquire_many(3));
    large.pending();
    let mut small = manual(semaphore.acquire_many(2));
    small.pending();
    drop(large);
    assert!(small.is_woken());
    drop(small.ready());
    assert_eq!(semaphore.available_permits(), 2);
}

#[test]
fn who_cancels_after_it_was_served_hands_on() {
    let semaphore = Semaphore::new(0);
    let mut first = manual(semaphore.acquire());
    let mut second = manual(semaphore.acquire());
    first.pending();
    second.pending();
    semaphore.add_permits(1);
    assert!(first.is_woken());
    drop(first);
    assert!(second.is_woken());
    drop(second);
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn cancelling_in_the_middle_of_the_queue_disturbs_nobody() {
    let semaphore = Semaphore::new(0);
    let mut waiting: Vec<_> = (0..3).map(|_| manual(semaphore.acquire())).collect();
    waiting.iter_mut().for_each(|one| one.pending());
    drop(waiting.remove(1));
    semaphore.add_permits(2);
    waiting
        .iter_mut()
        .for_each(|one| one.ready().unwrap().forget());
    assert_eq!(semaphore.available_permits(), 0);
}

#[test]
fn a_permit_may_be_moved_between_polls_to_another_waker() {
    let semaphore = Semaphore::new(0);
    let mut one = manual(semaphore.acquire());
    one.pending();
    let other = Arc::new(support::Count::default());
    assert!(one.poll_with(&other.clone().into()).is_pending());
    semaphore.add_permits(1);
    assert_eq!((one.wakes(), other.get()), (0, 1));
}

#[test]
fn one_call_wakes_more_than_one_batch() {
    let semaphore = Semaphore::new(0);
    let mut waiting: Vec<_> = (0..100).map(|_| manual(semaphore.acquire())).collect();
    waiting.iter_mut().for_each(|one| one.pending());
    semaphore.add_permits(101);
    assert_eq!(semaphore.available_permits(), 1);
    waiting
        .iter_mut()
        .for_each(|one| one.ready().unwrap().forget());
}

#[test]
fn a_waker_that_panics_keeps_no_permit_from_the_others() {
    let semaphore = Semaphore::new(0);
    let mut bad = manual(semaphore.acquire());
    assert!(bad.poll_with(&panicking_waker()).is_pending());
    let mut waiting: Vec<_> = (0..100).map(|_| manual(semaphore.acquire())).collect();
    waiting.iter_mut().for_each(|one| one.pending());
    let result = catch_unwind(AssertUnwindSafe(|| semaphore.add_permits(102)));
    assert!(result.is_err());
    assert!(waiting.iter().all(|one| one.is_woken()));
    assert_eq!(semaphore.available_permits(), 1);
    drop(bad);
    drop(waiting);
    assert_eq!(semaphore.available_permits(), 102);
}

#[test]
fn a_waker_that_panics_keeps_nobody_from_seeing_the_close() {
    let semaphore = Semaphore::new(0);
    let mut bad = manual(semaphore.acquire());
    assert!(bad.poll_with(&panicking_waker()).is_pending());
    let mut waiting: Vec<_> = (0..100).map(|_| manual(semaphore.acquire())).collect();
    waiting.iter_mut().for_each(|one| one.pending());
    assert!(catch_unwind(AssertUnwindSafe(|| semaphore.close())).is_err());
    assert!(waiting.iter().all(|one| one.is_woken()));
    waiting
        .iter_mut()
        .for_each(|one| assert!(one.ready().is_err()));
}

#[leno::test]
async fn closing_refuses_those_who_wait_and_those_who_come() {
    let semaphore = Semaphore::new(1);
    let mut waiting = manual(semaphore.acquire_many(2));
    waiting.pending();
    assert!(!semaphore.is_closed());
    semaphore.close();
    semaphore.close();
    assert!(semaphore.is_closed());
    assert!(waiting.is_woken());
    assert_eq!(waiting.ready().unwrap_err().to_string(), "semaphore closed");
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::Closed
    );
    assert!(semaphore.acquire().await.is_err());
    assert_eq!(semaphore.available_permits(), 1, "its part came back");
}

#[test]
fn who_was_served_but_asks_after_the_close_is_refused() {
    let semaphore = Semaphore::new(0);
    let mut waiting = manual(semaphore.acquire());
    waiting.pending();
    semaphore.add_permits(1);
    semaphore.close();
    assert!(waiting.ready().is_err());
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn permits_survive_the_close() {
    let semaphore = Semaphore::new(1);
    let permit = semaphore.try_acquire().unwrap();
    semaphore.close();
    drop(permit);
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn forgotten_permits_do_not_come_back() {
    let semaphore = Semaphore::new(3);
    semaphore.try_acquire().unwrap().forget();
    assert_eq!(semaphore.available_permits(), 2);
    assert_eq!(semaphore.forget_permits(5), 2);
    assert_eq!(semaphore.forget_permits(5), 0);
    assert_eq!(semaphore.available_permits(), 0);
    semaphore.add_permits(1);
    semaphore.close();
    assert_eq!(semaphore.forget_permits(1), 1);
    assert!(semaphore.is_closed());
}

#[test]
fn permits_merge_and_split() {
    let semaphore = Arc::new(Semaphore::new(10));
    let mut all = semaphore.try_acquire_many(4).unwrap();
    all.merge(semaphore.try_acquire_many(3).unwrap());
    assert_eq!(all.num_permits(), 7);
    assert!(all.split(8).is_none());
    let part = all.split(5).unwrap();
    assert_eq!((all.num_permits(), part.num_permits()), (2, 5));
    drop(part);
    assert_eq!(semaphore.available_permits(), 8);

    let mut all = semaphore.clone().try_acquire_many_owned(4).unwrap();
    all.merge(semaphore.clone().try_acquire_owned().unwrap());
    let part = all.split(2).unwrap();
    assert!(Arc::ptr_eq(part.semaphore(), &semaphore));
    drop(all);
    assert_eq!(semaphore.available_permits(), 6);
}

#[test]
fn permits_of_two_semaphores_do_not_merge() {
    let (a, b) = (Semaphore::new(1), Semaphore::new(1));
    let mut permit = a.try_acquire().unwrap();
    let other = b.try_acquire().unwrap();
    let text = panic_text(|| permit.merge(other));
    assert!(text.contains("different semaphore"), "{text}");
    assert_eq!(b.available_permits(), 1);
}

#[leno::test]
async fn an_owned_permit_keeps_its_semaphore_alive() {
    let semaphore = Arc::new(Semaphore::new(1));
    let weak = Arc::downgrade(&semaphore);
    let permit = semaphore.acquire_owned().await.unwrap();
    assert!(weak.upgrade().is_some());
    drop(permit);
    assert!(weak.upgrade().is_none());
}

#[test]
fn too_many_permits_are_refused_loudly() {
    assert!(panic_text(|| _ = Semaphore::new(Semaphore::MAX_PERMITS + 1)).contains("MAX_PERMITS"));
    let semaphore = Semaphore::new(Semaphore::MAX_PERMITS);
    assert!(panic_text(|| semaphore.add_permits(1)).contains("MAX_PERMITS"));
    assert!(panic_text(|| semaphore.add_permits(usize::MAX)).contains("MAX_PERMITS"));
    assert_eq!(semaphore.available_permits(), Semaphore::MAX_PERMITS);
}

#[test]
fn no_more_than_the_permits_are_ever_inside() {
    let semaphore = Arc::new(Semaphore::new(3));
    let inside = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..4)
        .map(|i| {
            let (semaphore, inside) = (semaphore.clone(), inside.clone());
            thread::spawn(move || {
                for round in 0..5_000 {
                    let n = (i + round) % 3 + 1;
                    if round % 7 == 0 {
                        // Gives up after one poll.
                        let _ = manual(semaphore.acquire_many(n)).poll();
                        continue;
                    }
                    let permit = if round % 2 == 0 {
                        block_on(semaphore.acquire_many(n)).unwrap()
                    } else {
                        semaphore.blocking_acquire_many(n).unwrap()
                    };
                    let n = n as usize;
                    assert!(inside.fetch_add(n, Ordering::SeqCst) + n <= 3);
                    inside.fetch_sub(n, Ordering::SeqCst);
                    drop(permit);
                }
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert_eq!(semaphore.available_permits(), 3);
}

#[test]
fn the_types_may_travel() {
    fn all<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>() {}
    fn value<T: Send + Sync>(_: T) {}
    all::<Semaphore>();
    all::<SemaphorePermit<'_>>();
    all::<OwnedSemaphorePermit>();
    all::<AcquireError>();
    all::<TryAcquireError>();
    let semaphore = Arc::new(Semaphore::new(1));
    value(semaphore.acquire());
    value(semaphore.acquire_many(1));
    value(semaphore.clone().acquire_owned());
}
