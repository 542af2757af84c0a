//! Which task holds a lock, for whoever wonders why another one waits.
//!
//! A hint while things move, exact where they do not: as long as a lock is held its word does not change but by the task that
//! holds it, which writes its id after it has acquired the lock and takes it out before it releases. Where the permit is handed to
//! one that waits, who hands it on writes the id, with a bit that says that the task has not been polled since.
//!
//! Not known is who holds a lock by a guard that is made to be moved ("owned"), in a thread that is no task's, or as one of
//! several. A guard that borrows its lock can be moved to another task as well: if the lock is a static, or within the future
//! that has locked, if that owns a share of the lock and is spawned after it has been polled. Nothing tells of that, so the word
//! then names a task that holds the lock no more.

use crate::kernel::here;
use crate::kernel::task::LockHolder;
use crate::prim::atomic::{AtomicU64, Ordering};
use crate::prim::const_fn;

/// The lock was handed to the task, which has not been polled since.
const HANDED: u64 = 1 << 63;

/// The id of a task, or 0.
pub(super) struct Holder(AtomicU64);

impl Holder {
    const_fn! {
        pub(super) const fn new() -> Self {
            Self(AtomicU64::new(0))
        }
    }

    // Ordering: Relaxed everywhere. Whoever draws a conclusion has seen by other means that the holder sleeps and the others
    // wait, all at the same time.

    /// The running task has acquired the lock.
    #[inline]
    pub(super) fn set(&self) {
        let task = here::with(|here| here.task_id.get());
        self.0.store(task, Ordering::Relaxed);
    }

    /// It is about to be released; or it is not known who holds it.
    #[inline]
    pub(super) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Its permits are handed to a waiter of `task`.
    pub(super) fn hand_to(&self, task: u64) {
        let word = if task == 0 { 0 } else { task | HANDED };
        self.0.store(word, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> Option<LockHolder> {
        let word = self.0.load(Ordering::Relaxed);
        LockHolder::new(word & !HANDED, word & HANDED != 0)
    }
}
