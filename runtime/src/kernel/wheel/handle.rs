//! What keeps a wheel in memory: a count in two halves.
//!
//! Every timer holds a [`Handle`] to its wheel, since it may be dropped long after the runtime. Most timers are made
//! and dropped by the worker whose wheel it is, many without ever being polled (a timeout around something quick), and
//! two atomic read-modify-writes would be a good part of what that costs. So the count is biased towards the *owner*,
//! the thread whose `here.wheel` names the wheel:
//!
//! | who | where it counts |
//! | --- | --- |
//! | the owner | in `own`, a plain number that only the owner touches; it may be negative |
//! | everyone else | in `shared`, atomically; it may lack what the owner has counted |
//!
//! While there is an owner, `shared` also contains [`OWNED`], more than all handles that fit in memory: it cannot come
//! to 0, whoever drops what the owner has counted. When the owner steps down ([`Handle::disown`]) it moves its half over
//! and takes `OWNED` away, in one step. From then on `shared` is the true count, and who brings it to 0 frees the wheel.
//!
//! Ownership goes from thread to thread with a worker's core (or a current-thread scheduler's), and what hands that on
//! orders `own` too.
//!
//! Orderings: as any reference count. Additions are Relaxed; subtractions are Release, and the last one acquires them.
//! `disown` may be Relaxed, as its caller has been lent a handle: whatever ends the loan orders it before that handle's end.

use super::Wheel;
use crate::kernel::here;
use crate::prim::UnsafeCell;
use crate::prim::atomic::{AtomicU64, Ordering};
use std::fmt;
use std::ops::Deref;
use std::ptr::{self, NonNull};

/// Counted by the owner's existence.
const OWNED: u64 = 1 << 62;

/// The two halves.
pub(super) struct Count {
    /// The owner's half, wrapping; 0 if there is no owner.
    own: UnsafeCell<u64>,
    shared: AtomicU64,
}

// SAFETY: `own` is touched by the owner alone: one thread at a time, ordered by what hands the ownership on (the
// contract of `Handle::own`).
unsafe impl Sync for Count {}

impl Count {
    /// Counts one handle.
    pub(super) fn new() -> Self {
        Self {
            own: UnsafeCell::new(0),
            shared: AtomicU64::new(1),
        }
    }
}

/// A counted pointer to a wheel.
pub(crate) struct Handle(NonNull<Wheel>);

// SAFETY: a counted pointer to a `Wheel`, which is `Send + Sync`; who counts where is told above.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Handle {
    pub(super) fn new(wheel: Wheel) -> Self {
        Self(NonNull::from(Box::leak(Box::new(wheel))))
    }

    /// Makes this thread the owner, until it calls [`disown`](Self::disown). False if it owns a wheel already, which
    /// changes nothing.
    ///
    /// # Safety
    ///
    /// There is no other owner meanwhile, and all that the last one did has happened before.
    pub(crate) unsafe fn own(&self) -> bool {
        here::with(|here| {
            if !here.wheel.get().is_null() {
                return false;
            }
            // Ordering: Relaxed, an addition; the caller keeps a handle.
            self.count.shared.fetch_add(OWNED, Ordering::Relaxed);
            here.wheel.set(self.0.as_ptr().cast_const().cast());
            true
        })
    }

    /// Ends what [`own`](Self::own) began. Does nothing on a thread that is not the owner.
    pub(crate) fn disown(&self) {
        if !self.is_owner() {
            return;
        }
        here::with(|here| here.wheel.set(ptr::null()));
        let own = self.count.own.with_mut(|own| {
            // SAFETY: until the step below this thread is the owner.
            std::mem::take(unsafe { &mut *own })
        });
        let step = OWNED.wrapping_sub(own);
        // Ordering: Relaxed, see the module's header.
        let before = self.count.shared.fetch_sub(step, Ordering::Relaxed);
        debug_assert_ne!(before, step, "the caller has a handle");
    }

    /// Puts the wheel back to how it was made at `now`; false, and it is as before, if anybody else knows it or it has an entry.
    #[allow(dead_code, reason = "there may be no simulation")]
    pub(crate) fn renew(&mut self, now: u64) -> bool {
        // Ordering: Acquire, as for the one that frees it.
        if self.is_owner() || self.count.shared.load(Ordering::Acquire) != 1 {
            return false;
        }
        // SAFETY: in memory, as this handle counts, and there is no other handle, nor an owner, which would count.
        unsafe { self.0.as_mut() }.renew(now)
    }

    #[inline]
    fn is_owner(&self) -> bool {
        here::with(|here| here.wheel.get()) == self.0.as_ptr().cast_const().cast()
    }

    /// Adds to the owner's half; this thread is the owner.
    #[inline]
    fn add_own(&self, change: u64) {
        self.count.own.with_mut(|own| {
            // SAFETY: the owner is calling, and nobody else touches it.
            let own = unsafe { &mut *own };
            *own = own.wrapping_add(change);
        });
    }

    #[cold]
    fn drop_shared(&self) {
        // Ordering: Release hands over what this holder did to the one that frees, which acquires it by the load.
        if self.count.shared.fetch_sub(1, Ordering::Release) == 1 {
            self.count.shared.load(Ordering::Acquire);
            // SAFETY: made by `Box::leak` in `new`. All handles are gone, and there is no owner, which would count.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

impl Deref for Handle {
    type Target = Wheel;

    #[inline]
    fn deref(&self) -> &Wheel {
        // SAFETY: in memory, as this handle counts.
        unsafe { self.0.as_ref() }
    }
}

impl Clone for Handle {
    #[inline]
    fn clone(&self) -> Self {
        if self.is_owner() {
            self.add_own(1);
        } else {
            // Ordering: Relaxed, the new count comes from one that exists. It cannot overflow: each handle is a timer in
            // memory.
            self.count.shared.fetch_add(1, Ordering::Relaxed);
        }
        Self(self.0)
    }
}

impl Drop for Handle {
    #[inline]
    fn drop(&mut self) {
        if self.is_owner() {
            self.add_own(1u64.wrapping_neg());
        } else {
            self.drop_shared();
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
