//! Waiting for what the selector was not asked for is an error at once, and not a wait without an end.

mod common;
use common::*;
use leno_reactor::{Direction, Interest, Io, Reactor};
use mio::net::UdpSocket;
use std::io::{self, ErrorKind};
use std::task::{Context, Poll};

fn registered(reactor: &Reactor, interest: Interest) -> Io<UdpSocket> {
    let (receiver, _) = udp();
    reactor.handle().register(receiver, interest).unwrap()
}

#[track_caller]
fn assert_refused<T>(polled: Poll<io::Result<T>>) {
    match polled {
        Poll::Ready(Err(error)) => {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains("register"), "{error}");
        }
        Poll::Ready(Ok(_)) => panic!("it counts as ready"),
        Poll::Pending => panic!("it waits for ever"),
    }
}

fn blocked() -> io::Result<()> {
    Err(ErrorKind::WouldBlock.into())
}

#[test]
fn every_wait_for_the_other_direction_is_refused() {
    let reactor = Reactor::new().unwrap();
    let cases = [
        (Interest::READABLE, Interest::WRITABLE, Direction::Write),
        (Interest::WRITABLE, Interest::READABLE, Direction::Read),
    ];
    for (interest, other, direction) in cases {
        let io = registered(&reactor, interest);
        let (_, waker) = Count::new();
        let mut cx = Context::from_waker(&waker);
        assert_refused(poll_ready(&io, &waker, direction));
        assert_refused(io.poll_try(&mut cx, direction));
        assert_refused(io.poll_io(&mut cx, direction, |_| blocked()));
        assert_refused(poll(&mut io.ready(other), &waker));
        assert_refused(poll(
            &mut Box::pin(io.async_io(other, |_| blocked())),
            &waker,
        ));
        // What was registered is waited for.
        assert!(poll(&mut io.ready(interest), &waker).is_pending());
        assert!(poll(&mut io.ready(BOTH), &waker).is_pending());
    }
}

#[test]
fn a_wait_after_a_fresh_try_is_refused() {
    let reactor = Reactor::new().unwrap();
    let (receiver, _) = udp();
    let handle = reactor.handle();
    let io = handle.register_ready(receiver, Interest::WRITABLE).unwrap();
    let (_, waker) = Count::new();
    let mut cx = Context::from_waker(&waker);
    assert_refused(io.poll_io(&mut cx, Direction::Read, |_| blocked()));
}

#[test]
fn errors_are_always_told_of() {
    let reactor = Reactor::new().unwrap();
    let (_, waker) = Count::new();
    for interest in [Interest::READABLE, Interest::WRITABLE, Interest::ERROR] {
        let io = registered(&reactor, interest);
        assert!(poll(&mut io.ready(Interest::ERROR), &waker).is_pending());
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn out_of_band_data_has_to_be_asked_for() {
    let reactor = Reactor::new().unwrap();
    let (_, waker) = Count::new();
    let io = registered(&reactor, BOTH);
    assert_refused(poll(&mut io.ready(Interest::PRIORITY), &waker));
    let io = registered(&reactor, Interest::PRIORITY);
    assert!(poll(&mut io.ready(Interest::PRIORITY), &waker).is_pending());
    assert_refused(poll(&mut io.ready(Interest::WRITABLE), &waker));
}

/// The selector tells of out-of-band data as readable, too, but not of any other data.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn who_has_asked_for_out_of_band_data_is_not_told_of_other_data() {
    let mut reactor = Reactor::new().unwrap();
    let (_, waker) = Count::new();
    for interest in [
        Interest::PRIORITY,
        Interest::PRIORITY | Interest::ERROR,
        Interest::PRIORITY | Interest::WRITABLE,
    ] {
        let (mut client, server) = tcp();
        let io = reactor.handle().register(server, interest).unwrap();
        io::Write::write_all(&mut client, b"x").unwrap();
        // The byte has arrived, and nothing is said of it.
        drain(&mut reactor);
        let mut cx = Context::from_waker(&waker);
        assert_refused(poll_ready(&io, &waker, Direction::Read));
        assert_refused(io.poll_io(&mut cx, Direction::Read, |_| blocked()));
        assert_refused(poll(&mut io.ready(Interest::READABLE), &waker));
        assert!(poll(&mut io.ready(Interest::PRIORITY), &waker).is_pending());
    }
}
