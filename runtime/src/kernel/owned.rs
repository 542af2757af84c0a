//! The tasks that sleep: what a shutdown has to drop.
//!
//! A task enters the list of the worker that polled it when it goes to sleep for the first time, and leaves it
//! when it completes; a task that has never slept is known to its queue or its poller. So a task that never
//! sleeps costs no lock at all. Each shard has its own mutex, taken by its worker and by completers elsewhere.
//!
//! Closing: the shard is marked closed under its lock, so a later `link` is refused and its poller cancels the
//! task. Then each task is taken out and asked to end: one that is asleep is claimed and cancelled by the
//! closer, outside the lock; any other is told, and cancelled by whoever runs it next.

use crate::kernel::list::List;
use crate::kernel::task::{self, Header};
use crate::prim::{CachePadded, Mutex};
use std::ptr::NonNull;

/// The owned lists of one scheduler.
#[derive(Debug)]
pub(crate) struct Owned {
    shards: Box<[CachePadded<Mutex<Shard>>]>,
}

#[derive(Debug)]
struct Shard {
    /// The nodes are lent by their tasks, which stay in memory until they have completed; completing takes them
    /// out first, under this lock.
    tasks: List<Header>,
    closed: bool,
}

impl Owned {
    pub(crate) fn new(shards: usize) -> Self {
        let shards = (0..shards)
            .map(|_| {
                CachePadded::new(Mutex::new(Shard {
                    tasks: List::new(),
                    closed: false,
                }))
            })
            .collect();
        Self { shards }
    }

    /// Enters a task; false if the scheduler is closed.
    ///
    /// # Safety
    ///
    /// The task is in no list, and live until it is unlinked from this shard.
    #[must_use]
    pub(crate) unsafe fn link(&self, shard: u16, task: NonNull<Header>) -> bool {
        let mut shard = self.shards[usize::from(shard)].lock();
        if shard.closed {
            return false;
        }
        // SAFETY: the caller's.
        unsafe { shard.tasks.push_back(task) };
        true
    }

    /// Takes a task out, if a closer has not done so.
    ///
    /// # Safety
    ///
    /// The task was linked into this shard.
    pub(crate) unsafe fn unlink(&self, shard: u16, task: NonNull<Header>) {
        let mut shard = self.shards[usize::from(shard)].lock();
        // SAFETY: in this shard's list, or in none.
        unsafe { shard.tasks.remove(task) };
    }

    /// Refuses further tasks, and drops all that are asleep. May be called by several threads at once, and again.
    pub(crate) fn close(&self) {
        for shard in &self.shards {
            loop {
                let mut guard = shard.lock();
                guard.closed = true;
                let Some(task) = guard.tasks.pop_front() else {
                    break;
                };
                // SAFETY: it was linked until now, and this holds the lock.
                let claimed = unsafe { task::shutdown(task) };
                drop(guard);
                // User code, hence outside the lock. One at a time: a destructor may wait for another task's end, while
                // somebody else goes on with the rest.
                if let Some(claimed) = claimed {
                    claimed.cancel();
                }
            }
        }
    }
}
