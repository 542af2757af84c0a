//! `sync::Notify`: a notification is never lost, and one that was not used goes to the next.

use super::block_on::block_on;
use super::explore;
use crate::prim::SelfArc;
use crate::sync::Notify;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

struct Shared {
    notify: SelfArc<Notify>,
    /// Relaxed on purpose: what is notified must be visible by the notification alone.
    done: AtomicUsize,
}

fn shared() -> Arc<Shared> {
    Arc::new(Shared {
        notify: SelfArc::new(Notify::new()),
        done: AtomicUsize::new(0),
    })
}

#[test]
fn notify_one_before_or_after_is_received() {
    explore(3, || {
        let shared = shared();
        let notifying = shared.clone();
        let thread = thread::spawn(move || {
            notifying.done.store(1, Ordering::Relaxed);
            notifying.notify.notify_one();
        });
        block_on(shared.notify.notified());
        assert_eq!(shared.done.load(Ordering::Relaxed), 1);
        thread.join().unwrap();
    });
}

/// One that looks without having been woken.
#[test]
fn who_finds_itself_notified_sees_what_was_done() {
    explore(3, || {
        let shared = shared();
        let notifying = shared.clone();
        let mut waiting = Box::pin(shared.notify.notified());
        assert!(!waiting.as_mut().enable());
        let thread = thread::spawn(move || {
            notifying.done.store(1, Ordering::Relaxed);
            notifying.notify.notify_one();
        });
        while !waiting.as_mut().enable() {
            thread::yield_now();
        }
        assert_eq!(shared.done.load(Ordering::Relaxed), 1);
        thread.join().unwrap();
    });
}

/// A future that was made before the call is reached by it, wherever it is by then.
#[test]
fn notify_waiters_reaches_a_future_from_its_creation() {
    explore(3, || {
        let shared = shared();
        let notified = shared.notify.notified();
        let notifying = shared.clone();
        let thread = thread::spawn(move || {
            notifying.done.store(1, Ordering::Relaxed);
            notifying.notify.notify_waiters();
        });
        block_on(notified);
        assert_eq!(shared.done.load(Ordering::Relaxed), 1);
        thread.join().unwrap();
    });
}

/// One notification, two who wait: one of them gives up, whether it was notified or not.
#[test]
fn who_cancels_hands_on() {
    explore(2, || {
        let shared = shared();
        let cancelling = shared.clone();
        let cancels = thread::spawn(move || {
            block_on(async {
                let mut notified = pin!(cancelling.notify.notified());
                poll_fn(|cx| {
                    if notified.as_mut().poll(cx).is_ready() {
                        cancelling.notify.notify_one();
                    }
                    Poll::Ready(())
                })
                .await;
            });
        });
        let notifying = shared.clone();
        let notifies = thread::spawn(move || {
            notifying.done.store(1, Ordering::Relaxed);
            notifying.notify.notify_one();
        });
        block_on(shared.notify.notified());
        // It came with the notification, also through the one that gave up.
        assert_eq!(shared.done.load(Ordering::Relaxed), 1);
        cancels.join().unwrap();
        notifies.join().unwrap();
    });
}

/// `notify_one` beside `notify_waiters`, and a waiter that both may reach, which then gives up: if it was the
/// one, it hands on; if it was one of all, the one was kept.
#[test]
fn a_broadcast_does_not_swallow_a_notification() {
    explore(3, || {
        let shared = shared();
        let (all, one) = (shared.clone(), shared.clone());
        let mut waiting = Box::pin(shared.notify.notified());
        assert!(!waiting.as_mut().enable());
        let all = thread::spawn(move || all.notify.notify_waiters());
        let one = thread::spawn(move || one.notify.notify_one());
        all.join().unwrap();
        one.join().unwrap();
        drop(waiting);
        assert!(pin!(shared.notify.notified()).enable());
    });
}

/// The one who waits leaves before a notification comes to it. That is kept, and who takes it then sees what was done.
#[test]
fn what_is_kept_when_the_last_has_left_brings_what_was_done() {
    explore(3, || {
        let shared = shared();
        let mut waiting = Box::pin(shared.notify.clone().notified_owned());
        assert!(!waiting.as_mut().enable());
        let notifying = shared.clone();
        let notifies = thread::spawn(move || {
            notifying.done.store(1, Ordering::Relaxed);
            notifying.notify.notify_one();
        });
        let leaves = thread::spawn(move || drop(waiting));
        leaves.join().unwrap();
        if pin!(shared.notify.notified()).enable() {
            assert_eq!(shared.done.load(Ordering::Relaxed), 1);
        }
        notifies.join().unwrap();
    });
}

/// Two notifications may make one permit. Who takes it sees what was done before the second, unless another permit is left.
#[test]
fn a_notification_that_finds_a_permit_there_comes_with_it() {
    explore(3, || {
        let shared = shared();
        shared.notify.notify_one();
        let notifying = shared.clone();
        let notifies = thread::spawn(move || {
            notifying.done.store(1, Ordering::Relaxed);
            notifying.notify.notify_one();
        });
        let taking = shared.clone();
        let takes = thread::spawn(move || {
            assert!(pin!(taking.notify.notified()).enable());
            taking.done.load(Ordering::Relaxed) == 1
        });
        notifies.join().unwrap();
        let seen = takes.join().unwrap();
        assert!(seen || pin!(shared.notify.notified()).enable());
    });
}

/// A future that could have the permit, but learns of a `notify_waiters` when it takes it, leaves it there, and sees what was done.
#[test]
fn a_broadcast_that_comes_before_a_permit_is_taken_brings_what_was_done() {
    explore(3, || {
        let shared = shared();
        shared.notify.notify_one();
        let mut waiting = Box::pin(shared.notify.clone().notified_owned());
        let notifying = shared.clone();
        let notifies = thread::spawn(move || {
            notifying.done.store(1, Ordering::Relaxed);
            notifying.notify.notify_waiters();
        });
        let taking = shared.clone();
        let takes = thread::spawn(move || {
            assert!(waiting.as_mut().enable());
            taking.done.load(Ordering::Relaxed) == 1
        });
        notifies.join().unwrap();
        let seen = takes.join().unwrap();
        let is_left = pin!(shared.notify.notified()).enable();
        assert!(seen || !is_left);
    });
}
