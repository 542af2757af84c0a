//! What cannot be waited for, done on threads that may wait: the floor under `fs` and the standard streams.
//!
//! An operation has a [`Buffer`] in common with whoever has started it, so that it never refers to memory of the task,
//! which may be gone by then. Dropping the handle of an operation does not stop it.
//!
//! Operations that have told their caller "written" are mandatory: the end of the runtime does not cancel them.

#[cfg(any(feature = "fs", feature = "io-std"))]
mod buffer;
#[cfg(all(unix, any(feature = "fs", feature = "io-std")))]
pub(crate) mod readable;

#[cfg(any(feature = "fs", feature = "io-std"))]
pub(crate) use buffer::Buffer;

use crate::kernel::blocking::Job;
use crate::kernel::task::Origin;
use crate::runtime::current;
use crate::task::JoinHandle;
use std::io;

/// How much one operation moves if nobody says otherwise: much, as each costs two hand-overs between threads.
pub(crate) const DEFAULT_MAX_BUF_SIZE: usize = 2 * 1024 * 1024;

/// Panics without a runtime.
#[track_caller]
#[inline]
pub(crate) fn expect_runtime() {
    current::expect(|_| ());
}

/// Starts `closure` on a blocking thread; the end of the runtime may cancel it.
#[track_caller]
pub(crate) fn start<F, R>(closure: F) -> io::Result<JoinHandle<R>>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let origin = Origin::caller();
    current::expect(|inner| inner.try_spawn_step(closure, origin, Job::Task))
}

/// Starts `closure` on a blocking thread; once this has returned its handle, it will be run.
#[track_caller]
pub(crate) fn start_mandatory<F, R>(closure: F) -> io::Result<JoinHandle<R>>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let origin = Origin::caller();
    current::expect(|inner| inner.try_spawn_step(closure, origin, Job::Mandatory))
}

/// As [`start_mandatory`]; `None` if nobody will run it, outside of a runtime too. Then it has been dropped.
pub(crate) fn try_start_mandatory<F, R>(closure: F) -> Option<JoinHandle<R>>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let origin = Origin::caller();
    current::with(|inner| inner.try_spawn_step(closure, origin, Job::Mandatory))?.ok()
}

/// Calls `closure`, which only waits for the system, on a thread that does not count against the limit; once there is one, the
/// end of the runtime waits for it. If there is none, outside of a runtime too, it has been dropped.
pub(crate) fn wait_elsewhere(closure: impl FnOnce() + Send + 'static) {
    current::with(|inner| inner.wait_elsewhere(closure));
}

/// Runs `closure` on a blocking thread and waits for its result.
pub(crate) async fn run<F, R>(closure: F) -> io::Result<R>
where
    F: FnOnce() -> io::Result<R> + Send + 'static,
    R: Send + 'static,
{
    start(closure)?.await?
}
