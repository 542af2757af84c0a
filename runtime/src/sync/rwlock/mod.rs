//! A lock for many readers or one writer: a semaphore with a permit per reader, and what it guards.
//!
//! A reader holds one permit, a writer all of them. Who waits, waits in [`batch_semaphore`](super::batch_semaphore)'s
//! queue, in the order of arrival: a writer that waits collects permits as readers leave, and nobody who comes after it
//! gets any. So readers do not starve writers, nor the other way round.
//!
//! The permits are the invariant that every SAFETY comment here leans on: **whoever holds all permits may use the data
//! exclusively; whoever holds one may share it.** A guard's [`Hold`] owns its permits from its creation to its drop;
//! making one guard out of another moves the hold. A writer that becomes a reader gives all permits back but one, so
//! nobody can write in between.

mod owned;
mod read;
mod write;

pub use owned::{OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard};
pub use read::RwLockReadGuard;
pub use write::{RwLockMappedWriteGuard, RwLockWriteGuard};

use super::batch_semaphore::{Purpose, Semaphore};
use super::mutex::TryLockError;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::kernel::root;
use crate::prim::{SelfArc as Arc, UnsafeCell, const_fn};
use owned::OwnedHold;
use std::fmt;
use std::future::poll_fn;

/// The most readers a lock can have at a time.
const MAX_READERS: u32 = u32::MAX >> 3;

/// A lock that many tasks may read or one may write, also across an `.await`.
///
/// Tasks get the lock in the order in which they asked: a reader that comes after a waiting writer waits for it. So a
/// task that holds a read lock must not ask for another one: with a writer waiting in between, neither would go on.
/// There is no poisoning: a panic in a task that holds the lock releases it.
///
/// Locking and unlocking cost one atomic exchange each while nobody waits, and allocate nothing; neither does waiting.
/// Use std's for data that is only locked for a moment.
///
/// # Examples
///
/// ```
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use leno::sync::RwLock;
///
/// let lock = RwLock::new(5);
/// {
///     let first = lock.read().await;
///     let second = lock.read().await;
///     assert_eq!(*first + *second, 10);
/// }
/// *lock.write().await += 1;
/// assert_eq!(*lock.read().await, 6);
/// # });
/// ```
pub struct RwLock<T: ?Sized> {
    semaphore: Semaphore,
    /// How many permits there are.
    readers: u32,
    data: UnsafeCell<T>,
}

// SAFETY: the lock owns the data.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: readers on several threads share the data, hence T: Sync; a writer on any thread may move it out: T: Send.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

/// Permits of a lock, at least one, given back on drop.
struct Hold<'a> {
    semaphore: &'a Semaphore,
    permits: usize,
}

impl Hold<'_> {
    /// Gives all back but one.
    #[inline]
    fn keep_one(&mut self) {
        let rest = self.permits - 1;
        self.permits -= rest;
        self.semaphore.hold_no_more();
        self.semaphore.release(rest);
    }
}

impl Drop for Hold<'_> {
    #[inline]
    fn drop(&mut self) {
        // Nobody else can hold it exclusively.
        self.semaphore.hold_no_more();
        self.semaphore.release(self.permits);
    }
}

impl<T> RwLock<T> {
    /// Creates an unlocked lock.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::RwLock;
    ///
    /// let lock = RwLock::new("config");
    /// assert_eq!(*lock.try_read().unwrap(), "config");
    /// ```
    pub fn new(value: T) -> Self {
        Self::const_new(value)
    }

    /// Creates a lock for up to `max_reads` readers at a time; more of them wait.
    ///
    /// # Panics
    ///
    /// If `max_reads` is 0 or exceeds `u32::MAX >> 3`.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = leno::sync::RwLock::with_max_readers(0, 2);
    /// let readers = (lock.try_read().unwrap(), lock.try_read().unwrap());
    /// assert!(lock.try_read().is_err());
    /// drop(readers);
    /// assert!(lock.try_write().is_ok());
    /// ```
    #[track_caller]
    pub fn with_max_readers(value: T, max_reads: u32) -> Self {
        Self::const_with_max_readers(value, max_reads)
    }

    const_fn! {
        /// Creates an unlocked lock in a constant or a static.
        ///
        /// ```
        /// use leno::sync::RwLock;
        ///
        /// static NAMES: RwLock<Vec<String>> = RwLock::const_new(Vec::new());
        /// assert!(NAMES.try_read().unwrap().is_empty());
        /// ```
        pub const fn const_new(value: T) -> Self {
            Self::const_with_max_readers(value, MAX_READERS)
        }

        /// Creates a lock for up to `max_reads` readers at a time, in a constant or a static.
        ///
        /// # Panics
        ///
        /// If `max_reads` is 0 or exceeds `u32::MAX >> 3`.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::sync::RwLock;
        ///
        /// static TABLE: RwLock<[u8; 4]> = RwLock::const_with_max_readers([0; 4], 64);
        /// TABLE.blocking_write()[0] = 1;
        /// assert_eq!(TABLE.blocking_read()[0], 1);
        /// ```
        #[track_caller]
        pub const fn const_with_max_readers(value: T, max_reads: u32) -> Self {
            assert!(
                max_reads <= MAX_READERS,
                "a RwLock may not be created with more than u32::MAX >> 3 readers: ask for fewer"
            );
            assert!(
                max_reads > 0,
                "a RwLock may not be created with 0 readers: use 1 for a lock that nobody shares"
            );
            Self {
                semaphore: Semaphore::new(max_reads as usize),
                readers: max_reads,
                data: UnsafeCell::new(value),
            }
        }
    }

    /// Takes the value out.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = leno::sync::RwLock::new(vec!['a']);
    /// lock.write().await.push('b');
    /// assert_eq!(lock.into_inner(), ['a', 'b']);
    /// # });
    /// ```
    pub fn into_inner(self) -> T {
        self.data.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until it may read.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses its place in the queue, and nothing else.
    ///
    /// # Examples
    ///
    /// Several at a time, each across an `.await`:
    ///
    /// ```
    /// use leno::sync::{Barrier, RwLock};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (lock, together) = (RwLock::new(21), Barrier::new(2));
    /// let reader = || async {
    ///     let number = lock.read().await;
    ///     // Nobody passes before both have the lock.
    ///     together.wait().await;
    ///     *number
    /// };
    /// let (first, second) = leno::join!(reader(), reader());
    /// assert_eq!(first + second, 42);
    /// # });
    /// ```
    pub fn read(&self) -> impl CancelSafe<Output = RwLockReadGuard<'_, T>> {
        assert_cancel_safe(async move {
            self.acquire(1, Purpose::Shared).await;
            RwLockReadGuard::new(self.hold(1), self.shared())
        })
    }

    /// Waits until it may read, with a guard that keeps the lock alive.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses its place in the queue, and nothing else.
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use leno::sync::RwLock;
    /// use std::sync::Arc;
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = lock.clone().read_owned().await;
    /// leno::spawn(async move { assert_eq!(*guard, 1) }).await.unwrap();
    /// # });
    /// ```
    pub fn read_owned(self: Arc<Self>) -> impl CancelSafe<Output = OwnedRwLockReadGuard<T>> {
        assert_cancel_safe(async move {
            self.acquire(1, Purpose::Shared).await;
            OwnedRwLockReadGuard::new(OwnedHold::new(self, 1))
        })
    }

    /// Waits until it may write.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses its place in the queue, and nothing else.
    ///
    /// # Examples
    ///
    /// A writer waits until the last reader has left, and those who come after it wait for it:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = leno::sync::RwLock::new(1);
    /// let reader = lock.read().await;
    /// let writer = async {
    ///     *lock.write().await = 2;
    /// };
    /// let later = async {
    ///     assert!(lock.try_read().is_err(), "a writer waits");
    ///     drop(reader);
    ///     *lock.read().await
    /// };
    /// let ((), read) = leno::join!(biased; writer, later);
    /// assert_eq!(read, 2);
    /// # });
    /// ```
    pub fn write(&self) -> impl CancelSafe<Output = RwLockWriteGuard<'_, T>> {
        assert_cancel_safe(async move {
            self.acquire(self.all(), Purpose::Exclusive).await;
            self.semaphore.hold();
            RwLockWriteGuard::new(self.hold(self.all()), self.exclusive())
        })
    }

    /// Waits until it may write, with a guard that keeps the lock alive.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses its place in the queue, and nothing else.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::RwLock;
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let lock = Arc::new(RwLock::new(vec![1]));
    /// let mut guard = lock.clone().write_owned().await;
    /// leno::spawn(async move { guard.push(2) }).await.unwrap();
    /// assert_eq!(*lock.read().await, [1, 2]);
    /// # });
    /// ```
    pub fn write_owned(self: Arc<Self>) -> impl CancelSafe<Output = OwnedRwLockWriteGuard<T>> {
        assert_cancel_safe(async move {
            let all = self.all();
            self.acquire(all, Purpose::Exclusive).await;
            // It was noted as this task's if it was handed over, and may be moved from now on.
            self.semaphore.hold_no_more();
            OwnedRwLockWriteGuard::new(OwnedHold::new(self, all))
        })
    }

    /// Takes the lock to read if that is possible at once.
    ///
    /// # Errors
    ///
    /// If someone writes, or waits to.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = leno::sync::RwLock::new(1);
    /// let first = lock.try_read().unwrap();
    /// assert!(lock.try_read().is_ok());
    /// drop(first);
    /// let writer = lock.try_write().unwrap();
    /// assert!(lock.try_read().is_err());
    /// drop(writer);
    /// ```
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        self.try_acquire(1)?;
        Ok(RwLockReadGuard::new(self.hold(1), self.shared()))
    }

    /// [`try_read`](Self::try_read), with a guard that keeps the lock alive.
    ///
    /// # Errors
    ///
    /// As [`try_read`](Self::try_read).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::RwLock;
    /// use std::sync::Arc;
    ///
    /// let lock = Arc::new(RwLock::new("shared"));
    /// let guard = lock.clone().try_read_owned().unwrap();
    /// let thread = std::thread::spawn(move || guard.len());
    /// assert_eq!(thread.join().unwrap(), 6);
    /// ```
    pub fn try_read_owned(self: Arc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        self.try_acquire(1)?;
        Ok(OwnedRwLockReadGuard::new(OwnedHold::new(self, 1)))
    }

    /// Takes the lock to write if that is possible at once.
    ///
    /// # Errors
    ///
    /// If someone reads or writes, or waits to.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = leno::sync::RwLock::new(1);
    /// let reader = lock.try_read().unwrap();
    /// assert!(lock.try_write().is_err());
    /// drop(reader);
    /// *lock.try_write().unwrap() = 2;
    /// assert_eq!(lock.into_inner(), 2);
    /// ```
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        self.try_acquire(self.all())?;
        self.semaphore.hold();
        Ok(RwLockWriteGuard::new(
            self.hold(self.all()),
            self.exclusive(),
        ))
    }

    /// [`try_write`](Self::try_write), with a guard that keeps the lock alive.
    ///
    /// # Errors
    ///
    /// As [`try_write`](Self::try_write).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::RwLock;
    /// use std::sync::Arc;
    ///
    /// let lock = Arc::new(RwLock::new(0));
    /// let mut guard = lock.clone().try_write_owned().unwrap();
    /// *guard += 1;
    /// assert!(lock.clone().try_write_owned().is_err());
    /// drop(guard);
    /// assert_eq!(*lock.try_read().unwrap(), 1);
    /// ```
    pub fn try_write_owned(self: Arc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
        let all = self.all();
        self.try_acquire(all)?;
        Ok(OwnedRwLockWriteGuard::new(OwnedHold::new(self, all)))
    }

    /// Blocks the thread until it may read.
    ///
    /// # Panics
    ///
    /// On a thread that drives a runtime's tasks: use [`read`](Self::read) there.
    ///
    /// # Examples
    ///
    /// A closure that may block reads what tasks write:
    ///
    /// ```
    /// use leno::sync::RwLock;
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let settings = Arc::new(RwLock::new("old"));
    /// *settings.write().await = "new";
    /// let closure = leno::task::spawn_blocking({
    ///     let settings = settings.clone();
    ///     move || settings.blocking_read().to_uppercase()
    /// });
    /// assert_eq!(closure.await.unwrap(), "NEW");
    /// # });
    /// ```
    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        root::block_on(self.read())
    }

    /// Blocks the thread until it may write.
    ///
    /// # Panics
    ///
    /// On a thread that drives a runtime's tasks: use [`write`](Self::write) there.
    ///
    /// ```
    /// use leno::sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// *lock.blocking_write() += 1;
    /// assert_eq!(*lock.blocking_read(), 2);
    /// ```
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        root::block_on(self.write())
    }

    /// The value, without locking: `&mut self` proves that nobody else has the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut lock = leno::sync::RwLock::new([1, 2]);
    /// lock.get_mut()[0] = 9;
    /// assert_eq!(lock.into_inner(), [9, 2]);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        self.data.with_mut(|data| {
            // SAFETY: `&mut self` is exclusive, and lives as long as what is returned.
            unsafe { &mut *data }
        })
    }

    #[inline]
    async fn acquire(&self, permits: usize, purpose: Purpose) {
        let at_once = poll_fn(|cx| self.semaphore.poll_at_once(cx, permits)).await;
        if at_once.is_ok() {
            return;
        }
        let acquired = self.semaphore.acquire_in_queue(permits, purpose).await;
        if acquired.is_err() {
            unreachable!("a RwLock never closes its semaphore");
        }
    }

    #[inline]
    fn try_acquire(&self, permits: usize) -> Result<(), TryLockError> {
        self.semaphore
            .try_acquire(permits)
            .map_err(|_| TryLockError(()))
    }

    /// What a writer holds.
    fn all(&self) -> usize {
        self.readers as usize
    }

    /// The hold of permits that were acquired.
    fn hold(&self, permits: usize) -> Hold<'_> {
        Hold {
            semaphore: &self.semaphore,
            permits,
        }
    }

    /// Where the data is, for whoever holds a permit.
    fn shared(&self) -> *const T {
        self.data.with(|data| data)
    }

    /// Where the data is, for whoever holds all permits.
    fn exclusive(&self) -> *mut T {
        self.data.with_mut(|data| data)
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RwLock");
        match self.try_read() {
            Ok(guard) => debug.field("data", &&*guard),
            Err(_) => debug.field("data", &format_args!("<locked>")),
        };
        debug.finish()
    }
}

/// What all guards can: to be used, and printed, as what they guard. Each is a struct with a pointer `data`.
macro_rules! guards {
    ($([$($generics:tt)*] $guard:ty, $target:ident;)+) => {$(
        impl<$($generics)* $target: ?Sized> std::ops::Deref for $guard {
            type Target = $target;

            #[inline]
            fn deref(&self) -> &$target {
                // SAFETY: this guard holds a permit, which keeps writers away, and lends itself for as long.
                unsafe { &*self.data }
            }
        }

        impl<$($generics)* $target: ?Sized + fmt::Debug> fmt::Debug for $guard {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&**self, f)
            }
        }

        impl<$($generics)* $target: ?Sized + fmt::Display> fmt::Display for $guard {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&**self, f)
            }
        }
    )+};
}

/// What the guards of writers can besides: to be used exclusively.
macro_rules! writers {
    ($([$($generics:tt)*] $guard:ty, $target:ident;)+) => {$(
        impl<$($generics)* $target: ?Sized> std::ops::DerefMut for $guard {
            #[inline]
            fn deref_mut(&mut self) -> &mut $target {
                // SAFETY: this guard holds all permits, and lends itself exclusively for as long.
                unsafe { &mut *self.data }
            }
        }
    )+};
}

guards! {
    [] RwLockReadGuard<'_, T>, T;
    [] RwLockWriteGuard<'_, T>, T;
    [] RwLockMappedWriteGuard<'_, T>, T;
    [T: ?Sized,] OwnedRwLockReadGuard<T, U>, U;
    [] OwnedRwLockWriteGuard<T>, T;
    [T: ?Sized,] OwnedRwLockMappedWriteGuard<T, U>, U;
}

writers! {
    [] RwLockWriteGuard<'_, T>, T;
    [] RwLockMappedWriteGuard<'_, T>, T;
    [] OwnedRwLockWriteGuard<T>, T;
    [T: ?Sized,] OwnedRwLockMappedWriteGuard<T, U>, U;
}
