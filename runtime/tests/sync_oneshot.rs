//! `leno::sync::oneshot`: one value, received or dropped exactly once.

#[path = "support/sync_support.rs"]
mod support;

use leno::sync::oneshot::{self, Receiver, Sender, error};
use std::future::{Future, poll_fn};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread;
use support::{Count, CountDrops, block_on, manual, panic_text, panicking_waker};

#[leno::test]
async fn a_value_sent_before_is_received() {
    let (sender, mut receiver) = oneshot::channel();
    assert!(receiver.is_empty());
    sender.send(1).unwrap();
    assert!(!receiver.is_empty());
    assert_eq!((&mut receiver).await, Ok(1));
    assert!(receiver.is_terminated() && receiver.is_empty());
    assert_eq!(receiver.try_recv(), Err(error::TryRecvError::Closed));
}

#[test]
fn a_value_sent_later_wakes_the_receiver() {
    let (sender, receiver) = oneshot::channel();
    let mut receiver = manual(receiver);
    receiver.pending();
    sender.send(1).unwrap();
    assert_eq!(receiver.wakes(), 1);
    assert_eq!(receiver.ready(), Ok(1));
}

#[test]
fn the_last_waker_is_the_one_that_is_woken() {
    let (sender, receiver) = oneshot::channel();
    let mut receiver = manual(receiver);
    receiver.pending();
    receiver.pending();
    let other = Arc::new(Count::default());
    assert!(receiver.poll_with(&other.clone().into()).is_pending());
    sender.send(1).unwrap();
    assert_eq!((receiver.wakes(), other.get()), (0, 1));
}

#[test]
fn a_sender_that_is_dropped_wakes_the_receiver() {
    let (sender, receiver) = oneshot::channel::<u8>();
    let mut receiver = manual(receiver);
    receiver.pending();
    drop(sender);
    assert_eq!(receiver.wakes(), 1);
    assert_eq!(receiver.ready().unwrap_err().to_string(), "channel closed");
}

#[test]
fn a_value_for_nobody_comes_back() {
    let (sender, receiver) = oneshot::channel();
    assert!(!sender.is_closed());
    drop(receiver);
    assert!(sender.is_closed());
    assert_eq!(sender.send(1), Err(1));
}

#[leno::test]
async fn a_close_keeps_what_was_sent_and_refuses_what_comes() {
    let (sender, mut receiver) = oneshot::channel();
    sender.send(1).unwrap();
    receiver.close();
    assert_eq!(receiver.try_recv(), Ok(1));

    let (sender, mut receiver) = oneshot::channel();
    receiver.close();
    receiver.close();
    assert_eq!(sender.send(1), Err(1));
    assert!(receiver.await.is_err());

    let (_sender, mut receiver) = oneshot::channel::<u8>();
    receiver.close();
    assert!(receiver.await.is_err());
}

#[test]
fn try_recv_says_what_there_is() {
    let (sender, mut receiver) = oneshot::channel();
    let text = receiver.try_recv().unwrap_err().to_string();
    assert_eq!(text, "channel empty");
    sender.send(1).unwrap();
    assert_eq!(receiver.try_recv(), Ok(1));
    let text = receiver.try_recv().unwrap_err().to_string();
    assert_eq!(text, "channel closed");

    let (sender, mut receiver) = oneshot::channel::<u8>();
    drop(sender);
    assert_eq!(receiver.try_recv(), Err(error::TryRecvError::Closed));
}

#[leno::test]
async fn closed_wakes_when_the_receiver_goes() {
    let (mut sender, receiver) = oneshot::channel::<u8>();
    let count = Arc::new(Count::default());
    let waker = count.clone().into();
    let mut cx = Context::from_waker(&waker);
    assert!(sender.poll_closed(&mut cx).is_pending());
    drop(receiver);
    assert_eq!(count.get(), 1);
    assert_eq!(sender.poll_closed(&mut cx), Poll::Ready(()));
    sender.closed().await;
}

#[leno::test]
async fn a_sender_that_waited_for_closed_can_still_send() {
    let (mut sender, receiver) = oneshot::channel();
    let count = Arc::new(Count::default());
    let waker = count.clone().into();
    assert!(
        sender
            .poll_closed(&mut Context::from_waker(&waker))
            .is_pending()
    );
    sender.send(1).unwrap();
    assert_eq!(
        Arc::strong_count(&count),
        2,
        "the waker was dropped: ours and the local one are left"
    );
    assert_eq!(receiver.await, Ok(1));
    assert_eq!(count.get(), 0);
}

#[test]
fn wakers_are_dropped_with_the_channel() {
    let count = Arc::new(Count::default());
    for end in 0..4 {
        let (mut sender, mut receiver) = oneshot::channel::<u8>();
        let waker = count.clone().into();
        let mut cx = Context::from_waker(&waker);
        assert!(sender.poll_closed(&mut cx).is_pending());
        assert!(Pin::new(&mut receiver).poll(&mut cx).is_pending());
        match end {
            0 => drop((sender, receiver)),
            1 => drop((receiver, sender)),
            2 => drop((sender.send(1), receiver)),
            _ => {
                receiver.close();
                drop((sender.send(1), receiver));
            }
        }
        drop(waker);
        assert_eq!(Arc::strong_count(&count), 1);
    }
}

#[test]
fn a_value_is_dropped_exactly_once() {
    let value = CountDrops::new();
    let drops = value.0.clone();
    let (sender, receiver) = oneshot::channel();
    sender.send(value.clone()).unwrap();
    drop(receiver);
    assert_eq!(drops.load(Ordering::Relaxed), 1);

    let (sender, mut receiver) = oneshot::channel();
    sender.send(value.clone()).unwrap();
    drop(receiver.try_recv());
    drop(receiver);
    assert_eq!(drops.load(Ordering::Relaxed), 2);

    let (sender, receiver) = oneshot::channel();
    drop(receiver);
    drop(sender.send(value));
    assert_eq!(drops.load(Ordering::Relaxed), 3);
}

#[test]
fn a_value_whose_drop_panics_breaks_nothing_else() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("this value's drop panics");
        }
    }
    let count = Arc::new(Count::default());
    let (sender, receiver) = oneshot::channel();
    let mut receiver = manual(receiver);
    assert!(receiver.poll_with(&count.clone().into()).is_pending());
    assert!(sender.send(Bad).map_err(ManuallyDrop::new).is_ok());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(receiver))).is_err());
    assert_eq!((count.get(), Arc::strong_count(&count)), (1, 1));
}

#[test]
fn a_waker_that_panics_does_not_lose_the_value() {
    let (sender, receiver) = oneshot::channel();
    let mut receiver = manual(receiver);
    assert!(receiver.poll_with(&panicking_waker()).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| sender.send(1))).is_err());
    assert_eq!(receiver.ready(), Ok(1));
}

#[test]
fn polling_after_the_result_says_so() {
    let (sender, mut receiver) = oneshot::channel();
    sender.send(1).unwrap();
    block_on(&mut receiver).unwrap();
    let text = panic_text(|| drop(block_on(&mut receiver)));
    assert!(text.contains("called after complete"), "{text}");
}

#[test]
fn threads_that_send_and_leave_lose_and_double_nothing() {
    static DROPS: AtomicUsize = AtomicUsize::new(0);
    struct Value(usize);
    impl Drop for Value {
        fn drop(&mut self) {
            DROPS.fetch_add(1, Ordering::Relaxed);
        }
    }
    const ROUNDS: usize = 20_000;
    let (to_thread, from_main) = std::sync::mpsc::channel::<Sender<Value>>();
    let thread = thread::spawn(move || {
        for (i, sender) in from_main.into_iter().enumerate() {
            drop(sender.send(Value(i)));
        }
    });
    for i in 0..ROUNDS {
        let (sender, mut receiver) = oneshot::channel();
        to_thread.send(sender).unwrap();
        match i % 4 {
            0 => assert_eq!(receiver.blocking_recv().unwrap().0, i),
            1 => assert_eq!(block_on(receiver).unwrap().0, i),
            2 => drop(block_on(poll_fn(|cx| {
                Poll::Ready(Pin::new(&mut receiver).poll(cx))
            }))),
            _ => drop(receiver),
        }
    }
    drop(to_thread);
    thread.join().unwrap();
    assert_eq!(DROPS.load(Ordering::Relaxed), ROUNDS);
}

#[test]
fn the_types_may_travel_if_the_value_may() {
    fn all<T: Send + Sync + Unpin>() {}
    fn value<T: Send + Sync>(_: T) {}
    // A value that is Send only.
    type Value = std::cell::Cell<std::marker::PhantomPinned>;
    all::<Sender<Value>>();
    all::<Receiver<Value>>();
    all::<error::RecvError>();
    let (mut sender, _receiver) = oneshot::channel::<Value>();
    value(sender.closed());
}
