//! A task of a `LocalSet` that is woken by another thread is run by the owner, and dropped by it, whatever happens.

use super::block_on::block_on;
use super::explore;
use crate::kernel::atomic_waker::AtomicWaker;
use crate::kernel::captures;
use crate::kernel::local_set::LocalSet;
use crate::kernel::task::Origin;
use crate::prim::Arc;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread::{self, ThreadId};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// What a task waits for, and what became of it.
struct Event {
    happened: AtomicBool,
    waker: AtomicWaker,
    dropped: AtomicUsize,
}

impl Event {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            happened: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            dropped: AtomicUsize::new(0),
        })
    }

    fn happen(&self) {
        self.happened.store(true, Ordering::Release);
        self.waker.wake();
    }
}

/// A future that is at home on the thread that made it.
struct Homesick {
    event: Arc<Event>,
    home: ThreadId,
}

impl Homesick {
    fn new(event: &Arc<Event>) -> Self {
        Self {
            event: Arc::clone(event),
            home: thread::current().id(),
        }
    }
}

impl Future for Homesick {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        assert_eq!(thread::current().id(), self.home);
        self.event.waker.register(cx.waker());
        if self.event.happened.load(Ordering::Acquire) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Drop for Homesick {
    fn drop(&mut self) {
        // Not asserted here: the runtime would catch the panic.
        let here = usize::from(thread::current().id() == self.home);
        self.event.dropped.fetch_add(1 + here, Ordering::Relaxed);
    }
}

/// Dropped once, by its own thread.
const ONCE_AT_HOME: usize = 2;

/// Runs the set until its tasks have completed, as the public `LocalSet` does.
fn run(set: &LocalSet) {
    block_on(poll_fn(|cx| {
        let polling = set.poll(cx.waker());
        if polling.run_tasks() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if set.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }));
}

// Mutation: `Shared::push` without R2's wake → fails with a deadlock.
// Mutation: `LocalSet::poll` without P1's registration → fails with a deadlock.
#[test]
fn a_wake_from_another_thread_is_never_lost() {
    explore(2, || {
        let set = LocalSet::new();
        let event = Event::new();
        drop(set.spawn(Homesick::new(&event), Origin::caller()));
        let happens = Arc::clone(&event);
        let waker = thread::spawn(move || happens.happen());
        run(&set);
        assert_eq!(event.dropped.load(Ordering::Relaxed), ONCE_AT_HOME);
        waker.join().unwrap();
    });
}

#[test]
fn two_threads_wake_two_tasks() {
    explore(1, || {
        let set = LocalSet::new();
        let events = [Event::new(), Event::new()];
        let threads: Vec<_> = events
            .iter()
            .map(|event| {
                drop(set.spawn(Homesick::new(event), Origin::caller()));
                let happens = Arc::clone(event);
                thread::spawn(move || happens.happen())
            })
            .collect();
        run(&set);
        for event in &events {
            assert_eq!(event.dropped.load(Ordering::Relaxed), ONCE_AT_HOME);
        }
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

// Mutation: the destructor of `LocalSet` does not wait for the last push → fails, a future outlives the set.
// Mutation: `Shared::push` cancels the task if the set is closing → fails, the future is dropped by the waker's thread.
// Mutation: `Shared::push` without `notify_one` → fails with a deadlock.
#[test]
fn the_end_of_a_set_meets_a_wake() {
    explore(3, || {
        let set = LocalSet::new();
        let event = Event::new();
        drop(set.spawn(Homesick::new(&event), Origin::caller()));
        // The task registers, and sleeps.
        set.poll(Waker::noop()).run_tasks();
        let happens = Arc::clone(&event);
        let waker = thread::spawn(move || happens.happen());
        drop(set);
        assert_eq!(event.dropped.load(Ordering::Relaxed), ONCE_AT_HOME);
        waker.join().unwrap();
    });
}

#[test]
fn the_end_of_a_set_meets_an_abort() {
    explore(3, || {
        let set = LocalSet::new();
        let event = Event::new();
        let task = set.spawn(Homesick::new(&event), Origin::caller());
        set.poll(Waker::noop()).run_tasks();
        let abort = task.abort_handle();
        let aborter = thread::spawn(move || abort.abort());
        drop(set);
        assert!(task.is_finished());
        assert_eq!(event.dropped.load(Ordering::Relaxed), ONCE_AT_HOME);
        aborter.join().unwrap();
    });
}

/// Another thread asks where a task stands, and is told by a poll of the owner's.
// Mutations (each makes this fail): `Shared::push_remote` without R2's wake, or state.rs, `ask` without NOTIFIED: "deadlock".
#[test]
fn who_asks_from_outside_is_told_by_the_owner() {
    explore(2, || {
        let set = LocalSet::new();
        let event = Event::new();
        drop(set.spawn(Homesick::new(&event), Origin::caller()));
        set.poll(Waker::noop()).run_tasks();
        let (outside, happens) = (set.outside(), Arc::clone(&event));
        let asker = thread::spawn(move || {
            let tasks = outside.register().handles();
            let standings = captures::ask(&tasks, Duration::MAX);
            assert_eq!(standings[0].answer.as_ref().unwrap().leaves.len(), 1);
            happens.happen();
        });
        run(&set);
        asker.join().unwrap();
        assert_eq!(event.dropped.load(Ordering::Relaxed), ONCE_AT_HOME);
    });
}

/// A task ends, or its set goes, while another thread looks at it and asks it. That thread may be the last to know the task, and
/// the set: it frees memory, and drops no future.
// Mutations (each makes this fail): abort.rs, `ask` drops the claim, or `Shared::push_remote` does if the set is closing:
// "deadlock", the owner waits for a push. (A walk that meets the end of a task is in `origin.rs`.)
#[test]
fn the_end_of_a_task_or_of_its_set_meets_one_who_asks() {
    for completes in [true, false] {
        explore(3, move || {
            let set = LocalSet::new();
            let event = Event::new();
            drop(set.spawn(Homesick::new(&event), Origin::caller()));
            set.poll(Waker::noop()).run_tasks();
            let outside = set.outside();
            let asker = thread::spawn(move || {
                let tasks = outside.register().handles();
                // Who has ended is left out; nobody is waited for.
                drop(captures::ask(&tasks, Duration::ZERO));
                drop(outside);
                drop(tasks);
            });
            if completes {
                event.happen();
                set.poll(Waker::noop()).run_tasks();
            }
            drop(set);
            assert_eq!(event.dropped.load(Ordering::Relaxed), ONCE_AT_HOME);
            asker.join().unwrap();
        });
    }
}
