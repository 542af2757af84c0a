//! `Semaphore` and its permits: the public face of [`batch_semaphore`](super::batch_semaphore).

use super::batch_semaphore::{self, AcquireError, TryAcquireError};
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::kernel::root;
use crate::prim::{SelfArc as Arc, const_fn};

/// A number of permits that tasks acquire and give back.
///
/// Tasks that find too few permits wait in the order in which they came. The first one waiting collects
/// permits until it has all it wants, so a large request is not overtaken by small ones.
///
/// Acquiring without waiting, and releasing while nobody waits, cost one atomic exchange each and allocate
/// nothing; neither does waiting.
///
/// # Examples
///
/// No more than two at once:
///
/// ```
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use leno::sync::Semaphore;
///
/// let semaphore = Semaphore::new(2);
/// let first = semaphore.acquire().await.unwrap();
/// let second = semaphore.acquire().await.unwrap();
/// assert!(semaphore.try_acquire().is_err());
/// drop(first);
/// assert_eq!(semaphore.available_permits(), 1);
/// # drop(second);
/// # });
/// ```
///
/// Many tasks, of which only a few are at work at a time:
///
/// ```
/// use leno::sync::Semaphore;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
/// let limit = Arc::new(Semaphore::new(3));
/// let at_work = Arc::new(AtomicUsize::new(0));
/// let requests: Vec<_> = (0..20)
///     .map(|_| {
///         let (limit, at_work) = (limit.clone(), at_work.clone());
///         leno::spawn(async move {
///             let _permit = limit.acquire().await.unwrap();
///             let together = at_work.fetch_add(1, Ordering::Relaxed) + 1;
///             leno::task::yield_now().await;
///             at_work.fetch_sub(1, Ordering::Relaxed);
///             together
///         })
///     })
///     .collect();
/// for request in requests {
///     assert!(request.await.unwrap() <= 3);
/// }
/// # });
/// ```
#[derive(Debug)]
pub struct Semaphore {
    core: batch_semaphore::Semaphore,
}

/// Permits from [`Semaphore::acquire`]; dropping it gives them back.
///
/// # Examples
///
/// A bucket of tokens: what is taken does not come back by itself, but a task fills it up.
///
/// ```
/// use leno::sync::Semaphore;
/// use leno::time::{Duration, Instant, interval};
/// use std::sync::Arc;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
/// let bucket = Arc::new(Semaphore::new(2));
/// let filler = leno::spawn({
///     let bucket = bucket.clone();
///     async move {
///         let mut tick = interval(Duration::from_secs(1));
///         tick.tick().await;
///         loop {
///             tick.tick().await;
///             bucket.add_permits(1);
///         }
///     }
/// });
/// let start = Instant::now();
/// for _ in 0..4 {
///     bucket.acquire().await.unwrap().forget();
/// }
/// assert_eq!(start.elapsed(), Duration::from_secs(2));
/// filler.abort();
/// # });
/// ```
#[must_use = "the permits go back when this is dropped"]
#[clippy::has_significant_drop]
#[derive(Debug)]
pub struct SemaphorePermit<'a> {
    semaphore: &'a Semaphore,
    permits: usize,
}

/// Permits from [`Semaphore::acquire_owned`]; dropping it gives them back.
///
/// # Examples
///
/// A connection holds its place for as long as it lives, wherever it goes:
///
/// ```
/// use leno::sync::{OwnedSemaphorePermit, Semaphore};
/// use std::sync::Arc;
///
/// struct Connection {
///     _place: OwnedSemaphorePermit,
/// }
///
/// let places = Arc::new(Semaphore::new(2));
/// let connect = || places.clone().try_acquire_owned().map(|place| Connection { _place: place });
/// let connections = [connect().unwrap(), connect().unwrap()];
/// assert!(connect().is_err());
/// drop(connections);
/// assert!(connect().is_ok());
/// ```
#[must_use = "the permits go back when this is dropped"]
#[clippy::has_significant_drop]
#[derive(Debug)]
pub struct OwnedSemaphorePermit {
    semaphore: Arc<Semaphore>,
    permits: usize,
}

impl Semaphore {
    /// The most permits a semaphore can have: `usize::MAX >> 3`.
    pub const MAX_PERMITS: usize = batch_semaphore::Semaphore::MAX_PERMITS;

    /// Creates a semaphore with `permits` permits.
    ///
    /// # Panics
    ///
    /// If `permits` exceeds [`MAX_PERMITS`](Self::MAX_PERMITS).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::Semaphore;
    ///
    /// assert_eq!(Semaphore::new(5).available_permits(), 5);
    /// // Nobody gets on before somebody adds permits.
    /// assert!(Semaphore::new(0).try_acquire().is_err());
    /// ```
    #[track_caller]
    #[inline]
    pub fn new(permits: usize) -> Self {
        Self {
            core: batch_semaphore::Semaphore::new(permits),
        }
    }

    const_fn! {
        /// Creates a semaphore in a constant or a static.
        ///
        /// # Panics
        ///
        /// If `permits` exceeds [`MAX_PERMITS`](Self::MAX_PERMITS).
        ///
        /// ```
        /// use leno::sync::Semaphore;
        ///
        /// static SEMAPHORE: Semaphore = Semaphore::const_new(100);
        /// assert_eq!(SEMAPHORE.available_permits(), 100);
        /// ```
        #[track_caller]
        pub const fn const_new(permits: usize) -> Self {
            Self {
                core: batch_semaphore::Semaphore::new(permits),
            }
        }
    }

    /// How many permits are available right now.
    ///
    /// # Examples
    ///
    /// ```
    /// let semaphore = leno::sync::Semaphore::new(4);
    /// let three = semaphore.try_acquire_many(3).unwrap();
    /// assert_eq!(semaphore.available_permits(), 1);
    /// drop(three);
    /// assert_eq!(semaphore.available_permits(), 4);
    /// ```
    #[inline]
    pub fn available_permits(&self) -> usize {
        self.core.available_permits()
    }

    /// Adds `n` permits.
    ///
    /// # Panics
    ///
    /// If that makes more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    ///
    /// # Examples
    ///
    /// As a gate: closed until somebody opens it, for as many as are meant to pass.
    ///
    /// ```
    /// use leno::sync::Semaphore;
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let gate = Arc::new(Semaphore::new(0));
    /// let waits = leno::spawn({
    ///     let gate = gate.clone();
    ///     async move { gate.acquire().await.unwrap().forget() }
    /// });
    /// gate.add_permits(2);
    /// waits.await.unwrap();
    /// assert_eq!(gate.available_permits(), 1);
    /// # });
    /// ```
    #[track_caller]
    #[inline]
    pub fn add_permits(&self, n: usize) {
        self.core.release(n);
    }

    /// Takes up to `n` of the available permits out of use for good, and returns how many it took.
    ///
    /// # Examples
    ///
    /// Makes a limit smaller while it is in use. Permits that are out are not touched:
    ///
    /// ```
    /// let semaphore = leno::sync::Semaphore::new(5);
    /// let held = semaphore.try_acquire_many(2).unwrap();
    /// assert_eq!(semaphore.forget_permits(10), 3);
    /// drop(held);
    /// assert_eq!(semaphore.available_permits(), 2);
    /// ```
    #[inline]
    pub fn forget_permits(&self, n: usize) -> usize {
        self.core.forget_permits(n)
    }

    /// Waits for one permit.
    ///
    /// # Errors
    ///
    /// If the semaphore is closed, before or meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses its place in the queue, and nothing else.
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let semaphore = leno::sync::Semaphore::new(1);
    /// let permit = semaphore.acquire().await.unwrap();
    /// assert_eq!(semaphore.available_permits(), 0);
    /// # drop(permit);
    /// # });
    /// ```
    #[inline]
    pub fn acquire(&self) -> impl CancelSafe<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        assert_cancel_safe(async move { self.acquire_many(1).await })
    }

    /// Waits for `n` permits.
    ///
    /// # Errors
    ///
    /// If the semaphore is closed, before or meanwhile.
    ///
    /// # Panics
    ///
    /// If `n` exceeds [`MAX_PERMITS`](Self::MAX_PERMITS) (possible on 32-bit targets only).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses its place in the queue; permits that were already set aside for it go to the next.
    ///
    /// # Examples
    ///
    /// What a request weighs is what it takes:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let memory = leno::sync::Semaphore::new(1024);
    /// let large = memory.acquire_many(1000).await.unwrap();
    /// assert!(memory.try_acquire_many(100).is_err());
    /// drop(large);
    /// assert!(memory.try_acquire_many(100).is_ok());
    /// # });
    /// ```
    #[inline]
    pub fn acquire_many(
        &self,
        n: u32,
    ) -> impl CancelSafe<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        assert_cancel_safe(async move {
            self.core.acquire(n as usize).await?;
            Ok(SemaphorePermit {
                semaphore: self,
                permits: n as usize,
            })
        })
    }

    /// Takes one permit if it is available.
    ///
    /// # Errors
    ///
    /// [`Closed`](TryAcquireError::Closed), or [`NoPermits`](TryAcquireError::NoPermits) if there is none or
    /// others are waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::{Semaphore, TryAcquireError};
    ///
    /// let semaphore = Semaphore::new(1);
    /// let permit = semaphore.try_acquire().unwrap();
    /// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    /// drop(permit);
    /// assert!(semaphore.try_acquire().is_ok());
    /// ```
    #[inline]
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// Takes `n` permits if they are available.
    ///
    /// # Errors
    ///
    /// [`Closed`](TryAcquireError::Closed), or [`NoPermits`](TryAcquireError::NoPermits) if there are too few
    /// or others are waiting.
    ///
    /// # Examples
    ///
    /// All or nothing:
    ///
    /// ```
    /// let semaphore = leno::sync::Semaphore::new(3);
    /// assert!(semaphore.try_acquire_many(4).is_err());
    /// assert_eq!(semaphore.available_permits(), 3);
    /// assert_eq!(semaphore.try_acquire_many(3).unwrap().num_permits(), 3);
    /// ```
    #[inline]
    pub fn try_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.core.try_acquire(n as usize)?;
        Ok(SemaphorePermit {
            semaphore: self,
            permits: n as usize,
        })
    }

    /// Blocks the thread until there is a permit.
    ///
    /// # Errors
    ///
    /// If the semaphore is closed, before or meanwhile.
    ///
    /// # Panics
    ///
    /// On a thread that drives a runtime's tasks.
    ///
    /// # Examples
    ///
    /// Closures that may block share the limit with tasks:
    ///
    /// ```
    /// use leno::sync::Semaphore;
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let limit = Arc::new(Semaphore::new(1));
    /// let permit = limit.acquire().await.unwrap();
    /// let closure = leno::task::spawn_blocking({
    ///     let limit = limit.clone();
    ///     move || limit.blocking_acquire().is_ok()
    /// });
    /// drop(permit);
    /// assert!(closure.await.unwrap());
    /// # });
    /// ```
    #[track_caller]
    #[inline]
    pub fn blocking_acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        root::block_on(self.acquire())
    }

    /// Blocks the thread until there are `n` permits.
    ///
    /// # Errors
    ///
    /// If the semaphore is closed, before or meanwhile.
    ///
    /// # Panics
    ///
    /// On a thread that drives a runtime's tasks.
    ///
    /// # Examples
    ///
    /// ```
    /// let semaphore = leno::sync::Semaphore::new(3);
    /// let two = semaphore.blocking_acquire_many(2).unwrap();
    /// assert_eq!((two.num_permits(), semaphore.available_permits()), (2, 1));
    /// ```
    #[track_caller]
    #[inline]
    pub fn blocking_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        root::block_on(self.acquire_many(n))
    }

    /// Waits for one permit, which keeps the semaphore alive.
    ///
    /// # Errors
    ///
    /// If the semaphore is closed, before or meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses its place in the queue, and nothing else.
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use leno::sync::Semaphore;
    /// use std::sync::Arc;
    ///
    /// let semaphore = Arc::new(Semaphore::new(1));
    /// let permit = semaphore.clone().acquire_owned().await.unwrap();
    /// leno::spawn(async move { drop(permit) }).await.unwrap();
    /// assert_eq!(semaphore.available_permits(), 1);
    /// # });
    /// ```
    #[inline]
    pub fn acquire_owned(
        self: Arc<Self>,
    ) -> impl CancelSafe<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        assert_cancel_safe(async move { self.acquire_many_owned(1).await })
    }

    /// Waits for `n` permits, which keep the semaphore alive.
    ///
    /// # Errors
    ///
    /// If the semaphore is closed, before or meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses its place in the queue; permits that were already set aside for it go to the next.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::Semaphore;
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let semaphore = Arc::new(Semaphore::new(4));
    /// let permits = semaphore.clone().acquire_many_owned(3).await.unwrap();
    /// let task = leno::spawn(async move { permits.num_permits() });
    /// assert_eq!(task.await.unwrap(), 3);
    /// assert_eq!(semaphore.available_permits(), 4);
    /// # });
    /// ```
    #[inline]
    pub fn acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> impl CancelSafe<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        assert_cancel_safe(async move {
            self.core.acquire(n as usize).await?;
            Ok(OwnedSemaphorePermit {
                semaphore: self,
                permits: n as usize,
            })
        })
    }

    /// [`try_acquire`](Self::try_acquire), with a permit that keeps the semaphore alive.
    ///
    /// # Errors
    ///
    /// As [`try_acquire`](Self::try_acquire).
    ///
    /// # Examples
    ///
    /// A server that turns away what it has no room for:
    ///
    /// ```
    /// use leno::sync::Semaphore;
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let room = Arc::new(Semaphore::new(1));
    /// let serve = || match room.clone().try_acquire_owned() {
    ///     Ok(permit) => Some(leno::spawn(async move { drop(permit) })),
    ///     Err(_) => None,
    /// };
    /// let guest = room.clone().acquire_owned().await.unwrap();
    /// assert!(serve().is_none());
    /// drop(guest);
    /// serve().unwrap().await.unwrap();
    /// # });
    /// ```
    #[inline]
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// [`try_acquire_many`](Self::try_acquire_many), with permits that keep the semaphore alive.
    ///
    /// # Errors
    ///
    /// As [`try_acquire_many`](Self::try_acquire_many).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::Semaphore;
    /// use std::sync::Arc;
    ///
    /// let semaphore = Arc::new(Semaphore::new(3));
    /// let two = semaphore.clone().try_acquire_many_owned(2).unwrap();
    /// assert!(semaphore.clone().try_acquire_many_owned(2).is_err());
    /// drop(two);
    /// assert_eq!(semaphore.available_permits(), 3);
    /// ```
    #[inline]
    pub fn try_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.core.try_acquire(n as usize)?;
        Ok(OwnedSemaphorePermit {
            semaphore: self,
            permits: n as usize,
        })
    }

    /// [`blocking_acquire`](Self::blocking_acquire), with a permit that keeps the semaphore alive.
    ///
    /// # Errors
    ///
    /// As [`blocking_acquire`](Self::blocking_acquire).
    ///
    /// # Panics
    ///
    /// On a thread that drives a runtime's tasks.
    ///
    /// # Examples
    ///
    /// A thread that starts others, no more than two at a time:
    ///
    /// ```
    /// use leno::sync::Semaphore;
    /// use std::sync::Arc;
    /// use std::thread;
    ///
    /// let limit = Arc::new(Semaphore::new(2));
    /// let threads: Vec<_> = (0..4)
    ///     .map(|number| {
    ///         let permit = limit.clone().blocking_acquire_owned().unwrap();
    ///         thread::spawn(move || {
    ///             drop(permit);
    ///             number * 2
    ///         })
    ///     })
    ///     .collect();
    /// assert_eq!(threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u32>(), 12);
    /// ```
    #[track_caller]
    #[inline]
    pub fn blocking_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        root::block_on(self.acquire_owned())
    }

    /// [`blocking_acquire_many`](Self::blocking_acquire_many), with permits that keep the semaphore alive.
    ///
    /// # Errors
    ///
    /// As [`blocking_acquire_many`](Self::blocking_acquire_many).
    ///
    /// # Panics
    ///
    /// On a thread that drives a runtime's tasks.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::Semaphore;
    /// use std::sync::Arc;
    ///
    /// let semaphore = Arc::new(Semaphore::new(2));
    /// let all = semaphore.clone().blocking_acquire_many_owned(2).unwrap();
    /// let returns = std::thread::spawn(move || drop(all));
    /// assert!(semaphore.blocking_acquire().is_ok());
    /// returns.join().unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn blocking_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        root::block_on(self.acquire_many_owned(n))
    }

    /// Closes the semaphore: nobody gets a permit any more, and everyone who waits is woken with an error.
    ///
    /// ```
    /// use leno::sync::{Semaphore, TryAcquireError};
    ///
    /// let semaphore = Semaphore::new(1);
    /// semaphore.close();
    /// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
    /// ```
    #[inline]
    pub fn close(&self) {
        self.core.close();
    }

    /// True after [`close`](Self::close).
    ///
    /// # Examples
    ///
    /// Whoever holds a permit keeps it, and can look whether to stop:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let semaphore = leno::sync::Semaphore::new(1);
    /// let permit = semaphore.acquire().await.unwrap();
    /// semaphore.close();
    /// assert!(permit.semaphore().is_closed());
    /// assert!(semaphore.acquire().await.is_err());
    /// # });
    /// ```
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.core.is_closed()
    }
}

/// The methods that both kinds of permits have.
macro_rules! permit_methods {
    ($same:path, $semaphore:ty) => {
        /// Keeps the permits from going back: the semaphore has that many fewer from now on.
        ///
        /// # Examples
        ///
        /// ```
        /// let semaphore = leno::sync::Semaphore::new(2);
        /// semaphore.try_acquire().unwrap().forget();
        /// assert_eq!(semaphore.available_permits(), 1);
        /// ```
        pub fn forget(mut self) {
            self.permits = 0;
        }

        /// Adds the permits of `other` to this one.
        ///
        /// # Panics
        ///
        /// If `other` comes from another semaphore.
        ///
        /// # Examples
        ///
        /// ```
        /// let semaphore = leno::sync::Semaphore::new(3);
        /// let mut permits = semaphore.try_acquire().unwrap();
        /// permits.merge(semaphore.try_acquire_many(2).unwrap());
        /// assert_eq!(permits.num_permits(), 3);
        /// drop(permits);
        /// assert_eq!(semaphore.available_permits(), 3);
        /// ```
        #[track_caller]
        pub fn merge(&mut self, mut other: Self) {
            assert!(
                $same(&self.semaphore, &other.semaphore),
                "merging permits from different semaphore instances: \
                 compare `semaphore()` of both before"
            );
            // Both come out of one semaphore, which cannot have more than usize can count.
            self.permits += std::mem::take(&mut other.permits);
        }

        /// Splits `n` permits off; `None` if there are fewer.
        ///
        /// # Examples
        ///
        /// What is not needed any more goes back early:
        ///
        /// ```
        /// let semaphore = leno::sync::Semaphore::new(10);
        /// let mut permits = semaphore.try_acquire_many(8).unwrap();
        /// drop(permits.split(5).unwrap());
        /// assert_eq!((permits.num_permits(), semaphore.available_permits()), (3, 7));
        /// assert!(permits.split(4).is_none());
        /// ```
        pub fn split(&mut self, n: usize) -> Option<Self> {
            self.permits = self.permits.checked_sub(n)?;
            Some(Self {
                semaphore: self.semaphore.clone(),
                permits: n,
            })
        }

        /// The semaphore that the permits come from.
        ///
        /// # Examples
        ///
        /// ```
        /// let (first, second) = (leno::sync::Semaphore::new(1), leno::sync::Semaphore::new(1));
        /// let permit = first.try_acquire().unwrap();
        /// assert!(std::ptr::eq(permit.semaphore(), &first));
        /// assert!(!std::ptr::eq(permit.semaphore(), &second));
        /// ```
        pub fn semaphore(&self) -> &$semaphore {
            &self.semaphore
        }

        /// How many permits these are.
        ///
        /// # Examples
        ///
        /// ```
        /// let semaphore = leno::sync::Semaphore::new(3);
        /// assert_eq!(semaphore.try_acquire_many(2).unwrap().num_permits(), 2);
        /// ```
        pub fn num_permits(&self) -> usize {
            self.permits
        }
    };
}

#[inline]
fn same(a: &&Semaphore, b: &&Semaphore) -> bool {
    std::ptr::eq(*a, *b)
}

impl SemaphorePermit<'_> {
    permit_methods!(same, Semaphore);
}

impl OwnedSemaphorePermit {
    permit_methods!(Arc::ptr_eq, Arc<Semaphore>);
}

impl Drop for SemaphorePermit<'_> {
    #[inline]
    fn drop(&mut self) {
        self.semaphore.core.release(self.permits);
    }
}

impl Drop for OwnedSemaphorePermit {
    #[inline]
    fn drop(&mut self) {
        self.semaphore.core.release(self.permits);
    }
}
