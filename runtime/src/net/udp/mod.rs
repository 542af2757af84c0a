//! UDP: sockets that exchange messages.

mod options;
mod receive;
mod send;

use super::addr::{ToSocketAddrs, first, need_of};
use super::evented::{BOTH, Evented};
use super::message::message_methods;
use super::ready::{
    readable_method, ready_method, socket_methods, take_error_method, writable_method,
};
use super::socket::{Socket, socket};
use super::sys;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::runtime::current::Need;
use crate::runtime::required::required;
use std::net::SocketAddr;
use std::{fmt, io};

/// A UDP socket.
///
/// Messages arrive whole or not at all, in any order. There is one socket for both directions and any number of peers;
/// as every method takes `&self`, an `Arc` of it does for several tasks.
///
/// [`connect`](Self::connect) sets one peer, so that [`send`](Self::send) and [`recv`](Self::recv) need no address.
/// Otherwise there are [`send_to`](Self::send_to) and [`recv_from`](Self::recv_from).
///
/// A message that is longer than the buffer is cut off on unix, and an error on Windows. On some systems receiving
/// returns errors that sending has caused, as that nobody listens.
///
/// # Examples
///
/// ```
/// use leno::net::UdpSocket;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let server = UdpSocket::bind("127.0.0.1:0").await?;
/// let client = UdpSocket::bind("127.0.0.1:0").await?;
/// client.connect(server.local_addr()?).await?;
/// client.send(b"ping").await?;
///
/// let mut buffer = [0; 1500];
/// let (length, peer) = server.recv_from(&mut buffer).await?;
/// assert_eq!(&buffer[..length], b"ping");
/// server.send_to(b"pong", peer).await?;
///
/// let length = client.recv(&mut buffer).await?;
/// assert_eq!(&buffer[..length], b"pong");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct UdpSocket {
    io: Evented<mio::net::UdpSocket>,
}

impl UdpSocket {
    /// A socket bound to the first address of `addr` that can be bound.
    ///
    /// Port 0 lets the system choose one, which [`local_addr`](Self::local_addr) tells.
    ///
    /// # Errors
    ///
    /// That of the last address, or [`InvalidInput`](io::ErrorKind::InvalidInput) if there is none.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: it waits for a name to be looked up, and for nothing else.
    ///
    /// # Examples
    ///
    /// To answer, a port that is known; to ask, any, of the same version of IP as the one that is asked:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?; // in earnest a number
    /// let client = UdpSocket::bind("0.0.0.0:0").await?;
    /// client.send_to(b"who is there?", server.local_addr()?).await?;
    /// assert_eq!(server.recv(&mut [0; 64]).await?, 13);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn bind<A: ToSocketAddrs>(addr: A) -> impl CancelSafe<Output = io::Result<UdpSocket>> {
        assert_cancel_safe(required(Need::Io, UdpSocket::bind_first(addr)))
    }

    async fn bind_first<A: ToSocketAddrs>(addr: A) -> io::Result<UdpSocket> {
        first(addr, |addr| {
            UdpSocket::new(mio::net::UdpSocket::bind(addr)?)
        })
        .await
    }

    /// There is room to send, so the first attempt needs no event.
    #[track_caller]
    #[inline]
    fn new(socket: mio::net::UdpSocket) -> io::Result<UdpSocket> {
        let io = Evented::new_ready(socket, BOTH)?;
        Ok(UdpSocket { io })
    }

    #[inline]
    pub(super) fn io(&self) -> &Evented<mio::net::UdpSocket> {
        &self.io
    }

    #[inline]
    pub(super) fn raw(&self) -> socket2::SockRef<'_> {
        self.io.get_ref().raw()
    }

    /// Makes a socket of std's, which must be in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If it cannot be registered.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO; in debug builds on unix, if the socket blocks.
    ///
    /// # Examples
    ///
    /// A socket of which [socket2](https://docs.rs/socket2) has set what std does not know, here a larger buffer:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    /// use socket2::{Domain, SockAddr, Socket, Type};
    /// use std::net::SocketAddr;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let raw = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    /// raw.set_recv_buffer_size(64 * 1024)?;
    /// raw.set_nonblocking(true)?;
    /// raw.bind(&SockAddr::from(SocketAddr::from(([127, 0, 0, 1], 0))))?;
    ///
    /// let socket = UdpSocket::from_std(raw.into())?;
    /// assert!(socket.local_addr()?.ip().is_loopback());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn from_std(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        sys::expect_nonblocking(&socket)?;
        UdpSocket::new(mio::net::UdpSocket::from_std(socket))
    }

    /// Makes std's socket of this one. It stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If it cannot be deregistered.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let address = socket.local_addr()?;
    /// let socket = socket.into_std()?;
    /// socket.set_nonblocking(false)?;
    /// assert_eq!(socket.local_addr()?, address);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn into_std(self) -> io::Result<std::net::UdpSocket> {
        self.io.into_inner().map(Into::into)
    }

    /// Our own address.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// What a peer has to know:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.connect(server.local_addr()?).await?;
    /// client.send(b"hello").await?;
    /// assert_eq!(server.recv_from(&mut [0; 16]).await?, (5, client.local_addr()?));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
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
    /// use leno::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_eq!(socket.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
    ///
    /// socket.connect("127.0.0.1:9").await?;
    /// assert_eq!(socket.peer_addr()?.port(), 9);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().peer_addr()
    }

    /// Sets the one peer to send to and to receive from: the first address of `addr` that the system accepts.
    ///
    /// Nothing is sent, and the peer need not be there.
    ///
    /// # Errors
    ///
    /// That of the last address, or [`InvalidInput`](io::ErrorKind::InvalidInput) if there is none.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing, and leaves the socket as it was: it waits for a name to be looked up, and for
    /// nothing else.
    ///
    /// # Examples
    ///
    /// What others send is not received, so an answer is that of the peer:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let any = "127.0.0.1:0";
    /// let (client, server, stranger) = (
    ///     UdpSocket::bind(any).await?,
    ///     UdpSocket::bind(any).await?,
    ///     UdpSocket::bind(any).await?,
    /// );
    /// client.connect(server.local_addr()?).await?;
    /// stranger.send_to(b"a lie", client.local_addr()?).await?;
    /// server.send_to(b"the truth", client.local_addr()?).await?;
    ///
    /// let mut buffer = [0; 64];
    /// let length = client.recv(&mut buffer).await?;
    /// assert_eq!(&buffer[..length], b"the truth");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn connect<A: ToSocketAddrs>(&self, addr: A) -> impl CancelSafe<Output = io::Result<()>> {
        let need = need_of(&addr);
        assert_cancel_safe(required(
            need,
            first(addr, |addr| self.io.get_ref().connect(addr)),
        ))
    }

    ready_method! {
        /// use leno::io::Interest;
        ///
        /// # let any = "127.0.0.1:0";
        /// # let near = leno::net::UdpSocket::bind(any).await?;
        /// # let far = leno::net::UdpSocket::bind(any).await?;
        /// # near.connect(far.local_addr()?).await?;
        /// # far.connect(near.local_addr()?).await?;
        /// // `near` and `far` are connected to each other.
        /// let ready = near.ready(Interest::READABLE | Interest::WRITABLE).await?;
        /// assert!(ready.is_writable() && !ready.is_readable());
        ///
        /// far.send(b"hello").await?;
        /// assert!(near.ready(Interest::READABLE).await?.is_readable());
    }
    readable_method! {
        /// use std::io::ErrorKind;
        ///
        /// # let any = "127.0.0.1:0";
        /// # let near = leno::net::UdpSocket::bind(any).await?;
        /// # let far = leno::net::UdpSocket::bind(any).await?;
        /// # near.connect(far.local_addr()?).await?;
        /// # far.connect(near.local_addr()?).await?;
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
    writable_method! {
        /// use std::io::ErrorKind;
        ///
        /// # let any = "127.0.0.1:0";
        /// # let near = leno::net::UdpSocket::bind(any).await?;
        /// # let far = leno::net::UdpSocket::bind(any).await?;
        /// # near.connect(far.local_addr()?).await?;
        /// # far.connect(near.local_addr()?).await?;
        /// // `near` and `far` are connected to each other.
        /// let sent = loop {
        ///     near.writable().await?;
        ///     match near.try_send(b"hello") {
        ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        ///         result => break result?,
        ///     }
        /// };
        /// assert_eq!(sent, 5);
        /// # drop(far);
    }
    socket_methods! {
        /// # let any = "127.0.0.1:0";
        /// # let near = leno::net::UdpSocket::bind(any).await?;
        /// # let far = leno::net::UdpSocket::bind(any).await?;
        /// # near.connect(far.local_addr()?).await?;
        /// # far.connect(near.local_addr()?).await?;
        /// // `near` and `far` are connected to each other.
        poll_recv_ready, poll_send_ready
    }
    take_error_method! {
        /// use std::io::ErrorKind;
        ///
        /// # let any = "127.0.0.1:0";
        /// # let near = leno::net::UdpSocket::bind(any).await?;
        /// # let far = leno::net::UdpSocket::bind(any).await?;
        /// # near.connect(far.local_addr()?).await?;
        /// # far.connect(near.local_addr()?).await?;
        /// // `near` and `far` are connected to each other.
        /// // Nobody receives any more, which the system learns by the first message.
        /// drop(far);
        /// near.send(b"hello").await?;
        ///
        /// near.readable().await?;
        /// let error = near.take_error()?.unwrap();
        /// assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        /// assert!(near.take_error()?.is_none());
    }
    message_methods! {
        /// # let any = "127.0.0.1:0";
        /// # let near = leno::net::UdpSocket::bind(any).await?;
        /// # let far = leno::net::UdpSocket::bind(any).await?;
        /// # near.connect(far.local_addr()?).await?;
        /// # far.connect(near.local_addr()?).await?;
        /// // `near` and `far` are connected to each other.
    }
}

socket!(mio::net::UdpSocket);

impl TryFrom<std::net::UdpSocket> for UdpSocket {
    type Error = io::Error;

    /// See [`from_std`](UdpSocket::from_std).
    #[track_caller]
    #[inline]
    fn try_from(socket: std::net::UdpSocket) -> io::Result<Self> {
        Self::from_std(socket)
    }
}

impl fmt::Debug for UdpSocket {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.get_ref().fmt(f)
    }
}
