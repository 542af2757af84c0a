//! The whole pool: real workers, their loops, queues and idle protocol, and its end.

use super::explore;
use crate::kernel::clock::Clock;
use crate::kernel::driver::Driver;
use crate::kernel::hooks::{Callback, ParkHooks};
use crate::kernel::pool::{Homes, Pool};
use crate::kernel::root;
use crate::kernel::task::{self, Id, JoinHandle, Origin};
use crate::kernel::wheel::Entry;
use crate::kernel::worker::{self, Handed};
use crate::prim::atomic::{AtomicUsize, Ordering, fence};
use crate::prim::reactor::Reactor;
use crate::prim::{Arc, Condvar, Mutex};
use loom::thread::{self, JoinHandle as Thread};
use std::cell::Cell;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Wake, Waker};

/// A pool with its threads.
struct Running {
    pool: Arc<Pool>,
    home: Rc<Homes>,
    threads: Vec<Thread<()>>,
}

fn new(workers: usize, io: bool, hooks: ParkHooks) -> (Arc<Pool>, Vec<Handed>) {
    let driver = Driver::new(io.then(|| Reactor::new().unwrap()));
    let intervals = crate::kernel::intervals::Intervals::default();
    let wanted = crate::kernel::wanted::Wanted::NOTHING;
    Pool::new(
        workers,
        0,
        driver,
        Arc::new(Clock::new()),
        hooks,
        intervals,
        wanted,
    )
}

fn start(workers: usize, io: bool) -> Running {
    let (pool, cores) = new(workers, io, ParkHooks::default());
    let threads = cores
        .into_iter()
        .map(|core| thread::spawn(move || run(core)))
        .collect();
    let home = Rc::new(Pool::homes(&pool));
    Running {
        pool,
        home,
        threads,
    }
}

fn run(core: Handed) {
    core.run();
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
    fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        spawn(&self.pool, &self.home, future)
    }

    /// Closes the pool, and waits for its end.
    fn end(self) {
        self.pool.close();
        for thread in self.threads {
            thread.join().unwrap();
        }
        self.pool.wait_for_tasks();
    }
}

/// A task that is spawned from outside spawns another, and waits for it; a thief may take either. Both complete, the
/// pool ends, and nothing is left of it. (The steps are shown to be needed by the models below; this one has them all.)
#[test]
fn tasks_are_run_and_the_pool_ends() {
    explore(1, || {
        let running = start(2, false);
        let handle = running.spawn({
            let (pool, home) = (running.pool.clone(), running.home.clone());
            async move { spawn(&pool, &home, async { 7 }).await.unwrap() }
        });
        assert_eq!(root::block_on(handle).unwrap(), 7);
        running.end();
    });
}

/// Two tasks that come together and need a worker each, as each waits for the other without giving up its thread.
#[test]
fn two_long_tasks_run_on_two_workers() {
    explore(1, || {
        let running = start(2, false);
        let started = Arc::new((Mutex::new(0), Condvar::new()));
        let handles = [(), ()].map(|()| {
            let started = started.clone();
            running.spawn(async move {
                let (count, condvar) = &*started;
                let mut count = count.lock();
                *count += 1;
                condvar.notify_all();
                while *count < 2 {
                    count = condvar.wait(count);
                }
            })
        });
        for handle in handles {
            root::block_on(handle).unwrap();
        }
        running.end();
    });
}

/// A task from outside reaches the only worker wherever that is on its way to sleep, also if it was woken for nothing
/// before.
// Mutations: worker.rs, `wait` does not look at the queues after its announcement, or idle.rs, `pushed` without its fence:
// deadlock; `wait` never collects the token that it owes: it goes round for ever.
#[test]
fn a_lone_worker_runs_all_that_comes() {
    for io in [false, true] {
        explore(2, move || {
            let running = start(1, io);
            let handles = [(), ()].map(|()| running.spawn(async {}));
            for handle in handles {
                root::block_on(handle).unwrap();
            }
            running.end();
        });
    }
}

/// A task that is spawned from outside while the pool closes is run or cancelled, and waited for; one that is spawned
/// later is cancelled at once.
// Mutation: pool.rs, `drain_late` notifies who waits for the tasks without having held the lock: deadlock.
#[test]
fn a_spawn_that_meets_the_end_is_run_or_cancelled() {
    for io in [false, true] {
        explore(2, move || {
            let running = start(1, io);
            let dropped = Arc::new(());
            let spawner = thread::spawn({
                let (pool, home) = (running.pool.clone(), running.home.clone());
                let dropped = dropped.clone();
                move || {
                    spawn(&pool, &home, async move {
                        let _dropped = dropped;
                        pending::<()>().await;
                    })
                }
            });
            let (pool, home) = (running.pool.clone(), running.home.clone());
            running.end();
            let meets = spawner.join().unwrap();
            let late = spawn(&pool, &home, pending::<()>());
            assert!(meets.is_finished() && late.is_finished());
            assert_eq!(Arc::strong_count(&dropped), 1, "the future lives on");
        });
    }
}

/// A worker that waits in the reactor, and one that waits beside it, are both woken by the end.
// Mutation: seat.rs, `call` does not wake the reactor: deadlock.
#[test]
fn the_end_reaches_workers_wherever_they_wait() {
    explore(2, || start(2, true).end());
}

/// A task that the park callback spawns is run, though nobody was told of it.
// Mutation: worker.rs, `sleep` does not look into the slot after the callback: deadlock.
#[test]
fn what_the_park_callback_spawns_is_run() {
    explore(2, || {
        let job: Job = std::sync::Arc::new(Shared(Cell::new(None)));
        let hooks = ParkHooks {
            on_park: Some(Callback::new({
                let job = job.clone();
                move || {
                    if let Some(job) = job.cell().take() {
                        job();
                    }
                }
            })),
            on_unpark: None,
        };
        let (pool, cores) = new(1, false, hooks);
        let done = Arc::new((Mutex::new(false), Condvar::new()));
        job.cell().set(Some(Box::new({
            let (pool, home, done) = (pool.clone(), Pool::homes(&pool), done.clone());
            move || {
                let future = async move {
                    *done.0.lock() = true;
                    done.1.notify_all();
                };
                drop(spawn(&pool, &home, future));
            }
        })));
        let threads = cores
            .into_iter()
            .map(|core| thread::spawn(move || run(core)))
            .collect();
        let mut guard = done.0.lock();
        while !*guard {
            guard = done.1.wait(guard);
        }
        drop(guard);
        let home = Rc::new(Pool::homes(&pool));
        Running {
            pool,
            home,
            threads,
        }
        .end();
    });
}

type Job = std::sync::Arc<Shared<Cell<Option<Box<dyn FnOnce()>>>>>;

/// loom runs all threads of a model on one, so what it runs need not be `Send`.
struct Shared<T>(T);

// SAFETY: see above.
unsafe impl<T> Send for Shared<T> {}
// SAFETY: see above.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    fn cell(&self) -> &T {
        &self.0
    }
}

/// A core that changes threads in the middle of a poll takes its queues along: the tasks in them run while the poll
/// goes on, and the poll's own task ends on the thread that it is on.
// Mutations: worker/handed.rs, `hand_off` drops the task in the slot: it is cancelled; worker.rs, `wait` does not look for the
// end after its announcement, or pool.rs, `finished` does not count: deadlock.
#[test]
fn a_core_may_change_threads_in_the_middle_of_a_poll() {
    explore(1, || {
        let (pool, cores) = new(1, false, ParkHooks::default());
        let home = Rc::new(Pool::homes(&pool));
        let handed = Arc::new((Mutex::new(None), Condvar::new()));
        let other = thread::spawn({
            let handed = handed.clone();
            move || {
                let mut guard = handed.0.lock();
                while guard.is_none() {
                    guard = handed.1.wait(guard);
                }
                let core: Handed = guard.take().unwrap();
                drop(guard);
                run(core);
            }
        });
        let task = spawn(&pool, &home, {
            let (pool, home, handed) = (pool.clone(), home.clone(), handed.clone());
            async move {
                // Goes to the slot, and runs elsewhere while this waits for it.
                let next = spawn(&pool, &home, async {});
                let core = worker::hand_off().expect("a worker polls this");
                *handed.0.lock() = Some(core);
                handed.1.notify_all();
                while !next.is_finished() {
                    thread::yield_now();
                }
                next.await.unwrap();
            }
        });
        for core in cores {
            core.run();
        }
        root::block_on(task).unwrap();
        let threads = vec![other];
        Running {
            pool,
            home,
            threads,
        }
        .end();
    });
}

/// A destructor at the end of a pool hands its core on and waits: for another task that the end cancels, which whoever has the
/// core sees to, and then for a timer, which fires as long as somebody waits. Its thread comes back to the end.
// Mutations: owned.rs, `close` claims both tasks before it cancels one: the first waits for ever. worker/handed.rs, `hand_off` does
// not linger: the timer is closed, not fired. `retire` does not end that: the last core waits for ever. pool.rs,
// `wait_for_lingering` does not fire: deadlock.
#[test]
fn a_core_may_change_threads_while_it_ends() {
    explore(1, || {
        let (pool, cores) = new(1, true, ParkHooks::default());
        let home = Rc::new(Pool::homes(&pool));
        let handed = Arc::new((Mutex::new(None), Condvar::new()));
        let other = thread::spawn({
            let handed = handed.clone();
            move || {
                let mut guard = handed.0.lock();
                while guard.is_none() {
                    guard = handed.1.wait(guard);
                }
                let core: Handed = guard.take().unwrap();
                drop(guard);
                run(core);
            }
        });
        let started = Arc::new((Mutex::new(0), Condvar::new()));
        let count = |started: &(Mutex<i32>, Condvar)| {
            *started.0.lock() += 1;
            started.1.notify_all();
        };
        let sibling = Rc::new(Cell::new(None));
        let waits = OnDrop(Some({
            let (pool, handed, sibling) = (pool.clone(), handed.clone(), sibling.clone());
            move || {
                let core = worker::hand_off().expect("this worker is ending");
                *handed.0.lock() = Some(core);
                handed.1.notify_all();
                let sibling: JoinHandle<()> = sibling.take().unwrap();
                assert!(root::wait(sibling).unwrap_err().is_cancelled());
                let mut timer = pin!(Entry::new(pool.wheel().clone(), 10));
                let fired = root::wait(poll_fn(|cx| timer.as_mut().poll_elapsed(cx.waker())));
                assert!(fired.is_ok(), "the wheel was closed");
            }
        }));
        let first = spawn(&pool, &home, {
            let started = started.clone();
            async move {
                let _waits = waits;
                count(&started);
                pending::<()>().await
            }
        });
        sibling.set(Some(spawn(&pool, &home, {
            let started = started.clone();
            async move {
                count(&started);
                pending::<()>().await
            }
        })));
        let workers: Vec<_> = cores
            .into_iter()
            .map(|core| thread::spawn(move || run(core)))
            .collect();
        // Both sleep, or are about to.
        let mut running = started.0.lock();
        while *running < 2 {
            running = started.1.wait(running);
        }
        drop(running);
        let mut threads = workers;
        threads.push(other);
        Running {
            pool,
            home,
            threads,
        }
        .end();
        assert!(first.is_finished());
    });
}

/// Calls a closure when it is dropped.
struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}

/// A worker that sleeps in the reactor until a timer of its own is due, and is late for it, so that somebody else fires that:
/// it sleeps on.
// Mutation: worker/attend.rs, the deadline is not asked for again: it goes round for ever, until the pool ends.
#[test]
fn a_worker_whose_timer_another_has_fired_sleeps_on() {
    explore(2, || {
        let running = start(1, true);
        let fired = Arc::new((Mutex::new(false), Condvar::new()));
        // Does not wake the worker.
        let bell = Waker::from(std::sync::Arc::new(Bell(fired.clone())));
        let wheel = running.pool.wheel().clone();
        let mut timer = pin!(Entry::new(wheel.clone(), 10));
        assert!(timer.as_mut().poll_elapsed(&bell).is_pending());
        // The worker goes to sleep, if it has not,
        thread::yield_now();
        crate::reactor::pass(1_000_000);
        wheel.fire(crate::reactor::now());
        // and goes on for as long as it has something to do.
        thread::yield_now();
        let mut guard = fired.0.lock();
        while !*guard {
            guard = fired.1.wait(guard);
        }
        drop(guard);
        running.end();
    });
}

/// A core that no thread has taken ends its pool, and cancels what is queued.
// Mutation: worker/handed.rs, the drop of `Handed` does not close the pool: deadlock.
#[test]
fn a_core_that_is_dropped_ends_the_pool() {
    explore(2, || {
        let (pool, mut cores) = new(2, false, ParkHooks::default());
        let home = Pool::homes(&pool);
        let core = cores.pop().unwrap();
        let other = thread::spawn(move || run(core));
        let handle = spawn(&pool, &home, pending::<()>());
        drop(cores);
        other.join().unwrap();
        pool.wait_for_tasks();
        assert!(handle.is_finished());
    });
}

/// A task files a timer and then keeps its worker busy, until the timer has fired. The other worker may have gone to sleep
/// before, with nothing to wait for.
// Mutations, worker/attend.rs: `until` leaves the others' wheels out, or `attend` does not look at them: it waits for ever.
// worker/search.rs: `search` does not fire them: it goes round for ever. Nobody calls for the watcher: deadlock.
#[test]
fn a_stuck_workers_timers_are_fired_by_who_waits_in_the_reactor() {
    explore(1, || {
        let running = start(2, true);
        let handle = running.spawn({
            let pool = running.pool.clone();
            async move {
                let fired = Arc::new((Mutex::new(false), Condvar::new()));
                let bell = Waker::from(std::sync::Arc::new(Bell(fired.clone())));
                let mut timer = pin!(Entry::new(pool.wheel().clone(), 10));
                if timer.as_mut().poll_elapsed(&bell).is_ready() {
                    return;
                }
                // What the watcher does, who looks again and again: one of its looks comes after what went before here.
                fence(Ordering::SeqCst);
                pool.rouse();
                let (fired, condvar) = &*fired;
                let mut fired = fired.lock();
                while !*fired {
                    fired = condvar.wait(fired);
                }
            }
        });
        root::block_on(handle).unwrap();
        running.end();
    });
}

struct Bell(Arc<(Mutex<bool>, Condvar)>);

impl Wake for Bell {
    fn wake(self: std::sync::Arc<Self>) {
        *self.0.0.lock() = true;
        self.0.1.notify_all();
    }
}

/// Who finds that no task is left sees what the last one did before it went, with Relaxed on purpose: whether a worker counts it
/// out, or a thread outside that meets the end.
#[test]
fn a_task_that_is_counted_out_has_gone() {
    struct Says(Arc<AtomicUsize>);

    impl Drop for Says {
        fn drop(&mut self) {
            self.0.store(1, Ordering::Relaxed);
        }
    }

    for closed in [false, true] {
        explore(1, move || {
            let mut running = start(1, false);
            if closed {
                running.pool.close();
                running
                    .threads
                    .drain(..)
                    .for_each(|thread| thread.join().unwrap());
            }
            let gone = Arc::new(AtomicUsize::new(0));
            let says = Says(gone.clone());
            let thread = thread::spawn({
                let (pool, gone) = (running.pool.clone(), gone.clone());
                move || {
                    // Before the task is counted in there is none.
                    let (before, live) = (pool.live_tasks(), pool.live_tasks());
                    assert!(before == 0 || live > 0 || gone.load(Ordering::Relaxed) == 1);
                }
            });
            running.spawn(async move { drop(says) }).detach();
            thread.join().unwrap();
            running.end();
        });
    }
}
