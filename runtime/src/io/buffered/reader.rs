//! `BufReader`.

use crate::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, DEFAULT_CAPACITY, ReadBuf};
use pin_project_lite::pin_project;
use std::fmt;
use std::io::{self, IoSlice, SeekFrom};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// Buffers what is read from a source, so that small reads cost no system call each.
    ///
    /// Reads into a buffer that is at least as large go past it. What is buffered is lost when the reader
    /// is dropped or [taken apart](Self::into_inner); writes go straight to the stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, BufReader};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut reader = BufReader::new(&b"one\ntwo\n"[..]);
    /// let mut line = String::new();
    /// reader.read_line(&mut line).await?;
    /// assert_eq!(line, "one\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub struct BufReader<R> {
        #[pin]
        pub(super) inner: R,
        pub(super) buf: Box<[u8]>,
        // `buf[start..end]` has been read from the stream and not been taken.
        pub(super) start: usize,
        pub(super) end: usize,
        pub(super) seek: Seek,
    }
}

/// How far a seek is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seek {
    Idle,
    Requested(SeekFrom),
    /// The stream seeks back over what was buffered, and then by this offset: the sum would overflow.
    SteppingBack(i64),
    Waiting,
}

impl<R: AsyncRead> BufReader<R> {
    /// A reader with a buffer of 8 KiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, BufReader};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// // Ten reads of a byte each are one read of the stream.
    /// let mut reader = BufReader::new(&b"0123456789"[..]);
    /// for digit in b'0'..=b'9' {
    ///     assert_eq!(reader.read_u8().await?, digit);
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn new(inner: R) -> Self {
        Self::with_capacity(DEFAULT_CAPACITY, inner)
    }

    /// A reader with a buffer of this size.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0: nothing could ever be read.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, BufReader};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut reader = BufReader::with_capacity(4, &b"some bytes"[..]);
    /// assert_eq!(reader.fill_buf().await?, b"some");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn with_capacity(capacity: usize, inner: R) -> Self {
        assert!(capacity > 0, "capacity must be greater than zero");
        Self {
            inner,
            buf: vec![0; capacity].into_boxed_slice(),
            start: 0,
            end: 0,
            seek: Seek::Idle,
        }
    }

    /// The stream. It may be further than what was read from here.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, BufReader};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut reader = BufReader::new(&b"some bytes"[..]);
    /// reader.read_u8().await?;
    /// // One byte was wanted, and all were fetched.
    /// assert!(reader.get_ref().is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The stream, mutably. What is read from it here comes before its time.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, mut far) = leno::io::duplex(64);
    /// far.write_all(b"question\n").await?;
    /// let mut reader = BufReader::new(near);
    /// let mut line = String::new();
    /// reader.read_line(&mut line).await?;
    ///
    /// // Writing through it is harmless: nothing of that is buffered here.
    /// reader.get_mut().write_all(b"answer\n").await?;
    /// BufReader::new(far).read_line(&mut line).await?;
    /// assert_eq!(line, "question\nanswer\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The stream, pinned. What is read from it here comes before its time.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().inner
    }

    /// Gives the stream back. What is still in the buffer is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, BufReader};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut reader = BufReader::new(&b"headbody"[..]);
    /// let mut head = [0; 4];
    /// reader.read_exact(&mut head).await?;
    ///
    /// // What is buffered would be lost, so it goes in front of the stream.
    /// let buffered = reader.buffer().to_vec();
    /// let mut rest = (&buffered[..]).chain(reader.into_inner());
    /// let mut body = String::new();
    /// rest.read_to_string(&mut body).await?;
    /// assert_eq!(body, "body");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// What is in the buffer, without reading more.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, BufReader};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut reader = BufReader::new(&b"some bytes"[..]);
    /// assert!(reader.buffer().is_empty());
    /// reader.read_u8().await?;
    /// assert_eq!(reader.buffer(), b"ome bytes");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn buffer(&self) -> &[u8] {
        &self.buf[self.start..self.end]
    }
}

impl<R: AsyncRead> AsyncRead for BufReader<R> {
    #[track_caller]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.start == self.end && buf.remaining() >= self.buf.len() {
            return self.project().inner.poll_read(cx, buf);
        }
        let bytes = ready!(self.as_mut().poll_fill_buf(cx))?;
        let count = bytes.len().min(buf.remaining());
        buf.put_slice(&bytes[..count]);
        self.consume(count);
        Poll::Ready(Ok(()))
    }
}

impl<R: AsyncRead> AsyncBufRead for BufReader<R> {
    #[track_caller]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.project();
        if this.start == this.end {
            let mut buf = ReadBuf::new(this.buf);
            ready!(this.inner.poll_read(cx, &mut buf))?;
            *this.start = 0;
            *this.end = buf.filled().len();
        }
        Poll::Ready(Ok(&this.buf[*this.start..*this.end]))
    }

    /// Takes no more than is in the buffer.
    fn consume(self: Pin<&mut Self>, amt: usize) {
        let this = self.project();
        *this.start += amt.min(*this.end - *this.start);
    }
}

/// Seeking drops what is buffered, and seeks the stream as if it had not been read.
impl<R: AsyncRead + AsyncSeek> AsyncSeek for BufReader<R> {
    /// Only remembers the position: all the work is done by `poll_complete`, which can wait.
    #[track_caller]
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        *self.project().seek = Seek::Requested(position);
        Ok(())
    }

    #[track_caller]
    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let mut this = self.project();
        loop {
            // An error ends the seek, so it is idle unless a step says otherwise.
            let seek = mem::replace(this.seek, Seek::Idle);
            *this.seek = match seek {
                Seek::Idle => return this.inner.poll_complete(cx),
                Seek::Requested(SeekFrom::Current(offset)) => {
                    let ahead = (*this.end - *this.start) as i64;
                    let (step, next) = match offset.checked_sub(ahead) {
                        Some(offset) => (offset, Seek::Waiting),
                        None => (-ahead, Seek::SteppingBack(offset)),
                    };
                    this.inner.as_mut().start_seek(SeekFrom::Current(step))?;
                    next
                }
                Seek::Requested(position) => {
                    this.inner.as_mut().start_seek(position)?;
                    Seek::Waiting
                }
                Seek::SteppingBack(_) | Seek::Waiting => {
                    let Poll::Ready(result) = this.inner.as_mut().poll_complete(cx) else {
                        *this.seek = seek;
                        return Poll::Pending;
                    };
                    let position = result?;
                    *this.start = 0;
                    *this.end = 0;
                    let Seek::SteppingBack(offset) = seek else {
                        return Poll::Ready(Ok(position));
                    };
                    this.inner.as_mut().start_seek(SeekFrom::Current(offset))?;
                    Seek::Waiting
                }
            };
        }
    }
}

impl<R: AsyncRead + AsyncWrite> AsyncWrite for BufReader<R> {
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

impl<R: fmt::Debug> fmt::Debug for BufReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufReader")
            .field("reader", &self.inner)
            .field(
                "buffer",
                &format_args!("{}/{}", self.end - self.start, self.buf.len()),
            )
            .finish()
    }
}
