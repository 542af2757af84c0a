//! `sync::batch_semaphore`: permits are neither lost nor invented, and cancelling hands on.

use super::block_on::block_on;
use super::explore;
use crate::sync::batch_semaphore::Semaphore;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// What a permit protects; loom reports two threads in it, or one that does not see the other's write.
struct Guarded {
    semaphore: Semaphore,
    data: UnsafeCell<usize>,
}

// SAFETY: that it is is what the models check.
unsafe impl Sync for Guarded {}

fn guarded(permits: usize) -> Arc<Guarded> {
    Arc::new(Guarded {
        semaphore: Semaphore::new(permits),
        data: UnsafeCell::new(0),
    })
}

impl Guarded {
    async fn add_one(&self, permits: usize) {
        self.semaphore.acquire(permits).await.unwrap();
        self.set(self.get() + 1);
        self.semaphore.release(permits);
    }

    fn get(&self) -> usize {
        // SAFETY: only called by whom the semaphore lets; loom checks it.
        self.data.with(|data| unsafe { *data })
    }

    fn set(&self, value: usize) {
        // SAFETY: as above.
        self.data.with_mut(|data| unsafe { *data = value });
    }
}

#[test]
fn who_acquires_sees_what_was_done_before_and_is_alone() {
    explore(3, || {
        let guarded = guarded(1);
        let other = guarded.clone();
        let thread = thread::spawn(move || block_on(other.add_one(1)));
        block_on(guarded.add_one(1));
        thread.join().unwrap();
        assert_eq!(guarded.semaphore.available_permits(), 1);
        assert_eq!(guarded.get(), 2);
    });
}

/// Permits for a large request arrive one by one, from two threads.
#[test]
fn permits_in_parts_add_up() {
    explore(2, || {
        let semaphore = Arc::new(Semaphore::new(0));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let semaphore = semaphore.clone();
                thread::spawn(move || semaphore.release(1))
            })
            .collect();
        block_on(semaphore.acquire(2)).unwrap();
        assert_eq!(semaphore.available_permits(), 0);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// A waiter that gives up while a release is on its way hands the permit on.
#[test]
fn who_cancels_hands_on() {
    explore(2, || {
        let semaphore = Arc::new(Semaphore::new(0));
        let cancelling = semaphore.clone();
        let cancels = thread::spawn(move || {
            block_on(async {
                let mut acquire = pin!(cancelling.acquire(1));
                // Polled once, then dropped, whether it was ready or not.
                poll_fn(|cx| match acquire.as_mut().poll(cx) {
                    Poll::Ready(_) => {
                        cancelling.release(1);
                        Poll::Ready(())
                    }
                    Poll::Pending => Poll::Ready(()),
                })
                .await;
            });
        });
        let releasing = semaphore.clone();
        let releases = thread::spawn(move || releasing.release(1));
        block_on(semaphore.acquire(1)).unwrap();
        cancels.join().unwrap();
        releases.join().unwrap();
        assert_eq!(semaphore.available_permits(), 0);
    });
}

/// Whoever waits when the semaphore closes is told, sees what was done before, and a part it held goes back.
#[test]
fn closing_tells_everyone_who_waits() {
    explore(3, || {
        let guarded = guarded(1);
        let closing = guarded.clone();
        let thread = thread::spawn(move || {
            closing.set(1);
            closing.semaphore.close();
        });
        assert!(block_on(guarded.semaphore.acquire(2)).is_err());
        assert_eq!(guarded.get(), 1);
        thread.join().unwrap();
        assert_eq!(guarded.semaphore.available_permits(), 1);
    });
}

/// One releases a permit, another looks: if `look` says that it was there, what was done before is seen.
fn shows_what_was_done(look: fn(&Semaphore) -> bool) {
    explore(3, move || {
        let guarded = guarded(0);
        let other = guarded.clone();
        let thread = thread::spawn(move || {
            other.set(1);
            other.semaphore.release(1);
        });
        let looks = guarded.clone();
        let looks = thread::spawn(move || {
            if look(&looks.semaphore) {
                assert_eq!(looks.get(), 1);
            }
        });
        thread.join().unwrap();
        looks.join().unwrap();
    });
}

#[test]
fn who_counts_permits_sees_what_was_done_under_them() {
    shows_what_was_done(|semaphore| semaphore.available_permits() == 1);
}

#[test]
fn who_forgets_permits_sees_what_was_done_under_them() {
    shows_what_was_done(|semaphore| semaphore.forget_permits(1) == 1);
}

/// A permit is there, and the close comes between the look and the step that would take it.
#[test]
fn who_is_refused_at_the_last_moment_sees_what_was_done_before_the_close() {
    explore(3, || {
        let guarded = guarded(1);
        let other = guarded.clone();
        let thread = thread::spawn(move || {
            other.set(1);
            other.semaphore.close();
        });
        if guarded.semaphore.try_acquire(1).is_err() {
            assert_eq!(guarded.get(), 1);
        }
        thread.join().unwrap();
    });
}

/// More permits come than the only one who waits has asked for: who takes the rest sees what was done under it.
#[test]
fn what_is_left_over_by_who_waits_comes_with_what_was_done() {
    explore(3, || {
        let guarded = guarded(0);
        let mut waiting = pin!(guarded.semaphore.acquire(1));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        let releases = thread::spawn({
            let guarded = guarded.clone();
            move || {
                guarded.set(1);
                guarded.semaphore.release(2);
            }
        });
        let takes = thread::spawn({
            let guarded = guarded.clone();
            move || {
                if guarded.semaphore.try_acquire(1).is_ok() {
                    assert_eq!(guarded.get(), 1);
                }
            }
        });
        releases.join().unwrap();
        takes.join().unwrap();
        assert!(waiting.poll(&mut cx).is_ready());
    });
}
