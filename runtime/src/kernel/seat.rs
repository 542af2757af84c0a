//! Where one thread sleeps: a word, and the two places it can wait in.
//!
//! ```text
//!   word:   3       2       1        0
//!        POLLING │ PARKED │ POKED │ TOKEN
//! ```
//!
//! | bits | meaning |
//! | --- | --- |
//! | 0 | the owner is awake and nobody has called |
//! | TOKEN | a reservation is being handed over (see [`idle`](super::idle)); kept until the owner collects it |
//! | POKED | somebody wants the owner to look around; forgotten if the owner is awake |
//! | PARKED | the owner waits on the condition variable, or is about to |
//! | POLLING | the owner waits in the reactor, or is about to |
//!
//! All changes are read-modify-writes of the one word, so their order decides every race: either the owner's
//! step to PARKED (POLLING) finds the caller's bit and it does not wait, or the caller's step finds the
//! owner's bit and signals. The condition variable's mutex is held between the owner's look and its wait, and
//! taken by the caller before it signals; the reactor's waker is level-triggered until a turn consumes it.
//!
//! Orderings: what preceded an unpark is visible after the park that returns for it: the caller's `or` is a
//! Release, the owner's `swap` an Acquire.

use crate::prim::atomic::{AtomicU32, Ordering};
use crate::prim::{Condvar, Mutex, alarm, reactor};
use std::time::Duration;

const TOKEN: u32 = 1;
const POKED: u32 = 1 << 1;
const PARKED: u32 = 1 << 2;
const POLLING: u32 = 1 << 3;

/// Who called while the owner slept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Called {
    /// There was a token.
    pub(crate) token: bool,
    /// There was a token or a poke.
    pub(crate) any: bool,
}

/// A place to sleep for one thread, its owner at the time.
#[derive(Debug)]
pub(crate) struct Seat {
    word: AtomicU32,
    lock: Mutex<()>,
    condvar: Condvar,
    /// Pokes the reactor that the owner may be waiting in.
    reactor: Option<reactor::Handle>,
}

impl Seat {
    pub(crate) fn new(reactor: Option<reactor::Handle>) -> Self {
        Self {
            word: AtomicU32::new(0),
            lock: Mutex::new(()),
            condvar: Condvar::new(),
            reactor,
        }
    }

    // ----- any thread ---------------------------------------------------------------------------------

    /// Hands the owner a token and wakes it.
    pub(crate) fn unpark(&self) {
        self.call(TOKEN);
    }

    /// Wakes the owner if it sleeps, so that it looks around.
    pub(crate) fn poke(&self) {
        self.call(POKED);
    }

    /// True if the owner waits in the reactor, or is about to.
    pub(crate) fn is_polling(&self) -> bool {
        // Ordering: Relaxed, a hint.
        self.word.load(Ordering::Relaxed) & POLLING != 0
    }

    fn call(&self, bit: u32) {
        // Ordering: Release, for the owner's `swap`.
        let before = self.word.fetch_or(bit, Ordering::Release);
        if before & (TOKEN | POKED) != 0 {
            // Whoever set that bit first signals, or the owner was awake to see it.
        } else if before & PARKED != 0 {
            // Between the owner's look at the word and its wait lies this lock.
            drop(self.lock.lock());
            self.condvar.notify_one();
        } else if before & POLLING != 0 {
            self.wake_reactor();
        }
    }

    #[cold]
    fn wake_reactor(&self) {
        let Some(reactor) = &self.reactor else {
            unreachable!("a thread polls a reactor that its seat does not know");
        };
        // The only way to fail is a full or closed eventfd: full is awake already, and it is closed only
        // with the reactor, when nobody waits in it.
        let _ = reactor.wake();
    }

    // ----- the owner ----------------------------------------------------------------------------------

    /// Nobody has called so far.
    #[allow(dead_code, reason = "there may be no simulation")]
    pub(crate) fn forget(&self) {
        // Ordering: Relaxed, there is nobody else.
        self.word.store(0, Ordering::Relaxed);
    }

    /// Waits for a token, a poke, or the end of `timeout`.
    pub(crate) fn park(&self, timeout: Option<Duration>) -> Called {
        if self.enter(PARKED) {
            let mut guard = self.lock.lock();
            // Ordering: Relaxed; `leave` acquires.
            while self.word.load(Ordering::Relaxed) & (TOKEN | POKED) == 0 {
                match timeout {
                    None => guard = self.condvar.wait(guard),
                    Some(timeout) => {
                        // A wait that ends early makes the owner look around: harmless.
                        alarm::finely(|| drop(self.condvar.wait_timeout(guard, timeout)));
                        break;
                    }
                }
            }
        }
        self.leave()
    }

    /// Waits in the reactor by calling `turn`, which must not wait if it is given `false`: then somebody has called
    /// already.
    pub(crate) fn poll(&self, turn: impl FnOnce(bool)) -> Called {
        turn(self.enter(POLLING));
        self.leave()
    }

    /// Waits until the token that is on its way is there.
    pub(crate) fn collect(&self) {
        while !self.park(None).token {}
    }

    /// awake → about to wait; false if somebody has called.
    fn enter(&self, place: u32) -> bool {
        // Ordering: Relaxed; this step publishes nothing, and `leave` acquires.
        self.word.fetch_or(place, Ordering::Relaxed) & (TOKEN | POKED) == 0
    }

    /// → awake.
    fn leave(&self) -> Called {
        // Ordering: Acquire, for the callers' `or`s.
        let word = self.word.swap(0, Ordering::Acquire);
        Called {
            token: word & TOKEN != 0,
            any: word & (TOKEN | POKED) != 0,
        }
    }
}
