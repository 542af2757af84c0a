use super::source::Stream;
use super::split::{ReadHalf, WriteHalf, split};
use super::split_owned::{OwnedReadHalf, OwnedWriteHalf, split_owned};
use super::urgent::INTEREST;
use crate::io::ReadBuf;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::net::addr::{ToSocketAddrs, no_address, resolve};
use crate::net::evented::Evented;
use crate::net::ready::ready_method;
use crate::net::socket::Socket;
use crate::net::stream::{async_read, async_write, read_methods, stream_methods, write_methods};
use crate::net::sys;
use crate::runtime::current::Need;
use crate::runtime::required::required;
use leno_reactor::Direction;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;
use std::{fmt, io};

/// A TCP connection.
///
/// Reading and writing are [`AsyncRead`](crate::io::AsyncRead) and [`AsyncWrite`](crate::io::AsyncWrite), whose
/// methods come with [`AsyncReadExt`](crate::io::AsyncReadExt) and [`AsyncWriteExt`](crate::io::AsyncWriteExt).
/// [`split`](Self::split) and [`into_split`](Self::into_split) give the two directions to two users.
///
/// Dropping it closes the connection, and waits for nothing, also if the socket lingers ([`set_linger`](Self::set_linger)).
/// [`shutdown`](crate::io::AsyncWriteExt::shutdown) ends the writing direction alone, so that the peer reads the end of the
/// stream and may still answer.
///
/// # Examples
///
/// ```
/// use leno::io::{AsyncReadExt, AsyncWriteExt};
/// use leno::net::{TcpListener, TcpStream};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let mut client = TcpStream::connect(listener.local_addr()?).await?;
/// let (mut server, _) = listener.accept().await?;
///
/// client.write_all(b"hello").await?;
/// client.shutdown().await?;
///
/// let mut text = String::new();
/// server.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
///
/// Without the traits, waiting and reading can be two steps:
///
/// ```no_run
/// use leno::net::TcpStream;
/// use std::io::ErrorKind;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let stream = TcpStream::connect("127.0.0.1:8080").await?;
/// let mut buffer = [0; 1024];
/// let length = loop {
///     stream.readable().await?;
///     match stream.try_read(&mut buffer) {
///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
///         result => break result?,
///     }
/// };
/// println!("{:?}", &buffer[..length]);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct TcpStream {
    io: Evented<Stream>,
}

impl TcpStream {
    /// Connects to the first address of `addr` that can be connected to.
    ///
    /// The addresses are tried one after the other.
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
    /// Dropping the future loses data: the connection, which the peer may see for a moment.
    #[track_caller]
    pub fn connect<A: ToSocketAddrs>(addr: A) -> impl Future<Output = io::Result<TcpStream>> {
        required(Need::Io, TcpStream::connect_first(addr))
    }

    async fn connect_first<A: ToSocketAddrs>(addr: A) -> io::Result<TcpStream> {
        let mut last = no_address();
        for addr in resolve(addr).await? {
            match TcpStream::connect_to(addr).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn connect_to(addr: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::new_connecting(mio::net::TcpStream::connect(addr)?).await
    }

    /// Waits for a connect that has been started.
    pub(super) async fn new_connecting(stream: mio::net::TcpStream) -> io::Result<TcpStream> {
        let io = Evented::new(Stream::new(stream), INTEREST)?;
        poll_fn(|cx| io.poll_ready(cx, Direction::Write)).await?;
        match io.get_ref().take_error()? {
            Some(error) => Err(error),
            None => Ok(TcpStream { io }),
        }
    }

    /// Its first request is probably there, and there is room for an answer.
    #[track_caller]
    pub(super) fn new_accepted(stream: mio::net::TcpStream) -> io::Result<TcpStream> {
        let io = Evented::new_accepted(Stream::new(stream), INTEREST)?;
        Ok(TcpStream { io })
    }

    pub(in crate::net) fn io(&self) -> &Evented<Stream> {
        &self.io
    }

    /// Makes a stream of std's, which must be in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If it cannot be registered.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO; in debug builds on unix, if the stream blocks.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let stream = std::net::TcpStream::connect("127.0.0.1:8080")?;
    /// stream.set_nonblocking(true)?;
    /// let stream = leno::net::TcpStream::from_std(stream)?;
    /// # drop(stream);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn from_std(stream: std::net::TcpStream) -> io::Result<TcpStream> {
        sys::expect_nonblocking(&stream)?;
        let io = Evented::new(Stream::new(mio::net::TcpStream::from_std(stream)), INTEREST)?;
        Ok(TcpStream { io })
    }

    /// Makes std's stream of this one. It stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If it cannot be deregistered.
    pub fn into_std(self) -> io::Result<std::net::TcpStream> {
        let stream = self.io.into_inner()?;
        Ok(stream.into_inner().into())
    }

    /// Our own address.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// The peer's address.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().peer_addr()
    }

    ready_method!();
    read_methods!();
    write_methods!();
    stream_methods!();

    /// Reads without taking: the next read or peek returns the same bytes again.
    ///
    /// Returns how many bytes it has appended to `buf`; 0 is the end of the stream, unless `buf` has no room. Only the
    /// latest task that polled the stream for reading, by this method or another, is woken.
    ///
    /// # Errors
    ///
    /// Those of the system, and that the runtime has shut down.
    pub fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        self.io.poll_peek(cx, buf)
    }

    /// Reads without taking: the next read or peek returns the same bytes again.
    ///
    /// Returns how many bytes it has put into `buf`; 0 is the end of the stream, unless `buf` is empty.
    ///
    /// # Errors
    ///
    /// Those of the system, and that the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub fn peek(&self, buf: &mut [u8]) -> impl CancelSafe<Output = io::Result<usize>> {
        assert_cancel_safe(async move { self.io.peek(buf).await })
    }

    /// True if small packets are not delayed to be sent together, the `TCP_NODELAY` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.io.get_ref().nodelay()
    }

    /// Sets the `TCP_NODELAY` option: send small packets at once.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let stream = leno::net::TcpStream::connect("127.0.0.1:8080").await?;
    /// stream.set_nodelay(true)?;
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.io.get_ref().set_nodelay(nodelay)
    }

    /// How long closing the socket waits for what has been written, the `SO_LINGER` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.io.get_ref().raw().linger()
    }

    /// Sets the `SO_LINGER` option: how long closing the socket waits for what has been written to be sent.
    ///
    /// Dropping the stream does not wait nevertheless: a thread of the runtime does, beside those that
    /// [`max_blocking_threads`](crate::runtime::Builder::max_blocking_threads) allows; and the end of the runtime waits for
    /// that. There are at most 16 such threads. Where there is none (outside of a runtime and at its end too) the stream is
    /// closed without lingering: the system goes on sending what has been written, and nobody learns whether it arrives.
    ///
    /// # Errors
    ///
    /// Those of the system.
    #[deprecated = "`SO_LINGER` causes the socket to block the thread on drop"]
    pub fn set_linger(&self, dur: Option<Duration>) -> io::Result<()> {
        self.io.get_ref().raw().set_linger(dur)
    }

    /// Lets the connection be reset when it is closed (`SO_LINGER` of 0): what has not been sent is lost, and the peer
    /// gets an error.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.io.get_ref().raw().set_linger(Some(Duration::ZERO))
    }

    /// The time to live of packets, the `IP_TTL` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.get_ref().ttl()
    }

    /// Sets the time to live of packets, the `IP_TTL` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.get_ref().set_ttl(ttl)
    }

    /// Lends the two directions to two users within one task. Costs nothing.
    ///
    /// For halves that can go to different tasks, see [`into_split`](Self::into_split).
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        split(self)
    }

    /// Gives the two directions to two owners. Costs an allocation.
    ///
    /// Dropping the write half ends the writing direction.
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        split_owned(self)
    }
}

async_read!(TcpStream);
async_write!(TcpStream);

impl TryFrom<std::net::TcpStream> for TcpStream {
    type Error = io::Error;

    /// See [`from_std`](TcpStream::from_std).
    #[track_caller]
    fn try_from(stream: std::net::TcpStream) -> io::Result<Self> {
        Self::from_std(stream)
    }
}

impl AsRef<Self> for TcpStream {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.get_ref().fmt(f)
    }
}
