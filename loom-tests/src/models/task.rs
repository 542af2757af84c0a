//! The task's word from the side of those who wake, poll and end a task.

use super::explore;
use super::queue::{Queue, waits_for};
use loom::thread;

/// Wakes that come together, or during a poll, are answered by a poll that sees what each waker did before.
#[test]
fn a_poll_follows_every_wake_and_sees_what_its_waker_did() {
    for yields in [0, 1] {
        explore(3, move || {
            let task = waits_for(2, yields);
            let senders = [(), ()].map(|()| thread::spawn(task.sender()));
            task.queue.run();
            for sender in senders {
                sender.join().unwrap();
            }
            assert!(task.end(), "cancelled");
        });
    }
}

/// Polls of one task on two threads: one at a time, each continuing where the other stopped.
#[test]
fn one_thread_polls_at_a_time_and_goes_on_from_the_last_poll() {
    for yields in [0, 2] {
        explore(2, move || {
            let task = waits_for(2, yields);
            let runner = thread::spawn({
                let queue = task.queue.clone();
                move || queue.run()
            });
            let sender = thread::spawn({
                let (first, second) = (task.sender(), task.sender());
                move || {
                    first();
                    second();
                }
            });
            task.queue.run();
            runner.join().unwrap();
            sender.join().unwrap();
            assert!(task.end(), "cancelled");
        });
    }
}

/// An abort ends a task wherever it finds it: asleep, queued, requeued by itself, running, woken while running.
#[test]
fn an_abort_ends_the_task_wherever_it_is() {
    for yields in [0, 1] {
        explore(3, move || {
            let task = waits_for(2, yields);
            let sender = thread::spawn(task.sender());
            let aborter = thread::spawn({
                let handle = task.handle.abort_handle();
                move || handle.abort()
            });
            task.queue.run();
            sender.join().unwrap();
            aborter.join().unwrap();
            assert!(!task.end(), "complete without its letters");
        });
    }
}

/// An abort meets the wake that completes the task: one of them wins, nothing is lost.
#[test]
fn an_abort_or_the_output_wins() {
    explore(3, || {
        let task = waits_for(1, 0);
        let sender = thread::spawn({
            let (send, queue) = (task.sender(), task.queue.clone());
            move || {
                send();
                queue.run();
            }
        });
        task.handle.abort();
        task.queue.run();
        sender.join().unwrap();
        task.end();
    });
}

/// A shutdown reaches a task that is asleep, queued, requeued by itself, running, or woken while running.
// Mutation: run.rs, `idle` goes to sleep though `link` refused: "the task sleeps for ever".
#[test]
fn a_shutdown_ends_the_task_wherever_it_is() {
    for yields in [0, 2] {
        explore(3, move || {
            let task = waits_for(9, yields);
            let runner = thread::spawn({
                let queue = task.queue.clone();
                move || queue.run()
            });
            let sender = thread::spawn(task.sender());
            task.queue.close();
            runner.join().unwrap();
            sender.join().unwrap();
            assert!(!task.end(), "complete without its letters");
        });
    }
}

/// A shutdown meets the first poll of a task, which is in no list yet: it enters the list, or is cancelled.
// Mutation: the one above, likewise.
#[test]
fn a_shutdown_meets_the_first_poll() {
    explore(3, || {
        let queue = Queue::new();
        let handle = Queue::spawn(&queue, std::future::pending::<()>());
        let runner = thread::spawn({
            let queue = queue.clone();
            move || queue.run()
        });
        queue.close();
        runner.join().unwrap();
        assert!(handle.is_finished(), "the task sleeps for ever");
    });
}

/// A claim that is dropped cancels the task, while wakes and aborts come in; they do not make a second claim.
// Mutation: run.rs, the drop of a `Runnable` does nothing: "the task sleeps for ever".
#[test]
fn a_dropped_claim_cancels() {
    for yields in [0, 1] {
        explore(3, move || {
            let task = waits_for(9, yields);
            let sender = thread::spawn(task.sender());
            let aborter = thread::spawn({
                let handle = task.handle.abort_handle();
                move || handle.abort()
            });
            while let Some(claim) = task.queue.pop() {
                claim.cancel();
            }
            sender.join().unwrap();
            aborter.join().unwrap();
            assert!(!task.end(), "complete without its letters");
        });
    }
}
