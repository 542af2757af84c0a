//! `mpsc::Sender::send_timeout`: it stands here because channels know no time.

use super::{Duration, timeout};
use crate::locks::mpsc::Sender;
use crate::locks::mpsc::error::SendTimeoutError;
use crate::runtime::current::Need;
use crate::runtime::required::required;
use std::future::Future;

impl<T> Sender<T> {
    /// Sends a value, waiting for room no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// If there was no room in time, or the receiver is closed or gone; the error carries the value.
    ///
    /// # Panics
    ///
    /// As [`timeout`](crate::time::timeout): outside of a runtime, and in one whose timers are not enabled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses data: the value, as with [`send`](Self::send).
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// use leno::sync::mpsc::{self, error::SendTimeoutError};
    /// use leno::time::Duration;
    ///
    /// let (sender, mut receiver) = mpsc::channel(1);
    /// let soon = Duration::from_millis(1);
    /// assert_eq!(sender.send_timeout(1, soon).await, Ok(()));
    /// assert_eq!(sender.send_timeout(2, soon).await, Err(SendTimeoutError::Timeout(2)));
    /// assert_eq!(receiver.recv().await, Some(1));
    /// # });
    /// ```
    #[track_caller]
    pub fn send_timeout(
        &self,
        value: T,
        timeout: Duration,
    ) -> impl Future<Output = Result<(), SendTimeoutError<T>>> {
        required(Need::Timers, self.send_within(value, timeout))
    }

    async fn send_within(&self, value: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        match self::timeout(timeout, self.reserve()).await {
            Ok(Ok(permit)) => {
                permit.send(value);
                Ok(())
            }
            Ok(Err(_)) => Err(SendTimeoutError::Closed(value)),
            Err(_) => Err(SendTimeoutError::Timeout(value)),
        }
    }
}
