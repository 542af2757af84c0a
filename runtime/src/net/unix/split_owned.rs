//! Halves that own their stream together: for two tasks, one for each direction.

use super::SocketAddr;
use crate::net::UnixStream;
use crate::net::halves::owned_halves;

owned_halves!(UnixStream, SocketAddr, mio::net::UnixStream);
