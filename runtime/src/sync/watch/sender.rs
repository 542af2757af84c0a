//! The half that sends.

use super::error::SendError;
use super::receiver::Receiver;
use super::shared::{Shared, in_budget};
use super::{Ref, channel};
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::kernel::task;
use crate::prim::{Arc, asked};
use std::fmt;
use std::pin::pin;

/// Sends values to the receivers of its channel. From [`channel`] or [`Sender::new`].
///
/// # Examples
///
/// The word to stop, for however many there are:
///
/// ```
/// use leno::sync::watch;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let stop = watch::Sender::new(false);
/// let workers: Vec<_> = (0..3)
///     .map(|number| {
///         let mut stopped = stop.subscribe();
///         leno::spawn(async move {
///             stopped.wait_for(|&stop| stop).await.unwrap();
///             number
///         })
///     })
///     .collect();
/// stop.send_replace(true);
/// for (number, worker) in workers.into_iter().enumerate() {
///     assert_eq!(worker.await.unwrap(), number);
/// }
/// # });
/// ```
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// Wraps a share whose count of senders includes this one.
    pub(super) fn from_shared(shared: Arc<Shared<T>>) -> Self {
        Self { shared }
    }

    /// Creates a channel that has no receiver yet.
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = leno::sync::watch::Sender::new(0);
    /// assert!(sender.send(1).is_err());
    /// let receiver = sender.subscribe();
    /// assert!(sender.send(2).is_ok());
    /// assert_eq!(*receiver.borrow(), 2);
    /// ```
    pub fn new(init: T) -> Self {
        channel(init).0
    }

    /// Replaces the value, and tells all receivers.
    ///
    /// [`send_replace`](Self::send_replace), [`send_modify`](Self::send_modify) and
    /// [`send_if_modified`](Self::send_if_modified) do so for future receivers, too, if there is none now.
    ///
    /// Blocks the thread while the value is borrowed.
    ///
    /// # Errors
    ///
    /// Gives the value back if there is no receiver; the channel keeps its old one.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = leno::sync::watch::channel(1);
    /// sender.send(2).unwrap();
    /// assert_eq!(*receiver.borrow(), 2);
    ///
    /// drop(receiver);
    /// assert_eq!(sender.send(3).unwrap_err().0, 3);
    /// assert_eq!(*sender.borrow(), 2);
    /// ```
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.is_closed() {
            return Err(SendError(value));
        }
        // The old value is dropped here, outside the lock.
        self.send_replace(value);
        Ok(())
    }

    /// Changes the value in place, and tells all receivers, if there are any.
    ///
    /// Blocks the thread while the value is borrowed. `modify` runs under the lock: it must not use the
    /// channel.
    ///
    /// # Panics
    ///
    /// If `modify` panics. What it has changed by then stays changed, but the receivers are not told.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = leno::sync::watch::channel(vec![1]);
    /// sender.send_modify(|list| list.push(2));
    /// assert_eq!(*receiver.borrow(), [1, 2]);
    /// ```
    pub fn send_modify<F>(&self, modify: F)
    where
        F: FnOnce(&mut T),
    {
        self.send_if_modified(|value| {
            modify(value);
            true
        });
    }

    /// Changes the value in place, and tells all receivers if `modify` returns true. Returns what it returned.
    ///
    /// A change for which `modify` returns false is a silent one: it is there for whoever looks.
    ///
    /// Blocks the thread while the value is borrowed. `modify` runs under the lock: it must not use the
    /// channel.
    ///
    /// # Panics
    ///
    /// If `modify` panics. What it has changed by then stays changed, but the receivers are not told.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = leno::sync::watch::channel(1);
    /// let make_even = |number: &mut u32| {
    ///     let is_odd = *number % 2 == 1;
    ///     *number += u32::from(is_odd);
    ///     is_odd
    /// };
    /// assert!(sender.send_if_modified(make_even));
    /// assert!(!sender.send_if_modified(make_even));
    /// assert_eq!(*receiver.borrow(), 2);
    /// ```
    pub fn send_if_modified<F>(&self, modify: F) -> bool
    where
        F: FnOnce(&mut T) -> bool,
    {
        task::hand_on::<T>();
        self.shared.change(modify)
    }

    /// Replaces the value, tells all receivers, if there are any, and returns the old value.
    ///
    /// Blocks the thread while the value is borrowed.
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = leno::sync::watch::Sender::new(1);
    /// assert_eq!(sender.send_replace(2), 1);
    /// assert_eq!(sender.send_replace(3), 2);
    /// ```
    pub fn send_replace(&self, mut value: T) -> T {
        self.send_modify(|old| std::mem::swap(old, &mut value));
        value
    }

    /// Borrows the value. See [`Ref`] for what that blocks.
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = leno::sync::watch::Sender::new(1);
    /// assert_eq!(*sender.borrow(), 1);
    /// ```
    pub fn borrow(&self) -> Ref<'_, T> {
        asked::looks(&raw const *self.shared);
        Ref {
            value: self.shared.value.read(),
            has_changed: false,
        }
    }

    /// True if there is no receiver.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = leno::sync::watch::channel(());
    /// assert!(!sender.is_closed());
    /// drop(receiver);
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.receiver_count() == 0
    }

    /// Waits until there is no receiver.
    ///
    /// A sender that nobody listens to can stop working. If a new receiver comes at the same moment, this may
    /// notice the moment without one, or not.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = leno::sync::watch::channel(1);
    /// leno::spawn(async move { drop(receiver) });
    /// sender.closed().await;
    /// assert!(sender.send(2).is_err());
    /// # });
    /// ```
    pub fn closed(&self) -> impl CancelSafe<Output = ()> {
        assert_cancel_safe(async move {
            in_budget(pin!(self.shared.wait_for_no_receiver())).await;
        })
    }

    /// Creates a receiver, which counts the present value as seen.
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = leno::sync::watch::Sender::new(1);
    /// let receiver = sender.subscribe();
    /// assert!(!receiver.has_changed().unwrap());
    /// sender.send(2).unwrap();
    /// assert!(receiver.has_changed().unwrap());
    /// ```
    pub fn subscribe(&self) -> Receiver<T> {
        let version = self.shared.state().version();
        Receiver::from_shared(self.shared.clone(), version)
    }

    /// How many receivers there are.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = leno::sync::watch::channel(());
    /// let also_receiver = receiver.clone();
    /// assert_eq!(sender.receiver_count(), 2);
    /// # drop(also_receiver);
    /// ```
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers()
    }

    /// How many senders there are, this one included.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = leno::sync::watch::channel(());
    /// let also_sender = sender.clone();
    /// assert_eq!(sender.sender_count(), 2);
    /// # drop((also_sender, receiver));
    /// ```
    pub fn sender_count(&self) -> usize {
        self.shared.senders()
    }

    /// True if both belong to the same channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::watch::Sender;
    ///
    /// let (sender, another) = (Sender::new(1), Sender::new(1));
    /// assert!(sender.same_channel(&sender.clone()));
    /// assert!(!sender.same_channel(&another));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

/// Another sender to the same receivers: the channel is closed when all are dropped.
impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.add_sender();
        Self::from_shared(self.shared.clone())
    }
}

impl<T: Default> Default for Sender<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.shared.drop_sender();
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("shared", &self.shared)
            .finish()
    }
}
