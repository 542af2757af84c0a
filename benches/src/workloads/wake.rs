//! Waking a runtime that sleeps.

use crate::peer::Peer;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

#[derive(Default)]
struct Bell {
    rung: AtomicBool,
    waker: Mutex<Option<Waker>>,
    /// Nanoseconds from the ring to the poll that heard it, and how often it was heard.
    lateness: AtomicU64,
    heard: AtomicU64,
}

/// A thread outside wakes a task of an idle runtime `wakes` times, 100 µs apart; returns the sum of the times from the
/// `wake` to the task's poll.
///
/// Isolates the wake of a parked worker from another thread. On most machines the kernel's scheduler decides the figure
/// (a halted core takes tens of microseconds to wake), so look at it beside a bare park and unpark.
pub fn from_outside<P: Peer>(peer: &P, wakes: u64) -> Duration {
    let bell = Arc::new(Bell::default());
    let start = Instant::now();
    let rung_at = Arc::new(AtomicU64::new(0));
    let listener = {
        let (bell, rung_at) = (bell.clone(), rung_at.clone());
        peer.spawn_from_outside(async move {
            for _ in 0..wakes {
                poll_fn(|cx| {
                    if bell.rung.swap(false, Ordering::AcqRel) {
                        return Poll::Ready(());
                    }
                    *bell.waker.lock().expect("not poisoned") = Some(cx.waker().clone());
                    if bell.rung.swap(false, Ordering::AcqRel) {
                        return Poll::Ready(());
                    }
                    Poll::Pending
                })
                .await;
                let now = start.elapsed().as_nanos() as u64;
                bell.lateness
                    .fetch_add(now - rung_at.load(Ordering::Acquire), Ordering::Relaxed);
                bell.heard.fetch_add(1, Ordering::Release);
            }
        })
    };
    for wake in 0..wakes {
        // The worker needs time to go to sleep. Spinning keeps this core awake, as a busy thread would.
        let pause = Instant::now();
        while pause.elapsed() < Duration::from_micros(100) {
            std::hint::spin_loop();
        }
        rung_at.store(start.elapsed().as_nanos() as u64, Ordering::Release);
        bell.rung.store(true, Ordering::Release);
        let waker = bell.waker.lock().expect("not poisoned").take();
        if let Some(waker) = waker {
            waker.wake();
        }
        while bell.heard.load(Ordering::Acquire) <= wake {
            std::thread::yield_now();
        }
    }
    peer.block_on(listener);
    Duration::from_nanos(bell.lateness.load(Ordering::Relaxed))
}
