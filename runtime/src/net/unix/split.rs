//! Halves that borrow their stream: for one task that does both.

use super::SocketAddr;
use crate::net::UnixStream;
use crate::net::halves::borrowed_halves;

borrowed_halves! {
    UnixStream, SocketAddr, mio::net::UnixStream,
    /// # #[allow(unused_mut)]
    /// # let (mut stream, mut far) = leno::net::UnixStream::pair()?;
    /// // `stream` and `far` are the ends of a connection.
    pair,
    /// assert!(near.peer_addr()?.is_unnamed() && near.local_addr()?.is_unnamed()); // made by `pair`
    /// # drop(far);
    addresses
}
