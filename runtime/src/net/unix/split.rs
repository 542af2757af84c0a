//! Halves that borrow their stream: for one task that does both.

use super::{SocketAddr, UnixStream};
use crate::net::halves::borrowed_halves;

borrowed_halves!(UnixStream, SocketAddr, mio::net::UnixStream);
