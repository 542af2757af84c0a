//! The channel with a bound: a semaphore's permits say how much room there is.
//!
//! A permit is taken before a value is sent, and given back when it was received (or by a
//! [`Permit`] that is dropped unused). So when the channel is closed and all permits are
//! back, no value is under way: that is how the receiver knows the end.

use super::super::batch_semaphore::{Semaphore, TryAcquireError};
use super::chan::{self, Flavor};
use super::error::{SendError, TryRecvError, TrySendError};
use super::list;
use super::permit::{OwnedPermit, Permit, PermitIterator};
use super::receiver::receiver_methods;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::kernel::root;
use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};

pub(super) struct Bounded {
    pub(super) semaphore: Semaphore,
    bound: usize,
}

impl Bounded {
    #[inline]
    fn has_all_permits(&self) -> bool {
        self.semaphore.available_permits() == self.bound
    }
}

impl Flavor for Bounded {
    #[inline]
    fn received(&self, n: usize) {
        self.semaphore.release(n);
    }

    fn close<T>(&self, _: &list::Tx<T>) -> u64 {
        self.semaphore.close();
        // Not known: permits from before may still be used.
        u64::MAX
    }

    fn is_closed<T>(&self, _: &list::Tx<T>) -> bool {
        self.semaphore.is_closed()
    }

    #[inline]
    fn is_drained(&self, _: u64, _: u64) -> bool {
        self.has_all_permits()
    }
}

/// A sender's share of a bounded channel.
pub(super) type Tx<T> = chan::Tx<T, Bounded>;

impl<T> Tx<T> {
    /// Sends a value for which a permit was taken.
    #[inline]
    pub(super) fn send_permitted(&self, value: T) {
        if self.send(value).is_err() {
            unreachable!("the list of a bounded channel is never closed");
        }
    }

    /// Gives `n` permits back.
    pub(super) fn give_back(&self, n: usize) {
        self.flavor().semaphore.release(n);
        self.wake_rx_if_drained();
    }

    /// Wakes a receiver that waits for permits to come back, to see the end.
    pub(super) fn wake_rx_if_drained(&self) {
        let flavor = self.flavor();
        if flavor.semaphore.is_closed() && flavor.has_all_permits() {
            self.wake_rx();
        }
    }
}

/// Sends values to a [`Receiver`]. From [`channel`]; clone it for more senders.
///
/// # Examples
///
/// Several producers, each with its own sender. The channel ends with the last of them:
///
/// ```
/// use leno::sync::mpsc;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (sender, mut receiver) = mpsc::channel(4);
/// for name in ["ann", "bob"] {
///     let sender = sender.clone();
///     leno::spawn(async move { sender.send(name.len()).await });
/// }
/// drop(sender);
/// let mut letters = 0;
/// while let Some(length) = receiver.recv().await {
///     letters += length;
/// }
/// assert_eq!(letters, 6);
/// # });
/// ```
pub struct Sender<T> {
    pub(super) chan: Tx<T>,
}

/// A [`Sender`] that does not keep the channel open.
///
/// From [`Sender::downgrade`]; [`upgrade`](Self::upgrade) makes a sender of it as long as there is another.
///
/// # Examples
///
/// A task that feeds its own queue, and still ends when nobody else can:
///
/// ```
/// use leno::sync::mpsc;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (sender, mut receiver) = mpsc::channel(8);
/// let own = sender.downgrade();
/// sender.send(3).await.unwrap();
/// let mut outside = Some(sender);
/// let mut seen = Vec::new();
/// while let Some(number) = receiver.recv().await {
///     seen.push(number);
///     if number == 1 {
///         outside = None;
///     }
///     // With a strong sender of its own the loop would never end.
///     if let Some(again) = own.upgrade() {
///         again.send(number - 1).await.unwrap();
///     }
/// }
/// assert_eq!(seen, [3, 2, 1]);
/// # drop(outside);
/// # });
/// ```
pub struct WeakSender<T> {
    chan: chan::WeakTx<T, Bounded>,
}

/// Receives the values. From [`channel`].
///
/// # Examples
///
/// The one who receives is the only one who needs the state: no lock.
///
/// ```
/// use leno::sync::mpsc;
/// use std::collections::HashMap;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (sender, mut receiver) = mpsc::channel(8);
/// let owner = leno::spawn(async move {
///     let mut counts = HashMap::new();
///     while let Some(word) = receiver.recv().await {
///         *counts.entry(word).or_insert(0) += 1;
///     }
///     counts
/// });
/// for word in ["so", "long", "so"] {
///     sender.send(word).await.unwrap();
/// }
/// drop(sender);
/// assert_eq!(owner.await.unwrap()["so"], 2);
/// # });
/// ```
pub struct Receiver<T> {
    chan: chan::Rx<T, Bounded>,
}

/// Creates a channel for up to `buffer` values at a time.
///
/// # Panics
///
/// If `buffer` is 0, or more than [`Semaphore::MAX_PERMITS`](crate::sync::Semaphore::MAX_PERMITS).
///
/// # Examples
///
/// The smallest channel: the second value waits until the first was received.
///
/// ```
/// use leno::sync::mpsc;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (sender, mut receiver) = mpsc::channel(1);
/// let producer = leno::spawn(async move {
///     sender.send("one").await.unwrap();
///     sender.send("two").await.unwrap();
/// });
/// leno::task::yield_now().await;
/// assert_eq!(receiver.len(), 1);
/// assert_eq!(receiver.recv().await, Some("one"));
/// assert_eq!(receiver.recv().await, Some("two"));
/// producer.await.unwrap();
/// # });
/// ```
#[track_caller]
pub fn channel<T>(buffer: usize) -> (Sender<T>, Receiver<T>) {
    assert!(
        buffer > 0,
        "mpsc bounded channel requires buffer > 0: use 1 for the smallest channel"
    );
    let (tx, rx) = chan::channel(Bounded {
        semaphore: Semaphore::new(buffer),
        bound: buffer,
    });
    (Sender { chan: tx }, Receiver { chan: rx })
}

impl<T> Receiver<T> {
    receiver_methods!("mpsc::channel(8)", "sender.try_send");

    /// How much room there is right now.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::mpsc;
    ///
    /// let (sender, mut receiver) = mpsc::channel(3);
    /// sender.try_send('a').unwrap();
    /// assert_eq!(receiver.capacity(), 2);
    /// receiver.try_recv().unwrap();
    /// assert_eq!(receiver.capacity(), 3);
    /// ```
    pub fn capacity(&self) -> usize {
        self.chan.flavor().semaphore.available_permits()
    }

    /// How much room there is in an empty channel: what [`channel`] was told.
    ///
    /// # Examples
    ///
    /// How full the channel is, as a warning sign:
    ///
    /// ```
    /// use leno::sync::mpsc;
    ///
    /// let (sender, receiver) = mpsc::channel(4);
    /// for number in 0..3 {
    ///     sender.try_send(number).unwrap();
    /// }
    /// assert_eq!(100 * receiver.len() / receiver.max_capacity(), 75);
    /// ```
    pub fn max_capacity(&self) -> usize {
        self.chan.flavor().bound
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("closed", &self.is_closed())
            .finish()
    }
}

impl<T> Sender<T> {
    /// Sends a value, waiting for room.
    ///
    /// # Errors
    ///
    /// If the receiver is closed or gone; the error carries the value. A success does not mean that the value
    /// will be received: the receiver may go right after.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses data: the value, which is not sent, and the place in the queue. Use [`reserve`](Self::reserve) to
    /// keep the value.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::mpsc::{self, error::SendError};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = mpsc::channel(1);
    /// sender.send(1).await.unwrap();
    /// assert_eq!(receiver.recv().await, Some(1));
    ///
    /// drop(receiver);
    /// assert_eq!(sender.send(2).await, Err(SendError(2)));
    /// # });
    /// ```
    pub async fn send(&self, value: T) -> Result<(), SendError<T>> {
        if poll_fn(|cx| self.poll_at_once(cx)).await || self.acquire(1).await.is_ok() {
            self.chan.send_permitted(value);
            Ok(())
        } else {
            Err(SendError(value))
        }
    }

    /// Sends a value if there is room.
    ///
    /// # Errors
    ///
    /// If there is no room, or the receiver is closed or gone; the error carries the value.
    ///
    /// # Examples
    ///
    /// Sheds load when the receiver cannot keep up:
    ///
    /// ```
    /// use leno::sync::mpsc::{self, error::TrySendError};
    ///
    /// let (sender, receiver) = mpsc::channel(1);
    /// assert_eq!(sender.try_send("kept"), Ok(()));
    /// assert_eq!(sender.try_send("shed"), Err(TrySendError::Full("shed")));
    ///
    /// drop(receiver);
    /// assert_eq!(sender.try_send("late"), Err(TrySendError::Closed("late")));
    /// ```
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        match self.try_acquire(1) {
            Ok(()) => {
                self.chan.send_permitted(message);
                Ok(())
            }
            Err(TrySendError::Full(())) => Err(TrySendError::Full(message)),
            Err(TrySendError::Closed(())) => Err(TrySendError::Closed(message)),
        }
    }

    /// Blocks the thread until there is room, and sends a value.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Panics
    ///
    /// On a thread that drives a runtime's tasks: use [`send`](Self::send) there.
    ///
    /// # Examples
    ///
    /// From a closure that may block, to a task:
    ///
    /// ```
    /// use leno::sync::mpsc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = mpsc::channel(1);
    /// let squares = leno::task::spawn_blocking(move || {
    ///     for number in 1..=3 {
    ///         sender.blocking_send(number * number).unwrap();
    ///     }
    /// });
    /// let mut sum = 0;
    /// while let Some(square) = receiver.recv().await {
    ///     sum += square;
    /// }
    /// squares.await.unwrap();
    /// assert_eq!(sum, 14);
    /// # });
    /// ```
    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        root::block_on(self.send(value))
    }

    /// Waits until the receiver is closed or dropped.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// Work for which nobody waits any more is given up:
    ///
    /// ```
    /// use leno::sync::mpsc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = mpsc::channel::<u64>(1);
    /// let producer = leno::spawn(async move {
    ///     leno::select! {
    ///         () = sender.closed() => "nobody listens",
    ///         () = std::future::pending() => "the result",
    ///     }
    /// });
    /// drop(receiver);
    /// assert_eq!(producer.await.unwrap(), "nobody listens");
    /// # });
    /// ```
    pub fn closed(&self) -> impl CancelSafe<Output = ()> {
        assert_cancel_safe(async move {
            self.chan.closed().await;
        })
    }

    /// True if the receiver is closed or dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = leno::sync::mpsc::channel::<u8>(1);
    /// assert!(!sender.is_closed());
    /// receiver.close();
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.chan.is_closed()
    }

    /// Waits for room for one value, and keeps it.
    ///
    /// # Errors
    ///
    /// If the receiver is closed or gone.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses its place in the queue, and nothing else.
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = leno::sync::mpsc::channel(1);
    /// let permit = sender.reserve().await.unwrap();
    /// assert!(sender.try_send(1).is_err());
    /// permit.send(2);
    /// assert_eq!(receiver.recv().await, Some(2));
    /// # });
    /// ```
    pub fn reserve(&self) -> impl CancelSafe<Output = Result<Permit<'_, T>, SendError<()>>> {
        assert_cancel_safe(async move {
            if !poll_fn(|cx| self.poll_at_once(cx)).await {
                self.acquire(1).await?;
            }
            Ok(Permit::new(&self.chan))
        })
    }

    /// Waits for room for `n` values, and keeps it.
    ///
    /// # Errors
    ///
    /// If the receiver is closed or gone, or `n` exceeds [`max_capacity`](Self::max_capacity).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses its place in the queue; room that was already set aside goes to the next.
    ///
    /// # Examples
    ///
    /// A group of values that stand together in the channel, though others send as well:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = leno::sync::mpsc::channel(8);
    /// let mut room = sender.reserve_many(2).await.unwrap();
    /// room.next().unwrap().send("head");
    /// room.next().unwrap().send("body");
    /// assert!(room.next().is_none());
    ///
    /// let mut message = Vec::new();
    /// receiver.recv_many(&mut message, 2).await;
    /// assert_eq!(message, ["head", "body"]);
    /// // More than there can ever be is an error, not a wait without end.
    /// assert!(sender.reserve_many(9).await.is_err());
    /// # });
    /// ```
    pub fn reserve_many(
        &self,
        n: usize,
    ) -> impl CancelSafe<Output = Result<PermitIterator<'_, T>, SendError<()>>> {
        assert_cancel_safe(async move {
            self.acquire(n).await?;
            Ok(PermitIterator::new(&self.chan, n))
        })
    }

    /// Waits for room for one value, and keeps it together with the sender.
    ///
    /// # Errors
    ///
    /// If the receiver is closed or gone; the sender is dropped then.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses its place in the queue, and drops the sender.
    ///
    /// # Examples
    ///
    /// The room travels to another task, which cannot fail to send:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = leno::sync::mpsc::channel(1);
    /// let permit = sender.reserve_owned().await.unwrap();
    /// leno::spawn(async move { permit.send("done") });
    /// assert_eq!(receiver.recv().await, Some("done"));
    /// # });
    /// ```
    pub fn reserve_owned(self) -> impl CancelSafe<Output = Result<OwnedPermit<T>, SendError<()>>> {
        assert_cancel_safe(async move {
            self.acquire(1).await?;
            Ok(OwnedPermit::new(self.chan))
        })
    }

    /// Keeps room for one value if there is room.
    ///
    /// # Errors
    ///
    /// If there is no room, or the receiver is closed or gone.
    ///
    /// # Examples
    ///
    /// A value is only made if it can be sent:
    ///
    /// ```
    /// let (sender, mut receiver) = leno::sync::mpsc::channel(1);
    /// let mut made = 0;
    /// for _ in 0..3 {
    ///     if let Ok(permit) = sender.try_reserve() {
    ///         made += 1;
    ///         permit.send(made);
    ///     }
    /// }
    /// assert_eq!(made, 1);
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        self.try_acquire(1)?;
        Ok(Permit::new(&self.chan))
    }

    /// Keeps room for `n` values if there is room.
    ///
    /// # Errors
    ///
    /// If there is too little room, or the receiver is closed or gone.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::mpsc::{self, error::TrySendError};
    ///
    /// let (sender, receiver) = mpsc::channel(3);
    /// let room = sender.try_reserve_many(2).unwrap();
    /// assert_eq!(sender.try_reserve_many(2).unwrap_err(), TrySendError::Full(()));
    /// for (permit, value) in room.zip(["a", "b"]) {
    ///     permit.send(value);
    /// }
    /// assert_eq!(receiver.len(), 2);
    /// ```
    pub fn try_reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        if n > self.max_capacity() {
            return Err(TrySendError::Full(()));
        }
        self.try_acquire(n)?;
        Ok(PermitIterator::new(&self.chan, n))
    }

    /// Keeps room for one value, together with the sender, if there is room.
    ///
    /// # Errors
    ///
    /// If there is no room, or the receiver is closed or gone; the error carries the sender.
    ///
    /// # Examples
    ///
    /// Without room the sender comes back:
    ///
    /// ```
    /// use leno::sync::mpsc::{self, error::TrySendError};
    ///
    /// let (sender, mut receiver) = mpsc::channel(1);
    /// sender.try_send(1).unwrap();
    /// let Err(TrySendError::Full(sender)) = sender.try_reserve_owned() else {
    ///     panic!("it was full");
    /// };
    /// receiver.try_recv().unwrap();
    /// let sender = sender.try_reserve_owned().unwrap().send(2);
    /// assert_eq!(receiver.try_recv(), Ok(2));
    /// assert_eq!(sender.capacity(), 1);
    /// ```
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        match self.try_acquire(1) {
            Ok(()) => Ok(OwnedPermit::new(self.chan)),
            Err(TrySendError::Full(())) => Err(TrySendError::Full(self)),
            Err(TrySendError::Closed(())) => Err(TrySendError::Closed(self)),
        }
    }

    /// True if both send to the same receiver.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::mpsc;
    ///
    /// let (sender, _receiver) = mpsc::channel::<u8>(1);
    /// let (other, _other_receiver) = mpsc::channel::<u8>(1);
    /// assert!(sender.same_channel(&sender.clone()));
    /// assert!(!sender.same_channel(&other));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        self.chan.same_channel(&other.chan)
    }

    /// How much room there is right now.
    ///
    /// # Examples
    ///
    /// Room that was set aside is room no more, and comes back with its permit:
    ///
    /// ```
    /// let (sender, _receiver) = leno::sync::mpsc::channel::<u8>(5);
    /// let permit = sender.try_reserve().unwrap();
    /// assert_eq!(sender.capacity(), 4);
    /// drop(permit);
    /// assert_eq!(sender.capacity(), 5);
    /// ```
    pub fn capacity(&self) -> usize {
        self.chan.flavor().semaphore.available_permits()
    }

    /// How much room there is in an empty channel: what [`channel`] was told.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = leno::sync::mpsc::channel(5);
    /// sender.try_send("one").unwrap();
    /// assert_eq!(sender.max_capacity(), 5);
    /// assert_eq!(sender.max_capacity() - sender.capacity(), 1);
    /// ```
    pub fn max_capacity(&self) -> usize {
        self.chan.flavor().bound
    }

    /// Makes a sender that does not keep the channel open.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = leno::sync::mpsc::channel(1);
    /// let weak = sender.downgrade();
    /// weak.upgrade().unwrap().try_send(1).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(1));
    ///
    /// drop(sender);
    /// assert!(receiver.is_closed());
    /// ```
    #[must_use = "it makes a weak sender; the strong one stays as it is"]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender {
            chan: self.chan.downgrade(),
        }
    }

    /// How many senders there are.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = leno::sync::mpsc::channel::<u8>(1);
    /// let another = sender.clone();
    /// assert_eq!(sender.strong_count(), 2);
    /// drop(another);
    /// assert_eq!(sender.strong_count(), 1);
    /// ```
    pub fn strong_count(&self) -> usize {
        self.chan.strong_count()
    }

    /// How many weak senders there are.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = leno::sync::mpsc::channel::<u8>(1);
    /// let weak = sender.downgrade();
    /// let also_weak = weak.clone();
    /// assert_eq!(sender.weak_count(), 2);
    /// drop((weak, also_weak));
    /// assert_eq!(sender.weak_count(), 0);
    /// ```
    pub fn weak_count(&self) -> usize {
        self.chan.weak_count()
    }

    /// Takes a permit if there is one.
    #[inline]
    fn poll_at_once(&self, cx: &mut Context<'_>) -> Poll<bool> {
        let semaphore = &self.chan.flavor().semaphore;
        semaphore.poll_at_once(cx, 1).map(|result| result.is_ok())
    }

    /// Takes `n` permits, waiting for them.
    async fn acquire(&self, n: usize) -> Result<(), SendError<()>> {
        /// A permit that comes too late, or a part of what was wanted, goes back without a `Permit`: then the
        /// receiver, who may be waiting for exactly this, has to be told too.
        struct WakeIfDrained<'a, T>(Option<&'a Tx<T>>);
        impl<T> Drop for WakeIfDrained<'_, T> {
            fn drop(&mut self) {
                if let Some(chan) = self.0 {
                    chan.wake_rx_if_drained();
                }
            }
        }
        if n > self.max_capacity() {
            return Err(SendError(()));
        }
        // Declared before the future that is awaited, so dropped after it.
        let mut wake = WakeIfDrained(Some(&self.chan));
        match self.chan.flavor().semaphore.acquire(n).await {
            Ok(()) => {
                wake.0 = None;
                Ok(())
            }
            Err(_) => Err(SendError(())),
        }
    }

    fn try_acquire(&self, n: usize) -> Result<(), TrySendError<()>> {
        self.chan
            .flavor()
            .semaphore
            .try_acquire(n)
            .map_err(|error| match error {
                TryAcquireError::NoPermits => TrySendError::Full(()),
                TryAcquireError::Closed => TrySendError::Closed(()),
            })
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self {
            chan: self.chan.clone(),
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("capacity", &self.capacity())
            .field("closed", &self.is_closed())
            .finish()
    }
}

impl<T> WeakSender<T> {
    /// A sender, if there is another one still.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = leno::sync::mpsc::channel::<u8>(1);
    /// let weak = sender.downgrade();
    /// assert!(weak.upgrade().is_some());
    /// drop(sender);
    /// assert!(weak.upgrade().is_none());
    /// ```
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let chan = self.chan.upgrade()?;
        Some(Sender { chan })
    }

    /// How many senders there are.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = leno::sync::mpsc::channel::<u8>(1);
    /// let weak = sender.downgrade();
    /// assert_eq!(weak.strong_count(), 1);
    /// drop(sender);
    /// assert_eq!(weak.strong_count(), 0);
    /// ```
    pub fn strong_count(&self) -> usize {
        self.chan.strong_count()
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.chan.weak_count()
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self {
            chan: self.chan.clone(),
        }
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender").finish_non_exhaustive()
    }
}
