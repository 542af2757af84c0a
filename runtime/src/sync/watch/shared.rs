//! What the two halves of a watch channel share: the value, its version, and who waits.
//!
//! ```text
//!   state:  63 ................................ 1 │    0
//!             version: how many values were sent  │ CLOSED: all senders are gone
//! ```
//!
//! | transition | by | when |
//! | --- | --- | --- |
//! | version + 1 | `change` | under the value's lock for writing, after the change |
//! | CLOSED | `drop_sender` | the last sender goes; no transition follows |
//!
//! The two sides of the protocol:
//!
//! ```text
//!   change                                  wait_for_version_other_than
//!   1. lock, change the value               1. make a future of `changed`
//!   2. version + 1, unlock                  2. load the state: another version? closed? done
//!   3. `changed.notify_waiters()`           3. await the future, and again from 1
//! ```
//!
//! Nothing is lost: a future of [`Notify`] is reached by every `notify_waiters` that comes after it was made.
//! If the sender's 3 comes after the receiver's 1, the receiver is notified; if before, the future's creation
//! acquires what the sender did before its 3, so the receiver's 2 finds the new version. Closing is the same
//! with CLOSED for the version, and so is the way back, with the number of receivers and `closed`.
//!
//! Who holds the value's lock for reading sees exactly the value of the version: both change under the lock
//! for writing. So a receiver that marks the version it loads under the lock has seen that value and no
//! older one.
//!
//! The version wraps around after 2^63 values (2^31 on 32-bit targets): a receiver that sleeps through
//! exactly so many believes that it has seen the last.

use super::super::Notify;
use super::error::RecvError;
use crate::kernel::budget;
use crate::prim::RwLock;
use crate::prim::asked;
use crate::prim::atomic::{AtomicUsize, Ordering};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;

const CLOSED: usize = 1;
const STEP: usize = 2;

/// Which value: the state without CLOSED.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Version(usize);

/// The state as it was at one moment.
#[derive(Clone, Copy)]
pub(super) struct State(usize);

pub(super) struct Shared<T> {
    pub(super) value: RwLock<T>,
    state: AtomicUsize,
    senders: AtomicUsize,
    receivers: AtomicUsize,
    /// The version has changed, or CLOSED is set.
    changed: Notify,
    /// The last receiver is gone.
    closed: Notify,
}

impl Version {
    /// The one before: who has seen that has not seen the present value.
    #[inline]
    pub(super) fn before(self) -> Self {
        Self(self.0.wrapping_sub(STEP))
    }
}

impl State {
    #[inline]
    pub(super) fn version(self) -> Version {
        Version(self.0 & !CLOSED)
    }

    #[inline]
    pub(super) fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }
}

impl<T> Shared<T> {
    /// A channel with one sender and no receiver.
    pub(super) fn new(value: T) -> Self {
        Self {
            value: RwLock::new(value),
            state: AtomicUsize::new(0),
            senders: AtomicUsize::new(1),
            receivers: AtomicUsize::new(0),
            changed: Notify::new(),
            closed: Notify::new(),
        }
    }

    pub(super) fn state(&self) -> State {
        asked::looks(self);
        // Ordering: Acquire pairs with the Release of `change` and `drop_sender`: who learns of them sees what
        // the sender did before, also without a look at the value.
        State(self.state.load(Ordering::Acquire))
    }

    /// Lets `modify` change the value, and tells the receivers if it returns true.
    pub(super) fn change(&self, modify: impl FnOnce(&mut T) -> bool) -> bool {
        asked::changes(self);
        let mut value = self.value.write();
        // If it panics, the guard unlocks and nobody is told.
        if !modify(&mut value) {
            return false;
        }
        // Ordering: Release pairs with `state`.
        self.state.fetch_add(STEP, Ordering::Release);
        drop(value);
        self.changed.notify_waiters();
        true
    }

    /// Waits until the version is not `seen`; an error if it never will be.
    pub(super) async fn wait_for_version_other_than(
        &self,
        seen: Version,
    ) -> Result<Version, RecvError> {
        loop {
            let changed = self.changed.notified();
            let state = self.state();
            if state.version() != seen {
                return Ok(state.version());
            }
            if state.is_closed() {
                return Err(RecvError(()));
            }
            changed.await;
        }
    }

    /// Waits until there is no receiver.
    pub(super) async fn wait_for_no_receiver(&self) {
        loop {
            let closed = self.closed.notified();
            if self.receivers() == 0 {
                return;
            }
            closed.await;
        }
    }

    pub(super) fn senders(&self) -> usize {
        asked::looks(&self.senders);
        // Ordering: Relaxed, a number and nothing more.
        self.senders.load(Ordering::Relaxed)
    }

    pub(super) fn receivers(&self) -> usize {
        asked::looks(self);
        // Ordering: Acquire pairs with `drop_receiver`: who finds no receiver sees what they did before.
        self.receivers.load(Ordering::Acquire)
    }

    pub(super) fn add_sender(&self) {
        asked::changes(&self.senders);
        // Ordering: Relaxed, the caller has a sender: the count cannot reach 0 meanwhile.
        self.senders.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add_receiver(&self) {
        asked::changes(self);
        // Ordering: Relaxed. If the count was 0, a `closed` may or may not notice that it was.
        self.receivers.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn drop_sender(&self) {
        asked::changes(self);
        asked::changes(&self.senders);
        // Ordering: Release and Acquire: the last sender closes after what the others did, and so tells of it.
        if self.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            // Ordering: Release pairs with `state`.
            self.state.fetch_or(CLOSED, Ordering::Release);
            self.changed.notify_waiters();
        }
    }

    pub(super) fn drop_receiver(&self) {
        asked::changes(self);
        // Ordering: Release pairs with `receivers`; a chain of them is one release sequence.
        if self.receivers.fetch_sub(1, Ordering::Release) == 1 {
            self.closed.notify_waiters();
        }
    }
}

/// Awaits `future` for one unit of budget.
pub(super) async fn in_budget<F: Future>(mut future: Pin<&mut F>) -> F::Output {
    poll_fn(|cx| budget::poll_budgeted(cx, |cx| future.as_mut().poll(cx))).await
}

impl fmt::Debug for Version {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // How many values were sent.
        (self.0 / STEP).fmt(f)
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ordering: Relaxed, a snapshot; so are the others.
        let state = State(self.state.load(Ordering::Relaxed));
        f.debug_struct("Shared")
            .field("value", &self.value)
            .field("version", &state.version())
            .field("is_closed", &state.is_closed())
            .field("senders", &self.senders())
            .field("receivers", &self.receivers())
            .finish()
    }
}
