//! The half that receives.

use super::Ref;
use super::error::RecvError;
use super::shared::{Shared, Version, in_budget};
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::prim::Arc;
use std::fmt;
use std::pin::pin;

/// Follows the value of its channel. From [`channel`](super::channel()) or
/// [`Sender::subscribe`](super::Sender::subscribe).
///
/// A clone has seen what the original has seen, and goes its own way from there.
///
/// # Examples
///
/// Each has its own opinion of what is new:
///
/// ```
/// use leno::sync::watch;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (sender, mut quick) = watch::channel("a");
/// let slow = quick.clone();
/// sender.send("b").unwrap();
/// quick.changed().await.unwrap();
/// assert!(!quick.has_changed().unwrap());
/// assert!(slow.has_changed().unwrap());
/// # });
/// ```
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    seen: Version,
}

impl<T> Receiver<T> {
    /// Makes one more receiver.
    pub(super) fn from_shared(shared: Arc<Shared<T>>, seen: Version) -> Self {
        shared.add_receiver();
        Self { shared, seen }
    }

    /// Borrows the value, and leaves it unseen if it was. See [`Ref`] for what that blocks.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = leno::sync::watch::channel(1);
    /// sender.send(2).unwrap();
    /// assert_eq!(*receiver.borrow(), 2);
    /// assert!(receiver.has_changed().unwrap());
    /// ```
    pub fn borrow(&self) -> Ref<'_, T> {
        let value = self.shared.value.read();
        // Under the lock: the version of this very value.
        let has_changed = self.shared.state().version() != self.seen;
        Ref { value, has_changed }
    }

    /// Borrows the value, and marks it as seen. See [`Ref`] for what that blocks.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = leno::sync::watch::channel(1);
    /// sender.send(2).unwrap();
    /// assert_eq!(*receiver.borrow_and_update(), 2);
    /// assert!(!receiver.has_changed().unwrap());
    /// ```
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        borrow_and_update(&self.shared, &mut self.seen)
    }

    /// True if there is a value that this receiver has not seen. Equal values are not the same value.
    ///
    /// # Errors
    ///
    /// If all senders are gone, even if there is an unseen value.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = leno::sync::watch::channel(1);
    /// assert!(!receiver.has_changed().unwrap());
    /// sender.send(1).unwrap();
    /// assert!(receiver.has_changed().unwrap());
    /// drop(sender);
    /// assert!(receiver.has_changed().is_err());
    /// ```
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        let state = self.shared.state();
        if state.is_closed() {
            return Err(RecvError(()));
        }
        Ok(state.version() != self.seen)
    }

    /// True if all senders are gone.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = leno::sync::watch::channel(());
    /// assert!(!receiver.is_closed());
    /// drop(sender);
    /// assert!(receiver.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.shared.state().is_closed()
    }

    /// Marks the value as not seen: the next [`changed`](Self::changed) is ready at once.
    ///
    /// # Examples
    ///
    /// A new receiver that treats the value it finds like any later one:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = leno::sync::watch::channel(1);
    /// receiver.mark_changed();
    /// receiver.changed().await.unwrap();
    /// assert_eq!(*receiver.borrow_and_update(), 1);
    /// # drop(sender);
    /// # });
    /// ```
    pub fn mark_changed(&mut self) {
        self.seen = self.seen.before();
    }

    /// Marks the value as seen, without a look at it.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = leno::sync::watch::channel(1);
    /// sender.send(2).unwrap();
    /// receiver.mark_unchanged();
    /// assert!(!receiver.has_changed().unwrap());
    /// ```
    pub fn mark_unchanged(&mut self) {
        self.seen = self.shared.state().version();
    }

    /// Waits for a value that this receiver has not seen, and marks it as seen.
    ///
    /// It is ready at once if there is one.
    ///
    /// # Errors
    ///
    /// If all senders are gone and the last value has been seen.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: no value is marked as seen unless it is ready.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = leno::sync::watch::channel(1);
    /// leno::spawn(async move { sender.send(2) });
    /// receiver.changed().await.unwrap();
    /// assert_eq!(*receiver.borrow_and_update(), 2);
    /// assert!(receiver.changed().await.is_err());
    /// # });
    /// ```
    pub fn changed(&mut self) -> impl CancelSafe<Output = Result<(), RecvError>> {
        assert_cancel_safe(async move {
            let changed = in_budget(pin!(self.shared.wait_for_version_other_than(self.seen))).await;
            self.seen = changed?;
            Ok(())
        })
    }

    /// Waits for a value for which `f` is true, marks it as seen and borrows it.
    ///
    /// `f` is asked about the present value first, seen or not, then about each that comes; it may miss some
    /// if they come fast, but not the last. It runs under the channel's lock: it must not send. See [`Ref`]
    /// for what the result blocks.
    ///
    /// # Errors
    ///
    /// If all senders are gone and `f` was false for the last value.
    ///
    /// # Panics
    ///
    /// If `f` panics. The value it was asked about counts as seen; nothing else is changed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: values that it has marked as seen are those for which `f` was false.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = leno::sync::watch::channel(1);
    /// leno::spawn(async move {
    ///     for number in 2..=7 {
    ///         sender.send_replace(number);
    ///     }
    /// });
    /// assert_eq!(*receiver.wait_for(|number| *number >= 7).await.unwrap(), 7);
    /// assert!(receiver.wait_for(|number| *number == 1).await.is_err());
    /// # });
    /// ```
    pub fn wait_for(
        &mut self,
        mut f: impl FnMut(&T) -> bool,
    ) -> impl CancelSafe<Output = Result<Ref<'_, T>, RecvError>> {
        assert_cancel_safe(async move {
            let Self { shared, seen } = self;
            let wait = pin!(async {
                loop {
                    {
                        let value = borrow_and_update(shared, seen);
                        if f(&value) {
                            return Ok(value);
                        }
                    }
                    shared.wait_for_version_other_than(*seen).await?;
                }
            });
            in_budget(wait).await
        })
    }

    /// True if both belong to the same channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::watch;
    ///
    /// let (sender, receiver) = watch::channel(1);
    /// let (_, another) = watch::channel(1);
    /// assert!(receiver.same_channel(&sender.subscribe()));
    /// assert!(!receiver.same_channel(&another));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

/// Apart from `self`, so that `shared` can stay borrowed while `seen` changes.
fn borrow_and_update<'a, T>(shared: &'a Shared<T>, seen: &mut Version) -> Ref<'a, T> {
    let value = shared.value.read();
    // Under the lock: the version of this very value.
    let version = shared.state().version();
    let has_changed = std::mem::replace(seen, version) != version;
    Ref { value, has_changed }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self::from_shared(self.shared.clone(), self.seen)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.drop_receiver();
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("shared", &self.shared)
            .field("seen", &self.seen)
            .finish()
    }
}
