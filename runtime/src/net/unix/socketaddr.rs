use super::abstract_name;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net;
use std::path::Path;

/// The address of a Unix socket: a path, nothing, or on Linux an abstract name.
///
/// # Examples
///
/// It is std's, and goes both ways:
///
/// ```
/// use leno::net::unix::SocketAddr;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let std = std::os::unix::net::SocketAddr::from_pathname("/run/service.sock")?;
/// let address = SocketAddr::from(std);
/// assert_eq!(address.as_pathname().unwrap().to_str(), Some("/run/service.sock"));
/// let std = std::os::unix::net::SocketAddr::from(address);
/// assert!(!std.is_unnamed());
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct SocketAddr(pub(super) net::SocketAddr);

impl SocketAddr {
    /// True if the socket has no name.
    ///
    /// # Examples
    ///
    /// A client need not be bound, and mostly is not:
    ///
    /// ```
    /// use leno::net::{UnixListener, UnixStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// let listener = UnixListener::bind(&path)?;
    /// let stream = UnixStream::connect(&path).await?;
    /// assert!(stream.local_addr()?.is_unnamed());
    /// assert!(!stream.peer_addr()?.is_unnamed());
    /// # drop(listener);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn is_unnamed(&self) -> bool {
        self.0.is_unnamed()
    }

    /// The path, if it is one.
    ///
    /// # Examples
    ///
    /// The path is the one that was bound to, which may be relative to another directory than ours:
    ///
    /// ```
    /// use leno::net::UnixDatagram;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("service.sock");
    /// let socket = UnixDatagram::bind(&path)?;
    /// let address = socket.local_addr()?;
    /// std::fs::remove_file(address.as_pathname().unwrap())?;
    /// assert!(!path.exists());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn as_pathname(&self) -> Option<&Path> {
        self.0.as_pathname()
    }

    /// The address for a path, or for an abstract name if it begins with a zero byte.
    #[inline]
    pub(super) fn of(path: &Path) -> io::Result<SocketAddr> {
        let address = match path.as_os_str().as_bytes() {
            [0, name @ ..] => abstract_name::address(name),
            _ => net::SocketAddr::from_pathname(path),
        };
        address.map(SocketAddr)
    }

    /// The address in another form.
    #[inline]
    pub(super) fn from_raw(address: &socket2::SockAddr) -> io::Result<SocketAddr> {
        let address = match (address.as_pathname(), address.as_abstract_namespace()) {
            (Some(path), _) => net::SocketAddr::from_pathname(path),
            (None, Some(name)) => abstract_name::address(name),
            // An empty path is no name.
            (None, None) => net::SocketAddr::from_pathname(""),
        };
        address.map(SocketAddr)
    }
}

impl fmt::Debug for SocketAddr {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<net::SocketAddr> for SocketAddr {
    #[inline]
    fn from(address: net::SocketAddr) -> Self {
        SocketAddr(address)
    }
}

impl From<SocketAddr> for net::SocketAddr {
    #[inline]
    fn from(address: SocketAddr) -> Self {
        address.0
    }
}
