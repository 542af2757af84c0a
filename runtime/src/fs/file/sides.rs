//! Who waits for the operation that is under way.
//!
//! A reader and a writer may have a half of the file each, in two tasks. Both wait for the same operation, whose handle
//! knows one waker. So it gets this one, which wakes both: whichever comes first takes the outcome, and the other goes on
//! too.

use crate::kernel::foreign;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

#[derive(Debug, Default)]
pub(super) struct Sides {
    wakers: Mutex<[Option<Waker>; 2]>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Reader = 0,
    /// And whoever has the file as a whole.
    Writer = 1,
}

impl Sides {
    /// A waker that wakes `waker`, as that of `side`, and the other side's.
    pub(super) fn waker(self: &Arc<Self>, side: Side, waker: &Waker) -> Waker {
        let index = side as usize;
        let is_there = matches!(&self.wakers()[index], Some(there) if there.will_wake(waker));
        if !is_there {
            // Foreign code, hence outside of the lock.
            let new = waker.clone();
            let before = self.wakers()[index].replace(new);
            drop(before);
        }
        Waker::from(Arc::clone(self))
    }

    /// `side` does not wait any more.
    pub(super) fn forget(&self, side: Side) {
        let waker = self.wakers()[side as usize].take();
        drop(waker);
    }

    fn wakers(&self) -> MutexGuard<'_, [Option<Waker>; 2]> {
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Sides {
    fn wake(self: Arc<Self>) {
        let [reader, writer] = mem::take(&mut *self.wakers());
        for waker in [reader, writer].into_iter().flatten() {
            // One that panics must not cost the other side its wake.
            foreign::call(|| waker.wake());
        }
    }
}
