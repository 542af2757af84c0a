//! The place where a thread sleeps: calls reach the owner wherever it waits, or is about to.

use super::explore;
use crate::kernel::seat::{Called, Seat};
use crate::prim::Arc;
use crate::prim::atomic::{AtomicUsize, Ordering};
use crate::reactor::Reactor;
use loom::thread;
use std::time::Duration;

/// Waits in the reactor, as a driver does.
fn poll(seat: &Seat, reactor: &mut Reactor) -> Called {
    seat.poll(|may_wait| {
        let timeout = (!may_wait).then_some(Duration::ZERO);
        reactor.turn(timeout).unwrap();
    })
}

/// A token is never lost, whether the owner waits on the condition variable or in the reactor, and whatever pokes
/// come before and after it; what its giver did before is visible with it.
// Mutations (each makes this fail): seat.rs, `call` Release → Relaxed, `leave` Acquire → Relaxed: "the token came alone";
// `enter` minds tokens only, `call` does not wake the reactor, or does not take the lock before it notifies, `park` does
// not look again under the lock, `leave` drops a token that a poke came with: deadlock.
#[test]
fn a_token_arrives_wherever_its_owner_waits() {
    for first_in_reactor in [true, false] {
        explore(3, move || {
            let mut reactor = Reactor::new().unwrap();
            let seat = Arc::new(Seat::new(Some(reactor.handle())));
            let data = Arc::new(AtomicUsize::new(0));
            let giver = thread::spawn({
                let (seat, data) = (seat.clone(), data.clone());
                move || {
                    data.store(1, Ordering::Relaxed);
                    seat.unpark();
                }
            });
            let poker = thread::spawn({
                let seat = seat.clone();
                move || seat.poke()
            });
            let mut in_reactor = first_in_reactor;
            loop {
                let called = if in_reactor {
                    poll(&seat, &mut reactor)
                } else {
                    seat.park(None)
                };
                if called.token {
                    break;
                }
                in_reactor = !in_reactor;
            }
            assert_eq!(data.load(Ordering::Relaxed), 1, "the token came alone");
            giver.join().unwrap();
            poker.join().unwrap();
        });
    }
}

/// A token that is collected late is still there, and there once.
// Mutations: `collect` takes a poke for the token: "the token came twice"; `leave` drops a token that a poke came with:
// deadlock.
#[test]
fn a_token_is_collected_once() {
    explore(3, || {
        let seat = Arc::new(Seat::new(None));
        let giver = thread::spawn({
            let seat = seat.clone();
            move || seat.unpark()
        });
        let poker = thread::spawn({
            let seat = seat.clone();
            move || seat.poke()
        });
        seat.collect();
        giver.join().unwrap();
        poker.join().unwrap();
        // Only the poke may be left.
        seat.poke();
        assert!(!seat.park(None).token, "the token came twice");
    });
}

/// Who changes something and pokes is noticed by an owner that looks and then waits, on either side.
// Mutations: all of the first list but the last: deadlock.
#[test]
fn a_poke_before_the_wait_ends_it() {
    for in_reactor in [true, false] {
        explore(3, move || {
            let mut reactor = Reactor::new().unwrap();
            let seat = Arc::new(Seat::new(Some(reactor.handle())));
            let changes = Arc::new(AtomicUsize::new(0));
            let pokers = [(), ()].map(|()| {
                thread::spawn({
                    let (seat, changes) = (seat.clone(), changes.clone());
                    move || {
                        changes.fetch_add(1, Ordering::Relaxed);
                        seat.poke();
                    }
                })
            });
            while changes.load(Ordering::Relaxed) < 2 {
                if in_reactor {
                    poll(&seat, &mut reactor);
                } else {
                    seat.park(None);
                }
            }
            for poker in pokers {
                poker.join().unwrap();
            }
        });
    }
}
