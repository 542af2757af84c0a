//! `sync::oneshot`: the value or the news arrives, once, and the memory goes with the second of the two.
//!
//! Values are loom's `Arc`s: loom reports one that is dropped twice or never, and the channel's own memory
//! comes from loom's allocator, which reports a leak.

use super::block_on::block_on;
use super::explore;
use crate::sync::oneshot;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

#[test]
fn a_value_arrives() {
    explore(3, || {
        let (sender, receiver) = oneshot::channel();
        let thread = thread::spawn(move || sender.send(Arc::new(5)).unwrap());
        assert_eq!(*block_on(receiver).unwrap(), 5);
        thread.join().unwrap();
    });
}

#[test]
fn that_there_will_be_no_value_arrives() {
    explore(3, || {
        let (sender, receiver) = oneshot::channel::<Arc<u32>>();
        let thread = thread::spawn(move || drop(sender));
        assert!(block_on(receiver).is_err());
        thread.join().unwrap();
    });
}

/// The receiver changes its waker, or goes away, while the sender completes.
#[test]
fn a_receiver_may_leave_or_change_its_waker_at_any_time() {
    explore(3, || {
        let (sender, mut receiver) = oneshot::channel();
        let thread = thread::spawn(move || drop(sender.send(Arc::new(5))));
        block_on(poll_fn(|cx| {
            let _ = Pin::new(&mut receiver).poll(cx);
            Poll::Ready(())
        }));
        if !receiver.is_terminated() {
            // Another waker.
            block_on(poll_fn(|cx| {
                let _ = Pin::new(&mut receiver).poll(cx);
                Poll::Ready(())
            }));
        }
        drop(receiver);
        thread.join().unwrap();
    });
}

#[test]
fn the_sender_learns_that_the_receiver_is_gone() {
    explore(3, || {
        let (mut sender, receiver) = oneshot::channel::<Arc<u32>>();
        let thread = thread::spawn(move || drop(receiver));
        block_on(sender.closed());
        assert!(sender.send(Arc::new(5)).is_err());
        thread.join().unwrap();
    });
}

/// Either the send fails, or the value can be received: it is never lost.
#[test]
fn a_send_that_meets_a_close_succeeds_or_fails_for_both() {
    explore(3, || {
        let (sender, mut receiver) = oneshot::channel();
        let thread = thread::spawn(move || sender.send(Arc::new(5)).is_ok());
        receiver.close();
        let received = block_on(receiver).is_ok();
        assert_eq!(thread.join().unwrap(), received);
    });
}

/// Who learns that no value is wanted sees what the receiver did before it said so, with Relaxed on purpose.
#[test]
fn who_learns_of_the_close_sees_what_was_done_before() {
    for polls in [false, true] {
        explore(3, move || {
            let (mut sender, mut receiver) = oneshot::channel::<()>();
            let done = Arc::new(AtomicBool::new(false));
            let thread = thread::spawn({
                let done = done.clone();
                move || {
                    let is_closed = if polls {
                        let mut cx = Context::from_waker(Waker::noop());
                        sender.poll_closed(&mut cx).is_ready()
                    } else {
                        sender.is_closed()
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
