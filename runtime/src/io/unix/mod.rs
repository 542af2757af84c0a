//! Waiting for file descriptors of any kind.

mod async_fd;
mod guard;

#[doc(hidden)]
#[expect(deprecated, reason = "tokio has the name")]
pub use async_fd::AsyncFdTryNewError;
pub use async_fd::{AsyncFd, AsyncFdRegisterError};
pub use guard::{AsyncFdReadyGuard, AsyncFdReadyMutGuard, TryIoError};
