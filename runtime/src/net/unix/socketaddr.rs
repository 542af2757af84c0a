use super::abstract_name;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net;
use std::path::Path;

/// The address of a Unix socket: a path, nothing, or on Linux an abstract name.
#[derive(Clone)]
pub struct SocketAddr(pub(super) net::SocketAddr);

impl SocketAddr {
    /// True if the socket has no name.
    pub fn is_unnamed(&self) -> bool {
        self.0.is_unnamed()
    }

    /// The path, if it is one.
    pub fn as_pathname(&self) -> Option<&Path> {
        self.0.as_pathname()
    }

    /// The address for a path, or for an abstract name if it begins with a zero byte.
    pub(super) fn of(path: &Path) -> io::Result<SocketAddr> {
        let address = match path.as_os_str().as_bytes() {
            [0, name @ ..] => abstract_name::address(name),
            _ => net::SocketAddr::from_pathname(path),
        };
        address.map(SocketAddr)
    }

    /// The address in another form.
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
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<net::SocketAddr> for SocketAddr {
    fn from(address: net::SocketAddr) -> Self {
        SocketAddr(address)
    }
}

impl From<SocketAddr> for net::SocketAddr {
    fn from(address: SocketAddr) -> Self {
        address.0
    }
}
