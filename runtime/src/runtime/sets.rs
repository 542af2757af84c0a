//! The `LocalSet`s that are polled in a runtime: whoever asks its tasks asks those of the sets, too.
//!
//! A set is noted when it is polled in a runtime for the first time, and taken out when it goes, or when it is polled in another one:
//! that takes a lock, and all other polls compare two pointers. A runtime keeps the half of a set that any thread may use,
//! and none of its tasks; a set keeps the memory of the runtime's `Inner`, so that no other one comes to lie at its address.

use super::current;
use super::inner::Inner;
use crate::kernel::here;
use crate::kernel::local_set::{LocalSet, Outside};
use crate::prim::Mutex;
use std::cell::{Cell, RefCell};
use std::ptr;
use std::sync::{Arc, Weak};
use std::thread::{self, ThreadId};

/// The sets of one runtime. They are few, as a thread seldom has more than one.
#[derive(Debug, Default)]
pub(super) struct Sets(Mutex<Vec<(super::Id, NotedSet)>>);

/// A set that a runtime knows of.
#[derive(Debug, Clone)]
pub(super) struct NotedSet {
    pub(super) set: Outside,
    /// The one thread that polls it.
    pub(super) owner: ThreadId,
}

/// Where a set is noted, if it is; until this is dropped.
#[derive(Debug)]
pub(crate) struct Noted {
    id: super::Id,
    /// The address of the runtime, or null.
    at: Cell<*const ()>,
    runtime: RefCell<Weak<Inner>>,
}

impl Sets {
    /// True if there are none. Nobody else knows them.
    #[allow(dead_code, reason = "there may be no simulation")]
    pub(super) fn is_as_new(&mut self) -> bool {
        self.0.get_mut().is_empty()
    }

    /// Those that there are, in no order.
    #[inline]
    pub(super) fn all(&self) -> Vec<NotedSet> {
        let sets = self.0.lock();
        sets.iter().map(|(_, noted)| noted.clone()).collect()
    }
}

impl Noted {
    /// That of the set with this id, so far nowhere.
    pub(crate) fn new(id: super::Id) -> Self {
        Self {
            id,
            at: Cell::new(ptr::null()),
            runtime: RefCell::new(Weak::new()),
        }
    }

    /// The set is about to be polled here. (Without a runtime it stays where it was noted.)
    #[inline]
    pub(crate) fn note(&self, set: &LocalSet) {
        let current = here::with(|here| here.runtime.get());
        if current != self.at.get() && !current.is_null() {
            self.change(set);
        }
    }

    #[cold]
    #[inline]
    fn change(&self, set: &LocalSet) {
        self.take_out();
        current::with(|inner| {
            self.at.set(Arc::as_ptr(inner).cast());
            *self.runtime.borrow_mut() = Arc::downgrade(inner);
            set.want(inner.wanted());
            let noted = NotedSet {
                set: set.outside(),
                owner: thread::current().id(),
            };
            inner.with_sets(|sets| sets.0.lock().push((self.id, noted)));
        });
    }

    #[inline]
    fn take_out(&self) {
        if let Some(inner) = self.runtime.take().upgrade() {
            let noted = inner.with_sets(|sets| {
                let mut sets = sets.0.lock();
                let place = sets.iter().position(|(id, _)| *id == self.id);
                place.map(|place| sets.swap_remove(place))
            });
            // After the lock.
            drop(noted);
        }
    }
}

impl Drop for Noted {
    #[inline]
    fn drop(&mut self) {
        self.take_out();
    }
}
