//! There are no workers in a build without the feature `rt-multi-thread`.

use crate::kernel::deferred;
use crate::kernel::slow::Watched;
use crate::prim::asked;
use std::task::Waker;

/// A worker's core, of which there is none.
#[derive(Debug)]
pub(crate) enum Handed {}

/// What becomes of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    HandedOn,
    Last,
}

impl Handed {
    pub(crate) fn address(&self) -> *const () {
        match *self {}
    }

    pub(crate) fn give_back(self) {
        match self {}
    }

    pub(crate) fn is_spare(&self) -> bool {
        match *self {}
    }

    pub(crate) fn leave(self) -> Outcome {
        match self {}
    }

    pub(crate) fn run(self) -> Outcome {
        match self {}
    }
}

pub(crate) fn hand_off() -> Option<Handed> {
    None
}

pub(crate) fn index_here() -> Option<usize> {
    None
}

pub(super) fn watched_here(_: impl FnOnce(&Watched)) {}

/// Whoever `waker` belongs to, and this thread is polling, yields: it is woken when the others have had their turn.
pub(crate) fn yield_now(waker: &Waker) {
    asked::yielded();
    if !deferred::defer(waker) {
        waker.wake_by_ref();
    }
}

/// A task that this thread is polling has yielded: a scheduler that defers counts that itself.
pub(crate) fn yielded() {}
