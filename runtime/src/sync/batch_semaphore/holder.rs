//! Which task holds a lock, for whoever wonders why another one waits.
//!
//! A hint while things move, exact where they do not: as long as a lock is held its word does not change but by the task that
//! holds it, which writes its [`Mark`] after it has acquired the lock and takes it out before it releases. Where the permit is
//! handed to one that waits, who hands it on writes the mark, with a bit that says that the task has not been polled since.
//!
//! Not known is who holds a lock by a guard that is made to be moved ("owned"), in a thread that is no task's, or as one of
//! several. A guard that borrows its lock can be moved to another task as well: if the lock is a static, or is kept by the very
//! future that has locked it, which is spawned or sent after it has been polled. So the mark counts what its task has spawned and
//! sent: as long as that is what it was, the guard is still the task's. Not seen is what leaves by means that are not leno's, such
//! as a channel of std's, a place that two tasks share, or a `ManuallyDrop`.

use crate::kernel::task::{LockHolder, Mark};
use crate::prim::atomic::{AtomicU64, Ordering};
use crate::prim::const_fn;

/// The lock was handed to the task, which has not been polled since. A mark leaves this bit free.
const HANDED: u64 = 1 << 63;

/// The mark of a task, or 0.
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
        self.0.store(Mark::here(), Ordering::Relaxed);
    }

    /// It is about to be released; or it is not known who holds it.
    #[inline]
    pub(super) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Its permits are handed to a waiter of the task with this mark.
    #[inline]
    pub(super) fn hand_to(&self, mark: u64) {
        let word = if mark == 0 { 0 } else { mark | HANDED };
        self.0.store(word, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn get(&self) -> Option<LockHolder> {
        let word = self.0.load(Ordering::Relaxed);
        LockHolder::new(word & !HANDED, word & HANDED != 0)
    }
}
