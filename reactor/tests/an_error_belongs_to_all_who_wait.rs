//! An event that says nothing but that there is an error ends every wait for reading, and for writing.
#![cfg(any(target_os = "linux", target_os = "android"))]

mod common;
use common::*;
use leno_reactor::{Direction, Interest, Io, Reactor, block_on};
use mio::net::UdpSocket;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::task::{Context, Poll};

/// An address at which nobody listens.
fn nobody() -> SocketAddr {
    let socket = std::net::UdpSocket::bind(localhost()).unwrap();
    socket.local_addr().unwrap()
}

/// A socket connected to nobody, which neither reads nor writes without an event.
fn unanswered(reactor: &mut Reactor) -> Io<UdpSocket> {
    let socket = UdpSocket::bind(localhost()).unwrap();
    socket.connect(nobody()).unwrap();
    let io = register(&reactor.handle(), socket);
    turn_until_ready(reactor, &io, Interest::WRITABLE);
    drain(reactor);
    assert!(would_block(receive(&io)));
    io
}

fn receive(io: &Io<UdpSocket>) -> io::Result<usize> {
    io.try_io(Interest::READABLE, |s| s.recv(&mut [0; 8]))
}

fn refused<T>(result: io::Result<T>) -> bool {
    result.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

#[test]
fn polls_futures_and_attempts_are_told() {
    let mut reactor = Reactor::new().unwrap();
    let io = unanswered(&mut reactor);
    let (polls, poll_waker) = Count::new();
    let (futures, future_waker) = Count::new();
    assert!(poll_ready(&io, &poll_waker, Direction::Read).is_pending());
    let mut future = io.ready(Interest::READABLE);
    assert!(poll(&mut future, &future_waker).is_pending());

    io.get_ref().send(b"x").unwrap();
    turn_until(&mut reactor, || polls.get() + futures.get() == 2);
    assert!(poll_ready(&io, &poll_waker, Direction::Read).is_ready());
    match poll(&mut future, &future_waker) {
        Poll::Ready(Ok(event)) => assert!(event.ready().is_readable()),
        other => panic!("{other:?}"),
    }
    assert!(refused(receive(&io)));
    // It was told, and receiving waits again.
    assert!(would_block(receive(&io)));
    assert!(poll_ready(&io, &poll_waker, Direction::Read).is_pending());
}

#[test]
fn an_operation_under_way_ends_with_it() {
    let mut reactor = Reactor::new().unwrap();
    let io = unanswered(&mut reactor);
    let received = block_on(&mut reactor, async {
        let receive = io.async_io(Interest::READABLE, |s| s.recv(&mut [0; 8]));
        let mut receive = Box::pin(receive);
        let mut sent = false;
        std::future::poll_fn(|cx| {
            let polled = receive.as_mut().poll(cx);
            if !sent {
                assert!(polled.is_pending());
                io.get_ref().send(b"x").unwrap();
                sent = true;
            }
            polled
        })
        .await
    });
    assert!(refused(received.unwrap()));

    let (count, waker) = Count::new();
    let mut cx = Context::from_waker(&waker);
    let mut receive = || io.poll_io(&mut cx, Direction::Read, |s| s.recv(&mut [0; 8]));
    assert!(receive().is_pending());
    io.get_ref().send(b"x").unwrap();
    turn_until(&mut reactor, || count.get() == 1);
    match receive() {
        Poll::Ready(result) => assert!(refused(result)),
        Poll::Pending => panic!("nothing was received"),
    }
}

#[test]
fn whoever_waits_for_errors_is_not_robbed_by_readers() {
    let mut reactor = Reactor::new().unwrap();
    let io = unanswered(&mut reactor);
    let (count, waker) = Count::new();
    let mut future = io.ready(Interest::ERROR);
    assert!(poll(&mut future, &waker).is_pending());
    io.get_ref().send(b"x").unwrap();
    turn_until(&mut reactor, || count.get() == 1);
    assert!(refused(receive(&io)));
    assert!(would_block(receive(&io)));
    match poll(&mut future, &waker) {
        Poll::Ready(Ok(event)) => assert!(event.ready().is_error()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_error_passes() {
    let mut reactor = Reactor::new().unwrap();
    let io = unanswered(&mut reactor);
    io.get_ref().send(b"x").unwrap();
    turn_until_ready(&mut reactor, &io, Interest::ERROR);
    assert!(refused(receive(&io)));
    let friend = UdpSocket::bind(localhost()).unwrap();
    io.get_ref().connect(friend.local_addr().unwrap()).unwrap();
    friend.connect(io.get_ref().local_addr().unwrap()).unwrap();
    friend.send(b"x").unwrap();
    // The event of the message says nothing of an error, nor of a closed half.
    turn_until(&mut reactor, || {
        let ready = io.ready_event(BOTH | Interest::ERROR).ready();
        ready.is_readable() && !ready.is_error() && !ready.is_write_closed()
    });
    assert_eq!(receive(&io).unwrap(), 1);
}
