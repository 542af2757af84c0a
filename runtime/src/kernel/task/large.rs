//! Futures that are large, looked at when they are spawned. Those that are not never get here: the compiler knows their size.

use super::cell::Header;
use super::info::TaskInfo;
use crate::kernel::findings::{self, Finding};
use crate::kernel::wanted::LOOKED_INTO;

/// Futures of no more bytes than this are not looked at, whatever is wanted.
pub(super) const LARGE: usize = if LOOKED_INTO { 1024 } else { usize::MAX };

/// Tells of the future of a fresh task, if it is larger than what is wanted.
#[cold]
#[inline(never)]
pub(super) fn look(task: &Header) {
    let wanted = task.home.wanted().huge_futures;
    if wanted.is_some_and(|limit| task.vtable.future_size > limit) {
        findings::tell(Finding::HugeFuture {
            task: TaskInfo::look(task),
        });
    }
}
