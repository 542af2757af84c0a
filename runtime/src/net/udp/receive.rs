//! Receiving from anybody, and looking first.
//!
//! Errors count as readable, so one that sending has caused is reported to whoever receives.

use super::UdpSocket;
use crate::io::ReadBuf;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::net::receive::{peek, peek_from, recv, recv_from};
use bytes::BufMut;
use leno_reactor::{Direction, Interest};
use socket2::SockAddr;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

impl UdpSocket {
    pub(super) fn receive(
        &self,
        socket: &mio::net::UdpSocket,
        buf: &mut impl BufMut,
    ) -> io::Result<usize> {
        recv(socket, buf)
    }

    /// Receives a message, and returns its length and who has sent it.
    ///
    /// # Errors
    ///
    /// Those of the system, and that the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// A server that answers whoever asks, with one buffer for all:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let address = server.local_addr()?;
    /// leno::spawn(async move {
    ///     let mut buffer = [0; 1500];
    ///     loop {
    ///         let (length, peer) = server.recv_from(&mut buffer).await?;
    ///         buffer[..length].make_ascii_uppercase();
    ///         server.send_to(&buffer[..length], peer).await?;
    ///     }
    ///     # #[allow(unreachable_code)]
    ///     # Ok::<(), std::io::Error>(())
    /// });
    ///
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", address).await?;
    /// let mut buffer = [0; 1500];
    /// assert_eq!(client.recv_from(&mut buffer).await?, (5, address));
    /// assert_eq!(&buffer[..5], b"HELLO");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn recv_from(
        &self,
        buf: &mut [u8],
    ) -> impl CancelSafe<Output = io::Result<(usize, SocketAddr)>> {
        assert_cancel_safe(async move {
            let receiving = self
                .io
                .async_with(Interest::READABLE, |socket| socket.recv_from(buf));
            receiving.await
        })
    }

    /// Receives a message; see [`recv_from`](Self::recv_from). Only the latest task that polled is woken.
    ///
    /// # Errors
    ///
    /// As [`recv_from`](Self::recv_from).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    /// use leno::net::UdpSocket;
    /// use std::future::poll_fn;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// far.send_to(b"hello", near.local_addr()?).await?;
    ///
    /// let mut memory = [0; 1500];
    /// let mut buffer = ReadBuf::new(&mut memory);
    /// let peer = poll_fn(|cx| near.poll_recv_from(cx, &mut buffer)).await?;
    /// assert_eq!((buffer.filled(), peer), (&b"hello"[..], far.local_addr()?));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.io
            .poll_with(cx, Direction::Read, |socket| {
                recv_from(socket, buf).and_then(with_sender)
            })
            .map_ok(|(_, sender)| sender)
    }

    /// Receives a message without waiting; see [`recv_from`](Self::recv_from).
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is none, and those of the system.
    ///
    /// # Examples
    ///
    /// After the first message, the others that are there already:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// for number in 0..3 {
    ///     far.send_to(&[number], near.local_addr()?).await?;
    /// }
    ///
    /// let mut buffer = [0; 1500];
    /// let mut numbers = Vec::new();
    /// while numbers.len() < 3 {
    ///     near.readable().await?;
    ///     while let Ok((1, _peer)) = near.try_recv_from(&mut buffer) {
    ///         numbers.push(buffer[0]);
    ///     }
    /// }
    /// assert_eq!(numbers, [0, 1, 2]);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io
            .try_with(Interest::READABLE, |socket| socket.recv_from(buf))
    }

    /// As [`try_recv_from`](Self::try_recv_from), appending to `buf`, whose free memory need not be initialised.
    ///
    /// # Errors
    ///
    /// As [`try_recv_from`](Self::try_recv_from).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// let mut buffer = Vec::with_capacity(1500);
    /// let error = near.try_recv_buf_from(&mut buffer).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    ///
    /// far.send_to(b"hello", near.local_addr()?).await?;
    /// near.readable().await?;
    /// assert_eq!(near.try_recv_buf_from(&mut buffer)?, (5, far.local_addr()?));
    /// assert_eq!(buffer, b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn try_recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        self.io.try_with(Interest::READABLE, |socket| {
            recv_from(socket, buf).and_then(with_sender)
        })
    }

    /// As [`recv_from`](Self::recv_from), appending to `buf`, whose free memory need not be initialised.
    ///
    /// # Errors
    ///
    /// As [`recv_from`](Self::recv_from).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// The message's bytes go over to who handles it, without a copy and without zeroing memory first:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// far.send_to(b"hello", near.local_addr()?).await?;
    ///
    /// let mut message = Vec::with_capacity(1500);
    /// let (_length, peer) = near.recv_buf_from(&mut message).await?;
    /// let handler = leno::spawn(async move { (message, peer) });
    /// assert_eq!(handler.await?, (b"hello".to_vec(), far.local_addr()?));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn recv_buf_from<B: BufMut>(
        &self,
        buf: &mut B,
    ) -> impl CancelSafe<Output = io::Result<(usize, SocketAddr)>> {
        assert_cancel_safe(async move {
            let receiving = self.io.async_with(Interest::READABLE, |socket| {
                recv_from(socket, buf).and_then(with_sender)
            });
            receiving.await
        })
    }
}

/// Looking at a message, which the next call will see again.
impl UdpSocket {
    /// As [`recv`](Self::recv), but the message stays where it is.
    ///
    /// # Errors
    ///
    /// Those of the system, and that the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// A buffer for the header alone shows what kind of message it is; the rest of it is not lost as it would be with
    /// [`recv`](Self::recv):
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// far.send_to(b"\x02hello", near.local_addr()?).await?;
    ///
    /// # #[cfg(unix)] {
    /// let mut kind = [0];
    /// near.peek(&mut kind).await?;
    /// assert_eq!(kind, [2]);
    /// # }
    /// let mut message = [0; 64];
    /// assert_eq!(near.recv(&mut message).await?, 6);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn peek(&self, buf: &mut [u8]) -> impl CancelSafe<Output = io::Result<usize>> {
        assert_cancel_safe(async move {
            let peeking = self
                .io
                .async_with(Interest::READABLE, |socket| socket.peek(buf));
            peeking.await
        })
    }

    /// As [`poll_recv`](Self::poll_recv), but the message stays where it is.
    ///
    /// # Errors
    ///
    /// As [`peek`](Self::peek).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    /// use leno::net::UdpSocket;
    /// use std::future::poll_fn;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// far.send_to(b"hello", near.local_addr()?).await?;
    ///
    /// let mut memory = [0; 64];
    /// let mut buffer = ReadBuf::new(&mut memory);
    /// poll_fn(|cx| near.poll_peek(cx, &mut buffer)).await?;
    /// assert_eq!(buffer.filled(), b"hello");
    /// assert_eq!(near.recv(&mut [0; 64]).await?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.io
            .poll_with(cx, Direction::Read, |socket| peek(socket, buf))
            .map_ok(drop)
    }

    /// As [`try_recv`](Self::try_recv), but the message stays where it is.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is none, and those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// assert!(near.try_peek(&mut [0; 64]).is_err());
    ///
    /// far.send_to(b"hello", near.local_addr()?).await?;
    /// near.readable().await?;
    /// assert_eq!(near.try_peek(&mut [0; 64])?, 5);
    /// assert_eq!(near.try_recv(&mut [0; 64])?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn try_peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io
            .try_with(Interest::READABLE, |socket| socket.peek(buf))
    }

    /// As [`recv_from`](Self::recv_from), but the message stays where it is.
    ///
    /// # Errors
    ///
    /// Those of the system, and that the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// Messages of one peer go one way, the others another:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let any = "127.0.0.1:0";
    /// let socket = UdpSocket::bind(any).await?;
    /// let friend = UdpSocket::bind(any).await?;
    /// friend.send_to(b"hello", socket.local_addr()?).await?;
    ///
    /// let mut buffer = [0; 64];
    /// let (length, peer) = socket.peek_from(&mut buffer).await?;
    /// assert_eq!((length, peer), (5, friend.local_addr()?));
    /// assert_eq!(socket.recv_from(&mut buffer).await?, (length, peer));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn peek_from(
        &self,
        buf: &mut [u8],
    ) -> impl CancelSafe<Output = io::Result<(usize, SocketAddr)>> {
        assert_cancel_safe(async move {
            let peeking = self
                .io
                .async_with(Interest::READABLE, |socket| socket.peek_from(buf));
            peeking.await
        })
    }

    /// As [`poll_recv_from`](Self::poll_recv_from), but the message stays where it is.
    ///
    /// # Errors
    ///
    /// As [`peek_from`](Self::peek_from).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    /// use leno::net::UdpSocket;
    /// use std::future::poll_fn;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// far.send_to(b"hello", near.local_addr()?).await?;
    ///
    /// let mut memory = [0; 64];
    /// let mut buffer = ReadBuf::new(&mut memory);
    /// assert_eq!(poll_fn(|cx| near.poll_peek_from(cx, &mut buffer)).await?, far.local_addr()?);
    /// assert_eq!(buffer.filled(), b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.io
            .poll_with(cx, Direction::Read, |socket| {
                peek_from(socket, buf).and_then(with_sender)
            })
            .map_ok(|(_, sender)| sender)
    }

    /// As [`try_recv_from`](Self::try_recv_from), but the message stays where it is.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is none, and those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// far.send_to(b"hello", near.local_addr()?).await?;
    ///
    /// near.readable().await?;
    /// let seen = near.try_peek_from(&mut [0; 64])?;
    /// assert_eq!(seen, near.try_recv_from(&mut [0; 64])?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn try_peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io
            .try_with(Interest::READABLE, |socket| socket.peek_from(buf))
    }

    /// Waits for a message, and returns who has sent it.
    ///
    /// If several tasks receive on the socket, the message may be gone by the time you want it.
    ///
    /// # Errors
    ///
    /// Those of the system, and that the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// Memory is chosen by who asks: an acquaintance may send more than a stranger.
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// far.send_to(b"hello", near.local_addr()?).await?;
    ///
    /// let is_known = near.peek_sender().await? == far.local_addr()?;
    /// let mut buffer = vec![0; if is_known { 65_536 } else { 512 }];
    /// assert_eq!(near.recv(&mut buffer).await?, 5);
    /// assert_eq!(buffer.len(), 65_536);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn peek_sender(&self) -> impl CancelSafe<Output = io::Result<SocketAddr>> {
        assert_cancel_safe(async move {
            let peeking = self
                .io
                .async_with(Interest::READABLE, |_| self.sender_of_next());
            peeking.await
        })
    }

    /// Waits for a message; see [`peek_sender`](Self::peek_sender). Only the latest task that polled is woken.
    ///
    /// # Errors
    ///
    /// As [`peek_sender`](Self::peek_sender).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UdpSocket;
    /// use std::future::poll_fn;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// far.send_to(b"hello", near.local_addr()?).await?;
    /// assert_eq!(poll_fn(|cx| near.poll_peek_sender(cx)).await?, far.local_addr()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn poll_peek_sender(&self, cx: &mut Context<'_>) -> Poll<io::Result<SocketAddr>> {
        self.io
            .poll_with(cx, Direction::Read, |_| self.sender_of_next())
    }

    /// Returns who has sent the next message, without waiting; see [`peek_sender`](Self::peek_sender).
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is none, and those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// assert_eq!(near.try_peek_sender().unwrap_err().kind(), ErrorKind::WouldBlock);
    ///
    /// far.send_to(b"hello", near.local_addr()?).await?;
    /// near.readable().await?;
    /// assert_eq!(near.try_peek_sender()?, far.local_addr()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn try_peek_sender(&self) -> io::Result<SocketAddr> {
        self.io
            .try_with(Interest::READABLE, |_| self.sender_of_next())
    }

    #[inline]
    fn sender_of_next(&self) -> io::Result<SocketAddr> {
        use crate::net::socket::Socket;
        let sender = self.io.get_ref().attempt(|| self.raw().peek_sender())?;
        with_sender(((), sender)).map(|((), sender)| sender)
    }
}

/// The sender's address as std has it.
fn with_sender<T>((rest, sender): (T, SockAddr)) -> io::Result<(T, SocketAddr)> {
    match sender.as_socket() {
        Some(sender) => Ok((rest, sender)),
        None => Err(io::Error::other(
            "the sender of a UDP message has an address neither of IPv4 nor of IPv6",
        )),
    }
}
