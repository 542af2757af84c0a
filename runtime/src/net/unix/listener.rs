use super::SocketAddr;
use crate::kernel::cancel_safe::CancelSafe;
use crate::net::UnixStream;
use crate::net::accept::{Accepted, accept};
use crate::net::evented::{BOTH, Evented};
use crate::net::sys;
use leno_reactor::{Direction, Interest};
use std::os::unix::net;
use std::path::Path;
use std::task::{Context, Poll, ready};
use std::{fmt, io};

/// A Unix socket that waits for connections.
///
/// Binding to a path makes a file there, which remains when the listener is dropped: remove it, before or after.
///
/// # Examples
///
/// A service that looks who asks:
///
/// ```
/// use leno::io::{AsyncReadExt, AsyncWriteExt};
/// use leno::net::{UnixListener, UnixStream};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("service.sock");
/// let listener = UnixListener::bind(&path)?;
/// leno::spawn(async move {
///     while let Ok((mut stream, _)) = listener.accept().await {
///         let user = stream.peer_cred()?.uid();
///         stream.write_all(format!("hello, user {user}").as_bytes()).await?;
///     }
///     std::io::Result::Ok(())
/// });
///
/// let mut greeting = String::new();
/// UnixStream::connect(&path).await?.read_to_string(&mut greeting).await?;
/// assert!(greeting.starts_with("hello, user "));
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct UnixListener {
    io: Evented<mio::net::UnixListener>,
}

impl UnixListener {
    /// Listens at a path, or on Linux at an abstract name if it begins with a zero byte.
    ///
    /// # Errors
    ///
    /// Those of the system; there must be no file at the path.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if it was built without IO.
    ///
    /// # Examples
    ///
    /// A file that is there is an error, also if it is that of a listener that is gone. Whether somebody listens there still, a
    /// connection tells:
    ///
    /// ```
    /// use leno::net::{UnixListener, UnixStream};
    /// use std::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// drop(UnixListener::bind(&path)?);
    /// assert_eq!(UnixListener::bind(&path).unwrap_err().kind(), ErrorKind::AddrInUse);
    ///
    /// let error = UnixStream::connect(&path).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::ConnectionRefused); // it is only a file
    /// std::fs::remove_file(&path)?;
    /// assert!(UnixListener::bind(&path).is_ok());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn bind<P>(path: P) -> io::Result<UnixListener>
    where
        P: AsRef<Path>,
    {
        UnixListener::bind_addr(&SocketAddr::of(path.as_ref())?)
    }

    /// Listens at an address; see [`bind`](Self::bind).
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind).
    ///
    /// # Panics
    ///
    /// As [`bind`](Self::bind).
    ///
    /// # Examples
    ///
    /// The address of a listener of std's, that of an abstract name say, which leaves no file:
    ///
    /// ```
    /// use leno::net::{UnixListener, UnixStream, unix};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # #[cfg(target_os = "linux")] {
    /// use std::os::linux::net::SocketAddrExt;
    ///
    /// let name = format!("example-{}", std::process::id());
    /// let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
    /// let address = unix::SocketAddr::from(address);
    /// let listener = UnixListener::bind_addr(&address)?;
    /// let (connected, accepted) = leno::join!(UnixStream::connect_addr(&address), listener.accept());
    /// assert!(connected.is_ok() && accepted.is_ok());
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn bind_addr(socket_addr: &SocketAddr) -> io::Result<UnixListener> {
        UnixListener::new(mio::net::UnixListener::bind_addr(&socket_addr.0)?)
    }

    #[track_caller]
    #[inline]
    pub(super) fn new(listener: mio::net::UnixListener) -> io::Result<UnixListener> {
        let io = Evented::new(listener, BOTH)?;
        Ok(UnixListener { io })
    }

    #[inline]
    pub(in crate::net) fn io(&self) -> &Evented<mio::net::UnixListener> {
        &self.io
    }

    /// Waits for a connection, and returns it with the peer's address.
    ///
    /// Any number of tasks may wait at once; a connection goes to one of them.
    ///
    /// # Errors
    ///
    /// Those of the system, and that the runtime has shut down. The listener remains usable; see
    /// [`TcpListener::accept`](crate::net::TcpListener::accept). [`InvalidInput`](io::ErrorKind::InvalidInput) if the socket
    /// has been shut down for reading: no more connections will come.
    ///
    /// # Panics
    ///
    /// As [`TcpListener::accept`](crate::net::TcpListener::accept).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// With a limit of its own for each connection, so that a client that says nothing holds up nobody:
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, AsyncWriteExt};
    /// use leno::net::{UnixListener, UnixStream};
    /// use leno::time::{Duration, timeout};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// let listener = UnixListener::bind(&path)?;
    /// let server = leno::spawn(async move {
    ///     let (mut stream, _) = listener.accept().await?;
    ///     timeout(Duration::from_secs(5), stream.read_u8()).await?
    /// });
    ///
    /// UnixStream::connect(&path).await?.write_u8(42).await?;
    /// assert_eq!(server.await??, 42);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn accept(&self) -> impl CancelSafe<Output = io::Result<(UnixStream, SocketAddr)>> {
        accept(
            self.io
                .async_with(Interest::READABLE, |listener| self.accept_now(listener)),
        )
    }

    /// Of a listener that has been shut down the system says, where it may not wait, that there is no connection yet.
    #[inline]
    fn accept_now(
        &self,
        listener: &mio::net::UnixListener,
    ) -> io::Result<(mio::net::UnixStream, net::SocketAddr)> {
        self.io.ended(listener.accept(), || {
            Err(io::Error::from_raw_os_error(libc::EINVAL))
        })
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
    /// ```
    /// use leno::net::{UnixListener, UnixStream};
    /// use std::future::poll_fn;
    /// use std::task::Poll;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// let listener = UnixListener::bind(&path)?;
    /// assert!(poll_fn(|cx| Poll::Ready(listener.poll_accept(cx).is_pending())).await);
    ///
    /// let _client = UnixStream::connect(&path).await?;
    /// let (_stream, peer) = poll_fn(|cx| listener.poll_accept(cx)).await?;
    /// assert!(peer.is_unnamed());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        let accepted = self
            .io
            .poll_with(cx, Direction::Read, |listener| self.accept_now(listener));
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
    /// Outside of a runtime, or if it was built without IO; in debug builds, if the listener blocks.
    ///
    /// # Examples
    ///
    /// Of what a service manager hands over, or as here of std's own:
    ///
    /// ```
    /// use leno::net::{UnixListener, UnixStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// let bound = std::os::unix::net::UnixListener::bind(&path)?;
    /// bound.set_nonblocking(true)?;
    /// let listener = UnixListener::from_std(bound)?;
    /// let (connected, accepted) = leno::join!(UnixStream::connect(&path), listener.accept());
    /// assert!(connected.is_ok() && accepted.is_ok());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn from_std(listener: net::UnixListener) -> io::Result<UnixListener> {
        sys::expect_nonblocking(&listener)?;
        UnixListener::new(mio::net::UnixListener::from_std(listener))
    }

    /// Makes std's listener of this one. It stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If it cannot be deregistered.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UnixListener;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// let listener = UnixListener::bind(&path)?.into_std()?;
    /// let error = listener.accept().unwrap_err(); // still non-blocking
    /// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn into_std(self) -> io::Result<net::UnixListener> {
        self.io.into_inner().map(Into::into)
    }

    /// The address it listens at.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UnixListener;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// let listener = UnixListener::bind(&path)?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr().map(SocketAddr)
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
    /// use leno::net::UnixListener;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// let listener = UnixListener::bind(directory.path().join("service.sock"))?;
    /// assert!(listener.take_error()?.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.get_ref().take_error()
    }
}

impl Accepted for (UnixStream, SocketAddr) {
    type Raw = (mio::net::UnixStream, net::SocketAddr);

    #[track_caller]
    #[inline]
    fn register((stream, peer): Self::Raw) -> io::Result<Self> {
        Ok((UnixStream::new_accepted(stream)?, SocketAddr(peer)))
    }
}

impl TryFrom<net::UnixListener> for UnixListener {
    type Error = io::Error;

    /// See [`from_std`](UnixListener::from_std).
    #[track_caller]
    #[inline]
    fn try_from(listener: net::UnixListener) -> io::Result<Self> {
        Self::from_std(listener)
    }
}

impl fmt::Debug for UnixListener {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.get_ref().fmt(f)
    }
}
