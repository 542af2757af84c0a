//! `leno::sync::broadcast`: every value to every receiver, and to a slow one the news of what it has missed.

#[path = "support/sync_support.rs"]
mod support;

use leno::sync::broadcast::error::{RecvError, SendError, TryRecvError};
use leno::sync::broadcast::{self, Receiver, Sender, WeakSender};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use support::{manual, panic_text, panicking_waker};

#[test]
fn every_receiver_gets_every_value_sent_while_it_exists() {
    let (sender, mut first) = broadcast::channel(4);
    assert_eq!(sender.send(1).unwrap(), 1);
    let mut second = sender.subscribe();
    let mut third = first.resubscribe();
    assert_eq!(sender.clone().send(2).unwrap(), 3);
    assert_eq!((first.len(), second.len(), sender.len()), (2, 1, 2));
    assert_eq!((first.try_recv(), first.try_recv()), (Ok(1), Ok(2)));
    assert_eq!(first.try_recv(), Err(TryRecvError::Empty));
    assert_eq!((second.try_recv(), third.try_recv()), (Ok(2), Ok(2)));
    assert!(first.is_empty() && sender.is_empty());
    assert_eq!(sender.receiver_count(), 3);
    drop((first, second, third));
    assert_eq!(sender.receiver_count(), 0);
    let SendError(value) = sender.send(3).unwrap_err();
    assert_eq!(value, 3);
    // The channel opens again for who subscribes.
    let mut late = sender.subscribe();
    assert_eq!(sender.send(4).unwrap(), 1);
    assert_eq!(late.try_recv(), Ok(4));
}

#[leno::test]
async fn who_waits_is_woken_by_a_value_and_by_the_end() {
    let (sender, mut receiver) = broadcast::channel(1);
    let mut others: Vec<_> = (0..100).map(|_| sender.subscribe()).collect();
    let mut waits: Vec<_> = others
        .iter_mut()
        .map(|other| manual(other.recv()))
        .collect();
    waits.iter_mut().for_each(|wait| wait.pending());
    drop(waits.remove(50));
    sender.send(1).unwrap();
    for mut wait in waits {
        assert!(wait.is_woken());
        assert_eq!(wait.ready(), Ok(1));
    }
    assert_eq!(
        others[50].try_recv(),
        Ok(1),
        "a recv that is dropped takes nothing"
    );
    assert_eq!(receiver.recv().await, Ok(1));
    let second = sender.clone();
    drop(sender);
    let mut wait = manual(receiver.recv());
    wait.pending();
    drop(second);
    assert!(wait.is_woken());
    assert_eq!(wait.ready(), Err(RecvError::Closed));
}

#[test]
fn what_was_sent_before_the_end_is_received() {
    let (sender, mut receiver) = broadcast::channel(2);
    sender.send(1).unwrap();
    assert!(!receiver.is_closed());
    drop(sender);
    assert!(receiver.is_closed());
    assert_eq!(receiver.blocking_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    assert_eq!(receiver.blocking_recv(), Err(RecvError::Closed));
}

#[leno::test]
async fn a_slow_receiver_is_told_what_it_has_missed() {
    // 3 is rounded up to 4.
    let (sender, mut slow) = broadcast::channel(3);
    let mut quick = sender.subscribe();
    for i in 0..4 {
        sender.send(i).unwrap();
        assert_eq!(quick.try_recv(), Ok(i));
    }
    assert_eq!(slow.len(), 4);
    for i in 4..6 {
        sender.send(i).unwrap();
    }
    assert_eq!((slow.len(), sender.len()), (6, 4));
    assert_eq!(slow.try_recv(), Err(TryRecvError::Lagged(2)));
    assert_eq!((slow.try_recv(), slow.len()), (Ok(2), 3));
    sender.send(6).unwrap();
    sender.send(7).unwrap();
    assert_eq!(slow.recv().await, Err(RecvError::Lagged(1)));
    for i in 4..8 {
        assert_eq!(slow.recv().await, Ok(i));
    }
    // The end does not hide what was missed.
    for i in 8..13 {
        sender.send(i).unwrap();
    }
    drop(sender);
    assert_eq!(slow.try_recv(), Err(TryRecvError::Lagged(1)));
    assert_eq!((9..13).map(|_| slow.try_recv().unwrap()).sum::<i32>(), 42);
    assert_eq!(slow.try_recv(), Err(TryRecvError::Closed));
    assert_eq!(
        (4..13)
            .map(|_| quick.try_recv().is_ok())
            .filter(|ok| *ok)
            .count(),
        4
    );
}

#[test]
fn a_value_goes_with_the_last_who_was_to_see_it() {
    let (sender, mut first) = broadcast::channel(2);
    let second = sender.subscribe();
    let value = Arc::new(());
    sender.send(value.clone()).unwrap();
    drop(first.try_recv().unwrap());
    assert_eq!(Arc::strong_count(&value), 2);
    drop(second);
    assert_eq!(Arc::strong_count(&value), 1);
    // Or with the value that takes its place, …
    for _ in 0..4 {
        sender.send(value.clone()).unwrap();
    }
    assert_eq!(Arc::strong_count(&value), 3);
    // … or with the receiver, also one that lags.
    drop(first);
    assert_eq!(Arc::strong_count(&value), 1);
    let first = sender.subscribe();
    sender.send(value.clone()).unwrap();
    drop(sender);
    drop(first);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn weak_senders_do_not_keep_the_channel_open() {
    let (sender, mut receiver) = broadcast::channel(1);
    let weak: WeakSender<u32> = sender.downgrade();
    let other = weak.clone();
    assert_eq!((sender.strong_count(), sender.weak_count()), (1, 2));
    let upgraded = weak.upgrade().unwrap();
    assert!(upgraded.same_channel(&sender));
    assert_eq!((weak.strong_count(), weak.weak_count()), (2, 2));
    assert_eq!(
        (receiver.sender_strong_count(), receiver.sender_weak_count()),
        (2, 2)
    );
    drop((sender, other));
    upgraded.send(1).unwrap();
    drop(upgraded);
    assert!(weak.upgrade().is_none());
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    assert_eq!((weak.strong_count(), weak.weak_count()), (0, 1));
    assert!(!Sender::<u32>::new(1).same_channel(&Sender::new(1)));
    assert!(receiver.same_channel(&receiver.resubscribe()));
    assert!(!receiver.same_channel(&Sender::new(1).subscribe()));
}

#[test]
fn closed_waits_for_the_last_receiver_to_leave() {
    let (sender, receiver) = broadcast::channel::<u32>(1);
    let other = receiver.resubscribe();
    let mut closed = manual(sender.closed());
    closed.pending();
    drop(receiver);
    assert!(!closed.is_woken());
    drop(other);
    assert!(closed.is_woken());
    closed.ready();
    manual(Sender::<u32>::new(1).closed()).ready();
}

#[test]
fn what_panics_disturbs_nobody_else() {
    #[derive(Debug, PartialEq)]
    struct Panics(u32, bool);
    impl Clone for Panics {
        fn clone(&self) -> Self {
            assert_ne!(self.0, 0, "on purpose");
            Self(self.0, false)
        }
    }
    impl Drop for Panics {
        fn drop(&mut self) {
            assert!(!self.1, "on purpose");
        }
    }
    // A clone: the value counts as received.
    let (sender, mut receiver) = broadcast::channel(4);
    sender.send(Panics(0, false)).unwrap();
    sender.send(Panics(1, false)).unwrap();
    catch_unwind(AssertUnwindSafe(|| drop(receiver.try_recv()))).unwrap_err();
    assert_eq!(receiver.try_recv(), Ok(Panics(1, false)));
    assert!(sender.is_empty());
    // A destructor, while a receiver leaves: the other values go all the same, and senders are told.
    let mut closed = manual(sender.closed());
    closed.pending();
    sender.send(Panics(2, true)).unwrap();
    sender.send(Panics(3, false)).unwrap();
    catch_unwind(AssertUnwindSafe(|| drop(receiver))).unwrap_err();
    assert!(closed.is_woken() && sender.is_empty());
    // A waker.
    let mut receivers = [sender.subscribe(), sender.subscribe()];
    let [first, second] = &mut receivers;
    let (mut first, mut second) = (manual(first.recv()), manual(second.recv()));
    assert!(first.poll_with(&panicking_waker()).is_pending());
    second.pending();
    catch_unwind(AssertUnwindSafe(|| sender.send(Panics(4, false)))).unwrap_err();
    assert!(second.is_woken());
    assert_eq!(first.ready(), second.ready());
}

#[test]
fn misuse_and_errors_say_what_is_wrong() {
    let text = panic_text(|| drop(broadcast::channel::<()>(0)));
    assert!(text.contains("cannot be zero"), "{text}");
    let text = panic_text(|| drop(Sender::<()>::new(usize::MAX)));
    assert!(text.contains("exceeded"), "{text}");
    assert_eq!(SendError(()).to_string(), "channel closed");
    assert_eq!(RecvError::Closed.to_string(), "channel closed");
    assert_eq!(RecvError::Lagged(3).to_string(), "channel lagged by 3");
    assert_eq!(TryRecvError::Empty.to_string(), "channel empty");
    assert_eq!(TryRecvError::Closed.to_string(), "channel closed");
    assert_eq!(TryRecvError::Lagged(3).to_string(), "channel lagged by 3");
    let (sender, receiver) = broadcast::channel::<()>(1);
    assert_eq!(format!("{sender:?}"), "Sender { len: 0, receivers: 1 }");
    assert_eq!(
        format!("{receiver:?}"),
        "Receiver { len: 0, closed: false }"
    );
    assert_eq!(format!("{:?}", sender.downgrade()), "WeakSender { .. }");
}

#[leno::test]
async fn a_receiver_lets_others_run_now_and_then() {
    let (sender, mut receiver) = broadcast::channel(1024);
    (0..1000).for_each(|i| assert_eq!(sender.send(i).unwrap(), 1));
    let polls = Arc::new(AtomicUsize::new(0));
    let counted = polls.clone();
    let receives = leno::spawn(async move {
        let mut receive = std::pin::pin!(async move {
            for i in 0..1000 {
                assert_eq!(receiver.recv().await, Ok(i));
            }
        });
        std::future::poll_fn(|cx| {
            counted.fetch_add(1, Ordering::Relaxed);
            receive.as_mut().poll(cx)
        })
        .await;
    });
    receives.await.unwrap();
    assert!(polls.load(Ordering::Relaxed) > 5);
}

#[test]
fn many_senders_and_receivers_on_many_threads() {
    const SENDERS: usize = 4;
    const VALUES: usize = 500;
    let (sender, receiver) = broadcast::channel::<(usize, usize)>(64);
    let receivers: Vec<_> = (0..3)
        .map(|_| {
            let mut receiver: Receiver<_> = receiver.resubscribe();
            thread::spawn(move || {
                let (mut received, mut missed, mut last) = (0, 0, [0; SENDERS]);
                loop {
                    match receiver.blocking_recv() {
                        Ok((i, n)) => {
                            assert!(n > last[i], "the values of a sender come in order");
                            last[i] = n;
                            received += 1;
                        }
                        Err(RecvError::Lagged(n)) => missed += n as usize,
                        Err(RecvError::Closed) => return received + missed,
                    }
                }
            })
        })
        .collect();
    drop(receiver);
    let senders: Vec<_> = (0..SENDERS)
        .map(|i| {
            let sender = sender.clone();
            thread::spawn(move || {
                (1..=VALUES).for_each(|n| assert_eq!(sender.send((i, n)).unwrap(), 3))
            })
        })
        .collect();
    drop(sender);
    senders
        .into_iter()
        .for_each(|sender| sender.join().unwrap());
    for receiver in receivers {
        assert_eq!(receiver.join().unwrap(), SENDERS * VALUES);
    }
}
