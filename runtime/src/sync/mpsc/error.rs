//! The errors of sending and receiving.
//!
//! Those of sending carry the value that was not sent, so nothing is lost by an error. None of them is a failure of the channel: they say that
//! the other side is gone, or, without waiting, that it is not there yet.
//!
//! ```
//! use leno::sync::mpsc::{self, error::TrySendError};
//!
//! let (sender, mut receiver) = mpsc::channel(1);
//! sender.try_send(String::from("first")).unwrap();
//! match sender.try_send(String::from("second")) {
//!     Err(TrySendError::Full(unsent)) => assert_eq!(unsent, "second"),
//!     other => panic!("{other:?}"),
//! }
//! # receiver.close();
//! ```

use std::fmt;

/// Error of sending: the receiver is closed or gone. It carries the value.
///
/// # Examples
///
/// What could not be sent is not lost:
///
/// ```
/// use leno::sync::mpsc;
///
/// let (sender, receiver) = mpsc::unbounded_channel();
/// drop(receiver);
/// let error = sender.send(String::from("a letter")).unwrap_err();
/// assert_eq!(error.to_string(), "channel closed");
/// assert_eq!(error.0, "a letter");
/// ```
#[derive(PartialEq, Eq, Clone, Copy)]
pub struct SendError<T>(pub T);

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendError").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl<T> std::error::Error for SendError<T> {}

/// Error of sending without waiting. It carries the value.
///
/// # Examples
///
/// Full is for later, closed is for good:
///
/// ```
/// use leno::sync::mpsc::{Sender, error::TrySendError};
///
/// /// True if the number was sent, false if it may be tried again.
/// fn offer(sender: &Sender<u8>, number: u8) -> Result<bool, &'static str> {
///     match sender.try_send(number) {
///         Ok(()) => Ok(true),
///         Err(TrySendError::Full(_)) => Ok(false),
///         Err(TrySendError::Closed(_)) => Err("nobody receives any more"),
///     }
/// }
///
/// let (sender, receiver) = leno::sync::mpsc::channel(1);
/// assert_eq!(offer(&sender, 1), Ok(true));
/// assert_eq!(offer(&sender, 2), Ok(false));
/// drop(receiver);
/// assert!(offer(&sender, 3).is_err());
/// ```
#[derive(PartialEq, Eq, Clone, Copy)]
pub enum TrySendError<T> {
    /// The channel is full, or others are waiting.
    Full(T),
    /// The receiver is closed or gone.
    Closed(T),
}

impl<T> TrySendError<T> {
    /// The value that was not sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::mpsc;
    ///
    /// let (sender, _receiver) = mpsc::channel(1);
    /// sender.try_send(vec![1]).unwrap();
    /// let again = sender.try_send(vec![2]).unwrap_err().into_inner();
    /// assert_eq!(again, [2]);
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            TrySendError::Full(value) | TrySendError::Closed(value) => value,
        }
    }
}

impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            TrySendError::Full(_) => "Full(..)",
            TrySendError::Closed(_) => "Closed(..)",
        })
    }
}

impl<T> fmt::Display for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrySendError::Full(_) => "no available capacity",
            TrySendError::Closed(_) => "channel closed",
        })
    }
}

impl<T> std::error::Error for TrySendError<T> {}

impl<T> From<SendError<T>> for TrySendError<T> {
    fn from(error: SendError<T>) -> Self {
        TrySendError::Closed(error.0)
    }
}

/// Error of receiving without waiting.
///
/// # Examples
///
/// ```
/// use leno::sync::mpsc::{self, error::TryRecvError};
///
/// let (sender, mut receiver) = mpsc::channel::<u8>(1);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
/// drop(sender);
/// let error = receiver.try_recv().unwrap_err();
/// assert_eq!(error, TryRecvError::Disconnected);
/// assert_eq!(error.to_string(), "receiving on a closed channel");
/// ```
#[derive(PartialEq, Eq, Clone, Copy, Debug)]
pub enum TryRecvError {
    /// There is no value at the moment.
    Empty,
    /// There is no value, and there will be none.
    Disconnected,
}

impl fmt::Display for TryRecvError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            TryRecvError::Empty => "receiving on an empty channel",
            TryRecvError::Disconnected => "receiving on a closed channel",
        })
    }
}

impl std::error::Error for TryRecvError {}

/// Error of [`Sender::send_timeout`](super::Sender::send_timeout). It carries the value.
///
/// # Examples
///
/// ```
/// use leno::sync::mpsc::{self, error::SendTimeoutError};
/// use leno::time::Duration;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
/// let (sender, receiver) = mpsc::channel(1);
/// sender.try_send(1).unwrap();
/// let error = sender.send_timeout(2, Duration::from_secs(1)).await.unwrap_err();
/// assert_eq!(error, SendTimeoutError::Timeout(2));
///
/// drop(receiver);
/// let error = sender.send_timeout(3, Duration::from_secs(1)).await.unwrap_err();
/// assert_eq!(error, SendTimeoutError::Closed(3));
/// # });
/// ```
#[derive(PartialEq, Eq, Clone, Copy)]
pub enum SendTimeoutError<T> {
    /// There was no room in time.
    Timeout(T),
    /// The receiver is closed or gone.
    Closed(T),
}

impl<T> SendTimeoutError<T> {
    /// The value that was not sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::sync::mpsc;
    /// use leno::time::Duration;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let (sender, _receiver) = mpsc::channel(1);
    /// sender.try_send("first").unwrap();
    /// let unsent = sender.send_timeout("second", Duration::from_millis(5)).await.unwrap_err();
    /// assert_eq!(unsent.into_inner(), "second");
    /// # });
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            SendTimeoutError::Timeout(value) | SendTimeoutError::Closed(value) => value,
        }
    }
}

impl<T> fmt::Debug for SendTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendTimeoutError::Timeout(_) => "Timeout(..)",
            SendTimeoutError::Closed(_) => "Closed(..)",
        })
    }
}

impl<T> fmt::Display for SendTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendTimeoutError::Timeout(_) => "timed out waiting for room",
            SendTimeoutError::Closed(_) => "channel closed",
        })
    }
}

impl<T> std::error::Error for SendTimeoutError<T> {}
