//! What a set hears of its tasks: whoever waits finds each that completes.

use super::block_on::block_on;
use super::explore;
use crate::kernel::finished::Finished;
use crate::prim::Arc;
use crate::prim::atomic::{AtomicUsize, Ordering};
use loom::thread;
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// A task that completes: its output is there before its number is.
fn complete(
    finished: &Arc<Finished>,
    outputs: &Arc<[AtomicUsize; 2]>,
    number: usize,
) -> thread::JoinHandle<()> {
    let (finished, outputs) = (finished.clone(), outputs.clone());
    thread::spawn(move || {
        outputs[number].store(number + 1, Ordering::Relaxed);
        finished.push(number);
    })
}

fn outputs() -> Arc<[AtomicUsize; 2]> {
    Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)])
}

/// Two tasks that complete while somebody waits, and goes from one waker to another, are both found, with their outputs.
// Mutations (each makes this fail): finished.rs, `poll_take` does not look again; `push` does not wake, or wakes before it
// pushes the number: deadlock; `has_waker` always says yes: likewise.
#[test]
fn every_task_is_found() {
    explore(2, || {
        let (finished, outputs) = (Arc::new(Finished::new()), outputs());
        let tasks = [0, 1].map(|number| complete(&finished, &outputs, number));
        let take = |number: usize| Some(outputs[number].load(Ordering::Relaxed));
        let mut sum = 0;
        if let Poll::Ready(output) = finished.poll_take(Waker::noop(), take) {
            sum += output;
        }
        while sum < 3 {
            sum += block_on(poll_fn(|cx| finished.poll_take(cx.waker(), take)));
        }
        for task in tasks {
            task.join().unwrap();
        }
    });
}

/// A number without anything behind it is passed over, and does not keep the waker out of its place.
// Mutations: finished.rs, `take` gives up at such a number: deadlock.
#[test]
fn numbers_of_nobody_are_passed_over() {
    explore(2, || {
        let (finished, outputs) = (Arc::new(Finished::new()), outputs());
        let tasks = [0, 1].map(|number| complete(&finished, &outputs, number));
        let take = |number: usize| (number == 1).then(|| outputs[1].load(Ordering::Relaxed));
        let output = block_on(poll_fn(|cx| finished.poll_take(cx.waker(), take)));
        assert_eq!(output, 2);
        for task in tasks {
            task.join().unwrap();
        }
    });
}
