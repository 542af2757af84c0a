//! The idle protocol: queued work and sleeping workers do not stay together.

use super::explore;
use crate::kernel::idle::Idle;
use crate::kernel::seat::Seat;
use crate::prim::atomic::{AtomicUsize, Ordering};
use crate::prim::{Arc, Condvar, Mutex};
use loom::thread;

/// Workers with one queue, which is weaker than the deque: looking into it has no fence at all, so the protocol's own
/// must do.
struct Pool {
    idle: Idle,
    seats: Vec<Arc<Seat>>,
    head: AtomicUsize,
    tail: AtomicUsize,
}

impl Pool {
    fn new(workers: usize) -> Arc<Self> {
        let seats: Vec<_> = (0..workers).map(|_| Arc::new(Seat::new(None))).collect();
        Arc::new(Self {
            idle: Idle::new(seats.clone().into_boxed_slice(), workers),
            seats,
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
        })
    }

    fn push(&self) {
        self.tail.fetch_add(1, Ordering::Release);
        self.idle.pushed();
    }

    fn is_empty(&self) -> bool {
        self.head.load(Ordering::Relaxed) >= self.tail.load(Ordering::Relaxed)
    }

    fn pop(&self) -> bool {
        let mut head = self.head.load(Ordering::Relaxed);
        while head < self.tail.load(Ordering::Acquire) {
            match self
                .head
                .compare_exchange(head, head + 1, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => return true,
                Err(now) => head = now,
            }
        }
        false
    }
}

/// A worker's loop as far as it concerns the protocol; see `kernel::worker`.
struct Worker {
    pool: Arc<Pool>,
    index: usize,
    searching: bool,
    owes: bool,
    /// The next sleep ends at once, as if an event had come instead of a token.
    event: bool,
}

impl Worker {
    /// A worker that searches.
    fn new(pool: &Arc<Pool>, index: usize) -> Self {
        Self {
            searching: pool.idle.start_searching(),
            pool: pool.clone(),
            index,
            owes: false,
            event: false,
        }
    }

    fn with_event(pool: &Arc<Pool>, index: usize) -> Self {
        Self {
            event: true,
            ..Self::new(pool, index)
        }
    }

    /// A task, or `None` when the pool is closed.
    fn next(&mut self) -> Option<()> {
        loop {
            if self.pool.pop() {
                if std::mem::take(&mut self.searching) {
                    self.pool.idle.found(|| !self.pool.is_empty());
                }
                return Some(());
            }
            if self.pool.idle.is_closed() {
                return None;
            }
            if self.searching || !self.pool.idle.start_searching() {
                self.sleep();
            }
            self.searching = true;
        }
    }

    fn sleep(&mut self) {
        let Self { pool, index, .. } = self;
        let seat = &*pool.seats[*index];
        if std::mem::take(&mut self.owes) {
            seat.collect();
        }
        pool.idle.announce(*index, self.searching);
        if !pool.is_empty() || pool.idle.is_closed() {
            self.owes = pool.idle.take_back(*index);
        } else if std::mem::take(&mut self.event) {
            // Events take time: here others go on.
            thread::yield_now();
            self.owes = pool.idle.take_back(*index);
        } else if !seat.park(None).token {
            self.owes = pool.idle.take_back(*index);
        }
    }

    /// What a worker does at its end: whoever sent a token counts on its being there.
    fn end(&mut self) {
        if std::mem::take(&mut self.owes) {
            self.pool.seats[self.index].collect();
        }
    }
}

/// A task that is pushed while the only worker goes to sleep is run, also if the worker is woken by something else.
#[test]
fn a_push_reaches_a_worker_that_falls_asleep() {
    for event in [false, true] {
        explore(3, move || {
            let pool = Pool::new(1);
            let worker = thread::spawn({
                let pool = pool.clone();
                move || {
                    let mut worker = Worker {
                        event,
                        ..Worker::new(&pool, 0)
                    };
                    worker.next().unwrap();
                    worker.next().unwrap();
                    worker.end();
                }
            });
            pool.push();
            pool.push();
            worker.join().unwrap();
        });
    }
}

/// Two threads that push at a time wake one sleeper, once, for both.
#[test]
fn two_pushers_share_a_sleeper() {
    explore(2, || {
        let pool = Pool::new(1);
        let worker = thread::spawn({
            let pool = pool.clone();
            move || {
                let mut worker = Worker::with_event(&pool, 0);
                worker.next().unwrap();
                worker.next().unwrap();
                worker.end();
            }
        });
        let pusher = thread::spawn({
            let pool = pool.clone();
            move || pool.push()
        });
        pool.push();
        pusher.join().unwrap();
        worker.join().unwrap();
    });
}

/// Two tasks that both need a worker to themselves get one each, though the wake for the second was left out because
/// a worker was searching.
#[test]
fn two_long_tasks_start_on_two_workers() {
    explore(2, || {
        let pool = Pool::new(2);
        let started = Arc::new((Mutex::new(0), Condvar::new()));
        let workers = [0, 1].map(|index| {
            thread::spawn({
                let (pool, started) = (pool.clone(), started.clone());
                move || {
                    let mut worker = Worker::new(&pool, index);
                    worker.next().unwrap();
                    let (count, condvar) = &*started;
                    let mut count = count.lock();
                    *count += 1;
                    condvar.notify_all();
                    while *count < 2 {
                        count = condvar.wait(count);
                    }
                }
            })
        });
        pool.push();
        pool.push();
        for worker in workers {
            worker.join().unwrap();
        }
    });
}

/// Closing wakes everybody, and the task that was pushed before is not forgotten.
#[test]
fn closing_wakes_everybody() {
    for (preemptions, pushes) in [(2, 0), (1, 1)] {
        explore(preemptions, move || {
            let pool = Pool::new(2);
            let workers = [true, false].map(|event| {
                thread::spawn({
                    let pool = pool.clone();
                    move || {
                        let mut worker = Worker {
                            event,
                            ..Worker::new(&pool, usize::from(event))
                        };
                        let mut done = 0;
                        while worker.next().is_some() {
                            done += 1;
                        }
                        worker.end();
                        done
                    }
                })
            });
            for _ in 0..pushes {
                pool.push();
            }
            pool.idle.close();
            let mut done = 0;
            for worker in workers {
                done += worker.join().unwrap();
            }
            done += usize::from(pool.pop());
            assert_eq!(done, pushes);
        });
    }
}
