//! A channel for one value.
//!
//! For an answer, or for one event: the [`Receiver`] is the future of the value. [`send`](Sender::send) never waits, so it works in
//! destructors and on threads without a runtime, too. For the output of a task there is no need of it, since a
//! [`JoinHandle`](crate::task::JoinHandle) gives that; for more than one value there is [`mpsc`](super::mpsc).
//!
//! A [`Sender`] that is dropped is an answer as well: the receiver gets an error at once, and never waits for what cannot come. The other
//! way round a sender can [see](Sender::is_closed), or [wait](Sender::closed) for it, that nobody wants its value any more.
//!
//! A send costs one atomic read-modify-write, two if the receiver waits; receiving a value that is there
//! costs none. A channel is one allocation.
//!
//! # Examples
//!
//! ```
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use leno::sync::oneshot;
//!
//! let (sender, receiver) = oneshot::channel();
//! leno::spawn(async move { sender.send(3) });
//! assert_eq!(receiver.await, Ok(3));
//!
//! let (sender, receiver) = oneshot::channel::<u32>();
//! drop(sender);
//! assert!(receiver.await.is_err());
//! # });
//! ```
//!
//! Work that is given up when nobody waits for its result:
//!
//! ```
//! use leno::sync::oneshot;
//! use leno::time::{Duration, sleep, timeout};
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
//! let (mut sender, receiver) = oneshot::channel();
//! let worker = leno::spawn(async move {
//!     leno::select! {
//!         () = sender.closed() => return "given up",
//!         () = sleep(Duration::from_secs(60)) => {}
//!     }
//!     let _ = sender.send(42);
//!     "done"
//! });
//! assert!(timeout(Duration::from_secs(1), receiver).await.is_err());
//! assert_eq!(worker.await.unwrap(), "given up");
//! # });
//! ```

mod inner;

use self::error::{RecvError, TryRecvError};
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::kernel::{budget, root, task};
use inner::{CLOSED, COMPLETE, Inner, VALUE};
use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll, ready};

pub mod error {
    //! The errors of receiving. (That of sending is the value, which nobody wanted.)
    //!
    //! ```
    //! use leno::sync::oneshot::{self, error::{RecvError, TryRecvError}};
    //!
    //! let (sender, mut receiver) = oneshot::channel::<u8>();
    //! assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    //! drop(sender);
    //! let end: RecvError = receiver.blocking_recv().unwrap_err();
    //! assert_eq!(end.to_string(), "channel closed");
    //! ```

    use std::fmt;

    /// Error of awaiting a [`Receiver`](super::Receiver): there is no value, and there will be none.
    ///
    /// # Examples
    ///
    /// A sender that was dropped has answered, too:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = leno::sync::oneshot::channel::<u32>();
    /// drop(sender);
    /// let error = receiver.await.unwrap_err();
    /// assert_eq!(error.to_string(), "channel closed");
    /// # });
    /// ```
    #[derive(Debug, Eq, PartialEq, Clone)]
    pub struct RecvError(pub(super) ());

    /// Error of [`Receiver::try_recv`](super::Receiver::try_recv).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::oneshot::{self, error::TryRecvError};
    ///
    /// let (sender, mut receiver) = oneshot::channel::<u32>();
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// drop(sender);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    #[derive(Debug, Eq, PartialEq, Clone)]
    pub enum TryRecvError {
        /// There is no value yet.
        Empty,
        /// There is no value, and there will be none.
        Closed,
    }

    impl fmt::Display for RecvError {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("channel closed")
        }
    }

    impl std::error::Error for RecvError {}

    impl fmt::Display for TryRecvError {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(match self {
                TryRecvError::Empty => "channel empty",
                TryRecvError::Closed => "channel closed",
            })
        }
    }

    impl std::error::Error for TryRecvError {}
}

/// Sends the value. From [`channel`].
///
/// # Examples
///
/// The answer to a request travels back by a channel of its own:
///
/// ```
/// use leno::sync::{mpsc, oneshot};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (requests, mut incoming) = mpsc::channel::<(u32, oneshot::Sender<u32>)>(8);
/// leno::spawn(async move {
///     while let Some((number, answer)) = incoming.recv().await {
///         // Who asked may have given up: that is no error here.
///         let _ = answer.send(number * 2);
///     }
/// });
/// let (sender, receiver) = oneshot::channel();
/// requests.send((21, sender)).await.unwrap();
/// assert_eq!(receiver.await, Ok(42));
/// # });
/// ```
pub struct Sender<T> {
    /// Live: the sender has not set TX_GONE.
    inner: NonNull<Inner<T>>,
    _value: PhantomData<T>,
}

/// Receives the value: it is the future of it. From [`channel`].
///
/// Awaiting it gives [`RecvError`] if the sender is dropped without sending.
///
/// # Cancel safety
///
/// Dropping the future loses data: the value. Await `&mut receiver` to keep it when another branch of a `select!` is
/// faster.
///
/// # Examples
///
/// Awaited by reference, it survives a branch that was faster:
///
/// ```
/// use leno::sync::oneshot;
/// use leno::time::{Duration, sleep};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
/// let (sender, mut receiver) = oneshot::channel();
/// leno::select! {
///     _ = &mut receiver => unreachable!("nothing was sent yet"),
///     () = sleep(Duration::from_secs(1)) => {}
/// }
/// sender.send("after all").unwrap();
/// assert_eq!(receiver.await, Ok("after all"));
/// # });
/// ```
pub struct Receiver<T> {
    /// Live: the receiver has not set RX_GONE. None when it has given its result.
    inner: Option<NonNull<Inner<T>>>,
    _value: PhantomData<T>,
}

// SAFETY: the sender is a share of a channel whose word hands the value over; the value moves between
// threads, hence T: Send. No method gives a `&T`.
unsafe impl<T: Send> Send for Sender<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Sender<T> {}
// SAFETY: as for the sender.
unsafe impl<T: Send> Send for Receiver<T> {}
// SAFETY: as for the sender.
unsafe impl<T: Send> Sync for Receiver<T> {}

impl<T> Unpin for Sender<T> {}
impl<T> Unpin for Receiver<T> {}

/// Creates a channel for one value.
///
/// # Examples
///
/// The halves may be on any thread, in a runtime or not:
///
/// ```
/// let (sender, receiver) = leno::sync::oneshot::channel();
/// std::thread::spawn(move || sender.send(6 * 7));
/// assert_eq!(receiver.blocking_recv(), Ok(42));
/// ```
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let inner = Inner::allocate();
    let sender = Sender {
        inner,
        _value: PhantomData,
    };
    let receiver = Receiver {
        inner: Some(inner),
        _value: PhantomData,
    };
    (sender, receiver)
}

impl<T> Sender<T> {
    fn inner(&self) -> &Inner<T> {
        // SAFETY: live (invariant of the field).
        unsafe { self.inner.as_ref() }
    }

    /// Sends the value. It never waits.
    ///
    /// # Errors
    ///
    /// The value itself, if the receiver was closed or dropped. A success does not mean that the value will be
    /// received: the receiver may be dropped right after.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = leno::sync::oneshot::channel();
    /// assert_eq!(sender.send(1), Ok(()));
    /// assert_eq!(receiver.try_recv(), Ok(1));
    ///
    /// let (sender, receiver) = leno::sync::oneshot::channel();
    /// drop(receiver);
    /// assert_eq!(sender.send(2), Err(2));
    /// ```
    pub fn send(self, value: T) -> Result<(), T> {
        task::hand_on::<T>();
        let this = ManuallyDrop::new(self);
        // SAFETY: live (invariant of the field); the sender is not used or dropped after this.
        match unsafe { Inner::complete(this.inner, Some(value)) } {
            None => Ok(()),
            Some(value) => Err(value),
        }
    }

    /// Waits until the receiver is closed or dropped.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (mut sender, receiver) = leno::sync::oneshot::channel::<()>();
    /// leno::spawn(async move { drop(receiver) });
    /// sender.closed().await;
    /// assert!(sender.is_closed());
    /// # });
    /// ```
    pub fn closed(&mut self) -> impl CancelSafe<Output = ()> {
        assert_cancel_safe(async move {
            poll_fn(|cx| self.poll_closed(cx)).await;
        })
    }

    /// True if the receiver was closed or dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = leno::sync::oneshot::channel::<u32>();
    /// assert!(!sender.is_closed());
    /// drop(receiver);
    /// // No need to work the answer out.
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.inner().state() & CLOSED != 0
    }

    /// Polls for the receiver being closed or dropped; if it is pending, `cx`'s waker is woken then.
    ///
    /// # Examples
    ///
    /// In a future written by hand, beside its own work:
    ///
    /// ```
    /// use leno::sync::oneshot;
    /// use std::future::poll_fn;
    /// use std::task::Poll;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (mut sender, receiver) = oneshot::channel::<u32>();
    /// poll_fn(|cx| {
    ///     assert!(sender.poll_closed(cx).is_pending());
    ///     Poll::Ready(())
    /// })
    /// .await;
    /// drop(receiver);
    /// poll_fn(|cx| sender.poll_closed(cx)).await;
    /// # });
    /// ```
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        budget::poll_budgeted(cx, |cx| self.inner().poll_closed(cx))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // SAFETY: live (invariant of the field); the sender is not used after this.
        unsafe { Inner::complete(self.inner, None) };
    }
}

impl<T> Receiver<T> {
    fn inner(&self) -> Option<&Inner<T>> {
        // SAFETY: live (invariant of the field).
        self.inner.map(|inner| unsafe { inner.as_ref() })
    }

    /// Says that no value is wanted any more. One that was sent before can still be received.
    ///
    /// ```
    /// let (sender, mut receiver) = leno::sync::oneshot::channel();
    /// receiver.close();
    /// assert_eq!(sender.send(1), Err(1));
    /// assert!(receiver.try_recv().is_err());
    /// ```
    pub fn close(&mut self) {
        if let Some(sender) = self.inner().and_then(Inner::close) {
            sender.wake();
        }
    }

    /// True if the receiver has given its result: polling it again would panic.
    ///
    /// # Examples
    ///
    /// A loop that must not poll what is over:
    ///
    /// ```
    /// use leno::sync::oneshot;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, mut first) = oneshot::channel();
    /// let (other_sender, mut second) = oneshot::channel();
    /// sender.send(20).unwrap();
    /// other_sender.send(22).unwrap();
    /// let mut sum = 0;
    /// while !(first.is_terminated() && second.is_terminated()) {
    ///     leno::select! {
    ///         number = &mut first, if !first.is_terminated() => sum += number.unwrap(),
    ///         number = &mut second, if !second.is_terminated() => sum += number.unwrap(),
    ///     }
    /// }
    /// assert_eq!(sum, 42);
    /// # });
    /// ```
    pub fn is_terminated(&self) -> bool {
        self.inner.is_none()
    }

    /// True if there is no value to receive at this moment.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = leno::sync::oneshot::channel();
    /// assert!(receiver.is_empty());
    /// sender.send('x').unwrap();
    /// assert!(!receiver.is_empty());
    /// receiver.try_recv().unwrap();
    /// assert!(receiver.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.inner().is_none_or(|inner| inner.state() & VALUE == 0)
    }

    /// Receives the value if it is there.
    ///
    /// # Errors
    ///
    /// [`Empty`](TryRecvError::Empty) if there is none yet, [`Closed`](TryRecvError::Closed) if there will be
    /// none.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::oneshot::{self, error::TryRecvError};
    ///
    /// let (sender, mut receiver) = oneshot::channel();
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// sender.send("there").unwrap();
    /// assert_eq!(receiver.try_recv(), Ok("there"));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let Some(inner) = self.inner() else {
            return Err(TryRecvError::Closed);
        };
        if !inner.is_over() {
            return Err(TryRecvError::Empty);
        }
        self.finish().ok_or(TryRecvError::Closed)
    }

    /// Blocks the thread until the value is there.
    ///
    /// # Errors
    ///
    /// If there will be none.
    ///
    /// # Panics
    ///
    /// On a thread that drives a runtime's tasks: await the receiver there.
    ///
    /// # Examples
    ///
    /// A plain thread waits for what a task works out:
    ///
    /// ```
    /// use leno::sync::oneshot;
    ///
    /// let runtime = leno::runtime::Runtime::new()?;
    /// let (sender, receiver) = oneshot::channel();
    /// runtime.spawn(async move { sender.send("from a task") });
    /// assert_eq!(receiver.blocking_recv(), Ok("from a task"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        root::block_on(self)
    }

    /// Takes the value, if there is one, and leaves the channel. The sender is complete, or finds CLOSED.
    fn finish(&mut self) -> Option<T> {
        let inner = self.inner.take()?;
        // SAFETY: live (invariant of the field, which is None from now on); this is the receiver. COMPLETE or
        // CLOSED is set (this function's precondition).
        unsafe { Inner::leave(inner) }
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(inner) = self.inner() else {
            panic!(
                "`oneshot::Receiver` called after complete: it has given its result already; \
                 ask `is_terminated` before you poll it again"
            );
        };
        if ready!(budget::poll_attempt(cx, || if inner.is_over() {
            Ok(())
        } else {
            Err(())
        }))
        .is_err()
        {
            ready!(budget::poll_budgeted(cx, |cx| inner.poll_recv(cx)));
        }
        Poll::Ready(self.finish().ok_or(RecvError(())))
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let Some(inner) = self.inner() else {
            return;
        };
        let sender = if inner.state() & COMPLETE == 0 {
            inner.close()
        } else {
            None
        };
        // Foreign code (the waker, the value's destructor) runs when the channel is done with.
        let _value = self.finish();
        if let Some(sender) = sender {
            sender.wake();
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("closed", &self.is_closed())
            .finish()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("terminated", &self.is_terminated())
            .field("empty", &self.is_empty())
            .finish()
    }
}
