//! The guards that keep their lock alive.

use super::RwLock;
use crate::prim::SelfArc as Arc;

/// Permits of a lock in an `Arc`, at least one, given back on drop.
pub(super) struct OwnedHold<T: ?Sized> {
    lock: Arc<RwLock<T>>,
    permits: usize,
}

impl<T: ?Sized> OwnedHold<T> {
    /// A hold of permits that were acquired.
    pub(super) fn new(lock: Arc<RwLock<T>>, permits: usize) -> Self {
        Self { lock, permits }
    }

    /// Gives all back but one.
    fn keep_one(&mut self) {
        let rest = self.permits - 1;
        self.permits -= rest;
        self.lock.semaphore.release(rest);
    }
}

impl<T: ?Sized> Drop for OwnedHold<T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.semaphore.release(self.permits);
    }
}

/// A shared lock on a [`RwLock`] in an `Arc`, or on a part of its data, from [`RwLock::read_owned`]; dropping it
/// unlocks.
///
/// # Examples
///
/// A snapshot that nobody changes, for a task that answers from it:
///
/// ```
/// use leno::sync::RwLock;
/// use std::sync::Arc;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let routes = Arc::new(RwLock::new(vec!["/", "/about"]));
/// let snapshot = routes.clone().read_owned().await;
/// let answer = leno::spawn(async move {
///     leno::task::yield_now().await;
///     snapshot.len()
/// });
/// assert!(routes.try_write().is_err());
/// assert_eq!(answer.await.unwrap(), 2);
/// assert!(routes.try_write().is_ok());
/// # });
/// ```
#[clippy::has_significant_drop]
pub struct OwnedRwLockReadGuard<T: ?Sized, U: ?Sized = T> {
    /// The data, or a part of it. Nobody writes to it as long as `hold` lives.
    pub(super) data: *const U,
    hold: OwnedHold<T>,
}

/// The exclusive lock on a [`RwLock`] in an `Arc`, from [`RwLock::write_owned`]; dropping it unlocks.
///
/// # Examples
///
/// A change that a task completes, begun where the lock was taken:
///
/// ```
/// use leno::sync::RwLock;
/// use std::sync::Arc;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let lock = Arc::new(RwLock::new(0));
/// let mut guard = lock.clone().write_owned().await;
/// let change = leno::spawn(async move {
///     *guard = 1;
///     leno::task::yield_now().await;
///     *guard = 2;
/// });
/// assert_eq!(*lock.read().await, 2);
/// change.await.unwrap();
/// # });
/// ```
#[clippy::has_significant_drop]
pub struct OwnedRwLockWriteGuard<T: ?Sized> {
    /// All the data. Nobody else uses it as long as `hold` lives.
    pub(super) data: *mut T,
    hold: OwnedHold<T>,
}

/// An [`OwnedRwLockWriteGuard`], narrowed to a part of the data by [`OwnedRwLockWriteGuard::map`]; dropping it unlocks.
///
/// # Examples
///
/// ```
/// use leno::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLock};
/// use std::sync::Arc;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// type State = (u32, Vec<u32>);
///
/// async fn list(state: &Arc<RwLock<State>>) -> OwnedRwLockMappedWriteGuard<State, Vec<u32>> {
///     OwnedRwLockWriteGuard::map(state.clone().write_owned().await, |state| &mut state.1)
/// }
///
/// let state = Arc::new(RwLock::new((0, vec![])));
/// let mut list = list(&state).await;
/// leno::spawn(async move { list.push(1) }).await.unwrap();
/// assert_eq!(state.read().await.1, [1]);
/// # });
/// ```
#[clippy::has_significant_drop]
pub struct OwnedRwLockMappedWriteGuard<T: ?Sized, U: ?Sized = T> {
    /// The part; it came from an exclusive reference to the whole. Nobody uses that as long as `hold` lives.
    pub(super) data: *mut U,
    hold: OwnedHold<T>,
}

// SAFETY: the guard is a shared reference to `U`, as far as other threads can tell, and a share of the lock, whose last
// owner drops the `T`.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Sync> Send for OwnedRwLockReadGuard<T, U> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Sync for OwnedRwLockReadGuard<T, U> {}
// SAFETY: the guard is an exclusive reference to `T`, as far as other threads can tell, and a share of the lock.
unsafe impl<T: ?Sized + Send + Sync> Send for OwnedRwLockWriteGuard<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Sync for OwnedRwLockWriteGuard<T> {}
// SAFETY: as above, for `U`.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Send
    for OwnedRwLockMappedWriteGuard<T, U>
{
}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Sync
    for OwnedRwLockMappedWriteGuard<T, U>
{
}

impl<T: ?Sized> OwnedRwLockReadGuard<T> {
    /// A guard for a permit.
    pub(super) fn new(hold: OwnedHold<T>) -> Self {
        let data = hold.lock.shared();
        Self { data, hold }
    }
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockReadGuard<T, U> {
    /// Makes a guard of a part of the data.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::{OwnedRwLockReadGuard, RwLock};
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = Arc::new(RwLock::new(("name", 7)));
    /// let number = OwnedRwLockReadGuard::map(lock.read_owned().await, |whole| &whole.1);
    /// assert_eq!(leno::spawn(async move { *number }).await.unwrap(), 7);
    /// # });
    /// ```
    #[inline]
    pub fn map<F, V: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, V>
    where
        F: FnOnce(&U) -> &V,
    {
        let data: *const V = f(&this);
        let hold = this.hold;
        OwnedRwLockReadGuard { data, hold }
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
    /// use leno::sync::{OwnedRwLockReadGuard, RwLock};
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = Arc::new(RwLock::new(String::from("ok")));
    /// let Err(text) = OwnedRwLockReadGuard::try_map(lock.read_owned().await, |text| text.get(5..)) else {
    ///     panic!("it is shorter than that");
    /// };
    /// let rest = OwnedRwLockReadGuard::try_map(text, |text| text.get(1..)).unwrap();
    /// assert_eq!(&*rest, "k");
    /// # });
    /// ```
    #[inline]
    pub fn try_map<F, V: ?Sized>(this: Self, f: F) -> Result<OwnedRwLockReadGuard<T, V>, Self>
    where
        F: FnOnce(&U) -> Option<&V>,
    {
        match f(&this) {
            Some(data) => {
                let data: *const V = data;
                let hold = this.hold;
                Ok(OwnedRwLockReadGuard { data, hold })
            }
            None => Err(this),
        }
    }

    /// The lock that this guard locks.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::{OwnedRwLockReadGuard, RwLock};
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = lock.clone().read_owned().await;
    /// assert!(Arc::ptr_eq(OwnedRwLockReadGuard::rwlock(&guard), &lock));
    /// # });
    /// ```
    #[inline]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.hold.lock
    }
}

impl<T: ?Sized> OwnedRwLockWriteGuard<T> {
    /// A guard for all permits.
    pub(super) fn new(hold: OwnedHold<T>) -> Self {
        let data = hold.lock.exclusive();
        Self { data, hold }
    }

    /// Makes a guard of a part of the data.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::{OwnedRwLockWriteGuard, RwLock};
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = Arc::new(RwLock::new((1, 2)));
    /// let guard = lock.clone().write_owned().await;
    /// *OwnedRwLockWriteGuard::map(guard, |pair| &mut pair.1) = 3;
    /// assert_eq!(*lock.read().await, (1, 3));
    /// # });
    /// ```
    #[inline]
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        OwnedRwLockMappedWriteGuard::map(Self::into_mapped(this), f)
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
    /// use leno::sync::{OwnedRwLockWriteGuard, RwLock};
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = Arc::new(RwLock::new(None));
    /// let guard = lock.clone().write_owned().await;
    /// let mut guard = OwnedRwLockWriteGuard::try_map(guard, Option::as_mut).unwrap_err();
    /// *guard = Some('x');
    /// let letter = OwnedRwLockWriteGuard::try_map(guard, Option::as_mut).unwrap();
    /// assert_eq!(*letter, 'x');
    /// # });
    /// ```
    #[inline]
    pub fn try_map<F, U: ?Sized>(
        mut this: Self,
        f: F,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match f(&mut this) {
            Some(data) => {
                let data: *mut U = data;
                let hold = this.hold;
                Ok(OwnedRwLockMappedWriteGuard { data, hold })
            }
            None => Err(this),
        }
    }

    /// Makes a guard of all the data that has the type of a guard of a part.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLock};
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = lock.clone().write_owned().await;
    /// let mut guard: OwnedRwLockMappedWriteGuard<u32> = OwnedRwLockWriteGuard::into_mapped(guard);
    /// *guard += 1;
    /// drop(guard);
    /// assert_eq!(*lock.read().await, 2);
    /// # });
    /// ```
    #[inline]
    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T> {
        let Self { data, hold } = this;
        OwnedRwLockMappedWriteGuard { data, hold }
    }

    /// Makes a reader of the writer: others may read from now on, and nobody has written in between.
    ///
    /// # Examples
    ///
    /// Writes, and then hands a task what was written, to read:
    ///
    /// ```
    /// use leno::sync::RwLock;
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = Arc::new(RwLock::new(0));
    /// let mut writer = lock.clone().write_owned().await;
    /// *writer = 42;
    /// let reader = writer.downgrade();
    /// assert_eq!(*lock.read().await, 42);
    /// assert_eq!(leno::spawn(async move { *reader }).await.unwrap(), 42);
    /// # });
    /// ```
    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        let Self { data, mut hold } = self;
        hold.keep_one();
        OwnedRwLockReadGuard { data, hold }
    }

    /// Makes a reader of a part of the data of the writer.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::{OwnedRwLockWriteGuard, RwLock};
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = Arc::new(RwLock::new([0; 3]));
    /// let mut writer = lock.clone().write_owned().await;
    /// writer[2] = 7;
    /// let last = OwnedRwLockWriteGuard::downgrade_map(writer, |all| &all[2]);
    /// assert_eq!(*last + lock.read().await[2], 14);
    /// # });
    /// ```
    #[inline]
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let data: *const U = f(&this);
        let mut hold = this.hold;
        hold.keep_one();
        OwnedRwLockReadGuard { data, hold }
    }

    /// Makes a reader of a part of the data of the writer, if there is such a part.
    ///
    /// # Errors
    ///
    /// The guard itself, if `f` returns `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::{OwnedRwLockWriteGuard, RwLock};
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = Arc::new(RwLock::new(Some(1)));
    /// let writer = lock.clone().write_owned().await;
    /// let number = OwnedRwLockWriteGuard::try_downgrade_map(writer, Option::as_ref).unwrap();
    /// assert_eq!(*number, 1);
    /// assert!(lock.try_read().is_ok());
    /// # });
    /// ```
    #[inline]
    pub fn try_downgrade_map<F, U: ?Sized>(
        this: Self,
        f: F,
    ) -> Result<OwnedRwLockReadGuard<T, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        match f(&this) {
            Some(data) => {
                let data: *const U = data;
                let mut hold = this.hold;
                hold.keep_one();
                Ok(OwnedRwLockReadGuard { data, hold })
            }
            None => Err(this),
        }
    }

    /// The lock that this guard locks.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::{OwnedRwLockWriteGuard, RwLock};
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = lock.clone().write_owned().await;
    /// // A share of the lock for later, from the guard alone.
    /// let again = OwnedRwLockWriteGuard::rwlock(&guard).clone();
    /// drop(guard);
    /// assert_eq!(*again.read().await, 1);
    /// # });
    /// ```
    #[inline]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.hold.lock
    }
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    /// Makes a guard of a part of this part.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLock};
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = Arc::new(RwLock::new(([1, 2], 'x')));
    /// let pair = OwnedRwLockWriteGuard::map(lock.clone().write_owned().await, |whole| &mut whole.0);
    /// *OwnedRwLockMappedWriteGuard::map(pair, |pair| &mut pair[0]) = 8;
    /// assert_eq!(lock.read().await.0, [8, 2]);
    /// # });
    /// ```
    #[inline]
    pub fn map<F, V: ?Sized>(mut this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, V>
    where
        F: FnOnce(&mut U) -> &mut V,
    {
        let data: *mut V = f(&mut this);
        let hold = this.hold;
        OwnedRwLockMappedWriteGuard { data, hold }
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
    /// use leno::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLock};
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = Arc::new(RwLock::new((Some(1), 'x')));
    /// let option = OwnedRwLockWriteGuard::map(lock.clone().write_owned().await, |whole| &mut whole.0);
    /// let mut number = OwnedRwLockMappedWriteGuard::try_map(option, Option::as_mut).unwrap();
    /// *number += 1;
    /// drop(number);
    /// assert_eq!(lock.read().await.0, Some(2));
    /// # });
    /// ```
    #[inline]
    pub fn try_map<F, V: ?Sized>(
        mut this: Self,
        f: F,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, V>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut V>,
    {
        match f(&mut this) {
            Some(data) => {
                let data: *mut V = data;
                let hold = this.hold;
                Ok(OwnedRwLockMappedWriteGuard { data, hold })
            }
            None => Err(this),
        }
    }

    /// The lock that this guard locks.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLock};
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = Arc::new(RwLock::new((1, 'x')));
    /// let letter = OwnedRwLockWriteGuard::map(lock.clone().write_owned().await, |whole| &mut whole.1);
    /// assert!(Arc::ptr_eq(OwnedRwLockMappedWriteGuard::rwlock(&letter), &lock));
    /// # });
    /// ```
    #[inline]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.hold.lock
    }
}
