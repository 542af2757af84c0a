//! The channel without a bound.

use super::chan::{self, Flavor};
use super::error::{SendError, TryRecvError};
use super::list;
use super::receiver::receiver_methods;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::kernel::root;
use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};

/// No bound: the list itself is closed, and then has an end.
pub(super) struct Unbounded;

impl Flavor for Unbounded {
    #[inline]
    fn received(&self, _: usize) {}

    fn close<T>(&self, list: &list::Tx<T>) -> u64 {
        list.close()
    }

    fn is_closed<T>(&self, list: &list::Tx<T>) -> bool {
        list.is_closed()
    }

    #[inline]
    fn is_drained(&self, head: u64, end: u64) -> bool {
        head == end
    }
}

/// Sends values to an [`UnboundedReceiver`]. From [`unbounded_channel`]; clone it for more senders.
///
/// # Examples
///
/// Code that cannot wait, a destructor for instance, can send:
///
/// ```
/// use leno::sync::mpsc::{self, UnboundedSender};
///
/// struct Session(u32, UnboundedSender<u32>);
///
/// impl Drop for Session {
///     fn drop(&mut self) {
///         // An error says that nobody wants to know.
///         let _ = self.1.send(self.0);
///     }
/// }
///
/// let (sender, mut ended) = mpsc::unbounded_channel();
/// drop(Session(7, sender));
/// assert_eq!(ended.try_recv(), Ok(7));
/// ```
pub struct UnboundedSender<T> {
    chan: chan::Tx<T, Unbounded>,
}

/// An [`UnboundedSender`] that does not keep the channel open.
///
/// From [`UnboundedSender::downgrade`]; [`upgrade`](Self::upgrade) makes a sender of it as long as there is
/// another.
///
/// # Examples
///
/// A handle for later that does not keep the receiver waiting:
///
/// ```
/// use leno::sync::mpsc;
///
/// let (sender, mut receiver) = mpsc::unbounded_channel();
/// let later = sender.downgrade();
/// later.upgrade().unwrap().send("while it is open").unwrap();
/// drop(sender);
/// assert!(later.upgrade().is_none());
/// assert_eq!(receiver.blocking_recv(), Some("while it is open"));
/// assert_eq!(receiver.blocking_recv(), None);
/// ```
pub struct WeakUnboundedSender<T> {
    chan: chan::WeakTx<T, Unbounded>,
}

/// Receives the values. From [`unbounded_channel`].
///
/// # Examples
///
/// How much has piled up is for the receiver to watch, since nothing else bounds it:
///
/// ```
/// let (sender, mut receiver) = leno::sync::mpsc::unbounded_channel();
/// for number in 0..1000 {
///     sender.send(number).unwrap();
/// }
/// assert_eq!(receiver.len(), 1000);
/// let mut all = Vec::new();
/// assert_eq!(receiver.blocking_recv_many(&mut all, 1000), 1000);
/// assert_eq!(all[999], 999);
/// ```
pub struct UnboundedReceiver<T> {
    chan: chan::Rx<T, Unbounded>,
}

/// Creates a channel without a bound.
///
/// ```
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (sender, mut receiver) = leno::sync::mpsc::unbounded_channel();
/// sender.send(1).unwrap();
/// sender.send(2).unwrap();
/// drop(sender);
/// assert_eq!(receiver.recv().await, Some(1));
/// assert_eq!(receiver.recv().await, Some(2));
/// assert_eq!(receiver.recv().await, None);
/// # });
/// ```
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let (tx, rx) = chan::channel(Unbounded);
    (UnboundedSender { chan: tx }, UnboundedReceiver { chan: rx })
}

impl<T> UnboundedReceiver<T> {
    receiver_methods!("mpsc::unbounded_channel()", "sender.send");
}

impl<T> fmt::Debug for UnboundedReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnboundedReceiver")
            .field("len", &self.len())
            .field("closed", &self.is_closed())
            .finish()
    }
}

impl<T> UnboundedSender<T> {
    /// Sends a value. It never waits.
    ///
    /// # Errors
    ///
    /// If the receiver is closed or gone; the error carries the value. A success does not mean that the value
    /// will be received: the receiver may go right after.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::mpsc::{self, error::SendError};
    ///
    /// let (sender, mut receiver) = mpsc::unbounded_channel();
    /// assert_eq!(sender.send("kept"), Ok(()));
    /// receiver.close();
    /// assert_eq!(sender.send("refused"), Err(SendError("refused")));
    /// assert_eq!(receiver.try_recv(), Ok("kept"));
    /// ```
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.chan.send(message).map_err(SendError)
    }

    /// Waits until the receiver is closed or dropped.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = leno::sync::mpsc::unbounded_channel::<u8>();
    /// let waits = leno::spawn(async move {
    ///     sender.closed().await;
    ///     sender.send(1).is_err()
    /// });
    /// receiver.close();
    /// assert!(waits.await.unwrap());
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
    /// let (sender, receiver) = leno::sync::mpsc::unbounded_channel::<u8>();
    /// assert!(!sender.is_closed());
    /// drop(receiver);
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.chan.is_closed()
    }

    /// True if both send to the same receiver.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::mpsc;
    ///
    /// let (sender, _receiver) = mpsc::unbounded_channel::<u8>();
    /// let (other, _other_receiver) = mpsc::unbounded_channel::<u8>();
    /// assert!(sender.same_channel(&sender.clone()));
    /// assert!(!sender.same_channel(&other));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        self.chan.same_channel(&other.chan)
    }

    /// Makes a sender that does not keep the channel open.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = leno::sync::mpsc::unbounded_channel::<u8>();
    /// let weak = sender.downgrade();
    /// assert!(!receiver.is_closed());
    /// drop(sender);
    /// // The weak one is still there, and does not count.
    /// assert!(receiver.is_closed());
    /// assert_eq!(weak.weak_count(), 1);
    /// ```
    #[must_use = "it makes a weak sender; the strong one stays as it is"]
    pub fn downgrade(&self) -> WeakUnboundedSender<T> {
        WeakUnboundedSender {
            chan: self.chan.downgrade(),
        }
    }

    /// How many senders there are.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = leno::sync::mpsc::unbounded_channel::<u8>();
    /// let clones: Vec<_> = (0..3).map(|_| sender.clone()).collect();
    /// assert_eq!(sender.strong_count(), 4);
    /// drop(clones);
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
    /// let (sender, _receiver) = leno::sync::mpsc::unbounded_channel::<u8>();
    /// let weak = sender.downgrade();
    /// assert_eq!((sender.strong_count(), sender.weak_count()), (1, 1));
    /// drop(weak);
    /// assert_eq!(sender.weak_count(), 0);
    /// ```
    pub fn weak_count(&self) -> usize {
        self.chan.weak_count()
    }
}

impl<T> Clone for UnboundedSender<T> {
    fn clone(&self) -> Self {
        Self {
            chan: self.chan.clone(),
        }
    }
}

impl<T> fmt::Debug for UnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnboundedSender")
            .field("closed", &self.is_closed())
            .finish()
    }
}

impl<T> WeakUnboundedSender<T> {
    /// A sender, if there is another one still.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = leno::sync::mpsc::unbounded_channel::<u8>();
    /// let weak = sender.downgrade();
    /// let another = weak.upgrade().unwrap();
    /// drop(sender);
    /// // The one that was made of it keeps the channel open.
    /// assert!(weak.upgrade().is_some());
    /// drop(another);
    /// assert!(weak.upgrade().is_none());
    /// ```
    pub fn upgrade(&self) -> Option<UnboundedSender<T>> {
        let chan = self.chan.upgrade()?;
        Some(UnboundedSender { chan })
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        self.chan.strong_count()
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.chan.weak_count()
    }
}

impl<T> Clone for WeakUnboundedSender<T> {
    fn clone(&self) -> Self {
        Self {
            chan: self.chan.clone(),
        }
    }
}

impl<T> fmt::Debug for WeakUnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakUnboundedSender")
            .finish_non_exhaustive()
    }
}
