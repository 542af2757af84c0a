//! A cell that is initialised once, by a future: a semaphore with one permit, and the value.
//!
//! ```text
//!   permits   CLOSED   the cell
//!      1        0      is empty
//!      0        0      is being initialised by whoever holds the permit
//!      0        1      holds its value, for good
//! ```
//!
//! Whoever holds the permit writes the value and then closes the semaphore, which is how the value is published and
//! how everyone who waits for the permit is told: the semaphore's word is the only state there is. An initialiser that
//! fails, panics or is dropped gives the permit back, to the first who waits.
//!
//! The SAFETY comments lean on two rules: **before CLOSED the place belongs to the holder of the permit; after it, it is
//! never written again, and anyone may read it.** Orderings: `close` releases, `is_closed` and a refused acquire
//! acquire; so whoever learns of the value sees it.

use super::batch_semaphore::{Semaphore, TryAcquireError};
use crate::prim::{UnsafeCell, asked, const_fn};
use std::fmt;
use std::mem::MaybeUninit;

/// A cell that is filled once, at the first use, by a future.
///
/// Several tasks may ask for the value at the same time: one of them makes it and the others wait. If the one that
/// makes it fails, panics or is cancelled, the next in line makes it with its own future.
///
/// Asking for a value that is there costs one load. For a value that somebody else provides, see
/// [`SetOnce`](super::SetOnce).
///
/// # Examples
///
/// ```
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use leno::sync::OnceCell;
///
/// static ANSWER: OnceCell<u32> = OnceCell::const_new();
///
/// async fn answer() -> &'static u32 {
///     ANSWER.get_or_init(|| async { 42 }).await
/// }
///
/// assert_eq!(answer().await, &42);
/// assert_eq!(ANSWER.get(), Some(&42));
/// # });
/// ```
pub struct OnceCell<T> {
    semaphore: Semaphore,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the value may be dropped, or taken, on another thread than it was made on.
unsafe impl<T: Send> Send for OnceCell<T> {}
// SAFETY: threads share `&T`, and one of them may have made it for another to drop. Until CLOSED only the holder of the
// permit touches the place.
unsafe impl<T: Send + Sync> Sync for OnceCell<T> {}

/// The permit of a cell that is being initialised: given back when this is dropped before [`fill`](Self::fill).
struct Filling<'a, T>(&'a OnceCell<T>);

/// Error of [`OnceCell::set`]; it carries the value.
///
/// # Examples
///
/// ```
/// use leno::sync::{OnceCell, SetError};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let cell = OnceCell::new();
/// cell.get_or_init(async || {
///     // Somebody who comes while the value is being made.
///     assert_eq!(cell.set(1), Err(SetError::InitializingError(1)));
///     2
/// })
/// .await;
/// assert_eq!(cell.set(3), Err(SetError::AlreadyInitializedError(3)));
/// # });
/// ```
#[derive(Debug, PartialEq, Eq)]
pub enum SetError<T> {
    /// The cell holds a value already.
    AlreadyInitializedError(T),
    /// Somebody is initialising the cell right now.
    InitializingError(T),
}

impl<T> OnceCell<T> {
    /// Creates an empty cell.
    ///
    /// # Examples
    ///
    /// ```
    /// let cell = leno::sync::OnceCell::<u32>::new();
    /// assert!(!cell.initialized());
    /// cell.set(1).unwrap();
    /// assert_eq!(cell.get(), Some(&1));
    /// ```
    pub fn new() -> Self {
        Self::const_new()
    }

    const_fn! {
        /// Creates an empty cell in a constant or a static.
        ///
        /// # Examples
        ///
        /// A pool of connections that the first request makes:
        ///
        /// ```
        /// use leno::sync::OnceCell;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        /// static POOL: OnceCell<Vec<u32>> = OnceCell::const_new();
        ///
        /// async fn pool() -> &'static [u32] {
        ///     POOL.get_or_init(async || vec![1, 2, 3]).await
        /// }
        ///
        /// let (a, b) = leno::join!(pool(), pool());
        /// assert!(std::ptr::eq(a, b));
        /// # });
        /// ```
        pub const fn const_new() -> Self {
            Self {
                semaphore: Semaphore::new(1),
                value: UnsafeCell::new(MaybeUninit::uninit()),
            }
        }

        /// Creates a cell that holds `value`, in a constant or a static.
        ///
        /// ```
        /// use leno::sync::OnceCell;
        ///
        /// static ONE: OnceCell<u32> = OnceCell::const_new_with(1);
        /// assert_eq!(ONE.get(), Some(&1));
        /// ```
        pub const fn const_new_with(value: T) -> Self {
            Self {
                semaphore: Semaphore::new_closed(),
                value: UnsafeCell::new(MaybeUninit::new(value)),
            }
        }
    }

    /// Creates a cell that holds `value` if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::OnceCell;
    ///
    /// let from_cache: Option<u32> = None;
    /// let cell = OnceCell::new_with(from_cache);
    /// assert!(!cell.initialized());
    /// assert_eq!(OnceCell::new_with(Some(1)).get(), Some(&1));
    /// ```
    pub fn new_with(value: Option<T>) -> Self {
        match value {
            Some(value) => Self::const_new_with(value),
            None => Self::new(),
        }
    }

    /// True if the cell holds a value.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let cell = leno::sync::OnceCell::new();
    /// assert!(!cell.initialized());
    /// cell.get_or_init(async || "made").await;
    /// assert!(cell.initialized());
    /// # });
    /// ```
    pub fn initialized(&self) -> bool {
        asked::looks(self);
        self.semaphore.is_closed()
    }

    /// The value, if the cell holds one.
    ///
    /// # Examples
    ///
    /// A look that makes nothing:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let cell = leno::sync::OnceCell::new();
    /// assert_eq!(cell.get(), None);
    /// cell.get_or_init(async || 7).await;
    /// assert_eq!(cell.get(), Some(&7));
    /// # });
    /// ```
    pub fn get(&self) -> Option<&T> {
        self.initialized().then(|| {
            self.value.with(|place| {
                // SAFETY: CLOSED: the value is there, and never written again as long as the cell is borrowed.
                unsafe { (*place).assume_init_ref() }
            })
        })
    }

    /// The value, if the cell holds one, to change: `&mut self` proves that nobody else has the cell.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut cell = leno::sync::OnceCell::from(vec![1]);
    /// if let Some(list) = cell.get_mut() {
    ///     list.push(2);
    /// }
    /// assert_eq!(cell.into_inner(), Some(vec![1, 2]));
    /// ```
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.initialized().then(|| {
            self.value.with_mut(|place| {
                // SAFETY: CLOSED, so the value is there, and `&mut self` is exclusive.
                unsafe { (*place).assume_init_mut() }
            })
        })
    }

    /// Fills the cell if it is empty.
    ///
    /// # Errors
    ///
    /// If the cell holds a value, or is being initialised by somebody; the error carries `value`.
    ///
    /// ```
    /// use leno::sync::{OnceCell, SetError};
    ///
    /// let cell = OnceCell::new();
    /// assert_eq!(cell.set(1), Ok(()));
    /// assert_eq!(cell.set(2), Err(SetError::AlreadyInitializedError(2)));
    /// ```
    pub fn set(&self, value: T) -> Result<(), SetError<T>> {
        asked::changes(self);
        match self.semaphore.try_acquire(1) {
            Ok(()) => {
                Filling(self).fill(value);
                Ok(())
            }
            Err(TryAcquireError::NoPermits) => Err(SetError::InitializingError(value)),
            Err(TryAcquireError::Closed) => Err(SetError::AlreadyInitializedError(value)),
        }
    }

    /// The value; made by `f` if the cell is empty.
    ///
    /// While somebody else makes it this waits, and `f` is only called if that fails. A future that asks the same cell
    /// from within `f` waits for ever.
    ///
    /// # Cancel safety
    ///
    /// As that of its future, which `f` has returned: dropping one drops the other. The next task that waits makes the value then.
    ///
    /// # Examples
    ///
    /// However many ask, it is made once:
    ///
    /// ```
    /// use leno::sync::OnceCell;
    /// use std::cell::Cell;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (cell, made) = (OnceCell::new(), Cell::new(0));
    /// let ask = || async {
    ///     *cell
    ///         .get_or_init(async || {
    ///             made.set(made.get() + 1);
    ///             leno::task::yield_now().await;
    ///             42
    ///         })
    ///         .await
    /// };
    /// assert_eq!(leno::join!(ask(), ask(), ask()), (42, 42, 42));
    /// assert_eq!(made.get(), 1);
    /// # });
    /// ```
    pub async fn get_or_init<F, Fut>(&self, f: F) -> &T
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
    {
        if let Some(value) = self.get() {
            return value;
        }
        match self.start().await {
            Some(filling) => filling.fill(f().await),
            None => self.filled(),
        }
    }

    /// The value; made by `f` if the cell is empty.
    ///
    /// # Errors
    ///
    /// What the future of `f` has failed with; the cell is still empty then, and the next task that waits makes the
    /// value.
    ///
    /// # Cancel safety
    ///
    /// As that of its future; see [`get_or_init`](Self::get_or_init).
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let cell = leno::sync::OnceCell::new();
    /// assert_eq!(cell.get_or_try_init(|| async { "x".parse::<u8>() }).await.is_err(), true);
    /// assert_eq!(cell.get_or_try_init(|| async { "7".parse::<u8>() }).await, Ok(&7));
    /// # });
    /// ```
    pub async fn get_or_try_init<E, F, Fut>(&self, f: F) -> Result<&T, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        if let Some(value) = self.get() {
            return Ok(value);
        }
        match self.start().await {
            Some(filling) => Ok(filling.fill(f().await?)),
            None => Ok(self.filled()),
        }
    }

    /// Takes the value out of the cell.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::OnceCell;
    ///
    /// assert_eq!(OnceCell::from("full").into_inner(), Some("full"));
    /// assert_eq!(OnceCell::<&str>::new().into_inner(), None);
    /// ```
    pub fn into_inner(mut self) -> Option<T> {
        self.take()
    }

    /// Takes the value out, and leaves an empty cell.
    ///
    /// # Examples
    ///
    /// To have it made again:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut cell = leno::sync::OnceCell::new();
    /// cell.get_or_init(async || "stale").await;
    /// assert_eq!(cell.take(), Some("stale"));
    /// assert_eq!(cell.get_or_init(async || "fresh").await, &"fresh");
    /// # });
    /// ```
    pub fn take(&mut self) -> Option<T> {
        if !self.initialized() {
            return None;
        }
        // Before the value is moved out: from here on nobody takes the place for full.
        self.semaphore = Semaphore::new(1);
        self.value.with(|place| {
            // SAFETY: it was CLOSED, so the value is there; `&mut self` is exclusive, and the cell counts as empty now.
            Some(unsafe { (*place).assume_init_read() })
        })
    }

    /// Waits for the permit; None if there is a value instead.
    async fn start(&self) -> Option<Filling<'_, T>> {
        match self.semaphore.acquire(1).await {
            Ok(()) => Some(Filling(self)),
            Err(_) => None,
        }
    }

    /// The value of a cell whose semaphore has refused a permit.
    fn filled(&self) -> &T {
        match self.get() {
            Some(value) => value,
            None => unreachable!("the semaphore is only closed once there is a value"),
        }
    }
}

impl<'a, T> Filling<'a, T> {
    fn fill(self, value: T) -> &'a T {
        let cell = std::mem::ManuallyDrop::new(self).0;
        cell.value.with_mut(|place| {
            // SAFETY: not CLOSED, and we hold the permit.
            unsafe { (*place).write(value) };
        });
        // Publishes the value, and tells those who wait. The permit is not given back.
        cell.semaphore.close();
        cell.filled()
    }
}

impl<T> Drop for Filling<'_, T> {
    fn drop(&mut self) {
        self.0.semaphore.release(1);
    }
}

impl<T> Drop for OnceCell<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl<T> Default for OnceCell<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<T> for OnceCell<T> {
    fn from(value: T) -> Self {
        Self::const_new_with(value)
    }
}

impl<T: Clone> Clone for OnceCell<T> {
    fn clone(&self) -> Self {
        Self::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for OnceCell<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceCell<T> {}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceCell")
            .field("value", &self.get())
            .finish()
    }
}

impl<T> SetError<T> {
    /// True if the cell holds a value already.
    ///
    /// # Examples
    ///
    /// ```
    /// let error = leno::sync::OnceCell::from(1).set(2).unwrap_err();
    /// assert!(error.is_already_init_err());
    /// assert!(!error.is_initializing_err());
    /// ```
    pub fn is_already_init_err(&self) -> bool {
        matches!(self, Self::AlreadyInitializedError(_))
    }

    /// True if somebody is initialising the cell.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let cell = leno::sync::OnceCell::new();
    /// let refused = cell.get_or_init(async || cell.set(false).unwrap_err().is_initializing_err()).await;
    /// assert_eq!(refused, &true);
    /// # });
    /// ```
    pub fn is_initializing_err(&self) -> bool {
        matches!(self, Self::InitializingError(_))
    }
}

impl<T> fmt::Display for SetError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyInitializedError(_) => "the cell holds a value already",
            Self::InitializingError(_) => "the cell is being initialized",
        })
    }
}

impl<T: fmt::Debug> std::error::Error for SetError<T> {}
