//! The id of a task.

use crate::kernel::here;
use std::fmt;
use std::num::NonZeroU64;

/// An opaque id that tells a task from all others of the process.
///
/// Ids are never used twice. They are ordered, so that they can be keys, but they are handed to threads in blocks: the
/// order says nothing about which task was spawned first.
#[derive(Clone, Copy, Debug, Hash, Eq, PartialEq, PartialOrd, Ord)]
pub struct Id(NonZeroU64);

impl Id {
    /// The next unused id.
    #[inline]
    pub(crate) fn next() -> Self {
        Self::from_raw(here::with(|here| here.next_task_id())).expect("task ids start at 1")
    }

    /// The id of the task that this thread is polling (or whose future it is dropping).
    #[inline]
    pub(crate) fn current() -> Option<Self> {
        Self::from_raw(here::with(|here| here.task_id.get()))
    }

    #[inline]
    pub(crate) fn from_raw(id: u64) -> Option<Self> {
        NonZeroU64::new(id).map(Self)
    }

    #[inline]
    pub(crate) fn get(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
