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
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::{TcpListener, TcpStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_quickack(false)?;
    /// assert!(!stream.quickack()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn quickack(&self) -> io::Result<bool> {
        self.io().get_ref().raw().tcp_quickack()
    }

    /// Sets the `TCP_QUICKACK` option: acknowledge what is received at once. The system may return to its own judgement
    /// later.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// As the system forgets it, set it again before each read whose acknowledgement must not be late:
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, AsyncWriteExt};
    /// use leno::net::{TcpListener, TcpStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let mut stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// # peer.write_all(&[7, 8]).await?;
    /// for expected in [7, 8] {
    ///     stream.set_quickack(true)?;
    ///     assert_eq!(stream.read_u8().await?, expected);
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        self.io().get_ref().raw().set_tcp_quickack(quickack)
    }
}

/// `$socket` makes the `socket` of the examples.
macro_rules! device_methods {
    ($(#[$socket:meta])+) => { $crate::net::even_docs::even_docs! {
        /// The network interface the socket is bound to, the `SO_BINDTODEVICE` option.
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
        /// assert_eq!(socket.device()?, None);
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
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
        ///
        /// # Examples
        ///
        /// A service that is for this machine alone, whatever its address:
        ///
        /// ```
        /// use std::io::ErrorKind;
        ///
        /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        $(#[$socket])+
        /// match socket.bind_device(Some(b"lo")) {
        ///     Ok(()) => assert_eq!(socket.device()?.as_deref(), Some(&b"lo"[..])),
        ///     Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied),
        /// }
        /// # Ok::<(), std::io::Error>(())
        /// # }).unwrap();
        /// ```
        #[inline]
        pub fn bind_device(&self, interface: Option<&[u8]>) -> io::Result<()> {
            self.raw().bind_device(interface)
        }
    } };
}

impl TcpSocket {
    device_methods! {
        /// let socket = leno::net::TcpSocket::new_v4()?;
    }
}

impl UdpSocket {
    device_methods! {
        /// let socket = leno::net::UdpSocket::bind("127.0.0.1:0").await?;
    }
}
