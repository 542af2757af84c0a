use super::{AsyncFdReadyGuard, AsyncFdReadyMutGuard};
use crate::kernel::budget::poll_budgeted;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::prim::descriptor::{Descriptor, over};
use crate::runtime::current;
use crate::task::coop::cooperative;
use leno_reactor::{Direction, Interest, Io, ReadyEvent};
use std::error::Error;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::task::{Context, Poll};
use std::{fmt, io};

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// Anything with a file descriptor, registered with the runtime: it can be waited for.
///
/// It reads and writes nothing by itself. Wait until the descriptor is ready, then do with it what you have to do, which
/// must not block (`O_NONBLOCK`), and tell whether it would have blocked. [`async_io`](Self::async_io) does all three;
/// [`readable`](Self::readable) and [`writable`](Self::writable) return a guard for doing it step by step.
///
/// What was not registered cannot be waited for: that is an error at once. An error counts as readable and writable.
///
/// Readiness is told once and kept until it is cleared: whoever does not clear it when the operation would have blocked
/// is told that the descriptor is ready for ever. Sockets and pipes work, timers and other event sources too; regular
/// files do not.
///
/// Dropping it deregisters the descriptor and drops the inner value.
///
/// # Examples
///
/// ```
/// use leno::io::{Interest, unix::AsyncFd};
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (mut near, far) = UnixStream::pair()?;
/// far.set_nonblocking(true)?;
/// // SAFETY: the stream owns its descriptor, and keeps it for as long as it lives.
/// let far = unsafe { AsyncFd::register(far)? };
///
/// near.write_all(b"hello")?;
/// let mut buffer = [0; 16];
/// let length = far.async_io(Interest::READABLE, |mut far| far.read(&mut buffer)).await?;
/// assert_eq!(&buffer[..length], b"hello");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct AsyncFd<T: AsRawFd> {
    /// Dropped first: the descriptor leaves the selector before it is closed.
    io: Io<Descriptor<RawFd>>,
    inner: T,
}

/// Making one, and taking it apart.
impl<T: AsRawFd> AsyncFd<T> {
    /// Registers the descriptor of `inner` for reading and writing.
    ///
    /// # Errors
    ///
    /// If the system refuses the descriptor, or the runtime has shut down.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO.
    ///
    /// # Safety
    ///
    /// `inner.as_raw_fd()` must be open, and remain open and the same, until the `AsyncFd` is dropped or taken apart.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::unix::AsyncFd;
    /// use std::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// socket.set_nonblocking(true)?;
    /// // SAFETY: the socket owns its descriptor, and keeps it for as long as it lives.
    /// let socket = unsafe { AsyncFd::register(socket)? };
    /// let _guard = socket.writable().await?;
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub unsafe fn register(inner: T) -> Result<Self, AsyncFdRegisterError<T>> {
        AsyncFd::enter(inner, BOTH)
    }

    /// Registers the descriptor of `inner` for what `interest` says; the system may refuse to register it for more.
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register).
    ///
    /// # Panics
    ///
    /// As [`register`](Self::register).
    ///
    /// # Safety
    ///
    /// As [`register`](Self::register).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{Interest, unix::AsyncFd};
    /// use std::os::unix::net::UnixStream;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (_near, far) = UnixStream::pair()?;
    /// far.set_nonblocking(true)?;
    /// // SAFETY: the stream owns its descriptor, and keeps it for as long as it lives.
    /// let far = unsafe { AsyncFd::register_with_interest(far, Interest::READABLE)? };
    /// // What was not registered is an error at once, instead of a wait for ever.
    /// assert!(far.writable().await.is_err());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub unsafe fn register_with_interest(
        inner: T,
        interest: Interest,
    ) -> Result<Self, AsyncFdRegisterError<T>> {
        AsyncFd::enter(inner, interest)
    }

    /// As [`register`](Self::register), whose safety conditions hold here as well.
    #[track_caller]
    #[deprecated = "unsound due to lack of I/O safety; use `AsyncFd::register` instead"]
    pub fn new(inner: T) -> io::Result<Self> {
        Ok(AsyncFd::enter(inner, BOTH)?)
    }

    /// As [`register_with_interest`](Self::register_with_interest), whose safety conditions hold here as well.
    #[track_caller]
    #[deprecated = "unsound due to lack of I/O safety; use `AsyncFd::register_with_interest` instead"]
    pub fn with_interest(inner: T, interest: Interest) -> io::Result<Self> {
        Ok(AsyncFd::enter(inner, interest)?)
    }

    /// As [`register`](Self::register), whose safety conditions hold here as well.
    #[track_caller]
    #[deprecated = "unsound due to lack of I/O safety; use `AsyncFd::register` instead"]
    pub fn try_new(inner: T) -> Result<Self, AsyncFdRegisterError<T>> {
        AsyncFd::enter(inner, BOTH)
    }

    /// As [`register_with_interest`](Self::register_with_interest), whose safety conditions hold here as well.
    #[track_caller]
    #[deprecated = "unsound due to lack of I/O safety; use `AsyncFd::register_with_interest` instead"]
    pub fn try_with_interest(
        inner: T,
        interest: Interest,
    ) -> Result<Self, AsyncFdRegisterError<T>> {
        AsyncFd::enter(inner, interest)
    }

    #[track_caller]
    fn enter(inner: T, interest: Interest) -> Result<Self, AsyncFdRegisterError<T>> {
        let descriptor = Descriptor(inner.as_raw_fd());
        match current::reactor().register(descriptor, interest) {
            Ok(io) => Ok(Self { io, inner }),
            Err(cause) => Err(AsyncFdRegisterError { inner, cause }),
        }
    }

    /// The inner value.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::unix::AsyncFd;
    /// use std::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// # socket.set_nonblocking(true)?;
    /// // SAFETY: the socket owns its descriptor, and keeps it for as long as it lives.
    /// let socket = unsafe { AsyncFd::register(socket)? };
    /// assert!(socket.get_ref().local_addr()?.ip().is_loopback());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn get_ref(&self) -> &T {
        &self.inner
    }

    /// The inner value; its descriptor must remain the same.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Deregisters the descriptor and gives the inner value back.
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
    /// // SAFETY: the stream owns its descriptor, and keeps it for as long as it lives.
    /// let far = unsafe { AsyncFd::register(far)? };
    ///
    /// // Back to a stream that blocks.
    /// let mut far = far.into_inner();
    /// far.set_nonblocking(false)?;
    /// near.write_all(b"bye")?;
    /// let mut word = [0; 3];
    /// far.read_exact(&mut word)?;
    /// assert_eq!(&word, b"bye");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn into_inner(self) -> T {
        drop(self.io);
        self.inner
    }

    /// The user says that it is not ready.
    ///
    /// That may have been a short read, though it ought not, after which the end of the stream would be lost. So the system
    /// is asked whether what counts as closed still is.
    pub(super) fn clear(&self, event: ReadyEvent) {
        self.io.clear_ready(event);
        clear_over(&self.io, event);
    }

    /// An operation for `interest` would have blocked.
    pub(super) fn clear_blocked(&self, event: ReadyEvent, interest: Interest) {
        if is_of_one_half(interest) {
            self.io.clear_blocked(event, interest);
        } else {
            self.clear(event);
        }
    }
}

/// Waiting.
impl<T: AsRawFd> AsyncFd<T> {
    fn poll_ready(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<ReadyEvent>> {
        poll_budgeted(cx, |cx| self.io.poll_ready(cx, direction))
    }

    /// Waits until the descriptor is readable. Only the latest task that polled for reading is woken.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{self, AsyncRead, AsyncReadExt, ReadBuf, unix::AsyncFd};
    /// use std::io::Read;
    /// use std::os::unix::net::UnixStream;
    /// use std::pin::Pin;
    /// use std::task::{Context, Poll, ready};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// struct Source(AsyncFd<UnixStream>);
    ///
    /// impl AsyncRead for Source {
    ///     fn poll_read(
    ///         self: Pin<&mut Self>,
    ///         cx: &mut Context<'_>,
    ///         buf: &mut ReadBuf<'_>,
    ///     ) -> Poll<io::Result<()>> {
    ///         loop {
    ///             let mut guard = ready!(self.0.poll_read_ready(cx))?;
    ///             let memory = buf.initialize_unfilled();
    ///             if let Ok(result) = guard.try_io(|stream| stream.get_ref().read(memory)) {
    ///                 return Poll::Ready(result.map(|read| buf.advance(read)));
    ///             }
    ///         }
    ///     }
    /// }
    ///
    /// let (near, far) = UnixStream::pair()?;
    /// far.set_nonblocking(true)?;
    /// std::io::Write::write_all(&mut &near, b"hello")?;
    /// drop(near);
    /// // SAFETY: the stream owns its descriptor, and keeps it for as long as it lives.
    /// let mut source = Source(unsafe { AsyncFd::register(far)? });
    /// let mut text = String::new();
    /// source.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn poll_read_ready<'a>(
        &'a self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'a, T>>> {
        self.poll_ready(cx, Direction::Read)
            .map_ok(|event| AsyncFdReadyGuard::new(self, event, Interest::READABLE))
    }

    /// As [`poll_read_ready`](Self::poll_read_ready), for a guard that lends the inner value mutably.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    pub fn poll_read_ready_mut<'a>(
        &'a mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'a, T>>> {
        self.poll_ready(cx, Direction::Read)
            .map_ok(|event| AsyncFdReadyMutGuard::new(self, event, Interest::READABLE))
    }

    /// Waits until the descriptor is writable. Only the latest task that polled for writing is woken.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    pub fn poll_write_ready<'a>(
        &'a self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'a, T>>> {
        self.poll_ready(cx, Direction::Write)
            .map_ok(|event| AsyncFdReadyGuard::new(self, event, Interest::WRITABLE))
    }

    /// As [`poll_write_ready`](Self::poll_write_ready), for a guard that lends the inner value mutably.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    pub fn poll_write_ready_mut<'a>(
        &'a mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'a, T>>> {
        self.poll_ready(cx, Direction::Write)
            .map_ok(|event| AsyncFdReadyMutGuard::new(self, event, Interest::WRITABLE))
    }

    /// Waits until the descriptor is ready for anything in `interest`. Any number of tasks may wait at once.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down, or the descriptor was registered for nothing in `interest`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{Interest, unix::AsyncFd};
    /// use std::os::unix::net::UnixStream;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (_near, far) = UnixStream::pair()?;
    /// far.set_nonblocking(true)?;
    /// // SAFETY: the stream owns its descriptor, and keeps it for as long as it lives.
    /// let far = unsafe { AsyncFd::register(far)? };
    ///
    /// let guard = far.ready(Interest::READABLE | Interest::WRITABLE).await?;
    /// assert!(guard.ready().is_writable());
    /// assert!(!guard.ready().is_readable());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn ready(
        &self,
        interest: Interest,
    ) -> impl CancelSafe<Output = io::Result<AsyncFdReadyGuard<'_, T>>> {
        assert_cancel_safe(async move {
            let event = self.io.ready(interest).await?;
            Ok(AsyncFdReadyGuard::new(self, event, interest))
        })
    }

    /// As [`ready`](Self::ready), for a guard that lends the inner value mutably.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down, or the descriptor was registered for nothing in `interest`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub fn ready_mut(
        &mut self,
        interest: Interest,
    ) -> impl CancelSafe<Output = io::Result<AsyncFdReadyMutGuard<'_, T>>> {
        assert_cancel_safe(async move {
            let event = self.io.ready(interest).await?;
            Ok(AsyncFdReadyMutGuard::new(self, event, interest))
        })
    }

    /// Waits until the descriptor is readable; see [`ready`](Self::ready).
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::unix::AsyncFd;
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let (mut near, far) = UnixStream::pair()?;
    /// # far.set_nonblocking(true)?;
    /// # near.write_all(b"hello")?;
    /// // SAFETY: the stream owns its descriptor, and keeps it for as long as it lives.
    /// let far = unsafe { AsyncFd::register(far)? };
    /// let mut buffer = [0; 16];
    /// let length = loop {
    ///     let mut guard = far.readable().await?;
    ///     match guard.try_io(|far| far.get_ref().read(&mut buffer)) {
    ///         Ok(result) => break result?,
    ///         Err(_would_block) => {}
    ///     }
    /// };
    /// assert_eq!(&buffer[..length], b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn readable(&self) -> impl CancelSafe<Output = io::Result<AsyncFdReadyGuard<'_, T>>> {
        assert_cancel_safe(async move { self.ready(Interest::READABLE).await })
    }

    /// As [`readable`](Self::readable), for a guard that lends the inner value mutably.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
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
    /// near.write_all(b"hello")?;
    /// // SAFETY: the stream owns its descriptor, and keeps it for as long as it lives.
    /// let mut far = unsafe { AsyncFd::register(far)? };
    /// let mut buffer = [0; 16];
    /// let mut guard = far.readable_mut().await?;
    /// // `Read` wants `&mut`, which this guard lends.
    /// let length = guard.try_io(|far| far.get_mut().read(&mut buffer)).unwrap()?;
    /// assert_eq!(&buffer[..length], b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn readable_mut(
        &mut self,
    ) -> impl CancelSafe<Output = io::Result<AsyncFdReadyMutGuard<'_, T>>> {
        assert_cancel_safe(async move { self.ready_mut(Interest::READABLE).await })
    }

    /// Waits until the descriptor is writable; see [`ready`](Self::ready).
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::unix::AsyncFd;
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, mut far) = UnixStream::pair()?;
    /// near.set_nonblocking(true)?;
    /// // SAFETY: the stream owns its descriptor, and keeps it for as long as it lives.
    /// let near = unsafe { AsyncFd::register(near)? };
    /// loop {
    ///     let mut guard = near.writable().await?;
    ///     match guard.try_io(|near| near.get_ref().write(b"hello")) {
    ///         Ok(result) => break assert_eq!(result?, 5),
    ///         Err(_would_block) => {}
    ///     }
    /// }
    /// let mut word = [0; 5];
    /// far.read_exact(&mut word)?;
    /// assert_eq!(&word, b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn writable(&self) -> impl CancelSafe<Output = io::Result<AsyncFdReadyGuard<'_, T>>> {
        assert_cancel_safe(async move { self.ready(Interest::WRITABLE).await })
    }

    /// As [`writable`](Self::writable), for a guard that lends the inner value mutably.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub fn writable_mut(
        &mut self,
    ) -> impl CancelSafe<Output = io::Result<AsyncFdReadyMutGuard<'_, T>>> {
        assert_cancel_safe(async move { self.ready_mut(Interest::WRITABLE).await })
    }
}

/// Waiting and trying in one.
impl<T: AsRawFd> AsyncFd<T> {
    /// Tries `f` whenever the descriptor is ready for anything in `interest`, until it does not block.
    ///
    /// # Errors
    ///
    /// Those of `f` except [`WouldBlock`](io::ErrorKind::WouldBlock), and that the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: `f` has then not been called, or has blocked.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{Interest, unix::AsyncFd};
    /// use std::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// socket.set_nonblocking(true)?;
    /// // SAFETY: the socket owns its descriptor, and keeps it for as long as it lives.
    /// let socket = unsafe { AsyncFd::register(socket)? };
    /// let own_address = socket.get_ref().local_addr()?;
    ///
    /// let sent = socket.async_io(Interest::WRITABLE, |socket| socket.send_to(b"hello", own_address)).await?;
    /// let mut packet = [0; 16];
    /// let received = socket.async_io(Interest::READABLE, |socket| socket.recv(&mut packet)).await?;
    /// assert_eq!((sent, &packet[..received]), (5, &b"hello"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut(&T) -> io::Result<R>,
    ) -> impl CancelSafe<Output = io::Result<R>> {
        assert_cancel_safe(async move {
            let f = |_: &_| tried(&self.io, interest, f(&self.inner));
            cooperative(self.io.async_io(interest, f)).await
        })
    }

    /// As [`async_io`](Self::async_io), with the inner value lent mutably.
    ///
    /// # Errors
    ///
    /// Dropping the future loses nothing, as with [`async_io`](Self::async_io).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing, as with [`async_io`](Self::async_io).
    pub fn async_io_mut<R>(
        &mut self,
        interest: Interest,
        mut f: impl FnMut(&mut T) -> io::Result<R>,
    ) -> impl CancelSafe<Output = io::Result<R>> {
        assert_cancel_safe(async move {
            let (io, inner) = (&self.io, &mut self.inner);
            cooperative(io.async_io(interest, |_| tried(io, interest, f(inner)))).await
        })
    }

    /// Tries `f` if the descriptor is ready for anything in `interest`.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if it is not ready, and those of `f`.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{ErrorKind, Interest, unix::AsyncFd};
    /// use std::io::Read;
    /// use std::os::unix::net::UnixStream;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (_near, far) = UnixStream::pair()?;
    /// far.set_nonblocking(true)?;
    /// // SAFETY: the stream owns its descriptor, and keeps it for as long as it lives.
    /// let far = unsafe { AsyncFd::register(far)? };
    /// let mut buffer = [0; 16];
    /// let error = far.try_io(Interest::READABLE, |mut far| far.read(&mut buffer)).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        let f = |_: &_| tried(&self.io, interest, f(&self.inner));
        self.io.try_io(interest, f)
    }

    /// As [`try_io`](Self::try_io), with the inner value lent mutably.
    ///
    /// # Errors
    ///
    /// As [`try_io`](Self::try_io).
    pub fn try_io_mut<R>(
        &mut self,
        interest: Interest,
        f: impl FnOnce(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        let (io, inner) = (&self.io, &mut self.inner);
        io.try_io(interest, |_| tried(io, interest, f(inner)))
    }
}

impl<T: AsRawFd> AsRawFd for AsyncFd<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

impl<T: AsRawFd> AsFd for AsyncFd<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        descriptor(&self.io)
    }
}

#[inline]
fn descriptor(io: &Io<Descriptor<RawFd>>) -> BorrowedFd<'_> {
    // SAFETY: who registered the descriptor has promised that it stays open for as long as it is registered.
    unsafe { BorrowedFd::borrow_raw(io.get_ref().0) }
}

/// True if an operation for `interest` that would have blocked says by itself which half is open.
#[inline]
fn is_of_one_half(interest: Interest) -> bool {
    interest == Interest::READABLE || interest == Interest::WRITABLE
}

/// Asks the system whether what counts as closed in `event` still is.
#[inline]
fn clear_over(io: &Io<Descriptor<RawFd>>, event: ReadyEvent) {
    if event.ready().is_read_closed() || event.ready().is_write_closed() {
        io.clear_over(event.with_ready(over(&descriptor(io))));
    }
}

/// What an operation for `interest` has returned. If it would have blocked, and does not say which half by, that is asked.
fn tried<R>(
    io: &Io<Descriptor<RawFd>>,
    interest: Interest,
    result: io::Result<R>,
) -> io::Result<R> {
    let is_blocked = matches!(&result, Err(error) if error.kind() == io::ErrorKind::WouldBlock);
    if is_blocked && !is_of_one_half(interest) {
        clear_over(io, io.ready_event(interest));
    }
    result
}

impl<T: AsRawFd + fmt::Debug> fmt::Debug for AsyncFd<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFd")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

/// A descriptor could not be registered. It contains the value whose descriptor it was.
///
/// # Examples
///
/// ```
/// use leno::io::unix::{AsyncFd, AsyncFdRegisterError};
/// use std::fs::File;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir()?;
/// // A regular file cannot be waited for. The file comes back.
/// let file = File::create(folder.path().join("regular"))?;
/// // SAFETY: the file owns its descriptor, and keeps it for as long as it lives.
/// let refused: AsyncFdRegisterError<File> = unsafe { AsyncFd::register(file) }.unwrap_err();
/// let (file, _error) = refused.into_parts();
/// assert_eq!(file.metadata()?.len(), 0);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct AsyncFdRegisterError<T> {
    inner: T,
    cause: io::Error,
}

#[doc(hidden)]
#[deprecated = "use `AsyncFdRegisterError` instead"]
pub type AsyncFdTryNewError<T> = AsyncFdRegisterError<T>;

impl<T> AsyncFdRegisterError<T> {
    /// The value, and why it was refused.
    pub fn into_parts(self) -> (T, io::Error) {
        (self.inner, self.cause)
    }
}

impl<T> fmt::Display for AsyncFdRegisterError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl<T> fmt::Debug for AsyncFdRegisterError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.cause, f)
    }
}

impl<T> Error for AsyncFdRegisterError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

impl<T> From<AsyncFdRegisterError<T>> for io::Error {
    fn from(error: AsyncFdRegisterError<T>) -> Self {
        error.cause
    }
}
