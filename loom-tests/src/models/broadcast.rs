//! `sync::broadcast`: every value and the end reach every receiver, or it is told what it has missed; a value goes with
//! the last who sees it.
//!
//! Values are loom's `Arc`s: loom reports one that is dropped twice or never, and `strong_count` shows what is kept.

use super::block_on::block_on;
use super::explore;
use crate::sync::broadcast::error::{RecvError, TryRecvError};
use crate::sync::broadcast::{Receiver, Sender, channel};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

/// The sender stays, so only the send can wake.
///
/// Mutation: `recv` makes its `Notified` after the look → fails with a deadlock.
#[test]
fn a_value_reaches_every_receiver() {
    explore(2, || {
        let (sender, mut receiver) = channel::<Arc<u32>>(2);
        let mut other = sender.subscribe();
        let receives = thread::spawn(move || assert_eq!(*block_on(other.recv()).unwrap(), 1));
        let sends = thread::spawn(move || {
            assert_eq!(sender.send(Arc::new(1)).unwrap(), 2);
            sender
        });
        assert_eq!(*block_on(receiver.recv()).unwrap(), 1);
        receives.join().unwrap();
        drop(sends.join().unwrap());
    });
}

/// Who learns of the end also sees what was done before it, with Relaxed on purpose.
///
/// Mutation: the count of senders is looked at when the tail is unlocked again → fails: the end comes before the value.
#[test]
fn the_end_comes_after_the_last_value() {
    explore(3, || {
        let (sender, mut receiver) = channel::<Arc<u32>>(2);
        let done = Arc::new(AtomicUsize::new(0));
        let doing = done.clone();
        let sends = thread::spawn(move || {
            assert_eq!(sender.send(Arc::new(1)).unwrap(), 1);
            doing.store(1, Ordering::Relaxed);
        });
        block_on(async {
            assert_eq!(*receiver.recv().await.unwrap(), 1);
            assert_eq!(receiver.recv().await.err(), Some(RecvError::Closed));
        });
        assert_eq!(done.load(Ordering::Relaxed), 1);
        sends.join().unwrap();
    });
}

#[test]
fn who_is_too_slow_is_told_what_it_has_missed() {
    explore(2, || {
        let (sender, mut receiver) = channel(1);
        let thread =
            thread::spawn(move || (0..3).for_each(|n| assert_eq!(sender.send(n).unwrap(), 1)));
        block_on(async {
            let mut next = 0;
            loop {
                match receiver.recv().await {
                    Ok(value) => {
                        assert_eq!(value, next);
                        next += 1;
                    }
                    Err(RecvError::Lagged(missed)) => next += missed,
                    Err(RecvError::Closed) => break,
                }
            }
            assert_eq!(next, 3);
        });
        thread.join().unwrap();
    });
}

/// Mutation: `leave` does not see what was sent → fails: the value is kept.
/// Mutation: the last who sees a value leaves it there → fails likewise.
#[test]
fn a_value_goes_with_the_last_who_sees_it() {
    explore(3, || {
        let (sender, mut receiver) = channel(2);
        let leaving = sender.subscribe();
        let value = Arc::new(1);
        let thread = thread::spawn(move || drop(leaving));
        let sent = sender.send(value.clone()).unwrap();
        assert!(sent == 1 || sent == 2);
        assert_eq!(receiver.try_recv().as_deref(), Ok(&1));
        thread.join().unwrap();
        assert_eq!(Arc::strong_count(&value), 1);
        assert!(sender.is_empty());
        assert_eq!(receiver.try_recv().err(), Some(TryRecvError::Empty));
    });
}

#[test]
fn closed_ends_when_the_last_receiver_leaves() {
    explore(3, || {
        let (sender, receiver) = channel::<Arc<u32>>(1);
        let other = sender.subscribe();
        let threads = [
            thread::spawn(move || drop(receiver)),
            thread::spawn(move || drop(other)),
        ];
        block_on(sender.closed());
        assert!(sender.send(Arc::new(1)).is_err());
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// An upgrade beside the last sender's leave makes a sender, or the channel is closed for good.
///
#[test]
fn an_upgrade_succeeds_or_the_channel_is_closed() {
    explore(3, || {
        let (sender, mut receiver) = channel(1);
        let weak = sender.downgrade();
        let thread = thread::spawn(move || drop(sender));
        let closed = receiver.try_recv() == Err(TryRecvError::Closed);
        let upgraded: Option<Sender<u32>> = weak.upgrade();
        if let Some(sender) = upgraded {
            assert!(!closed);
            sender.send(1).unwrap();
            assert_eq!(receiver.try_recv(), Ok(1));
        }
        thread.join().unwrap();
        assert_eq!(block_on(receiver.recv()), Err(RecvError::Closed));
    });
}
