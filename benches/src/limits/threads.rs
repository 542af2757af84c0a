//! What two ends pay to reach each other: a cache line, a parked thread, a TCP connection.

use super::{Effort, median};
use crate::process::{pin, processors};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread that is to sleep is left alone before it is woken.
pub(super) const PAUSE: Duration = Duration::from_micros(100);

pub(super) fn cache_line(effort: &Effort) -> Option<f64> {
    if processors().len() < 2 {
        return None;
    }
    /// What the other side is told when there is no further batch.
    const END: u64 = u64::MAX;
    let word = AtomicU64::new(0);
    let word = &word;
    thread::scope(|scope| {
        scope.spawn(move || {
            pin(1).ok()?;
            // Odd numbers are the other side's.
            let mut turn = 1;
            loop {
                match word.load(Ordering::Acquire) {
                    END => return Some(()),
                    seen if seen == turn => {
                        word.store(turn + 1, Ordering::Release);
                        turn += 2;
                    }
                    _ => std::hint::spin_loop(),
                }
            }
        });
        pin(0).ok()?;
        let mut turn = 0;
        let nanoseconds = effort.per_operation(20_000, || {
            word.store(turn + 1, Ordering::Release);
            turn += 2;
            while word.load(Ordering::Acquire) != turn {
                std::hint::spin_loop();
            }
        });
        word.store(END, Ordering::Release);
        Some(nanoseconds)
    })
}

/// A thread that sleeps and one that wakes it, again and again: the median time from the wake to the sleeper's return.
///
/// `sleep` returns once `wake` was called; it may return early, since a wake is told by its number. If `call` is asked
/// for, the figure is the time that `wake` itself took.
pub(super) struct Waking<S, W>
where
    S: FnMut(u64) + Send,
    W: FnMut(&thread::Thread, u64),
{
    /// The processors of the waker and of the sleeper.
    pub(super) processors: (usize, usize),
    /// Sleeps.
    pub(super) sleep: S,
    /// Wakes the sleeper.
    pub(super) wake: W,
    /// Whether the time of the call is measured, and not the time until the sleeper runs.
    pub(super) call: bool,
}

impl<S: FnMut(u64) + Send, W: FnMut(&thread::Thread, u64)> Waking<S, W> {
    pub(super) fn measure(mut self, effort: &Effort) -> Option<f64> {
        let (waking, sleeping) = self.processors;
        if processors().len() <= waking.max(sleeping) {
            return None;
        }
        let wakes = (effort.batches as u32 * 100 / effort.haste).max(30);
        let start = Instant::now();
        let now = || start.elapsed().as_nanos() as u64;
        // The number of the latest wake, when it was, and the answer: the number of the wake that was heard.
        let (rung, rung_at, heard) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let (rung, rung_at, heard) = (&rung, &rung_at, &heard);
        thread::scope(|scope| {
            let mut sleep = self.sleep;
            let sleeper = scope.spawn(move || {
                pin(sleeping).expect("the processor is there");
                let mut latenesses = Vec::new();
                for wake in 1..=u64::from(wakes) {
                    while rung.load(Ordering::Acquire) < wake {
                        sleep(wake);
                    }
                    latenesses.push((now() - rung_at.load(Ordering::Relaxed)) as f64);
                    heard.store(wake, Ordering::Release);
                }
                latenesses
            });
            pin(waking).expect("the processor is there");
            let mut calls = Vec::new();
            for wake in 1..=u64::from(wakes) {
                let pause = Instant::now();
                // Lets the sleeper go to sleep if it shares this processor; else spins, as a busy waker would.
                thread::yield_now();
                while pause.elapsed() < PAUSE {
                    std::hint::spin_loop();
                }
                rung_at.store(now(), Ordering::Relaxed);
                rung.store(wake, Ordering::Release);
                let before = now();
                (self.wake)(sleeper.thread(), wake);
                calls.push((now() - before) as f64);
                while heard.load(Ordering::Acquire) < wake {
                    thread::yield_now();
                }
            }
            let latenesses = sleeper.join().expect("it does not panic");
            Some(median(if self.call { calls } else { latenesses }))
        })
    }
}

pub(super) fn unpark_to_run(effort: &Effort, waker: usize, sleeper: usize) -> Option<f64> {
    Waking {
        processors: (waker, sleeper),
        sleep: |_| thread::park(),
        wake: |sleeper, _| sleeper.unpark(),
        call: false,
    }
    .measure(effort)
}

pub(super) fn tcp(effort: &Effort) -> Option<f64> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    let mut near = TcpStream::connect(listener.local_addr().ok()?).ok()?;
    let (mut far, _) = listener.accept().ok()?;
    near.set_nodelay(true).ok()?;
    far.set_nodelay(true).ok()?;
    let mut message = [1; 64];
    Some(effort.per_operation(5_000, || {
        near.write_all(&message).expect("the far end is alive");
        far.read_exact(&mut message).expect("the near end is alive");
        far.write_all(&message).expect("the near end is alive");
        near.read_exact(&mut message).expect("the far end is alive");
    }))
}
