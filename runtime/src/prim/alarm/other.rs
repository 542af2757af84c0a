//! Nothing better than the selector's timeout is known here.

use crate::prim::reactor::Handle;

/// There is none.
#[derive(Debug)]
pub(crate) enum Alarm {}

impl Alarm {
    pub(crate) fn new(_reactor: &Handle) -> Option<Self> {
        None
    }

    pub(crate) fn set(&mut self, _moment: u64) -> bool {
        match *self {}
    }
}

/// Calls `wait`, which waits for a time.
pub(crate) fn finely<R>(wait: impl FnOnce() -> R) -> R {
    wait()
}
