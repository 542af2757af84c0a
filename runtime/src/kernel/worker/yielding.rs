//! Tasks that yield with nothing else to run: what they wait for comes from outside, so somebody has to look.

use super::current;
use crate::kernel::deferred;
use crate::kernel::here;
use crate::prim::asked;
use std::task::Waker;

/// Whoever `waker` belongs to, and this thread is polling, yields: it is woken when the others have had their turn.
#[inline]
pub(crate) fn yield_now(waker: &Waker) {
    asked::yielded();
    if !deferred::defer(waker) {
        yielded();
        waker.wake_by_ref();
    }
}

/// A task that this thread is polling has yielded, by its own will or for lack of budget.
#[inline]
pub(crate) fn yielded() {
    // A scheduler that defers counts them itself.
    if here::with(|here| here.deferred.get().is_null() && here.yields.count()) {
        hurry();
    }
}

#[cold]
fn hurry() {
    current(|core| {
        if core.deque.is_empty() && core.slot().peek().is_null() {
            core.intervals.hurry();
            core.tick.set(core.intervals.step());
        }
    });
}
