//! Programs of the corpus on shuttle's tasks: what leno's are, with shuttle's semaphore for leno's locks.
//!
//! None of them fails while something is locked: shuttle would drop the guard where it has ended the run already, and abort.

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
        self.0.semaphore.release(1);
    }
}

/// The programs: their names, and what runs them, mended or not.
pub(super) const PROGRAMS: &super::Programs = &[
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
