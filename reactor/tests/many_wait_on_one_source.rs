//! Any number of futures wait for one source, and each may give up.

mod common;
use common::*;
use leno_reactor::{Direction, Interest, Reactor};
use std::sync::Arc;

#[test]
fn one_event_wakes_all_it_concerns() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = reactor
        .handle()
        .register(receiver, Interest::READABLE)
        .unwrap();
    let wakers: Vec<_> = (0..100).map(|_| Count::new()).collect();
    let mut readers: Vec<_> = (0..100).map(|_| io.ready(Interest::READABLE)).collect();
    for (future, (_, waker)) in readers.iter_mut().zip(&wakers) {
        assert!(poll(future, waker).is_pending());
    }
    // A message does not concern who waits for errors.
    let (errors, error_waker) = Count::new();
    let mut error = io.ready(Interest::ERROR);
    assert!(poll(&mut error, &error_waker).is_pending());
    let (polled, poll_waker) = Count::new();
    assert!(poll_ready(&io, &poll_waker, Direction::Read).is_pending());

    sender.send(b"x").unwrap();
    turn_until_ready(&mut reactor, &io, Interest::READABLE);
    assert!(wakers.iter().all(|(count, _)| count.get() == 1));
    assert_eq!((polled.get(), errors.get()), (1, 0));
    for (future, (_, waker)) in readers.iter_mut().zip(&wakers) {
        assert!(poll(future, waker).is_ready());
    }
}

#[test]
fn a_dropped_future_is_not_woken_and_disturbs_no_other() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = reactor
        .handle()
        .register(receiver, Interest::READABLE)
        .unwrap();
    let wakers: Vec<_> = (0..50).map(|_| Count::new()).collect();
    let mut futures: Vec<_> = wakers
        .iter()
        .map(|(_, waker)| {
            let mut future = io.ready(Interest::READABLE);
            assert!(poll(&mut future, waker).is_pending());
            Some(future)
        })
        .collect();
    for future in futures.iter_mut().step_by(2) {
        *future = None;
    }
    // A newcomer takes a place that became free.
    let (late, late_waker) = Count::new();
    let mut newcomer = io.ready(Interest::READABLE);
    assert!(poll(&mut newcomer, &late_waker).is_pending());

    // Who gave up holds no waker any more.
    for (index, (count, _)) in wakers.iter().enumerate() {
        let expected = if index % 2 == 0 { 2 } else { 3 };
        assert_eq!(Arc::strong_count(count), expected, "waiter {index}");
    }
    sender.send(b"x").unwrap();
    turn_until_ready(&mut reactor, &io, Interest::READABLE);
    for (index, (count, _)) in wakers.iter().enumerate() {
        assert_eq!(count.get(), index % 2, "waiter {index}");
    }
    assert_eq!(late.get(), 1);
}

#[test]
fn a_future_dropped_after_its_wake_loses_nothing() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = reactor
        .handle()
        .register(receiver, Interest::READABLE)
        .unwrap();
    let (count, waker) = Count::new();
    let mut future = io.ready(Interest::READABLE);
    assert!(poll(&mut future, &waker).is_pending());
    sender.send(b"x").unwrap();
    turn_until(&mut reactor, || count.get() == 1);
    drop(future);

    let mut next = io.ready(Interest::READABLE);
    assert!(poll(&mut next, &waker).is_ready());
}

#[test]
fn a_woken_future_waits_on_if_another_was_faster() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = reactor
        .handle()
        .register(receiver, Interest::READABLE)
        .unwrap();
    let (count, waker) = Count::new();
    let mut future = io.ready(Interest::READABLE);
    assert!(poll(&mut future, &waker).is_pending());
    sender.send(b"x").unwrap();
    turn_until(&mut reactor, || count.get() == 1);

    let mut buffer = [0; 8];
    assert_eq!(
        io.try_io(Interest::READABLE, |s| s.recv(&mut buffer))
            .unwrap(),
        1
    );
    assert!(would_block(
        io.try_io(Interest::READABLE, |s| s.recv(&mut buffer))
    ));
    assert!(poll(&mut future, &waker).is_pending());
    sender.send(b"y").unwrap();
    turn_until(&mut reactor, || count.get() == 2);
    assert!(poll(&mut future, &waker).is_ready());
}

#[test]
fn the_last_waker_of_a_moved_future_is_the_one_woken() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = reactor
        .handle()
        .register(receiver, Interest::READABLE)
        .unwrap();
    let (first, first_waker) = Count::new();
    let (last, last_waker) = Count::new();
    let mut future = io.ready(Interest::READABLE);
    assert!(poll(&mut future, &first_waker).is_pending());
    assert!(poll(&mut future, &last_waker).is_pending());
    assert!(poll_ready(&io, &first_waker, Direction::Read).is_pending());
    assert!(poll_ready(&io, &last_waker, Direction::Read).is_pending());
    sender.send(b"x").unwrap();
    turn_until_ready(&mut reactor, &io, Interest::READABLE);
    assert_eq!((first.get(), last.get()), (0, 2));
}
