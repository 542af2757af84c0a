//! That a half is closed is taken back like any other readiness: by an operation that would block, and by an event that
//! does not say so any more. The end of a stream is never lost by it.
#![cfg(any(target_os = "linux", target_os = "android"))]

mod common;
use common::*;
use leno_reactor::{Direction, Interest, Io, Reactor, block_on};
use mio::event::Source;
use mio::unix::SourceFd;
use mio::unix::pipe::{Receiver, Sender};
use mio::{Registry, Token};
use socket2::{Domain, Socket, Type};
use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::task::{Context, Poll};

/// Opens the pipe that `end` is an end of once more.
fn open_again(end: &impl AsRawFd, options: &OpenOptions) -> File {
    let path = format!("/proc/self/fd/{}", end.as_raw_fd());
    options.open(path).unwrap()
}

fn writer(receiver: &impl AsRawFd) -> File {
    open_again(receiver, File::options().write(true))
}

/// The receiver of a pipe whose writer is gone, which the reactor knows.
fn ended(reactor: &mut Reactor) -> Io<Receiver> {
    let (sender, receiver) = mio::unix::pipe::new().unwrap();
    let handle = reactor.handle();
    let io = handle.register(receiver, Interest::READABLE).unwrap();
    drop(sender);
    turn_until(reactor, || is_read_closed(&io));
    let read = io.try_io(Interest::READABLE, |mut pipe| pipe.read(&mut [0; 8]));
    assert_eq!(read.unwrap(), 0);
    // The end was read and stays.
    assert!(is_read_closed(&io));
    io
}

fn is_read_closed<S: Source>(io: &Io<S>) -> bool {
    io.ready_event(Interest::READABLE).ready().is_read_closed()
}

#[test]
fn a_poll_waits_for_the_next_writer_of_a_pipe() {
    let mut reactor = Reactor::new().unwrap();
    let io = ended(&mut reactor);
    let mut next = writer(io.get_ref());
    let tries = Cell::new(0);
    let (count, waker) = Count::new();
    let mut cx = Context::from_waker(&waker);
    let mut buffer = [0; 8];
    let mut read = || {
        io.poll_io(&mut cx, Direction::Read, |mut pipe| {
            tries.set(tries.get() + 1);
            pipe.read(&mut buffer)
        })
    };
    assert!(read().is_pending());
    assert!(read().is_pending());
    assert_eq!((tries.get(), count.get()), (1, 0));
    next.write_all(b"next").unwrap();
    turn_until(&mut reactor, || count.get() == 1);
    match read() {
        Poll::Ready(Ok(4)) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_future_waits_for_the_next_writer_of_a_pipe() {
    let mut reactor = Reactor::new().unwrap();
    let io = ended(&mut reactor);
    let mut next = writer(io.get_ref());
    let tries = Cell::new(0);
    let n = block_on(&mut reactor, async {
        let mut buffer = [0; 8];
        io.async_io(Interest::READABLE, |mut pipe| {
            tries.set(tries.get() + 1);
            let result = pipe.read(&mut buffer);
            if result.is_err() {
                next.write_all(b"next")?;
            }
            result
        })
        .await
    });
    assert_eq!((n.unwrap().unwrap(), tries.get()), (4, 2));
}

#[test]
fn an_attempt_that_blocks_ends_what_was_closed() {
    let mut reactor = Reactor::new().unwrap();
    let io = ended(&mut reactor);
    let _next = writer(io.get_ref());
    let attempt = || io.try_io(Interest::READABLE, |mut pipe| pipe.read(&mut [0; 8]));
    assert!(would_block(attempt()));
    assert!(io.ready_event(Interest::READABLE).ready().is_empty());
    let (_, waker) = Count::new();
    assert!(poll(&mut io.ready(Interest::READABLE), &waker).is_pending());
}

#[test]
fn a_later_event_tells_that_it_is_open() {
    let mut reactor = Reactor::new().unwrap();
    let io = ended(&mut reactor);
    let mut next = writer(io.get_ref());
    next.write_all(b"next").unwrap();
    turn_until(&mut reactor, || !is_read_closed(&io));
    assert!(io.ready_event(Interest::READABLE).ready().is_readable());
}

#[test]
fn each_end_is_told() {
    let mut reactor = Reactor::new().unwrap();
    let io = ended(&mut reactor);
    for _ in 0..3 {
        let next = writer(io.get_ref());
        let attempt = || io.try_io(Interest::READABLE, |mut pipe| pipe.read(&mut [0; 8]));
        assert!(would_block(attempt()));
        drop(next);
        turn_until(&mut reactor, || is_read_closed(&io));
        assert_eq!(attempt().unwrap(), 0);
    }
}

#[test]
fn a_writer_waits_for_the_next_reader_of_a_full_pipe() {
    let mut reactor = Reactor::new().unwrap();
    let (sender, receiver) = mio::unix::pipe::new().unwrap();
    let handle = reactor.handle();
    let io: Io<Sender> = handle.register(sender, Interest::WRITABLE).unwrap();
    let is_closed = || io.ready_event(Interest::WRITABLE).ready().is_write_closed();
    turn_until_ready(&mut reactor, &io, Interest::WRITABLE);
    let fill = || io.try_io(Interest::WRITABLE, |mut pipe| pipe.write(&[7; 4096]));
    while fill().is_ok() {}
    drop(receiver);
    turn_until(&mut reactor, is_closed);

    let mut next = open_again(io.get_ref(), File::options().read(true));
    let (count, waker) = Count::new();
    let mut cx = Context::from_waker(&waker);
    let mut write = || io.poll_io(&mut cx, Direction::Write, |mut pipe| pipe.write(b"x"));
    assert!(write().is_pending());
    assert_eq!(count.get(), 0);
    next.read_exact(&mut [0; 4096]).unwrap();
    turn_until(&mut reactor, || count.get() == 1);
    match write() {
        Poll::Ready(Ok(1)) => {}
        other => panic!("{other:?}"),
    }
}

/// A socket that is no stream yet.
struct Unconnected(Socket);

impl Source for Unconnected {
    fn register(&mut self, to: &Registry, token: Token, as_: mio::Interest) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).register(to, token, as_)
    }

    fn reregister(&mut self, to: &Registry, token: Token, as_: mio::Interest) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).reregister(to, token, as_)
    }

    fn deregister(&mut self, from: &Registry) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).deregister(from)
    }
}

fn unconnected(reactor: &mut Reactor) -> Io<Unconnected> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_nonblocking(true).unwrap();
    let io = register(&reactor.handle(), Unconnected(socket));
    // It counts as hung up.
    turn_until(reactor, || is_read_closed(&io));
    io
}

#[test]
fn a_socket_that_was_registered_before_it_listened_waits_for_connections() {
    let mut reactor = Reactor::new().unwrap();
    let io = unconnected(&mut reactor);
    let socket = &io.get_ref().0;
    socket.bind(&localhost().into()).unwrap();
    socket.listen(8).unwrap();
    let tries = Cell::new(0);
    let (count, waker) = Count::new();
    let mut cx = Context::from_waker(&waker);
    let mut accept = || {
        io.poll_io(&mut cx, Direction::Read, |listener| {
            tries.set(tries.get() + 1);
            listener.0.accept()
        })
    };
    assert!(accept().is_pending());
    assert!(accept().is_pending());
    assert_eq!((tries.get(), count.get()), (1, 0));
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let _client = std::net::TcpStream::connect(address).unwrap();
    turn_until(&mut reactor, || count.get() == 1);
    assert!(accept().is_ready());
}

#[test]
fn a_socket_that_was_registered_before_it_connected_counts_as_open_afterwards() {
    let mut reactor = Reactor::new().unwrap();
    let io = unconnected(&mut reactor);
    let listener = std::net::TcpListener::bind(localhost()).unwrap();
    let _ = io
        .get_ref()
        .0
        .connect(&listener.local_addr().unwrap().into());
    // The event of the connection concerns writing; that reading is closed is over too.
    turn_until(&mut reactor, || {
        let ready = io.ready_event(BOTH).ready();
        ready.is_writable() && !ready.is_read_closed() && !ready.is_write_closed()
    });
    let read = io.try_io(Interest::READABLE, |s| (&s.0).read(&mut [0; 8]));
    assert!(would_block(read));
}

#[test]
fn a_short_read_does_not_lose_the_end() {
    let mut reactor = Reactor::new().unwrap();
    let (mut client, server) = tcp();
    let io = register(&reactor.handle(), server);
    client.write_all(b"last").unwrap();
    drop(client);
    turn_until(&mut reactor, || is_read_closed(&io));
    let event = io.ready_event(Interest::READABLE);
    assert_eq!(io.get_ref().read(&mut [0; 64]).unwrap(), 4);
    io.clear_ready(event);
    let read = io.try_io(Interest::READABLE, |mut s| s.read(&mut [0; 64]));
    assert_eq!(read.unwrap(), 0);
}

#[test]
fn that_no_urgent_data_is_there_does_not_lose_the_end() {
    let mut reactor = Reactor::new().unwrap();
    let (client, server) = tcp();
    let interest = BOTH | Interest::PRIORITY;
    let io = reactor.handle().register(server, interest).unwrap();
    drop(client);
    turn_until(&mut reactor, || is_read_closed(&io));
    let none = || io::Result::<()>::Err(io::ErrorKind::WouldBlock.into());
    assert!(would_block(io.try_io(Interest::PRIORITY, |_| none())));
    io.clear_blocked(io.ready_event(Interest::PRIORITY), Interest::PRIORITY);
    assert!(is_read_closed(&io));

    // Waiting for some is no loop although the stream has ended.
    let tries = Cell::new(0);
    let waiting = io.async_io(Interest::PRIORITY, |_| {
        tries.set(tries.get() + 1);
        none()
    });
    let mut waiting = Box::pin(waiting);
    let (count, waker) = Count::new();
    assert!(poll(&mut waiting, &waker).is_pending());
    assert!(poll(&mut waiting, &waker).is_pending());
    assert_eq!((tries.get(), count.get()), (1, 0));
    drop(waiting);
    assert!(is_read_closed(&io));
}
