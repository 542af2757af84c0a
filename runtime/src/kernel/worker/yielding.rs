//! Tasks that yield with nothing else to run: what they wait for comes from outside, so somebody has to look.

use super::current;
use crate::kernel::here;
use crate::kernel::local::Local;

/// A task that this thread is polling yields, by its own will or for lack of budget.
#[inline]
pub(crate) fn yielded() {
    if here::with(|here| here.yields.count()) {
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
    Local::hurry_here();
}
