//! How many events a turn takes, and a look, is the caller's choice; what they leave is not lost.

mod common;
use common::*;
use leno_reactor::{Interest, Reactor};
use std::time::Duration;

/// A reactor with five sources that are ready.
fn five_ready(turn: usize, look: usize) -> (Reactor, Vec<impl Sized>) {
    let reactor = Reactor::with_capacity(turn, look).unwrap();
    let sources = (0..5)
        .map(|_| {
            let (receiver, sender) = udp();
            sender.send(b"news").unwrap();
            let io = reactor.handle().register(receiver, Interest::READABLE);
            (io.unwrap(), sender)
        })
        .collect();
    (reactor, sources)
}

#[test]
fn a_turn_leaves_what_is_too_much_to_the_next() {
    let (mut reactor, _sources) = five_ready(3, 3);
    let mut turn = || reactor.turn(Some(Duration::ZERO)).unwrap().events;
    assert_eq!([turn(), turn(), turn()], [3, 2, 0]);
}

#[test]
fn a_look_may_take_fewer_than_a_turn() {
    let (mut reactor, _sources) = five_ready(1024, 1);
    assert_eq!(reactor.look().unwrap().events, 1);
    assert_eq!(reactor.look().unwrap().events, 1);
    assert_eq!(reactor.turn(Some(Duration::ZERO)).unwrap().events, 3);
    assert_eq!(reactor.look().unwrap().events, 0);
}

#[test]
#[should_panic(expected = "takes no events")]
fn none_is_too_few() {
    let _ = Reactor::with_capacity(1, 0);
}
