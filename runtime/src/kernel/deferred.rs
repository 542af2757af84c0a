//! Who yields: the tasks and roots that a scheduler polls again once all that is ready, and what that sets off, has had its
//! turn.
//!
//! A clone of the waker is kept until then, whoever it belongs to: a task, a root, or a combinator that polls many futures. So
//! a task that has yielded sleeps like any other, and what else wakes or aborts it before its turn does so at once. The last
//! comes first, as with tokio.
//!
//! A scheduler that defers has one [`Deferred`], and says that it is this thread's for as long as it polls. Where none
//! does, whoever yields is woken at once.

use crate::kernel::foreign;
use crate::kernel::here;
use std::cell::RefCell;
use std::task::Waker;

/// What has yielded on one thread.
#[derive(Debug)]
pub(crate) struct Deferred {
    /// Never borrowed across foreign code.
    wakers: RefCell<Vec<Waker>>,
}

impl Deferred {
    pub(crate) const fn new() -> Self {
        Self {
            wakers: RefCell::new(Vec::new()),
        }
    }

    /// True if anybody has yielded.
    pub(crate) fn any(&self) -> bool {
        !self.wakers.borrow().is_empty()
    }

    /// Wakes all who have yielded, the last one first.
    pub(crate) fn resume(&self) {
        if !self.any() {
            return;
        }
        let mut wakers = self.wakers.take();
        for waker in wakers.drain(..).rev() {
            foreign::call(|| waker.wake());
        }
        // The memory is for the next ones, unless these wakers have brought some already.
        let mut next = self.wakers.borrow_mut();
        if next.is_empty() {
            *next = wakers;
        }
    }

    fn defer(&self, waker: &Waker) {
        // Several futures of one task may have no budget left.
        let is_last = |wakers: &[Waker]| wakers.last().is_some_and(|last| last.will_wake(waker));
        if !is_last(&self.wakers.borrow()) {
            let waker = waker.clone();
            self.wakers.borrow_mut().push(waker);
        }
    }
}

/// Whoever `waker` belongs to yields: it is woken after the others. False, and nothing has been done, if nobody defers on this
/// thread.
#[inline]
pub(crate) fn defer(waker: &Waker) -> bool {
    let deferred = here::with(|here| here.deferred.get()).cast::<Deferred>();
    // SAFETY: set by a scheduler to what it holds for as long as it polls on this thread, and put back after that.
    match unsafe { deferred.as_ref() } {
        Some(deferred) => {
            deferred.defer(waker);
            true
        }
        None => false,
    }
}
