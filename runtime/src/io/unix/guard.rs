//! What waiting for a descriptor returns: the readiness, to be cleared or kept.

use super::AsyncFd;
use leno_reactor::{Interest, Ready, ReadyEvent};
use std::error::Error;
use std::os::fd::AsRawFd;
use std::{fmt, io};

/// A descriptor is ready. Do something with it, and say if it would have blocked.
///
/// [`try_io`](Self::try_io) does both. Dropping the guard leaves the descriptor ready.
#[must_use = "You must explicitly choose whether to clear the readiness state by calling a method on ReadyGuard"]
pub struct AsyncFdReadyGuard<'a, T: AsRawFd> {
    async_fd: &'a AsyncFd<T>,
    event: Option<ReadyEvent>,
    /// What was waited for.
    interest: Interest,
}

/// As [`AsyncFdReadyGuard`], with the inner value lent mutably.
#[must_use = "You must explicitly choose whether to clear the readiness state by calling a method on ReadyGuard"]
pub struct AsyncFdReadyMutGuard<'a, T: AsRawFd> {
    async_fd: &'a mut AsyncFd<T>,
    event: Option<ReadyEvent>,
    /// What was waited for.
    interest: Interest,
}

/// What both guards have.
macro_rules! guard_methods {
    () => {
        /// Says that an operation would have blocked: the descriptor counts as not ready until the system reports it
        /// again. What has been reported since this guard was made stays; and so does that a half is closed, if it is.
        pub fn clear_ready(&mut self) {
            if let Some(event) = self.event.take() {
                self.async_fd.clear(event);
            }
        }

        /// As [`clear_ready`](Self::clear_ready), for a part of the readiness.
        pub fn clear_ready_matching(&mut self, ready: Ready) {
            if let Some(event) = self.event.take() {
                self.async_fd.clear(event.with_ready(ready));
                let rest = event.ready() - ready;
                self.event = (!rest.is_empty()).then(|| event.with_ready(rest));
            }
        }

        /// Says that the descriptor is still ready, which dropping the guard says too.
        pub fn retain_ready(&mut self) {}

        /// What the descriptor was ready for, without what has been cleared by this guard.
        pub fn ready(&self) -> Ready {
            self.event.map_or(Ready::EMPTY, |event| event.ready())
        }
    };
}

impl<'a, T: AsRawFd> AsyncFdReadyGuard<'a, T> {
    pub(super) fn new(async_fd: &'a AsyncFd<T>, event: ReadyEvent, interest: Interest) -> Self {
        Self {
            async_fd,
            event: Some(event),
            interest,
        }
    }

    guard_methods!();

    /// Does `f`, and clears the readiness if it would have blocked.
    ///
    /// A guard for several interests clears all of them, but not that a half is closed, if it still is. To clear only what
    /// has blocked, call [`clear_ready_matching`](Self::clear_ready_matching).
    ///
    /// # Errors
    ///
    /// That `f` would have blocked: wait again. Its other results, errors included, are returned within `Ok`.
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&'a AsyncFd<T>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        let result = f(self.async_fd);
        match &result {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if let Some(event) = self.event.take() {
                    self.async_fd.clear_blocked(event, self.interest);
                }
                Err(TryIoError(()))
            }
            _ => Ok(result),
        }
    }

    /// The `AsyncFd`.
    pub fn get_ref(&self) -> &'a AsyncFd<T> {
        self.async_fd
    }

    /// The `AsyncFd`'s inner value.
    pub fn get_inner(&self) -> &'a T {
        self.async_fd.get_ref()
    }
}

impl<'a, T: AsRawFd> AsyncFdReadyMutGuard<'a, T> {
    pub(super) fn new(async_fd: &'a mut AsyncFd<T>, event: ReadyEvent, interest: Interest) -> Self {
        Self {
            async_fd,
            event: Some(event),
            interest,
        }
    }

    guard_methods!();

    /// Does `f`, and clears the readiness if it would have blocked.
    ///
    /// A guard for several interests clears all of them, but not that a half is closed, if it still is. To clear only what
    /// has blocked, call [`clear_ready_matching`](Self::clear_ready_matching).
    ///
    /// # Errors
    ///
    /// That `f` would have blocked: wait again. Its other results, errors included, are returned within `Ok`.
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&mut AsyncFd<T>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        let result = f(self.async_fd);
        match &result {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if let Some(event) = self.event.take() {
                    self.async_fd.clear_blocked(event, self.interest);
                }
                Err(TryIoError(()))
            }
            _ => Ok(result),
        }
    }

    /// The `AsyncFd`.
    pub fn get_ref(&self) -> &AsyncFd<T> {
        self.async_fd
    }

    /// The `AsyncFd`.
    pub fn get_mut(&mut self) -> &mut AsyncFd<T> {
        self.async_fd
    }

    /// The `AsyncFd`'s inner value.
    pub fn get_inner(&self) -> &T {
        self.async_fd.get_ref()
    }

    /// The `AsyncFd`'s inner value.
    pub fn get_inner_mut(&mut self) -> &mut T {
        self.async_fd.get_mut()
    }
}

impl<T: AsRawFd + fmt::Debug> fmt::Debug for AsyncFdReadyGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFdReadyGuard")
            .field("async_fd", &self.async_fd)
            .field("ready", &self.ready())
            .finish()
    }
}

impl<T: AsRawFd + fmt::Debug> fmt::Debug for AsyncFdReadyMutGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFdReadyMutGuard")
            .field("async_fd", &self.async_fd)
            .field("ready", &self.ready())
            .finish()
    }
}

/// The operation of a guard's `try_io` would have blocked.
#[derive(Debug)]
pub struct TryIoError(());

impl fmt::Display for TryIoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operation would block")
    }
}

impl Error for TryIoError {}
