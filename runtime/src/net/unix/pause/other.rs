//! Waiting for room, where an event tells of it or the system reports an error.

use leno_reactor::Handle;
use std::io;
use std::os::fd::AsFd;
use std::task::{Context, Poll};
use std::time::Duration;

/// A pause that has no end: an event comes first.
#[derive(Debug)]
pub(in crate::net) struct Pause;

impl Pause {
    pub(in crate::net) const fn new() -> Self {
        Self
    }

    pub(in crate::net) const fn lasting(_: Duration) -> Self {
        Self
    }

    #[inline]
    pub(in crate::net) fn poll(&mut self, _: &mut Context<'_>, _: &Handle) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

pub(in crate::net) const FIRST: Duration = Duration::ZERO;

#[inline]
pub(in crate::net) fn longer(length: Duration) -> Duration {
    length
}

/// A connect that finds the listener's queue full is refused here.
#[inline]
pub(in crate::net) fn is_full(_: &io::Error) -> bool {
    false
}

/// A message that finds its receiver's queue full is an error of its own here.
pub(in crate::net) fn has_room(_: &impl AsFd) -> bool {
    false
}
