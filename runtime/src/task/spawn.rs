//! Spawning a task.

use super::JoinHandle;
use crate::kernel::task::Origin;
use crate::runtime::current;
use std::future::Future;

/// Runs `future` as a task of its own, beside the one that spawns it.
///
/// It starts whether or not the handle is awaited, and goes on if the handle is dropped. It ends when it is done, when
/// it panics (the handle tells, nobody else is affected), when it is [aborted](JoinHandle::abort), or with the runtime.
///
/// The task needs one allocation, of some 80 bytes more than the future.
///
/// # Panics
///
/// Outside of a runtime.
///
/// # Example
///
/// ```
/// # leno::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// let squares: Vec<_> = (1..=3).map(|n| leno::spawn(async move { n * n })).collect();
/// let mut sum = 0;
/// for square in squares {
///     sum += square.await.unwrap();
/// }
/// assert_eq!(sum, 14);
/// # });
/// ```
#[track_caller]
#[inline]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    // Not within the closure, which would hide the caller's place.
    let origin = Origin::caller();
    current::expect(|inner| inner.spawn(future, origin))
}
