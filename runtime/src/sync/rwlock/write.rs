//! The guards of a writer: of all the data, and of a part of it.

use super::{Hold, RwLockReadGuard};
use std::marker::PhantomData;

/// The exclusive lock on a [`RwLock`](super::RwLock); dropping it unlocks.
///
/// # Examples
///
/// Readers see all of a change, or nothing of it:
///
/// ```
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let lock = leno::sync::RwLock::new((1, 1));
/// let change = async {
///     let mut pair = lock.write().await;
///     pair.0 = 2;
///     leno::task::yield_now().await;
///     pair.1 = 2;
/// };
/// let look = async { *lock.read().await };
/// let ((), seen) = leno::join!(biased; change, look);
/// assert_eq!(seen, (2, 2));
/// # });
/// ```
#[clippy::has_significant_drop]
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    /// All the data. Nobody else uses it as long as `hold` lives.
    pub(super) data: *mut T,
    hold: Hold<'a>,
    _data: PhantomData<&'a mut T>,
}

/// A [`RwLockWriteGuard`], narrowed to a part of the data by [`RwLockWriteGuard::map`]; dropping it unlocks.
///
/// It cannot be downgraded: readers would see the whole, and the part may be all that is in order.
///
/// # Examples
///
/// ```
/// use leno::sync::{RwLock, RwLockMappedWriteGuard, RwLockWriteGuard};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// struct Server {
///     state: RwLock<(String, u32)>,
/// }
///
/// impl Server {
///     async fn requests(&self) -> RwLockMappedWriteGuard<'_, u32> {
///         RwLockWriteGuard::map(self.state.write().await, |state| &mut state.1)
///     }
/// }
///
/// let server = Server { state: RwLock::new(("a name".into(), 0)) };
/// *server.requests().await += 1;
/// assert_eq!(server.state.into_inner().1, 1);
/// # });
/// ```
#[clippy::has_significant_drop]
pub struct RwLockMappedWriteGuard<'a, T: ?Sized> {
    /// The part; it came from an exclusive reference to the whole. Nobody uses that as long as `hold` lives.
    pub(super) data: *mut T,
    hold: Hold<'a>,
    _data: PhantomData<&'a mut T>,
}

// SAFETY: the guard is an exclusive reference to `T`, as far as other threads can tell, and a semaphore. (Sync as well:
// it may become a guard of a reader, which shares the data with others.)
unsafe impl<T: ?Sized + Send + Sync> Send for RwLockWriteGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockWriteGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Send for RwLockMappedWriteGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockMappedWriteGuard<'_, T> {}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// A guard of `data`, for which `hold` has all permits.
    pub(super) fn new(hold: Hold<'a>, data: *mut T) -> Self {
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
    /// use leno::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new((1, 2));
    /// *RwLockWriteGuard::map(lock.write().await, |pair| &mut pair.1) = 3;
    /// assert_eq!(lock.into_inner(), (1, 3));
    /// # });
    /// ```
    #[inline]
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        RwLockMappedWriteGuard::map(Self::into_mapped(this), f)
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
    /// use leno::sync::{RwLock, RwLockWriteGuard};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = RwLock::new(vec![1]);
    /// let Err(mut list) = RwLockWriteGuard::try_map(lock.write().await, |list| list.get_mut(3)) else {
    ///     panic!("it has one element");
    /// };
    /// list.push(2);
    /// let mut last = RwLockWriteGuard::try_map(list, |list| list.last_mut()).unwrap();
    /// *last = 7;
    /// drop(last);
    /// assert_eq!(lock.into_inner(), [1, 7]);
    /// # });
    /// ```
    #[inline]
    pub fn try_map<F, U: ?Sized>(
        mut this: Self,
        f: F,
    ) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match f(&mut this) {
            Some(data) => {
                let data: *mut U = data;
                Ok(RwLockMappedWriteGuard::new(this.hold, data))
            }
            None => Err(this),
        }
    }

    /// Makes a guard of all the data that has the type of a guard of a part.
    ///
    /// # Examples
    ///
    /// Where a function takes the guard of a part, the whole is one, too:
    ///
    /// ```
    /// use leno::sync::{RwLock, RwLockMappedWriteGuard, RwLockWriteGuard};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// fn clear(mut list: RwLockMappedWriteGuard<'_, Vec<u32>>) {
    ///     list.clear();
    /// }
    ///
    /// let lock = RwLock::new(vec![1, 2]);
    /// clear(RwLockWriteGuard::into_mapped(lock.write().await));
    /// assert!(lock.into_inner().is_empty());
    /// # });
    /// ```
    #[inline]
    pub fn into_mapped(this: Self) -> RwLockMappedWriteGuard<'a, T> {
        RwLockMappedWriteGuard::new(this.hold, this.data)
    }

    /// Makes a reader of the writer: others may read from now on, and nobody has written in between.
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = leno::sync::RwLock::new(1);
    /// let mut writer = lock.write().await;
    /// *writer += 1;
    /// let reader = writer.downgrade();
    /// assert_eq!(*reader + *lock.read().await, 4);
    /// # });
    /// ```
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        let Self { data, mut hold, .. } = self;
        hold.keep_one();
        RwLockReadGuard::new(hold, data)
    }

    /// Makes a reader of a part of the data of the writer.
    ///
    /// `f` only gets a shared reference: what it finds must still be there when others read.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::{RwLock, RwLockWriteGuard};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = RwLock::new((1, "name"));
    /// let mut writer = lock.write().await;
    /// writer.0 += 1;
    /// let number = RwLockWriteGuard::downgrade_map(writer, |whole| &whole.0);
    /// // Others may read the whole meanwhile.
    /// assert_eq!((*number, lock.read().await.1), (2, "name"));
    /// # });
    /// ```
    #[inline]
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let data: *const U = f(&this);
        let mut hold = this.hold;
        hold.keep_one();
        RwLockReadGuard::new(hold, data)
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
    /// use leno::sync::{RwLock, RwLockWriteGuard};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = RwLock::new(vec![1]);
    /// let writer = lock.write().await;
    /// let Err(writer) = RwLockWriteGuard::try_downgrade_map(writer, |list| list.get(1)) else {
    ///     panic!("there is one");
    /// };
    /// // It still writes: nobody else got the lock.
    /// assert!(lock.try_read().is_err());
    /// let first = RwLockWriteGuard::try_downgrade_map(writer, |list| list.first()).unwrap();
    /// assert_eq!((*first, lock.try_read().unwrap().len()), (1, 1));
    /// # });
    /// ```
    #[inline]
    pub fn try_downgrade_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        match f(&this) {
            Some(data) => {
                let data: *const U = data;
                let mut hold = this.hold;
                hold.keep_one();
                Ok(RwLockReadGuard::new(hold, data))
            }
            None => Err(this),
        }
    }
}

impl<'a, T: ?Sized> RwLockMappedWriteGuard<'a, T> {
    fn new(hold: Hold<'a>, data: *mut T) -> Self {
        Self {
            data,
            hold,
            _data: PhantomData,
        }
    }

    /// Makes a guard of a part of this part.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::{RwLock, RwLockMappedWriteGuard, RwLockWriteGuard};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = RwLock::new(((1, 2), 3));
    /// let pair = RwLockWriteGuard::map(lock.write().await, |whole| &mut whole.0);
    /// *RwLockMappedWriteGuard::map(pair, |pair| &mut pair.1) = 9;
    /// assert_eq!(lock.into_inner(), ((1, 9), 3));
    /// # });
    /// ```
    #[inline]
    pub fn map<F, U: ?Sized>(mut this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let data: *mut U = f(&mut this);
        RwLockMappedWriteGuard::new(this.hold, data)
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
    /// use leno::sync::{RwLock, RwLockMappedWriteGuard, RwLockWriteGuard};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = RwLock::new((vec![1], "name"));
    /// let list = RwLockWriteGuard::map(lock.write().await, |whole| &mut whole.0);
    /// let mut first = RwLockMappedWriteGuard::try_map(list, |list| list.first_mut()).unwrap();
    /// *first += 1;
    /// let number = first;
    /// assert!(RwLockMappedWriteGuard::try_map(number, |_| None::<&mut u8>).is_err());
    /// assert_eq!(lock.into_inner().0, [2]);
    /// # });
    /// ```
    #[inline]
    pub fn try_map<F, U: ?Sized>(
        mut this: Self,
        f: F,
    ) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match f(&mut this) {
            Some(data) => {
                let data: *mut U = data;
                Ok(RwLockMappedWriteGuard::new(this.hold, data))
            }
            None => Err(this),
        }
    }
}
