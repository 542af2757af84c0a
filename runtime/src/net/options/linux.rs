//! Options that Linux has: acknowledging at once, and binding to a network interface.

use crate::net::socket::Socket;
use crate::net::{TcpSocket, TcpStream, UdpSocket};
use std::io;

impl TcpStream {
    /// True if what is received is acknowledged at once, the `TCP_QUICKACK` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn quickack(&self) -> io::Result<bool> {
        self.io().get_ref().raw().tcp_quickack()
    }

    /// Sets the `TCP_QUICKACK` option: acknowledge what is received at once. The system may return to its own judgement
    /// later.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        self.io().get_ref().raw().set_tcp_quickack(quickack)
    }
}

macro_rules! device_methods {
    () => {
        /// The network interface the socket is bound to, the `SO_BINDTODEVICE` option.
        ///
        /// # Errors
        ///
        /// Those of the system.
        pub fn device(&self) -> io::Result<Option<Vec<u8>>> {
            self.raw().device()
        }

        /// Binds the socket to a network interface, or to none: the `SO_BINDTODEVICE` option.
        ///
        /// Only what comes by that interface is received. It may need privileges.
        ///
        /// # Errors
        ///
        /// Those of the system.
        pub fn bind_device(&self, interface: Option<&[u8]>) -> io::Result<()> {
            self.raw().bind_device(interface)
        }
    };
}

impl TcpSocket {
    device_methods!();
}

impl UdpSocket {
    device_methods!();
}
