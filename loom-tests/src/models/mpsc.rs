//! `sync::mpsc`: every value arrives or is dropped, once; the end arrives; no block goes while it is in use.
//!
//! Blocks hold two values here. Values are loom's `Arc`s where their drop matters: loom reports one that is
//! dropped twice or never. Blocks come from loom's allocator, which reports a leak, and freeing one counts as
//! a write to its slots, so that loom reports a sender that is still there.

use super::block_on::block_on;
use super::explore;
use crate::sync::mpsc;
use loom::sync::Arc;
use loom::thread;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// Mutation: `fill` swaps Relaxed → fails with a causality violation (the value's place).
/// Mutation: `wait` marks nothing → fails with a deadlock.
/// Mutation: the last sender's drop does not wake → fails with a deadlock.
#[test]
fn values_and_the_end_arrive() {
    explore(3, || {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let thread = thread::spawn(move || {
            sender.send(Arc::new(1)).unwrap();
        });
        block_on(async {
            assert_eq!(*receiver.recv().await.unwrap(), 1);
            assert!(receiver.recv().await.is_none());
        });
        thread.join().unwrap();
    });
}

/// Two senders fill and leave three blocks behind the receiver's back.
///
/// Mutation: `free_retired` frees without looking at `released_at` → fails: a sender is in a freed block.
/// Mutation: the receiver releases a block without moving the hint (F1) → fails: a sender is in a freed block.
/// Mutation: F2 by a load instead of a read-modify-write, at both places → fails: a sender is in a freed block.
/// Mutation: the link Relaxed → fails with a causality violation (`first`).
#[test]
fn no_block_goes_while_a_sender_is_in_it() {
    explore(2, || {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let threads: Vec<_> = (0..2)
            .map(|i| {
                let sender = sender.clone();
                thread::spawn(move || {
                    sender.send((i, 0)).unwrap();
                    sender.send((i, 1)).unwrap();
                })
            })
            .collect();
        drop(sender);
        block_on(async {
            let mut next = [0, 0];
            while let Some((i, n)) = receiver.recv().await {
                assert_eq!(next[i], n, "each sender's values come in order");
                next[i] += 1;
            }
            assert_eq!(next, [2, 2]);
        });
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// Mutation: T1 reads CLOSED before it claims, by a load → fails: sent, and never received.
#[test]
fn a_send_that_meets_a_close_succeeds_or_fails_for_both() {
    explore(3, || {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let thread = thread::spawn(move || sender.send(Arc::new(1)).is_ok());
        receiver.close();
        let received = block_on(receiver.recv()).is_some();
        assert_eq!(thread.join().unwrap(), received);
    });
}

/// Mutation: `Chan`'s drop does not clear → fails: a value is never dropped.
#[test]
fn a_value_that_meets_the_receivers_drop_is_dropped() {
    explore(3, || {
        let (sender, receiver) = mpsc::unbounded_channel();
        let thread = thread::spawn(move || {
            let _ = sender.send(Arc::new(1));
            let _ = sender.send(Arc::new(2));
        });
        drop(receiver);
        thread.join().unwrap();
    });
}

/// Mutation: `received` releases nothing → fails with a deadlock.
#[test]
fn a_full_channel_lets_its_sender_go_on() {
    explore(2, || {
        let (sender, mut receiver) = mpsc::channel(1);
        let thread = thread::spawn(move || {
            block_on(async {
                sender.send(1).await.unwrap();
                sender.send(2).await.unwrap();
            });
        });
        block_on(async {
            assert_eq!(receiver.recv().await, Some(1));
            assert_eq!(receiver.recv().await, Some(2));
            assert_eq!(receiver.recv().await, None);
        });
        thread.join().unwrap();
    });
}

/// After a close the end comes with the last permit, whether it is used, dropped, or was only half acquired.
///
/// Mutation: `give_back` does not wake → fails with a deadlock.
/// Mutation: `acquire`'s guard does not wake → fails with a deadlock (`cancelled`).
#[test]
fn after_a_close_the_last_permit_brings_the_end() {
    for cancelled in [false, true] {
        explore(2, move || {
            let (sender, mut receiver) = mpsc::channel::<Arc<u32>>(1);
            let other = sender.clone();
            let thread = thread::spawn(move || {
                if cancelled {
                    // Polled once, then dropped, with or without a permit.
                    block_on(async {
                        let mut reserve = pin!(other.reserve());
                        poll_fn(|cx| {
                            drop(reserve.as_mut().poll(cx));
                            Poll::Ready(())
                        })
                        .await;
                    });
                } else {
                    drop(other.try_reserve());
                }
            });
            let permit = sender.try_reserve();
            let sent = permit.is_ok();
            if let Ok(permit) = permit {
                permit.send(Arc::new(1));
            }
            block_on(async {
                if sent {
                    // Gives the room to the other, if it waits.
                    receiver.recv().await.unwrap();
                }
                receiver.close();
                assert!(receiver.recv().await.is_none());
            });
            thread.join().unwrap();
        });
    }
}

/// Another sender that has claimed an earlier slot must not hide what we have sent.
///
/// Mutation: `try_recv` takes a slot that is not full for an empty channel → fails: nothing is found.
#[test]
fn try_recv_finds_what_was_sent_before() {
    explore(3, || {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let other = sender.clone();
        let thread = thread::spawn(move || other.send(1).unwrap());
        sender.send(2).unwrap();
        assert!(receiver.try_recv().is_ok());
        thread.join().unwrap();
    });
}
