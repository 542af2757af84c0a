//! What is counted: programs that do a given number of operations and nothing else.

use crate::peer::{Peer, Timers, on_worker};
use crate::peers::{Leno, Smol, Tokio};
use crate::workloads::{spawn, switch};
use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// A program on one peer.
pub(super) struct Subject {
    /// What the table calls it.
    pub(super) name: &'static str,
    /// How many operations the shorter of its two runs does.
    pub(super) operations: u64,
    /// What of it is worth counting.
    pub(super) counted: Counted,
    /// Does so many operations with so many workers.
    pub(super) run: fn(usize, u64),
}

/// What is counted of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// Instructions.
    Instructions,
    /// Instructions, and how often it allocates.
    InstructionsAndAllocations,
    /// How often it allocates, and the bytes that stay.
    Memory,
}

/// The peers that are counted.
pub(super) const PEERS: [&str; 3] = [Leno::NAME, Tokio::NAME, Smol::NAME];

/// The subjects on the peer of this name; empty if there is none.
pub(super) fn of(peer: &str) -> Vec<Subject> {
    match peer {
        Leno::NAME => on::<Leno>(),
        Tokio::NAME => on::<Tokio>(),
        Smol::NAME => on::<Smol>(),
        _ => Vec::new(),
    }
}

fn on<P: Timers>() -> Vec<Subject> {
    use Counted::{Instructions, InstructionsAndAllocations, Memory};
    let subject = |name, operations, counted, run| Subject {
        name,
        operations,
        counted,
        run,
    };
    vec![
        subject("self-wake, 100 tasks", 20_000, Instructions, |w, n| {
            switch::self_waking(&P::start(w), 100, n);
        }),
        subject("yield_now, 100 tasks", 20_000, Instructions, |w, n| {
            switch::yielding(&P::start(w), 100, n);
        }),
        subject("ping-pong", 10_000, Instructions, |w, n| {
            switch::ping_pong(&P::start(w), n);
        }),
        subject("wake, 100 sleeping tasks", 20_000, Instructions, |w, n| {
            wake(&P::start(w), n);
        }),
        subject(
            "spawn+join, batches of 1000",
            10_000,
            InstructionsAndAllocations,
            |w, n| {
                spawn::batches(&P::start(w), n);
            },
        ),
        subject(
            "spawn+join, one at a time",
            10_000,
            InstructionsAndAllocations,
            |w, n| {
                spawn::one_at_a_time(&P::start(w), n);
            },
        ),
        subject(
            "timer, create and cancel",
            10_000,
            InstructionsAndAllocations,
            |w, n| cancelled_timers(&P::start(w), n),
        ),
        subject("idle task, empty state", 20_000, Memory, |w, n| {
            idle(P::start(w), n, pending);
        }),
        subject("idle task, 100-byte state", 20_000, Memory, |w, n| {
            idle(P::start(w), n, || async {
                let state = [1_u8; 100];
                pending::<()>().await;
                std::hint::black_box(&state);
            });
        }),
    ]
}

/// Sleeping tasks that one task wakes, all of them, again and again.
///
/// Isolates the wake of a task that sleeps, its way through the queue and a poll. Their wakers are registered once, so
/// that no lock is taken for it.
fn wake<P: Peer>(peer: &P, wakes: u64) {
    const TASKS: u64 = 100;
    on_worker(peer, async move {
        let polled = Arc::new(AtomicU64::new(0));
        let wakers = Arc::new(Mutex::new(Vec::<Waker>::new()));
        for _ in 0..TASKS {
            let (polled, wakers) = (Arc::clone(&polled), Arc::clone(&wakers));
            let registered = Cell::new(false);
            let sleeper = poll_fn(move |cx: &mut Context<'_>| {
                if !registered.replace(true) {
                    let waker = cx.waker().clone();
                    wakers.lock().expect("not poisoned").push(waker);
                }
                polled.fetch_add(1, Ordering::Release);
                Poll::<()>::Pending
            });
            // Neither joined nor cancelled: the process ends with them asleep.
            let _ = std::mem::ManuallyDrop::new(P::spawn(sleeper));
        }
        let all_polled = async |times: u64| {
            while polled.load(Ordering::Acquire) < times * TASKS {
                P::yield_now().await;
            }
        };
        all_polled(1).await;
        let wakers = std::mem::take(&mut *wakers.lock().expect("not poisoned"));
        for round in 0..wakes.div_ceil(TASKS) {
            for waker in &wakers {
                waker.wake_by_ref();
            }
            all_polled(round + 2).await;
        }
    });
}

/// Timers of an hour, each polled once and dropped.
fn cancelled_timers<P: Timers>(peer: &P, timers: u64) {
    on_worker(peer, async move {
        for _ in 0..timers {
            let mut sleep = pin!(P::sleep(Duration::from_secs(3600)));
            let polled = poll_fn(|cx| Poll::Ready(sleep.as_mut().poll(cx).is_ready()));
            assert!(!polled.await, "an hour has not passed");
        }
    });
}

/// Tasks that wait for ever.
pub(crate) fn idle<P: Peer, F>(peer: P, tasks: u64, task: fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    on_worker(&peer, async move {
        for spawned in 0..tasks {
            // The handle is forgotten, so that nothing but the task is counted.
            let _ = std::mem::ManuallyDrop::new(P::spawn(task()));
            // Lets them go to sleep, or the queue would grow with their number, and be counted too.
            if spawned % 100 == 0 {
                P::yield_now().await;
            }
        }
    });
    // Every task has to be polled once: one that comes after them all has seen them go to sleep.
    for _ in 0..3 {
        on_worker(&peer, P::yield_now());
    }
    // The runtime is left alone, for its memory is what is measured; the process ends after this.
    let _ = std::mem::ManuallyDrop::new(peer);
}
