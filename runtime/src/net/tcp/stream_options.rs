//! The options of a connection.

use crate::net::TcpStream;
use crate::net::socket::Socket;
use std::io;
use std::time::Duration;

impl TcpStream {
    /// True if small packets are not delayed to be sent together, the `TCP_NODELAY` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// Off by default, as Nagle's algorithm saves packets:
    ///
    /// ```
    /// use leno::net::{TcpListener, TcpStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert!(!stream.nodelay()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn nodelay(&self) -> io::Result<bool> {
        self.io().get_ref().nodelay()
    }

    /// Sets the `TCP_NODELAY` option: send small packets at once.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// For a protocol of small messages, each of which is awaited. Write a message in one piece then, or by a
    /// [`BufWriter`](crate::io::BufWriter): every write may become a packet.
    ///
    /// ```
    /// use leno::net::{TcpListener, TcpStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_nodelay(true)?;
    /// assert!(stream.nodelay()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.io().get_ref().set_nodelay(nodelay)
    }

    /// How long closing the socket waits for what has been written, the `SO_LINGER` option.
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
    /// assert_eq!(stream.linger()?, None);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.io().get_ref().raw().linger()
    }

    /// Sets the `SO_LINGER` option: how long closing the socket waits for what has been written to be sent.
    ///
    /// Dropping the stream does not wait nevertheless: a thread of the runtime does, beside those that
    /// [`max_blocking_threads`](crate::runtime::Builder::max_blocking_threads) allows; and the end of the runtime waits for
    /// that. There are at most 16 such threads. Where there is none (outside of a runtime and at its end too) the stream is
    /// closed without lingering: the system goes on sending what has been written, and nobody learns whether it arrives.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// Mostly [`shutdown`](crate::io::AsyncWriteExt::shutdown) is what is wanted: it awaits nothing either, and the peer's answer
    /// or end of the stream says that everything has arrived. With the option:
    ///
    /// ```
    /// use leno::net::{TcpListener, TcpStream};
    /// use std::time::Duration;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # #[expect(deprecated)]
    /// stream.set_linger(Some(Duration::from_secs(1)))?;
    /// assert_eq!(stream.linger()?, Some(Duration::from_secs(1)));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[deprecated = "`SO_LINGER` causes the socket to block the thread on drop"]
    #[inline]
    pub fn set_linger(&self, dur: Option<Duration>) -> io::Result<()> {
        self.io().get_ref().raw().set_linger(dur)
    }

    /// Lets the connection be reset when it is closed (`SO_LINGER` of 0): what has not been sent is lost, and the peer
    /// gets an error.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// To get rid of a peer that misbehaves, and of all that is kept for it:
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    /// use leno::net::{TcpListener, TcpStream};
    /// use std::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let mut peer = TcpStream::connect(listener.local_addr()?).await?;
    /// let (stream, _) = listener.accept().await?;
    /// stream.set_zero_linger()?;
    /// drop(stream);
    /// let error = peer.read(&mut [0]).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.io().get_ref().raw().set_linger(Some(Duration::ZERO))
    }

    /// The time to live of packets, the `IP_TTL` option.
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
    /// assert_ne!(stream.ttl()?, 0);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn ttl(&self) -> io::Result<u32> {
        self.io().get_ref().ttl()
    }

    /// Sets the time to live of packets, the `IP_TTL` option.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// Packets that no router forwards:
    ///
    /// ```
    /// use leno::net::{TcpListener, TcpStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_ttl(1)?;
    /// assert_eq!(stream.ttl()?, 1);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io().get_ref().set_ttl(ttl)
    }
}
