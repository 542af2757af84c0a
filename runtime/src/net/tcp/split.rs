//! Halves that borrow their stream: for one task that does both.

use super::source::Stream;
use crate::io::ReadBuf;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::net::TcpStream;
use crate::net::halves::borrowed_halves;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

borrowed_halves! {
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

impl ReadHalf<'_> {
    /// Reads without taking; see [`TcpStream::poll_peek`].
    ///
    /// # Errors
    ///
    /// Those of the system, and that the runtime has shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, AsyncWriteExt, ReadBuf};
    /// use leno::net::{TcpListener, TcpStream};
    /// use std::future::poll_fn;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let mut stream = TcpStream::connect(listener.local_addr()?).await?;
    /// listener.accept().await?.0.write_all(&[42]).await?;
    ///
    /// let (mut reader, _writer) = stream.split();
    /// let mut memory = [0; 1];
    /// let mut buffer = ReadBuf::new(&mut memory);
    /// assert_eq!(poll_fn(|cx| reader.poll_peek(cx, &mut buffer)).await?, 1);
    /// assert_eq!((buffer.filled(), reader.read_u8().await?), (&[42][..], 42));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
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
    ///
    /// # Examples
    ///
    /// Whether there is a request at all, before anything is made ready for it:
    ///
    /// ```
    /// use leno::io::AsyncWriteExt;
    /// use leno::net::{TcpListener, TcpStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let mut client = TcpStream::connect(listener.local_addr()?).await?;
    /// client.shutdown().await?;
    ///
    /// let (mut stream, _) = listener.accept().await?;
    /// let (mut reader, _writer) = stream.split();
    /// let is_over = reader.peek(&mut [0]).await? == 0;
    /// assert!(is_over);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn peek(&mut self, buf: &mut [u8]) -> impl CancelSafe<Output = io::Result<usize>> {
        assert_cancel_safe(async move { self.io().peek(buf).await })
    }
}
