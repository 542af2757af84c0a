//! Waiting for file descriptors of any kind.
//!
//! [`AsyncFd`] is for what leno has no type for: sockets of other families, timers (`timerfd`), counters (`eventfd`),
//! devices, and the descriptor that a C library hands out so that one can wait for it. For TCP, UDP, Unix sockets and pipes
//! there are the types in [`net`](crate::net), for regular files, which cannot be waited for, those in [`fs`](crate::fs).
//!
//! | to | call |
//! | --- | --- |
//! | wait, try, and wait again if it would have blocked | [`AsyncFd::async_io`] |
//! | do that in a `poll_` function | [`AsyncFd::poll_read_ready`], [`AsyncFd::poll_write_ready`] |
//! | do something of your own while it is ready | [`AsyncFd::readable`], [`AsyncFd::writable`], [`AsyncFd::ready`] |
//! | try without waiting | [`AsyncFd::try_io`] |
//!
//! ```
//! use leno::io::{Interest, unix::AsyncFd};
//! use std::os::unix::net::UnixDatagram;
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let (near, far) = UnixDatagram::pair()?;
//! far.set_nonblocking(true)?;
//! // SAFETY: the socket owns its descriptor, and keeps it for as long as it lives.
//! let far = unsafe { AsyncFd::register(far)? };
//!
//! near.send(b"hello")?;
//! let mut packet = [0; 16];
//! let length = far.async_io(Interest::READABLE, |far| far.recv(&mut packet)).await?;
//! assert_eq!(&packet[..length], b"hello");
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! # What is yours to do
//!
//! - The descriptor must not block: set `O_NONBLOCK` (std's sockets have `set_nonblocking`). Otherwise an operation that
//!   finds nothing stops the whole thread.
//! - Registering is `unsafe`, for the type system does not see whether the descriptor stays open and the same until the
//!   `AsyncFd` is gone.
//! - The system tells only of changes. So go on until an operation would block, and let the guard know: its `try_io` does.
//!   To stop earlier is allowed, as the readiness is kept; to clear it earlier is to wait for what is there already.
//!
//! # What it costs
//!
//! Registering is one system call, waiting for what is ready none. All waiting is cancel safe: readiness belongs to the
//! descriptor, not to the future that waits for it.

mod async_fd;
mod guard;

#[doc(hidden)]
#[expect(deprecated, reason = "tokio has the name")]
pub use async_fd::AsyncFdTryNewError;
pub use async_fd::{AsyncFd, AsyncFdRegisterError};
pub use guard::{AsyncFdReadyGuard, AsyncFdReadyMutGuard, TryIoError};
