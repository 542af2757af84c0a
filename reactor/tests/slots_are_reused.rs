//! Slots are given on, and nothing is given on with them.

mod common;
use common::*;
use leno_reactor::{Direction, Interest, Reactor};
use std::sync::Barrier;
use std::thread;

#[test]
fn a_slot_is_given_on_without_readiness_and_without_waiters() {
    let mut reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let (receiver, sender) = udp();
    let io = handle.register(receiver, Interest::READABLE).unwrap();
    sender.send(b"x").unwrap();
    turn_until_ready(&mut reactor, &io, Interest::READABLE);
    io.clear_ready(io.ready_event(Interest::READABLE));
    let (left, waker) = Count::new();
    assert!(poll_ready(&io, &waker, Direction::Read).is_pending());
    sender.send(b"x").unwrap();
    drop(io);

    let (receiver, sender) = udp();
    let io = handle.register(receiver, Interest::READABLE).unwrap();
    let (next, waker) = Count::new();
    assert!(poll_ready(&io, &waker, Direction::Read).is_pending());
    sender.send(b"y").unwrap();
    turn_until_ready(&mut reactor, &io, Interest::READABLE);
    assert_eq!((left.get(), next.get()), (0, 1));
}

#[test]
fn ten_thousand_registrations_come_and_go() {
    let mut reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let (mut receiver, sender) = udp();
    for round in 0..10_000 {
        let io = handle.register(receiver, Interest::READABLE).unwrap();
        if round % 100 == 0 {
            sender.send(b"x").unwrap();
            turn_until_ready(&mut reactor, &io, Interest::READABLE);
            assert_eq!(
                io.try_io(Interest::READABLE, |s| s.recv(&mut [0; 8]))
                    .unwrap(),
                1
            );
        }
        assert_eq!(handle.sources(), 1);
        receiver = io.into_inner().unwrap();
    }
    assert_eq!(handle.sources(), 0);
}

#[test]
fn threads_register_and_drop_while_another_turns() {
    const THREADS: usize = 3;
    let mut reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..500 {
                        let (receiver, sender) = udp();
                        let io = handle.register(receiver, Interest::READABLE).unwrap();
                        sender.send(b"x").unwrap();
                        let thread = thread::current();
                        let waker = Call::waker(move || thread.unpark());
                        while poll_ready(&io, &waker, Direction::Read).is_pending() {
                            thread::park();
                        }
                        let read = io.try_io(Interest::READABLE, |s| s.recv(&mut [0; 8]));
                        assert_eq!(read.unwrap(), 1);
                    }
                    handle.wake().unwrap();
                })
            })
            .collect();
        while !threads.iter().all(|thread| thread.is_finished()) {
            // Bounded, as a thread is finished a little after its last wake.
            reactor
                .turn(Some(std::time::Duration::from_millis(1)))
                .unwrap();
        }
    });
    assert_eq!(handle.sources(), 0);
}

// kqueue takes regular files, epoll does not.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn a_refused_registration_gives_its_slot_back() {
    use mio::unix::SourceFd;
    use std::os::fd::AsRawFd;

    let reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let file = std::fs::File::open(path).unwrap();
    let fd = file.as_raw_fd();
    let refused = handle.register(SourceFd(&fd), Interest::READABLE);
    assert!(refused.is_err());
    assert_eq!(handle.sources(), 0);
}
