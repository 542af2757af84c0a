//! No poll tells where its task stands in a build without the feature `introspection`: there are no [rounds](Rounds) of anybody
//! who asks.

use super::cell::Header;
use super::id::Id;
use crate::kernel::captures::Rounds;
use crate::kernel::scope::Node;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::task::Waker;

/// What a leaf waits for.
#[derive(Debug)]
pub(crate) struct WaitsFor {
    pub(crate) what: What,
    pub(crate) address: usize,
}

/// A kind of thing to wait for.
#[derive(Debug)]
pub(crate) enum What {
    Permits,
    Lock {
        holder: Option<LockHolder>,
        ticket: u64,
    },
    Task(Id),
    Deadline(u64),
    End,
    Cancel,
}

/// A task that holds a lock.
#[derive(Debug)]
pub(crate) struct LockHolder;

impl LockHolder {
    pub(crate) fn new(_mark: u64, _was_handed: bool) -> Option<Self> {
        None
    }
}

/// What a poll tells, which has no value.
#[derive(Debug)]
pub(super) enum Capture {}

impl Capture {
    /// # Safety
    ///
    /// None; as the function that this stands for.
    pub(super) unsafe fn new(_task: NonNull<Header>, rounds: Rounds) -> Self {
        match rounds {}
    }

    pub(super) fn waker(&self) -> ManuallyDrop<Waker> {
        match *self {}
    }

    pub(super) fn within<R>(&self, _f: impl FnOnce() -> R) -> R {
        match *self {}
    }

    pub(super) fn answer(self, _is_ready: bool, _mark: u64) {
        match self {}
    }
}

#[inline]
pub(crate) fn waits_for(_waker: &Waker, _what: impl FnOnce() -> WaitsFor) {}

#[inline]
pub(crate) fn is_telling(_waker: &Waker) -> bool {
    false
}

#[inline]
pub(crate) fn waits_in(_waker: &Waker, _what: What, _scope: &Node) {}
