//! The end of a pipe that is read from.

use super::{into_blocking, prepare};
use crate::io::{AsyncRead, Interest, ReadBuf, Ready};
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::net::evented::Evented;
use crate::net::ready::readable_method;
use crate::net::receive::read;
use bytes::BufMut;
use leno_reactor::Direction;
use std::fs::File;
use std::io::{self, IoSliceMut, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};

/// The end of a pipe that is read from.
///
/// Reading is [`AsyncRead`], whose methods come with [`AsyncReadExt`](crate::io::AsyncReadExt). When all senders are gone
/// it reads the end of the stream. A pipe with a name may be opened by a sender again, and is read on then.
///
/// # Examples
///
/// Lines from another task, until its sender is dropped:
///
/// ```
/// use leno::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
/// use leno::net::unix::pipe;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (mut sender, receiver) = pipe::pipe()?;
/// leno::spawn(async move { sender.write_all(b"one\ntwo\n").await });
///
/// let mut lines = BufReader::new(receiver).lines();
/// assert_eq!(lines.next_line().await?.as_deref(), Some("one"));
/// assert_eq!(lines.next_line().await?.as_deref(), Some("two"));
/// assert_eq!(lines.next_line().await?, None);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Receiver {
    io: Evented<mio::unix::pipe::Receiver>,
}

impl Receiver {
    #[track_caller]
    #[inline]
    pub(super) fn new(receiver: mio::unix::pipe::Receiver) -> io::Result<Receiver> {
        let io = Evented::new(receiver, Interest::READABLE)?;
        Ok(Receiver { io })
    }

    /// Makes an end of a file, which must be a pipe that is open for reading; makes it non-blocking.
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
    /// The other end of a pipe is refused, as is what is no pipe:
    ///
    /// ```
    /// use leno::net::unix::pipe;
    /// use std::fs::File;
    /// use std::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, _receiver) = pipe::pipe()?;
    /// let wrong_end = File::from(sender.into_nonblocking_fd()?);
    /// let error = pipe::Receiver::from_file(wrong_end).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidInput);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn from_file(file: File) -> io::Result<Receiver> {
        Receiver::from_owned_fd(file.into())
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
    /// The output of a process of std's:
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    /// use leno::net::unix::pipe;
    /// use std::process::{Command, Stdio};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// let output = child.stdout.take().unwrap();
    /// let mut receiver = pipe::Receiver::from_owned_fd(output.into())?;
    ///
    /// let mut text = String::new();
    /// receiver.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello\n");
    /// # child.wait()?;
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn from_owned_fd(owned_fd: OwnedFd) -> io::Result<Receiver> {
        prepare(owned_fd.as_fd(), libc::O_RDONLY)?;
        Receiver::from_owned_fd_unchecked(owned_fd)
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
    /// What is known to be the right end, and not to block:
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    /// use leno::net::unix::pipe;
    /// use std::fs::File;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = pipe::pipe()?;
    /// let file = File::from(receiver.into_nonblocking_fd()?);
    /// let mut receiver = pipe::Receiver::from_file_unchecked(file)?;
    /// sender.try_write(&[42])?;
    /// assert_eq!(receiver.read_u8().await?, 42);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn from_file_unchecked(file: File) -> io::Result<Receiver> {
        Receiver::from_owned_fd_unchecked(file.into())
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
    /// An end that was given away, and comes back:
    ///
    /// ```
    /// use leno::net::unix::pipe;
    /// use std::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (_sender, receiver) = pipe::pipe()?;
    /// let receiver = pipe::Receiver::from_owned_fd_unchecked(receiver.into_nonblocking_fd()?)?;
    /// let error = receiver.try_read(&mut [0; 16]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn from_owned_fd_unchecked(owned_fd: OwnedFd) -> io::Result<Receiver> {
        Receiver::new(owned_fd.into())
    }

    #[inline]
    fn io(&self) -> &Evented<mio::unix::pipe::Receiver> {
        &self.io
    }

    /// Waits until the pipe is ready for anything in `interest`, and returns what it is ready for.
    ///
    /// That can be reading and the errors; see [`Interest`]. Any number of tasks may wait at once.
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
    /// That all senders are gone is told without reading:
    ///
    /// ```
    /// use leno::io::Interest;
    /// use leno::net::unix::pipe;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = pipe::pipe()?;
    /// drop(sender);
    /// assert!(receiver.ready(Interest::READABLE).await?.is_read_closed());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn ready(&self, interest: Interest) -> impl CancelSafe<Output = io::Result<Ready>> {
        assert_cancel_safe(async move { self.io.ready(interest).await })
    }

    readable_method! {
        /// use leno::net::unix::pipe;
        /// use std::io::ErrorKind;
        ///
        /// let (sender, receiver) = pipe::pipe()?;
        /// sender.try_write(b"hello")?;
        ///
        /// let mut buffer = [0; 16];
        /// let length = loop {
        ///     receiver.readable().await?;
        ///     match receiver.try_read(&mut buffer) {
        ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        ///         result => break result?,
        ///     }
        /// };
        /// assert_eq!(&buffer[..length], b"hello");
    }

    /// Waits until there is something to read, or the end of the stream.
    ///
    /// Only the latest task that polled the pipe, by this method or by reading, is woken; [`readable`](Self::readable) has
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
    /// use std::task::Poll;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = pipe::pipe()?;
    /// assert!(poll_fn(|cx| Poll::Ready(receiver.poll_read_ready(cx).is_pending())).await);
    ///
    /// sender.try_write(b"hello")?;
    /// poll_fn(|cx| receiver.poll_read_ready(cx)).await?;
    /// assert_eq!(receiver.try_read(&mut [0; 16])?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_ready(cx, Direction::Read)
    }

    /// Reads what is there, without waiting, and returns how much; 0 is the end of the stream, unless `buf` is empty.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if nothing is there; wait for [`readable`](Self::readable) then. And
    /// those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::unix::pipe;
    /// use std::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = pipe::pipe()?;
    /// let error = receiver.try_read(&mut [0; 16]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    ///
    /// drop(sender);
    /// receiver.readable().await?;
    /// assert_eq!(receiver.try_read(&mut [0; 16])?, 0);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io
            .try_with(Interest::READABLE, |mut pipe| pipe.read(buf))
    }

    /// As [`try_read`](Self::try_read), into several buffers, one after the other.
    ///
    /// # Errors
    ///
    /// As [`try_read`](Self::try_read).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::unix::pipe;
    /// use std::io::IoSliceMut;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = pipe::pipe()?;
    /// sender.try_write(b"\x05hello")?;
    /// receiver.readable().await?;
    /// let (mut length, mut text) = ([0; 1], [0; 16]);
    /// let mut buffers = [IoSliceMut::new(&mut length), IoSliceMut::new(&mut text)];
    /// assert_eq!(receiver.try_read_vectored(&mut buffers)?, 6);
    /// assert_eq!((length, &text[..5]), ([5], &b"hello"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.io
            .try_with(Interest::READABLE, |mut pipe| pipe.read_vectored(bufs))
    }

    /// As [`try_read`](Self::try_read), appending to `buf`, whose free memory need not be initialised.
    ///
    /// # Errors
    ///
    /// As [`try_read`](Self::try_read).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::unix::pipe;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = pipe::pipe()?;
    /// sender.try_write(b"hello")?;
    /// receiver.readable().await?;
    /// let mut buffer = Vec::with_capacity(64);
    /// assert_eq!(receiver.try_read_buf(&mut buffer)?, 5);
    /// assert_eq!(buffer, b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.io.try_with(Interest::READABLE, |pipe| read(pipe, buf))
    }

    /// Tries an operation of your own on the pipe, if it is readable.
    ///
    /// `f` is called at most once, and must return [`WouldBlock`](io::ErrorKind::WouldBlock) if and only if the system
    /// said so of this pipe. It must not call the `try_` methods of the pipe.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if the pipe is not readable, and those of `f`.
    ///
    /// # Examples
    ///
    /// Another way to read, here std's by a copy of the descriptor:
    ///
    /// ```
    /// use leno::net::unix::pipe;
    /// use std::fs::File;
    /// use std::io::Read;
    /// use std::os::fd::AsFd;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = pipe::pipe()?;
    /// let mut file = File::from(receiver.as_fd().try_clone_to_owned()?);
    /// sender.try_write(b"hello")?;
    /// receiver.readable().await?;
    /// let mut buffer = [0; 16];
    /// assert_eq!(receiver.try_io(|| file.read(&mut buffer))?, 5);
    /// assert_eq!(&buffer[..5], b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.io.try_with(Interest::READABLE, |_| f())
    }

    /// Makes a descriptor of it that blocks, as child processes want it.
    ///
    /// # Errors
    ///
    /// If it cannot be deregistered or changed.
    ///
    /// # Examples
    ///
    /// A child that reads what we have written:
    ///
    /// ```
    /// use leno::net::unix::pipe;
    /// use leno::process::Command;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = pipe::pipe()?;
    /// sender.try_write(b"hello")?;
    /// drop(sender);
    /// let output = Command::new("cat").stdin(receiver.into_blocking_fd()?).output().await?;
    /// assert_eq!(output.stdout, b"hello");
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
    /// use std::io::{ErrorKind, Read};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (_sender, receiver) = pipe::pipe()?;
    /// let mut file = File::from(receiver.into_nonblocking_fd()?);
    /// let error = file.read(&mut [0; 16]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd> {
        self.io.into_inner().map(Into::into)
    }
}

impl AsyncRead for Receiver {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.io()
            .poll_with(cx, Direction::Read, |pipe| read(pipe, buf))
            .map_ok(drop)
    }
}

impl AsRawFd for Receiver {
    #[inline]
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl AsFd for Receiver {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.get_ref().as_fd()
    }
}
