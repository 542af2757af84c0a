//! The cooperative budget: how much one poll may do before it lets the other tasks run.
//!
//! A task whose channel is never empty and whose socket is always ready would otherwise never return from
//! its poll. So each poll starts with [`PER_POLL`] units, every leaf future spends one for each piece of
//! progress, and at zero the leaf wakes its task and returns pending. Off a runtime the budget is unlimited.

use super::here;
use std::task::{Context, Poll, ready};

/// Units given to each poll of a task.
pub(crate) const PER_POLL: u8 = 128;

/// No budget applies: outside a task, on a blocking thread, under `unconstrained`.
pub(crate) const UNLIMITED: u8 = u8::MAX;

/// Spends one unit, or wakes the task and is pending if none is left.
///
/// The unit comes back when the returned guard is dropped without [`RestoreOnPending::made_progress`].
#[inline]
pub(crate) fn poll_proceed(cx: &mut Context<'_>) -> Poll<RestoreOnPending> {
    let budget = here::with(|here| {
        let budget = here.budget.get();
        if budget != UNLIMITED && budget != 0 {
            here.budget.set(budget - 1);
        }
        budget
    });
    if budget == 0 {
        return exhausted(cx);
    }
    Poll::Ready(RestoreOnPending(budget))
}

#[cold]
fn exhausted(cx: &mut Context<'_>) -> Poll<RestoreOnPending> {
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// Polls `poll` for one unit of budget, which is given back if it is pending.
#[inline]
pub(crate) fn poll_budgeted<T>(
    cx: &mut Context<'_>,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    let unit = ready!(poll_proceed(cx));
    let result = poll(cx);
    if result.is_ready() {
        unit.made_progress();
    }
    result
}

/// True if the running task has units left.
pub(crate) fn has_remaining() -> bool {
    here::with(|here| here.budget.get() != 0)
}

/// Sets the budget for the length of a closure, and the previous one after it, also if it panics.
#[inline]
pub(crate) fn with_budget<R>(budget: u8, f: impl FnOnce() -> R) -> R {
    struct Restore(u8);
    impl Drop for Restore {
        fn drop(&mut self) {
            here::with(|here| here.budget.set(self.0));
        }
    }
    let _restore = Restore(here::with(|here| here.budget.replace(budget)));
    f()
}

/// A unit of budget: spent by [`made_progress`](Self::made_progress), given back otherwise.
#[derive(Debug)]
#[must_use = "the unit is given back when this is dropped"]
pub struct RestoreOnPending(u8);

impl RestoreOnPending {
    /// Keeps the unit spent.
    #[inline]
    pub fn made_progress(mut self) {
        self.0 = UNLIMITED;
    }
}

impl Drop for RestoreOnPending {
    #[inline]
    fn drop(&mut self) {
        // An unlimited budget was not spent from, so there is nothing to restore.
        if self.0 != UNLIMITED {
            here::with(|here| here.budget.set(self.0));
        }
    }
}
