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
    /// Two listeners on one port, among which the system distributes connections; one for each thread of a server, say:
    ///
    /// ```
    /// use leno::net::TcpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listen = |address| {
    ///     let socket = TcpSocket::new_v4()?;
    ///     socket.set_reuseport(true)?;
    ///     socket.bind(address)?;
    ///     socket.listen(1024)
    /// };
    /// let first = listen("127.0.0.1:0".parse().unwrap())?;
    /// let second = listen(first.local_addr()?)?;
    /// assert_eq!(first.local_addr()?, second.local_addr()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn set_reuseport(&self, reuseport: bool) -> io::Result<()> {
        self.raw().set_reuse_port(reuseport)
    }

    /// True if the port may be shared, the `SO_REUSEPORT` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// Who does not set it, cannot share, neither as the first nor as the second:
    ///
    /// ```
    /// use leno::net::TcpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let first = TcpSocket::new_v4()?;
    /// assert!(!first.reuseport()?);
    /// first.bind("127.0.0.1:0".parse().unwrap())?;
    ///
    /// let second = TcpSocket::new_v4()?;
    /// second.set_reuseport(true)?;
    /// let error = second.bind(first.local_addr()?).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AddrInUse);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn reuseport(&self) -> io::Result<bool> {
        self.raw().reuse_port()
    }
}

/// `$socket` makes the `socket` of the examples.
macro_rules! traffic_class_methods {
    ($(#[$socket:meta])+) => { $crate::net::even_docs::even_docs! {
        /// The traffic class of IPv6 packets, the `IPV6_TCLASS` option.
        ///
        /// # Errors
        ///
        /// Those of the system.
        ///
        /// # Examples
        ///
        /// ```
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$socket])+
        /// assert_eq!(socket.tclass_v6()?, 0);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn tclass_v6(&self) -> io::Result<u32> {
            self.raw().tclass_v6()
        }

        /// Sets the traffic class of IPv6 packets, the `IPV6_TCLASS` option.
        ///
        /// # Errors
        ///
        /// Those of the system.
        ///
        /// # Examples
        ///
        /// The upper six bits are the class of service (DSCP), as those of IPv4's; here *low effort*:
        ///
        /// ```
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$socket])+
        /// socket.set_tclass_v6(1 << 2)?;
        /// assert_eq!(socket.tclass_v6()?, 4);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn set_tclass_v6(&self, tclass: u32) -> io::Result<()> {
            self.raw().set_tclass_v6(tclass)
        }
    } };
}

impl TcpSocket {
    traffic_class_methods! {
        /// let socket = leno::net::TcpSocket::new_v6()?;
    }
}

impl UdpSocket {
    traffic_class_methods! {
        /// let socket = leno::net::UdpSocket::bind("[::]:0").await?;
    }
}
