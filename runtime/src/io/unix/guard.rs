//! What waiting for a descriptor returns: the readiness, to be cleared or kept.

use super::AsyncFd;
use leno_reactor::{Interest, Ready, ReadyEvent};
use std::error::Error;
use std::os::fd::AsRawFd;
use std::{fmt, io};

/// A descriptor is ready. Do something with it, and say if it would have blocked.
///
/// [`try_io`](Self::try_io) does both. Dropping the guard leaves the descriptor ready.
///
/// # Examples
///
/// ```
/// use leno::io::unix::AsyncFd;
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (mut near, far) = UnixStream::pair()?;
/// far.set_nonblocking(true)?;
/// near.write_all(b"one two")?;
/// // SAFETY: the stream owns its descriptor, and keeps it for as long as it lives.
/// let far = unsafe { AsyncFd::register(far)? };
/// let mut words = Vec::new();
/// while words.len() < 7 {
///     let mut guard = far.readable().await?;
///     // Until it would block: only that says that all has been read.
///     while let Ok(read) = guard.try_io(|far| {
///         let mut buffer = [0; 3];
///         let read = far.get_ref().read(&mut buffer)?;
///         words.extend_from_slice(&buffer[..read]);
///         Ok(read)
///     }) {
///         read?;
///     }
/// }
/// assert_eq!(words, b"one two");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[must_use = "You must explicitly choose whether to clear the readiness state by calling a method on ReadyGuard"]
pub struct AsyncFdReadyGuard<'a, T: AsRawFd> {
    async_fd: &'a AsyncFd<T>,
    event: Option<ReadyEvent>,
    /// What was waited for.
    interest: Interest,
}

/// As [`AsyncFdReadyGuard`], with the inner value lent mutably.
///
/// # Examples
///
/// ```
/// use leno::io::unix::AsyncFd;
/// use std::io::Read;
/// use std::os::unix::net::UnixStream;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let (near, far) = UnixStream::pair()?;
/// # far.set_nonblocking(true)?;
/// # std::io::Write::write_all(&mut &near, b"hello")?;
/// // SAFETY: the stream owns its descriptor, and keeps it for as long as it lives.
/// let mut far = unsafe { AsyncFd::register(far)? };
/// let mut guard = far.readable_mut().await?;
/// let mut word = [0; 5];
/// guard.try_io(|far| far.get_mut().read_exact(&mut word)).unwrap()?;
/// assert_eq!(&word, b"hello");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
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
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::io::unix::AsyncFd;
        /// use std::io::{ErrorKind, Read};
        /// use std::os::unix::net::UnixStream;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        /// # let (near, far) = UnixStream::pair()?;
        /// # far.set_nonblocking(true)?;
        /// # std::io::Write::write_all(&mut &near, b"x")?;
        /// // SAFETY: the stream owns its descriptor, and keeps it for as long as it lives.
        /// let mut far = unsafe { AsyncFd::register(far)? };
        /// let mut guard = far.readable_mut().await?;
        /// let mut buffer = [0; 16];
        /// assert_eq!(guard.get_inner().read(&mut buffer)?, 1);
        /// let error = guard.get_inner().read(&mut buffer).unwrap_err();
        /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
        /// // By hand, for the read above told nobody.
        /// guard.clear_ready();
        /// assert!(guard.ready().is_empty());
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn clear_ready(&mut self) {
            if let Some(event) = self.event.take() {
                self.async_fd.clear(event);
            }
        }

        /// As [`clear_ready`](Self::clear_ready), for a part of the readiness.
        ///
        /// # Examples
        ///
        /// ```
        /// use leno::io::{Interest, Ready, unix::AsyncFd};
        /// use std::os::unix::net::UnixStream;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        /// # let (near, far) = UnixStream::pair()?;
        /// # far.set_nonblocking(true)?;
        /// # std::io::Write::write_all(&mut &near, b"x")?;
        /// // SAFETY: the stream owns its descriptor, and keeps it for as long as it lives.
        /// let mut far = unsafe { AsyncFd::register(far)? };
        /// far.readable().await?.retain_ready();
        /// let mut guard = far.ready_mut(Interest::READABLE | Interest::WRITABLE).await?;
        /// guard.clear_ready_matching(Ready::READABLE);
        /// assert!(!guard.ready().is_readable());
        /// // What there is to write to is left alone.
        /// assert!(guard.ready().is_writable());
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn clear_ready_matching(&mut self, ready: Ready) {
            if let Some(event) = self.event.take() {
                self.async_fd.clear(event.with_ready(ready));
                let rest = event.ready() - ready;
                self.event = (!rest.is_empty()).then(|| event.with_ready(rest));
            }
        }

        /// Says that the descriptor is still ready, which dropping the guard says too.
        #[inline]
        pub fn retain_ready(&mut self) {}

        /// What the descriptor was ready for, without what has been cleared by this guard.
        #[inline]
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
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::unix::AsyncFd;
    /// use std::io::Read;
    /// use std::os::unix::net::UnixStream;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let (near, far) = UnixStream::pair()?;
    /// # far.set_nonblocking(true)?;
    /// # std::io::Write::write_all(&mut &near, b"x")?;
    /// // SAFETY: the stream owns its descriptor, and keeps it for as long as it lives.
    /// let far = unsafe { AsyncFd::register(far)? };
    /// let mut guard = far.readable().await?;
    /// let mut buffer = [0; 16];
    /// assert_eq!(guard.try_io(|far| far.get_ref().read(&mut buffer)).unwrap()?, 1);
    /// // Nothing more is there: the readiness is cleared, and the next wait is a real one.
    /// assert!(guard.try_io(|far| far.get_ref().read(&mut buffer)).is_err());
    /// assert!(guard.ready().is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
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
///
/// # Examples
///
/// ```
/// use leno::io::unix::{AsyncFd, TryIoError};
/// use std::io::{self, Read};
/// use std::os::unix::net::UnixStream;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let (near, far) = UnixStream::pair()?;
/// # far.set_nonblocking(true)?;
/// # std::io::Write::write_all(&mut &near, b"x")?;
/// // SAFETY: the stream owns its descriptor, and keeps it for as long as it lives.
/// let far = unsafe { AsyncFd::register(far)? };
/// let mut guard = far.readable().await?;
/// // The outer result says whether to wait again, the inner one what became of the read.
/// let tried: Result<io::Result<usize>, TryIoError> = guard.try_io(|far| far.get_ref().read(&mut [0; 16]));
/// assert_eq!(tried.unwrap()?, 1);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct TryIoError(());

impl fmt::Display for TryIoError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operation would block")
    }
}

impl Error for TryIoError {}
