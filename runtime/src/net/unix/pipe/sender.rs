//! The end of a pipe that is written to.

use super::{into_blocking, prepare};
use crate::io::{AsyncWrite, Interest, Ready};
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::net::evented::Evented;
use crate::net::ready::writable_method;
use leno_reactor::Direction;
use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};

/// The end of a pipe that is written to.
///
/// Writing is [`AsyncWrite`], whose methods come with [`AsyncWriteExt`](crate::io::AsyncWriteExt). When all receivers are
/// gone it fails with [`BrokenPipe`](io::ErrorKind::BrokenPipe). Dropping the last sender ends the stream;
/// [`shutdown`](crate::io::AsyncWriteExt::shutdown) does nothing, as a pipe cannot be closed but by that.
///
/// # Example
///
/// See [the module](super::pipe).
#[derive(Debug)]
pub struct Sender {
    io: Evented<mio::unix::pipe::Sender>,
}

impl Sender {
    /// The end of a pipe that is new, and has room therefore: a write may be tried at once.
    #[track_caller]
    pub(super) fn new_ready(sender: mio::unix::pipe::Sender) -> io::Result<Sender> {
        let io = Evented::new_ready(sender, Interest::WRITABLE)?;
        Ok(Sender { io })
    }

    /// Makes an end of a file, which must be a pipe that is open for writing; makes it non-blocking.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if it is not such a pipe; those of the system, and that the runtime
    /// has shut down.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO.
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<Sender> {
        Sender::from_owned_fd(file.into())
    }

    /// As [`from_file`](Self::from_file), of a descriptor.
    ///
    /// # Errors
    ///
    /// As [`from_file`](Self::from_file).
    ///
    /// # Panics
    ///
    /// As [`from_file`](Self::from_file).
    #[track_caller]
    pub fn from_owned_fd(owned_fd: OwnedFd) -> io::Result<Sender> {
        prepare(owned_fd.as_fd(), libc::O_WRONLY)?;
        Sender::from_owned_fd_unchecked(owned_fd)
    }

    /// Makes an end of a file without checking anything. If it blocks, it will block the runtime.
    ///
    /// # Errors
    ///
    /// If it cannot be registered, as an ordinary file.
    ///
    /// # Panics
    ///
    /// As [`from_file`](Self::from_file).
    #[track_caller]
    pub fn from_file_unchecked(file: File) -> io::Result<Sender> {
        Sender::from_owned_fd_unchecked(file.into())
    }

    /// As [`from_file_unchecked`](Self::from_file_unchecked), of a descriptor.
    ///
    /// # Errors
    ///
    /// As [`from_file_unchecked`](Self::from_file_unchecked).
    ///
    /// # Panics
    ///
    /// As [`from_file`](Self::from_file).
    #[track_caller]
    pub fn from_owned_fd_unchecked(owned_fd: OwnedFd) -> io::Result<Sender> {
        let io = Evented::new(owned_fd.into(), Interest::WRITABLE)?;
        Ok(Sender { io })
    }

    fn io(&self) -> &Evented<mio::unix::pipe::Sender> {
        &self.io
    }

    /// Waits until the pipe is ready for anything in `interest`, and returns what it is ready for.
    ///
    /// That can be writing and the errors; see [`Interest`]. Any number of tasks may wait at once.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down, or nothing in `interest` concerns this end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub fn ready(&self, interest: Interest) -> impl CancelSafe<Output = io::Result<Ready>> {
        assert_cancel_safe(async move { self.io.ready(interest).await })
    }

    writable_method!();

    /// Waits until there is room to write, or nobody to read any more.
    ///
    /// Only the latest task that polled the pipe, by this method or by writing, is woken; [`writable`](Self::writable) has
    /// no such limit.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_ready(cx, Direction::Write)
    }

    /// Writes as much as there is room for, without waiting, and returns how much.
    ///
    /// Up to `PIPE_BUF` bytes (4096 on Linux) are written at once or not at all, and never mixed with others'.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is no room; wait for [`writable`](Self::writable) then. And
    /// those of the system.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.io
            .try_with(Interest::WRITABLE, |mut pipe| self.io.sent(pipe.write(buf)))
    }

    /// As [`try_write`](Self::try_write), from several buffers, one after the other.
    ///
    /// # Errors
    ///
    /// As [`try_write`](Self::try_write).
    pub fn try_write_vectored(&self, buf: &[IoSlice<'_>]) -> io::Result<usize> {
        self.io.try_with(Interest::WRITABLE, |mut pipe| {
            self.io.sent(pipe.write_vectored(buf))
        })
    }

    /// Tries an operation of your own on the pipe, if it is writable.
    ///
    /// `f` is called at most once, and must return [`WouldBlock`](io::ErrorKind::WouldBlock) if and only if the system
    /// said so of this pipe. It must not call the `try_` methods of the pipe.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if the pipe is not writable, and those of `f`.
    pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.io.try_with(Interest::WRITABLE, |_| f())
    }

    /// Makes a descriptor of it that blocks, as child processes want it.
    ///
    /// # Errors
    ///
    /// If it cannot be deregistered or changed.
    pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        into_blocking(self.io)
    }

    /// Makes a descriptor of it that does not block.
    ///
    /// # Errors
    ///
    /// If it cannot be deregistered.
    pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd> {
        self.io.into_inner().map(Into::into)
    }
}

impl AsyncWrite for Sender {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io().poll_with(cx, Direction::Write, |mut pipe| {
            self.io.sent(pipe.write(buf))
        })
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io().poll_with(cx, Direction::Write, |mut pipe| {
            self.io.sent(pipe.write_vectored(bufs))
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Nothing is kept back that could be flushed.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Does nothing: a pipe is closed by dropping its senders.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsRawFd for Sender {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl AsFd for Sender {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.get_ref().as_fd()
    }
}
