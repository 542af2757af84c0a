//! `BufStream`.

use super::{BufReader, BufWriter};
use crate::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
use pin_project_lite::pin_project;
use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project! {
    /// Buffers both directions of a stream: a [`BufReader`] around a [`BufWriter`].
    ///
    /// What has not been [flushed](crate::io::AsyncWriteExt::flush) when it is dropped is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, far) = leno::io::duplex(64);
    /// let (mut client, mut server) = (BufStream::new(near), BufStream::new(far));
    /// client.write_all(b"hello\n").await?;
    /// client.flush().await?;
    ///
    /// let mut line = String::new();
    /// server.read_line(&mut line).await?;
    /// assert_eq!(line, "hello\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[derive(Debug)]
    pub struct BufStream<RW> {
        #[pin]
        inner: BufReader<BufWriter<RW>>,
    }
}

impl<RW: AsyncRead + AsyncWrite> BufStream<RW> {
    /// A stream with two buffers of 8 KiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use leno::io::AsyncReadExt;
    /// let (near, mut far) = leno::io::duplex(64);
    /// far.write_all(b"GET key\n").await?;
    /// let mut connection = BufStream::new(near);
    ///
    /// let mut request = String::new();
    /// connection.read_line(&mut request).await?;
    /// for part in ["key ", "is ", "value\n"] {
    ///     connection.write_all(part.as_bytes()).await?;
    /// }
    /// // The answer leaves in one write.
    /// connection.flush().await?;
    /// let mut answer = [0; 13];
    /// far.read_exact(&mut answer).await?;
    /// assert_eq!(&answer, b"key is value\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn new(stream: RW) -> BufStream<RW> {
        BufStream {
            inner: BufReader::new(BufWriter::new(stream)),
        }
    }

    /// A stream with buffers of these sizes.
    ///
    /// # Panics
    ///
    /// If `reader_capacity` is 0: nothing could ever be read.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, mut far) = leno::io::duplex(64);
    /// far.write_all(b"some bytes").await?;
    /// // Small requests come in, large answers go out.
    /// let mut connection = BufStream::with_capacity(4, 64 * 1024, near);
    /// assert_eq!(connection.fill_buf().await?, b"some");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn with_capacity(
        reader_capacity: usize,
        writer_capacity: usize,
        stream: RW,
    ) -> BufStream<RW> {
        let writer = BufWriter::with_capacity(writer_capacity, stream);
        BufStream {
            inner: BufReader::with_capacity(reader_capacity, writer),
        }
    }

    /// The stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncWriteExt, BufStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut stream = BufStream::new(leno::io::join(leno::io::empty(), Vec::new()));
    /// stream.write_all(b"text").await?;
    /// assert!(stream.get_ref().writer().is_empty());
    /// stream.flush().await?;
    /// assert_eq!(stream.get_ref().writer(), b"text");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn get_ref(&self) -> &RW {
        self.inner.get_ref().get_ref()
    }

    /// The stream, mutably. What is read or written here goes past the buffers.
    pub fn get_mut(&mut self) -> &mut RW {
        self.inner.get_mut().get_mut()
    }

    /// The stream, pinned. What is read or written here goes past the buffers.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut RW> {
        self.project().inner.get_pin_mut().get_pin_mut()
    }

    /// Gives the stream back. What is still in the buffers is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncWriteExt, BufStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut stream = BufStream::new(leno::io::join(leno::io::empty(), Vec::new()));
    /// stream.write_all(b"flushed").await?;
    /// stream.flush().await?;
    /// let (_, written) = stream.into_inner().into_inner();
    /// assert_eq!(written, b"flushed");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn into_inner(self) -> RW {
        self.inner.into_inner().into_inner()
    }
}

impl<RW> From<BufReader<BufWriter<RW>>> for BufStream<RW> {
    fn from(inner: BufReader<BufWriter<RW>>) -> Self {
        BufStream { inner }
    }
}

/// Turns the buffers inside out; what is in them stays.
///
/// # Examples
///
/// ```
/// use leno::io::{AsyncBufReadExt, BufReader, BufStream, BufWriter};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # use leno::io::AsyncWrite;
/// let (stream, _peer) = leno::io::duplex(64);
/// let buffered = BufWriter::new(BufReader::new(stream));
/// let stream: BufStream<_> = buffered.into();
/// assert!(stream.get_ref().is_write_vectored());
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
impl<RW> From<BufWriter<BufReader<RW>>> for BufStream<RW> {
    fn from(writer: BufWriter<BufReader<RW>>) -> Self {
        let reader = writer.inner;
        BufStream {
            inner: BufReader {
                inner: BufWriter {
                    inner: reader.inner,
                    buf: writer.buf,
                    written: writer.written,
                    seek: writer.seek,
                },
                buf: reader.buf,
                start: reader.start,
                end: reader.end,
                seek: reader.seek,
            },
        }
    }
}

impl<RW: AsyncRead + AsyncWrite> AsyncWrite for BufStream<RW> {
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write(cx, buf)
    }

    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_flush(cx)
    }

    #[track_caller]
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_shutdown(cx)
    }

    #[track_caller]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

impl<RW: AsyncRead + AsyncWrite> AsyncRead for BufStream<RW> {
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.project().inner.poll_read(cx, buf)
    }
}

impl<RW: AsyncRead + AsyncWrite + AsyncSeek> AsyncSeek for BufStream<RW> {
    #[track_caller]
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.project().inner.start_seek(position)
    }

    #[track_caller]
    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.project().inner.poll_complete(cx)
    }
}

impl<RW: AsyncRead + AsyncWrite> AsyncBufRead for BufStream<RW> {
    #[track_caller]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.project().inner.poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.project().inner.consume(amt);
    }
}
