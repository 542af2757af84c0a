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
#[derive(Debug)]
pub struct Semaphore {
    core: batch_semaphore::Semaphore,
}

/// Permits from [`Semaphore::acquire`]; dropping it gives them back.
#[must_use = "the permits go back when this is dropped"]
#[clippy::has_significant_drop]
#[derive(Debug)]
pub struct SemaphorePermit<'a> {
    semaphore: &'a Semaphore,
    permits: usize,
}

/// Permits from [`Semaphore::acquire_owned`]; dropping it gives them back.
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
    #[track_caller]
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
    pub fn available_permits(&self) -> usize {
        self.core.available_permits()
    }

    /// Adds `n` permits.
    ///
    /// # Panics
    ///
    /// If that makes more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[track_caller]
    pub fn add_permits(&self, n: usize) {
        self.core.release(n);
    }

    /// Takes up to `n` of the available permits out of use for good, and returns how many it took.
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
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// Takes `n` permits if they are available.
    ///
    /// # Errors
    ///
    /// [`Closed`](TryAcquireError::Closed), or [`NoPermits`](TryAcquireError::NoPermits) if there are too few
    /// or others are waiting.
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
    #[track_caller]
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
    #[track_caller]
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
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// [`try_acquire_many`](Self::try_acquire_many), with permits that keep the semaphore alive.
    ///
    /// # Errors
    ///
    /// As [`try_acquire_many`](Self::try_acquire_many).
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
    #[track_caller]
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
    #[track_caller]
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
    pub fn close(&self) {
        self.core.close();
    }

    /// True after [`close`](Self::close).
    pub fn is_closed(&self) -> bool {
        self.core.is_closed()
    }
}

/// The methods that both kinds of permits have.
macro_rules! permit_methods {
    ($same:path, $semaphore:ty) => {
        /// Keeps the permits from going back: the semaphore has that many fewer from now on.
        pub fn forget(mut self) {
            self.permits = 0;
        }

        /// Adds the permits of `other` to this one.
        ///
        /// # Panics
        ///
        /// If `other` comes from another semaphore.
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
        pub fn split(&mut self, n: usize) -> Option<Self> {
            self.permits = self.permits.checked_sub(n)?;
            Some(Self {
                semaphore: self.semaphore.clone(),
                permits: n,
            })
        }

        /// The semaphore that the permits come from.
        pub fn semaphore(&self) -> &$semaphore {
            &self.semaphore
        }

        /// How many permits these are.
        pub fn num_permits(&self) -> usize {
            self.permits
        }
    };
}

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
    fn drop(&mut self) {
        self.semaphore.core.release(self.permits);
    }
}

impl Drop for OwnedSemaphorePermit {
    fn drop(&mut self) {
        self.semaphore.core.release(self.permits);
    }
}
