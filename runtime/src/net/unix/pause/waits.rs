//! Being woken at a time, where neither the runtime's timers nor descriptors may be needed for it.
//!
//! One thread, which belongs to no runtime, wakes all whose time has come. It is started with the first one that waits, and
//! ends when for some seconds there has been nobody.
//!
//! A mutex holds the waits, and whether the thread is there. The thread takes those out that are due and sleeps, by a
//! condition variable with that mutex, until the next one is: so it misses nobody who comes in between. A newcomer rings only
//! if it is the first. Who gives up is taken out, and the thread finds nothing at that time.
//!
//! A child that was forked has waits of its own: those that it has inherited are its parent's, as the thread is.

use crate::kernel::foreign;
use crate::prim::process::PerProcess;
use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread;
use std::time::{Duration, Instant};

static SHARED: PerProcess<Shared> = PerProcess::new();

#[derive(Default)]
struct Shared {
    waits: Mutex<Waits>,
    bell: Condvar,
}

#[derive(Default)]
struct Waits {
    wakers: BTreeMap<Key, Waker>,
    has_thread: bool,
}

/// The time, and a number for each wait.
type Key = (Instant, u64);

/// How long the thread stays if nobody waits.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Somebody who waits for a time, until this is dropped.
#[derive(Debug)]
pub(super) struct Wait(Key);

impl Wait {
    /// Begins to wait: `waker` is woken once.
    #[inline]
    pub(super) fn until(time: Instant, waker: &Waker) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // A number for each; it orders nothing.
        let key = (time, NEXT.fetch_add(1, Ordering::Relaxed));
        let waker = waker.clone();
        let mut waits = lock();
        if !waits.has_thread {
            let started = thread::Builder::new()
                .name("leno-pause".to_owned())
                .spawn(wake_the_due);
            if let Err(error) = started {
                drop(waits);
                return Err(io::Error::other(format!(
                    "the system cannot start a thread that tells when to try again: {error}. Raise its limit of threads"
                )));
            }
            waits.has_thread = true;
        }
        waits.wakers.insert(key, waker);
        let is_first = waits.wakers.keys().next() == Some(&key);
        drop(waits);
        if is_first {
            SHARED.get().bell.notify_one();
        }
        Ok(Self(key))
    }

    /// True if the time has come; otherwise `waker` is woken then, in place of the one before.
    #[inline]
    pub(super) fn is_over(&self, waker: &Waker) -> bool {
        if Instant::now() >= self.0.0 {
            return true;
        }
        let mut waits = lock();
        let replaced = match waits.wakers.get_mut(&self.0) {
            Some(there) if there.will_wake(waker) => None,
            Some(there) => Some(mem::replace(there, waker.clone())),
            // It has just come; or this is a child that has inherited the wait.
            None => return true,
        };
        drop(waits);
        // Foreign code, hence outside of the lock.
        drop(replaced);
        false
    }
}

impl Drop for Wait {
    #[inline]
    fn drop(&mut self) {
        let waker = lock().wakers.remove(&self.0);
        drop(waker);
    }
}

#[inline]
fn lock() -> MutexGuard<'static, Waits> {
    // Nothing in here panics half-way.
    let waits = &SHARED.get().waits;
    waits.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the thread does.
#[inline]
fn wake_the_due() {
    let mut waits = lock();
    loop {
        let now = Instant::now();
        let later = waits.wakers.split_off(&(now, u64::MAX));
        let due = mem::replace(&mut waits.wakers, later);
        if !due.is_empty() {
            drop(waits);
            for waker in due.into_values() {
                foreign::call(|| waker.wake());
            }
            waits = lock();
            continue;
        }
        let next = waits.wakers.keys().next().map(|&(time, _)| time - now);
        let time = next.unwrap_or(KEEP_ALIVE);
        let (guard, result) = SHARED
            .get()
            .bell
            .wait_timeout(waits, time)
            .unwrap_or_else(PoisonError::into_inner);
        waits = guard;
        if next.is_none() && result.timed_out() && waits.wakers.is_empty() {
            waits.has_thread = false;
            return;
        }
    }
}
