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
/// # Examples
///
/// A reader that has gone is an error, not a signal, as Rust programs ignore `SIGPIPE`:
///
/// ```
/// use leno::io::AsyncWriteExt;
/// use leno::net::unix::pipe;
/// use std::io::ErrorKind;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (mut sender, receiver) = pipe::pipe()?;
/// sender.write_all(b"hello").await?;
/// drop(receiver);
/// let error = sender.write_all(b"hello").await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::BrokenPipe);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Sender {
    io: Evented<mio::unix::pipe::Sender>,
}

impl Sender {
    /// The end of a pipe that is new, and has room therefore: a write may be tried at once.
    #[track_caller]
    #[inline]
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
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncWriteExt;
    /// use leno::net::unix::pipe;
    /// use std::fs::File;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("pipe");
    /// # assert!(leno::process::Command::new("mkfifo").arg(&path).status().await?.success());
    /// # let receiver = pipe::OpenOptions::new().open_receiver(&path)?;
    /// // Somebody reads at the other end; without, std's open would block.
    /// let file = File::options().write(true).open(&path)?;
    /// let mut sender = pipe::Sender::from_file(file)?;
    /// sender.write_all(b"hello").await?;
    /// # receiver.readable().await?;
    /// # assert_eq!(receiver.try_read(&mut [0; 16])?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
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
    ///
    /// # Examples
    ///
    /// The input of a process of std's:
    ///
    /// ```
    /// use leno::io::AsyncWriteExt;
    /// use leno::net::unix::pipe;
    /// use std::process::{Command, Stdio};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    /// let input = child.stdin.take().unwrap();
    /// let mut sender = pipe::Sender::from_owned_fd(input.into())?;
    /// sender.write_all(b"hello").await?;
    /// drop(sender);
    /// assert_eq!(child.wait_with_output()?.stdout, b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
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
    ///
    /// # Examples
    ///
    /// A regular file is none that can be waited for, which the reactor says:
    ///
    /// ```
    /// use leno::net::unix::pipe;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let file = tempfile::tempfile()?;
    /// assert!(pipe::Sender::from_file_unchecked(file).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
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
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::unix::pipe;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = pipe::pipe()?;
    /// let sender = pipe::Sender::from_owned_fd_unchecked(sender.into_nonblocking_fd()?)?;
    /// sender.writable().await?;
    /// assert_eq!(sender.try_write(b"hello")?, 5);
    /// # drop(receiver);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn from_owned_fd_unchecked(owned_fd: OwnedFd) -> io::Result<Sender> {
        let io = Evented::new(owned_fd.into(), Interest::WRITABLE)?;
        Ok(Sender { io })
    }

    #[inline]
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
    ///
    /// # Examples
    ///
    /// A program that computes for a pipe ends early when nobody reads any more:
    ///
    /// ```
    /// use leno::io::Interest;
    /// use leno::net::unix::pipe;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = pipe::pipe()?;
    /// drop(receiver);
    /// assert!(sender.ready(Interest::ERROR).await?.is_error());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn ready(&self, interest: Interest) -> impl CancelSafe<Output = io::Result<Ready>> {
        assert_cancel_safe(async move { self.io.ready(interest).await })
    }

    writable_method! {
        /// use leno::net::unix::pipe;
        ///
        /// let (sender, receiver) = pipe::pipe()?;
        /// while sender.try_write(&[0; 4096]).is_ok() {}
        ///
        /// // Full. It is writable again when a page of it has been read.
        /// let read = async {
        ///     receiver.readable().await?;
        ///     receiver.try_read(&mut [0; 4096])
        /// };
        /// let ((), read) = leno::try_join!(sender.writable(), read)?;
        /// assert_eq!(read, 4096);
        /// assert_eq!(sender.try_write(&[0; 4096])?, 4096);
    }

    /// Waits until there is room to write, or nobody to read any more.
    ///
    /// Only the latest task that polled the pipe, by this method or by writing, is woken; [`writable`](Self::writable) has
    /// no such limit.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::unix::pipe;
    /// use std::future::poll_fn;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = pipe::pipe()?;
    /// poll_fn(|cx| sender.poll_write_ready(cx)).await?;
    /// assert_eq!(sender.try_write(b"hello")?, 5);
    /// # drop(receiver);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
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
    ///
    /// # Examples
    ///
    /// A short message is whole at the reader's, however many write:
    ///
    /// ```
    /// use leno::net::unix::pipe;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = pipe::pipe()?;
    /// for message in [b"first ", b"second"] {
    ///     assert_eq!(sender.try_write(message)?, 6);
    /// }
    /// receiver.readable().await?;
    /// let mut buffer = [0; 16];
    /// assert_eq!(receiver.try_read(&mut buffer)?, 12);
    /// assert_eq!(&buffer[..12], b"first second");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.io
            .try_with(Interest::WRITABLE, |mut pipe| self.io.sent(pipe.write(buf)))
    }

    /// As [`try_write`](Self::try_write), from several buffers, one after the other.
    ///
    /// # Errors
    ///
    /// As [`try_write`](Self::try_write).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::unix::pipe;
    /// use std::io::IoSlice;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = pipe::pipe()?;
    /// let parts = [IoSlice::new(b"5:"), IoSlice::new(b"hello")];
    /// assert_eq!(sender.try_write_vectored(&parts)?, 7);
    /// receiver.readable().await?;
    /// let mut buffer = [0; 16];
    /// assert_eq!(receiver.try_read(&mut buffer)?, 7);
    /// assert_eq!(&buffer[..7], b"5:hello");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
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
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::unix::pipe;
    /// use std::fs::File;
    /// use std::io::{ErrorKind, Write};
    /// use std::os::fd::AsFd;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = pipe::pipe()?;
    /// let mut file = File::from(sender.as_fd().try_clone_to_owned()?);
    /// sender.writable().await?;
    /// while sender.try_io(|| file.write(&[0; 4096])).is_ok() {}
    ///
    /// // It would have blocked, so it does not count as writable until somebody has read.
    /// let error = sender.try_io(|| unreachable!("as it is not called") as std::io::Result<()>).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    /// # drop(receiver);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.io.try_with(Interest::WRITABLE, |_| f())
    }

    /// Makes a descriptor of it that blocks, as child processes want it.
    ///
    /// # Errors
    ///
    /// If it cannot be deregistered or changed.
    ///
    /// # Examples
    ///
    /// The output of a child:
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    /// use leno::net::unix::pipe;
    /// use leno::process::Command;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = pipe::pipe()?;
    /// let status = Command::new("echo").arg("hello").stdout(sender.into_blocking_fd()?).status();
    /// assert!(status.await?.success());
    /// let mut text = String::new();
    /// receiver.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        into_blocking(self.io)
    }

    /// Makes a descriptor of it that does not block.
    ///
    /// # Errors
    ///
    /// If it cannot be deregistered.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::unix::pipe;
    /// use std::fs::File;
    /// use std::io::{ErrorKind, Write};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = pipe::pipe()?;
    /// let mut file = File::from(sender.into_nonblocking_fd()?);
    /// let error = file.write_all(&[0; 1 << 24]).unwrap_err(); // more than it holds
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    /// # drop(receiver);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd> {
        self.io.into_inner().map(Into::into)
    }
}

impl AsyncWrite for Sender {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io().poll_with(cx, Direction::Write, |mut pipe| {
            self.io.sent(pipe.write(buf))
        })
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io().poll_with(cx, Direction::Write, |mut pipe| {
            self.io.sent(pipe.write_vectored(bufs))
        })
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Nothing is kept back that could be flushed.
    #[inline]
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Does nothing: a pipe is closed by dropping its senders.
    #[inline]
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsRawFd for Sender {
    #[inline]
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl AsFd for Sender {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.get_ref().as_fd()
    }
}
