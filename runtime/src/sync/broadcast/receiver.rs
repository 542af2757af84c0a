//! Receiving.

use super::error::{RecvError, TryRecvError};
use super::shared::Shared;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::kernel::{budget, root};
use crate::prim::Arc;
use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};

/// Receives every value that is sent while it exists. From [`channel`](super::channel) and
/// [`Sender::subscribe`](super::Sender::subscribe).
///
/// # Examples
///
/// A follower that may be slow knows what it has missed, and goes on:
///
/// ```
/// use leno::sync::broadcast::{self, error::RecvError};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (sender, mut receiver) = broadcast::channel(2);
/// for reading in [18, 19, 20, 21] {
///     sender.send(reading).unwrap();
/// }
/// drop(sender);
/// let (mut seen, mut missed) = (Vec::new(), 0);
/// loop {
///     match receiver.recv().await {
///         Ok(reading) => seen.push(reading),
///         Err(RecvError::Lagged(count)) => missed += count,
///         Err(RecvError::Closed) => break,
///     }
/// }
/// assert_eq!((seen, missed), (vec![20, 21], 2));
/// # });
/// ```
pub struct Receiver<T> {
    pub(super) shared: Arc<Shared<T>>,
    /// The position of the value that is received next.
    next: u64,
}

impl<T> Receiver<T> {
    /// A receiver that is counted already, whose first value is at `next`.
    pub(super) fn new(shared: Arc<Shared<T>>, next: u64) -> Self {
        Self { shared, next }
    }

    /// How many values were sent that this receiver has not received, those that it has missed included.
    ///
    /// If it is more than the capacity (rounded up to a power of two), the next receive says
    /// [`Lagged`](RecvError::Lagged).
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = leno::sync::broadcast::channel(2);
    /// for number in 0..3 {
    ///     sender.send(number).unwrap();
    /// }
    /// // More than the capacity: the first is gone.
    /// assert_eq!(receiver.len(), 3);
    /// assert!(receiver.try_recv().is_err());
    /// assert_eq!(receiver.len(), 2);
    /// ```
    pub fn len(&self) -> usize {
        self.shared.unread(self.next)
    }

    /// True if there is nothing to receive.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = leno::sync::broadcast::channel(2);
    /// assert!(receiver.is_empty());
    /// sender.send('x').unwrap();
    /// assert!(!receiver.is_empty());
    /// receiver.try_recv().unwrap();
    /// assert!(receiver.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// True if all senders are gone. There may still be values to receive.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = leno::sync::broadcast::channel(2);
    /// sender.send('x').unwrap();
    /// drop(sender);
    /// assert!(receiver.is_closed());
    /// assert_eq!(receiver.try_recv(), Ok('x'));
    /// ```
    pub fn is_closed(&self) -> bool {
        self.shared.strong_count() == 0
    }

    /// True if both receive from the same channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::broadcast::Sender;
    ///
    /// let (sender, other) = (Sender::<u8>::new(1), Sender::<u8>::new(1));
    /// let receiver = sender.subscribe();
    /// assert!(receiver.same_channel(&sender.subscribe()));
    /// assert!(!receiver.same_channel(&other.subscribe()));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// How many senders there are.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = leno::sync::broadcast::channel::<u8>(1);
    /// let another = sender.clone();
    /// assert_eq!(receiver.sender_strong_count(), 2);
    /// drop((sender, another));
    /// assert_eq!(receiver.sender_strong_count(), 0);
    /// ```
    pub fn sender_strong_count(&self) -> usize {
        self.shared.strong_count()
    }

    /// How many weak senders there are.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = leno::sync::broadcast::channel::<u8>(1);
    /// let weak = sender.downgrade();
    /// assert_eq!(receiver.sender_weak_count(), 1);
    /// drop(weak);
    /// assert_eq!(receiver.sender_weak_count(), 0);
    /// ```
    pub fn sender_weak_count(&self) -> usize {
        self.shared.weak_count()
    }
}

impl<T: Clone> Receiver<T> {
    /// Makes another receiver, for what is sent from now on: not for what this one has yet to receive.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut first) = leno::sync::broadcast::channel(4);
    /// sender.send("before").unwrap();
    /// let mut second = first.resubscribe();
    /// sender.send("after").unwrap();
    /// assert_eq!(second.try_recv(), Ok("after"));
    /// assert_eq!(first.try_recv(), Ok("before"));
    /// ```
    pub fn resubscribe(&self) -> Self {
        let next = self.shared.join();
        Self::new(self.shared.clone(), next)
    }

    /// Waits for the next value.
    ///
    /// # Errors
    ///
    /// [`Lagged`](RecvError::Lagged) if values are gone because this receiver was too slow: the next call goes on with
    /// the oldest one that is there. [`Closed`](RecvError::Closed) if all senders are gone and everything was received.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use leno::sync::broadcast::{self, error::RecvError};
    ///
    /// let (sender, mut receiver) = broadcast::channel(2);
    /// for i in 0..3 {
    ///     sender.send(i).unwrap();
    /// }
    /// drop(sender);
    /// assert_eq!(receiver.recv().await, Err(RecvError::Lagged(1)));
    /// assert_eq!(receiver.recv().await, Ok(1));
    /// assert_eq!(receiver.recv().await, Ok(2));
    /// assert_eq!(receiver.recv().await, Err(RecvError::Closed));
    /// # });
    /// ```
    pub fn recv(&mut self) -> impl CancelSafe<Output = Result<T, RecvError>> {
        assert_cancel_safe(async move {
            let Self { shared, next } = self;
            // No value lives across an `.await`: so the future is `Sync` if values are `Send`.
            if let Some(result) = conclusive(poll_fn(|cx| poll_receive(cx, shared, next)).await) {
                return result;
            }
            loop {
                // Made before the look, so that what is sent after the look reaches it.
                let sent = shared.sent.notified();
                if let Some(result) = conclusive(poll_fn(|cx| poll_receive(cx, shared, next)).await)
                {
                    return result;
                }
                sent.await;
            }
        })
    }

    /// Receives the next value if it is there.
    ///
    /// # Errors
    ///
    /// [`Empty`](TryRecvError::Empty) if there is none yet, and as [`recv`](Self::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::broadcast::{self, error::TryRecvError};
    ///
    /// let (sender, mut receiver) = broadcast::channel(4);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// sender.send(1).unwrap();
    /// drop(sender);
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.shared.receive(&mut self.next)
    }

    /// Blocks the thread until there is a value.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Panics
    ///
    /// On a thread that drives a runtime's tasks: use [`recv`](Self::recv) there.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = leno::sync::broadcast::channel(4);
    /// let thread = std::thread::spawn(move || receiver.blocking_recv());
    /// sender.send("for a thread").unwrap();
    /// assert_eq!(thread.join().unwrap(), Ok("for a thread"));
    /// ```
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
        root::block_on(self.recv())
    }
}

/// What a look has found, or `None` if nothing is there yet.
fn conclusive<T>(result: Result<T, TryRecvError>) -> Option<Result<T, RecvError>> {
    match result {
        Ok(value) => Some(Ok(value)),
        Err(TryRecvError::Empty) => None,
        Err(TryRecvError::Closed) => Some(Err(RecvError::Closed)),
        Err(TryRecvError::Lagged(missed)) => Some(Err(RecvError::Lagged(missed))),
    }
}

/// Receives, for a unit of budget if there was something; pending only if there is no budget.
fn poll_receive<T: Clone>(
    cx: &mut Context<'_>,
    shared: &Shared<T>,
    next: &mut u64,
) -> Poll<Result<T, TryRecvError>> {
    let unit = ready!(budget::poll_proceed(cx));
    let result = shared.receive(next);
    if !matches!(result, Err(TryRecvError::Empty)) {
        unit.made_progress();
    }
    Poll::Ready(result)
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.leave(self.next);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("len", &self.len())
            .field("closed", &self.is_closed())
            .finish()
    }
}
