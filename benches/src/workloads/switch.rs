//! Switching between tasks.

use crate::peer::{Peer, on_worker};
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

/// Wakes itself and is pending, `times` times.
async fn self_wake(times: u64) {
    for _ in 0..times {
        let mut woken = false;
        poll_fn(|cx| {
            if woken {
                return Poll::Ready(());
            }
            woken = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

/// `tasks` tasks that wake themselves, `switches` times in all.
///
/// Isolates the cost of one switch: wake, queue, dequeue, poll. It cannot show what a real poll costs, nor wakes
/// between threads.
///
/// Floor: a deque push and pop (13 ns on the machine of NOTES.md) and two read-modify-writes (7 ns each).
pub fn self_waking<P: Peer>(peer: &P, tasks: u64, switches: u64) -> Duration {
    let each = switches.div_ceil(tasks);
    on_worker(peer, async move {
        let start = Instant::now();
        let tasks: Vec<_> = (0..tasks).map(|_| P::spawn(self_wake(each))).collect();
        for task in tasks {
            task.await;
        }
        start.elapsed()
    })
}

/// `tasks` tasks that call the peer's `yield_now`, `switches` times in all.
///
/// As [`self_waking`], by the peer's own means, which may promise more: tokio's lets the IO driver run first.
pub fn yielding<P: Peer>(peer: &P, tasks: u64, switches: u64) -> Duration {
    let each = switches.div_ceil(tasks);
    on_worker(peer, async move {
        let start = Instant::now();
        let tasks: Vec<_> = (0..tasks)
            .map(|_| {
                P::spawn(async move {
                    for _ in 0..each {
                        P::yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await;
        }
        start.elapsed()
    })
}

/// One side's flag and waker.
#[derive(Default)]
struct Side {
    turn: AtomicU64,
    waker: Mutex<Option<Waker>>,
}

impl Side {
    async fn wait_for(&self, turn: u64) {
        poll_fn(|cx| {
            if self.turn.load(Ordering::Acquire) >= turn {
                return Poll::Ready(());
            }
            *self.waker.lock().expect("not poisoned") = Some(cx.waker().clone());
            if self.turn.load(Ordering::Acquire) >= turn {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }

    fn give(&self, turn: u64) {
        self.turn.store(turn, Ordering::Release);
        let waker = self.waker.lock().expect("not poisoned").take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Two tasks that wake each other, `rounds` times there and back.
///
/// Isolates a wake from task to task. The workload's own flags and locks are part of the figure, about 110 ns a round.
pub fn ping_pong<P: Peer>(peer: &P, rounds: u64) -> Duration {
    on_worker(peer, async move {
        let ping = Arc::new(Side::default());
        let pong = Arc::new(Side::default());
        let (there, back) = (ping.clone(), pong.clone());
        let start = Instant::now();
        let partner = P::spawn(async move {
            for round in 1..=rounds {
                there.wait_for(round).await;
                back.give(round);
            }
        });
        for round in 1..=rounds {
            ping.give(round);
            pong.wait_for(round).await;
        }
        partner.await;
        start.elapsed()
    })
}
