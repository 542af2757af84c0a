//! A source registered as ready is tried before any event, up to the first try that blocks.

mod common;
use common::*;
use leno_reactor::{Direction, Interest, Reactor, block_on};
use std::cell::Cell;
use std::io::{self, Read, Write};
use std::task::{Context, Poll};

fn blocked<R>() -> io::Result<R> {
    Err(io::ErrorKind::WouldBlock.into())
}

#[test]
fn what_came_with_a_connection_is_read_without_a_turn() {
    let reactor = Reactor::new().unwrap();
    let (mut client, server) = tcp();
    client.write_all(b"request").unwrap();
    server.peek(&mut [0; 1]).unwrap();
    let io = reactor.handle().register_ready(server, BOTH).unwrap();
    let (_, waker) = Count::new();
    let mut cx = Context::from_waker(&waker);
    let mut buffer = [0; 16];
    match io.poll_io(&mut cx, Direction::Read, |mut s| s.read(&mut buffer)) {
        Poll::Ready(Ok(7)) => {}
        other => panic!("{other:?}"),
    }
    let written = io.try_io(Interest::WRITABLE, |mut s| s.write(b"response"));
    assert_eq!(written.unwrap(), 8);
}

#[test]
fn waits_for_readiness_tell_the_truth() {
    let reactor = Reactor::new().unwrap();
    let (receiver, _sender) = udp();
    let io = reactor.handle().register_ready(receiver, BOTH).unwrap();
    let (_, waker) = Count::new();
    assert!(poll_ready(&io, &waker, Direction::Read).is_pending());
    assert!(poll(&mut io.ready(Interest::READABLE), &waker).is_pending());
    assert!(io.ready_event(Interest::READABLE).ready().is_empty());
    // Nothing has been sent yet that could fill it.
    assert!(io.ready_event(BOTH).ready().is_writable());
}

#[test]
fn what_was_registered_as_readable_counts_so_until_a_read_blocks() {
    let reactor = Reactor::new().unwrap();
    let (_client, server) = tcp();
    let io = reactor.handle().register_readable(server, BOTH).unwrap();
    let (_, waker) = Count::new();
    assert!(poll_ready(&io, &waker, Direction::Read).is_ready());
    assert!(poll(&mut io.ready(Interest::READABLE), &waker).is_ready());
    let read = io.try_io(Interest::READABLE, |mut s| s.read(&mut [0; 16]));
    assert!(would_block(read));
    assert!(poll_ready(&io, &waker, Direction::Read).is_pending());
    assert!(io.ready_event(BOTH).ready().is_writable());
}

#[test]
fn the_first_try_that_blocks_is_the_last() {
    let reactor = Reactor::new().unwrap();
    let (receiver, _sender) = udp();
    let io = reactor.handle().register_ready(receiver, BOTH).unwrap();
    let tries = Cell::new(0);
    let attempt = |result: fn() -> io::Result<()>| {
        io.try_io(Interest::READABLE, |_| {
            tries.set(tries.get() + 1);
            result()
        })
    };
    attempt(|| Ok(())).unwrap();
    assert!(would_block(attempt(blocked)));
    assert!(would_block(attempt(blocked)));
    assert_eq!(tries.get(), 2);
    // The other half is still fresh.
    io.try_io(Interest::WRITABLE, |_| Ok(())).unwrap();
}

#[test]
fn a_registration_that_is_not_fresh_is_not_tried() {
    let reactor = Reactor::new().unwrap();
    let (receiver, _sender) = udp();
    let io = register(&reactor.handle(), receiver);
    let tried = io.try_io(Interest::READABLE, |_| -> io::Result<()> {
        panic!("nothing is known of it")
    });
    assert!(would_block(tried));
}

#[test]
fn a_fresh_mark_is_not_given_on_with_the_slot() {
    let reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let (receiver, sender) = udp();
    drop(handle.register_ready(receiver, BOTH).unwrap());
    let io = register(&handle, sender);
    assert!(would_block(io.try_io(Interest::WRITABLE, |s| s.send(b"x"))));
}

#[test]
fn a_fresh_try_that_blocks_waits_for_the_first_event() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = reactor.handle().register_ready(receiver, BOTH).unwrap();
    let tries = Cell::new(0);
    let n = block_on(&mut reactor, async {
        let mut buffer = [0; 8];
        io.async_io(Interest::READABLE, |s| {
            tries.set(tries.get() + 1);
            let result = s.recv(&mut buffer);
            if result.is_err() {
                sender.send(b"x")?;
            }
            result
        })
        .await
    });
    assert_eq!(n.unwrap().unwrap(), 1);
    assert_eq!(tries.get(), 2);
}

#[test]
fn an_event_between_a_fresh_try_and_its_clear_is_kept() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = reactor.handle().register_ready(receiver, BOTH).unwrap();
    let tried = io.try_io(Interest::READABLE, |s| {
        let result = s.recv(&mut [0; 8]);
        sender.send(b"x").unwrap();
        turn_until_ready(&mut reactor, &io, Interest::READABLE);
        result
    });
    assert!(would_block(tried));
    assert!(io.ready_event(Interest::READABLE).ready().is_readable());
}
