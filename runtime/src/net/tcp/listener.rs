use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::net::accept::{Accepted, accept};
use crate::net::addr::{ToSocketAddrs, first};
use crate::net::evented::{BOTH, Evented};
use crate::net::{TcpStream, sys};
use crate::runtime::current::Need;
use crate::runtime::required::required;
use leno_reactor::{Direction, Interest};
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};
use std::{fmt, io};

/// A TCP socket that waits for connections.
///
/// # Examples
///
/// An echo server:
///
/// ```no_run
/// use leno::net::TcpListener;
///
/// # leno::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:8080").await?;
/// loop {
///     let (mut stream, peer) = listener.accept().await?;
///     leno::spawn(async move {
///         let (mut reader, mut writer) = stream.split();
///         if let Err(error) = leno::io::copy(&mut reader, &mut writer).await {
///             eprintln!("{peer}: {error}");
///         }
///     });
/// }
/// # #[allow(unreachable_code)]
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct TcpListener {
    io: Evented<mio::net::TcpListener>,
}

impl TcpListener {
    /// Listens on the first address of `addr` that can be bound.
    ///
    /// Port 0 lets the system choose one, which [`local_addr`](Self::local_addr) tells. On unix, the address may be
    /// bound although connections of a former listener linger on it (`SO_REUSEADDR`). For other options, and a length
    /// of the queue of your own, see `TcpSocket`.
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
    pub fn bind<A: ToSocketAddrs>(addr: A) -> impl CancelSafe<Output = io::Result<TcpListener>> {
        assert_cancel_safe(required(Need::Io, TcpListener::bind_first(addr)))
    }

    async fn bind_first<A: ToSocketAddrs>(addr: A) -> io::Result<TcpListener> {
        first(addr, |addr| {
            TcpListener::new(mio::net::TcpListener::bind(addr)?)
        })
        .await
    }

    #[track_caller]
    pub(super) fn new(listener: mio::net::TcpListener) -> io::Result<TcpListener> {
        let io = Evented::new(listener, BOTH)?;
        Ok(TcpListener { io })
    }

    pub(in crate::net) fn io(&self) -> &Evented<mio::net::TcpListener> {
        &self.io
    }

    /// Waits for a connection, and returns it with the peer's address.
    ///
    /// Any number of tasks may wait at once; a connection goes to one of them.
    ///
    /// # Errors
    ///
    /// Those of the system, and that the runtime has shut down. Some concern one connection alone, as
    /// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted); that the process has too many open files passes when
    /// some are closed. The listener remains usable, so a server should go on, in the latter case after some time: the
    /// connection is still waiting, and the next `accept` fails at once in the same way.
    ///
    /// # Panics
    ///
    /// If the connection comes outside of a runtime, or in one that was built without IO: it would belong to that one.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub fn accept(&self) -> impl CancelSafe<Output = io::Result<(TcpStream, SocketAddr)>> {
        accept(
            self.io
                .async_with(Interest::READABLE, |listener| listener.accept()),
        )
    }

    /// Waits for a connection; see [`accept`](Self::accept).
    ///
    /// Only the latest task that polled is woken.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    #[track_caller]
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let accepted = self
            .io
            .poll_with(cx, Direction::Read, |listener| listener.accept());
        Poll::Ready(Accepted::register(ready!(accepted)?))
    }

    /// Makes a listener of std's, which must be in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If it cannot be registered.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO; in debug builds on unix, if the listener blocks.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// listener.set_nonblocking(true)?;
    /// let listener = leno::net::TcpListener::from_std(listener)?;
    /// # drop(listener);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        sys::expect_nonblocking(&listener)?;
        TcpListener::new(mio::net::TcpListener::from_std(listener))
    }

    /// Makes std's listener of this one. It stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If it cannot be deregistered.
    pub fn into_std(self) -> io::Result<std::net::TcpListener> {
        self.io.into_inner().map(Into::into)
    }

    /// The address it listens on.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = leno::net::TcpListener::bind("127.0.0.1:0").await?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// The time to live of packets, the `IP_TTL` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.get_ref().ttl()
    }

    /// Sets the time to live of packets, the `IP_TTL` option; accepted connections may inherit it.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.get_ref().set_ttl(ttl)
    }
}

impl Accepted for (TcpStream, SocketAddr) {
    type Raw = (mio::net::TcpStream, SocketAddr);

    #[track_caller]
    fn register((stream, peer): Self::Raw) -> io::Result<Self> {
        Ok((TcpStream::new_accepted(stream)?, peer))
    }
}

impl TryFrom<std::net::TcpListener> for TcpListener {
    type Error = io::Error;

    /// See [`from_std`](TcpListener::from_std).
    #[track_caller]
    fn try_from(listener: std::net::TcpListener) -> io::Result<Self> {
        Self::from_std(listener)
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.get_ref().fmt(f)
    }
}
