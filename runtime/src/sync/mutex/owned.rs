//! The guards that keep their mutex alive.

use super::Mutex;
use crate::prim::SelfArc as Arc;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr;

/// The lock on a [`Mutex`] in an `Arc`, from [`Mutex::lock_owned`]; dropping it unlocks.
#[clippy::has_significant_drop]
pub struct OwnedMutexGuard<T: ?Sized> {
    mutex: Arc<Mutex<T>>,
}

// SAFETY: a shared guard gives `&T`, and the mutex, which is Sync if T: Send.
unsafe impl<T: ?Sized + Send + Sync> Sync for OwnedMutexGuard<T> {}

/// An [`OwnedMutexGuard`], narrowed to a part of the data by [`OwnedMutexGuard::map`]; dropping it unlocks.
#[clippy::has_significant_drop]
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct OwnedMappedMutexGuard<T: ?Sized, U: ?Sized = T> {
    /// The part; it came from an exclusive reference to the whole, and nobody uses the whole meanwhile.
    data: *mut U,
    mutex: Arc<Mutex<T>>,
}

// SAFETY: the guard is an exclusive reference to `U`, as far as other threads can tell, and a share of the
// mutex, whose last owner drops the `T`.
unsafe impl<T: ?Sized + Send, U: ?Sized + Send> Send for OwnedMappedMutexGuard<T, U> {}
// SAFETY: as above; a shared guard gives `&U` only.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Sync for OwnedMappedMutexGuard<T, U> {}

impl<T: ?Sized> OwnedMutexGuard<T> {
    /// A guard for a permit that the caller has acquired.
    pub(super) fn new(mutex: Arc<Mutex<T>>) -> Self {
        Self { mutex }
    }

    fn into_permit(self) -> Arc<Mutex<T>> {
        let this = ManuallyDrop::new(self);
        // SAFETY: the field is read once: the guard it sat in is never used or dropped again.
        unsafe { ptr::read(&this.mutex) }
    }

    /// Makes a guard of a part of the data.
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use leno::sync::{Mutex, OwnedMutexGuard};
    /// use std::sync::Arc;
    ///
    /// let mutex = Arc::new(Mutex::new((1, 2)));
    /// let mut second = OwnedMutexGuard::map(mutex.clone().lock_owned().await, |pair| &mut pair.1);
    /// *second = 3;
    /// drop(second);
    /// assert_eq!(*mutex.lock().await, (1, 3));
    /// # });
    /// ```
    #[inline]
    pub fn map<U: ?Sized, F>(mut this: Self, f: F) -> OwnedMappedMutexGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let data: *mut U = f(&mut this);
        OwnedMappedMutexGuard {
            data,
            mutex: this.into_permit(),
        }
    }

    /// Makes a guard of a part of the data if there is such a part.
    ///
    /// # Errors
    ///
    /// The guard itself, if `f` returns `None`.
    #[inline]
    pub fn try_map<U: ?Sized, F>(mut this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match f(&mut this) {
            Some(data) => {
                let data: *mut U = data;
                Ok(OwnedMappedMutexGuard {
                    data,
                    mutex: this.into_permit(),
                })
            }
            None => Err(this),
        }
    }

    /// The mutex that this guard locks.
    #[inline]
    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        &this.mutex
    }
}

impl<T: ?Sized> Drop for OwnedMutexGuard<T> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.unlock();
    }
}

impl<T: ?Sized> Deref for OwnedMutexGuard<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this guard holds the permit, and lends itself for as long.
        unsafe { &*self.mutex.data() }
    }
}

impl<T: ?Sized> DerefMut for OwnedMutexGuard<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard holds the permit, and lends itself exclusively for as long.
        unsafe { &mut *self.mutex.data() }
    }
}

impl<T: ?Sized, U: ?Sized> OwnedMappedMutexGuard<T, U> {
    fn into_permit(self) -> Arc<Mutex<T>> {
        let this = ManuallyDrop::new(self);
        // SAFETY: the field is read once: the guard it sat in is never used or dropped again.
        unsafe { ptr::read(&this.mutex) }
    }

    /// Makes a guard of a part of this part.
    #[inline]
    pub fn map<S: ?Sized, F>(mut this: Self, f: F) -> OwnedMappedMutexGuard<T, S>
    where
        F: FnOnce(&mut U) -> &mut S,
    {
        let data: *mut S = f(&mut this);
        OwnedMappedMutexGuard {
            data,
            mutex: this.into_permit(),
        }
    }

    /// Makes a guard of a part of this part if there is such a part.
    ///
    /// # Errors
    ///
    /// The guard itself, if `f` returns `None`.
    #[inline]
    pub fn try_map<S: ?Sized, F>(mut this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, S>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut S>,
    {
        match f(&mut this) {
            Some(data) => {
                let data: *mut S = data;
                Ok(OwnedMappedMutexGuard {
                    data,
                    mutex: this.into_permit(),
                })
            }
            None => Err(this),
        }
    }
}

impl<T: ?Sized, U: ?Sized> Drop for OwnedMappedMutexGuard<T, U> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.unlock();
    }
}

impl<T: ?Sized, U: ?Sized> Deref for OwnedMappedMutexGuard<T, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        // SAFETY: this guard holds the permit, hence the data, and lends itself for as long.
        unsafe { &*self.data }
    }
}

impl<T: ?Sized, U: ?Sized> DerefMut for OwnedMappedMutexGuard<T, U> {
    #[inline]
    fn deref_mut(&mut self) -> &mut U {
        // SAFETY: as above, exclusively.
        unsafe { &mut *self.data }
    }
}
