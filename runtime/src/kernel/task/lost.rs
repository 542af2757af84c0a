//! A failure that nobody will see: it is a task's output, and is dropped by its handle, or by the task itself since there is no
//! handle any more.
//!
//! Not told of:
//!
//! - What was given up on purpose: [`JoinHandle::detach`](super::JoinHandle::detach) leaves a mark in the word, see
//!   [`State::leave`](super::state::State::leave); an error of a task that was aborted, or told to end with its scheduler.
//! - What somebody drops who unwinds: he has not decided anything about the handles that he has. One that goes before its task
//!   is complete leaves the mark too.

use super::cell::Header;
use super::error::Failure;
use super::info::TaskInfo;
use crate::kernel::findings::{self, Finding, Outcome};
use crate::kernel::foreign;
use crate::kernel::wanted::LOOKED_INTO;
use crate::prim::thread;
use std::any::{Any, type_name};

/// True if `T` is a `Result`, which is the only type of output that is looked at.
///
/// Known to the compiler, though it cannot be asked for it: with optimization for speed this is a constant.
#[inline(always)]
pub(super) fn is_result<T>() -> bool {
    size_of::<T>() > 0 && type_name::<T>().starts_with("core::result::Result<")
}

/// Tells of what is about to be dropped, if it is a failure. May run the program's code, and does not unwind.
#[inline]
pub(super) fn tell_of<T: 'static>(task: &Header, output: &Result<T, Failure>) {
    if !LOOKED_INTO {
        return;
    }
    match output {
        Ok(output) if is_result::<T>() => tell_of_error(task, output),
        Err(Some(payload)) => tell_of_panic(task, payload.as_ref()),
        Ok(_) | Err(None) => {}
    }
}

#[cold]
#[inline(never)]
fn tell_of_panic(task: &Header, payload: &(dyn Any + Send)) {
    if task.home.wanted().lost_panics && !is_given_up(task) {
        findings::tell(Finding::LostPanic {
            task: TaskInfo::look(task),
            message: foreign::message(payload),
        });
    }
}

#[cold]
#[inline(never)]
fn tell_of_error(task: &Header, output: &dyn Any) {
    if !task.home.wanted().lost_errors || is_given_up(task) || task.state.load().is_cancelled() {
        return;
    }
    match task.within(|| findings::read(output)) {
        Outcome::Fine => {}
        Outcome::Error(error) => findings::tell(Finding::LostError {
            task: TaskInfo::look(task),
            error,
        }),
        Outcome::Unknown => findings::tell(Finding::UnreadResult {
            task: TaskInfo::look(task),
        }),
    }
}

/// True if nobody is to be told.
fn is_given_up(task: &Header) -> bool {
    task.state.load().is_detached() || thread::panicking()
}
