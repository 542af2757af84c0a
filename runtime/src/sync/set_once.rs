//! A cell that somebody fills once, and that anybody may wait for.
//!
//! ```text
//!   set   S1  under the lock: SET already? then give the value back
//!         S2  write the value
//!         S3  SET; unlock
//!         S4  close the semaphore: wake everyone who waits
//!
//!   wait  W1  SET? done
//!         W2  wait for a permit of the semaphore, which has none and never will: refused means S4
//! ```
//!
//! The lock makes S1 to S3 one step, so a `set` that fails always finds the value there. Nobody is woken under it.
//!
//! Orderings: SET is stored with Release and loaded with Acquire: the value. S4 releases, and a refused acquire
//! acquires, what came before it, the value among it; a waiter that comes after S4 is refused at once, one before is in
//! the queue that S4 empties. So no waiter is left behind, whatever W1 saw.

use super::batch_semaphore::{Purpose, Semaphore};
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::prim::atomic::{AtomicU32, Ordering};
use crate::prim::{Mutex, UnsafeCell, asked, const_fn};
use std::fmt;
use std::mem::MaybeUninit;

const EMPTY: u32 = 0;
const SET: u32 = 1;

/// A cell that is filled once, by whoever has the value, and that tasks can wait for.
///
/// For a value that is made by whoever needs it first, see [`OnceCell`](super::OnceCell).
///
/// Asking for a value that is there costs one load.
///
/// # Examples
///
/// ```
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use leno::sync::SetOnce;
///
/// static NAME: SetOnce<String> = SetOnce::const_new();
///
/// leno::spawn(async { NAME.set("leno".to_owned()) });
/// assert_eq!(NAME.wait().await, "leno");
/// # });
/// ```
pub struct SetOnce<T> {
    state: AtomicU32,
    setting: Mutex<()>,
    /// Has no permits: closing it tells those who wait.
    waiting: Semaphore,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the value may be dropped, or taken, on another thread than it came from.
unsafe impl<T: Send> Send for SetOnce<T> {}
// SAFETY: threads share `&T`, and one gives it to another to drop. Until SET only the holder of the lock touches the
// place, and nobody writes to it afterwards.
unsafe impl<T: Send + Sync> Sync for SetOnce<T> {}

/// Error of [`SetOnce::set`]: the cell holds a value already. It carries the other one.
///
/// # Examples
///
/// ```
/// use leno::sync::SetOnce;
///
/// let cell = SetOnce::from("first");
/// let error = cell.set("second").unwrap_err();
/// assert_eq!(error.to_string(), "the cell holds a value already");
/// assert_eq!(error.0, "second");
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct SetOnceError<T>(pub T);

impl<T> SetOnce<T> {
    /// Creates an empty cell.
    ///
    /// # Examples
    ///
    /// ```
    /// let cell = leno::sync::SetOnce::<u32>::new();
    /// assert_eq!(cell.get(), None);
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
        /// For what the program learns only as it starts, its command line for instance:
        ///
        /// ```
        /// use leno::sync::SetOnce;
        ///
        /// static VERBOSE: SetOnce<bool> = SetOnce::const_new();
        ///
        /// fn log(line: &str) -> usize {
        ///     if VERBOSE.get() == Some(&true) { line.len() } else { 0 }
        /// }
        ///
        /// assert_eq!(log("quiet"), 0);
        /// VERBOSE.set(true).unwrap();
        /// assert_eq!(log("heard"), 5);
        /// ```
        pub const fn const_new() -> Self {
            Self {
                state: AtomicU32::new(EMPTY),
                setting: Mutex::new(()),
                waiting: Semaphore::new(0),
                value: UnsafeCell::new(MaybeUninit::uninit()),
            }
        }

        /// Creates a cell that holds `value`, in a constant or a static.
        ///
        /// ```
        /// use leno::sync::SetOnce;
        ///
        /// static ONE: SetOnce<u32> = SetOnce::const_new_with(1);
        /// assert_eq!(ONE.get(), Some(&1));
        /// ```
        pub const fn const_new_with(value: T) -> Self {
            Self {
                state: AtomicU32::new(SET),
                setting: Mutex::new(()),
                waiting: Semaphore::new_closed(),
                value: UnsafeCell::new(MaybeUninit::new(value)),
            }
        }
    }

    /// Creates a cell that holds `value` if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::SetOnce;
    ///
    /// let given: Option<u16> = "8080".parse().ok();
    /// let port = SetOnce::new_with(given);
    /// assert_eq!(port.get(), Some(&8080));
    /// assert!(port.set(80).is_err());
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
    /// let cell = leno::sync::SetOnce::new();
    /// assert!(!cell.initialized());
    /// cell.set(()).unwrap();
    /// assert!(cell.initialized());
    /// ```
    pub fn initialized(&self) -> bool {
        asked::looks(self);
        // Ordering: Acquire pairs with S3: the value.
        self.state.load(Ordering::Acquire) == SET
    }

    /// The value, if the cell holds one.
    ///
    /// # Examples
    ///
    /// ```
    /// let cell = leno::sync::SetOnce::new();
    /// assert_eq!(cell.get(), None);
    /// cell.set("there").unwrap();
    /// assert_eq!(cell.get(), Some(&"there"));
    /// ```
    pub fn get(&self) -> Option<&T> {
        self.initialized().then(|| {
            self.value.with(|place| {
                // SAFETY: SET: the value is there, and never written again as long as the cell is borrowed.
                unsafe { (*place).assume_init_ref() }
            })
        })
    }

    /// Fills the cell, and wakes everyone who waits for it.
    ///
    /// # Errors
    ///
    /// If the cell holds a value; the error carries the new one.
    ///
    /// ```
    /// use leno::sync::{SetOnce, SetOnceError};
    ///
    /// let cell = SetOnce::new();
    /// assert_eq!(cell.set(1), Ok(()));
    /// assert_eq!(cell.set(2), Err(SetOnceError(2)));
    /// assert_eq!(cell.get(), Some(&1));
    /// ```
    pub fn set(&self, value: T) -> Result<(), SetOnceError<T>> {
        asked::changes(self);
        {
            let _setting = self.setting.lock();
            if self.initialized() {
                return Err(SetOnceError(value));
            }
            self.value.with_mut(|place| {
                // SAFETY: not SET, and we hold the lock.
                unsafe { (*place).write(value) };
            });
            // Ordering: Release publishes the value.
            self.state.store(SET, Ordering::Release);
        }
        self.waiting.close();
        Ok(())
    }

    /// Waits until the cell holds a value, and returns it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// Everybody waits for what one task finds out:
    ///
    /// ```
    /// use leno::sync::SetOnce;
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let address = Arc::new(SetOnce::new());
    /// let clients: Vec<_> = (0..3)
    ///     .map(|_| {
    ///         let address = address.clone();
    ///         leno::spawn(async move { *address.wait().await })
    ///     })
    ///     .collect();
    /// address.set(8080).unwrap();
    /// for client in clients {
    ///     assert_eq!(client.await.unwrap(), 8080);
    /// }
    /// # });
    /// ```
    pub fn wait(&self) -> impl CancelSafe<Output = &T> {
        assert_cancel_safe(async move {
            loop {
                if let Some(value) = self.get() {
                    return value;
                }
                // There are no permits: it ends when the semaphore is closed, and then there is a value.
                let refused = self.waiting.acquire_in_queue(1, Purpose::Permits).await;
                debug_assert!(refused.is_err());
            }
        })
    }

    /// Takes the value out of the cell.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::SetOnce;
    ///
    /// let cell = SetOnce::new();
    /// cell.set(String::from("mine again")).unwrap();
    /// assert_eq!(cell.into_inner().as_deref(), Some("mine again"));
    /// assert_eq!(SetOnce::<u8>::new().into_inner(), None);
    /// ```
    pub fn into_inner(mut self) -> Option<T> {
        self.take()
    }

    fn take(&mut self) -> Option<T> {
        if !self.initialized() {
            return None;
        }
        // Before the value is moved out: from here on nobody takes the place for full.
        // Ordering: Relaxed, `&mut self` is exclusive.
        self.state.store(EMPTY, Ordering::Relaxed);
        self.value.with(|place| {
            // SAFETY: it was SET, so the value is there; `&mut self` is exclusive, and the cell counts as empty now.
            Some(unsafe { (*place).assume_init_read() })
        })
    }
}

impl<T> Drop for SetOnce<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl<T> Default for SetOnce<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<T> for SetOnce<T> {
    fn from(value: T) -> Self {
        Self::const_new_with(value)
    }
}

impl<T: Clone> Clone for SetOnce<T> {
    fn clone(&self) -> Self {
        Self::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for SetOnce<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for SetOnce<T> {}

impl<T: fmt::Debug> fmt::Debug for SetOnce<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetOnce")
            .field("value", &self.get())
            .finish()
    }
}

impl<T> fmt::Display for SetOnceError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the cell holds a value already")
    }
}

impl<T: fmt::Debug> std::error::Error for SetOnceError<T> {}
