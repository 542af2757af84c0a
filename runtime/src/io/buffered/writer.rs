//! `BufWriter`.

use crate::io::{
    AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, DEFAULT_CAPACITY, ReadBuf, retry_interrupted,
    taken,
};
use pin_project_lite::pin_project;
use std::fmt;
use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// Buffers what is written to a stream, so that small writes cost no system call each.
    ///
    /// The buffer is written when the next write does not fit, and by
    /// [`flush`](crate::io::AsyncWriteExt::flush) and [`shutdown`](crate::io::AsyncWriteExt::shutdown). Dropping
    /// the writer does not write it: what is in it is lost. Writes that are at least as large as the buffer
    /// go past it; reads go straight to the stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncWriteExt, BufWriter};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut writer = BufWriter::new(Vec::new());
    /// for number in 1..=3 {
    ///     writer.write_u16(number).await?;
    /// }
    /// writer.flush().await?;
    /// assert_eq!(writer.into_inner(), [0, 1, 0, 2, 0, 3]);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub struct BufWriter<W> {
        #[pin]
        pub(super) inner: W,
        pub(super) buf: Vec<u8>,
        // How much of `buf` the stream has taken: a flush may be pending half-way.
        pub(super) written: usize,
        pub(super) seek: Seek,
    }
}

/// How far a seek is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seek {
    Idle,
    Requested(SeekFrom),
    Waiting,
}

impl<W: AsyncWrite> BufWriter<W> {
    /// A writer with a buffer of 8 KiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncWriteExt, BufWriter};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut writer = BufWriter::new(Vec::new());
    /// for word in ["one ", "two ", "three"] {
    ///     writer.write_all(word.as_bytes()).await?;
    /// }
    /// // One write of the stream, here.
    /// writer.flush().await?;
    /// assert_eq!(writer.get_ref(), b"one two three");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn new(inner: W) -> Self {
        Self::with_capacity(DEFAULT_CAPACITY, inner)
    }

    /// A writer with a buffer of at least this size. With 0 nothing is buffered.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncWriteExt, BufWriter};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut writer = BufWriter::with_capacity(8, Vec::new());
    /// writer.write_all(b"12345").await?;
    /// assert_eq!(writer.get_ref(), b"");
    /// // The next does not fit: what is there makes room.
    /// writer.write_all(b"6789").await?;
    /// assert_eq!((&writer.get_ref()[..], writer.buffer()), (&b"12345"[..], &b"6789"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn with_capacity(cap: usize, inner: W) -> Self {
        Self {
            inner,
            buf: Vec::with_capacity(cap),
            written: 0,
            seek: Seek::Idle,
        }
    }

    /// The stream. What is in the buffer has not reached it.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncWriteExt, BufWriter};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut writer = BufWriter::new(Vec::new());
    /// writer.write_all(b"text").await?;
    /// assert!(writer.get_ref().is_empty());
    /// writer.flush().await?;
    /// assert_eq!(writer.get_ref(), b"text");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn get_ref(&self) -> &W {
        &self.inner
    }

    /// The stream, mutably. What is written to it here overtakes what is in the buffer.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncWriteExt, BufWriter};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut writer = BufWriter::new(Vec::new());
    /// writer.write_all(b"second").await?;
    /// writer.get_mut().write_all(b"first,").await?;
    /// writer.flush().await?;
    /// assert_eq!(writer.get_ref(), b"first,second");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// The stream, pinned. What is written to it here overtakes what is in the buffer.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut W> {
        self.project().inner
    }

    /// Gives the stream back. What is still in the buffer is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncWriteExt, BufWriter};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut writer = BufWriter::new(Vec::new());
    /// writer.write_all(b"kept").await?;
    /// writer.flush().await?;
    /// writer.write_all(b"lost").await?;
    /// assert_eq!(writer.into_inner(), b"kept");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn into_inner(self) -> W {
        self.inner
    }

    /// What is in the buffer.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncWriteExt, BufWriter};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut writer = BufWriter::new(leno::io::sink());
    /// writer.write_u16(0x0102).await?;
    /// assert_eq!(writer.buffer(), [1, 2]);
    /// writer.flush().await?;
    /// assert!(writer.buffer().is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn buffer(&self) -> &[u8] {
        &self.buf
    }

    /// Writes the buffer to the stream until it is empty. After an error what was not written is still there.
    #[track_caller]
    fn poll_flush_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        let mut result = Ok(());
        while *this.written < this.buf.len() && result.is_ok() {
            let rest = &this.buf[*this.written..];
            let outcome = retry_interrupted!(this.inner.as_mut().poll_write(cx, rest));
            match ready!(outcome).and_then(|written| taken(written, rest.len())) {
                Ok(written) => *this.written += written,
                Err(error) => result = Err(error),
            }
        }
        this.buf.drain(..*this.written);
        *this.written = 0;
        Poll::Ready(result)
    }

    /// Makes room for `len` more bytes, if they fit into the buffer at all.
    #[track_caller]
    fn poll_make_room(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        len: usize,
    ) -> Poll<io::Result<()>> {
        if len > self.buf.capacity() - self.buf.len() {
            return self.poll_flush_buf(cx);
        }
        Poll::Ready(Ok(()))
    }
}

impl<W: AsyncWrite> AsyncWrite for BufWriter<W> {
    #[track_caller]
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.as_mut().poll_make_room(cx, buf.len()))?;
        let this = self.project();
        if buf.len() >= this.buf.capacity() {
            return this.inner.poll_write(cx, buf);
        }
        this.buf.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    #[track_caller]
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush_buf(cx))?;
        self.project().inner.poll_flush(cx)
    }

    #[track_caller]
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush_buf(cx))?;
        self.project().inner.poll_shutdown(cx)
    }

    #[track_caller]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.inner.is_write_vectored() {
            // All of them go into the buffer, or else to the stream in one piece.
            let total = bufs
                .iter()
                .fold(0_usize, |sum, buf| sum.saturating_add(buf.len()));
            ready!(self.as_mut().poll_make_room(cx, total))?;
            let this = self.project();
            if total >= this.buf.capacity() {
                return this.inner.poll_write_vectored(cx, bufs);
            }
            for buf in bufs {
                this.buf.extend_from_slice(buf);
            }
            return Poll::Ready(Ok(total));
        }

        // The stream would write one of them only: gather as many as fit.
        let mut bufs = bufs.iter().skip_while(|buf| buf.is_empty());
        let Some(first) = bufs.next() else {
            return Poll::Ready(Ok(0));
        };
        let mut total = ready!(self.as_mut().poll_write(cx, first))?;
        let this = self.project();
        if this.buf.is_empty() {
            // The first one went past the buffer.
            return Poll::Ready(Ok(total));
        }
        for buf in bufs {
            if buf.len() > this.buf.capacity() - this.buf.len() {
                break;
            }
            this.buf.extend_from_slice(buf);
            total += buf.len();
        }
        Poll::Ready(Ok(total))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

/// Seeking flushes the buffer first.
impl<W: AsyncWrite + AsyncSeek> AsyncSeek for BufWriter<W> {
    /// Only remembers the position: all the work is done by `poll_complete`, which can wait.
    #[track_caller]
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        *self.project().seek = Seek::Requested(position);
        Ok(())
    }

    #[track_caller]
    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        if !matches!(self.seek, Seek::Idle) {
            ready!(self.as_mut().poll_flush_buf(cx))?;
        }
        let mut this = self.project();
        if let Seek::Requested(position) = *this.seek {
            // The stream may be busy with an earlier seek.
            ready!(this.inner.as_mut().poll_complete(cx))?;
            *this.seek = Seek::Idle;
            this.inner.as_mut().start_seek(position)?;
            *this.seek = Seek::Waiting;
        }
        let result = ready!(this.inner.poll_complete(cx));
        *this.seek = Seek::Idle;
        Poll::Ready(result)
    }
}

impl<W: AsyncWrite + AsyncRead> AsyncRead for BufWriter<W> {
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.project().inner.poll_read(cx, buf)
    }
}

impl<W: AsyncWrite + AsyncBufRead> AsyncBufRead for BufWriter<W> {
    #[track_caller]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.project().inner.poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.project().inner.consume(amt);
    }
}

impl<W: fmt::Debug> fmt::Debug for BufWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufWriter")
            .field("writer", &self.inner)
            .field(
                "buffer",
                &format_args!("{}/{}", self.buf.len(), self.buf.capacity()),
            )
            .field("written", &self.written)
            .finish()
    }
}
