//! The options of a socket that is neither connected nor listening.

use crate::net::TcpSocket;
use std::io;
use std::time::Duration;

/// Options: what asks for each, and what sets it.
macro_rules! options {
    ($(
        $(#[$get_doc:meta])* $get:ident -> $Get:ty = $raw_get:expr;
        $(#[$set_doc:meta])* $set:ident($argument:ident: $Set:ty) = $raw_set:expr;
    )*) => {
        impl TcpSocket {
            $(
                $(#[$get_doc])*
                pub fn $get(&self) -> io::Result<$Get> {
                    $raw_get(self.raw())
                }

                $(#[$set_doc])*
                pub fn $set(&self, $argument: $Set) -> io::Result<()> {
                    $raw_set(self.raw(), $argument)
                }
            )*
        }
    };
}

options! {
    /// True if the system makes sure that a silent connection is still there, the `SO_KEEPALIVE` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// It is off if nobody sets it:
    ///
    /// ```
    /// use leno::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// assert!(!socket.keepalive()?);
    /// # Ok(())
    /// # }
    /// ```
    keepalive -> bool = socket2::Socket::keepalive;
    /// Sets the `SO_KEEPALIVE` option: let the system make sure that a silent connection is still there.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// What is set before goes over to the connection:
    ///
    /// ```
    /// use leno::net::{TcpListener, TcpSocket};
    /// use socket2::SockRef;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_keepalive(true)?;
    /// let stream = socket.connect(listener.local_addr()?).await?;
    /// assert!(SockRef::from(&stream).keepalive()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    set_keepalive(keepalive: bool) = socket2::Socket::set_keepalive;

    /// True if the address may be bound although it is lingering, the `SO_REUSEADDR` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// It is off here, unlike in [`TcpListener::bind`](crate::net::TcpListener::bind), which sets it on unix:
    ///
    /// ```
    /// use leno::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// assert!(!socket.reuseaddr()?);
    /// # Ok(())
    /// # }
    /// ```
    reuseaddr -> bool = socket2::Socket::reuse_address;
    /// Sets the `SO_REUSEADDR` option: on unix, the address may be bound although connections of a former socket
    /// linger on it; on Windows, although it is in use.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// A server that is started anew at its former port, although that had a connection when it ended:
    ///
    /// ```
    /// use leno::net::{TcpSocket, TcpStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listen = |address| {
    ///     let socket = TcpSocket::new_v4()?;
    ///     socket.set_reuseaddr(true)?;
    ///     socket.bind(address)?;
    ///     socket.listen(1024)
    /// };
    /// let first = listen("127.0.0.1:0".parse().unwrap())?;
    /// let address = first.local_addr()?;
    /// let _client = TcpStream::connect(address).await?;
    /// drop(first.accept().await?);
    /// drop(first);
    ///
    /// let second = listen(address)?;
    /// assert_eq!(second.local_addr()?, address);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    set_reuseaddr(reuseaddr: bool) = socket2::Socket::set_reuse_address;

    /// The size of the buffer for sending, the `SO_SNDBUF` option. Linux says twice of what was set.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// assert!(socket.send_buffer_size()? > 0);
    /// # Ok(())
    /// # }
    /// ```
    send_buffer_size -> u32 = |socket: &socket2::Socket| socket.send_buffer_size().map(saturate);
    /// Sets the size of the buffer for sending, the `SO_SNDBUF` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// The system may take more than was asked for, and has limits of its own:
    ///
    /// ```
    /// use leno::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_send_buffer_size(64 * 1024)?;
    /// assert!(socket.send_buffer_size()? >= 64 * 1024);
    /// # Ok(())
    /// # }
    /// ```
    set_send_buffer_size(size: u32) = |socket: &socket2::Socket, size| {
        socket.set_send_buffer_size(size as usize)
    };

    /// The size of the buffer for receiving, the `SO_RCVBUF` option. Linux says twice of what was set.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// assert!(socket.recv_buffer_size()? > 0);
    /// # Ok(())
    /// # }
    /// ```
    recv_buffer_size -> u32 = |socket: &socket2::Socket| socket.recv_buffer_size().map(saturate);
    /// Sets the size of the buffer for receiving, the `SO_RCVBUF` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// Before it connects or listens, as the window that TCP offers its peer is agreed on then:
    ///
    /// ```
    /// use leno::net::TcpSocket;
    /// use socket2::SockRef;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_recv_buffer_size(32 * 1024)?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// let listener = socket.listen(16)?;
    /// assert!(SockRef::from(&listener).recv_buffer_size()? >= 32 * 1024);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    set_recv_buffer_size(size: u32) = |socket: &socket2::Socket, size| {
        socket.set_recv_buffer_size(size as usize)
    };

    /// How long closing the socket waits for what has been written, the `SO_LINGER` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// By default nothing lingers: what was written is sent in the background.
    ///
    /// ```
    /// use leno::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// assert_eq!(socket.linger()?, None);
    /// # Ok(())
    /// # }
    /// ```
    linger -> Option<Duration> = socket2::Socket::linger;
    /// Sets the `SO_LINGER` option: how long closing the socket waits for what has been written to be sent.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// A stream says what it costs: [`TcpStream::set_linger`](crate::net::TcpStream::set_linger).
    ///
    /// ```
    /// use leno::net::TcpSocket;
    /// use std::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// # #[expect(deprecated)]
    /// socket.set_linger(Some(Duration::from_secs(5)))?;
    /// assert_eq!(socket.linger()?, Some(Duration::from_secs(5)));
    /// # Ok(())
    /// # }
    /// ```
    #[deprecated = "`SO_LINGER` causes the socket to block the thread on drop"]
    set_linger(dur: Option<Duration>) = socket2::Socket::set_linger;

    /// True if small packets are not delayed to be sent together, the `TCP_NODELAY` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// assert!(!socket.nodelay()?);
    /// # Ok(())
    /// # }
    /// ```
    nodelay -> bool = socket2::Socket::tcp_nodelay;
    /// Sets the `TCP_NODELAY` option: send small packets at once.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// For a client whose requests are small:
    ///
    /// ```
    /// use leno::net::{TcpListener, TcpSocket};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_nodelay(true)?;
    /// let stream = socket.connect(listener.local_addr()?).await?;
    /// assert!(stream.nodelay()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    set_nodelay(nodelay: bool) = socket2::Socket::set_tcp_nodelay;

    /// The type of service of IPv4 packets, the `IP_TOS` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// assert_eq!(socket.tos_v4()?, 0);
    /// # Ok(())
    /// # }
    /// ```
    tos_v4 -> u32 = socket2::Socket::tos_v4;
    /// Sets the type of service of IPv4 packets, the `IP_TOS` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// The upper six bits are the class of service (DSCP); here *expedited forwarding*:
    ///
    /// ```
    /// use leno::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_tos_v4(46 << 2)?;
    /// assert_eq!(socket.tos_v4()?, 184);
    /// # Ok(())
    /// # }
    /// ```
    set_tos_v4(tos: u32) = socket2::Socket::set_tos_v4;

    /// As [`tos_v4`](Self::tos_v4).
    ///
    /// # Errors
    ///
    /// Those of the system.
    #[deprecated = "`tos` related methods have been renamed `tos_v4` since they are IPv4-specific."]
    #[doc(hidden)]
    tos -> u32 = socket2::Socket::tos_v4;
    /// As [`set_tos_v4`](Self::set_tos_v4).
    ///
    /// # Errors
    ///
    /// Those of the system.
    #[deprecated = "`tos` related methods have been renamed `tos_v4` since they are IPv4-specific."]
    #[doc(hidden)]
    set_tos(tos: u32) = socket2::Socket::set_tos_v4;
}

impl TcpSocket {
    /// Lets the connection be reset when it is closed (`SO_LINGER` of 0): what has not been sent is lost, and the peer
    /// gets an error.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::{TcpListener, TcpSocket};
    /// use std::time::Duration;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_zero_linger()?;
    /// let stream = socket.connect(listener.local_addr()?).await?;
    /// assert_eq!(stream.linger()?, Some(Duration::ZERO));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.raw().set_linger(Some(Duration::ZERO))
    }
}

#[inline]
fn saturate(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
