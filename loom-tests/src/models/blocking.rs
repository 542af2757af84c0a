//! Threads that may wait: a job always finds one, or is cancelled.
//!
//! Behind loom's door a wait of no time ends at once and any other lasts for ever, so these models have threads that
//! expire whenever they are idle, and threads that never do.

use super::explore;
use crate::kernel::blocking::{Blocking, Config, Job, Refused, task};
use crate::kernel::root;
use crate::kernel::task::JoinHandle;
use crate::prim::Arc;
use loom::thread;
use std::time::Duration;

fn blocking(max_threads: usize, keep_alive: Duration) -> Blocking {
    Blocking::new(Config {
        max_threads,
        keep_alive,
        stack_size: None,
        name: Box::new(String::new),
        on_start: None,
        on_stop: None,
    })
}

/// Submits a closure; true if it was taken.
fn submit(blocking: &Blocking, closure: impl FnOnce() + 'static) -> (JoinHandle<()>, bool) {
    let (job, handle) = task(Sendable(closure).call());
    let submitted = blocking.submit(Job::Task(job), |main| Box::new(move || main.run()));
    match submitted {
        Ok(()) => (handle, true),
        Err(Refused::Closed) => (handle, false),
        Err(Refused::NoThread(..)) => unreachable!("loom always has a thread"),
    }
}

/// loom runs all threads of a model on one.
struct Sendable<F>(F);

// SAFETY: see above.
unsafe impl<F> Send for Sendable<F> {}

impl<F: FnOnce() + 'static> Sendable<F> {
    fn call(self) -> impl FnOnce() + Send + 'static {
        move || {
            let this = self;
            (this.0)();
        }
    }
}

/// Jobs that come while a thread works, goes idle, waits or expires are all run, by one thread at a time.
#[test]
fn every_job_is_run() {
    for keep_alive in [Duration::ZERO, Duration::MAX] {
        explore(3, move || {
            let blocking = blocking(1, keep_alive);
            let ran = Arc::new(());
            let handles = [(), ()].map(|()| {
                let ran = ran.clone();
                let (handle, taken) = submit(&blocking, move || drop(ran));
                assert!(taken);
                handle
            });
            for handle in handles {
                root::block_on(handle).unwrap();
            }
            blocking.close();
            assert!(blocking.wait(None));
            assert_eq!(blocking.counts(), (0, 0, 0));
            assert_eq!(Arc::strong_count(&ran), 1, "a closure lives on");
        });
    }
}

/// A job that meets the end is run, or cancelled; idle threads are told, and waited for.
#[test]
fn a_job_that_meets_the_end_is_run_or_cancelled() {
    for keep_alive in [Duration::ZERO, Duration::MAX] {
        explore(3, move || {
            let blocking = blocking(1, keep_alive);
            let (first, _) = submit(&blocking, || ());
            let other = thread::spawn({
                let blocking = blocking.clone();
                move || submit(&blocking, || ()).0
            });
            blocking.close();
            let second = other.join().unwrap();
            assert!(blocking.wait(None));
            assert_eq!(blocking.counts(), (0, 0, 0));
            assert!(first.is_finished() && second.is_finished());
        });
    }
}
