use super::pause::{Pause, is_full};
use super::split::{ReadHalf, WriteHalf, split};
use super::split_owned::{OwnedReadHalf, OwnedWriteHalf, split_owned};
use super::ucred::peer_cred;
use super::{SocketAddr, UCred};
use crate::net::evented::{BOTH, Evented};
use crate::net::ready::ready_method;
use crate::net::socket::socket;
use crate::net::stream::{async_read, async_write, read_methods, stream_methods, write_methods};
use crate::net::sys;
use crate::runtime::current::{self, Need};
use crate::runtime::required::required;
use leno_reactor::Direction;
use std::future::{Future, poll_fn};
use std::os::unix::net;
use std::path::Path;
use std::{fmt, io};

/// A connection between two processes of this host.
///
/// Reading and writing are [`AsyncRead`](crate::io::AsyncRead) and [`AsyncWrite`](crate::io::AsyncWrite), whose
/// methods come with [`AsyncReadExt`](crate::io::AsyncReadExt) and [`AsyncWriteExt`](crate::io::AsyncWriteExt).
/// [`split`](Self::split) and [`into_split`](Self::into_split) give the two directions to two users.
///
/// Dropping it closes the connection. [`shutdown`](crate::io::AsyncWriteExt::shutdown) ends the writing direction
/// alone, so that the peer reads the end of the stream and may still answer.
///
/// # Examples
///
/// ```
/// use leno::io::{AsyncReadExt, AsyncWriteExt};
/// use leno::net::UnixStream;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (mut near, mut far) = UnixStream::pair()?;
/// near.write_all(b"hello").await?;
/// drop(near);
///
/// let mut text = String::new();
/// far.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct UnixStream {
    io: Evented<mio::net::UnixStream>,
}

impl UnixStream {
    /// Connects to the socket at a path, or on Linux at an abstract name if it begins with a zero byte.
    ///
    /// On Linux, if the listener's queue is full, it waits until there is room, as a blocking connect does. The system does
    /// not tell when, so it is tried again after a tenth of a millisecond, and then ever more seldom, down to every 26
    /// milliseconds; that does not need the runtime's timers. If it should not wait for ever, put a
    /// [`timeout`](crate::time::timeout()) around it.
    ///
    /// # Errors
    ///
    /// Those of the system, that the runtime has shut down, and that the system has no thread to wait for room by.
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
    /// A service that is being started is awaited, but not for ever:
    ///
    /// ```
    /// use leno::net::{UnixListener, UnixStream};
    /// use leno::time::{Duration, sleep, timeout};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// # let (service, at) = (path.clone(), Duration::from_millis(2));
    /// # let started = leno::spawn(async move { sleep(at).await; UnixListener::bind(service) });
    /// let connecting = async {
    ///     loop {
    ///         match UnixStream::connect(&path).await {
    ///             Ok(stream) => break stream,
    ///             Err(_not_yet) => sleep(Duration::from_millis(1)).await,
    ///         }
    ///     }
    /// };
    /// let stream = timeout(Duration::from_secs(10), connecting).await?;
    /// assert_eq!(stream.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// # drop(started);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn connect<P>(path: P) -> impl Future<Output = io::Result<UnixStream>>
    where
        P: AsRef<Path>,
    {
        required(Need::Io, async move {
            UnixStream::connect_to(&SocketAddr::of(path.as_ref())?).await
        })
    }

    /// Connects to the socket at an address; see [`connect`](Self::connect).
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Panics
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses data: the connection, as with [`connect`](Self::connect).
    ///
    /// # Examples
    ///
    /// To where another socket is:
    ///
    /// ```
    /// use leno::net::{UnixListener, UnixStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// let listener = UnixListener::bind(&path)?;
    /// let address = listener.local_addr()?;
    /// let (connected, accepted) = leno::join!(UnixStream::connect_addr(&address), listener.accept());
    /// assert!(connected.is_ok() && accepted.is_ok());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn connect_addr(socket_addr: &SocketAddr) -> impl Future<Output = io::Result<UnixStream>> {
        required(Need::Io, UnixStream::connect_to(socket_addr))
    }

    async fn connect_to(socket_addr: &SocketAddr) -> io::Result<UnixStream> {
        let connect = || mio::net::UnixStream::connect_addr(&socket_addr.0);
        UnixStream::new_connecting(when_there_is_room(connect).await?).await
    }

    /// Waits for a connect that has been started.
    pub(super) async fn new_connecting(stream: mio::net::UnixStream) -> io::Result<UnixStream> {
        let io = Evented::new(stream, BOTH)?;
        poll_fn(|cx| io.poll_ready(cx, Direction::Write)).await?;
        match io.get_ref().take_error()? {
            Some(error) => Err(error),
            None => Ok(UnixStream { io }),
        }
    }

    /// A stream that is connected.
    #[track_caller]
    #[inline]
    pub(super) fn new_ready(stream: mio::net::UnixStream) -> io::Result<UnixStream> {
        let io = Evented::new_ready(stream, BOTH)?;
        Ok(UnixStream { io })
    }

    /// Its first request is probably there, and there is room for an answer.
    #[track_caller]
    #[inline]
    pub(super) fn new_accepted(stream: mio::net::UnixStream) -> io::Result<UnixStream> {
        let io = Evented::new_accepted(stream, BOTH)?;
        Ok(UnixStream { io })
    }

    #[inline]
    pub(in crate::net) fn io(&self) -> &Evented<mio::net::UnixStream> {
        &self.io
    }

    /// Two streams that are connected to each other.
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
    /// For a child process, whose standard input is one of them:
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, AsyncWriteExt};
    /// use leno::net::UnixStream;
    /// use leno::process::Command;
    /// use std::os::fd::OwnedFd;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (mut ours, theirs) = UnixStream::pair()?;
    /// let theirs = theirs.into_std()?;
    /// theirs.set_nonblocking(false)?;
    /// let mut child = Command::new("sh");
    /// child.arg("-c").arg("read line; echo \"$line, too\" >&0").stdin(OwnedFd::from(theirs));
    /// let status = child.status();
    /// drop(child); // it has a copy of theirs
    ///
    /// ours.write_all(b"hello\n").await?;
    /// let mut answer = String::new();
    /// ours.read_to_string(&mut answer).await?;
    /// assert_eq!(answer, "hello, too\n");
    /// assert!(status.await?.success());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (near, far) = mio::net::UnixStream::pair()?;
        Ok((UnixStream::new_ready(near)?, UnixStream::new_ready(far)?))
    }

    /// Makes a stream of std's, which must be in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If it cannot be registered.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO; in debug builds, if the stream blocks.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    /// use leno::net::UnixStream;
    /// use std::io::Write;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, mut far) = std::os::unix::net::UnixStream::pair()?;
    /// near.set_nonblocking(true)?;
    /// let mut near = UnixStream::from_std(near)?;
    /// far.write_all(&[42])?;
    /// assert_eq!(near.read_u8().await?, 42);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn from_std(stream: net::UnixStream) -> io::Result<UnixStream> {
        sys::expect_nonblocking(&stream)?;
        let io = Evented::new(mio::net::UnixStream::from_std(stream), BOTH)?;
        Ok(UnixStream { io })
    }

    /// Makes std's stream of this one. It stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If it cannot be deregistered.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncWriteExt;
    /// use leno::net::UnixStream;
    /// use std::io::Read;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (mut near, far) = UnixStream::pair()?;
    /// let mut far = far.into_std()?;
    /// far.set_nonblocking(false)?;
    /// let thread = std::thread::spawn(move || {
    ///     let mut text = String::new();
    ///     far.read_to_string(&mut text).map(|_| text)
    /// });
    /// near.write_all(b"hello").await?;
    /// drop(near);
    /// assert_eq!(thread.join().unwrap()?, "hello");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn into_std(self) -> io::Result<net::UnixStream> {
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
    /// ```
    /// use leno::net::{UnixListener, UnixStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// let listener = UnixListener::bind(&path)?;
    /// let client = UnixStream::connect(&path).await?;
    /// let (server, _) = listener.accept().await?;
    /// assert_eq!(server.local_addr()?.as_pathname(), Some(path.as_path()));
    /// assert!(client.local_addr()?.is_unnamed());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr().map(SocketAddr)
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
    /// use leno::net::{UnixListener, UnixStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// # let listener = UnixListener::bind(&path)?;
    /// let client = UnixStream::connect(&path).await?;
    /// assert_eq!(client.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().peer_addr().map(SocketAddr)
    }

    /// Who the peer is.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// Only one's own user is let in; the system vouches for it, and no password is needed:
    ///
    /// ```
    /// use leno::net::UnixStream;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (stream, peer) = UnixStream::pair()?;
    /// # let us = peer.peer_cred()?.uid();
    /// if stream.peer_cred()?.uid() != us {
    ///     return Err(std::io::ErrorKind::PermissionDenied.into());
    /// }
    /// assert_eq!(stream.peer_cred()?, peer.peer_cred()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn peer_cred(&self) -> io::Result<UCred> {
        peer_cred(self)
    }

    ready_method! {
        /// use leno::io::{AsyncWriteExt, Interest};
        ///
        /// # #[allow(unused_mut)]
        /// # let (near, mut far) = leno::net::UnixStream::pair()?;
        /// // `near` and `far` are the ends of a connection.
        /// let ready = near.ready(Interest::READABLE | Interest::WRITABLE).await?;
        /// assert!(ready.is_writable() && !ready.is_readable());
        ///
        /// far.write_all(b"hello").await?;
        /// let ready = near.ready(Interest::READABLE).await?;
        /// assert!(ready.is_readable() && !ready.is_read_closed());
    }
    read_methods! {
        /// # #[allow(unused_mut)]
        /// # let (near, mut far) = leno::net::UnixStream::pair()?;
        /// // `near` and `far` are the ends of a connection.
    }
    write_methods! {
        /// # #[allow(unused_mut)]
        /// # let (near, mut far) = leno::net::UnixStream::pair()?;
        /// // `near` and `far` are the ends of a connection.
    }
    stream_methods! {
        /// # #[allow(unused_mut)]
        /// # let (near, mut far) = leno::net::UnixStream::pair()?;
        /// // `near` and `far` are the ends of a connection.
    }

    /// Lends the two directions to two users within one task. Costs nothing.
    ///
    /// For halves that can go to different tasks, see [`into_split`](Self::into_split).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, AsyncWriteExt};
    /// use leno::net::UnixStream;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (mut near, mut far) = UnixStream::pair()?;
    /// let (mut reader, mut writer) = near.split();
    /// let large = vec![7; 1 << 20];
    /// let mut copy = vec![0; large.len()];
    /// // Each sends what the other reads, more than the sockets hold.
    /// let (mut far_reader, mut far_writer) = far.split();
    /// let mut far_copy = vec![0; large.len()];
    /// leno::try_join!(
    ///     async { writer.write_all(&large).await },
    ///     async { far_reader.read_exact(&mut far_copy).await },
    ///     async { far_writer.write_all(&large).await },
    ///     async { reader.read_exact(&mut copy).await },
    /// )?;
    /// assert_eq!((&copy, &far_copy), (&large, &large));
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
    /// ```
    /// use leno::io::{AsyncReadExt, AsyncWriteExt};
    /// use leno::net::UnixStream;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = UnixStream::pair()?;
    /// let (mut reader, mut writer) = far.into_split();
    /// leno::spawn(async move { leno::io::copy(&mut reader, &mut writer).await });
    ///
    /// let (mut reader, mut writer) = near.into_split();
    /// writer.write_all(b"hello").await?;
    /// drop(writer); // ends the direction, and so what the other end copies
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

/// Connects; again and again while the listener's queue is full.
pub(super) async fn when_there_is_room<R>(
    mut connect: impl FnMut() -> io::Result<R>,
) -> io::Result<R> {
    let mut pause = Pause::new();
    loop {
        match connect() {
            Err(error) if is_full(&error) => {}
            result => return result,
        }
        let reactor = current::reactor();
        poll_fn(|cx| pause.poll(cx, &reactor)).await?;
    }
}

socket!(mio::net::UnixStream);
async_read!(UnixStream);
async_write!(UnixStream);

impl TryFrom<net::UnixStream> for UnixStream {
    type Error = io::Error;

    /// See [`from_std`](UnixStream::from_std).
    #[track_caller]
    #[inline]
    fn try_from(stream: net::UnixStream) -> io::Result<Self> {
        Self::from_std(stream)
    }
}

impl AsRef<Self> for UnixStream {
    #[inline]
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Debug for UnixStream {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.get_ref().fmt(f)
    }
}
