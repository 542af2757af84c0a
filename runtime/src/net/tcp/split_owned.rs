//! Halves that own their stream together: for two tasks, one for each direction.

use super::source::Stream;
use crate::io::ReadBuf;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::net::TcpStream;
use crate::net::halves::owned_halves;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

owned_halves! {
    TcpStream, SocketAddr, Stream,
    /// # let listener = leno::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # #[allow(unused_mut)]
    /// # let mut stream = leno::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # #[allow(unused_mut)]
    /// # let (mut far, _) = listener.accept().await?;
    /// // `stream` and `far` are the ends of a connection.
    pair,
    /// assert_eq!(near.peer_addr()?, far.local_addr()?);
    /// assert_eq!(near.local_addr()?, far.peer_addr()?);
    addresses
}

impl OwnedReadHalf {
    /// Reads without taking; see [`TcpStream::poll_peek`].
    ///
    /// # Errors
    ///
    /// Those of the system, and that the runtime has shut down.
    pub fn poll_peek(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        self.io().poll_peek(cx, buf)
    }

    /// Reads without taking; see [`TcpStream::peek`].
    ///
    /// # Errors
    ///
    /// Those of the system, and that the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub fn peek(&mut self, buf: &mut [u8]) -> impl CancelSafe<Output = io::Result<usize>> {
        assert_cancel_safe(async move { self.io().peek(buf).await })
    }
}
