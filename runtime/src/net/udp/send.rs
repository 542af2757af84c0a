//! Sending to an address.

use super::UdpSocket;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::net::addr::{ToSocketAddrs, need_of, no_address, resolve};
use crate::runtime::required::required;
use leno_reactor::{Direction, Interest};
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

impl UdpSocket {
    /// Sends a message to the first address of `target`, and returns its length.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if there is no address, those of the system, and that the runtime
    /// has shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the message is not sent.
    ///
    /// # Examples
    ///
    /// One socket, several peers:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let any = "127.0.0.1:0";
    /// let socket = UdpSocket::bind(any).await?;
    /// let peers = [UdpSocket::bind(any).await?, UdpSocket::bind(any).await?];
    /// for peer in &peers {
    ///     assert_eq!(socket.send_to(b"hello", peer.local_addr()?).await?, 5);
    /// }
    /// for peer in &peers {
    ///     assert_eq!(peer.recv_from(&mut [0; 16]).await?, (5, socket.local_addr()?));
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// A message is never divided. What does not fit into one is refused:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let result = socket.send_to(&[0; 100_000], socket.local_addr()?).await;
    /// assert!(result.is_err());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn send_to<A: ToSocketAddrs>(
        &self,
        buf: &[u8],
        target: A,
    ) -> impl CancelSafe<Output = io::Result<usize>> {
        assert_cancel_safe(required(need_of(&target), self.send_to_first(buf, target)))
    }

    async fn send_to_first<A: ToSocketAddrs>(&self, buf: &[u8], target: A) -> io::Result<usize> {
        let target = resolve(target).await?.next().ok_or_else(no_address)?;
        let sending = self.io.async_with(Interest::WRITABLE, |socket| {
            self.io.sent(socket.send_to(buf, target))
        });
        sending.await
    }

    /// Sends a message to `target`; see [`send_to`](Self::send_to). Only the latest task that polled is woken.
    ///
    /// # Errors
    ///
    /// As [`send_to`](Self::send_to).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UdpSocket;
    /// use std::future::poll_fn;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// let target = far.local_addr()?;
    /// assert_eq!(poll_fn(|cx| near.poll_send_to(cx, b"hello", target)).await?, 5);
    /// assert_eq!(far.recv(&mut [0; 16]).await?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.io.poll_with(cx, Direction::Write, |socket| {
            self.io.sent(socket.send_to(buf, target))
        })
    }

    /// Sends a message to `target` without waiting; see [`send_to`](Self::send_to).
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is no room, and those of the system.
    ///
    /// # Examples
    ///
    /// From code that is not asynchronous, as a destructor or a signal of a counter:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// fn report(socket: &UdpSocket, to: std::net::SocketAddr) {
    ///     // Better lost than late.
    ///     let _ = socket.try_send_to(b"requests:1|c", to);
    /// }
    ///
    /// let (near, far) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// report(&near, far.local_addr()?);
    /// assert_eq!(far.recv(&mut [0; 64]).await?, 12);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        self.io.try_with(Interest::WRITABLE, |socket| {
            self.io.sent(socket.send_to(buf, target))
        })
    }
}
