use super::source::Stream;
use super::split::{ReadHalf, WriteHalf, split};
use super::split_owned::{OwnedReadHalf, OwnedWriteHalf, split_owned};
use super::urgent::INTEREST;
use crate::io::ReadBuf;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::net::addr::{ToSocketAddrs, no_address, resolve};
use crate::net::evented::Evented;
use crate::net::ready::ready_method;
use crate::net::stream::{async_read, async_write, read_methods, stream_methods, write_methods};
use crate::net::sys;
use crate::runtime::current::Need;
use crate::runtime::required::required;
use leno_reactor::Direction;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::task::{Context, Poll};
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
/// A protocol of lines, with a buffer for reading, and each answer written in one piece:
///
/// ```
/// use leno::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
/// use leno::net::{TcpListener, TcpStream};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let mut client = TcpStream::connect(listener.local_addr()?).await?;
/// client.write_all(b"2 3\n4 5\n").await?;
/// client.shutdown().await?;
///
/// let mut server = BufStream::new(listener.accept().await?.0);
/// let mut line = String::new();
/// while server.read_line(&mut line).await? > 0 {
///     let sum: u32 = line.split_whitespace().map(|word| word.parse::<u32>().unwrap()).sum();
///     server.write_all(format!("{sum}\n").as_bytes()).await?;
///     server.flush().await?;
///     line.clear();
/// }
/// drop(server);
///
/// let mut sums = leno::io::BufReader::new(client).lines();
/// assert_eq!(sums.next_line().await?.as_deref(), Some("5"));
/// assert_eq!(sums.next_line().await?.as_deref(), Some("9"));
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
    ///
    /// # Examples
    ///
    /// A host that is silent is waited for until the system gives up, which takes minutes, so put a
    /// [`timeout`](crate::time::timeout()) around it:
    ///
    /// ```
    /// use leno::net::{TcpListener, TcpStream};
    /// use leno::time::{Duration, timeout};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let address = listener.local_addr()?;
    /// let stream = timeout(Duration::from_secs(5), TcpStream::connect(address)).await??;
    /// assert_eq!(stream.peer_addr()?, address);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// Where nobody listens there is an error at once:
    ///
    /// ```
    /// use leno::net::{TcpSocket, TcpStream};
    /// use std::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let bound = TcpSocket::new_v4()?; // and does not listen
    /// bound.bind("127.0.0.1:0".parse().unwrap())?;
    /// let error = TcpStream::connect(bound.local_addr()?).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
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
    #[inline]
    pub(super) fn new_accepted(stream: mio::net::TcpStream) -> io::Result<TcpStream> {
        let io = Evented::new_accepted(Stream::new(stream), INTEREST)?;
        Ok(TcpStream { io })
    }

    #[inline]
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
    /// A connection that another library has made:
    ///
    /// ```
    /// use leno::io::AsyncWriteExt;
    /// use leno::net::TcpStream;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let connected = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// connected.set_nonblocking(true)?;
    /// let mut stream = TcpStream::from_std(connected)?;
    /// stream.write_all(b"hello").await?;
    /// # let mut buffer = [0; 5];
    /// # std::io::Read::read_exact(&mut listener.accept()?.0, &mut buffer)?;
    /// # assert_eq!(&buffer, b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
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
    ///
    /// # Examples
    ///
    /// For code that blocks, on a thread where it may:
    ///
    /// ```
    /// use leno::net::{TcpListener, TcpStream};
    /// use std::io::{Read, Write};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let mut blocking = listener.accept().await?.0.into_std()?;
    /// let answer = leno::task::spawn_blocking(move || {
    ///     blocking.set_nonblocking(false)?;
    ///     let mut request = [0; 4];
    ///     blocking.read_exact(&mut request)?;
    ///     std::io::Result::Ok(request)
    /// });
    ///
    /// let mut stream = stream.into_std()?;
    /// stream.write_all(b"ping")?;
    /// assert_eq!(&answer.await??, b"ping");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn into_std(self) -> io::Result<std::net::TcpStream> {
        let stream = self.io.into_inner()?;
        Ok(stream.into_inner().into())
    }

    /// Our own address.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// The port is one that the system has chosen, the address that of the interface by which the peer is reached:
    ///
    /// ```
    /// use leno::net::{TcpListener, TcpStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert!(stream.local_addr()?.ip().is_loopback());
    /// assert_ne!(stream.local_addr()?.port(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// The peer's address.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::{TcpListener, TcpStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (accepted, peer) = listener.accept().await?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// assert_eq!(accepted.peer_addr()?, peer);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().peer_addr()
    }

    ready_method! {
        /// use leno::io::{AsyncWriteExt, Interest};
        ///
        /// # let listener = leno::net::TcpListener::bind("127.0.0.1:0").await?;
        /// # let near = leno::net::TcpStream::connect(listener.local_addr()?).await?;
        /// # #[allow(unused_mut)]
        /// # let (mut far, _) = listener.accept().await?;
        /// // `near` and `far` are the ends of a connection.
        /// let ready = near.ready(Interest::READABLE | Interest::WRITABLE).await?;
        /// assert!(ready.is_writable() && !ready.is_readable());
        ///
        /// far.write_all(b"hello").await?;
        /// let ready = near.ready(Interest::READABLE).await?;
        /// assert!(ready.is_readable() && !ready.is_read_closed());
    }
    read_methods! {
        /// # let listener = leno::net::TcpListener::bind("127.0.0.1:0").await?;
        /// # let near = leno::net::TcpStream::connect(listener.local_addr()?).await?;
        /// # #[allow(unused_mut)]
        /// # let (mut far, _) = listener.accept().await?;
        /// // `near` and `far` are the ends of a connection.
    }
    write_methods! {
        /// # let listener = leno::net::TcpListener::bind("127.0.0.1:0").await?;
        /// # let near = leno::net::TcpStream::connect(listener.local_addr()?).await?;
        /// # #[allow(unused_mut)]
        /// # let (mut far, _) = listener.accept().await?;
        /// // `near` and `far` are the ends of a connection.
    }
    stream_methods! {
        /// # let listener = leno::net::TcpListener::bind("127.0.0.1:0").await?;
        /// # let near = leno::net::TcpStream::connect(listener.local_addr()?).await?;
        /// # #[allow(unused_mut)]
        /// # let (mut far, _) = listener.accept().await?;
        /// // `near` and `far` are the ends of a connection.
    }

    /// Reads without taking: the next read or peek returns the same bytes again.
    ///
    /// Returns how many bytes it has appended to `buf`; 0 is the end of the stream, unless `buf` has no room. Only the
    /// latest task that polled the stream for reading, by this method or another, is woken.
    ///
    /// # Errors
    ///
    /// Those of the system, and that the runtime has shut down.
    ///
    /// # Examples
    ///
    /// Whether something is there, without waiting for it:
    ///
    /// ```
    /// use leno::io::{AsyncWriteExt, ReadBuf};
    /// use leno::net::{TcpListener, TcpStream};
    /// use std::future::poll_fn;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut peer, _) = listener.accept().await?;
    /// peer.write_all(b"hello").await?;
    ///
    /// let mut memory = [0; 16];
    /// let mut buffer = ReadBuf::new(&mut memory);
    /// assert_eq!(poll_fn(|cx| stream.poll_peek(cx, &mut buffer)).await?, 5);
    /// assert_eq!(buffer.filled(), b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
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
    ///
    /// # Examples
    ///
    /// A server of two protocols looks at the first byte of a connection, which its protocol will read again:
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, AsyncWriteExt};
    /// use leno::net::{TcpListener, TcpStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = TcpStream::connect(listener.local_addr()?).await?;
    /// # client.write_all(b"\x16\x03\x01").await?;
    /// let (mut stream, _) = listener.accept().await?;
    /// let mut first = [0];
    /// assert_eq!(stream.peek(&mut first).await?, 1);
    /// let is_tls = first == [0x16];
    /// assert!(is_tls);
    /// assert_eq!(stream.read_u8().await?, 0x16);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn peek(&self, buf: &mut [u8]) -> impl CancelSafe<Output = io::Result<usize>> {
        assert_cancel_safe(async move { self.io.peek(buf).await })
    }

    /// Lends the two directions to two users within one task. Costs nothing.
    ///
    /// For halves that can go to different tasks, see [`into_split`](Self::into_split).
    ///
    /// # Examples
    ///
    /// A task that sends and receives at once, so that neither direction can block the other:
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, AsyncWriteExt};
    /// use leno::net::{TcpListener, TcpStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let address = listener.local_addr()?;
    /// # leno::spawn(async move {
    /// #     let (mut stream, _) = listener.accept().await?;
    /// #     let (mut reader, mut writer) = stream.split();
    /// #     leno::io::copy(&mut reader, &mut writer).await
    /// # });
    /// // The other end is an echo server.
    /// let mut stream = TcpStream::connect(address).await?;
    /// let (mut reader, mut writer) = stream.split();
    /// let large = vec![7; 1 << 20];
    /// let mut echo = vec![0; large.len()];
    /// let send = async { writer.write_all(&large).await };
    /// let receive = async { reader.read_exact(&mut echo).await };
    /// leno::try_join!(send, receive)?;
    /// assert_eq!(echo, large);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        split(self)
    }

    /// Gives the two directions to two owners. Costs an allocation.
    ///
    /// Dropping the write half ends the writing direction.
    ///
    /// # Examples
    ///
    /// A task writes what comes by a channel, while this one reads:
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, AsyncWriteExt};
    /// use leno::net::{TcpListener, TcpStream};
    /// use leno::sync::mpsc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let address = listener.local_addr()?;
    /// # leno::spawn(async move {
    /// #     let (mut stream, _) = listener.accept().await?;
    /// #     let (mut reader, mut writer) = stream.split();
    /// #     leno::io::copy(&mut reader, &mut writer).await
    /// # });
    /// // The other end is an echo server.
    /// let (mut reader, mut writer) = TcpStream::connect(address).await?.into_split();
    /// let (messages, mut queue) = mpsc::channel::<&[u8]>(8);
    /// leno::spawn(async move {
    ///     while let Some(message) = queue.recv().await {
    ///         writer.write_all(message).await?;
    ///     }
    ///     // Dropping the half ends the direction: the peer reads the end of the stream.
    ///     std::io::Result::Ok(())
    /// });
    ///
    /// messages.send(b"hello").await.unwrap();
    /// drop(messages);
    /// let mut echo = String::new();
    /// reader.read_to_string(&mut echo).await?;
    /// assert_eq!(echo, "hello");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
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
    #[inline]
    fn try_from(stream: std::net::TcpStream) -> io::Result<Self> {
        Self::from_std(stream)
    }
}

impl AsRef<Self> for TcpStream {
    #[inline]
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Debug for TcpStream {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.get_ref().fmt(f)
    }
}
