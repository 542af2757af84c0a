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
#[clippy::has_significant_drop]
pub struct OwnedRwLockReadGuard<T: ?Sized, U: ?Sized = T> {
    /// The data, or a part of it. Nobody writes to it as long as `hold` lives.
    pub(super) data: *const U,
    hold: OwnedHold<T>,
}

/// The exclusive lock on a [`RwLock`] in an `Arc`, from [`RwLock::write_owned`]; dropping it unlocks.
#[clippy::has_significant_drop]
pub struct OwnedRwLockWriteGuard<T: ?Sized> {
    /// All the data. Nobody else uses it as long as `hold` lives.
    pub(super) data: *mut T,
    hold: OwnedHold<T>,
}

/// An [`OwnedRwLockWriteGuard`], narrowed to a part of the data by [`OwnedRwLockWriteGuard::map`]; dropping it unlocks.
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
    #[inline]
    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T> {
        let Self { data, hold } = this;
        OwnedRwLockMappedWriteGuard { data, hold }
    }

    /// Makes a reader of the writer: others may read from now on, and nobody has written in between.
    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        let Self { data, mut hold } = self;
        hold.keep_one();
        OwnedRwLockReadGuard { data, hold }
    }

    /// Makes a reader of a part of the data of the writer.
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
    #[inline]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.hold.lock
    }
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    /// Makes a guard of a part of this part.
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
    #[inline]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.hold.lock
    }
}
