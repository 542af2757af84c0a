//! `sync::mpsc`: every value arrives or is dropped, once; the end arrives; no block goes while it is in use.
//!
//! Blocks hold two values here. Values are loom's `Arc`s where their drop matters: loom reports one that is
//! dropped twice or never. Blocks come from loom's allocator, which reports a leak, and freeing one counts as
//! a write to its slots, so that loom reports a sender that is still there.

use super::block_on::block_on;
use super::explore;
use crate::sync::mpsc;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

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

/// Three values from two senders, after two were sent and `before` of them received; `meanwhile` more are
/// received while the senders are at it, and the rest afterwards.
fn blocks_go_round(before: usize, meanwhile: usize) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    (0..2).for_each(|_| sender.send((0, 0)).unwrap());
    (0..before).for_each(|_| assert_eq!(receiver.try_recv(), Ok((0, 0))));
    let other = sender.clone();
    let threads = [
        thread::spawn(move || (1..3).for_each(|n| sender.send((1, n)).unwrap())),
        thread::spawn(move || other.send((2, 1)).unwrap()),
    ];
    let mut last = [0; 3];
    let mut check = |(i, n): (usize, usize)| {
        assert!(
            i == 0 || n == last[i] + 1,
            "each sender's values come in order"
        );
        last[i] = n;
    };
    (0..meanwhile).for_each(|_| check(block_on(receiver.recv()).unwrap()));
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    (before + meanwhile..5).for_each(|_| check(receiver.try_recv().unwrap()));
    assert_eq!(last, [0, 2, 1]);
}

/// Of three senders one links the second block, another moves the hint there, the third finds it by that; and what one has made in
/// vain, since another has linked first, the third may take for the next.
#[test]
fn senders_hand_blocks_to_each_other() {
    explore(2, || {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        // Not counted by loom: what a sender does when it leaves would order them.
        let sender = std::sync::Arc::new(sender);
        sender.send(0).unwrap();
        let threads = [1, 2, 3].map(|n| {
            let sender = sender.clone();
            thread::spawn(move || sender.send(n).unwrap())
        });
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        let mut values = [(); 4].map(|()| receiver.try_recv().unwrap());
        values.sort();
        assert_eq!(values, [0, 1, 2, 3]);
    });
}

/// A sender moves the hint past the first block, and releases it. Whoever claims after that finds the hint there, however little
/// else it has heard of the others: the block may be in use again.
#[test]
fn a_block_that_a_sender_releases_is_left_by_who_comes_late() {
    explore(2, || {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        // As above.
        let sender = std::sync::Arc::new(sender);
        (0..2).for_each(|n| sender.send(n).unwrap());
        let [first, second, late] = [(); 3].map(|()| {
            let sender = sender.clone();
            thread::spawn(move || sender.send(2).unwrap())
        });
        first.join().unwrap();
        second.join().unwrap();
        (0..4).for_each(|_| assert!(receiver.try_recv().is_ok()));
        // If the late one has its slot, this is the last one of a block, and the next block is the one that was released.
        sender.send(3).unwrap();
        late.join().unwrap();
        (0..2).for_each(|_| assert!(receiver.try_recv().is_ok()));
    });
}

/// The receiver has released the first block, and the senders may reuse it.
#[test]
fn a_block_that_the_receiver_releases_is_left_by_all_senders() {
    explore(2, || blocks_go_round(2, 0));
}

/// A sender releases the first block, while the other may be on its way through it.
#[test]
fn a_block_that_a_sender_releases_is_left_by_all_senders() {
    explore(2, || blocks_go_round(1, 2));
}

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

/// Who is refused, or asks whether the channel is closed, sees what was done before that, with Relaxed on purpose.
#[test]
fn who_is_refused_sees_what_was_done_before_the_close() {
    for asks in [false, true] {
        explore(3, move || {
            let (sender, mut receiver) = mpsc::unbounded_channel();
            let done = Arc::new(AtomicBool::new(false));
            let thread = thread::spawn({
                let done = done.clone();
                move || {
                    let is_closed = if asks {
                        sender.is_closed()
                    } else {
                        sender.send(()).is_err()
                    };
                    assert!(!is_closed || done.load(Ordering::Relaxed));
                }
            });
            done.store(true, Ordering::Relaxed);
            receiver.close();
            thread.join().unwrap();
        });
    }
}

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
