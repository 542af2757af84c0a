//! Programs of the corpus on the threads of shuttle and of loom, from the same source: both have std's names, and each includes this file
//! beside its own.
//!
//! Where leno's program awaits, these block. `lost_notify` is what leno does not find, since it lies within a poll.

use super::sync::{Arc, Condvar, Mutex};
use super::thread;

/// The programs: their names, and what runs them, mended or not.
pub(crate) const PROGRAMS: &super::super::Programs = &[
    ("dining_3", dining_3),
    ("lock_inversion", lock_inversion),
    ("rmw_across_await", rmw_across_await),
    ("lost_notify_await", |mended| lost_notify(mended, true)),
    ("lost_notify", |mended| lost_notify(mended, false)),
];

fn dining_3(mended: bool) {
    let forks: Vec<_> = (0..3).map(|_| Arc::new(Mutex::new(()))).collect();
    let philosophers: Vec<_> = (0..3)
        .map(|seat| {
            let (left, right) = (seat, (seat + 1) % 3);
            let (first, second) = match mended {
                true => (left.min(right), left.max(right)),
                false => (left, right),
            };
            let (first, second) = (Arc::clone(&forks[first]), Arc::clone(&forks[second]));
            thread::spawn(move || {
                let _first = first.lock().unwrap();
                let _second = second.lock().unwrap();
            })
        })
        .collect();
    for philosopher in philosophers {
        philosopher.join().unwrap();
    }
}

fn transfer(accounts: &[Mutex<i64>; 2], from: usize, to: usize, mended: bool) {
    let (first, second) = match mended {
        true => (from.min(to), from.max(to)),
        false => (from, to),
    };
    let mut first_guard = accounts[first].lock().unwrap();
    let mut second_guard = accounts[second].lock().unwrap();
    let sign = if first == from { 1 } else { -1 };
    *first_guard -= sign;
    *second_guard += sign;
}

fn lock_inversion(mended: bool) {
    let accounts = Arc::new([Mutex::new(10), Mutex::new(10)]);
    let others = Arc::clone(&accounts);
    let other = thread::spawn(move || transfer(&others, 0, 1, mended));
    transfer(&accounts, 1, 0, mended);
    other.join().unwrap();
}

fn rmw_across_await(mended: bool) {
    let counter = Arc::new(Mutex::new(0));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let counter = Arc::clone(&counter);
            thread::spawn(move || {
                if mended {
                    *counter.lock().unwrap() += 1;
                } else {
                    let read = *counter.lock().unwrap();
                    *counter.lock().unwrap() = read + 1;
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*counter.lock().unwrap(), 2, "an update is lost");
}

/// Looks whether it is ready, perhaps writes to a log, then waits for the news without looking again.
fn lost_notify(mended: bool, logs: bool) {
    let service = Arc::new((Mutex::new(false), Condvar::new(), Mutex::new(0)));
    let starting = Arc::clone(&service);
    let starting = thread::spawn(move || {
        let (ready, news, _) = &*starting;
        *ready.lock().unwrap() = true;
        news.notify_all();
    });
    let (ready, news, log) = &*service;
    if mended {
        let mut is_ready = ready.lock().unwrap();
        while !*is_ready {
            is_ready = news.wait(is_ready).unwrap();
        }
    } else {
        let is_ready = *ready.lock().unwrap();
        if !is_ready {
            if logs {
                *log.lock().unwrap() += 1;
            }
            drop(news.wait(ready.lock().unwrap()).unwrap());
        }
    }
    starting.join().unwrap();
}
