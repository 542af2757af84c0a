//! `sync::watch`: no value and no end is slept through, and the last value is always seen.

use super::block_on::block_on;
use super::explore;
use crate::sync::watch::{Receiver, Sender, channel};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

/// Counts with Relaxed on purpose: what was done must be visible by the channel alone.
fn counter() -> Arc<AtomicUsize> {
    Arc::new(AtomicUsize::new(0))
}

#[test]
fn a_send_beside_changed_is_never_lost() {
    explore(3, || {
        let (sender, mut receiver) = channel(0);
        let done = counter();
        let sending = done.clone();
        let thread = thread::spawn(move || {
            sending.store(1, Ordering::Relaxed);
            sender.send(1).unwrap();
            sender
        });
        block_on(receiver.changed()).unwrap();
        assert_eq!(done.load(Ordering::Relaxed), 1);
        assert_eq!(*receiver.borrow(), 1);
        assert!(!receiver.has_changed().unwrap());
        thread.join().unwrap();
    });
}

#[test]
fn one_send_wakes_every_receiver() {
    explore(2, || {
        let (sender, mut receiver) = channel(0);
        let mut other = receiver.clone();
        let threads = [
            thread::spawn(move || block_on(other.changed()).unwrap()),
            thread::spawn(move || block_on(receiver.changed()).unwrap()),
        ];
        sender.send(1).unwrap();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn the_last_value_is_always_seen() {
    explore(2, || {
        let (sender, mut receiver) = channel(0);
        let thread = thread::spawn(move || {
            sender.send(1).unwrap();
            sender.send(2).unwrap();
        });
        block_on(async {
            let mut last = *receiver.borrow_and_update();
            while receiver.changed().await.is_ok() {
                let value = receiver.borrow_and_update();
                assert!(*value >= last);
                last = *value;
            }
            assert_eq!(last, 2);
        });
        thread.join().unwrap();
    });
}

#[test]
fn wait_for_finds_what_two_senders_did() {
    explore(2, || {
        let (sender, mut receiver) = channel(0);
        let other = sender.clone();
        let threads = [sender, other]
            .map(|sender| thread::spawn(move || sender.send_modify(|number| *number += 1)));
        let value = *block_on(receiver.wait_for(|number| *number == 2)).unwrap();
        assert_eq!(value, 2);
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(block_on(receiver.wait_for(|number| *number == 1)).is_err());
    });
}

#[test]
fn changed_ends_when_the_last_sender_is_dropped() {
    explore(2, || {
        let (sender, mut receiver) = channel(0);
        let done = counter();
        let threads = [sender.clone(), sender].map(|sender: Sender<_>| {
            let done = done.clone();
            thread::spawn(move || {
                done.fetch_add(1, Ordering::Relaxed);
                drop(sender);
            })
        });
        assert!(block_on(receiver.changed()).is_err());
        assert!(receiver.is_closed());
        assert_eq!(done.load(Ordering::Relaxed), 2);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn closed_ends_when_the_last_receiver_is_dropped() {
    explore(2, || {
        let (sender, receiver) = channel(0);
        let done = counter();
        let threads = [receiver.clone(), receiver].map(|receiver: Receiver<_>| {
            let done = done.clone();
            thread::spawn(move || {
                done.fetch_add(1, Ordering::Relaxed);
                drop(receiver);
            })
        });
        block_on(sender.closed());
        assert_eq!(done.load(Ordering::Relaxed), 2);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// Who asks, and does not look at the value, sees what was done before what it is told of.
#[test]
fn who_asks_sees_what_the_sender_did() {
    explore(3, || {
        let (sender, receiver) = channel(0);
        let done = counter();
        let sending = done.clone();
        let thread = thread::spawn(move || {
            sending.store(1, Ordering::Relaxed);
            sender.send(1).unwrap();
            sending.store(2, Ordering::Relaxed);
            drop(sender);
        });
        match receiver.has_changed() {
            Ok(false) => {}
            Ok(true) => assert!(done.load(Ordering::Relaxed) >= 1),
            Err(_) => assert_eq!(done.load(Ordering::Relaxed), 2),
        }
        thread.join().unwrap();
    });
}

/// Who learns of the end sees what every sender did before it left; who learns that nobody receives, what every receiver did.
#[test]
fn the_end_comes_after_what_all_did() {
    explore(2, || {
        let (sender, receiver) = channel(0);
        let other = sender.clone();
        let done = [counter(), counter()];
        let threads =
            [(sender, done[0].clone()), (other, done[1].clone())].map(|(sender, done)| {
                thread::spawn(move || {
                    done.store(1, Ordering::Relaxed);
                    drop(sender);
                })
            });
        if receiver.has_changed().is_err() {
            assert!(done.iter().all(|done| done.load(Ordering::Relaxed) == 1));
        }
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
    explore(2, || {
        let (sender, receiver) = channel(0);
        let other = receiver.clone();
        let done = [counter(), counter()];
        let threads =
            [(receiver, done[0].clone()), (other, done[1].clone())].map(|(receiver, done)| {
                thread::spawn(move || {
                    done.store(1, Ordering::Relaxed);
                    drop(receiver);
                })
            });
        if sender.receiver_count() == 0 {
            assert!(done.iter().all(|done| done.load(Ordering::Relaxed) == 1));
        }
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
}
