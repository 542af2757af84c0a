//! `leno::sync::Notify`: first come, first notified; nothing is lost, nothing is notified twice.

#[path = "support/sync_support.rs"]
mod support;

use leno::sync::Notify;
use leno::sync::futures::{Notified, OwnedNotified};
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::thread;
use support::{Count, block_on, manual, panicking_waker};

static IN_A_STATIC: Notify = Notify::const_new();

#[leno::test]
async fn one_permit_is_kept_and_no_more() {
    let notify = Notify::default();
    notify.notify_one();
    notify.notify_one();
    notify.notify_last();
    manual(notify.notified()).ready();
    manual(notify.notified()).pending();
    IN_A_STATIC.notify_one();
    IN_A_STATIC.notified().await;
}

#[test]
fn notify_one_reaches_who_waited_longest() {
    let notify = Notify::new();
    let mut waiting: Vec<_> = (0..3).map(|_| manual(notify.notified())).collect();
    waiting.iter_mut().for_each(|one| one.pending());
    for reached in 0..3 {
        notify.notify_one();
        let woken: Vec<_> = waiting.iter().map(|one| one.wakes()).collect();
        assert_eq!(
            woken,
            (0..3)
                .map(|i| usize::from(i <= reached))
                .collect::<Vec<_>>()
        );
        waiting[reached].ready();
    }
    manual(notify.notified()).pending();
}

#[test]
fn notify_last_reaches_who_waited_shortest() {
    let notify = Notify::new();
    let mut waiting: Vec<_> = (0..3).map(|_| manual(notify.notified())).collect();
    waiting.iter_mut().for_each(|one| one.pending());
    notify.notify_last();
    assert_eq!(
        waiting.iter().map(|one| one.wakes()).collect::<Vec<_>>(),
        [0, 0, 1]
    );
}

#[test]
fn a_notification_that_was_not_used_goes_to_the_next() {
    let notify = Notify::new();
    let mut waiting: Vec<_> = (0..3).map(|_| manual(notify.notified())).collect();
    waiting.iter_mut().for_each(|one| one.pending());
    notify.notify_one();
    drop(waiting.remove(0));
    assert_eq!(
        waiting.iter().map(|one| one.wakes()).collect::<Vec<_>>(),
        [1, 0]
    );
    drop(waiting.remove(0));
    assert!(waiting[0].is_woken());
    drop(waiting);
    manual(notify.notified()).ready();

    // `notify_last`'s goes to the newest of those who are left.
    let mut waiting: Vec<_> = (0..3).map(|_| manual(notify.notified())).collect();
    waiting.iter_mut().for_each(|one| one.pending());
    notify.notify_last();
    drop(waiting.pop());
    assert_eq!(
        waiting.iter().map(|one| one.wakes()).collect::<Vec<_>>(),
        [0, 1]
    );
}

#[test]
fn a_future_that_was_used_hands_nothing_on() {
    let notify = Notify::new();
    let mut one = manual(notify.notified());
    one.pending();
    notify.notify_one();
    one.ready();
    one.ready();
    drop(one);
    manual(notify.notified()).pending();
}

#[test]
fn notify_waiters_reaches_futures_from_their_creation_and_keeps_no_permit() {
    let notify = Notify::new();
    let mut polled = manual(notify.notified());
    polled.pending();
    let mut unpolled = manual(notify.notified());
    notify.notify_waiters();
    let mut later = manual(notify.notified());
    assert!(polled.is_woken());
    polled.ready();
    unpolled.ready();
    later.pending();
}

#[test]
fn a_future_that_a_broadcast_reached_leaves_the_permit_alone() {
    let notify = Notify::new();
    let mut before = manual(notify.notified());
    notify.notify_waiters();
    notify.notify_one();
    before.ready();
    drop(before);
    manual(notify.notified()).ready();
}

#[test]
fn a_broadcast_reaches_more_than_one_batch() {
    let notify = Notify::new();
    let mut waiting: Vec<_> = (0..100).map(|_| manual(notify.notified())).collect();
    waiting.iter_mut().for_each(|one| one.pending());
    notify.notify_waiters();
    assert!(waiting.iter().all(|one| one.wakes() == 1));
    waiting.iter_mut().for_each(|one| one.ready());
}

/// Does something when it is woken: the lock is released by then.
struct OnWake<F>(F);

impl<F: Fn() + Send + Sync + 'static> Wake for OnWake<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

fn on_wake(f: impl Fn() + Send + Sync + 'static) -> Waker {
    Waker::from(Arc::new(OnWake(f)))
}

#[test]
fn between_the_batches_of_a_broadcast_a_notification_is_not_swallowed() {
    let notify = Arc::new(Notify::new());
    let mut first = manual(notify.notified());
    // The broadcast wakes its first batch while the others still stand in the queue. They are its, so this
    // notification is not for them.
    let waker = on_wake({
        let notify = notify.clone();
        move || notify.notify_one()
    });
    assert!(first.poll_with(&waker).is_pending());
    let mut others: Vec<_> = (0..100).map(|_| manual(notify.notified())).collect();
    others.iter_mut().for_each(|one| one.pending());
    notify.notify_waiters();
    assert!(others.iter().all(|one| one.wakes() == 1));
    drop(others);
    manual(notify.notified()).ready();
    manual(notify.notified()).pending();
}

#[test]
fn between_the_batches_of_a_broadcast_waiters_may_leave_join_and_broadcast() {
    let notify = Arc::new(Notify::new());
    let joined = Arc::new(std::sync::Mutex::new(Vec::new()));
    let leaving = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut first = manual(notify.notified());
    let waker = on_wake({
        let (notify, joined, leaving) = (notify.clone(), joined.clone(), leaving.clone());
        move || {
            let mut new = manual(notify.clone().notified_owned());
            new.pending();
            joined.lock().unwrap().push(new);
            let left = std::mem::take(&mut *leaving.lock().unwrap());
            drop(left);
        }
    });
    assert!(first.poll_with(&waker).is_pending());
    let mut others: Vec<_> = (0..50).map(|_| manual(notify.notified())).collect();
    others.iter_mut().for_each(|one| one.pending());
    for _ in 0..50 {
        let mut one = manual(notify.clone().notified_owned());
        one.pending();
        leaving.lock().unwrap().push(one);
    }
    notify.notify_waiters();
    assert!(others.iter_mut().all(|one| one.wakes() == 1));
    let mut joined = std::mem::take(&mut *joined.lock().unwrap());
    assert_eq!(joined.len(), 1);
    joined[0].pending();
    assert_eq!(joined[0].wakes(), 0, "it came after the broadcast");
    notify.notify_waiters();
    joined[0].ready();
}

#[leno::test]
async fn a_waker_that_panics_keeps_the_broadcast_from_nobody() {
    let notify = Notify::new();
    let mut bad = manual(notify.notified());
    assert!(bad.poll_with(&panicking_waker()).is_pending());
    let mut waiting: Vec<_> = (0..100).map(|_| manual(notify.notified())).collect();
    waiting.iter_mut().for_each(|one| one.pending());
    assert!(catch_unwind(AssertUnwindSafe(|| notify.notify_waiters())).is_err());
    assert!(waiting.iter().all(|one| one.wakes() == 1));
    bad.ready();
    notify.notify_one();
    notify.notified().await;
}

#[test]
fn enable_takes_a_place_without_a_waker() {
    let notify = Notify::new();
    let mut first = manual(notify.notified());
    let mut second = manual(notify.notified());
    assert!(!first.future().enable());
    assert!(!second.future().enable());
    notify.notify_one();
    notify.notify_one();
    assert!(first.future().enable());
    first.ready();
    second.ready();

    // An enabled future gets its waker when it is polled, and keeps its place.
    let mut first = manual(notify.notified());
    assert!(!first.future().enable());
    let mut second = manual(notify.notified());
    second.pending();
    first.pending();
    assert!(!first.future().enable());
    notify.notify_one();
    assert_eq!((first.wakes(), second.wakes()), (1, 0));

    notify.notify_one();
    notify.notify_one();
    assert!(
        manual(notify.notified()).future().enable(),
        "the permit counts"
    );
}

#[test]
fn the_last_waker_is_the_one_that_is_woken() {
    let notify = Notify::new();
    let mut one = manual(notify.notified());
    one.pending();
    let other = Arc::new(Count::default());
    assert!(one.poll_with(&other.clone().into()).is_pending());
    notify.notify_one();
    assert_eq!((one.wakes(), other.get()), (0, 1));
    assert_eq!(Arc::strong_count(&other), 1, "no waker is left behind");
}

#[test]
fn an_owned_future_keeps_its_notify_alive() {
    let notify = Arc::new(Notify::new());
    let weak = Arc::downgrade(&notify);
    let mut one = manual(notify.clone().notified_owned());
    one.pending();
    notify.notify_one();
    drop(notify);
    one.ready();
    assert!(weak.upgrade().is_some());
    drop(one);
    assert!(weak.upgrade().is_none());
}

#[test]
fn threads_that_hand_a_baton_around_never_drop_it() {
    // One permit goes round; every thread sometimes gives up while it waits.
    let notify = Arc::new(Notify::new());
    let inside = Arc::new(AtomicUsize::new(0));
    notify.notify_one();
    let threads: Vec<_> = (0..4)
        .map(|i| {
            let (notify, inside) = (notify.clone(), inside.clone());
            thread::spawn(move || {
                for round in 0..5_000 {
                    if (i + round) % 3 == 0 {
                        let mut gives_up = manual(notify.notified());
                        if gives_up.poll().is_ready() {
                            notify.notify_one();
                        }
                        continue;
                    }
                    block_on(notify.notified());
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    inside.fetch_sub(1, Ordering::SeqCst);
                    notify.notify_one();
                }
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    manual(notify.notified()).ready();
}

#[test]
fn the_types_may_travel() {
    fn all<T: Send + Sync>() {}
    fn notify<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>() {}
    notify::<Notify>();
    all::<Notified<'_>>();
    all::<OwnedNotified>();
}
