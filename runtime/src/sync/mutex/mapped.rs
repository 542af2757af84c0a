//! The guard of a part of a mutex's data.

use super::super::batch_semaphore::Semaphore;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

/// The lock on a [`Mutex`](super::Mutex), narrowed to a part of its data by
/// [`MutexGuard::map`](super::MutexGuard::map); dropping it unlocks.
///
/// # Examples
///
/// What it borrows from is nobody's business:
///
/// ```
/// use leno::sync::{MappedMutexGuard, Mutex, MutexGuard};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// struct Account {
///     names: Mutex<(String, String)>,
/// }
///
/// impl Account {
///     async fn family_name(&self) -> MappedMutexGuard<'_, String> {
///         MutexGuard::map(self.names.lock().await, |names| &mut names.1)
///     }
/// }
///
/// let account = Account { names: Mutex::new(("Ada".into(), "Byron".into())) };
/// *account.family_name().await = "Lovelace".into();
/// assert_eq!(account.names.into_inner().1, "Lovelace");
/// # });
/// ```
#[clippy::has_significant_drop]
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MappedMutexGuard<'a, T: ?Sized> {
    /// The semaphore whose permit this guard holds.
    permit: &'a Semaphore,
    /// The part; it came from an exclusive reference to the whole, and nobody uses the whole meanwhile.
    data: *mut T,
    _data: PhantomData<&'a mut T>,
}

// SAFETY: the guard is an exclusive reference to `T`, as far as other threads can tell, and a semaphore.
unsafe impl<T: ?Sized + Send> Send for MappedMutexGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Sync> Sync for MappedMutexGuard<'_, T> {}

impl<'a, T: ?Sized> MappedMutexGuard<'a, T> {
    /// A guard that holds a permit of `permit` and with it the exclusive use of `data`.
    pub(super) fn new(permit: &'a Semaphore, data: *mut T) -> Self {
        Self {
            permit,
            data,
            _data: PhantomData,
        }
    }

    fn into_permit(self) -> &'a Semaphore {
        ManuallyDrop::new(self).permit
    }

    /// Makes a guard of a part of this part.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::{MappedMutexGuard, Mutex, MutexGuard};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mutex = Mutex::new((0, [1, 2, 3]));
    /// let numbers = MutexGuard::map(mutex.lock().await, |whole| &mut whole.1);
    /// let mut last = MappedMutexGuard::map(numbers, |numbers| &mut numbers[2]);
    /// *last = 9;
    /// drop(last);
    /// assert_eq!(mutex.into_inner(), (0, [1, 2, 9]));
    /// # });
    /// ```
    #[inline]
    pub fn map<U: ?Sized, F>(mut this: Self, f: F) -> MappedMutexGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let data: *mut U = f(&mut this);
        MappedMutexGuard::new(this.into_permit(), data)
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
    /// use leno::sync::{MappedMutexGuard, Mutex, MutexGuard};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mutex = Mutex::new((Some(1), "rest"));
    /// let option = MutexGuard::map(mutex.lock().await, |whole| &mut whole.0);
    /// let mut number = MappedMutexGuard::try_map(option, |option| option.as_mut()).unwrap();
    /// *number += 1;
    /// drop(number);
    /// assert_eq!(mutex.into_inner(), (Some(2), "rest"));
    /// # });
    /// ```
    #[inline]
    pub fn try_map<U: ?Sized, F>(mut this: Self, f: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match f(&mut this) {
            Some(data) => {
                let data: *mut U = data;
                Ok(MappedMutexGuard::new(this.into_permit(), data))
            }
            None => Err(this),
        }
    }
}

impl<T: ?Sized> Drop for MappedMutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.permit.release_the_only_one();
    }
}

impl<T: ?Sized> Deref for MappedMutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this guard holds the permit, hence the data, and lends itself for as long.
        unsafe { &*self.data }
    }
}

impl<T: ?Sized> DerefMut for MappedMutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, exclusively.
        unsafe { &mut *self.data }
    }
}
