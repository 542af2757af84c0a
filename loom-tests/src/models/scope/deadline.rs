//! A scope that time cancels: the timer meets the end of the body, those who enter, and a deadline that is moved; and a shield,
//! which has no other end than its own and its limit.

use super::*;
use crate::kernel::clock::Clock;
use crate::kernel::scope::Seed;
use crate::kernel::seat::Seat;
use crate::kernel::task::ReasonKind;
use crate::kernel::wheel::{Handle, Wheel};
use std::time::Duration;

/// When the scopes of the models are over.
const AT: u64 = 10;

fn wheel() -> Handle {
    Wheel::new(Arc::new(Seat::new(None)), Arc::new(Clock::new()))
}

impl Owner {
    /// With a deadline, for which there is no timer yet.
    fn begin_until(deadline: u64, wheel: &Handle) -> Self {
        let owner = Self::begin(NodeKind::Scope);
        owner.node.set_wheel(wheel.clone());
        owner.node.set_deadline(deadline);
        owner
    }

    /// As [`end`](Self::end), of an owner that may have a timer: its body is done.
    fn disarm_and_end(&self) {
        self.node.disarm();
        self.end();
    }
}

/// The body is done when its time is over: either may come first, and the timer keeps nothing of the scope.
#[test]
fn a_deadline_meets_the_end_of_the_body() {
    explore(3, || {
        let wheel = wheel();
        let owner = Owner::begin_until(AT, &wheel);
        owner.node.arm();
        let fires = thread::spawn({
            let wheel = wheel.clone();
            move || wheel.fire(AT)
        });
        owner.disarm_and_end();
        let fired = fires.join().unwrap();
        assert_eq!(
            owner.node.is_cancelled(),
            fired == 1,
            "cancelled if, and only if, its time came"
        );
        owner.go();
    });
}

/// The first task comes into a scope when its body is just done: the timer is taken out, and none is made after that.
#[test]
fn who_enters_at_the_end_leaves_no_timer_behind() {
    explore(3, || {
        let wheel = wheel();
        let queue = Queue::new();
        let owner = Owner::begin_until(AT, &wheel);
        owner.node.arm();
        let enters = thread::spawn({
            let (queue, node) = (queue.clone(), owner.node.clone());
            move || {
                let handle = spawn(&queue, &node, async {});
                queue.run();
                handle.is_some()
            }
        });
        owner.node.disarm();
        owner.leave();
        enters.join().unwrap();
        assert!(owner.node.has_ended());
        assert_eq!(wheel.prepare_sleep(), None, "a timer is left");
        owner.go();
    });
}

/// A task goes to sleep as the time is over, and the body computes: the task ends all the same.
#[test]
fn a_deadline_reaches_who_goes_to_sleep() {
    explore(3, || {
        let wheel = wheel();
        let queue = Queue::new();
        let owner = Owner::begin_until(AT, &wheel);
        let (drops, dropped) = Drops::new();
        // Its entering makes the timer.
        drop_handle(spawn(&queue, &owner.node, sleeps(dropped, 0)));
        let fires = thread::spawn({
            let (wheel, queue) = (wheel.clone(), queue.clone());
            move || {
                assert_eq!(wheel.fire(AT), 1);
                queue.run();
            }
        });
        let runs = thread::spawn({
            let queue = queue.clone();
            move || queue.run()
        });
        fires.join().unwrap();
        runs.join().unwrap();
        queue.run();
        assert!(drops.is_dropped());
        assert_eq!(owner.node.reason().unwrap().kind(), ReasonKind::Deadline);
        owner.disarm_and_end();
        owner.go();
    });
}

/// The body sleeps without a deadline, and is given one by somebody else: it learns of that, makes a timer, and is cancelled.
#[test]
fn a_body_that_sleeps_is_told_of_a_new_deadline() {
    explore(3, || {
        let wheel = wheel();
        let owner = Owner::begin(NodeKind::Scope);
        owner.node.set_wheel(wheel.clone());
        let moves = thread::spawn({
            let node = owner.node.clone();
            move || node.set_deadline(AT)
        });
        block_on(poll_fn(|cx| {
            let mut cancelled = owner.node.poll_cancelled(cx);
            if !cancelled && owner.node.own_deadline().is_some() {
                owner.node.arm();
                assert_eq!(wheel.fire(AT), 1, "there is no timer");
                cancelled = owner.node.is_cancelled();
            }
            match cancelled {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        }));
        moves.join().unwrap();
        owner.disarm_and_end();
        owner.go();
    });
}

/// The first who enters makes the timer, and so does the owner, whose body is pending for the first time: there is one.
#[test]
fn two_make_the_timer_at_once() {
    explore(3, || {
        let wheel = wheel();
        let queue = Queue::new();
        let owner = Owner::begin_until(AT, &wheel);
        let (drops, dropped) = Drops::new();
        let enters = thread::spawn({
            let (queue, node) = (queue.clone(), owner.node.clone());
            move || drop_handle(spawn(&queue, &node, sleeps(dropped, 0)))
        });
        owner.node.arm();
        enters.join().unwrap();
        assert_eq!(wheel.fire(AT), 1, "not one timer");
        queue.run();
        owner.disarm_and_end();
        assert!(drops.is_dropped());
        owner.go();
    });
}

/// The scope around a shield is cancelled, so the shield's body has become a task, with a limit. Its end meets that: the scope
/// around waits for one or the other, and nothing of either is left.
#[test]
fn a_shields_limit_meets_its_end() {
    explore(3, || {
        let wheel = wheel();
        let queue = Queue::new();
        let around = Owner::begin(NodeKind::Scope);
        let (drops, dropped) = Drops::new();
        let node = {
            let _within = around.node.inside();
            let place = Location::caller();
            let mut seed = Seed::new(NodeKind::Shield(Duration::from_nanos(AT)), place);
            seed.settle();
            let node = seed.make().clone();
            around.node.cancel(&requested("enough"));
            assert!(!node.is_cancelled(), "it is shielded");
            // As `Shield` does when it is dropped.
            node.set_wheel(wheel.clone());
            let body = spawn(&queue, &node, {
                let node = node.clone();
                async move {
                    drop(dropped);
                    node.disarm();
                }
            });
            drop_handle(body);
            node.set_deadline(AT);
            node.arm();
            seed.take_owner().unwrap().hand_over();
            node
        };
        let runs = thread::spawn({
            let queue = queue.clone();
            move || queue.run()
        });
        let fires = thread::spawn({
            let (wheel, queue) = (wheel.clone(), queue.clone());
            move || {
                wheel.fire(AT);
                queue.run();
            }
        });
        around.end();
        assert!(drops.is_dropped());
        assert!(node.has_ended());
        runs.join().unwrap();
        fires.join().unwrap();
        assert_eq!(SelfArc::strong_count(&node), 1, "it leaks");
        drop(node);
        around.go();
    });
}

/// A handle of a scope that has not begun waits for a cancel while that begins, within another one: it is told of a cancel from
/// there.
#[test]
fn who_waits_before_the_beginning_is_told_of_what_is_around() {
    explore(3, || {
        let around = Owner::begin(NodeKind::Scope);
        let mut seed = Seed::new(NodeKind::Scope, Location::caller());
        let early = seed.early().clone();
        let waits = thread::spawn({
            let node = early.clone();
            move || {
                let mut key = None;
                let reason = block_on(poll_fn(|cx| node.poll_reason(&mut key, cx)));
                assert_eq!(reason.text(), Some("enough"));
            }
        });
        {
            let _within = around.node.inside();
            seed.settle();
            seed.make();
        }
        around.node.cancel(&requested("enough"));
        waits.join().unwrap();
        let mut owner = seed.take_owner().unwrap();
        block_on(poll_fn(|cx| owner.poll_end(cx)));
        drop(owner);
        drop(seed);
        around.end();
        assert_eq!(SelfArc::strong_count(&early), 1, "it leaks");
        drop(early);
        around.go();
    });
}
