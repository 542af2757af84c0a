//! `Handle::wake` ends the present turn, or the next one.

mod common;
use leno_reactor::Reactor;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

#[test]
fn a_wake_before_a_turn_ends_it() {
    let mut reactor = Reactor::new().unwrap();
    reactor.handle().wake().unwrap();
    let turn = reactor.turn(None).unwrap();
    assert!(turn.woken);
    assert_eq!(turn.events, 0);
}

#[test]
fn wakes_before_a_turn_count_as_one() {
    let mut reactor = Reactor::new().unwrap();
    for _ in 0..10 {
        reactor.handle().wake().unwrap();
    }
    assert!(reactor.turn(None).unwrap().woken);
    assert!(!reactor.turn(Some(Duration::ZERO)).unwrap().woken);
}

#[test]
fn a_wake_from_another_thread_ends_a_turn() {
    let mut reactor = Reactor::new().unwrap();
    let handle = reactor.handle();
    let (asked, asks) = mpsc::channel::<()>();
    let waker = thread::spawn(move || {
        for () in asks {
            handle.wake().unwrap();
        }
    });
    for _ in 0..1_000 {
        asked.send(()).unwrap();
        while !reactor.turn(None).unwrap().woken {}
    }
    drop(asked);
    waker.join().unwrap();
}

#[test]
fn a_turn_without_events_ends_with_its_timeout() {
    let mut reactor = Reactor::new().unwrap();
    let turn = reactor.turn(Some(Duration::from_micros(1))).unwrap();
    assert_eq!((turn.events, turn.woken), (0, false));
}
