//! Threads that may wait: a job always finds one, or is cancelled.
//!
//! Behind loom's door a wait of no time ends at once and any other lasts for ever, so these models have threads that
//! expire whenever they are idle, and threads that never do.

use super::explore;
use crate::kernel::blocking::{Blocking, Config, Job, Main, Refused, task as blocking_task};
use crate::kernel::clock::Clock;
use crate::kernel::driver::Driver;
use crate::kernel::hooks::ParkHooks;
use crate::kernel::pool::Pool;
use crate::kernel::root;
use crate::kernel::task::{self, Id, JoinHandle, Origin};
use crate::kernel::wanted::Wanted;
use crate::prim::{Arc, SelfArc};
use loom::thread;
use std::future::pending;
use std::time::Duration;

fn blocking(max_threads: usize, keep_alive: Duration) -> Blocking {
    Blocking::new(Config {
        max_threads,
        keep_alive,
        patience: Duration::ZERO,
        stack_size: None,
        name: Box::new(String::new),
        on_start: None,
        on_stop: None,
    })
}

/// Submits a closure; true if it was taken.
fn submit(blocking: &Blocking, closure: impl FnOnce() + 'static) -> (JoinHandle<()>, bool) {
    let (job, handle) = blocking_task(
        Sendable(closure).call(),
        Origin::caller(),
        &Wanted::NOTHING,
        (),
    );
    (handle, submit_job(blocking, Job::Task(job)))
}

fn submit_job(blocking: &Blocking, job: Job) -> bool {
    match blocking.submit(job, &|| SelfArc::new(|main: Main| main.run())) {
        Ok(()) => true,
        Err(Refused::Closed) => false,
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
// Mutations (each makes this fail): blocking.rs, an expired thread is counted until its end; `submit` or `close` does not
// notify; the `Ended` guard does not: deadlock. `submit` leaves the told thread in `idle`, or the expired one stays there:
// the counts are not 0; an expired thread does not mind that it was told: subtraction overflows.
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
// Mutations: those above but the first: likewise.
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

/// A job that a thread is coming for when the end comes is run: the thread is starting, or was told.
// Mutations: blocking.rs, `close` does not count the threads that start, or those that were told: the first, or the second,
// is cancelled.
#[test]
fn a_job_that_a_thread_is_coming_for_is_run() {
    for jobs in [1, 2] {
        explore(3, move || {
            let blocking = blocking(1, Duration::MAX);
            let (mut last, taken) = submit(&blocking, || ());
            assert!(taken);
            if jobs == 2 {
                root::block_on(last).unwrap();
                // So that the thread is told, and not met in between.
                while blocking.counts().1 == 0 {
                    thread::yield_now();
                }
                last = submit(&blocking, || ()).0;
            }
            blocking.close();
            assert!(blocking.wait(None));
            root::block_on(last).unwrap();
        });
    }
}

/// A mandatory job that was taken before the end is run, with whatever thread there is; one that comes after it is not
/// taken.
// Mutation: blocking.rs, `next_job` looks at `closed` before it looks into the queue: the job is left there.
#[test]
fn a_mandatory_job_that_was_taken_is_run() {
    for keep_alive in [Duration::ZERO, Duration::MAX] {
        explore(3, move || {
            let blocking = blocking(1, keep_alive);
            let (first, _) = submit(&blocking, || ());
            let other = thread::spawn({
                let blocking = blocking.clone();
                move || {
                    let ran = Arc::new(());
                    let witness = ran.clone();
                    let (job, handle) = blocking_task(
                        Sendable(move || drop(witness)).call(),
                        Origin::caller(),
                        &Wanted::NOTHING,
                        (),
                    );
                    (handle, submit_job(&blocking, Job::Mandatory(job)), ran)
                }
            });
            blocking.close();
            let (mandatory, taken, ran) = other.join().unwrap();
            assert!(blocking.wait(None));
            assert_eq!(blocking.counts(), (0, 0, 0));
            assert!(first.is_finished() && mandatory.is_finished());
            assert_eq!(root::block_on(mandatory).is_ok(), taken);
            assert_eq!(Arc::strong_count(&ran), 1, "a closure lives on");
        });
    }
}

/// A closure that waits for another does not count meanwhile: the other one gets a thread, whether it came before the first
/// began to wait or after that.
// Mutations: blocking/in_place.rs, `begin_to_wait` does not start a thread; waiting.rs, `Waiting::begin` does not tell the
// pool: deadlock. `go_on` does not count down: the last assertion.
#[test]
fn a_closure_that_waits_makes_room_for_another() {
    for keep_alive in [Duration::ZERO, Duration::MAX] {
        explore(2, move || {
            let blocking = blocking(1, keep_alive);
            let done = Arc::new(());
            let (outer, _) = submit(&blocking, {
                let (blocking, done) = (blocking.clone(), done.clone());
                move || {
                    // Two: the second has to wait for the first, or for a thread of its own.
                    let inner = [(), ()].map(|()| {
                        let done = done.clone();
                        submit(&blocking, move || drop(done)).0
                    });
                    for inner in inner {
                        root::block_on(inner).unwrap();
                    }
                }
            });
            root::block_on(outer).unwrap();
            blocking.close();
            assert!(blocking.wait(None));
            assert_eq!(blocking.counts(), (0, 0, 0));
            assert!(format!("{blocking:?}").contains("waiting: 0"));
            assert_eq!(Arc::strong_count(&done), 1, "a closure lives on");
        });
    }
}

/// What only waits gets a thread though the limit is reached, by a closure that waits for it where nobody can see that; and it
/// does not keep other closures waiting. The end waits for it.
#[test]
fn what_only_waits_needs_no_room() {
    for keep_alive in [Duration::ZERO, Duration::MAX] {
        explore(1, move || {
            let blocking = blocking(1, keep_alive);
            let ends = Arc::new(loom::sync::Notify::new());
            let done = Arc::new(());
            let (closure, _) = submit(&blocking, {
                let ends = ends.clone();
                move || ends.wait()
            });
            let (wait, waited) = blocking_task(
                Sendable({
                    let done = done.clone();
                    move || {
                        ends.notify();
                        drop(done);
                    }
                })
                .call(),
                Origin::caller(),
                &Wanted::NOTHING,
                (),
            );
            assert!(submit_job(&blocking, Job::Wait(wait)));
            root::block_on(waited).unwrap();
            root::block_on(closure).unwrap();
            blocking.close();
            assert!(blocking.wait(None));
            assert_eq!(blocking.counts(), (0, 0, 0));
            assert!(format!("{blocking:?}").contains("waiting: 0, waits: 0"));
            assert_eq!(Arc::strong_count(&done), 1, "a closure lives on");
        });
    }
}

/// A worker's core that is on its way to a thread when the end comes is ended like the others, with its tasks.
// Mutation: `next_job` looks at `closed` before it looks into the queue: deadlock.
#[test]
fn a_core_on_its_way_is_ended() {
    explore(2, || {
        let driver = Driver::new(None);
        let clock = Arc::new(Clock::new());
        let (pool, cores) = Pool::new(
            1,
            0,
            driver,
            clock,
            ParkHooks::default(),
            crate::kernel::intervals::Intervals::default(),
            crate::kernel::wanted::Wanted::NOTHING,
        );
        let home = pool.count_spawned(&Pool::homes(&pool));
        let handle = task::spawn(pending::<()>(), home, Id::next(), Origin::caller());
        let blocking = blocking(1, Duration::MAX);
        let other = thread::spawn({
            let blocking = blocking.clone();
            move || {
                for core in cores {
                    submit_job(&blocking, Job::Worker(core));
                }
            }
        });
        pool.close();
        blocking.close();
        other.join().unwrap();
        assert!(blocking.wait(None));
        pool.wait_for_tasks();
        assert!(handle.is_finished());
    });
}
