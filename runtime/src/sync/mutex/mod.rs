//! A mutex for tasks: a semaphore with one permit, and what it guards.
//!
//! Locking is one compare-exchange and unlocking another while nobody waits; who waits, waits in
//! [`batch_semaphore`](super::batch_semaphore)'s queue, and an unlock hands the lock to the first of them.
//!
//! The permit is the invariant that every SAFETY comment here leans on: **whoever holds the permit may use
//! the data, and nobody else does.** A guard owns the permit from its creation to its drop; making one guard
//! out of another moves the permit and does not give it back in between.

mod mapped;
mod owned;

pub use mapped::MappedMutexGuard;
pub use owned::{OwnedMappedMutexGuard, OwnedMutexGuard};

use super::batch_semaphore::{Purpose, Semaphore};
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::kernel::root;
use crate::prim::{SelfArc as Arc, UnsafeCell, const_fn};
use std::fmt;
use std::future::poll_fn;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::task::{Context, Poll};

/// A mutex whose guard may be held across an `.await`.
///
/// Use std's mutex for data that is only locked for a moment: it is smaller. This one is for what must stay
/// locked while the task waits for something, like a connection that a request and its answer belong to.
///
/// Tasks get the lock in the order in which they asked. There is no poisoning: a panic in a task that holds
/// the lock releases it.
///
/// # Examples
///
/// ```
/// # leno::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// use leno::sync::Mutex;
/// use std::sync::Arc;
///
/// let count = Arc::new(Mutex::new(0));
/// let tasks: Vec<_> = (0..10)
///     .map(|_| {
///         let count = count.clone();
///         leno::spawn(async move {
///             let mut count = count.lock().await;
///             *count += 1;
///         })
///     })
///     .collect();
/// for task in tasks {
///     task.await.unwrap();
/// }
/// assert_eq!(*count.lock().await, 10);
/// # });
/// ```
pub struct Mutex<T: ?Sized> {
    semaphore: Semaphore,
    data: UnsafeCell<T>,
}

// SAFETY: the permit lets one thread at a time at the data, which thereby moves between threads: T: Send.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

/// The lock on a [`Mutex`]; dropping it unlocks.
///
/// # Examples
///
/// Held across an `.await`: nobody comes in between a request and its answer.
///
/// ```
/// use leno::sync::Mutex;
/// use std::sync::Arc;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let log = Arc::new(Mutex::new(Vec::new()));
/// let exchange = |name: &'static str, log: Arc<Mutex<Vec<String>>>| async move {
///     let mut log = log.lock().await;
///     log.push(format!("{name} asks"));
///     leno::task::yield_now().await;
///     log.push(format!("{name} is answered"));
/// };
/// leno::join!(biased; exchange("ann", log.clone()), exchange("bob", log.clone()));
/// let log = log.lock().await;
/// assert_eq!(*log, ["ann asks", "ann is answered", "bob asks", "bob is answered"]);
/// # });
/// ```
#[clippy::has_significant_drop]
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
}

// SAFETY: a shared guard only gives `&T`. (Send comes from `&Mutex<T>`.)
unsafe impl<T: ?Sized + Send + Sync> Sync for MutexGuard<'_, T> {}

/// Error of [`Mutex::try_lock`] and its kin: someone holds the lock.
///
/// # Examples
///
/// ```
/// let mutex = leno::sync::Mutex::new(());
/// let held = mutex.try_lock().unwrap();
/// assert_eq!(mutex.try_lock().unwrap_err().to_string(), "operation would block");
/// drop(held);
/// ```
#[derive(Debug)]
pub struct TryLockError(pub(super) ());

impl fmt::Display for TryLockError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("operation would block")
    }
}

impl std::error::Error for TryLockError {}

impl<T> Mutex<T> {
    /// Creates an unlocked mutex.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::Mutex;
    ///
    /// let mutex = Mutex::new(vec![1, 2]);
    /// assert_eq!(mutex.try_lock().unwrap().len(), 2);
    /// // The same, where the type is known.
    /// let mutex: Mutex<u32> = 7.into();
    /// assert_eq!(mutex.into_inner(), 7);
    /// ```
    pub fn new(value: T) -> Self {
        Self::const_new(value)
    }

    const_fn! {
        /// Creates an unlocked mutex in a constant or a static.
        ///
        /// ```
        /// use leno::sync::Mutex;
        ///
        /// static NAMES: Mutex<Vec<String>> = Mutex::const_new(Vec::new());
        /// assert!(NAMES.try_lock().unwrap().is_empty());
        /// ```
        pub const fn const_new(value: T) -> Self {
            Self {
                semaphore: Semaphore::new(1),
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
    /// let mutex = leno::sync::Mutex::new(String::from("a"));
    /// mutex.lock().await.push('b');
    /// assert_eq!(mutex.into_inner(), "ab");
    /// # });
    /// ```
    pub fn into_inner(self) -> T {
        self.data.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits for the lock.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses its place in the queue, and nothing else.
    ///
    /// # Examples
    ///
    /// The guard goes before the next wait, or it is held for as long as that takes:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mutex = leno::sync::Mutex::new(1);
    /// let copy = {
    ///     let mut number = mutex.lock().await;
    ///     *number += 1;
    ///     *number
    /// };
    /// leno::task::yield_now().await;
    /// assert_eq!(copy, 2);
    /// assert!(mutex.try_lock().is_ok());
    /// # });
    /// ```
    pub fn lock(&self) -> impl CancelSafe<Output = MutexGuard<'_, T>> {
        assert_cancel_safe(async move {
            if !poll_fn(|cx| self.poll_at_once(cx)).await {
                self.acquire_in_queue().await;
            }
            self.semaphore.hold();
            MutexGuard { mutex: self }
        })
    }

    /// Waits for the lock, with a guard that keeps the mutex alive.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses its place in the queue, and nothing else.
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use leno::sync::Mutex;
    /// use std::sync::Arc;
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let guard = mutex.clone().lock_owned().await;
    /// leno::spawn(async move { assert_eq!(*guard, 1) }).await.unwrap();
    /// # });
    /// ```
    pub fn lock_owned(self: Arc<Self>) -> impl CancelSafe<Output = OwnedMutexGuard<T>> {
        assert_cancel_safe(async move {
            if !poll_fn(|cx| self.poll_at_once(cx)).await {
                self.acquire_in_queue().await;
                // It was noted as this task's when it was handed over, and may be moved from now on.
                self.semaphore.hold_no_more();
            }
            OwnedMutexGuard::new(self)
        })
    }

    /// Takes the lock if it is free.
    ///
    /// # Errors
    ///
    /// If someone holds it, or waits for it.
    ///
    /// # Examples
    ///
    /// For work that somebody is doing already:
    ///
    /// ```
    /// let refreshing = leno::sync::Mutex::new(0);
    /// let refresh = || match refreshing.try_lock() {
    ///     Ok(mut count) => {
    ///         *count += 1;
    ///         true
    ///     }
    ///     Err(_) => false,
    /// };
    /// assert!(refresh());
    /// let busy = refreshing.try_lock().unwrap();
    /// assert!(!refresh());
    /// drop(busy);
    /// ```
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        match self.semaphore.try_acquire(1) {
            Ok(()) => {
                self.semaphore.hold();
                Ok(MutexGuard { mutex: self })
            }
            Err(_) => Err(TryLockError(())),
        }
    }

    /// [`try_lock`](Self::try_lock), with a guard that keeps the mutex alive.
    ///
    /// # Errors
    ///
    /// As [`try_lock`](Self::try_lock).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::Mutex;
    /// use std::sync::Arc;
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let guard = mutex.clone().try_lock_owned().unwrap();
    /// assert!(mutex.clone().try_lock_owned().is_err());
    /// drop(guard);
    /// assert!(mutex.try_lock_owned().is_ok());
    /// ```
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        match self.semaphore.try_acquire(1) {
            Ok(()) => Ok(OwnedMutexGuard::new(self)),
            Err(_) => Err(TryLockError(())),
        }
    }

    /// Blocks the thread until it has the lock.
    ///
    /// # Panics
    ///
    /// On a thread that drives a runtime's tasks: use [`lock`](Self::lock) there.
    ///
    /// ```
    /// use leno::sync::Mutex;
    ///
    /// let mutex = Mutex::new(1);
    /// *mutex.blocking_lock() += 1;
    /// assert_eq!(mutex.into_inner(), 2);
    /// ```
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        root::block_on(self.lock())
    }

    /// [`blocking_lock`](Self::blocking_lock), with a guard that keeps the mutex alive.
    ///
    /// # Panics
    ///
    /// On a thread that drives a runtime's tasks: use [`lock_owned`](Self::lock_owned) there.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::Mutex;
    /// use std::sync::Arc;
    /// use std::thread;
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let guard = mutex.clone().blocking_lock_owned();
    /// let waits = thread::spawn({
    ///     let mutex = mutex.clone();
    ///     move || *mutex.blocking_lock_owned() += 1
    /// });
    /// drop(guard);
    /// waits.join().unwrap();
    /// assert_eq!(*mutex.blocking_lock(), 2);
    /// ```
    #[track_caller]
    pub fn blocking_lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        root::block_on(self.lock_owned())
    }

    /// The value, without locking: `&mut self` proves that nobody else has the mutex.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut mutex = leno::sync::Mutex::new(1);
    /// *mutex.get_mut() = 2;
    /// assert_eq!(mutex.into_inner(), 2);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        self.data.with_mut(|data| {
            // SAFETY: `&mut self` is exclusive, and lives as long as what is returned.
            unsafe { &mut *data }
        })
    }

    /// Takes the permit if it is there.
    #[inline]
    fn poll_at_once(&self, cx: &mut Context<'_>) -> Poll<bool> {
        self.semaphore
            .poll_the_only_one(cx)
            .map(|result| result.is_ok())
    }

    /// Takes the permit, in the queue.
    #[cold]
    async fn acquire_in_queue(&self) {
        if self
            .semaphore
            .acquire_in_queue(1, Purpose::Exclusive)
            .await
            .is_err()
        {
            unreachable!("a mutex never closes its semaphore");
        }
    }

    #[inline]
    fn unlock(&self) {
        self.semaphore.release_the_only_one();
    }

    /// Where the data is. Using it is up to whoever holds the permit.
    fn data(&self) -> *mut T {
        self.data.with_mut(|data| data)
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Mutex");
        match self.try_lock() {
            Ok(guard) => debug.field("data", &&*guard),
            Err(_) => debug.field("data", &format_args!("<locked>")),
        };
        debug.finish()
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Makes a guard of a part of the data.
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use leno::sync::{Mutex, MutexGuard};
    ///
    /// let mutex = Mutex::new((1, 2));
    /// let mut second = MutexGuard::map(mutex.lock().await, |pair| &mut pair.1);
    /// *second = 3;
    /// drop(second);
    /// assert_eq!(mutex.into_inner(), (1, 3));
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

    /// Makes a guard of a part of the data if there is such a part.
    ///
    /// # Errors
    ///
    /// The guard itself, if `f` returns `None`.
    ///
    /// # Examples
    ///
    /// A part that may not be there:
    ///
    /// ```
    /// use leno::sync::{Mutex, MutexGuard};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mutex = Mutex::new(vec![1, 2]);
    /// match MutexGuard::try_map(mutex.lock().await, |list| list.get_mut(1)) {
    ///     Ok(mut second) => *second = 9,
    ///     Err(_) => unreachable!("there are two"),
    /// }
    /// let Err(mut list) = MutexGuard::try_map(mutex.lock().await, |list| list.get_mut(5)) else {
    ///     panic!("there is no sixth");
    /// };
    /// // The lock was not given up meanwhile.
    /// list.push(3);
    /// assert_eq!(*list, [1, 9, 3]);
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

    /// The mutex that this guard locks.
    ///
    /// # Examples
    ///
    /// To lock it again after a pause:
    ///
    /// ```
    /// use leno::sync::{Mutex, MutexGuard};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// async fn step_aside<'a>(guard: MutexGuard<'a, u32>) -> MutexGuard<'a, u32> {
    ///     let mutex = MutexGuard::mutex(&guard);
    ///     drop(guard);
    ///     leno::task::yield_now().await;
    ///     mutex.lock().await
    /// }
    ///
    /// let mutex = Mutex::new(1);
    /// let guard = step_aside(mutex.lock().await).await;
    /// assert_eq!(*guard, 1);
    /// # });
    /// ```
    #[inline]
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.mutex
    }

    /// The semaphore whose permit this was, for another guard to give back.
    fn into_permit(self) -> &'a Semaphore {
        &ManuallyDrop::new(self).mutex.semaphore
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.unlock();
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this guard holds the permit, and lends itself for as long.
        unsafe { &*self.mutex.data() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard holds the permit, and lends itself exclusively for as long.
        unsafe { &mut *self.mutex.data() }
    }
}

/// Prints what the guard guards, as std's guards do.
macro_rules! format_as_target {
    ($([$($generics:tt)*] $guard:ty, $target:ident;)+) => {$(
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

format_as_target! {
    [] MutexGuard<'_, T>, T;
    [] MappedMutexGuard<'_, T>, T;
    [] OwnedMutexGuard<T>, T;
    [T: ?Sized,] OwnedMappedMutexGuard<T, U>, U;
}
