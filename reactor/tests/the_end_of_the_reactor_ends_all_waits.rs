//! When the reactor is dropped, whoever waits is told, and so is whoever comes later.

mod common;
use common::*;
use leno_reactor::{Direction, Interest, Reactor, is_reactor_gone};
use std::io::Read;
use std::pin::pin;
use std::task::{Context, Poll};
use std::thread;

#[test]
fn present_waiters_are_woken_and_find_the_error() {
    let reactor = Reactor::new().unwrap();
    let (receiver, _sender) = udp();
    let io = register(&reactor.handle(), receiver);
    let (polled, waker) = Count::new();
    assert!(poll_ready(&io, &waker, Direction::Read).is_pending());
    assert!(poll_ready(&io, &waker, Direction::Write).is_pending());
    let (listed, list_waker) = Count::new();
    let mut future = io.ready(Interest::READABLE);
    assert!(poll(&mut future, &list_waker).is_pending());

    drop(reactor);
    assert_eq!((polled.get(), listed.get()), (2, 1));
    for direction in [Direction::Read, Direction::Write] {
        match poll_ready(&io, &waker, direction) {
            Poll::Ready(Err(error)) => assert!(is_reactor_gone(&error)),
            other => panic!("{other:?}"),
        }
    }
    match poll(&mut future, &list_waker) {
        Poll::Ready(Err(error)) => assert!(is_reactor_gone(&error)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn later_waits_operations_and_registrations_fail() {
    let reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let (receiver, sender) = udp();
    let io = register(&handle, receiver);
    drop(reactor);

    let (_, waker) = Count::new();
    let mut cx = Context::from_waker(&waker);
    assert!(io.ready_event(Interest::READABLE).is_shutdown());
    let tried = io.try_io(Interest::READABLE, |_| -> std::io::Result<()> {
        panic!("it is not ready")
    });
    assert!(is_reactor_gone(&tried.unwrap_err()));
    let read = pin!(io.async_io(Interest::READABLE, |s| s.recv(&mut [0; 8])));
    match read.poll(&mut cx) {
        Poll::Ready(Err(error)) => assert!(is_reactor_gone(&error)),
        other => panic!("{other:?}"),
    }
    let error = handle.register(sender, Interest::READABLE).unwrap_err();
    assert!(is_reactor_gone(&error));
    assert!(error.to_string().contains("reactor"));
    handle.wake().unwrap();
}

#[test]
fn what_was_ready_can_still_be_tried() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = register(&reactor.handle(), receiver);
    sender.send(b"x").unwrap();
    turn_until_ready(&mut reactor, &io, Interest::READABLE);
    drop(reactor);
    let read = io.try_io(Interest::READABLE, |s| s.recv(&mut [0; 8]));
    assert_eq!(read.unwrap(), 1);
}

#[test]
fn a_source_outlives_the_reactor() {
    let reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let (mut client, server) = tcp();
    let io = register(&handle, server);
    let (other, _) = udp();
    let other = register(&handle, other);
    drop(reactor);
    drop(other);
    let server = io.into_inner().unwrap();
    drop(server);
    assert_eq!(
        client.read(&mut [0; 8]).unwrap(),
        0,
        "the connection is closed"
    );
}

#[test]
fn a_thread_that_waits_while_the_reactor_goes_does_not_hang() {
    for _ in 0..200 {
        let reactor = Reactor::new().unwrap();
        let (receiver, _sender) = udp();
        let io = reactor
            .handle()
            .register(receiver, Interest::READABLE)
            .unwrap();
        let waiter = thread::spawn(move || {
            let thread = thread::current();
            let waker = Call::waker(move || thread.unpark());
            loop {
                match poll_ready(&io, &waker, Direction::Read) {
                    Poll::Ready(result) => return result,
                    Poll::Pending => thread::park(),
                }
            }
        });
        drop(reactor);
        assert!(is_reactor_gone(&waiter.join().unwrap().unwrap_err()));
    }
}
