//! Whoever wants to know whether anything goes on asks for the number of tries.

mod common;
use common::*;
use leno_reactor::{Direction, Interest, Reactor};
use std::task::{Context, Waker};

#[test]
fn a_try_counts_and_waiting_does_not() {
    let mut reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let (receiver, sender) = udp();
    let io = register(&handle, receiver);
    assert_eq!(handle.tries(), 0, "nobody has asked for it");

    handle.count_tries();
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..3 {
        assert!(io.poll_ready(&mut cx, Direction::Read).is_pending());
        assert!(io.try_io(Interest::READABLE, |_| Ok(())).is_err());
    }
    assert_eq!(handle.tries(), 0);

    sender.send(b"1").unwrap();
    turn_until_ready(&mut reactor, &io, Interest::READABLE);
    let before = handle.tries();
    io.try_io(Interest::READABLE, |_| Ok(())).unwrap();
    assert_ne!(handle.tries(), before);
    let before = handle.tries();
    assert!(io.poll_ready(&mut cx, Direction::Read).is_ready());
    assert_ne!(handle.tries(), before);

    let before = handle.tries();
    let (other, _sender) = udp();
    let _other = register(&handle, other);
    assert_ne!(handle.tries(), before);
}
