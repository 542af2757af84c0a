//! Nobody is asked.

use std::panic::Location;

/// There is no simulation.
pub(crate) const IS_POSSIBLE: bool = false;

/// Nobody counts.
#[inline(always)]
pub(crate) const fn gives_back() {}

/// False: this thread is in no simulation.
#[inline(always)]
pub(crate) const fn asks() -> bool {
    false
}

/// False: there is nothing to be outside of.
#[inline(always)]
pub(crate) const fn is_outside() -> bool {
    false
}

/// False: no root is a simulation's.
#[inline(always)]
pub(crate) const fn is_root(_root: *const ()) -> bool {
    false
}

/// Nobody refuses anything.
#[inline(always)]
pub(crate) const fn refuse(_why: &'static str) {}

/// Nobody wants to know.
#[inline(always)]
pub(crate) fn panicked(_payload: &(dyn std::any::Any + Send)) {}

/// False: a budget that is over is over.
#[inline(always)]
pub(crate) fn go_on(_is_runtimes: impl FnOnce() -> bool) -> bool {
    false
}

/// False: a budget that is over is over.
#[inline(always)]
pub(crate) const fn may_go_on() -> bool {
    false
}

/// `None`: polls begin with the budget that they always have.
#[inline(always)]
pub(crate) const fn budget() -> Option<u8> {
    None
}

/// `None`: the thread's generator is seeded as it seeds itself.
#[inline(always)]
pub(crate) const fn draw(_count: u32) -> Option<u32> {
    None
}

/// `None`: the thread's generator is seeded as it seeds itself.
#[inline(always)]
pub(crate) const fn another() -> Option<u64> {
    None
}

/// Nobody wants to know.
#[inline(always)]
pub(crate) fn born(
    _id: u64,
    _place: impl FnOnce() -> (&'static Location<'static>, Option<String>),
) {
}

/// Nobody wants to know.
#[inline(always)]
pub(crate) const fn is_closure(_id: u64) {}

/// The first, if there is one.
pub(crate) fn choose(mut ready: impl Iterator<Item = u64>) -> Option<usize> {
    ready.next().map(|_| 0)
}

/// Nobody wants to know.
#[inline(always)]
pub(crate) const fn yielded() {}

/// Nobody wants to know.
#[inline(always)]
pub(crate) fn looks<T: ?Sized>(_what: *const T) {}

/// Nobody wants to know.
#[inline(always)]
pub(crate) fn changes<T: ?Sized>(_what: *const T) {}
