//! `leno::sync::mpsc`: every value is received or dropped exactly once, in order; room is neither lost nor
//! invented; the end arrives.

#[path = "support/sync_support.rs"]
mod support;

use leno::sync::mpsc::error::{SendError, SendTimeoutError, TryRecvError, TrySendError};
use leno::sync::mpsc::{
    self, OwnedPermit, Permit, PermitIterator, Receiver, Sender, UnboundedReceiver,
    UnboundedSender, WeakSender, WeakUnboundedSender,
};
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use support::{Count, CountDrops, block_on, manual, panic_text, panicking_waker};

#[leno::test]
async fn values_arrive_in_order_and_then_the_end() {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    // Several blocks' worth, twice, so that blocks are reused.
    for round in 0..3 {
        for i in 0..200 {
            sender.send(i).unwrap();
        }
        assert_eq!(receiver.len(), 200);
        for i in 0..200 {
            assert_eq!(receiver.recv().await, Some(i), "in round {round}");
        }
        assert!(receiver.is_empty());
        manual(receiver.recv()).pending();
    }
    drop(sender);
    assert_eq!(receiver.recv().await, None);
    assert_eq!(receiver.recv().await, None);
}

#[test]
fn a_send_wakes_a_receiver_that_waits() {
    let (sender, mut receiver) = mpsc::channel(2);
    let mut recv = manual(receiver.recv());
    recv.pending();
    recv.pending();
    sender.try_send(1).unwrap();
    sender.try_send(2).unwrap();
    assert_eq!(recv.wakes(), 1, "once is enough");
    assert_eq!(recv.ready(), Some(1));
    drop(recv);

    let mut recv = manual(receiver.recv());
    assert_eq!(recv.ready(), Some(2));
    drop(recv);
    let mut recv = manual(receiver.recv());
    recv.pending();
    let other = Arc::new(Count::default());
    assert!(recv.poll_with(&other.clone().into()).is_pending());
    sender.try_send(3).unwrap();
    assert_eq!((recv.wakes(), other.get()), (0, 1), "the last waker counts");
}

#[test]
fn a_receive_that_is_dropped_loses_nothing() {
    let (sender, mut receiver) = mpsc::channel(1);
    let mut recv = manual(receiver.recv());
    recv.pending();
    sender.try_send(1).unwrap();
    assert!(recv.is_woken());
    drop(recv);
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn the_bound_holds_and_senders_wait_in_order() {
    let (sender, mut receiver) = mpsc::channel(2);
    sender.try_send(0).unwrap();
    sender.try_send(1).unwrap();
    assert_eq!(sender.try_send(9), Err(TrySendError::Full(9)));
    let mut first = manual(sender.send(2));
    let mut second = manual(sender.send(3));
    first.pending();
    second.pending();
    assert_eq!(
        (
            sender.capacity(),
            receiver.capacity(),
            sender.max_capacity()
        ),
        (0, 0, 2)
    );
    assert_eq!(receiver.try_recv(), Ok(0));
    assert!(first.is_woken() && !second.is_woken());
    assert_eq!(
        sender.try_send(9),
        Err(TrySendError::Full(9)),
        "the room is set aside"
    );
    first.ready().unwrap();
    assert_eq!(receiver.try_recv(), Ok(1));
    second.ready().unwrap();
    assert_eq!((receiver.try_recv(), receiver.try_recv()), (Ok(2), Ok(3)));
    assert_eq!((sender.capacity(), receiver.max_capacity()), (2, 2));
}

#[test]
fn a_send_that_is_dropped_hands_its_room_on() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.try_send(0).unwrap();
    let mut first = manual(sender.send(1));
    let mut second = manual(sender.send(2));
    first.pending();
    second.pending();
    receiver.try_recv().unwrap();
    drop(first);
    second.ready().unwrap();
    assert_eq!(receiver.try_recv(), Ok(2));
}

#[test]
fn the_last_sender_to_go_brings_the_end() {
    let (sender, mut receiver) = mpsc::unbounded_channel::<u8>();
    let other = sender.clone();
    assert_eq!(
        (sender.strong_count(), receiver.sender_strong_count()),
        (2, 2)
    );
    let mut recv = manual(receiver.recv());
    recv.pending();
    drop(sender);
    assert!(!recv.is_woken());
    other.send(1).unwrap();
    drop(other);
    assert_eq!(recv.ready(), Some(1));
    drop(recv);
    assert!(receiver.is_closed());
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));

    let (sender, mut receiver) = mpsc::channel::<u8>(1);
    let mut recv = manual(receiver.recv());
    recv.pending();
    drop(sender);
    assert!(recv.is_woken());
    assert_eq!(recv.ready(), None);
}

#[leno::test]
async fn a_close_keeps_what_was_sent_and_refuses_what_comes() {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    sender.send(1).unwrap();
    assert!(!sender.is_closed() && !receiver.is_closed());
    receiver.close();
    receiver.close();
    assert!(sender.is_closed() && receiver.is_closed());
    for _ in 0..100 {
        assert_eq!(sender.send(2), Err(SendError(2)));
    }
    assert_eq!(receiver.len(), 1);
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(receiver.recv().await, None);

    let (sender, mut receiver) = mpsc::channel(1);
    sender.try_send(1).unwrap();
    let mut waiting = manual(sender.send(2));
    waiting.pending();
    receiver.close();
    assert!(waiting.is_woken());
    assert_eq!(waiting.ready(), Err(SendError(2)));
    assert_eq!(sender.try_send(3), Err(TrySendError::Closed(3)));
    assert_eq!(receiver.recv().await, Some(1));
    assert_eq!(receiver.recv().await, None);
}

#[test]
fn permits_from_before_a_close_can_be_used_and_then_comes_the_end() {
    let (sender, mut receiver) = mpsc::channel(3);
    let used = sender.try_reserve().unwrap();
    let unused = sender.try_reserve().unwrap();
    let owned = sender.clone().try_reserve_owned().unwrap();
    receiver.close();
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    used.send(1);
    let mut recv = manual(receiver.recv());
    assert_eq!(recv.ready(), Some(1));
    drop(recv);
    let mut recv = manual(receiver.recv());
    recv.pending();
    drop(unused);
    assert!(!recv.is_woken());
    drop(owned);
    assert!(recv.is_woken());
    assert_eq!(recv.ready(), None);
}

#[test]
fn a_reservation_that_comes_too_late_wakes_the_receiver() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.try_send(1).unwrap();
    let mut reserve = manual(sender.reserve());
    reserve.pending();
    assert_eq!(receiver.try_recv(), Ok(1));
    // The room is the reservation's now, but it has not been polled.
    receiver.close();
    let mut recv = manual(receiver.recv());
    recv.pending();
    assert!(reserve.ready().is_err());
    assert!(recv.is_woken());
    assert_eq!(recv.ready(), None::<u8>);
}

#[leno::test]
async fn permits_give_their_room_back() {
    let (sender, mut receiver) = mpsc::channel(4);
    drop(sender.try_reserve().unwrap());
    drop(sender.reserve().await.unwrap());
    assert_eq!(sender.capacity(), 4);

    let mut permits = sender.reserve_many(3).await.unwrap();
    assert_eq!((permits.len(), sender.capacity()), (3, 1));
    permits.next().unwrap().send(1);
    drop(permits.next().unwrap());
    drop(permits);
    assert_eq!(sender.capacity(), 3);
    assert_eq!(receiver.try_recv(), Ok(1));

    assert_eq!(
        sender.try_reserve_many(5).unwrap_err(),
        TrySendError::Full(())
    );
    assert!(sender.reserve_many(5).await.is_err());
    assert_eq!(sender.try_reserve_many(0).unwrap().count(), 0);
    let all = sender.try_reserve_many(4).unwrap();
    assert_eq!(sender.try_reserve().unwrap_err(), TrySendError::Full(()));
    drop(all);

    let permit = sender.clone().reserve_owned().await.unwrap();
    let other = sender.clone().try_reserve_owned().unwrap();
    assert!(permit.same_channel(&other) && permit.same_channel_as_sender(&sender));
    let back = permit.send(2);
    assert!(back.same_channel(&sender));
    let back = other.release();
    assert_eq!((back.capacity(), receiver.try_recv()), (3, Ok(2)));
    assert_eq!(sender.capacity(), 4);

    let (full, _receiver) = mpsc::channel::<u8>(1);
    full.try_send(1).unwrap();
    let Err(TrySendError::Full(full)) = full.try_reserve_owned() else {
        panic!("there is no room");
    };
    assert!(!full.same_channel(&mpsc::channel(1).0));
}

#[leno::test]
async fn closed_wakes_when_the_receiver_goes() {
    let (sender, mut receiver) = mpsc::channel::<u8>(1);
    let mut closed = manual(sender.closed());
    closed.pending();
    receiver.close();
    assert!(closed.is_woken());
    closed.ready();
    sender.closed().await;

    let (sender, receiver) = mpsc::unbounded_channel::<u8>();
    let mut closed = manual(sender.closed());
    closed.pending();
    drop(receiver);
    closed.ready();
}

#[leno::test]
async fn weak_senders_do_not_keep_the_channel_open() {
    let (sender, mut receiver) = mpsc::channel(1);
    let weak = sender.downgrade();
    let other = weak.clone();
    assert_eq!(
        (
            weak.strong_count(),
            weak.weak_count(),
            receiver.sender_weak_count()
        ),
        (1, 2, 2)
    );
    weak.upgrade().unwrap().try_send(1).unwrap();
    drop(other);
    assert_eq!(sender.weak_count(), 1);
    drop(sender);
    assert!(weak.upgrade().is_none());
    assert_eq!(receiver.recv().await, Some(1));
    assert_eq!(receiver.recv().await, None);

    let (sender, receiver) = mpsc::unbounded_channel::<u8>();
    let weak = sender.downgrade();
    assert!(weak.upgrade().unwrap().same_channel(&sender));
    assert!(!sender.same_channel(&mpsc::unbounded_channel().0));
    drop(sender);
    assert!(weak.upgrade().is_none() && weak.clone().upgrade().is_none());
    assert_eq!((receiver.sender_strong_count(), weak.weak_count()), (0, 1));
}

#[test]
fn recv_many_takes_what_is_there() {
    let (sender, mut receiver) = mpsc::channel(100);
    let mut buffer = vec![7];
    assert_eq!(block_on(receiver.recv_many(&mut buffer, 0)), 0);
    let mut recv = manual(receiver.recv_many(&mut buffer, 60));
    recv.pending();
    for i in 0..100 {
        sender.try_send(i).unwrap();
    }
    assert!(recv.is_woken());
    assert_eq!(recv.ready(), 60);
    drop(recv);
    assert_eq!(sender.capacity(), 60);
    assert_eq!(receiver.blocking_recv_many(&mut buffer, 60), 40);
    assert_eq!(buffer, [7].into_iter().chain(0..100).collect::<Vec<_>>());
    drop(sender);
    assert_eq!(block_on(receiver.recv_many(&mut buffer, 60)), 0);
}

#[test]
fn values_are_dropped_exactly_once_wherever_they_are() {
    let value = CountDrops::new();
    let drops = value.0.clone();
    let dropped = || drops.swap(0, Ordering::Relaxed);

    // With the receiver, over several blocks.
    let (sender, receiver) = mpsc::unbounded_channel();
    (0..100).for_each(|_| sender.send(value.clone()).unwrap());
    drop(receiver);
    assert_eq!(dropped(), 100);
    drop(sender.send(value.clone()));
    assert_eq!(dropped(), 1);

    // With the channel, if a permit was used after the receiver was dropped.
    let (sender, receiver) = mpsc::channel(2);
    sender.try_send(value.clone()).unwrap();
    let permit = sender.clone().try_reserve_owned().unwrap();
    drop(receiver);
    assert_eq!(dropped(), 1);
    drop(permit.send(value.clone()));
    assert_eq!(dropped(), 0);
    drop(sender);
    assert_eq!(dropped(), 1);

    // Received.
    let (sender, mut receiver) = mpsc::channel(2);
    sender.try_send(value.clone()).unwrap();
    drop(receiver.try_recv());
    assert_eq!(dropped(), 1);
    drop((sender, receiver));
    assert_eq!(dropped(), 0);
}

#[test]
fn a_value_whose_drop_panics_keeps_no_other_from_being_dropped() {
    struct Bad(Option<CountDrops>);
    impl Drop for Bad {
        fn drop(&mut self) {
            if self.0.take().is_none() {
                panic!("this value's drop panics");
            }
        }
    }
    let count = CountDrops::new();
    let (sender, receiver) = mpsc::unbounded_channel();
    sender.send(Bad(None)).ok();
    (0..100).for_each(|_| drop(sender.send(Bad(Some(count.clone())))));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(receiver))).is_err());
    assert_eq!(count.0.load(Ordering::Relaxed), 100);
    assert!(sender.is_closed());
}

#[leno::test]
async fn a_waker_that_panics_breaks_nothing() {
    let (sender, mut receiver) = mpsc::channel(1);
    let mut recv = manual(receiver.recv());
    assert!(recv.poll_with(&panicking_waker()).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| sender.try_send(1))).is_err());
    assert_eq!(recv.ready(), Some(1));
    drop(recv);

    // A sender's waker panics while the receiver closes: `closed` is told all the same.
    sender.try_send(2).unwrap();
    let mut bad = manual(sender.send(3));
    assert!(bad.poll_with(&panicking_waker()).is_pending());
    let mut closed = manual(sender.closed());
    closed.pending();
    assert!(catch_unwind(AssertUnwindSafe(|| receiver.close())).is_err());
    assert!(closed.is_woken());
    assert_eq!(bad.ready(), Err(SendError(3)));
    assert_eq!(receiver.recv().await, Some(2));
    assert_eq!(receiver.recv().await, None);
}

#[test]
fn a_receiver_that_goes_leaves_no_waker_behind() {
    let (sender, mut receiver) = mpsc::unbounded_channel::<u8>();
    let count = Arc::new(Count::default());
    assert!(
        manual(receiver.recv())
            .poll_with(&count.clone().into())
            .is_pending()
    );
    drop(receiver);
    assert_eq!(Arc::strong_count(&count), 1);
    drop(sender);
}

#[test]
fn misuse_and_errors_say_what_is_wrong() {
    assert!(panic_text(|| drop(mpsc::channel::<u8>(0))).contains("buffer > 0"));
    assert!(panic_text(|| drop(mpsc::channel::<u8>(usize::MAX))).contains("MAX_PERMITS"));
    assert_eq!(SendError(1).to_string(), "channel closed");
    assert_eq!(format!("{:?}", SendError(1)), "SendError { .. }");
    assert_eq!(TrySendError::Full(1).to_string(), "no available capacity");
    assert_eq!(format!("{:?}", TrySendError::Closed(1)), "Closed(..)");
    assert_eq!(TrySendError::from(SendError(1)).into_inner(), 1);
    assert_eq!(
        TryRecvError::Empty.to_string(),
        "receiving on an empty channel"
    );
    assert_eq!(
        TryRecvError::Disconnected.to_string(),
        "receiving on a closed channel"
    );
}

#[test]
fn threads_send_and_one_receives_each_value_in_its_senders_order() {
    const EACH: usize = 20_000;
    for bound in [None, Some(1), Some(7), Some(1000)] {
        let (unbounded, mut from_unbounded) = mpsc::unbounded_channel();
        let (bounded, mut from_bounded) = mpsc::channel(bound.unwrap_or(1));
        let threads: Vec<_> = (0..3)
            .map(|who| {
                let (unbounded, bounded) = (unbounded.clone(), bounded.clone());
                thread::spawn(move || {
                    let each = if bound == Some(1) { EACH / 10 } else { EACH };
                    for n in 0..each {
                        match bound {
                            None => unbounded.send((who, n)).unwrap(),
                            Some(_) if n % 2 == 0 => bounded.blocking_send((who, n)).unwrap(),
                            Some(_) => {
                                // Gives up now and then.
                                drop(manual(bounded.reserve()).poll());
                                block_on(bounded.reserve()).unwrap().send((who, n));
                            }
                        }
                    }
                    each
                })
            })
            .collect();
        drop((unbounded, bounded));
        let mut next = [0; 3];
        let mut buffer = Vec::new();
        let mut round = 0;
        loop {
            round += 1;
            let received = match (bound, round % 3) {
                (None, 0) => from_unbounded
                    .try_recv()
                    .ok()
                    .or_else(|| from_unbounded.blocking_recv()),
                (None, 1) => from_unbounded.blocking_recv(),
                (None, _) => {
                    block_on(from_unbounded.recv_many(&mut buffer, 50));
                    None
                }
                (_, 0) => from_bounded
                    .try_recv()
                    .ok()
                    .or_else(|| from_bounded.blocking_recv()),
                (_, 1) => from_bounded.blocking_recv(),
                (_, _) => {
                    block_on(from_bounded.recv_many(&mut buffer, 50));
                    None
                }
            };
            buffer.splice(0..0, received);
            if buffer.is_empty() {
                break;
            }
            for (who, n) in buffer.drain(..) {
                let who: usize = who;
                assert_eq!(next[who], n);
                next[who] += 1;
            }
        }
        let sent: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        assert_eq!(next[..], sent[..]);
    }
}

#[test]
fn threads_that_send_to_a_receiver_that_goes_lose_and_double_nothing() {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);
    struct Value;
    impl Value {
        fn new() -> Self {
            ALIVE.fetch_add(1, Ordering::Relaxed);
            Self
        }
    }
    impl Drop for Value {
        fn drop(&mut self) {
            ALIVE.fetch_sub(1, Ordering::Relaxed);
        }
    }
    for round in 0..300 {
        let (unbounded, mut receiver) = mpsc::unbounded_channel();
        let (bounded, mut bounded_receiver) = mpsc::channel(40);
        let thread = thread::spawn(move || {
            while unbounded.send(Value::new()).is_ok() {
                drop(bounded.try_send(Value::new()));
            }
        });
        for _ in 0..round {
            receiver.blocking_recv().unwrap();
            drop(bounded_receiver.try_recv());
        }
        drop((bounded_receiver, receiver));
        thread.join().unwrap();
        assert_eq!(ALIVE.load(Ordering::Relaxed), 0);
    }
}

#[leno::test(start_paused = true)]
async fn a_send_with_a_limit_waits_for_room_so_long() {
    use leno::time::{Duration, Instant};

    let limit = Duration::from_secs(1);
    let (sender, mut receiver) = mpsc::channel(1);
    assert_eq!(sender.send_timeout(1, limit).await, Ok(()));
    let start = Instant::now();
    let late = sender.send_timeout(2, limit).await.unwrap_err();
    assert_eq!(format!("{late:?}"), "Timeout(..)");
    assert_eq!(late, SendTimeoutError::Timeout(2));
    assert_eq!(start.elapsed(), limit);
    let receives = leno::spawn(async move {
        assert_eq!(receiver.recv().await, Some(1));
        assert_eq!(receiver.recv().await, Some(3));
    });
    assert_eq!(sender.send_timeout(3, limit).await, Ok(()));
    receives.await.unwrap();
    let closed = sender.send_timeout(4, limit).await.unwrap_err();
    assert_eq!(format!("{closed:?}"), "Closed(..)");
    assert_eq!(closed, SendTimeoutError::Closed(4));
    assert_eq!((late.into_inner(), closed.into_inner()), (2, 4));
    assert_ne!(late.to_string(), closed.to_string());
}

#[test]
fn the_types_may_travel_if_the_value_may() {
    // A value that is Send only.
    type Value = std::cell::Cell<std::marker::PhantomPinned>;
    fn all<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>() {}
    fn value<T: Send>(_: T) {}
    fn shared<T: Send + Sync>(_: T) {}
    all::<Sender<Value>>();
    all::<Receiver<Value>>();
    all::<WeakSender<Value>>();
    all::<Permit<'_, Value>>();
    all::<PermitIterator<'_, Value>>();
    all::<OwnedPermit<Value>>();
    all::<UnboundedSender<Value>>();
    all::<UnboundedReceiver<Value>>();
    all::<WeakUnboundedSender<Value>>();
    let (sender, mut receiver) = mpsc::channel::<Value>(1);
    shared(receiver.recv());
    shared(sender.reserve());
    shared(sender.closed());
    value(sender.send(Value::new(std::marker::PhantomPinned)));
}
