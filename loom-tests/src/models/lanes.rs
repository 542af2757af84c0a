//! `kernel::lanes`: whoever polls several futures polls each that was woken, sees what it was woken for, and frees no row early.

use super::block_on::block_on;
use super::explore;
use crate::kernel::lanes::Lanes;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use std::future::poll_fn;
use std::sync::atomic::AtomicUsize as Count;
use std::task::{Context, Poll, Wake, Waker};

/// Polls the lanes until each has seen its number; the first poll hands their wakers to `start`.
fn run(numbers: &[Arc<AtomicUsize>], mut start: impl FnMut(usize, Waker)) {
    let mut lanes = Lanes::new();
    for lane in 0..numbers.len() {
        assert_eq!(lanes.insert(), lane);
    }
    let mut started = vec![false; numbers.len()];
    let mut left = numbers.len();
    block_on(poll_fn(|cx| {
        let polled = lanes.poll(cx, |lane, cx| {
            if !std::mem::replace(&mut started[lane], true) {
                start(lane, cx.waker().clone());
                return Poll::Pending;
            }
            // Relaxed on purpose: that it was woken must make it visible. A lane is polled because it was woken.
            assert_eq!(numbers[lane].load(Ordering::Relaxed), 1);
            Poll::Ready(())
        });
        if polled.is_ready() {
            left -= 1;
            if left == 0 {
                return Poll::Ready(());
            }
            // As somebody who takes one result after the other.
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }));
}

fn numbers(count: usize) -> Vec<Arc<AtomicUsize>> {
    (0..count).map(|_| Arc::new(AtomicUsize::new(0))).collect()
}

/// A lane that is woken is polled, and what was done before is there.
///
/// Mutation: `begin` swaps before it registers → fails with a deadlock.
#[test]
fn a_wake_of_a_lane_is_never_lost() {
    explore(3, || {
        let numbers = numbers(1);
        let mut thread = None;
        run(&numbers, |lane, waker| {
            let number = numbers[lane].clone();
            thread = Some(thread::spawn(move || {
                number.store(1, Ordering::Relaxed);
                waker.wake();
            }));
        });
        thread.unwrap().join().unwrap();
    });
}

/// Two that wake two lanes: only one of them need wake the owner, and both lanes are polled.
///
/// Mutation: `next` forgets the other lanes of the row → fails with a deadlock.
#[test]
fn of_two_lanes_both_are_polled() {
    explore(2, || {
        let numbers = numbers(2);
        let mut threads = Vec::new();
        run(&numbers, |lane, waker| {
            let number = numbers[lane].clone();
            threads.push(thread::spawn(move || {
                number.store(1, Ordering::Relaxed);
                waker.wake();
            }));
        });
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// The row lives as long as the last waker, and what is in it is dropped once, wherever that is.
#[test]
fn a_waker_outlives_the_owner() {
    explore(3, || {
        let mut lanes = Lanes::new();
        let lane = lanes.insert();
        let mut waker = None;
        let poll = block_on(poll_fn(|cx| {
            let poll = lanes.poll(cx, |_, cx| {
                waker = Some(cx.waker().clone());
                Poll::<()>::Pending
            });
            Poll::Ready(poll)
        }));
        assert!(poll.is_pending());
        let waker = waker.unwrap();
        let thread = thread::spawn(move || {
            waker.wake_by_ref();
            drop(waker);
        });
        lanes.remove(lane);
        drop(lanes);
        thread.join().unwrap();
    });
}

// ----- one thread: which lanes are polled, and when ----------------------------------------------------

#[derive(Default)]
struct Wakes(Count);

impl Wake for Wakes {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Wakes {
    fn taken(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

fn lanes(count: usize) -> (Lanes, std::sync::Arc<Wakes>, Waker) {
    let mut lanes = Lanes::new();
    for lane in 0..count {
        assert_eq!(lanes.insert(), lane);
    }
    let wakes = std::sync::Arc::new(Wakes::default());
    let waker = Waker::from(wakes.clone());
    (lanes, wakes, waker)
}

/// The lanes that a poll polls.
fn polled(lanes: &mut Lanes, waker: &Waker) -> Vec<usize> {
    let mut polled = Vec::new();
    let poll = lanes.poll(&mut Context::from_waker(waker), |lane, _| {
        polled.push(lane);
        Poll::<()>::Pending
    });
    assert!(poll.is_pending());
    polled
}

#[test]
fn only_those_woken_are_polled_and_one_wake_is_enough() {
    explore(0, || {
        let (mut lanes, wakes, waker) = lanes(100);
        assert!(polled(&mut lanes, &waker).into_iter().eq(0..100));
        assert!(polled(&mut lanes, &waker).is_empty());
        let clones = [3, 70, 99, 3].map(|lane| Waker::clone(&lanes.waker(lane)));
        clones.iter().for_each(Waker::wake_by_ref);
        // One for each row, of which there are two.
        assert_eq!(wakes.taken(), 1);
        assert_eq!(polled(&mut lanes, &waker), [3, 70, 99]);
        drop(lanes);
        clones.into_iter().for_each(Waker::wake);
        assert_eq!(wakes.taken(), 0);
    });
}

#[test]
fn a_turn_ends_and_the_next_goes_on_where_it_was() {
    explore(0, || {
        let (mut lanes, wakes, waker) = lanes(300);
        let mut all = Vec::new();
        for _ in 0..3 {
            let some = polled(&mut lanes, &waker);
            assert!(some.len() <= 128);
            all.extend(some);
        }
        assert!(all.into_iter().eq(0..300));
        assert_eq!(wakes.taken(), 2);
        // One that is woken all the time is not before the others.
        lanes.waker(0).wake_by_ref();
        lanes.waker(299).wake_by_ref();
        assert_eq!(polled(&mut lanes, &waker).len(), 2);
    });
}

#[test]
fn lanes_are_used_again() {
    explore(0, || {
        let (mut lanes, _, waker) = lanes(65);
        polled(&mut lanes, &waker);
        let old = Waker::clone(&lanes.waker(5));
        lanes.remove(5);
        old.wake_by_ref();
        assert!(polled(&mut lanes, &waker).is_empty());
        assert_eq!(lanes.insert(), 5);
        assert_eq!(lanes.insert(), 65);
        assert!(old.will_wake(&lanes.waker(5)) && !old.will_wake(&lanes.waker(65)));
        assert_eq!(polled(&mut lanes, &waker), [65, 5]);
        assert!(format!("{lanes:?}").contains("used: 66"));
    });
}

#[test]
fn a_lane_that_is_ready_is_given_back() {
    explore(0, || {
        let (mut lanes, _, waker) = lanes(3);
        let mut cx = Context::from_waker(&waker);
        let poll = lanes.poll(&mut cx, |lane, _| match lane {
            1 => Poll::Ready("one"),
            _ => Poll::Pending,
        });
        assert_eq!(poll, Poll::Ready((1, "one")));
        assert_eq!(polled(&mut lanes, &waker), [2]);
        assert_eq!(lanes.insert(), 1);
    });
}
