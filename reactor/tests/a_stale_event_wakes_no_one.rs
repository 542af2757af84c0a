//! An event that was fetched before its source was deregistered reaches nobody.

mod common;
use common::*;
use leno_reactor::{Direction, Handle, Interest, Io, Reactor};
use mio::net::UdpSocket;
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::time::Duration;

/// A pair of sources of which each, when woken, drops the other and puts a third one in its slot.
struct Pair {
    handle: Handle,
    sources: [Option<Io<UdpSocket>>; 2],
    /// The sources that took over a slot, each with a waiter.
    successors: Vec<(Io<UdpSocket>, Arc<Count>)>,
}

fn replace(pair: &Mutex<Pair>, other: usize) {
    let mut pair = pair.lock().unwrap();
    let Some(victim) = pair.sources[other].take() else {
        return;
    };
    drop(victim);
    let (idle, _) = udp();
    let successor = pair.handle.register(idle, Interest::READABLE).unwrap();
    let (count, waker) = Count::new();
    assert!(poll_ready(&successor, &waker, Direction::Read).is_pending());
    let mut listed = successor.ready(Interest::READABLE);
    assert!(poll(&mut listed, &waker).is_pending());
    drop(listed);
    pair.successors.push((successor, count));
}

#[test]
fn an_event_fetched_for_a_source_that_left_does_not_reach_the_next_one_in_its_slot() {
    let mut reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let (one, to_one) = udp();
    let (two, to_two) = udp();
    let sources = [one, two].map(|socket| {
        let io = handle.register(socket, Interest::READABLE).unwrap();
        Some(io)
    });
    let pair = Arc::new(Mutex::new(Pair {
        handle: handle.clone(),
        sources,
        successors: Vec::new(),
    }));
    for (index, other) in [(0, 1), (1, 0)] {
        let waker: Waker = Call::waker({
            let pair = pair.clone();
            move || replace(&pair, other)
        });
        let guard = pair.lock().unwrap();
        let io = guard.sources[index].as_ref().unwrap();
        assert!(poll_ready(io, &waker, Direction::Read).is_pending());
    }

    // Both are ready before the one turn that fetches both events.
    to_one.send(b"x").unwrap();
    to_two.send(b"x").unwrap();
    let turn = reactor.turn(None).unwrap();

    let pair = pair.lock().unwrap();
    assert_eq!(pair.successors.len(), 1, "one wakes and drops the other");
    let (successor, count) = &pair.successors[0];
    assert_eq!(turn.events, 1, "the stale event counts as none");
    assert_eq!(count.get(), 0);
    assert!(successor.ready_event(BOTH).ready().is_empty());
}

#[test]
fn a_dropped_source_has_no_events() {
    let mut reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let (receiver, sender) = udp();
    let io = handle.register(receiver, Interest::READABLE).unwrap();
    let (count, waker) = Count::new();
    assert!(poll_ready(&io, &waker, Direction::Read).is_pending());
    let receiver = io.into_inner().unwrap();
    sender.send(b"x").unwrap();

    let turn = reactor.turn(Some(Duration::ZERO)).unwrap();
    assert_eq!((turn.events, count.get()), (0, 0));
    assert_eq!(receiver.recv(&mut [0; 8]).unwrap(), 1);
}

#[test]
fn a_source_may_be_dropped_by_the_waker_of_its_own_event() {
    let mut reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let (receiver, sender) = udp();
    let io = handle.register(receiver, Interest::READABLE).unwrap();
    let place = Arc::new(Mutex::new(Some(io)));
    let waker = Call::waker({
        let place = place.clone();
        move || drop(place.lock().unwrap().take())
    });
    {
        let guard = place.lock().unwrap();
        let io = guard.as_ref().unwrap();
        assert!(poll_ready(io, &waker, Direction::Read).is_pending());
    }
    sender.send(b"x").unwrap();
    reactor.turn(None).unwrap();
    assert!(place.lock().unwrap().is_none());
    assert_eq!(handle.sources(), 0);
}
