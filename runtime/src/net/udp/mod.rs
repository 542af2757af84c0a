//! UDP: sockets that exchange messages.

mod options;
mod receive;
mod send;

use super::addr::{ToSocketAddrs, first, need_of};
use super::evented::{BOTH, Evented};
use super::message::message_methods;
use super::ready::{readable_method, ready_method, socket_methods, writable_method};
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
    fn new(socket: mio::net::UdpSocket) -> io::Result<UdpSocket> {
        let io = Evented::new_ready(socket, BOTH)?;
        Ok(UdpSocket { io })
    }

    pub(super) fn io(&self) -> &Evented<mio::net::UdpSocket> {
        &self.io
    }

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
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    /// socket.set_nonblocking(true)?;
    /// let socket = leno::net::UdpSocket::from_std(socket)?;
    /// # drop(socket);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn from_std(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        sys::expect_nonblocking(&socket)?;
        UdpSocket::new(mio::net::UdpSocket::from_std(socket))
    }

    /// Makes std's socket of this one. It stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If it cannot be deregistered.
    pub fn into_std(self) -> io::Result<std::net::UdpSocket> {
        self.io.into_inner().map(Into::into)
    }

    /// Our own address.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// The address the socket is connected to.
    ///
    /// # Errors
    ///
    /// If it is not connected.
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
    #[track_caller]
    pub fn connect<A: ToSocketAddrs>(&self, addr: A) -> impl CancelSafe<Output = io::Result<()>> {
        let need = need_of(&addr);
        assert_cancel_safe(required(
            need,
            first(addr, |addr| self.io.get_ref().connect(addr)),
        ))
    }

    ready_method!();
    readable_method!();
    writable_method!();
    socket_methods!(poll_recv_ready, poll_send_ready);
    message_methods!();
}

socket!(mio::net::UdpSocket);

impl TryFrom<std::net::UdpSocket> for UdpSocket {
    type Error = io::Error;

    /// See [`from_std`](UdpSocket::from_std).
    #[track_caller]
    fn try_from(socket: std::net::UdpSocket) -> io::Result<Self> {
        Self::from_std(socket)
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.get_ref().fmt(f)
    }
}
