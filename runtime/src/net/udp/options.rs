//! Options: broadcast, multicast, and the packets' headers.

use super::UdpSocket;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Options: what asks for each, and what sets it.
macro_rules! options {
    ($(
        $(#[$get_doc:meta])* $get:ident -> $Get:ty;
        $(#[$set_doc:meta])* $set:ident($argument:ident: $Set:ty);
    )*) => {
        impl UdpSocket {
            $(
                $(#[$get_doc])*
                pub fn $get(&self) -> io::Result<$Get> {
                    self.io.get_ref().$get()
                }

                $(#[$set_doc])*
                pub fn $set(&self, $argument: $Set) -> io::Result<()> {
                    self.io.get_ref().$set($argument)
                }
            )*
        }
    };
}

options! {
    /// True if the socket may send to broadcast addresses, the `SO_BROADCAST` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// It is off by default, so that no wrong address asks a whole network:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(!socket.broadcast()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    broadcast -> bool;
    /// Sets the `SO_BROADCAST` option: allow sending to broadcast addresses.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("0.0.0.0:0").await?;
    /// let error = socket.send_to(b"anybody?", "255.255.255.255:9").await.unwrap_err();
    /// # if error.kind() != ErrorKind::NetworkUnreachable {
    /// assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    /// # }
    /// socket.set_broadcast(true)?;
    /// assert!(socket.broadcast()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    set_broadcast(on: bool);

    /// True if this host receives its own multicasts of IPv4, the `IP_MULTICAST_LOOP` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(socket.multicast_loop_v4()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    multicast_loop_v4 -> bool;
    /// Sets the `IP_MULTICAST_LOOP` option: let this host receive its own multicasts of IPv4. It may have no effect on
    /// sockets of IPv6.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// For who sends to a group that it has joined itself, and needs no echo:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_multicast_loop_v4(false)?;
    /// assert!(!socket.multicast_loop_v4()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    set_multicast_loop_v4(on: bool);

    /// The time to live of multicasts of IPv4, the `IP_MULTICAST_TTL` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_eq!(socket.multicast_ttl_v4()?, 1);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    multicast_ttl_v4 -> u32;
    /// Sets the time to live of multicasts of IPv4, the `IP_MULTICAST_TTL` option; 1, which it is if never set, keeps
    /// them in the local network. It may have no effect on sockets of IPv6.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// Across up to three routers that forward multicasts; 0 is for this host alone:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_multicast_ttl_v4(4)?;
    /// assert_eq!(socket.multicast_ttl_v4()?, 4);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    set_multicast_ttl_v4(ttl: u32);

    /// True if this host receives its own multicasts of IPv6, the `IPV6_MULTICAST_LOOP` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("[::]:0").await?;
    /// assert!(socket.multicast_loop_v6()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    multicast_loop_v6 -> bool;
    /// Sets the `IPV6_MULTICAST_LOOP` option: let this host receive its own multicasts of IPv6. It may have no effect
    /// on sockets of IPv4.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("[::]:0").await?;
    /// socket.set_multicast_loop_v6(false)?;
    /// assert!(!socket.multicast_loop_v6()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    set_multicast_loop_v6(on: bool);

    /// The time to live of packets, the `IP_TTL` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// The system's own, 64 with most:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_ne!(socket.ttl()?, 0);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    ttl -> u32;
    /// Sets the time to live of packets, the `IP_TTL` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// How far a message gets, which is how the way to a host is explored:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// for hops in 1..=3 {
    ///     socket.set_ttl(hops)?;
    ///     assert_eq!(socket.ttl()?, hops);
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    set_ttl(ttl: u32);
}

impl UdpSocket {
    /// The type of service of IPv4 packets, the `IP_TOS` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_eq!(socket.tos_v4()?, 0);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn tos_v4(&self) -> io::Result<u32> {
        self.raw().tos_v4()
    }

    /// Sets the type of service of IPv4 packets, the `IP_TOS` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// The upper six bits are the class of service (DSCP); here *expedited forwarding*, as for voices:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_tos_v4(46 << 2)?;
    /// assert_eq!(socket.tos_v4()?, 184);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn set_tos_v4(&self, tos: u32) -> io::Result<()> {
        self.raw().set_tos_v4(tos)
    }

    /// As [`tos_v4`](Self::tos_v4).
    ///
    /// # Errors
    ///
    /// Those of the system.
    #[deprecated = "`tos` related methods have been renamed `tos_v4` since they are IPv4-specific."]
    #[doc(hidden)]
    #[inline]
    pub fn tos(&self) -> io::Result<u32> {
        self.tos_v4()
    }

    /// As [`set_tos_v4`](Self::set_tos_v4).
    ///
    /// # Errors
    ///
    /// Those of the system.
    #[deprecated = "`tos` related methods have been renamed `tos_v4` since they are IPv4-specific."]
    #[doc(hidden)]
    #[inline]
    pub fn set_tos(&self, tos: u32) -> io::Result<()> {
        self.set_tos_v4(tos)
    }

    /// Joins a multicast group of IPv4, on the interface with the address `interface`; if that is unspecified, the
    /// system chooses one.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// Here on the loopback interface; a sender need not have joined:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    /// use std::net::Ipv4Addr;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let group = Ipv4Addr::new(239, 255, 0, 1);
    /// let receiver = UdpSocket::bind("0.0.0.0:0").await?;
    /// receiver.join_multicast_v4(group, Ipv4Addr::LOCALHOST)?;
    /// let port = receiver.local_addr()?.port();
    ///
    /// let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket2::SockRef::from(&sender).set_multicast_if_v4(&Ipv4Addr::LOCALHOST)?;
    /// sender.send_to(b"hello, all", (group, port)).await?;
    /// assert_eq!(receiver.recv_from(&mut [0; 64]).await?, (10, sender.local_addr()?));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn join_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        let socket = self.io.get_ref();
        socket.join_multicast_v4(&multiaddr, &interface)
    }

    /// Joins a multicast group of IPv6, on the interface with the index `interface`; 0 is any.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// Addresses that are not multicasts' are refused:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    /// use std::net::Ipv6Addr;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("[::]:0").await?;
    /// assert!(socket.join_multicast_v6(&Ipv6Addr::LOCALHOST, 0).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn join_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.get_ref().join_multicast_v6(multiaddr, interface)
    }

    /// Leaves a multicast group; see [`join_multicast_v4`](Self::join_multicast_v4).
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// It is left by itself when the socket is dropped. A group that was not joined cannot be left:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    /// use std::net::Ipv4Addr;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let group = Ipv4Addr::new(239, 255, 0, 1);
    /// let socket = UdpSocket::bind("0.0.0.0:0").await?;
    /// socket.join_multicast_v4(group, Ipv4Addr::LOCALHOST)?;
    /// socket.leave_multicast_v4(group, Ipv4Addr::LOCALHOST)?;
    /// assert!(socket.leave_multicast_v4(group, Ipv4Addr::LOCALHOST).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn leave_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        let socket = self.io.get_ref();
        socket.leave_multicast_v4(&multiaddr, &interface)
    }

    /// Leaves a multicast group; see [`join_multicast_v6`](Self::join_multicast_v6).
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UdpSocket;
    /// use std::net::Ipv6Addr;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let group: Ipv6Addr = "ff02::1234".parse().unwrap();
    /// let socket = UdpSocket::bind("[::]:0").await?;
    /// if socket.join_multicast_v6(&group, 0).is_ok() {
    ///     socket.leave_multicast_v6(&group, 0)?;
    /// }
    /// assert!(socket.leave_multicast_v6(&group, 0).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn leave_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.get_ref().leave_multicast_v6(multiaddr, interface)
    }
}
