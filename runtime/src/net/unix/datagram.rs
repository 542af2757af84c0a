use super::SocketAddr;
use super::send_to::Sending;
use crate::io::ReadBuf;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::net::evented::{BOTH, Evented};
use crate::net::message::message_methods;
use crate::net::ready::{
    operation_methods, poll_ready_methods, readable_method, take_error_method,
};
use crate::net::receive::{recv, recv_from};
use crate::net::socket::socket;
use crate::net::sys;
use crate::prim::Mutex;
use bytes::BufMut;
use leno_reactor::{Direction, Interest};
use std::net::Shutdown;
use std::os::unix::net;
use std::path::Path;
use std::task::{Context, Poll};
use std::{fmt, io};

/// A Unix socket that exchanges messages.
///
/// Messages arrive whole and in order. Every method takes `&self`, so an `Arc` of it does for several tasks. A message
/// that is longer than the buffer is cut off.
///
/// Binding to a path makes a file there, which remains when the socket is dropped: remove it, before or after.
///
/// # Examples
///
/// ```
/// use leno::net::UnixDatagram;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (near, far) = UnixDatagram::pair()?;
/// near.send(b"hello").await?;
///
/// let mut buffer = [0; 64];
/// let length = far.recv(&mut buffer).await?;
/// assert_eq!(&buffer[..length], b"hello");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct UnixDatagram {
    pub(super) io: Evented<mio::net::UnixDatagram>,
    /// Polls of sending to a path.
    pub(super) sending: Mutex<Sending>,
}

impl UnixDatagram {
    /// A socket bound to a path.
    ///
    /// # Errors
    ///
    /// Those of the system; there must be no file at the path.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO.
    ///
    /// # Examples
    ///
    /// A service at a path. The file of a former run is removed before, ours after:
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("service.sock");
    /// let _ = std::fs::remove_file(&path);
    /// let service = UnixDatagram::bind(&path)?;
    ///
    /// let client = UnixDatagram::unbound()?;
    /// client.send_to(b"hello", &path).await?;
    /// assert_eq!(service.recv(&mut [0; 16]).await?, 5);
    /// std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn bind<P>(path: P) -> io::Result<UnixDatagram>
    where
        P: AsRef<Path>,
    {
        UnixDatagram::new(mio::net::UnixDatagram::bind(path)?)
    }

    /// A socket without a name: it can send, but nobody can answer.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO.
    ///
    /// # Examples
    ///
    /// A logger's client, which expects no answer:
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("log.sock");
    /// # let log = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// client.send_to(b"started", &path).await?;
    ///
    /// let (_length, sender) = log.recv_from(&mut [0; 64]).await?;
    /// assert!(sender.is_unnamed());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn unbound() -> io::Result<UnixDatagram> {
        UnixDatagram::new(mio::net::UnixDatagram::unbound()?)
    }

    /// Two sockets that are connected to each other.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO.
    ///
    /// # Examples
    ///
    /// Between two tasks, or a parent and its child process. Each message arrives by itself, which a stream does not keep apart:
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = UnixDatagram::pair()?;
    /// near.send(b"one").await?;
    /// near.send(b"two").await?;
    ///
    /// let mut buffer = [0; 16];
    /// assert_eq!(far.recv(&mut buffer).await?, 3);
    /// assert_eq!(&buffer[..3], b"one");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (near, far) = mio::net::UnixDatagram::pair()?;
        Ok((UnixDatagram::new(near)?, UnixDatagram::new(far)?))
    }

    /// There is room to send, so the first attempt needs no event.
    #[track_caller]
    #[inline]
    pub(super) fn new(socket: mio::net::UnixDatagram) -> io::Result<UnixDatagram> {
        let io = Evented::new_ready(socket, BOTH)?;
        Ok(UnixDatagram {
            io,
            sending: Mutex::default(),
        })
    }

    #[inline]
    pub(in crate::net) fn io(&self) -> &Evented<mio::net::UnixDatagram> {
        &self.io
    }

    /// Makes a socket of std's, which must be in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If it cannot be registered.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO; in debug builds, if the socket blocks.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = std::os::unix::net::UnixDatagram::pair()?;
    /// near.set_nonblocking(true)?;
    /// let near = UnixDatagram::from_std(near)?;
    /// near.send(b"hello").await?;
    /// assert_eq!(far.recv(&mut [0; 16])?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn from_std(datagram: net::UnixDatagram) -> io::Result<UnixDatagram> {
        sys::expect_nonblocking(&datagram)?;
        UnixDatagram::new(mio::net::UnixDatagram::from_std(datagram))
    }

    /// Makes std's socket of this one. It stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If it cannot be deregistered.
    ///
    /// # Examples
    ///
    /// For a thread that blocks:
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = UnixDatagram::pair()?;
    /// let far = far.into_std()?;
    /// far.set_nonblocking(false)?;
    /// let receiver = leno::task::spawn_blocking(move || far.recv(&mut [0; 16]));
    ///
    /// near.send(b"hello").await?;
    /// assert_eq!(receiver.await??, 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn into_std(self) -> io::Result<net::UnixDatagram> {
        self.io.into_inner().map(Into::into)
    }

    /// Sets the one peer to send to and to receive from: the socket at a path, which must be there.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// let service = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// client.connect(&path)?;
    /// client.send(b"hello").await?;
    /// assert_eq!(service.recv(&mut [0; 16]).await?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.io.get_ref().connect(path)
    }

    /// Our own address.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// let socket = UnixDatagram::bind(&path)?;
    /// assert_eq!(socket.local_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr().map(SocketAddr)
    }

    /// The address the socket is connected to.
    ///
    /// # Errors
    ///
    /// If it is not connected.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// # let service = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// assert!(client.peer_addr().is_err());
    /// client.connect(&path)?;
    /// assert_eq!(client.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().peer_addr().map(SocketAddr)
    }

    /// Ends receiving, sending, or both.
    ///
    /// Who receives when that has ended gets what has arrived before, and then messages of length 0 at once, on Linux.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// The end of a conversation, which messages have no other sign of:
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    /// use std::io::ErrorKind;
    /// use std::net::Shutdown;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = UnixDatagram::pair()?;
    /// far.shutdown(Shutdown::Read)?;
    /// let error = near.send(b"hello").await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.get_ref().shutdown(how)
    }

    readable_method! {
        /// use std::io::ErrorKind;
        ///
        /// # let (near, far) = leno::net::UnixDatagram::pair()?;
        /// // `near` and `far` are connected to each other.
        /// far.send(b"hello").await?;
        ///
        /// let mut buffer = [0; 1500];
        /// let length = loop {
        ///     near.readable().await?;
        ///     match near.try_recv(&mut buffer) {
        ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        ///         result => break result?,
        ///     }
        /// };
        /// assert_eq!(&buffer[..length], b"hello");
    }
    poll_ready_methods! {
        /// # let (near, far) = leno::net::UnixDatagram::pair()?;
        /// // `near` and `far` are connected to each other.
        poll_recv_ready, poll_send_ready, |socket, cx| socket.poll_writable(cx)
    }
    operation_methods! {
        /// # let (near, far) = leno::net::UnixDatagram::pair()?;
        /// // `near` and `far` are connected to each other.
    }
    take_error_method! {
        /// # let (near, far) = leno::net::UnixDatagram::pair()?;
        /// // `near` and `far` are connected to each other.
        /// assert!(near.take_error()?.is_none());
        /// # drop(far);
    }
    message_methods! {
        /// # let (near, far) = leno::net::UnixDatagram::pair()?;
        /// // `near` and `far` are connected to each other.
    }
}

/// Receiving from anybody.
impl UnixDatagram {
    /// Receives a message, and returns its length and who has sent it.
    ///
    /// # Errors
    ///
    /// Those of the system, and that the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// Answering needs a sender that is bound to something:
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let (service_path, client_path) = (directory.path().join("service"), directory.path().join("client"));
    /// let service = UnixDatagram::bind(&service_path)?;
    /// let client = UnixDatagram::bind(&client_path)?;
    /// client.send_to(b"ping", &service_path).await?;
    ///
    /// let mut buffer = [0; 16];
    /// let (length, sender) = service.recv_from(&mut buffer).await?;
    /// assert_eq!(&buffer[..length], b"ping");
    /// service.send_to(b"pong", sender.as_pathname().unwrap()).await?;
    /// assert_eq!(client.recv(&mut buffer).await?, 4);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn recv_from(
        &self,
        buf: &mut [u8],
    ) -> impl CancelSafe<Output = io::Result<(usize, SocketAddr)>> {
        assert_cancel_safe(async move { self.recv_buf_from(&mut ReadBuf::new(buf)).await })
    }

    /// Receives a message; see [`recv_from`](Self::recv_from). Only the latest task that polled is woken.
    ///
    /// # Errors
    ///
    /// As [`recv_from`](Self::recv_from).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    /// use leno::net::UnixDatagram;
    /// use std::future::poll_fn;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = UnixDatagram::pair()?;
    /// far.send(b"hello").await?;
    ///
    /// let mut memory = [0; 16];
    /// let mut buffer = ReadBuf::new(&mut memory);
    /// let sender = poll_fn(|cx| near.poll_recv_from(cx, &mut buffer)).await?;
    /// assert_eq!(buffer.filled(), b"hello");
    /// assert!(sender.is_unnamed());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.io
            .poll_with(cx, Direction::Read, |socket| self.receive_from(socket, buf))
            .map_ok(|(_, sender)| sender)
    }

    /// Receives a message without waiting; see [`recv_from`](Self::recv_from).
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is none, and those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    /// use std::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = UnixDatagram::pair()?;
    /// let error = near.try_recv_from(&mut [0; 16]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    ///
    /// far.send(b"hello").await?;
    /// near.readable().await?;
    /// assert_eq!(near.try_recv_from(&mut [0; 16])?.0, 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.try_recv_buf_from(&mut ReadBuf::new(buf))
    }

    /// As [`try_recv_from`](Self::try_recv_from), appending to `buf`, whose free memory need not be initialised.
    ///
    /// # Errors
    ///
    /// As [`try_recv_from`](Self::try_recv_from).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = UnixDatagram::pair()?;
    /// far.send(b"hello").await?;
    ///
    /// near.readable().await?;
    /// let mut buffer = Vec::with_capacity(16);
    /// let (length, _sender) = near.try_recv_buf_from(&mut buffer)?;
    /// assert_eq!((length, &buffer[..]), (5, &b"hello"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn try_recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        self.io
            .try_with(Interest::READABLE, |socket| self.receive_from(socket, buf))
    }

    /// As [`recv_from`](Self::recv_from), appending to `buf`, whose free memory need not be initialised.
    ///
    /// # Errors
    ///
    /// As [`recv_from`](Self::recv_from).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// A message that is longer than the memory is cut off, without a word:
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = UnixDatagram::pair()?;
    /// far.send(b"hello, world").await?;
    ///
    /// let mut buffer = bytes::BytesMut::with_capacity(5);
    /// let mut limited = bytes::BufMut::limit(&mut buffer, 5);
    /// let (length, _sender) = near.recv_buf_from(&mut limited).await?;
    /// assert_eq!((length, &buffer[..]), (5, &b"hello"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn recv_buf_from<B: BufMut>(
        &self,
        buf: &mut B,
    ) -> impl CancelSafe<Output = io::Result<(usize, SocketAddr)>> {
        assert_cancel_safe(async move {
            let receiving = self
                .io
                .async_with(Interest::READABLE, |socket| self.receive_from(socket, buf));
            receiving.await
        })
    }

    fn receive(&self, socket: &mio::net::UnixDatagram, buf: &mut impl BufMut) -> io::Result<usize> {
        self.io.ended(recv(socket, buf), || Ok(0))
    }

    fn receive_from(
        &self,
        socket: &mio::net::UnixDatagram,
        buf: &mut impl BufMut,
    ) -> io::Result<(usize, SocketAddr)> {
        let received = recv_from(socket, buf).map(Some);
        match self.io.ended(received, || Ok(None))? {
            Some((length, sender)) => Ok((length, SocketAddr::from_raw(&sender)?)),
            None => Ok((0, SocketAddr::of(Path::new(""))?)),
        }
    }
}

socket!(mio::net::UnixDatagram);

impl TryFrom<net::UnixDatagram> for UnixDatagram {
    type Error = io::Error;

    /// See [`from_std`](UnixDatagram::from_std).
    #[track_caller]
    #[inline]
    fn try_from(datagram: net::UnixDatagram) -> io::Result<Self> {
        Self::from_std(datagram)
    }
}

impl fmt::Debug for UnixDatagram {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.get_ref().fmt(f)
    }
}
