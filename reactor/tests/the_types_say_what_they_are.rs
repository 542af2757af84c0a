//! Which threads may have them, what they print, and how sets are put together.

mod common;
use common::*;
use leno_reactor::{
    Direction, Handle, Interest, Io, Reactor, Ready, ReadyEvent, ReadyFuture, Turn,
};
use mio::net::UdpSocket;
use std::fmt::Debug;
use std::panic::{RefUnwindSafe, UnwindSafe};

fn is_send<T: Send + Debug>() {}
fn is_sync<T: Sync + Debug>() {}

#[test]
fn they_go_to_other_threads() {
    is_send::<Reactor>();
    is_send::<Handle>();
    is_sync::<Handle>();
    is_send::<Io<UdpSocket>>();
    is_sync::<Io<UdpSocket>>();
    is_send::<ReadyFuture<'_, UdpSocket>>();
    is_sync::<ReadyFuture<'_, UdpSocket>>();
    is_send::<ReadyEvent>();
    is_sync::<Turn>();
    is_sync::<Direction>();

    let reactor = Reactor::new().unwrap();
    let io = register(&reactor.handle(), udp().0);
    let future = io.async_io(Interest::READABLE, |s| s.recv(&mut [0; 8]));
    fn send<T: Send>(_: T) {}
    send(future);
}

#[test]
fn they_survive_an_unwind_and_may_be_moved() {
    fn check<T: UnwindSafe + RefUnwindSafe + Unpin>() {}
    check::<Handle>();
    check::<Io<UdpSocket>>();
    check::<ReadyFuture<'_, UdpSocket>>();
    check::<ReadyEvent>();
}

#[test]
fn interests_add_up() {
    let mut both = Interest::READABLE;
    both |= Interest::WRITABLE;
    assert_eq!(both, BOTH);
    assert_eq!(format!("{both:?}"), "READABLE | WRITABLE");
    assert_eq!(format!("{:?}", Interest::ERROR), "ERROR");
    assert_eq!(both.remove(Interest::READABLE), Some(Interest::WRITABLE));
    assert_eq!(both.remove(both | Interest::ERROR), None);
}

#[test]
fn readiness_is_a_set() {
    let ready = Ready::READABLE | Ready::READ_CLOSED | Ready::ERROR;
    assert_eq!(ready - Ready::ERROR, Ready::READABLE | Ready::READ_CLOSED);
    assert_eq!(ready & Ready::WRITABLE, Ready::EMPTY);
    assert!(Ready::ALL.contains(ready) && !ready.contains(Ready::ALL));
    assert!(ready.satisfies(Interest::ERROR) && !ready.satisfies(Interest::WRITABLE));
    assert_eq!(ready.intersection(Interest::ERROR), Ready::ERROR);
    assert!(format!("{ready:?}").starts_with("Ready { is_readable: true, is_writable: false"));
}

#[test]
fn a_source_prints_what_is_known_of_it() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = register(&reactor.handle(), receiver);
    assert!(format!("{io:?}").contains("is_readable: false"));
    sender.send(b"x").unwrap();
    turn_until_ready(&mut reactor, &io, Interest::READABLE);
    assert!(format!("{io:?}").contains("is_readable: true"));
    assert!(format!("{reactor:?}").contains("sources: 1"));
}
