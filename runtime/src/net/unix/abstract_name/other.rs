//! There are no abstract names here.

use std::io;
use std::os::unix::net;

/// Fails.
#[inline]
pub(super) fn address(_name: &[u8]) -> io::Result<net::SocketAddr> {
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "this system has no abstract names for Unix sockets",
    ))
}
