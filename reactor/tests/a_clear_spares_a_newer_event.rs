//! Clearing takes back what was seen, and nothing newer.

mod common;
use common::*;
use leno_reactor::{Interest, Reactor, Ready};
use std::io::Write;

#[test]
fn a_clear_with_the_latest_event_takes_readiness_back() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = register(&reactor.handle(), receiver);
    sender.send(b"1").unwrap();
    turn_until_ready(&mut reactor, &io, Interest::READABLE);

    io.clear_ready(io.ready_event(Interest::READABLE));
    assert!(io.ready_event(Interest::READABLE).ready().is_empty());
}

#[test]
fn a_clear_with_an_older_event_changes_nothing() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = register(&reactor.handle(), receiver);
    sender.send(b"1").unwrap();
    turn_until_ready(&mut reactor, &io, Interest::READABLE);
    let older = io.ready_event(Interest::READABLE);

    sender.send(b"2").unwrap();
    turn_until(&mut reactor, || {
        // A newer event shows in that the older one no longer clears.
        io.clear_ready(older);
        !io.ready_event(Interest::READABLE).ready().is_empty()
    });
    io.clear_ready(older);
    assert!(io.ready_event(Interest::READABLE).ready().is_readable());
}

#[test]
fn a_clear_still_spares_the_newer_event_after_65536_more() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = register(&reactor.handle(), receiver);
    sender.send(b"1").unwrap();
    turn_until_ready(&mut reactor, &io, Interest::READABLE);
    let older = io.ready_event(Interest::READABLE);

    // As many events as a 16-bit count takes to come round, and a few around that.
    let mut buffer = [0; 8];
    let mut events = 0;
    while events < 65_536 + 8 {
        sender.send(b"2").unwrap();
        events += reactor.turn(None).unwrap().events;
        while io.get_ref().recv(&mut buffer).is_ok() {}
        io.clear_ready(older);
        let seen = io.ready_event(Interest::READABLE).ready();
        assert!(seen.is_readable(), "cleared after {events} events");
    }
}

#[test]
fn a_clear_of_one_direction_leaves_the_other() {
    let mut reactor = Reactor::new().unwrap();
    let (mut client, server) = tcp();
    let io = register(&reactor.handle(), server);
    client.write_all(b"x").unwrap();
    turn_until_ready(&mut reactor, &io, Interest::READABLE);
    turn_until_ready(&mut reactor, &io, Interest::WRITABLE);

    io.clear_ready(io.ready_event(BOTH).with_ready(Ready::READABLE));
    let left = io.ready_event(BOTH).ready();
    assert!(!left.is_readable() && left.is_writable());
}

#[test]
fn a_closed_half_stays_ready() {
    let mut reactor = Reactor::new().unwrap();
    let (client, server) = tcp();
    let io = register(&reactor.handle(), server);
    drop(client);
    turn_until(&mut reactor, || {
        io.ready_event(Interest::READABLE).ready().is_read_closed()
    });

    io.clear_ready(io.ready_event(BOTH));
    let left = io.ready_event(BOTH).ready();
    assert!(left.is_read_closed() && !left.contains(Ready::READABLE));
}
