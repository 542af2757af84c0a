//! Whoever asks where the tasks stand is answered by a poll that tells, and takes nothing away from those who wake, poll and end
//! them.

use super::explore;
use super::queue::{Queue, waits_for};
use crate::kernel::atomic_waker::AtomicWaker;
use crate::prim::Arc;
use crate::prim::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;
use std::future::poll_fn;
use std::task::Poll;

/// A task that sleeps answers, by one leaf; the waker that the leaf has kept is an ordinary one, which wakes it.
// Mutations: run.rs, `look` does not answer, or answers after it has closed: nobody answers, "deadlock".
#[test]
fn a_task_that_sleeps_answers() {
    explore(3, || {
        let queue = Queue::new();
        let leaf = Arc::new((AtomicWaker::new(), AtomicBool::new(false)));
        let polls = Arc::new(AtomicUsize::new(0));
        let handle = Queue::spawn(&queue, {
            let (leaf, polls) = (leaf.clone(), polls.clone());
            poll_fn(move |cx| {
                polls.fetch_add(1, Ordering::Relaxed);
                leaf.0.register(cx.waker());
                if leaf.1.load(Ordering::Relaxed) {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
        });
        queue.run();
        let runner = thread::spawn({
            let queue = queue.clone();
            move || {
                while !queue.is_closed() {
                    queue.run();
                    thread::yield_now();
                }
            }
        });
        let standings = queue.stand(true);
        let answer = standings[0].answer.as_ref().unwrap();
        assert_eq!(answer.leaves.len(), 1);
        assert!(!queue.is_asked(), "who has asked leaves something behind");
        queue.note_closed();
        runner.join().unwrap();
        queue.run();
        assert_eq!(
            polls.load(Ordering::Relaxed),
            2,
            "a poll more than was asked for"
        );
        leaf.1.store(true, Ordering::Relaxed);
        leaf.0.wake();
        queue.run();
        assert!(handle.is_finished(), "the task sleeps for ever");
        drop(leaf);
    });
}

/// A request that nobody waits for meets the wake that completes the task: it is not lost.
#[test]
fn a_request_takes_no_wake_away() {
    for yields in [0, 1] {
        explore(2, move || {
            let task = waits_for(1, yields);
            let sender = thread::spawn(task.sender());
            let asker = thread::spawn({
                let queue = task.queue.clone();
                move || drop(queue.stand(false))
            });
            task.queue.run();
            sender.join().unwrap();
            asker.join().unwrap();
            assert!(task.end(), "cancelled");
        });
    }
}

/// A request meets a wake, which is not lost in the poll that tells.
// Mutation: `look` forgets a task that was woken meanwhile: "the task sleeps for ever". (Without `see_request` it is found to be
// asked at each later turn, which costs time and nothing else.)
#[test]
fn a_poll_that_tells_is_a_poll() {
    for yields in [0, 1] {
        explore(2, move || {
            let task = waits_for(2, yields);
            let sender = thread::spawn(task.sender());
            let asker = thread::spawn({
                let queue = task.queue.clone();
                move || {
                    // (One that has only yielded so far is not asked.)
                    let standings = queue.stand(true);
                    assert!(standings.iter().all(|standing| standing.answer.is_some()));
                    queue.note_closed();
                }
            });
            while !task.queue.is_closed() {
                task.queue.run();
                thread::yield_now();
            }
            sender.join().unwrap();
            asker.join().unwrap();
            task.queue.run();
            task.sender()();
            assert!(task.end(), "cancelled");
        });
    }
}

/// A request meets an abort, and the end of the scheduler: the task ends, once.
// Mutation: `look` polls a task that is to be cancelled: "complete without its letters".
#[test]
fn a_task_that_is_asked_can_be_ended() {
    for closes in [false, true] {
        explore(3, move || {
            let task = waits_for(1, 0);
            let asker = thread::spawn({
                let queue = task.queue.clone();
                move || drop(queue.stand(false))
            });
            if closes {
                task.queue.close();
            } else {
                task.handle.abort();
            }
            task.queue.run();
            asker.join().unwrap();
            assert!(!task.end(), "complete without its letters");
        });
    }
}

/// Two ask at once: both are told, whoever's request the poll was for.
// Mutations (each makes this fail): captures.rs, `answer` tells the first round alone, or whose round ends closes all; run.rs,
// `look` asks which rounds are open before it takes the bit away. The other is never told: "exceeded maximum number of branches".
#[test]
fn two_who_ask_at_once_are_both_told() {
    explore(2, || {
        let queue = Queue::new();
        let leaf = Arc::new(AtomicWaker::new());
        let handle = Queue::spawn(&queue, {
            let leaf = leaf.clone();
            poll_fn(move |cx| {
                leaf.register(cx.waker());
                Poll::<()>::Pending
            })
        });
        queue.run();
        // What is left of a request is answered to nobody.
        let runner = thread::spawn({
            let queue = queue.clone();
            move || {
                while !queue.is_closed() {
                    queue.run();
                    thread::yield_now();
                }
            }
        });
        let ask = |queue: &Queue| {
            let standings = queue.stand(true);
            assert_eq!(standings[0].answer.as_ref().unwrap().leaves.len(), 1);
        };
        let other = thread::spawn({
            let queue = queue.clone();
            move || ask(&queue)
        });
        ask(&queue);
        other.join().unwrap();
        queue.note_closed();
        runner.join().unwrap();
        handle.abort();
        queue.run();
        assert!(handle.is_finished());
        drop(leaf);
    });
}
