//! The errors of a watch channel: each says that the other side is gone.
//!
//! The value is there all the same, and can be borrowed.
//!
//! ```
//! use leno::sync::watch;
//!
//! let (sender, receiver) = watch::channel("last word");
//! drop(sender);
//! assert!(receiver.has_changed().is_err());
//! assert_eq!(*receiver.borrow(), "last word");
//! ```

use std::fmt;

/// Error of [`Sender::send`](super::Sender::send): there is no receiver. It gives the value back.
///
/// # Examples
///
/// ```
/// use leno::sync::watch;
///
/// let (sender, receiver) = watch::channel("old");
/// drop(receiver);
/// let error = sender.send("new").unwrap_err();
/// assert_eq!(error.to_string(), "channel closed");
/// assert_eq!(error.0, "new");
/// ```
#[derive(PartialEq, Eq, Clone, Copy)]
pub struct SendError<T>(pub T);

/// Error of a [`Receiver`](super::Receiver): all senders are gone.
///
/// # Examples
///
/// For a follower it is the end, not a failure:
///
/// ```
/// use leno::sync::watch;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (sender, mut receiver) = watch::channel(0);
/// sender.send(1).unwrap();
/// drop(sender);
/// let mut changes = 0;
/// let end = loop {
///     match receiver.changed().await {
///         Ok(()) => changes += 1,
///         Err(end) => break end,
///     }
/// };
/// assert_eq!(changes, 1);
/// assert_eq!(end.to_string(), "channel closed");
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct RecvError(pub(super) ());

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

impl fmt::Display for RecvError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl std::error::Error for RecvError {}
