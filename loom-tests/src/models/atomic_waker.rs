//! `kernel::atomic_waker`: no wake is lost, and what was done before it is seen.

use super::block_on::block_on;
use super::explore;
use crate::kernel::atomic_waker::AtomicWaker;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use std::future::poll_fn;
use std::task::Poll;

struct Shared {
    done: AtomicUsize,
    waker: AtomicWaker,
}

fn shared() -> Arc<Shared> {
    Arc::new(Shared {
        done: AtomicUsize::new(0),
        waker: AtomicWaker::new(),
    })
}

/// Waits until `done` has reached `goal`: register, then look.
async fn wait(shared: &Shared, goal: usize) {
    poll_fn(|cx| {
        shared.waker.register(cx.waker());
        // Relaxed on purpose: `register` alone must make it visible.
        if shared.done.load(Ordering::Relaxed) == goal {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// A `block_on` that is never woken is reported as a deadlock.
#[test]
fn a_wake_is_never_lost() {
    explore(3, || {
        let shared = shared();
        let waking = shared.clone();
        let thread = thread::spawn(move || {
            waking.done.store(1, Ordering::Relaxed);
            waking.waker.wake();
        });
        block_on(wait(&shared, 1));
        thread.join().unwrap();
    });
}

/// Two wakers at once: one takes, the other may rely on it.
#[test]
fn of_two_wakers_neither_is_lost() {
    explore(2, || {
        let shared = shared();
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let waking = shared.clone();
                thread::spawn(move || {
                    waking.done.fetch_add(1, Ordering::Relaxed);
                    waking.waker.wake();
                })
            })
            .collect();
        block_on(wait(&shared, 2));
        for thread in threads {
            thread.join().unwrap();
        }
    });
}
