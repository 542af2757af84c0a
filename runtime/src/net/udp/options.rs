//! Options: broadcast, multicast, and the packets' headers.

use super::UdpSocket;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Options, all of which have the system's errors.
macro_rules! options {
    ($(
        $(#[$get_doc:meta])* $get:ident -> $Get:ty;
        $(#[$set_doc:meta])* $set:ident($argument:ident: $Set:ty);
    )*) => {
        impl UdpSocket {
            $(
                $(#[$get_doc])*
                ///
                /// # Errors
                ///
                /// Those of the system.
                pub fn $get(&self) -> io::Result<$Get> {
                    self.io.get_ref().$get()
                }

                $(#[$set_doc])*
                ///
                /// # Errors
                ///
                /// Those of the system.
                pub fn $set(&self, $argument: $Set) -> io::Result<()> {
                    self.io.get_ref().$set($argument)
                }
            )*
        }
    };
}

options! {
    /// True if the socket may send to broadcast addresses, the `SO_BROADCAST` option.
    broadcast -> bool;
    /// Sets the `SO_BROADCAST` option: allow sending to broadcast addresses.
    set_broadcast(on: bool);

    /// True if this host receives its own multicasts of IPv4, the `IP_MULTICAST_LOOP` option.
    multicast_loop_v4 -> bool;
    /// Sets the `IP_MULTICAST_LOOP` option: let this host receive its own multicasts of IPv4. It may have no effect on
    /// sockets of IPv6.
    set_multicast_loop_v4(on: bool);

    /// The time to live of multicasts of IPv4, the `IP_MULTICAST_TTL` option.
    multicast_ttl_v4 -> u32;
    /// Sets the time to live of multicasts of IPv4, the `IP_MULTICAST_TTL` option; 1, which it is if never set, keeps
    /// them in the local network. It may have no effect on sockets of IPv6.
    set_multicast_ttl_v4(ttl: u32);

    /// True if this host receives its own multicasts of IPv6, the `IPV6_MULTICAST_LOOP` option.
    multicast_loop_v6 -> bool;
    /// Sets the `IPV6_MULTICAST_LOOP` option: let this host receive its own multicasts of IPv6. It may have no effect
    /// on sockets of IPv4.
    set_multicast_loop_v6(on: bool);

    /// The time to live of packets, the `IP_TTL` option.
    ttl -> u32;
    /// Sets the time to live of packets, the `IP_TTL` option.
    set_ttl(ttl: u32);
}

impl UdpSocket {
    /// The type of service of IPv4 packets, the `IP_TOS` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn tos_v4(&self) -> io::Result<u32> {
        self.raw().tos_v4()
    }

    /// Sets the type of service of IPv4 packets, the `IP_TOS` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
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
    pub fn set_tos(&self, tos: u32) -> io::Result<()> {
        self.set_tos_v4(tos)
    }

    /// Joins a multicast group of IPv4, on the interface with the address `interface`; if that is unspecified, the
    /// system chooses one.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn join_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        let socket = self.io.get_ref();
        socket.join_multicast_v4(&multiaddr, &interface)
    }

    /// Joins a multicast group of IPv6, on the interface with the index `interface`; 0 is any.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn join_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.get_ref().join_multicast_v6(multiaddr, interface)
    }

    /// Leaves a multicast group; see [`join_multicast_v4`](Self::join_multicast_v4).
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn leave_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        let socket = self.io.get_ref();
        socket.leave_multicast_v4(&multiaddr, &interface)
    }

    /// Leaves a multicast group; see [`join_multicast_v6`](Self::join_multicast_v6).
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn leave_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.get_ref().leave_multicast_v6(multiaddr, interface)
    }
}
