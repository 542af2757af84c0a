//! A waker that panics keeps no one from being woken, and the reactor goes on.

mod common;
use common::*;
use leno_reactor::{Direction, Interest, Reactor};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[test]
fn all_waiters_of_all_events_are_woken_before_the_panic_goes_on() {
    let mut reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let sources: Vec<_> = (0..4)
        .map(|_| {
            let (receiver, sender) = udp();
            let io = handle.register(receiver, Interest::READABLE).unwrap();
            (io, sender)
        })
        .collect();
    let wakers: Vec<_> = sources
        .iter()
        .map(|_| (Count::new(), Count::new()))
        .collect();
    let mut futures = Vec::new();
    for ((io, _), ((_, one), (_, two))) in sources.iter().zip(&wakers) {
        let panics = Call::waker(|| panic!("a waker's own"));
        assert!(poll_ready(io, &panics, Direction::Read).is_pending());
        for waker in [one, &panics, two] {
            let mut future = io.ready(Interest::READABLE);
            assert!(poll(&mut future, waker).is_pending());
            futures.push(future);
        }
    }
    for (_, sender) in &sources {
        sender.send(b"x").unwrap();
    }
    let panic = catch_unwind(AssertUnwindSafe(|| reactor.turn(None))).unwrap_err();
    assert_eq!(*panic.downcast::<&str>().unwrap(), "a waker's own");
    for ((one, _), (two, _)) in &wakers {
        assert_eq!((one.get(), two.get()), (1, 1));
    }

    // The slots are as good as before.
    drop(futures);
    for ((io, sender), ((one, waker), _)) in sources.iter().zip(&wakers) {
        io.clear_ready(io.ready_event(Interest::READABLE));
        assert!(poll_ready(io, waker, Direction::Read).is_pending());
        sender.send(b"y").unwrap();
        turn_until_ready(&mut reactor, io, Interest::READABLE);
        assert_eq!(one.get(), 2);
    }
}

#[test]
fn the_end_of_the_reactor_is_told_to_all() {
    let reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let (one, _) = udp();
    let (two, _) = udp();
    let one = handle.register(one, Interest::READABLE).unwrap();
    let two = handle.register(two, Interest::READABLE).unwrap();
    let panics = Call::waker(|| panic!("a waker's own"));
    let (count, waker) = Count::new();
    assert!(poll_ready(&one, &panics, Direction::Read).is_pending());
    assert!(poll_ready(&two, &waker, Direction::Read).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(reactor))).is_err());
    assert_eq!(count.get(), 1);
}
