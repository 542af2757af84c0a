//! Options that most unix systems have: sharing a port, and the traffic class of IPv6.

use crate::net::{TcpSocket, UdpSocket};
use std::io;

impl TcpSocket {
    /// Sets the `SO_REUSEPORT` option: other sockets that set it too may be bound to the same address.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// Two listeners on one port, among which the system distributes connections:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use leno::net::TcpSocket;
    ///
    /// let mut address = "127.0.0.1:0".parse().unwrap();
    /// let mut listeners = Vec::new();
    /// for _ in 0..2 {
    ///     let socket = TcpSocket::new_v4()?;
    ///     socket.set_reuseport(true)?;
    ///     socket.bind(address)?;
    ///     address = socket.local_addr()?;
    ///     listeners.push(socket.listen(1024)?);
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn set_reuseport(&self, reuseport: bool) -> io::Result<()> {
        self.raw().set_reuse_port(reuseport)
    }

    /// True if the port may be shared, the `SO_REUSEPORT` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn reuseport(&self) -> io::Result<bool> {
        self.raw().reuse_port()
    }
}

macro_rules! traffic_class_methods {
    () => {
        /// The traffic class of IPv6 packets, the `IPV6_TCLASS` option.
        ///
        /// # Errors
        ///
        /// Those of the system.
        pub fn tclass_v6(&self) -> io::Result<u32> {
            self.raw().tclass_v6()
        }

        /// Sets the traffic class of IPv6 packets, the `IPV6_TCLASS` option.
        ///
        /// # Errors
        ///
        /// Those of the system.
        pub fn set_tclass_v6(&self, tclass: u32) -> io::Result<()> {
            self.raw().set_tclass_v6(tclass)
        }
    };
}

impl TcpSocket {
    traffic_class_methods!();
}

impl UdpSocket {
    traffic_class_methods!();
}
