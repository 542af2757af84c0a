//! A channel from many senders to many receivers, where every receiver gets every value.
//!
//! A value is kept until every receiver that was there when it was sent has received a clone of it, but no more than
//! the capacity of them: then a new value takes the place of the oldest. A receiver that had not received that one is
//! told [how many it has missed](error::RecvError::Lagged), and goes on with the oldest that is there. So a slow
//! receiver neither holds up the others nor fills the memory.
//!
//! The channel closes when the last sender is gone; what was sent before can still be received. For the latest value
//! only see [`watch`](super::watch).
//!
//! What it costs: a send takes two locks for a moment, a receive one, whatever the number of receivers; the values are
//! in a ring that is allocated once. Each receive clones the value, and a send that comes round to the same place waits
//! for that: put what is dear to clone in an `Arc`.
//!
//! # Lagging
//!
//! The capacity is how far a receiver may be behind. For a task that only now and then is slow it should hold a burst; one that is always
//! too slow lags with any. What to do about [`Lagged`](error::RecvError::Lagged) depends on what the values are: who follows readings goes
//! on with the next; who keeps a copy of a state by its changes has to fetch the state anew. Where nothing may be lost, and
//! senders may wait, give each receiver an [`mpsc`](super::mpsc) channel of its own.
//!
//! ```
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use leno::sync::broadcast::{self, error::RecvError};
//!
//! let (changes, mut follower) = broadcast::channel(2);
//! let mut state = 0;
//! for change in [1, 10, 100] {
//!     state += change;
//!     changes.send(change).unwrap();
//! }
//! let mut copy = 0;
//! while !follower.is_empty() {
//!     match follower.recv().await {
//!         Ok(change) => copy += change,
//!         Err(RecvError::Lagged(_)) => {
//!             // Nothing of what is still there is missing in the state that is fetched.
//!             follower = follower.resubscribe();
//!             copy = state;
//!         }
//!         Err(RecvError::Closed) => break,
//!     }
//! }
//! assert_eq!(copy, 111);
//! # });
//! ```
//!
//! # Receivers that come and go
//!
//! A receiver gets what is sent after it was made; [`subscribe`](Sender::subscribe) makes one at any time. Without any, a send is an error that
//! gives the value back: often that is no reason to do anything. A receiver that is not read from keeps values alive, no more than the capacity
//! of them; drop it if it is there only to make others by [`resubscribe`](Receiver::resubscribe), or keep a [`Sender`].
//!
//! # Examples
//! ```
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use leno::sync::broadcast;
//!
//! let (sender, mut first) = broadcast::channel(16);
//! let mut second = sender.subscribe();
//! leno::spawn(async move {
//!     sender.send("hello").unwrap();
//! });
//! assert_eq!(first.recv().await, Ok("hello"));
//! assert_eq!(second.recv().await, Ok("hello"));
//! assert!(second.recv().await.is_err());
//! # });
//! ```
//!
//! What is dear to clone is shared:
//!
//! ```
//! use leno::sync::broadcast;
//! use std::sync::Arc;
//!
//! let (sender, mut first) = broadcast::channel(4);
//! let mut second = sender.subscribe();
//! let frame: Arc<[u8]> = vec![0; 64 * 1024].into();
//! sender.send(frame).unwrap();
//! assert!(Arc::ptr_eq(&first.try_recv().unwrap(), &second.try_recv().unwrap()));
//! ```

pub mod error;
mod receiver;
mod shared;

pub use receiver::Receiver;

use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::kernel::task;
use crate::prim::atomic::Ordering;
use crate::prim::{Arc, asked};
use error::SendError;
use shared::Shared;
use std::fmt;

/// Sends values to all [`Receiver`]s. From [`channel`]; clone it for more senders.
///
/// # Examples
///
/// Whoever is interested subscribes; nobody has to be:
///
/// ```
/// use leno::sync::broadcast;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let events = broadcast::Sender::new(16);
/// let listeners: Vec<_> = (0..2)
///     .map(|_| {
///         let mut events = events.subscribe();
///         leno::spawn(async move {
///             let mut seen = Vec::new();
///             while let Ok(event) = events.recv().await {
///                 seen.push(event);
///             }
///             seen
///         })
///     })
///     .collect();
/// events.send("start").unwrap();
/// events.send("stop").unwrap();
/// drop(events);
/// for listener in listeners {
///     assert_eq!(listener.await.unwrap(), ["start", "stop"]);
/// }
/// # });
/// ```
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

/// A [`Sender`] that does not keep the channel open.
///
/// From [`Sender::downgrade`]; [`upgrade`](Self::upgrade) makes a sender of it as long as there is another.
///
/// # Examples
///
/// A receiver that can answer, but does not keep itself waiting:
///
/// ```
/// use leno::sync::broadcast::{self, error::TryRecvError};
///
/// let (sender, mut receiver) = broadcast::channel(4);
/// let weak = sender.downgrade();
/// weak.upgrade().unwrap().send(1).unwrap();
/// drop(sender);
/// assert_eq!(receiver.try_recv(), Ok(1));
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
/// ```
pub struct WeakSender<T> {
    shared: Arc<Shared<T>>,
}

/// Creates a channel that keeps up to `capacity` values, rounded up to a power of two.
///
/// # Panics
///
/// If `capacity` is 0 or exceeds `usize::MAX / 2`.
///
/// # Examples
///
/// The capacity bounds what a slow receiver can find, not what can be sent:
///
/// ```
/// use leno::sync::broadcast::{self, error::TryRecvError};
///
/// let (sender, mut receiver) = broadcast::channel(2);
/// for number in 1..=5 {
///     sender.send(number).unwrap();
/// }
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Lagged(3)));
/// assert_eq!(receiver.try_recv(), Ok(4));
/// assert_eq!(receiver.try_recv(), Ok(5));
/// ```
#[track_caller]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared::new(capacity, 1));
    let sender = Sender {
        shared: shared.clone(),
    };
    (sender, Receiver::new(shared, 0))
}

impl<T> Sender<T> {
    /// Creates a channel without a receiver: [`subscribe`](Self::subscribe) makes one.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0 or exceeds `usize::MAX / 2`.
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = leno::sync::broadcast::Sender::new(8);
    /// assert_eq!(sender.receiver_count(), 0);
    /// let mut receiver = sender.subscribe();
    /// sender.send("heard").unwrap();
    /// assert_eq!(receiver.try_recv(), Ok("heard"));
    /// ```
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        Self {
            shared: Arc::new(Shared::new(capacity, 0)),
        }
    }

    /// Sends a value to all receivers, and returns how many there are. It never waits.
    ///
    /// # Errors
    ///
    /// If there is no receiver; the error carries the value. A later send may succeed, if somebody subscribes. A
    /// success does not mean that everyone will receive the value: a receiver may lag, or go away.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::broadcast;
    ///
    /// let (sender, receiver) = broadcast::channel(4);
    /// let another = sender.subscribe();
    /// assert_eq!(sender.send('a').unwrap(), 2);
    /// drop((receiver, another));
    /// assert_eq!(sender.send('b').unwrap_err().0, 'b');
    /// ```
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        task::hand_on::<T>();
        self.shared.send(value).map_err(SendError)
    }

    /// Makes a receiver for what is sent from now on.
    ///
    /// ```
    /// use leno::sync::broadcast;
    ///
    /// let sender = broadcast::Sender::new(4);
    /// assert!(sender.send(1).is_err());
    /// let mut receiver = sender.subscribe();
    /// assert_eq!(sender.send(2).unwrap(), 1);
    /// assert_eq!(receiver.try_recv(), Ok(2));
    /// ```
    pub fn subscribe(&self) -> Receiver<T> {
        let next = self.shared.join();
        Receiver::new(self.shared.clone(), next)
    }

    /// Makes a sender that does not keep the channel open.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = leno::sync::broadcast::channel::<u8>(1);
    /// let weak = sender.downgrade();
    /// assert!(!receiver.is_closed());
    /// drop(sender);
    /// assert!(receiver.is_closed());
    /// assert!(weak.upgrade().is_none());
    /// ```
    #[must_use = "it makes a weak sender; the strong one stays as it is"]
    pub fn downgrade(&self) -> WeakSender<T> {
        asked::changes(&self.shared.weak_senders);
        // Ordering: Relaxed, a mere count.
        self.shared.weak_senders.fetch_add(1, Ordering::Relaxed);
        WeakSender {
            shared: self.shared.clone(),
        }
    }

    /// How many values some receiver has yet to receive.
    ///
    /// # Examples
    ///
    /// How far the slowest is behind:
    ///
    /// ```
    /// let (sender, mut quick) = leno::sync::broadcast::channel(8);
    /// let mut slow = sender.subscribe();
    /// sender.send(1).unwrap();
    /// sender.send(2).unwrap();
    /// quick.try_recv().unwrap();
    /// assert_eq!(sender.len(), 2);
    /// slow.try_recv().unwrap();
    /// assert_eq!(sender.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.shared.queued()
    }

    /// True if every receiver has received everything.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = leno::sync::broadcast::channel(8);
    /// assert!(sender.is_empty());
    /// sender.send(1).unwrap();
    /// assert!(!sender.is_empty());
    /// receiver.try_recv().unwrap();
    /// assert!(sender.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many receivers there are.
    ///
    /// # Examples
    ///
    /// What is dear to make is made only if somebody listens:
    ///
    /// ```
    /// let sender = leno::sync::broadcast::Sender::<String>::new(8);
    /// let report = |sender: &leno::sync::broadcast::Sender<String>| {
    ///     sender.receiver_count() > 0 && sender.send("a long report".to_owned()).is_ok()
    /// };
    /// assert!(!report(&sender));
    /// let receiver = sender.subscribe();
    /// assert!(report(&sender));
    /// assert_eq!(receiver.len(), 1);
    /// ```
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers()
    }

    /// True if both send to the same receivers.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::broadcast::Sender;
    ///
    /// let (sender, other) = (Sender::<u8>::new(1), Sender::<u8>::new(1));
    /// assert!(sender.same_channel(&sender.clone()));
    /// assert!(!sender.same_channel(&other));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Waits until there is no receiver.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// A source that is read only while somebody listens:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = leno::sync::broadcast::channel::<u8>(1);
    /// let source = leno::spawn(async move {
    ///     sender.closed().await;
    ///     sender.receiver_count()
    /// });
    /// drop(receiver);
    /// assert_eq!(source.await.unwrap(), 0);
    /// # });
    /// ```
    pub fn closed(&self) -> impl CancelSafe<Output = ()> {
        assert_cancel_safe(async move {
            loop {
                // Made before the look, so that a receiver that leaves after the look reaches it.
                let left = self.shared.left.notified();
                if self.shared.receivers() == 0 {
                    return;
                }
                left.await;
            }
        })
    }

    /// How many senders there are.
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = leno::sync::broadcast::Sender::<u8>::new(1);
    /// let another = sender.clone();
    /// assert_eq!(sender.strong_count(), 2);
    /// drop(another);
    /// assert_eq!(sender.strong_count(), 1);
    /// ```
    pub fn strong_count(&self) -> usize {
        self.shared.strong_count()
    }

    /// How many weak senders there are.
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = leno::sync::broadcast::Sender::<u8>::new(1);
    /// let weak = sender.downgrade();
    /// assert_eq!(sender.weak_count(), 1);
    /// drop(weak);
    /// assert_eq!(sender.weak_count(), 0);
    /// ```
    pub fn weak_count(&self) -> usize {
        self.shared.weak_count()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        asked::changes(&self.shared.senders);
        // Ordering: Relaxed, the new share comes from one that exists.
        self.shared.senders.fetch_add(1, Ordering::Relaxed);
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        asked::changes(&self.shared.senders);
        // The last one closes the channel.
        asked::changes(&raw const *self.shared);
        // Ordering: Release: whoever sees 0 sees what we have done. Acquire: the last one passes on what the others
        // have done, with its wake.
        if self.shared.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.sent.notify_waiters();
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("len", &self.len())
            .field("receivers", &self.receiver_count())
            .finish()
    }
}

impl<T> WeakSender<T> {
    /// A sender, if there is another one still.
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = leno::sync::broadcast::Sender::<u8>::new(1);
    /// let weak = sender.downgrade();
    /// let strong = weak.upgrade().unwrap();
    /// assert!(strong.same_channel(&sender));
    /// drop((sender, strong));
    /// assert!(weak.upgrade().is_none());
    /// ```
    #[must_use = "it makes a sender; the weak one stays as it is"]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let senders = &self.shared.senders;
        asked::changes(senders);
        // Ordering: Relaxed, the exchange decides; what the count guards, the channel, is there anyway.
        let mut count = senders.load(Ordering::Relaxed);
        while count != 0 {
            match senders.compare_exchange_weak(
                count,
                count + 1,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    return Some(Sender {
                        shared: self.shared.clone(),
                    });
                }
                Err(now) => count = now,
            }
        }
        None
    }

    /// How many senders there are.
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = leno::sync::broadcast::Sender::<u8>::new(1);
    /// let weak = sender.downgrade();
    /// assert_eq!(weak.strong_count(), 1);
    /// drop(sender);
    /// assert_eq!(weak.strong_count(), 0);
    /// ```
    pub fn strong_count(&self) -> usize {
        self.shared.strong_count()
    }

    /// How many weak senders there are.
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = leno::sync::broadcast::Sender::<u8>::new(1);
    /// let weak = sender.downgrade();
    /// let also_weak = weak.clone();
    /// assert_eq!(weak.weak_count(), 2);
    /// # drop(also_weak);
    /// ```
    pub fn weak_count(&self) -> usize {
        self.shared.weak_count()
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        asked::changes(&self.shared.weak_senders);
        // Ordering: Relaxed, a mere count.
        self.shared.weak_senders.fetch_add(1, Ordering::Relaxed);
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<T> Drop for WeakSender<T> {
    fn drop(&mut self) {
        asked::changes(&self.shared.weak_senders);
        // Ordering: Relaxed, a mere count.
        self.shared.weak_senders.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender").finish_non_exhaustive()
    }
}
