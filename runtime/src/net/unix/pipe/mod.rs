//! Pipes: bytes in one direction, between processes of this host.
//!
//! [`pipe()`] makes a pair of ends, for a child process say. [`OpenOptions`] opens the ends of a pipe that has a name in the
//! file system (a FIFO, made with `mkfifo`).
//!
//! ```
//! use leno::io::{AsyncReadExt, AsyncWriteExt};
//! use leno::net::unix::pipe;
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let (mut sender, mut receiver) = pipe::pipe()?;
//! sender.write_all(b"hello").await?;
//! drop(sender);
//!
//! let mut text = String::new();
//! receiver.read_to_string(&mut text).await?;
//! assert_eq!(text, "hello");
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! # Which end, from where
//!
//! | | |
//! | --- | --- |
//! | a pair of one's own, mostly for a child | [`pipe()`] |
//! | a FIFO by its path | [`OpenOptions`] |
//! | a descriptor that was inherited, or comes from std | [`Receiver::from_owned_fd`], [`Sender::from_owned_fd`] |
//! | the standard streams of a child | [`Command`](crate::process::Command) makes them |
//!
//! # At the limits
//!
//! A pipe holds a number of bytes, 64 KiB on Linux; then its writers wait. Up to 4096 bytes are written as a whole, so that
//! several senders can share a pipe without a lock, if each writes a message in one call:
//!
//! ```
//! use leno::io::{AsyncReadExt, AsyncWriteExt};
//! use leno::net::unix::pipe;
//! use std::os::fd::AsFd;
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let (mut one, mut receiver) = pipe::pipe()?;
//! let other = one.as_fd().try_clone_to_owned()?;
//! let mut other = pipe::Sender::from_owned_fd(other)?;
//! leno::try_join!(one.write_all(b"message\n"), other.write_all(b"message\n"))?;
//! drop((one, other)); // the end, when the last sender is gone
//!
//! let mut text = String::new();
//! receiver.read_to_string(&mut text).await?;
//! assert_eq!(text, "message\nmessage\n");
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! The end of the stream comes when the last sender is gone, in whichever process. A copy that was forgotten, in this process or
//! a child, is the usual reason for a reader that waits for ever. A writer learns that no reader is left by an error,
//! [`BrokenPipe`](std::io::ErrorKind::BrokenPipe).
//!
//! A FIFO that is opened for reading only is at its end whenever no writer has it open, and readable again with the next. A
//! service opens it [for both](OpenOptions::read_write), on Linux, or opens it anew after each end.
//!
//! # What it costs
//!
//! What [a socket does](crate::net#what-it-costs), but that neither short reads nor short writes tell anything: a pipe may
//! keep its writes apart (`O_DIRECT`), so the next operation is always tried before it waits.

mod open;
mod receiver;
mod sender;

pub use open::OpenOptions;
pub use receiver::Receiver;
pub use sender::Sender;

use crate::net::evented::Evented;
use crate::net::sys::Native;
use crate::prim::system::{kind, set_nonblocking, status};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Makes a pipe that is known to its two ends only.
///
/// # Errors
///
/// Those of the system, and that the runtime has shut down.
///
/// # Panics
///
/// Outside of a runtime, or if it was built without IO.
///
/// # Examples
///
/// The output of a child, as it comes; [`Command`](crate::process::Command) makes such a pipe by itself for one stream, here
/// it is for two:
///
/// ```
/// use leno::io::AsyncReadExt;
/// use leno::net::unix::pipe;
/// use leno::process::Command;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (sender, mut receiver) = pipe::pipe()?;
/// let output = sender.into_blocking_fd()?;
/// let mut command = Command::new("sh");
/// command.arg("-c").arg("echo out; echo err >&2").stdout(output.try_clone()?).stderr(output);
/// let status = command.status();
/// drop(command); // it holds the sender, without which the stream would not end
///
/// let mut text = String::new();
/// receiver.read_to_string(&mut text).await?;
/// assert_eq!(text, "out\nerr\n");
/// assert!(status.await?.success());
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[track_caller]
#[inline]
pub fn pipe() -> io::Result<(Sender, Receiver)> {
    let (sender, receiver) = mio::unix::pipe::new()?;
    Ok((Sender::new_ready(sender)?, Receiver::new(receiver)?))
}

/// Checks that `fd` is a pipe.
#[inline]
fn expect_pipe(fd: BorrowedFd<'_>) -> io::Result<()> {
    if kind(fd)? == libc::S_IFIFO {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "this is something else than a pipe",
    ))
}

/// Checks that `fd` is a pipe that is open for what `access` says, and makes it non-blocking.
#[inline]
fn prepare(fd: BorrowedFd<'_>, access: libc::c_int) -> io::Result<()> {
    expect_pipe(fd)?;
    let mode = status(fd)? & libc::O_ACCMODE;
    if mode != access && mode != libc::O_RDWR {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "this end of the pipe is open for the other direction",
        ));
    }
    set_nonblocking(fd, true)
}

/// Takes an end out of the reactor, and makes it as most programs want it.
fn into_blocking<S>(io: Evented<S>) -> io::Result<OwnedFd>
where
    S: Native + Into<OwnedFd>,
{
    let fd = io.into_inner()?.into();
    set_nonblocking(fd.as_fd(), false)?;
    Ok(fd)
}
