//! An operation for several interests that would block does not say which of them has: the end of a stream, which is told
//! once, is not lost by it, and waiting is no loop all the same.
#![cfg(any(target_os = "linux", target_os = "android"))]

mod common;
use common::*;
use leno_reactor::{Interest, Io, Reactor, Ready};
use mio::event::Source;
use mio::net::TcpStream;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::task::Poll;

const WITH_READABLE: [Interest; 3] = [
    BOTH,
    Interest::READABLE.add(Interest::PRIORITY),
    Interest::READABLE.add(Interest::ERROR),
];

fn blocked() -> io::Result<()> {
    Err(io::ErrorKind::WouldBlock.into())
}

fn ready<S: Source>(io: &Io<S>) -> Ready {
    io.ready_event(BOTH).ready()
}

/// A stream that has ended and can be written to, which the reactor knows.
fn ended(reactor: &mut Reactor) -> (std::net::TcpStream, Io<TcpStream>) {
    let (client, server) = tcp();
    let interest = BOTH | Interest::PRIORITY;
    let io = reactor.handle().register(server, interest).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    turn_until(reactor, || {
        ready(&io).is_read_closed() && ready(&io).is_writable()
    });
    (client, io)
}

fn read_end(io: &Io<TcpStream>) {
    let read = io.try_io(Interest::READABLE, |mut stream| stream.read(&mut [0; 8]));
    assert_eq!(read.unwrap(), 0);
}

#[test]
fn an_attempt_leaves_the_end() {
    let mut reactor = Reactor::new().unwrap();
    for interest in WITH_READABLE {
        let (_client, io) = ended(&mut reactor);
        assert!(would_block(io.try_io(interest, |_| blocked())));
        assert!(ready(&io).is_read_closed(), "{interest:?}");
        read_end(&io);
    }
}

#[test]
fn a_clear_leaves_the_end_and_takes_the_rest() {
    let mut reactor = Reactor::new().unwrap();
    for interest in WITH_READABLE {
        let (_client, io) = ended(&mut reactor);
        io.clear_blocked(io.ready_event(interest), interest);
        let left = io.ready_event(interest).ready();
        assert_eq!(left, Ready::READ_CLOSED, "{interest:?}");
        read_end(&io);
    }
}

#[test]
fn a_future_leaves_the_end_and_waits() {
    let mut reactor = Reactor::new().unwrap();
    for interest in WITH_READABLE {
        let (_client, io) = ended(&mut reactor);
        let tries = Cell::new(0);
        let mut waiting = Box::pin(io.async_io(interest, |_| {
            tries.set(tries.get() + 1);
            assert!(tries.get() < 10, "it spins");
            blocked()
        }));
        let (count, waker) = Count::new();
        assert!(poll(&mut waiting, &waker).is_pending());
        assert!(poll(&mut waiting, &waker).is_pending());
        drain(&mut reactor);
        assert_eq!((tries.get(), count.get()), (1, 0), "{interest:?}");
        drop(waiting);
        read_end(&io);
    }
}

#[test]
fn a_future_that_knows_the_end_waits_for_room() {
    let mut reactor = Reactor::new().unwrap();
    let (mut client, io) = ended(&mut reactor);
    let mut sent = 0;
    let fill = || io.try_io(Interest::WRITABLE, |mut stream| stream.write(&[7; 65_536]));
    while let Ok(length) = fill() {
        sent += length;
    }
    let mut tries = 0;
    let mut writing = Box::pin(io.async_io(BOTH, |mut stream| {
        tries += 1;
        assert!(tries < 100, "it spins");
        stream.write(b"x")
    }));
    let (count, waker) = Count::new();
    assert!(poll(&mut writing, &waker).is_pending());
    client.read_exact(&mut vec![0; sent]).unwrap();
    turn_until(&mut reactor, || count.get() > 0);
    match poll(&mut writing, &waker) {
        Poll::Ready(Ok(1)) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_end_that_is_told_again_is_a_reason_to_try_again() {
    let mut reactor = Reactor::new().unwrap();
    let (sender, receiver) = mio::unix::pipe::new().unwrap();
    let handle = reactor.handle();
    let io = handle.register(receiver, Interest::READABLE).unwrap();
    drop(sender);
    turn_until(&mut reactor, || ready(&io).is_read_closed());

    let path = format!("/proc/self/fd/{}", io.get_ref().as_raw_fd());
    let next = File::options().write(true).open(path).unwrap();
    let mut tries = 0;
    let mut reading = Box::pin(io.async_io(BOTH, |mut pipe| {
        tries += 1;
        assert!(tries < 10, "it spins");
        pipe.read(&mut [0; 8])
    }));
    let (count, waker) = Count::new();
    assert!(poll(&mut reading, &waker).is_pending());
    assert!(poll(&mut reading, &waker).is_pending());
    assert_eq!(count.get(), 0);
    drop(next);
    turn_until(&mut reactor, || count.get() > 0);
    match poll(&mut reading, &waker) {
        Poll::Ready(Ok(0)) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn that_writing_is_closed_stays_too() {
    let mut reactor = Reactor::new().unwrap();
    let (sender, receiver) = mio::unix::pipe::new().unwrap();
    let io = reactor.handle().register(sender, BOTH).unwrap();
    drop(receiver);
    turn_until(&mut reactor, || ready(&io).is_write_closed());
    assert!(would_block(io.try_io(BOTH, |_| blocked())));
    assert!(ready(&io).is_write_closed());
    // One that writes says of which half it is.
    assert!(would_block(io.try_io(Interest::WRITABLE, |_| blocked())));
    assert!(!ready(&io).is_write_closed());
}

#[test]
fn who_has_asked_takes_back_what_is_over() {
    let mut reactor = Reactor::new().unwrap();
    let (_client, io) = ended(&mut reactor);
    let seen = io.ready_event(BOTH);
    io.clear_over(seen.with_ready(Ready::READ_CLOSED));
    assert!(!ready(&io).is_read_closed() && ready(&io).is_readable());
    assert!(ready(&io).is_writable());

    // A newer event stays.
    let (mut client, server) = tcp();
    let io = register(&reactor.handle(), server);
    client.write_all(b"x").unwrap();
    turn_until(&mut reactor, || ready(&io).is_readable());
    let seen = io.ready_event(BOTH);
    client.shutdown(Shutdown::Write).unwrap();
    turn_until(&mut reactor, || ready(&io).is_read_closed());
    io.clear_over(seen);
    assert!(ready(&io).is_readable() && ready(&io).is_read_closed());
}
