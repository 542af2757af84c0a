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
/// An echo server, one task for each connection, and a client of it:
///
/// ```
/// use leno::io::{AsyncReadExt, AsyncWriteExt};
/// use leno::net::{TcpListener, TcpStream};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let address = listener.local_addr()?;
/// leno::spawn(async move {
///     while let Ok((mut stream, _peer)) = listener.accept().await {
///         leno::spawn(async move {
///             let (mut reader, mut writer) = stream.split();
///             leno::io::copy(&mut reader, &mut writer).await
///         });
///     }
/// });
///
/// let mut client = TcpStream::connect(address).await?;
/// client.write_all(b"hello").await?;
/// client.shutdown().await?;
/// let mut echo = String::new();
/// client.read_to_string(&mut echo).await?;
/// assert_eq!(echo, "hello");
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
    ///
    /// # Examples
    ///
    /// An address that is taken is an error, which names the reason:
    ///
    /// ```
    /// use leno::net::TcpListener;
    /// use std::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    /// let taken = listener.local_addr()?;
    /// let error = TcpListener::bind(taken).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AddrInUse);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
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
    #[inline]
    pub(super) fn new(listener: mio::net::TcpListener) -> io::Result<TcpListener> {
        let io = Evented::new(listener, BOTH)?;
        Ok(TcpListener { io })
    }

    #[inline]
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
    ///
    /// # Examples
    ///
    /// A server that stops when it is told to. `select!` drops the future of `accept`, which loses no connection:
    ///
    /// ```
    /// use leno::net::{TcpListener, TcpStream};
    /// use leno::sync::oneshot;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let address = listener.local_addr()?;
    /// let (stop, mut stopped) = oneshot::channel::<()>();
    /// let server = leno::spawn(async move {
    ///     let mut served = 0;
    ///     loop {
    ///         leno::select! {
    ///             accepted = listener.accept() => match accepted {
    ///                 Ok((_stream, _peer)) => served += 1,
    ///                 Err(error) => return Err(error),
    ///             },
    ///             _ = &mut stopped => return Ok(served),
    ///         }
    ///     }
    /// });
    ///
    /// let mut client = TcpStream::connect(address).await?;
    /// // The server drops the connection, of which the client reads the end.
    /// assert_eq!(leno::io::AsyncReadExt::read(&mut client, &mut [0]).await?, 0);
    /// drop(stop);
    /// assert_eq!(server.await??, 1);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
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
    ///
    /// # Examples
    ///
    /// In a `poll` function of your own; here of a closure:
    ///
    /// ```
    /// use leno::net::{TcpListener, TcpStream};
    /// use std::future::poll_fn;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (_stream, peer) = poll_fn(|cx| listener.poll_accept(cx)).await?;
    /// assert_eq!(peer, client.local_addr()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
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
    /// A listener that was bound before the runtime was there, as by a program that drops its privileges first:
    ///
    /// ```
    /// use leno::net::TcpListener;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let bound = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// bound.set_nonblocking(true)?;
    /// let address = bound.local_addr()?;
    ///
    /// let listener = TcpListener::from_std(bound)?;
    /// assert_eq!(listener.local_addr()?, address);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        sys::expect_nonblocking(&listener)?;
        TcpListener::new(mio::net::TcpListener::from_std(listener))
    }

    /// Makes std's listener of this one. It stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If it cannot be deregistered.
    ///
    /// # Examples
    ///
    /// For a thread that is to block in `accept`:
    ///
    /// ```
    /// use leno::net::TcpListener;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?.into_std()?;
    /// listener.set_nonblocking(false)?;
    /// let address = listener.local_addr()?;
    /// let acceptor = std::thread::spawn(move || listener.accept());
    ///
    /// let client = std::net::TcpStream::connect(address)?;
    /// let (_stream, peer) = acceptor.join().unwrap()?;
    /// assert_eq!(peer, client.local_addr()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
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
    #[inline]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// The time to live of packets, the `IP_TTL` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::TcpListener;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// assert_ne!(listener.ttl()?, 0);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.get_ref().ttl()
    }

    /// Sets the time to live of packets, the `IP_TTL` option; accepted connections may inherit it.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// Answers that go no farther than to the next router:
    ///
    /// ```
    /// use leno::net::TcpListener;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// listener.set_ttl(1)?;
    /// assert_eq!(listener.ttl()?, 1);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.get_ref().set_ttl(ttl)
    }
}

impl Accepted for (TcpStream, SocketAddr) {
    type Raw = (mio::net::TcpStream, SocketAddr);

    #[track_caller]
    #[inline]
    fn register((stream, peer): Self::Raw) -> io::Result<Self> {
        Ok((TcpStream::new_accepted(stream)?, peer))
    }
}

impl TryFrom<std::net::TcpListener> for TcpListener {
    type Error = io::Error;

    /// See [`from_std`](TcpListener::from_std).
    #[track_caller]
    #[inline]
    fn try_from(listener: std::net::TcpListener) -> io::Result<Self> {
        Self::from_std(listener)
    }
}

impl fmt::Debug for TcpListener {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.get_ref().fmt(f)
    }
}
