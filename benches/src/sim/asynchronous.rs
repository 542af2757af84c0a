//! Programs of the corpus on shuttle's tasks: what leno's are, with shuttle's semaphore for leno's locks.

use ::shuttle::future::batch_semaphore::{BatchSemaphore, Fairness};
use ::shuttle::future::{block_on, spawn, yield_now};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// An asynchronous lock: shuttle has the semaphore, but not the lock on top.
///
/// What is locked is kept by std's mutex, which is always free then, so that it is no point of the schedule.
struct Lock<T> {
    semaphore: BatchSemaphore,
    value: Mutex<T>,
}

struct Guard<'a, T>(&'a Lock<T>);

impl<T> Lock<T> {
    fn new(value: T) -> Self {
        Self {
            semaphore: BatchSemaphore::new(1, Fairness::StrictlyFair),
            value: Mutex::new(value),
        }
    }

    async fn lock(&self) -> Guard<'_, T> {
        self.semaphore.acquire(1).await.expect("it is never closed");
        Guard(self)
    }
}

impl<T> Guard<'_, T> {
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.0.value.lock().expect("nobody panics with it"))
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        // Where a run has failed, shuttle drops its tasks, and may have forgotten what they locked.
        if !std::thread::panicking() {
            self.0.semaphore.release(1);
        }
    }
}

/// The programs: their names, and what runs them, mended or not.
pub(super) const PROGRAMS: &super::Programs = &[
    ("dining_3", |mended| block_on(dining_3(mended))),
    ("lock_inversion", |mended| block_on(lock_inversion(mended))),
    ("rmw_across_await", |mended| {
        block_on(rmw_across_await(mended))
    }),
    ("semaphore_upgrade", |mended| {
        block_on(semaphore_upgrade(mended))
    }),
    ("check_then_act", |mended| block_on(check_then_act(mended))),
    ("six_switches", |mended| block_on(six_switches(mended))),
];

/// `tasks` tasks that yield `yields` times each.
pub(super) fn yields(tasks: usize, yields: usize) {
    block_on(async {
        let tasks: Vec<_> = (0..tasks)
            .map(|_| {
                spawn(async move {
                    for _ in 0..yields {
                        yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

async fn dining_3(mended: bool) {
    let forks: Vec<_> = (0..3).map(|_| Arc::new(Lock::new(()))).collect();
    let philosophers: Vec<_> = (0..3)
        .map(|seat| {
            let (left, right) = (seat, (seat + 1) % 3);
            let (first, second) = match mended {
                true => (left.min(right), left.max(right)),
                false => (left, right),
            };
            let (first, second) = (Arc::clone(&forks[first]), Arc::clone(&forks[second]));
            spawn(async move {
                let _first = first.lock().await;
                let _second = second.lock().await;
                yield_now().await;
            })
        })
        .collect();
    for philosopher in philosophers {
        philosopher.await.unwrap();
    }
}

async fn transfer(accounts: Arc<[Lock<i64>; 2]>, from: usize, to: usize, mended: bool) {
    let (first, second) = match mended {
        true => (from.min(to), from.max(to)),
        false => (from, to),
    };
    let first_guard = accounts[first].lock().await;
    let second_guard = accounts[second].lock().await;
    let sign = if first == from { 1 } else { -1 };
    first_guard.with(|balance| *balance -= sign);
    second_guard.with(|balance| *balance += sign);
}

async fn lock_inversion(mended: bool) {
    let accounts = Arc::new([Lock::new(10), Lock::new(10)]);
    let other = spawn(transfer(Arc::clone(&accounts), 0, 1, mended));
    transfer(accounts, 1, 0, mended).await;
    other.await.unwrap();
}

async fn rmw_across_await(mended: bool) {
    let counter = Arc::new(Lock::new(0));
    let tasks: Vec<_> = (0..2)
        .map(|_| {
            let counter = Arc::clone(&counter);
            spawn(async move {
                if mended {
                    counter.lock().await.with(|count| *count += 1);
                } else {
                    let read = counter.lock().await.with(|count| *count);
                    counter.lock().await.with(|count| *count = read + 1);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let count = counter.lock().await.with(|count| *count);
    assert_eq!(count, 2, "an update is lost");
}

async fn semaphore_upgrade(mended: bool) {
    let semaphore = Arc::new(BatchSemaphore::new(2, Fairness::StrictlyFair));
    let tasks: Vec<_> = (0..2)
        .map(|_| {
            let semaphore = Arc::clone(&semaphore);
            spawn(async move {
                if mended {
                    semaphore.acquire(2).await.unwrap();
                } else {
                    semaphore.acquire(1).await.unwrap();
                    semaphore.acquire(1).await.unwrap();
                }
                semaphore.release(2);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// A load that takes a yield in the place of time.
async fn check_then_act(mended: bool) {
    let cache = Arc::new(Lock::new(None));
    let loads = Arc::new(AtomicU32::new(0));
    let requests: Vec<_> = (0..3)
        .map(|_| {
            let (cache, loads) = (Arc::clone(&cache), Arc::clone(&loads));
            spawn(async move {
                let load = async || {
                    loads.fetch_add(1, Ordering::Relaxed);
                    yield_now().await;
                };
                if mended {
                    let place = cache.lock().await;
                    if place.with(|value| value.is_none()) {
                        load().await;
                        place.with(|value| *value = Some(7));
                    }
                } else if cache.lock().await.with(|value| value.is_none()) {
                    load().await;
                    cache.lock().await.with(|value| *value = Some(7));
                }
            })
        })
        .collect();
    for request in requests {
        request.await.unwrap();
    }
    assert_eq!(loads.load(Ordering::Relaxed), 1, "loaded more than once");
}

async fn six_switches(mended: bool) {
    let state = Arc::new(AtomicU32::new(0));
    let tasks: Vec<_> = (0..2)
        .map(|own| {
            let state = Arc::clone(&state);
            spawn(async move {
                for step in 0..3 {
                    let from = 2 * step + own;
                    // If it is not the other one that came before, the state stays as it is.
                    let _ =
                        state.compare_exchange(from, from + 1, Ordering::SeqCst, Ordering::SeqCst);
                    if !mended {
                        yield_now().await;
                    }
                }
                yield_now().await;
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert!(state.load(Ordering::SeqCst) < 6, "the bad state is reached");
}
