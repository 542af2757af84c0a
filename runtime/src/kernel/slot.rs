//! The next slot of a worker: one task to run before the deque, and to be taken by others if that does not
//! happen soon.
//!
//! Only the owner puts, so a put is a load and a store; it takes with one `swap`. A thief takes with one
//! compare-exchange. The pointer is a claim to run a task: the store (Release) hands it over, the taking
//! (Acquire) receives it, and since each taking replaces the pointer by null, it is received once. If a thief
//! sees a pointer, sleeps, and finds the same pointer again, it may be a new claim to the same task: taking that
//! is as good.

use crate::kernel::task::{Header, Runnable};
use crate::prim::atomic::{AtomicPtr, Ordering};
use std::ptr::{self, NonNull};

/// Room for one task.
#[derive(Debug)]
pub(crate) struct Slot(AtomicPtr<Header>);

impl Slot {
    pub(crate) fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// Puts a task in, or gives it back if the slot is taken. For the owner.
    #[inline]
    pub(crate) fn put(&self, task: Runnable) -> Result<(), Runnable> {
        // Ordering: Relaxed, only the owner makes it non-null.
        if !self.0.load(Ordering::Relaxed).is_null() {
            return Err(task);
        }
        // Ordering: Release, for a thief's Acquire.
        self.0.store(task.into_raw().as_ptr(), Ordering::Release);
        Ok(())
    }

    /// Takes the task out. For the owner.
    #[inline]
    pub(crate) fn take(&self) -> Option<Runnable> {
        // Ordering: Relaxed, only the owner makes it non-null; the usual emptiness costs no write.
        if self.0.load(Ordering::Relaxed).is_null() {
            return None;
        }
        // Ordering: Relaxed would do for the owner's own put; a thief may have taken it, which `swap` tells.
        let task = NonNull::new(self.0.swap(ptr::null_mut(), Ordering::Relaxed))?;
        // SAFETY: `put` stored a claim, and this replaced it by null.
        Some(unsafe { Runnable::from_raw(task) })
    }

    /// What is in it, to be compared with later. For thieves.
    pub(crate) fn peek(&self) -> *mut Header {
        // Ordering: Relaxed, a hint.
        self.0.load(Ordering::Relaxed)
    }

    /// Takes the task out if it is still (or again) `seen`. For thieves.
    pub(crate) fn steal(&self, seen: *mut Header) -> Option<Runnable> {
        let task = NonNull::new(seen)?;
        // Ordering: Acquire, the partner of `put`.
        self.0
            .compare_exchange(seen, ptr::null_mut(), Ordering::Acquire, Ordering::Relaxed)
            .ok()?;
        // SAFETY: `put` stored a claim, and this replaced it by null.
        Some(unsafe { Runnable::from_raw(task) })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.take();
    }
}
