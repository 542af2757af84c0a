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
#[track_caller]
pub fn pipe() -> io::Result<(Sender, Receiver)> {
    let (sender, receiver) = mio::unix::pipe::new()?;
    Ok((Sender::new_ready(sender)?, Receiver::new(receiver)?))
}

/// Checks that `fd` is a pipe.
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
