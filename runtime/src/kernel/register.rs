//! What a scheduler keeps of its tasks for those who ask: which there are, where they stand, what is recorded of them, and
//! what is looked for at them.
//!
//! Each scheduler has one, whatever its loop is like, and its homes show it to the tasks.

use crate::kernel::captures::Captures;
use crate::kernel::census;
use crate::kernel::lines::Lines;
use crate::kernel::observe::Observe;
use crate::kernel::owned::Owned;
use crate::kernel::scope::ScopeInfo;
use crate::kernel::task::{AbortHandle, Id, TaskInfo};
use crate::kernel::wanted::Wanted;
use crate::prim::Arc;
use std::ptr;

/// The tasks of one scheduler.
#[derive(Debug)]
pub(crate) struct Register {
    /// Those that have been asleep.
    pub(crate) owned: Owned,
    captures: Captures,
    /// Who of them waits in line, of whom that was noted.
    pub(crate) lines: Arc<Lines>,
    pub(crate) observe: Observe,
    pub(crate) wanted: Wanted,
}

impl Register {
    /// With so many lists of tasks.
    #[inline]
    pub(crate) fn new(shards: usize, wanted: Wanted) -> Self {
        Self {
            owned: Owned::new(shards),
            captures: Captures::new(),
            lines: Lines::new(),
            observe: Observe::new(),
            wanted,
        }
    }

    /// True if it is as it was made. Nobody else knows it.
    #[allow(dead_code, reason = "there may be no simulation")]
    pub(crate) fn is_as_new(&mut self) -> bool {
        let Self {
            owned,
            // Who asks knows it.
            captures: _,
            // Nobody notes in there who waits unless that is wanted.
            lines: _,
            observe,
            wanted,
        } = self;
        owned.is_as_new() && wanted.waits.is_none() && observe.is_as_new()
    }

    /// What tells its scheduler from others.
    pub(crate) fn address(&self) -> *const () {
        ptr::from_ref(self).cast()
    }

    /// The tasks that have been asleep, and the one that this thread is polling.
    #[inline]
    pub(crate) fn tasks(&self) -> Vec<TaskInfo> {
        census::take(&self.owned, self.address(), census::BITE)
    }

    /// Handles to the tasks that have been asleep, and are being polled just now.
    pub(crate) fn handles_of_running(&self) -> Vec<AbortHandle> {
        census::busy(&self.owned, census::BITE)
    }

    /// Handles to the tasks that have been asleep.
    pub(crate) fn handles(&self) -> Vec<AbortHandle> {
        census::handles(&self.owned, census::BITE)
    }

    /// The scopes of the tasks that have been asleep and are in one.
    pub(crate) fn scopes(&self) -> Vec<(Id, ScopeInfo)> {
        census::scopes(&self.owned, census::BITE)
    }

    /// Who asks the tasks where they stand.
    pub(crate) fn captures(&self) -> &Captures {
        &self.captures
    }

    /// Who of the tasks waits in line, if it is `wanted` to know.
    pub(crate) fn lines(&self, wanted: &Wanted) -> Option<&Arc<Lines>> {
        wanted.waits.is_some().then_some(&self.lines)
    }

    /// Where the lists of tasks are, for who reads them from outside.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[inline]
    pub(crate) fn outline(&self) -> (*const (), usize, usize) {
        self.owned.outline()
    }
}
