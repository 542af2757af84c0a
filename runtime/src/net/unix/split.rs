//! Halves that borrow their stream: for one task that does both.

use super::SocketAddr;
use crate::net::UnixStream;
use crate::net::halves::borrowed_halves;

borrowed_halves!(UnixStream, SocketAddr, mio::net::UnixStream);
