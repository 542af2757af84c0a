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
/// ```no_run
/// use leno::net::UnixListener;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let listener = UnixListener::bind("/run/example.sock")?;
/// loop {
///     let (stream, _) = listener.accept().await?;
///     println!("{:?} has connected", stream.peer_cred()?);
/// }
/// # #[allow(unreachable_code)]
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
    #[track_caller]
    pub fn bind_addr(socket_addr: &SocketAddr) -> io::Result<UnixListener> {
        UnixListener::new(mio::net::UnixListener::bind_addr(&socket_addr.0)?)
    }

    #[track_caller]
    pub(super) fn new(listener: mio::net::UnixListener) -> io::Result<UnixListener> {
        let io = Evented::new(listener, BOTH)?;
        Ok(UnixListener { io })
    }

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
    pub fn accept(&self) -> impl CancelSafe<Output = io::Result<(UnixStream, SocketAddr)>> {
        accept(
            self.io
                .async_with(Interest::READABLE, |listener| self.accept_now(listener)),
        )
    }

    /// Of a listener that has been shut down the system says, where it may not wait, that there is no connection yet.
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
    #[track_caller]
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
    #[track_caller]
    pub fn from_std(listener: net::UnixListener) -> io::Result<UnixListener> {
        sys::expect_nonblocking(&listener)?;
        UnixListener::new(mio::net::UnixListener::from_std(listener))
    }

    /// Makes std's listener of this one. It stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// If it cannot be deregistered.
    pub fn into_std(self) -> io::Result<net::UnixListener> {
        self.io.into_inner().map(Into::into)
    }

    /// The address it listens at.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr().map(SocketAddr)
    }

    /// The error that the system keeps for the socket, and which it forgets with that.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.get_ref().take_error()
    }
}

impl Accepted for (UnixStream, SocketAddr) {
    type Raw = (mio::net::UnixStream, net::SocketAddr);

    #[track_caller]
    fn register((stream, peer): Self::Raw) -> io::Result<Self> {
        Ok((UnixStream::new_accepted(stream)?, SocketAddr(peer)))
    }
}

impl TryFrom<net::UnixListener> for UnixListener {
    type Error = io::Error;

    /// See [`from_std`](UnixListener::from_std).
    #[track_caller]
    fn try_from(listener: net::UnixListener) -> io::Result<Self> {
        Self::from_std(listener)
    }
}

impl fmt::Debug for UnixListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.get_ref().fmt(f)
    }
}
