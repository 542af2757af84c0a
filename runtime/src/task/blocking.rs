//! Code that waits without `.await`.

use super::JoinHandle;
use crate::kernel::blocking;
use crate::kernel::here::{self, Blocking as MayBlock};
use crate::kernel::task::Origin;
use crate::runtime::current;
use std::sync::Arc;

/// Runs a closure that may wait (for a file, a lock, a long computation) on a thread that nobody else needs.
///
/// The runtime starts such threads as they are needed, up to
/// [`max_blocking_threads`](crate::runtime::Builder::max_blocking_threads); further closures wait for a free one.
/// A closure that has started cannot be stopped: [`abort`](JoinHandle::abort) has an effect before that only, and
/// dropping the runtime waits for it.
///
/// Costs an allocation and, if no thread is idle, a thread; then two hand-overs between threads.
///
/// # Panics
///
/// Outside of a runtime, or if the system cannot start a thread and none is there that could run the closure.
///
/// # Example
///
/// ```
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let sum = leno::task::spawn_blocking(|| (1..=1000u64).sum::<u64>()).await?;
/// assert_eq!(sum, 500_500);
/// # Ok::<(), leno::task::JoinError>(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn spawn_blocking<F, R>(closure: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    // Not within the closure of `expect`, which would hide the caller's place from a panic.
    current::expect(Arc::clone).spawn_blocking(closure, Origin::caller())
}

/// Runs a closure that may wait, here and now: the other tasks of this worker are handed to another thread first.
///
/// Unlike [`spawn_blocking`] it may borrow. The task that calls it does nothing else meanwhile, not even the other
/// branches of a `select!` or `join!`. Outside of a runtime, or on a thread that may wait anyway, the closure is just
/// called. If the system has no thread to hand the tasks to, they wait.
///
/// It may be called in a destructor, wherever that is run: when the task is aborted, when its output is dropped, when the
/// runtime ends. At the end timers and IO go on as long as such a destructor waits, and whoever waits for the runtime waits for
/// it too. In a waker or a callback that a worker calls in between tasks the closure is just called, and holds that worker up.
///
/// # Panics
///
/// On a current-thread runtime and in a `LocalSet`: there is nobody to hand the other tasks to.
///
/// # Example
///
/// ```
/// # leno::runtime::Builder::new_multi_thread().build().unwrap().block_on(async {
/// let words = vec!["wait", "here"];
/// let text = leno::task::block_in_place(|| words.join(" "));
/// assert_eq!(text, "wait here");
/// # });
/// ```
#[cfg(feature = "rt-multi-thread")]
#[track_caller]
pub fn block_in_place<F, R>(closure: F) -> R
where
    F: FnOnce() -> R,
{
    if here::with(|here| here.blocking.get()) == MayBlock::Forbidden {
        panic!(
            "can call blocking only when running on the multi-threaded runtime, whose other workers can take over the tasks: use \
             `spawn_blocking` on a current-thread runtime and in a `LocalSet`"
        );
    }
    blocking::in_place(closure)
}
