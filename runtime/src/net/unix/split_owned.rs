//! Halves that own their stream together: for two tasks, one for each direction.

use super::{SocketAddr, UnixStream};
use crate::net::halves::owned_halves;

owned_halves!(UnixStream, SocketAddr, mio::net::UnixStream);
