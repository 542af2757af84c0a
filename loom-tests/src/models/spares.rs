//! Spare workers: they come and go while tasks are pushed, others fall asleep, and the pool ends.
//!
//! What the watcher does it does here in the thread that plays it, at any time: it need not be right about who is stuck.

use super::{explore, explore_bounded};
use crate::kernel::clock::Clock;
use crate::kernel::driver::Driver;
use crate::kernel::hooks::ParkHooks;
use crate::kernel::intervals::Intervals;
use crate::kernel::pool::{Homes, Pool};
use crate::kernel::root;
use crate::kernel::task::{self, Id, JoinHandle, Origin};
use crate::kernel::wanted::Wanted;
use crate::kernel::worker::{Handed, Outcome};
use crate::prim::atomic::{Ordering, fence};
use crate::prim::{Arc, Condvar, Mutex};
use loom::thread::{self, JoinHandle as Thread};
use std::future::{Future, pending};
use std::rc::Rc;

/// A pool, and its threads.
struct Running {
    pool: Arc<Pool>,
    home: Rc<Homes>,
    threads: Vec<Thread<Option<Outcome>>>,
}

fn run(core: Handed) -> Thread<Option<Outcome>> {
    thread::spawn(move || Some(core.run()))
}

fn spawn<F: Future + 'static>(pool: &Pool, home: &Homes, future: F) -> JoinHandle<F::Output> {
    task::spawn(
        future,
        pool.count_spawned(home),
        Id::next(),
        Origin::caller(),
    )
}

impl Running {
    /// A pool of one worker, which no thread has yet.
    fn new(spares: usize) -> (Self, Handed) {
        let (pool, mut cores) = Pool::new(
            1,
            spares,
            Driver::new(None),
            Arc::new(Clock::new()),
            ParkHooks::default(),
            Intervals::default(),
            Wanted::NOTHING,
        );
        let running = Self {
            home: Rc::new(Pool::homes(&pool)),
            pool,
            threads: Vec::new(),
        };
        (running, cores.pop().unwrap())
    }

    fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        spawn(&self.pool, &self.home, future)
    }

    /// A spare that there is a thread for.
    fn start_spare(&mut self) {
        let core = Pool::start_spare(&self.pool).expect("none is there yet");
        self.threads.push(run(core));
    }

    /// Closes the pool, and waits for its end.
    fn end(self) {
        self.pool.close();
        let outcomes: Vec<_> = self
            .threads
            .into_iter()
            .filter_map(|thread| thread.join().unwrap())
            .collect();
        self.pool.wait_for_tasks();
        let last = outcomes.iter().filter(|outcome| **outcome == Outcome::Last);
        assert_eq!(last.count(), 1, "one core is the last");
        assert_eq!(self.pool.spares().0, 0, "a spare is counted that has gone");
    }
}

/// Something that a thread waits for.
#[derive(Clone)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn new() -> Self {
        Self(Arc::new((Mutex::new(false), Condvar::new())))
    }

    fn open(&self) {
        *self.0.0.lock() = true;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        let mut is_open = self.0.0.lock();
        while !*is_open {
            is_open = self.0.1.wait(is_open);
        }
    }
}

/// A task keeps the only worker until another has run: a spare comes, and runs that.
#[test]
fn a_stuck_worker_is_rescued() {
    explore(1, || {
        let (mut running, core) = Running::new(1);
        running.threads.push(run(core));
        let gate = Gate::new();
        let blocked = running.spawn({
            let (pool, gate) = (running.pool.clone(), gate.clone());
            async move {
                // One of the watcher's looks comes after what went before here: a lone worker tells nobody of what it has.
                fence(Ordering::SeqCst);
                pool.rouse();
                gate.wait();
            }
        });
        let opens = running.spawn(async move { gate.open() });
        running.start_spare();
        root::block_on(blocked).unwrap();
        root::block_on(opens).unwrap();
        running.end();
    });
}

/// A spare that starts while the pool is closed is waited for, or does not start: one core is the last, and no task is left.
// Mutation: pool.rs, `count_core` does not look whether the last core has gone, nor for the end: two are the last.
#[test]
fn a_start_meets_the_end() {
    explore(2, || {
        let (mut running, core) = Running::new(1);
        running.threads.push(run(core));
        let handle = running.spawn(pending::<()>());
        running.threads.push(thread::spawn({
            let pool = running.pool.clone();
            move || Pool::start_spare(&pool).map(Handed::run)
        }));
        running.end();
        assert!(handle.is_finished());
    });
}

/// As above, but there is no thread for the spare.
#[test]
fn a_start_that_fails_meets_the_end() {
    explore(2, || {
        let (mut running, core) = Running::new(1);
        running.threads.push(run(core));
        running.threads.push(thread::spawn({
            let pool = running.pool.clone();
            move || Pool::start_spare(&pool).map(Handed::leave)
        }));
        running.end();
    });
}

/// A spare that leaves while a task comes from outside, and the worker sleeps or falls asleep: the task is run. The spare may
/// be the one whom the push took for a searcher.
#[test]
fn a_push_meets_a_leave() {
    let why = "three threads and a pool's whole life";
    explore_bounded(1, 100_000, why, || {
        let (mut running, core) = Running::new(1);
        running.threads.push(run(core));
        running.start_spare();
        // Whoever has run this has slept, or searched.
        root::block_on(running.spawn(async {})).unwrap();
        running.pool.tell_youngest();
        for _ in 0..2 {
            root::block_on(running.spawn(async {})).unwrap();
            thread::yield_now();
        }
        running.end();
    });
}

/// What a spare has when it leaves is run by the worker, which may be about to fall asleep as the last that moves.
#[test]
fn what_a_spare_leaves_behind_is_run() {
    let why = "three threads and a pool's whole life";
    explore_bounded(1, 100_000, why, || {
        let (mut running, core) = Running::new(1);
        let (handles, told) = (Arc::new(Mutex::new(Vec::new())), Gate::new());
        let first = running.spawn({
            let (pool, home) = (running.pool.clone(), running.home.clone());
            let (handles, told) = (handles.clone(), told.clone());
            async move {
                told.wait();
                for _ in 0..2 {
                    let handle = spawn(&pool, &home, async {});
                    handles.lock().push(handle);
                }
            }
        });
        running.start_spare();
        // It polls the task, or is about to, since nobody else is there.
        running.pool.tell_youngest();
        told.open();
        running.threads.push(run(core));
        root::block_on(first).unwrap();
        let handles = std::mem::take(&mut *handles.lock());
        for handle in handles {
            root::block_on(handle).unwrap();
        }
        running.end();
    });
}

/// Whoever falls asleep looks at the queues of a spare that has come: that offers a task, and waits until it is run.
#[test]
fn who_falls_asleep_looks_at_a_spare_that_has_come() {
    explore(1, || {
        let (mut running, core) = Running::new(1);
        let (has_started, is_run) = (Gate::new(), Gate::new());
        let first = running.spawn({
            let (pool, home) = (running.pool.clone(), running.home.clone());
            let has_started = has_started.clone();
            async move {
                has_started.open();
                // The first goes to the slot, the second is offered.
                let _first = spawn(&pool, &home, async {});
                let _second = spawn(&pool, &home, {
                    let is_run = is_run.clone();
                    async move { is_run.open() }
                });
                is_run.wait();
            }
        });
        running.start_spare();
        // The worker comes when the spare has the task.
        running.threads.push(thread::spawn(move || {
            has_started.wait();
            Some(core.run())
        }));
        // The watcher's next look.
        running.pool.settle();
        root::block_on(first).unwrap();
        running.end();
    });
}

/// The watcher takes its word back, and starts another one, while the spare that was told may be leaving: each has a place of its
/// own, and those that are there are the first ones (which `start_spare` asserts).
// Mutations: spares.rs, `withdraw` is not asked for; `gone` says so before the spare is counted out: one that is not the next
// comes.
#[test]
fn a_start_meets_a_leave() {
    explore(2, || {
        let (running, core) = Running::new(2);
        let pool = &running.pool;
        let told = Pool::start_spare(pool).expect("none is there yet");
        pool.tell_youngest();
        let told = run(told);
        let mut others = Vec::new();
        for _ in 0..2 {
            thread::yield_now();
            others.extend(Pool::start_spare(pool));
        }
        pool.close();
        let told = told.join().unwrap();
        let others = others.into_iter().map(Handed::leave);
        // They go before the worker, which is the last.
        assert!(
            told.into_iter()
                .chain(others)
                .all(|gone| gone == Outcome::Left)
        );
        assert_eq!(pool.spares().0, 0, "a spare is counted that has gone");
        assert_eq!(core.run(), Outcome::Last);
    });
}

/// One has left, and its place is taken by the next: whoever starts that has heard that the first is counted no more (which
/// `start_spare` asserts).
#[test]
fn who_starts_another_has_heard_of_the_leave() {
    explore(2, || {
        let (running, core) = Running::new(1);
        let pool = &running.pool;
        let told = Pool::start_spare(pool).expect("none is there yet");
        pool.tell_youngest();
        let told = run(told);
        // A thread that has not seen what was counted before: loom lets it find that as well.
        let starts = thread::spawn({
            let pool = pool.clone();
            move || Pool::start_spare(&pool).map(Handed::leave)
        });
        let started = starts.join().unwrap();
        pool.close();
        let told = told.join().unwrap();
        assert!(
            told.into_iter()
                .chain(started)
                .all(|gone| gone == Outcome::Left)
        );
        assert_eq!(pool.spares().0, 0, "a spare is counted that has gone");
        assert_eq!(core.run(), Outcome::Last);
    });
}
