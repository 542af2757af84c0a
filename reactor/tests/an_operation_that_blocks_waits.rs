//! `try_io`, `poll_io` and `async_io` take readiness back when, and only when, an operation would block.

mod common;
use common::*;
use leno_reactor::{Direction, Interest, Reactor};
use std::cell::Cell;
use std::io;
use std::task::{Context, Poll};

#[test]
fn only_would_block_takes_readiness_back() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = reactor
        .handle()
        .register(receiver, Interest::READABLE)
        .unwrap();
    sender.send(b"x").unwrap();
    turn_until_ready(&mut reactor, &io, Interest::READABLE);
    let is_ready = || io.ready_event(Interest::READABLE).ready().is_readable();

    io.try_io(Interest::READABLE, |_| Ok(())).unwrap();
    assert!(is_ready());
    let other = io.try_io(Interest::READABLE, |_| -> io::Result<()> {
        Err(io::ErrorKind::Interrupted.into())
    });
    assert_eq!(other.unwrap_err().kind(), io::ErrorKind::Interrupted);
    assert!(is_ready());
    assert_eq!(
        io.try_io(Interest::READABLE, |s| s.recv(&mut [0; 8]))
            .unwrap(),
        1
    );
    assert!(is_ready());
    assert!(would_block(
        io.try_io(Interest::READABLE, |s| s.recv(&mut [0; 8]))
    ));
    assert!(!is_ready());
}

#[test]
fn a_poll_that_blocks_is_woken_by_the_next_event() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = reactor
        .handle()
        .register(receiver, Interest::READABLE)
        .unwrap();
    let (count, waker) = Count::new();
    let mut cx = Context::from_waker(&waker);
    let recv = |cx: &mut Context<'_>| io.poll_io(cx, Direction::Read, |s| s.recv(&mut [0; 8]));
    for round in 1..=3 {
        assert!(recv(&mut cx).is_pending());
        sender.send(b"x").unwrap();
        turn_until(&mut reactor, || count.get() == round);
        match recv(&mut cx) {
            Poll::Ready(Ok(1)) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_operation_that_blocks_on_a_closed_half_waits_too() {
    let mut reactor = Reactor::new().unwrap();
    let (client, server) = tcp();
    let io = register(&reactor.handle(), server);
    drop(client);
    turn_until(&mut reactor, || {
        io.ready_event(Interest::READABLE).ready().is_read_closed()
    });
    let tries = Cell::new(0);
    let (count, waker) = Count::new();
    let mut cx = Context::from_waker(&waker);
    let polled = io.poll_io(&mut cx, Direction::Read, |_| {
        tries.set(tries.get() + 1);
        io::Result::<()>::Err(io::ErrorKind::WouldBlock.into())
    });
    assert!(polled.is_pending());
    // It was tried once, and nobody was woken to try it again.
    assert_eq!((tries.get(), count.get()), (1, 0));
    assert!(io.ready_event(Interest::READABLE).ready().is_empty());
}
