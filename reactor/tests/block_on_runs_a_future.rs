//! `block_on` polls when woken, from wherever, and turns the reactor in between.

mod common;
use common::*;
use leno_reactor::{Interest, Reactor, block_on};
use std::future::poll_fn;
use std::sync::mpsc;
use std::task::{Poll, Waker};
use std::thread;

#[test]
fn a_wake_from_another_thread_is_not_lost() {
    let mut reactor = Reactor::new().unwrap();
    let (send, wakers) = mpsc::channel::<Waker>();
    let other = thread::spawn(move || wakers.into_iter().for_each(Waker::wake));
    for _ in 0..1_000 {
        let mut polls = 0;
        block_on(
            &mut reactor,
            poll_fn(|cx| {
                polls += 1;
                if polls == 3 {
                    return Poll::Ready(());
                }
                send.send(cx.waker().clone()).unwrap();
                Poll::Pending
            }),
        )
        .unwrap();
    }
    drop(send);
    other.join().unwrap();
}

#[test]
fn a_future_that_wakes_itself_is_polled_again() {
    let mut reactor = Reactor::new().unwrap();
    let mut polls = 0;
    let polls = block_on(
        &mut reactor,
        poll_fn(|cx| {
            polls += 1;
            cx.waker().wake_by_ref();
            if polls < 100 {
                return Poll::Pending;
            }
            Poll::Ready(polls)
        }),
    );
    assert_eq!(polls.unwrap(), 100);
}

#[test]
fn a_reactor_serves_one_future_after_another() {
    let mut reactor = Reactor::new().unwrap();
    let (receiver, sender) = udp();
    let io = register(&reactor.handle(), receiver);
    for _ in 0..10 {
        sender.send(b"x").unwrap();
        let received = io.async_io(Interest::READABLE, |s| s.recv(&mut [0; 8]));
        assert_eq!(block_on(&mut reactor, received).unwrap().unwrap(), 1);
    }
}
