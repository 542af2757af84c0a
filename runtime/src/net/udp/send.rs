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
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        self.io.try_with(Interest::WRITABLE, |socket| {
            self.io.sent(socket.send_to(buf, target))
        })
    }
}
