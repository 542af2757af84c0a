//! The cooperative budget: how much one poll may do before it lets the other tasks run.
//!
//! A task whose channel is never empty and whose socket is always ready would otherwise never return from
//! its poll. So each poll starts with [`PER_POLL`] units, every leaf future spends one for each piece of
//! progress, and at zero the leaf wakes its task and returns pending. Off a runtime the budget is unlimited.

use crate::kernel::here::Refused;
use crate::kernel::{deferred, here, waiting};
use crate::prim::asked;
use std::cell::Cell;
use std::marker::PhantomData;
use std::task::{Context, Poll, ready};

/// Units given to each poll of a task.
pub(crate) const PER_POLL: u8 = 128;

/// What a poll starts with. In a simulation none: so each leaf asks whether it may go on.
#[inline(always)]
pub(crate) fn of_a_poll() -> u8 {
    if asked::asks() { 0 } else { PER_POLL }
}

/// What a worker gives to each poll: [`PER_POLL`], unless a test of the simulation has budgets drawn.
#[inline(always)]
pub(crate) fn of_a_turn() -> u8 {
    asked::budget().unwrap_or(PER_POLL)
}

/// No budget applies: outside a task, on a blocking thread, under `unconstrained`.
pub(crate) const UNLIMITED: u8 = u8::MAX;

/// A unit that a simulation has given: it counts those itself.
const SIMULATED: u8 = UNLIMITED - 1;

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
        if asked::go_on(|| waiting::is_lent(cx.waker())) {
            return Poll::Ready(RestoreOnPending::new(SIMULATED));
        }
        return exhausted(cx);
    }
    Poll::Ready(RestoreOnPending::new(budget))
}

/// What a leaf does that has found the budget at zero: it yields.
#[cold]
pub(crate) fn exhausted<T>(cx: &mut Context<'_>) -> Poll<T> {
    refuse(Refused::Yields);
    if !deferred::defer(cx.waker()) {
        cx.waker().wake_by_ref();
    }
    Poll::Pending
}

/// Notes that a leaf has asked for a unit, in vain.
#[cold]
pub(crate) fn refuse(refused: Refused) {
    here::with(|here| here.refused.set(here.refused.get().max(refused)));
}

/// What a poll has made of its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "there may be no `leno::test`")]
pub(crate) struct Spent {
    /// Leaves have got on.
    pub(crate) any: bool,
    /// What those have done for which there was nothing left.
    pub(crate) refused: Refused,
}

/// Calls `poll` with a budget of `units`, and tells what has become of it.
#[allow(dead_code, reason = "there may be no `leno::test`")]
pub(crate) fn counted<R>(units: u8, poll: impl FnOnce() -> R) -> (R, Spent) {
    let before = here::with(|here| here.refused.replace(Refused::Nobody));
    let (result, left) = with_budget(units, || {
        let result = poll();
        (result, here::with(|here| here.budget.get()))
    });
    let refused = here::with(|here| here.refused.replace(before));
    let any = left < units;
    (result, Spent { any, refused })
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

/// Spends one unit if `attempt` gets something; None, without an attempt, if no unit is left.
///
/// One look at the thread-local for what [`poll_budgeted`] needs two for. So `attempt` must not call foreign
/// code: what that spends would be given back.
#[inline]
pub(crate) fn attempt<T, E>(
    cx: &Context<'_>,
    attempt: impl FnOnce() -> Result<T, E>,
) -> Option<Result<T, E>> {
    here::with(|here| {
        let budget = here.budget.get();
        if budget == 0 {
            return asked::go_on(|| waiting::is_lent(cx.waker())).then(|| {
                let result = attempt();
                if result.is_err() {
                    asked::gives_back();
                }
                result
            });
        }
        let result = attempt();
        if result.is_ok() {
            here.budget.set(budget - u8::from(budget != UNLIMITED));
        }
        Some(result)
    })
}

/// As [`attempt`](fn@attempt); wakes the task and is pending if no unit is left.
#[inline]
pub(crate) fn poll_attempt<T, E>(
    cx: &mut Context<'_>,
    attempt: impl FnOnce() -> Result<T, E>,
) -> Poll<Result<T, E>> {
    match self::attempt(cx, attempt) {
        Some(result) => Poll::Ready(result),
        None => exhausted(cx),
    }
}

/// Spends a unit if there is one, for progress that did not depend on it.
pub(crate) fn spend() {
    here::with(|here| {
        let budget = here.budget.get();
        if budget != 0 {
            here.budget.set(budget - u8::from(budget != UNLIMITED));
        }
    });
}

/// True if the running task has units left.
pub(crate) fn has_remaining() -> bool {
    here::with(|here| here.budget.get() != 0) || asked::may_go_on()
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

/// A unit of budget: spent for good once [`made_progress`](Self::made_progress) was called, given back otherwise when
/// this is dropped.
///
/// Giving back restores what the budget was before the unit was taken.
///
/// # Examples
///
/// A source of one's own that takes part in the cooperation:
///
/// ```
/// use leno::task::coop;
/// use std::future::poll_fn;
/// use std::task::Poll;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut source = vec!['b', 'a'];
/// let next = poll_fn(|cx| {
///     let unit = std::task::ready!(coop::poll_proceed(cx));
///     let Some(letter) = source.pop() else {
///         // Nothing was there: the unit is given back.
///         return Poll::Pending;
///     };
///     unit.made_progress();
///     Poll::Ready(letter)
/// });
/// assert_eq!(next.await, 'a');
/// # });
/// ```
#[derive(Debug)]
#[must_use = "the unit is given back when this is dropped"]
pub struct RestoreOnPending {
    /// The budget before, or [`UNLIMITED`] if there is nothing to restore.
    before: Cell<u8>,
    /// The budget is this thread's.
    _not_send: PhantomData<*mut ()>,
}

impl RestoreOnPending {
    #[inline]
    fn new(before: u8) -> Self {
        Self {
            before: Cell::new(before),
            _not_send: PhantomData,
        }
    }

    /// Says that the task got on, so that the unit stays spent.
    #[inline]
    pub fn made_progress(&self) {
        self.before.set(UNLIMITED);
    }
}

impl Drop for RestoreOnPending {
    #[inline]
    fn drop(&mut self) {
        // An unlimited budget was not spent from, so there is nothing to restore.
        let before = self.before.get();
        if asked::IS_POSSIBLE && before == SIMULATED {
            asked::gives_back();
        } else if before != UNLIMITED {
            here::with(|here| here.budget.set(before));
        }
    }
}
