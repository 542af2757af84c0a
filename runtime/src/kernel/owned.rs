//! The tasks that sleep: what a shutdown has to drop.
//!
//! A task enters the list of the worker that polled it when it goes to sleep for the first time, and leaves it
//! when it completes; a task that has never slept is known to its queue or its poller. So a task that never
//! sleeps costs no lock at all. Each shard has its own mutex, taken by its worker and by completers elsewhere.
//!
//! Closing: the shard is marked closed under its lock, so a later `link` is refused and its poller cancels the
//! task. Then each task is taken out and asked to end: one that is asleep is claimed and cancelled by the
//! closer, outside the lock; any other is told, and cancelled by whoever runs it next.
//!
//! # Looking at all of them
//!
//! A list may be long, and its lock must not be held for long, so whoever looks ([`census`](super::census)) does so in bites.
//! In between, the shard remembers which stretch of its list is left to be looked at, and a task that leaves is taken out of
//! the stretch as well; one that comes is behind its end. So each task that stays is met once, and the walk ends. Two walks
//! take turns. The models are `loom-tests/src/models/origin.rs`.

use crate::kernel::list::List;
use crate::kernel::task::{self, Header, Member};
use crate::prim::{CachePadded, Mutex};
use std::ptr::NonNull;

/// The owned lists of one scheduler.
#[derive(Debug)]
pub(crate) struct Owned {
    shards: Box<[CachePadded<Mutex<Shard>>]>,
    /// Whose turn it is to walk.
    walk: Mutex<()>,
}

#[derive(Debug)]
struct Shard {
    /// The nodes are lent by their tasks, which stay in memory until they have completed; completing takes them
    /// out first, under this lock.
    tasks: List<Header>,
    closed: bool,
    /// The first and the last of those that a walk has still to look at.
    unseen: Option<(NonNull<Header>, NonNull<Header>)>,
}

// SAFETY: as a list is, it is pointers to nodes that the lock around it protects.
unsafe impl Send for Shard {}

impl Shard {
    /// Takes a task out, if it is there.
    ///
    /// # Safety
    ///
    /// The task is live, and in this list or in none.
    unsafe fn remove(&mut self, task: NonNull<Header>) {
        if let Some((first, last)) = self.unseen {
            if task == first || task == last {
                // SAFETY: both ends are in the list.
                self.unseen = unsafe { self.without(task, first, last) };
            }
        }
        // SAFETY: the caller's.
        unsafe { self.tasks.remove(task) };
    }

    /// The stretch from `first` to `last` without `task`, which is one of them.
    ///
    /// # Safety
    ///
    /// Both are in the list, in this order, or the same.
    unsafe fn without(
        &self,
        task: NonNull<Header>,
        first: NonNull<Header>,
        last: NonNull<Header>,
    ) -> Option<(NonNull<Header>, NonNull<Header>)> {
        if first == last {
            None
        } else if task == first {
            // SAFETY: the caller's.
            unsafe { self.tasks.after(first) }.zip(Some(last))
        } else {
            // SAFETY: as above.
            Some(first).zip(unsafe { self.tasks.before(last) })
        }
    }

    /// The next task that has not been looked at, which has been now. It is live as long as the lock is held.
    fn look(&mut self) -> Option<NonNull<Header>> {
        let (first, last) = self.unseen?;
        // SAFETY: `remove` keeps both ends in the list.
        self.unseen = unsafe { self.without(first, first, last) };
        Some(first)
    }
}

impl Owned {
    #[inline]
    pub(crate) fn new(shards: usize) -> Self {
        let shards = (0..shards)
            .map(|_| {
                CachePadded::new(Mutex::new(Shard {
                    tasks: List::new(),
                    closed: false,
                    unseen: None,
                }))
            })
            .collect();
        Self {
            shards,
            walk: Mutex::new(()),
        }
    }

    /// True if it is as it was made. Nobody else knows it.
    #[allow(dead_code, reason = "there may be no simulation")]
    pub(crate) fn is_as_new(&mut self) -> bool {
        let Self { shards, walk: _ } = self;
        shards.iter_mut().all(|shard| {
            let Shard {
                tasks,
                closed,
                unseen,
            } = shard.get_mut();
            tasks.is_empty() && !*closed && unseen.is_none()
        })
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
        unsafe { shard.remove(task) };
    }

    /// Looks at all tasks that there are when their shard's turn comes, `bite` of them at a time, and puts what `look` says
    /// into `seen`. `look` is called under the lock, and must be quick; there is room in `seen` before.
    /// One that is a member of a scope is shown with that.
    #[inline]
    pub(crate) fn walk<T>(
        &self,
        bite: usize,
        seen: &mut Vec<T>,
        look: impl Fn(&Header, Option<&Member>) -> T,
    ) {
        let _turn = self.walk.lock();
        for shard in &self.shards {
            let mut begun = false;
            loop {
                seen.reserve(bite);
                let mut guard = shard.lock();
                if !begun {
                    guard.unseen = guard.tasks.ends();
                    begun = true;
                }
                for _ in 0..bite {
                    let Some(task) = guard.look() else { break };
                    // SAFETY: it is in the list, and this holds the lock: it cannot complete meanwhile, so it is alive, and has
                    // not left its scope.
                    seen.push(unsafe {
                        let member = Header::member(task);
                        look(task.as_ref(), member.map(|member| member.as_ref()))
                    });
                }
                if guard.unseen.is_none() {
                    break;
                }
            }
        }
    }

    /// Where the lists are, for who reads them from outside: the first, how far it is to the next, and how many there are.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) fn outline(&self) -> (*const (), usize, usize) {
        let place = |shard: &Mutex<Shard>| (&raw const shard.lock().tasks).cast::<()>();
        let first = place(&self.shards[0]);
        let stride = self
            .shards
            .get(1)
            .map_or(0, |second| place(second).addr().wrapping_sub(first.addr()));
        (first, stride, self.shards.len())
    }

    /// Refuses further tasks, and drops all that are asleep. May be called by several threads at once, and again.
    pub(crate) fn close(&self) {
        for shard in &self.shards {
            loop {
                let mut guard = shard.lock();
                guard.closed = true;
                let Some(task) = guard.tasks.front() else {
                    break;
                };
                // SAFETY: it is in the list.
                unsafe { guard.remove(task) };
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
