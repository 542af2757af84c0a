use crate::net::{TcpListener, TcpStream, sys};
use crate::runtime::current::Need;
use crate::runtime::required::required;
use std::future::Future;
use std::net::SocketAddr;
use std::{fmt, io};

/// A TCP socket that is neither connected nor listening yet, so that options can be set before.
///
/// # Examples
///
/// A listener as [`TcpListener::bind`] makes it, but with a shorter queue:
///
/// ```
/// use leno::net::{TcpListener, TcpSocket};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let socket = TcpSocket::new_v4()?;
/// socket.set_reuseaddr(true)?;
/// socket.bind("127.0.0.1:0".parse().unwrap())?;
/// let listener: TcpListener = socket.listen(16)?;
/// assert_ne!(listener.local_addr()?.port(), 0);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct TcpSocket {
    socket: socket2::Socket,
}

impl TcpSocket {
    /// A socket for IPv4.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// It is no part of a runtime until it connects or listens, so it can be made anywhere:
    ///
    /// ```
    /// use leno::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// socket.bind(([127, 0, 0, 1], 0).into())?;
    /// assert!(socket.local_addr()?.is_ipv4());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn new_v4() -> io::Result<TcpSocket> {
        TcpSocket::new(socket2::Domain::IPV4)
    }

    /// A socket for IPv6.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v6()?;
    /// assert!(socket.local_addr()?.is_ipv6());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn new_v6() -> io::Result<TcpSocket> {
        TcpSocket::new(socket2::Domain::IPV6)
    }

    #[inline]
    fn new(domain: socket2::Domain) -> io::Result<TcpSocket> {
        let protocol = Some(socket2::Protocol::TCP);
        let socket = socket2::Socket::new(domain, socket2::Type::STREAM, protocol)?;
        socket.set_nonblocking(true)?;
        Ok(TcpSocket { socket })
    }

    #[inline]
    pub(in crate::net) fn raw(&self) -> &socket2::Socket {
        &self.socket
    }

    #[inline]
    pub(in crate::net) fn from_raw(socket: socket2::Socket) -> TcpSocket {
        TcpSocket { socket }
    }

    #[inline]
    pub(in crate::net) fn into_raw(self) -> socket2::Socket {
        self.socket
    }

    /// Makes a socket of std's stream, which must be neither connected nor blocking.
    ///
    /// For a stream that is connected, see [`TcpStream::from_std`].
    ///
    /// # Examples
    ///
    /// An option that `TcpSocket` has no method for, set by [socket2](https://docs.rs/socket2) before:
    ///
    /// ```
    /// use leno::net::{TcpListener, TcpSocket};
    /// use socket2::{Domain, SockRef, Socket, TcpKeepalive, Type};
    /// use std::time::Duration;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let raw = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    /// raw.set_nonblocking(true)?;
    /// raw.set_tcp_keepalive(&TcpKeepalive::new().with_time(Duration::from_secs(30)))?;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpSocket::from_std_stream(raw.into()).connect(listener.local_addr()?).await?;
    /// assert!(SockRef::from(&stream).keepalive()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn from_std_stream(std_stream: std::net::TcpStream) -> TcpSocket {
        TcpSocket::from_raw(std_stream.into())
    }

    /// Binds the socket to an address of ours.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// A client that connects from a given address:
    ///
    /// ```
    /// use leno::net::{TcpListener, TcpSocket};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let socket = TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// let ours = socket.local_addr()?;
    ///
    /// let _stream = socket.connect(listener.local_addr()?).await?;
    /// let (_stream, peer) = listener.accept().await?;
    /// assert_eq!(peer, ours);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn bind(&self, addr: SocketAddr) -> io::Result<()> {
        self.socket.bind(&addr.into())
    }

    /// Connects the socket.
    ///
    /// # Errors
    ///
    /// Those of the system, and that the runtime has shut down.
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
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use leno::net::{TcpListener, TcpSocket};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpSocket::new_v4()?.connect(listener.local_addr()?).await?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn connect(self, addr: SocketAddr) -> impl Future<Output = io::Result<TcpStream>> {
        required(Need::Io, self.connect_to(addr))
    }

    async fn connect_to(self, addr: SocketAddr) -> io::Result<TcpStream> {
        match self.socket.connect(&addr.into()) {
            Err(error) if !sys::is_connecting(&error) => return Err(error),
            _ => {}
        }
        let stream = mio::net::TcpStream::from_std(self.socket.into());
        TcpStream::new_connecting(stream).await
    }

    /// Makes a listener of the socket, with a queue of at most `backlog` connections that wait to be accepted.
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
    /// The queue bounds who has connected and was not accepted yet; a client need not wait to be accepted:
    ///
    /// ```
    /// use leno::net::{TcpSocket, TcpStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// let listener = socket.listen(1024)?;
    ///
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// assert_eq!(listener.accept().await?.1, client.local_addr()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
        self.socket.listen(backlog)?;
        TcpListener::new(mio::net::TcpListener::from_std(self.socket.into()))
    }

    /// The address the socket is bound to.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// The system has chosen the port when `bind` returns:
    ///
    /// ```
    /// use leno::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// assert_eq!(socket.local_addr()?.port(), 0);
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        let address = self.socket.local_addr()?;
        address.as_socket().ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "the socket is neither of IPv4 nor of IPv6",
            )
        })
    }

    /// The error that the system keeps for the socket, and which it forgets with that.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// assert!(socket.take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.take_error()
    }
}

impl fmt::Debug for TcpSocket {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}
