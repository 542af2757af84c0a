//! The watcher: it does not sleep while a worker is awake.

use super::explore;
use crate::kernel::idle::Idle;
use crate::kernel::seat::Seat;
use crate::kernel::watcher::{NAP, Watcher};
use crate::prim::Arc;
use loom::thread;

struct Pool {
    idle: Idle,
    seats: Vec<Arc<Seat>>,
    watcher: Watcher,
}

impl Pool {
    /// One whose workers all sleep, though their threads do not wait yet.
    fn new(workers: usize) -> Arc<Self> {
        let seats: Vec<_> = (0..workers).map(|_| Arc::new(Seat::new(None))).collect();
        let idle = Idle::new(seats.clone().into_boxed_slice(), workers);
        for index in 0..workers {
            idle.announce(index, false);
        }
        Arc::new(Self {
            idle,
            seats,
            watcher: Watcher::new(),
        })
    }
}

/// A thread that looks once: it sleeps as soon as everyone does.
fn watch(pool: &Arc<Pool>) -> thread::JoinHandle<()> {
    let pool = pool.clone();
    thread::spawn(move || {
        let looked = std::cell::Cell::new(false);
        pool.watcher.run(
            0,
            || !looked.get() && !pool.idle.is_closed(),
            || pool.idle.all_sleep(),
            || {
                looked.set(true);
                // What it would find: here it ends instead, and does not wait for the next look.
                pool.watcher.close();
                NAP
            },
        );
    })
}

/// A worker that wakes up by itself and stays awake is looked at.
#[test]
fn whoever_wakes_up_is_looked_at() {
    explore(3, || {
        let pool = Pool::new(1);
        let watcher = watch(&pool);
        assert!(!pool.idle.take_back(0));
        pool.watcher.awake();
        watcher.join().unwrap();
    });
}

/// Likewise a worker that is woken, which is counted out of the sleepers by another thread.
#[test]
fn whoever_is_woken_is_looked_at() {
    explore(2, || {
        let pool = Pool::new(2);
        let watcher = watch(&pool);
        let worker = thread::spawn({
            let pool = pool.clone();
            move || {
                assert!(pool.seats[0].park(None).token);
                pool.watcher.awake();
            }
        });
        pool.idle.pushed();
        worker.join().unwrap();
        watcher.join().unwrap();
    });
}

/// The end ends the watcher as well, wherever it is.
// Mutations: watcher.rs, `close` does not poke: deadlock.
#[test]
fn the_watcher_ends_with_the_pool() {
    explore(3, || {
        let pool = Pool::new(1);
        let watcher = watch(&pool);
        assert!(!pool.idle.take_back(0));
        pool.watcher.awake();
        pool.idle.close();
        pool.watcher.close();
        watcher.join().unwrap();
    });
}
