use super::stream::when_there_is_room;
use crate::net::{UnixDatagram, UnixListener, UnixStream, sys};
use crate::runtime::current::Need;
use crate::runtime::required::required;
use socket2::{SockAddr, Socket, Type};
use std::future::Future;
use std::io;
use std::path::Path;

/// A Unix socket that is not yet a listener, a stream or a datagram socket, so that options can be set before.
///
/// Options are set through its file descriptor, by [`socket2::SockRef`](https://docs.rs/socket2) for example.
///
/// # Examples
///
/// A queue of another length than [`UnixListener::bind`] gives, and a larger buffer:
///
/// ```
/// use leno::net::UnixSocket;
/// use socket2::SockRef;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("service.sock");
/// let socket = UnixSocket::new_stream()?;
/// SockRef::from(&socket).set_send_buffer_size(64 * 1024)?;
/// socket.bind(&path)?;
/// let listener = socket.listen(16)?;
/// assert_eq!(listener.local_addr()?.as_pathname(), Some(path.as_path()));
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct UnixSocket {
    socket: Socket,
}

impl UnixSocket {
    /// A socket for messages.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UnixSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UnixSocket::new_datagram()?.datagram()?;
    /// assert!(socket.local_addr()?.is_unnamed());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn new_datagram() -> io::Result<UnixSocket> {
        UnixSocket::new(Type::DGRAM)
    }

    /// A socket for connections.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// It is for connections, made or accepted, and for nothing else:
    ///
    /// ```
    /// use leno::net::UnixSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UnixSocket::new_stream()?;
    /// assert_eq!(
    ///     socket.datagram().unwrap_err().to_string(),
    ///     "datagram cannot be called on a stream socket"
    /// );
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn new_stream() -> io::Result<UnixSocket> {
        UnixSocket::new(Type::STREAM)
    }

    #[inline]
    fn new(kind: Type) -> io::Result<UnixSocket> {
        let socket = Socket::new(socket2::Domain::UNIX, kind, None)?;
        socket.set_nonblocking(true)?;
        Ok(UnixSocket { socket })
    }

    #[inline]
    pub(in crate::net) fn raw(&self) -> &Socket {
        &self.socket
    }

    #[inline]
    pub(in crate::net) fn from_raw(socket: Socket) -> UnixSocket {
        UnixSocket { socket }
    }

    #[inline]
    pub(in crate::net) fn into_raw(self) -> Socket {
        self.socket
    }

    /// Binds the socket to a path.
    ///
    /// # Errors
    ///
    /// Those of the system; there must be no file at the path.
    ///
    /// # Examples
    ///
    /// A client that has a name, by which a server knows it:
    ///
    /// ```
    /// use leno::net::{UnixListener, UnixSocket};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let (path, ours) = (directory.path().join("service"), directory.path().join("client"));
    /// let listener = UnixListener::bind(&path)?;
    /// let socket = UnixSocket::new_stream()?;
    /// socket.bind(&ours)?;
    ///
    /// let (connected, accepted) = leno::try_join!(socket.connect(&path), listener.accept())?;
    /// assert_eq!(accepted.1.as_pathname(), Some(ours.as_path()));
    /// # drop(connected);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn bind(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.socket.bind(&SockAddr::unix(path)?)
    }

    /// Makes a listener of the socket, with a queue of at most `backlog` connections that wait to be accepted.
    ///
    /// # Errors
    ///
    /// If it is a socket for messages, and those of the system.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::{UnixSocket, UnixStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// let socket = UnixSocket::new_stream()?;
    /// socket.bind(&path)?;
    /// let listener = socket.listen(1024)?;
    /// let (connected, accepted) = leno::join!(UnixStream::connect(&path), listener.accept());
    /// assert!(connected.is_ok() && accepted.is_ok());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn listen(self, backlog: u32) -> io::Result<UnixListener> {
        self.expect(Type::STREAM, "listen cannot be called on a datagram socket")?;
        let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
        self.socket.listen(backlog)?;
        UnixListener::new(mio::net::UnixListener::from_std(self.socket.into()))
    }

    /// Connects the socket to the one at a path; waits while the listener's queue is full, as
    /// [`UnixStream::connect`] does.
    ///
    /// # Errors
    ///
    /// If it is a socket for messages, those of the system, and that the runtime has shut down.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses data: the connection, which the peer may see for a moment.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    /// use leno::net::{UnixListener, UnixSocket};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// let listener = UnixListener::bind(&path)?;
    /// let mut stream = UnixSocket::new_stream()?.connect(&path).await?;
    /// drop(listener.accept().await?);
    /// assert_eq!(stream.read(&mut [0]).await?, 0);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn connect(self, path: impl AsRef<Path>) -> impl Future<Output = io::Result<UnixStream>> {
        required(Need::Io, self.connect_to(path))
    }

    async fn connect_to(self, path: impl AsRef<Path>) -> io::Result<UnixStream> {
        self.expect(
            Type::STREAM,
            "connect cannot be called on a datagram socket",
        )?;
        let address = SockAddr::unix(path)?;
        when_there_is_room(|| match self.socket.connect(&address) {
            Err(error) if !sys::is_connecting(&error) => Err(error),
            _ => Ok(()),
        })
        .await?;
        UnixStream::new_connecting(mio::net::UnixStream::from_std(self.socket.into())).await
    }

    /// Makes a datagram socket of the socket.
    ///
    /// # Errors
    ///
    /// If it is a socket for connections, and those of the system.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UnixSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// let socket = UnixSocket::new_datagram()?;
    /// socket.bind(&path)?;
    /// let socket = socket.datagram()?;
    /// socket.send_to(b"to myself", &path).await?;
    /// assert_eq!(socket.recv(&mut [0; 16]).await?, 9);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn datagram(self) -> io::Result<UnixDatagram> {
        self.expect(Type::DGRAM, "datagram cannot be called on a stream socket")?;
        if let Some(error) = self.socket.take_error()? {
            return Err(error);
        }
        UnixDatagram::new(mio::net::UnixDatagram::from_std(self.socket.into()))
    }

    #[inline]
    fn expect(&self, kind: Type, otherwise: &'static str) -> io::Result<()> {
        match self.socket.r#type()? {
            is if is == kind => Ok(()),
            _ => Err(io::Error::other(otherwise)),
        }
    }
}
