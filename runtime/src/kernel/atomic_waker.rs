//! A place for one waker, shared between the one who waits and any number of those who wake.
//!
//! The idea is the well-known one of futures' `AtomicWaker`: a word says who may touch the place, and a
//! waker that finds the waiter in the middle of registering leaves a note instead of waiting for it.
//!
//! ```text
//!   word                    meaning                                   who may touch the place
//!   WAITING      0          nobody is busy                            nobody
//!   REGISTERING  1          the waiter stores its waker               the waiter
//!   WAKING       2          a waker takes the waker out               that waker
//!   both         3          woken while registering                   the waiter
//!
//!   register   WAITING → REGISTERING            begin; WAKING: someone is waking right now, so wake the new
//!                                               waker and leave the place alone
//!              REGISTERING → WAITING            end; REGISTERING|WAKING → WAITING: take it out and wake it
//!   take       WAITING → WAKING → WAITING       take it out
//!              other → | WAKING                 leave the note: the one who is busy does the rest
//! ```
//!
//! What it promises: if `take` (or `wake`) comes after `register` in the word's modification order, it finds
//! the waker. If it comes before, `register` acquires what `take` released: **what the waking side did
//! before `take` is visible to the waiter after `register`**. So "register, then look again" on one side and
//! "do, then wake" on the other lose nothing, without a fence.
//!
//! A waker is foreign code and may panic. Its `clone` runs while the word is REGISTERING: a guard ends the
//! registration as if the old waker had been registered again. `wake` and `drop` run when the word is free.

use crate::prim::UnsafeCell;
use crate::prim::atomic::{AtomicU32, Ordering};
use crate::prim::{const_fn, hint};
use std::fmt;
use std::task::Waker;

const WAITING: u32 = 0;
const REGISTERING: u32 = 1;
const WAKING: u32 = 2;

/// A place for one waker; see the module's header.
pub(crate) struct AtomicWaker {
    state: AtomicU32,
    waker: UnsafeCell<Option<Waker>>,
}

// SAFETY: the place is only touched by whom the word names, and the word's acquire and release hand it over.
unsafe impl Sync for AtomicWaker {}

impl AtomicWaker {
    const_fn! {
        /// An empty place.
        pub(crate) const fn new() -> Self {
            Self {
                state: AtomicU32::new(WAITING),
                waker: UnsafeCell::new(None),
            }
        }
    }

    /// Stores `waker`, to be woken by the next [`wake`](Self::wake).
    ///
    /// One thread at a time may do this. A second one that does it all the same is woken at once: nothing
    /// is torn, but the two keep each other awake.
    pub(crate) fn register(&self, waker: &Waker) {
        // Ordering: Acquire receives the place, and what was done before a `take`, from its release; on
        // failure it does so for the latter's sake: the caller looks again because it is woken.
        if self
            .state
            .compare_exchange(WAITING, REGISTERING, Ordering::Acquire, Ordering::Acquire)
            .is_err()
        {
            waker.wake_by_ref();
            // The other side has two instructions to go.
            hint::spin_loop();
            return;
        }
        // Ends the registration when dropped, whether this returns or the clone panics.
        let end = EndOfRegistration(self);
        // SAFETY: the word is REGISTERING, by us, so the place is ours.
        let same = self
            .waker
            .with(|place| unsafe { matches!(&*place, Some(old) if old.will_wake(waker)) });
        let old = if same {
            None
        } else {
            let new = waker.clone();
            // SAFETY: as above; the clone is made, so nothing foreign runs while the reference lives.
            self.waker
                .with_mut(|place| unsafe { (*place).replace(new) })
        };
        drop(end);
        drop(old);
    }

    /// Takes the registered waker out, if there is one.
    ///
    /// None also if the waiter is registering at this moment, or someone else is taking it: they do the waking.
    #[must_use = "the waker that was taken must be woken"]
    pub(crate) fn take(&self) -> Option<Waker> {
        // Ordering: Acquire receives the place from the registration's release; Release publishes what was
        // done before to a registration that comes later, or is going on.
        if self.state.fetch_or(WAKING, Ordering::AcqRel) != WAITING {
            return None;
        }
        // SAFETY: the word went from WAITING to WAKING, by us, so the place is ours.
        let waker = self.waker.with_mut(|place| unsafe { (*place).take() });
        // Ordering: Release hands the place to the next REGISTERING or WAKING. A read-modify-write, because
        // another `take` may have come meanwhile, and what it released must reach the next registration.
        self.state.fetch_and(!WAKING, Ordering::Release);
        waker
    }

    /// Wakes the registered waker, if there is one.
    pub(crate) fn wake(&self) {
        if let Some(waker) = self.take() {
            waker.wake();
        }
    }
}

impl fmt::Debug for AtomicWaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AtomicWaker")
    }
}

/// Gives the place back, and does what a `take` has left to do meanwhile.
struct EndOfRegistration<'a>(&'a AtomicWaker);

impl Drop for EndOfRegistration<'_> {
    fn drop(&mut self) {
        let this = self.0;
        // Ordering: Release hands the place, with the waker, to the next `take`. Acquire on failure receives
        // what the `take` that left the note has published.
        if this
            .state
            .compare_exchange(REGISTERING, WAITING, Ordering::Release, Ordering::Acquire)
            .is_ok()
        {
            return;
        }
        // SAFETY: the word is REGISTERING|WAKING: a `take` left a note and went away, the place is still ours.
        let waker = this.waker.with_mut(|place| unsafe { (*place).take() });
        // Ordering: Release hands the place over; Acquire receives what further `take`s have published.
        this.state.swap(WAITING, Ordering::AcqRel);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
