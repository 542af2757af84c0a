//! The door through which the protocol ([`readiness`](crate::readiness), [`waiters`](crate::waiters)) and the smallest
//! executor ([`block_on`](crate::block_on())) see threads.
//!
//! leno's loom models compile those files behind another door, made of loom's types with the same names. So they name `crate::prim`
//! and `std::task`, and nothing else that synchronises, but for the `Arc` of a waker.

use std::sync::{MutexGuard, PoisonError};

pub(crate) mod atomic {
    //! Atomics.
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
}

pub(crate) mod thread {
    //! Who one is.
    pub(crate) use std::thread::{ThreadId, current};
}

/// A mutex that a panic does not poison: no user code runs under this crate's locks, so a panic cannot leave
/// what they guard half changed.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
    }

    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
