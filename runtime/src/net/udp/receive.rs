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
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io
            .try_with(Interest::READABLE, |socket| socket.recv_from(buf))
    }

    /// As [`try_recv_from`](Self::try_recv_from), appending to `buf`, whose free memory need not be initialised.
    ///
    /// # Errors
    ///
    /// As [`try_recv_from`](Self::try_recv_from).
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
    pub fn poll_peek_sender(&self, cx: &mut Context<'_>) -> Poll<io::Result<SocketAddr>> {
        self.io
            .poll_with(cx, Direction::Read, |_| self.sender_of_next())
    }

    /// Returns who has sent the next message, without waiting; see [`peek_sender`](Self::peek_sender).
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is none, and those of the system.
    pub fn try_peek_sender(&self) -> io::Result<SocketAddr> {
        self.io
            .try_with(Interest::READABLE, |_| self.sender_of_next())
    }

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
