//! A failure that nobody will see: it is a task's output, and is dropped by its handle, or by the task itself since there is no
//! handle any more.
//!
//! Whoever unwinds drops the handles that it has on its way, without having decided anything about them: what such a drop
//! loses is not told of.

use super::cell::Header;
use super::error::Failure;
use super::info::TaskInfo;
use crate::kernel::findings::{self, Finding};
use crate::prim::thread;
use std::any::Any;

/// Tells of what is about to be dropped, if it is a failure.
pub(super) fn tell_of<T>(task: &Header, output: &Result<T, Failure>) {
    if let Err(Some(payload)) = output {
        if task.home.wanted().lost_panics && !thread::panicking() {
            findings::tell(Finding::LostPanic {
                task: TaskInfo::look(task),
                message: message(payload.as_ref()),
            });
        }
    }
}

/// The text that somebody panicked with.
fn message(payload: &(dyn Any + Send)) -> Option<String> {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        return Some((*text).to_owned());
    }
    payload.downcast_ref::<String>().cloned()
}
