//! Which task a thread is polling, as another one sees it.
//!
//! The thread that polls writes some words before each poll and one after it, and waits for nobody. What it writes is of the
//! task but does not belong to it: its id, its vtable and the place of its spawn, which are there for ever. So whoever reads
//! follows no pointer to a task, which might have been freed by then. (A name does belong to the task. The few tasks that
//! have one leave a counted copy of their origin behind a lock.)
//!
//! ```text
//!   the thread that polls                       who looks
//!   count := c+1 (odd)                          c := count (Acquire), even
//!   fence(Release)                              id, vtable, place
//!   id, vtable, place                           fence(Acquire)
//!   count := c+2 (Release)                      count == c?
//!   poll
//!   id := 0
//! ```
//!
//! Who reads a word that was written for a later poll sees, fence to fence, a count of that poll, and has nothing then. Who
//! reads an even count sees all words of its poll, or later ones. So what is read with the same count before and after is of
//! one poll; and if the count is the same after some time, that poll has lasted all the time, unless the id is 0.
//!
//! Only a thread whose polls are watched writes this: others pay nothing.
//!
//! The model is `loom-tests/src/models/polling.rs`.

use super::cell::{Header, Vtable};
use super::{Id, Origin, Runnable, TaskInfo};
use crate::prim::Mutex;
use crate::prim::atomic::{AtomicPtr, AtomicU64, Ordering, fence};
use std::fmt;
use std::panic::Location;
use std::ptr;

/// What one thread is polling. Written by that thread alone.
#[derive(Debug)]
pub(crate) struct Polling {
    /// Twice the polls so far, and one more while the next is being announced.
    count: AtomicU64,
    /// 0 between two polls.
    id: AtomicU64,
    vtable: AtomicPtr<Vtable>,
    place: AtomicPtr<Location<'static>>,
    /// The last task that has a name.
    named: Mutex<Option<(Id, Origin)>>,
}

/// One poll, which was under way when somebody looked.
#[derive(Clone, Copy)]
pub(crate) struct Poll {
    /// Tells it from all others of the same thread.
    pub(crate) count: u64,
    id: Id,
    vtable: &'static Vtable,
    place: &'static Location<'static>,
}

impl Polling {
    pub(crate) fn new() -> Self {
        Self {
            count: AtomicU64::new(0),
            id: AtomicU64::new(0),
            vtable: AtomicPtr::new(ptr::null_mut()),
            place: AtomicPtr::new(ptr::null_mut()),
            named: Mutex::new(None),
        }
    }

    /// This thread begins to poll the task.
    pub(super) fn begin(&self, task: &Header) {
        if task.origin.name().is_some() {
            let before = self
                .named
                .lock()
                .replace((task.mark.id(), task.origin.clone()));
            drop(before);
        }
        let (vtable, place) = (
            ptr::from_ref(task.vtable),
            ptr::from_ref(task.origin.place()),
        );
        self.write(task.mark.id(), vtable.cast_mut(), place.cast_mut());
    }

    fn write(&self, id: Id, vtable: *mut Vtable, place: *mut Location<'static>) {
        // Ordering: Relaxed, only this thread writes it.
        let count = self.count.load(Ordering::Relaxed);
        // Ordering: see the module's header.
        self.count.store(count + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        self.id.store(id.get(), Ordering::Relaxed);
        self.vtable.store(vtable, Ordering::Relaxed);
        self.place.store(place, Ordering::Relaxed);
        self.count.store(count + 2, Ordering::Release);
    }

    /// The poll is over, or this thread holds nobody up with it any more.
    #[inline]
    pub(crate) fn end(&self) {
        // Ordering: Relaxed; who does not see it yet sees what was so a moment ago.
        self.id.store(0, Ordering::Relaxed);
    }

    /// The number of the poll that this thread is in. For that thread, in a signal handler too.
    pub(crate) fn own_count(&self) -> u64 {
        // Ordering: Relaxed, written by this thread.
        self.count.load(Ordering::Relaxed)
    }

    /// The poll that the thread is in; `None` if it is in none, or just about to be.
    pub(crate) fn look(&self) -> Option<Poll> {
        // Ordering: see the module's header.
        let count = self.count.load(Ordering::Acquire);
        let id = self.id.load(Ordering::Relaxed);
        let vtable = self.vtable.load(Ordering::Relaxed);
        let place = self.place.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        if count % 2 == 1 || self.count.load(Ordering::Relaxed) != count {
            return None;
        }
        let id = Id::from_raw(id)?;
        // SAFETY: null, or what `begin` has stored, which is `'static`. With an id none is null.
        let (vtable, place) = unsafe { (vtable.as_ref()?, place.as_ref()?) };
        Some(Poll {
            count,
            id,
            vtable,
            place,
        })
    }

    /// True if the thread is in that poll still.
    pub(crate) fn is_in(&self, poll: &Poll) -> bool {
        self.look().is_some_and(|now| now.count == poll.count)
    }

    /// What is to be known of the task that is polled.
    pub(crate) fn task(&self, poll: &Poll) -> TaskInfo {
        let named = self.named.lock();
        let origin = match &*named {
            Some((id, origin)) if *id == poll.id => origin.clone(),
            _ => Origin::at(poll.place),
        };
        TaskInfo::polled(poll.id, poll.vtable, origin)
    }
}

impl fmt::Debug for Poll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poll")
            .field("count", &self.count)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Runnable {
    /// The thread whose `polling` this is runs the task next.
    pub(crate) fn announce(&self, polling: &Polling) {
        polling.begin(self.header());
    }
}
