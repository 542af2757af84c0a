//! The errors of sending and receiving.
//!
//! Only [`Closed`](RecvError::Closed) is an end. A receiver that has lagged goes on, and a send that has reached nobody may
//! reach somebody the next time.
//!
//! ```
//! use leno::sync::broadcast::{self, error::SendError};
//!
//! let sender = broadcast::Sender::new(4);
//! let Err(SendError(unheard)) = sender.send("is anybody there?") else {
//!     panic!("nobody has subscribed");
//! };
//! let mut receiver = sender.subscribe();
//! sender.send(unheard).unwrap();
//! assert_eq!(receiver.try_recv(), Ok("is anybody there?"));
//! ```

use std::fmt;

/// Error of [`Sender::send`](super::Sender::send): there is no receiver. It carries the value.
///
/// # Examples
///
/// ```
/// let (sender, receiver) = leno::sync::broadcast::channel(1);
/// drop(receiver);
/// let error = sender.send("to nobody").unwrap_err();
/// assert_eq!(error.to_string(), "channel closed");
/// assert_eq!(error.0, "to nobody");
/// ```
#[derive(Debug)]
pub struct SendError<T>(pub T);

/// Error of [`Receiver::recv`](super::Receiver::recv).
///
/// # Examples
///
/// ```
/// use leno::sync::broadcast::{self, error::RecvError};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (sender, mut receiver) = broadcast::channel(1);
/// sender.send(1).unwrap();
/// sender.send(2).unwrap();
/// let error = receiver.recv().await.unwrap_err();
/// assert_eq!(error, RecvError::Lagged(1));
/// assert_eq!(error.to_string(), "channel lagged by 1");
/// # });
/// ```
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum RecvError {
    /// There are no senders any more, and all values were received.
    Closed,
    /// The receiver was too slow: so many values are gone. The next one is the oldest that is still there.
    Lagged(u64),
}

/// Error of [`Receiver::try_recv`](super::Receiver::try_recv).
///
/// # Examples
///
/// Reads what is there, whatever was lost:
///
/// ```
/// use leno::sync::broadcast::{self, error::TryRecvError};
///
/// let (sender, mut receiver) = broadcast::channel(2);
/// for number in 1..=3 {
///     sender.send(number).unwrap();
/// }
/// let mut sum = 0;
/// loop {
///     match receiver.try_recv() {
///         Ok(number) => sum += number,
///         Err(TryRecvError::Lagged(_)) => {}
///         Err(TryRecvError::Empty | TryRecvError::Closed) => break,
///     }
/// }
/// assert_eq!(sum, 5);
/// ```
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum TryRecvError {
    /// There is no value yet.
    Empty,
    /// There are no senders any more, and all values were received.
    Closed,
    /// The receiver was too slow: so many values are gone. The next one is the oldest that is still there.
    Lagged(u64),
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl<T: fmt::Debug> std::error::Error for SendError<T> {}

impl fmt::Display for RecvError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("channel closed"),
            Self::Lagged(missed) => write!(f, "channel lagged by {missed}"),
        }
    }
}

impl std::error::Error for RecvError {}

impl fmt::Display for TryRecvError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("channel empty"),
            Self::Closed => f.write_str("channel closed"),
            Self::Lagged(missed) => write!(f, "channel lagged by {missed}"),
        }
    }
}

impl std::error::Error for TryRecvError {}
