//! `join`.

use super::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use pin_project_lite::pin_project;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Makes one stream of a source and a destination: the opposite of [`split`](super::split()).
///
/// # Examples
///
/// ```
/// use leno::io::{AsyncReadExt, AsyncWriteExt};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut stream = leno::io::join(&b"question"[..], Vec::new());
/// stream.write_all(b"answer").await?;
/// assert_eq!(stream.read_u8().await?, b'q');
/// assert_eq!(stream.writer(), b"answer");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub fn join<R, W>(reader: R, writer: W) -> Join<R, W>
where
    R: AsyncRead,
    W: AsyncWrite,
{
    Join { reader, writer }
}

pin_project! {
    /// A source and a destination as one stream; see [`join`].
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, AsyncWriteExt, Join};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// // Two pipes as one stream, as a child process' standard streams are.
    /// let (output, mut child_output) = leno::io::simplex(64);
    /// let (mut child_input, input) = leno::io::simplex(64);
    /// let mut child: Join<_, _> = leno::io::join(output, input);
    ///
    /// child.write_u8(7).await?;
    /// let sent = child_input.read_u8().await?;
    /// child_output.write_u8(sent + 1).await?;
    /// assert_eq!(child.read_u8().await?, 8);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[derive(Debug)]
    pub struct Join<R, W> {
        #[pin]
        reader: R,
        #[pin]
        writer: W,
    }
}

impl<R, W> Join<R, W>
where
    R: AsyncRead,
    W: AsyncWrite,
{
    /// Gives both back.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncWriteExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut stream = leno::io::join(leno::io::empty(), Vec::new());
    /// stream.write_all(b"written").await?;
    /// let (_reader, written) = stream.into_inner();
    /// assert_eq!(written, b"written");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn into_inner(self) -> (R, W) {
        (self.reader, self.writer)
    }

    /// The source.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut stream = leno::io::join(&b"abc"[..], leno::io::sink());
    /// stream.read_u8().await?;
    /// assert_eq!(stream.reader(), b"bc");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn reader(&self) -> &R {
        &self.reader
    }

    /// The destination.
    pub fn writer(&self) -> &W {
        &self.writer
    }

    /// The source, mutably.
    pub fn reader_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The destination, mutably.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncWriteExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// // What a test has seen is taken out before the next step.
    /// let mut stream = leno::io::join(leno::io::empty(), Vec::new());
    /// stream.write_all(b"first").await?;
    /// assert_eq!(std::mem::take(stream.writer_mut()), b"first");
    /// stream.write_all(b"second").await?;
    /// assert_eq!(stream.writer(), b"second");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn writer_mut(&mut self) -> &mut W {
        &mut self.writer
    }

    /// The source, pinned.
    pub fn reader_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().reader
    }

    /// The destination, pinned.
    pub fn writer_pin_mut(self: Pin<&mut Self>) -> Pin<&mut W> {
        self.project().writer
    }
}

impl<R: AsyncRead, W> AsyncRead for Join<R, W> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.project().reader.poll_read(cx, buf)
    }
}

impl<R: AsyncBufRead, W> AsyncBufRead for Join<R, W> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.project().reader.poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.project().reader.consume(amt);
    }
}

impl<R, W: AsyncWrite> AsyncWrite for Join<R, W> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().writer.poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().writer.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().writer.poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().writer.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.writer.is_write_vectored()
    }
}
