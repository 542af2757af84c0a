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
    #[track_caller]
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
    pub(super) fn new_ready(stream: mio::net::UnixStream) -> io::Result<UnixStream> {
        let io = Evented::new_ready(stream, BOTH)?;
        Ok(UnixStream { io })
    }

    /// Its first request is probably there, and there is room for an answer.
    #[track_caller]
    pub(super) fn new_accepted(stream: mio::net::UnixStream) -> io::Result<UnixStream> {
        let io = Evented::new_accepted(stream, BOTH)?;
        Ok(UnixStream { io })
    }

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
    #[track_caller]
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
    #[track_caller]
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
    pub fn into_std(self) -> io::Result<net::UnixStream> {
        self.io.into_inner().map(Into::into)
    }

    /// Our own address.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr().map(SocketAddr)
    }

    /// The peer's address.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().peer_addr().map(SocketAddr)
    }

    /// Who the peer is.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn peer_cred(&self) -> io::Result<UCred> {
        peer_cred(self)
    }

    ready_method!();
    read_methods!();
    write_methods!();
    stream_methods!();

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
    fn try_from(stream: net::UnixStream) -> io::Result<Self> {
        Self::from_std(stream)
    }
}

impl AsRef<Self> for UnixStream {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Debug for UnixStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.get_ref().fmt(f)
    }
}
