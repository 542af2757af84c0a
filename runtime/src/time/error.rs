//! The errors of timers.

use std::fmt;

/// The time was over before the future was ready; returned by [`Timeout`](super::Timeout).
///
/// # Examples
///
/// Where the caller speaks of IO, it becomes an IO error:
///
/// ```
/// use leno::time::{Duration, timeout};
/// use std::io;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
/// async fn answer() -> io::Result<u32> {
///     let never = std::future::pending();
///     Ok(timeout(Duration::from_secs(5), never).await?)
/// }
///
/// assert_eq!(answer().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
/// # });
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Elapsed(());

impl Elapsed {
    #[inline]
    pub(super) fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for Elapsed {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("deadline has elapsed")
    }
}

impl std::error::Error for Elapsed {}

impl From<Elapsed> for std::io::Error {
    #[inline]
    fn from(_: Elapsed) -> Self {
        std::io::ErrorKind::TimedOut.into()
    }
}

/// A timer could not do its work.
///
/// Nothing here returns it: timers have no capacity to exceed, and one that outlives its runtime panics
/// when it is polled. It exists for the code that names it.
///
/// # Examples
///
/// ```
/// use leno::time::error::Error;
///
/// let errors = [Error::shutdown(), Error::at_capacity(), Error::invalid()];
/// assert_eq!(errors.map(|error| error.is_shutdown()), [true, false, false]);
/// assert_eq!(errors.map(|error| error.is_at_capacity()), [false, true, false]);
/// assert_eq!(errors.map(|error| error.is_invalid()), [false, false, true]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Error(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Shutdown,
    AtCapacity,
    Invalid,
}

impl Error {
    /// The error for a timer whose runtime has shut down.
    #[inline]
    pub fn shutdown() -> Self {
        Self(Kind::Shutdown)
    }

    /// True if the timer's runtime has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::time::error::Error;
    ///
    /// assert!(Error::shutdown().is_shutdown());
    /// assert!(!Error::invalid().is_shutdown());
    /// ```
    #[inline]
    pub fn is_shutdown(&self) -> bool {
        self.0 == Kind::Shutdown
    }

    /// The error for one timer too many.
    #[inline]
    pub fn at_capacity() -> Self {
        Self(Kind::AtCapacity)
    }

    /// True if there are too many timers.
    #[inline]
    pub fn is_at_capacity(&self) -> bool {
        self.0 == Kind::AtCapacity
    }

    /// The error for a deadline that makes no sense.
    #[inline]
    pub fn invalid() -> Self {
        Self(Kind::Invalid)
    }

    /// True if the deadline makes no sense.
    #[inline]
    pub fn is_invalid(&self) -> bool {
        self.0 == Kind::Invalid
    }
}

impl fmt::Display for Error {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self.0 {
            Kind::Shutdown => "the timer's runtime has shut down",
            Kind::AtCapacity => "there are too many timers",
            Kind::Invalid => "the timer's deadline is out of range",
        })
    }
}

impl std::error::Error for Error {}
