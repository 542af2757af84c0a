//! The guards that keep their mutex alive.

use super::Mutex;
use crate::prim::SelfArc as Arc;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr;

/// The lock on a [`Mutex`] in an `Arc`, from [`Mutex::lock_owned`]; dropping it unlocks.
///
/// # Examples
///
/// The lock is taken here, and given back by a task that needs the data to be left alone:
///
/// ```
/// use leno::sync::Mutex;
/// use std::sync::Arc;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let file = Arc::new(Mutex::new(Vec::new()));
/// let guard = file.clone().lock_owned().await;
/// let writer = leno::spawn(async move {
///     let mut guard = guard;
///     guard.push("header");
///     leno::task::yield_now().await;
///     guard.push("body");
/// });
/// // It waits, for the writer has the lock before it even starts.
/// assert_eq!(*file.lock().await, ["header", "body"]);
/// writer.await.unwrap();
/// # });
/// ```
#[clippy::has_significant_drop]
pub struct OwnedMutexGuard<T: ?Sized> {
    mutex: Arc<Mutex<T>>,
}

// SAFETY: a shared guard gives `&T`, and the mutex, which is Sync if T: Send.
unsafe impl<T: ?Sized + Send + Sync> Sync for OwnedMutexGuard<T> {}

/// An [`OwnedMutexGuard`], narrowed to a part of the data by [`OwnedMutexGuard::map`]; dropping it unlocks.
///
/// # Examples
///
/// ```
/// use leno::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};
/// use std::sync::Arc;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// async fn first(list: Arc<Mutex<Vec<u32>>>) -> OwnedMappedMutexGuard<Vec<u32>, u32> {
///     OwnedMutexGuard::map(list.lock_owned().await, |list| &mut list[0])
/// }
///
/// let list = Arc::new(Mutex::new(vec![1, 2]));
/// let number = first(list.clone()).await;
/// assert_eq!(leno::spawn(async move { *number }).await.unwrap(), 1);
/// assert!(list.try_lock().is_ok());
/// # });
/// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::{Mutex, OwnedMutexGuard};
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let slot = Arc::new(Mutex::new(None::<u32>));
    /// let guard = slot.clone().lock_owned().await;
    /// let Err(mut empty) = OwnedMutexGuard::try_map(guard, |slot| slot.as_mut()) else {
    ///     panic!("nothing was put there");
    /// };
    /// *empty = Some(1);
    /// let number = OwnedMutexGuard::try_map(empty, |slot| slot.as_mut()).unwrap();
    /// assert_eq!(*number, 1);
    /// # });
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::{Mutex, OwnedMutexGuard};
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mutex = Arc::new(Mutex::new(()));
    /// let guard = mutex.clone().lock_owned().await;
    /// assert!(Arc::ptr_eq(OwnedMutexGuard::mutex(&guard), &mutex));
    /// # });
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mutex = Arc::new(Mutex::new(([1, 2], 'x')));
    /// let pair = OwnedMutexGuard::map(mutex.clone().lock_owned().await, |whole| &mut whole.0);
    /// let mut second = OwnedMappedMutexGuard::map(pair, |pair| &mut pair[1]);
    /// *second = 5;
    /// drop(second);
    /// assert_eq!(mutex.lock().await.0, [1, 5]);
    /// # });
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mutex = Arc::new(Mutex::new((vec![1], 'x')));
    /// let list = OwnedMutexGuard::map(mutex.lock_owned().await, |whole| &mut whole.0);
    /// let list = OwnedMappedMutexGuard::try_map(list, |list| list.get_mut(1)).unwrap_err();
    /// let first = OwnedMappedMutexGuard::try_map(list, |list| list.get_mut(0)).unwrap();
    /// assert_eq!(*first, 1);
    /// # });
    /// ```
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
