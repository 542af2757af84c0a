//! Who yields: the tasks and roots that a scheduler polls again once all that is ready, and what that sets off, has had its
//! turn.
//!
//! ```text
//!   yields with            what happens                               resumed by
//!   its own task's waker   it wakes itself, and the poller is told    being queued: no atomic, no count
//!   (of a set)             ... the set, which yields in its turn      being queued, when the set is polled in a later round
//!   any other waker        a clone of that is kept                    being woken
//! ```
//!
//! A scheduler that defers has one [`Deferred`], and says that it is this thread's for as long as it polls. Where none
//! does, whoever yields is woken at once.
//!
//! Other wakers are those of a root, and of the combinators that poll many futures: one of these
//! that was woken at once would be polled again in the same poll.

use crate::kernel::here;
use std::cell::{Cell, RefCell};
use std::task::Waker;

/// What has yielded on one thread.
#[derive(Debug)]
pub(crate) struct Deferred {
    /// The address of the task that the scheduler is polling, or 0. One that is polled within it is another's.
    polled: Cell<usize>,
    /// That task has woken itself to yield.
    yielded: Cell<bool>,
    /// So has the task of a set that is polled within it, or within the root.
    yielded_in_set: Cell<bool>,
    /// Counts the times that all who had yielded were resumed.
    round: Cell<u64>,
    /// Never borrowed across foreign code.
    wakers: RefCell<Vec<Waker>>,
}

impl Deferred {
    pub(crate) const fn new() -> Self {
        Self {
            polled: Cell::new(0),
            yielded: Cell::new(false),
            yielded_in_set: Cell::new(false),
            round: Cell::new(0),
            wakers: RefCell::new(Vec::new()),
        }
    }

    /// Polls a task by calling `run`; true if it has yielded with its own waker.
    #[inline(always)]
    pub(crate) fn poll<R>(&self, task: *const (), run: impl FnOnce() -> R) -> (R, bool) {
        self.polled.set(task.addr());
        let result = run();
        self.polled.set(0);
        (result, self.yielded.replace(false))
    }

    /// True while a task is being polled.
    pub(crate) fn is_polling(&self) -> bool {
        self.polled.get() != 0
    }

    /// True if there is a waker to be woken.
    pub(crate) fn any(&self) -> bool {
        !self.wakers.borrow().is_empty()
    }

    /// The wakers, in the order in which they came: all who have yielded are being resumed.
    pub(crate) fn take(&self) -> Vec<Waker> {
        self.round.set(self.round.get() + 1);
        self.wakers.take()
    }

    fn defer(&self, waker: &Waker) {
        let polled = self.polled.get();
        let running = here::with(|here| here.running.get().addr());
        if running != 0 && running == waker.data().addr() {
            let yielded = if running == polled {
                &self.yielded
            } else {
                &self.yielded_in_set
            };
            yielded.set(true);
            waker.wake_by_ref();
        } else {
            // Several futures of one task may have no budget left.
            let is_last =
                |wakers: &[Waker]| wakers.last().is_some_and(|last| last.will_wake(waker));
            if !is_last(&self.wakers.borrow()) {
                let waker = waker.clone();
                self.wakers.borrow_mut().push(waker);
            }
        }
    }
}

/// Whoever `waker` belongs to yields: it is woken after the others. False, and nothing has been done, if nobody defers on this
/// thread.
#[inline]
pub(crate) fn defer(waker: &Waker) -> bool {
    on_this_thread(|deferred| deferred.defer(waker)).is_some()
}

/// A round of whoever defers on this thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Round {
    deferred: usize,
    number: u64,
}

/// The present round. None if nobody defers on this thread.
pub(crate) fn round() -> Option<Round> {
    on_this_thread(|deferred| Round {
        deferred: (&raw const *deferred).addr(),
        number: deferred.round.get(),
    })
}

/// Polls a task of a set by calling `run`; true if it has yielded with its own waker.
#[inline]
pub(crate) fn poll_in_set<R>(run: impl FnOnce() -> R) -> (R, bool) {
    // A set in a task of a set.
    let outer = on_this_thread(|deferred| deferred.yielded_in_set.replace(false));
    let result = run();
    let yielded =
        on_this_thread(|deferred| deferred.yielded_in_set.replace(outer.unwrap_or(false)));
    (result, yielded.unwrap_or(false))
}

/// Calls `f` with what defers on this thread.
#[inline]
fn on_this_thread<R>(f: impl FnOnce(&Deferred) -> R) -> Option<R> {
    let deferred = here::with(|here| here.deferred.get()).cast::<Deferred>();
    // SAFETY: set by a scheduler to what it holds for as long as it polls on this thread, and put back after that.
    unsafe { deferred.as_ref() }.map(f)
}
