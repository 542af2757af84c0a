//! What the loop that records does besides, in a build without the feature `introspection`: there is no such loop.

use super::Core;
pub(super) use crate::kernel::observe::turns::*;
use crate::kernel::task::Runnable;

impl Core {
    /// Which loop this worker belongs into: the one that does not record, or `None` for the end.
    pub(super) fn next_loop(&self) -> Option<bool> {
        (!self.pool.idle.is_closed()).then_some(false)
    }
}

pub(super) fn steal(_stolen: &Option<Runnable>, _from: usize) {}

pub(super) fn block_in_place() {}
