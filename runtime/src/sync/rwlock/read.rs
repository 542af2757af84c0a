//! The guard of a reader.

use super::Hold;
use std::marker::PhantomData;

/// A shared lock on a [`RwLock`](super::RwLock), or on a part of its data; dropping it unlocks.
///
/// # Examples
///
/// As long as one reader is there nobody can change what it sees:
///
/// ```
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let lock = leno::sync::RwLock::new(vec![1, 2, 3]);
/// let guard = lock.read().await;
/// let before = guard.len();
/// assert!(lock.try_write().is_err());
/// assert_eq!(guard.len(), before);
/// drop(guard);
/// assert!(lock.try_write().is_ok());
/// # });
/// ```
#[clippy::has_significant_drop]
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    /// The data, or a part of it. Nobody writes to it as long as `hold` lives.
    pub(super) data: *const T,
    hold: Hold<'a>,
    _data: PhantomData<&'a T>,
}

// SAFETY: the guard is a shared reference to `T`, as far as other threads can tell, and a semaphore.
unsafe impl<T: ?Sized + Sync> Send for RwLockReadGuard<'_, T> {}
// SAFETY: as above. (Send as well, as for the guards of writers, which this may come from.)
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockReadGuard<'_, T> {}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    /// A guard of `data`, for which `hold` has a permit.
    pub(super) fn new(hold: Hold<'a>, data: *const T) -> Self {
        Self {
            data,
            hold,
            _data: PhantomData,
        }
    }

    /// Makes a guard of a part of the data.
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use leno::sync::{RwLock, RwLockReadGuard};
    ///
    /// let lock = RwLock::new((1, 2));
    /// let second = RwLockReadGuard::map(lock.read().await, |pair| &pair.1);
    /// assert_eq!(*second, 2);
    /// # });
    /// ```
    #[inline]
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let data: *const U = f(&this);
        RwLockReadGuard::new(this.hold, data)
    }

    /// Makes a guard of a part of the data if there is such a part.
    ///
    /// # Errors
    ///
    /// The guard itself, if `f` returns `None`.
    ///
    /// # Examples
    ///
    /// A look into a table:
    ///
    /// ```
    /// use leno::sync::{RwLock, RwLockReadGuard};
    /// use std::collections::HashMap;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// async fn find<'a>(
    ///     table: &'a RwLock<HashMap<&'a str, u32>>,
    ///     key: &str,
    /// ) -> Option<RwLockReadGuard<'a, u32>> {
    ///     RwLockReadGuard::try_map(table.read().await, |table| table.get(key)).ok()
    /// }
    ///
    /// let table = RwLock::new(HashMap::from([("one", 1)]));
    /// assert_eq!(*find(&table, "one").await.unwrap(), 1);
    /// assert!(find(&table, "two").await.is_none());
    /// # });
    /// ```
    #[inline]
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        match f(&this) {
            Some(data) => {
                let data: *const U = data;
                Ok(RwLockReadGuard::new(this.hold, data))
            }
            None => Err(this),
        }
    }
}
