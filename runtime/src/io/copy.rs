//! `copy` and `copy_buf`.

use super::ext::{Operation, Step};
use super::{
    AsyncBufRead, AsyncRead, AsyncWrite, DEFAULT_CAPACITY, ReadBuf, retry_interrupted, taken,
};
use crate::kernel::budget::poll_proceed;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Copies all of `reader` to `writer`, flushes it, and returns how many bytes that were.
///
/// Uses a buffer of 8 KiB on the heap; [`copy_buf`] uses the one that the reader has. While the reader is
/// waited for, the writer is flushed, so nothing gets stuck in its buffer. Retried when interrupted.
///
/// # Errors
///
/// Those of either stream, and `WriteZero` if the writer takes nothing more. What was read and not written
/// by then is lost.
///
/// # Cancel safety
///
/// Dropping the future loses data: what was read and not written.
///
/// # Examples
///
/// ```
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut writer = Vec::new();
/// let n = leno::io::copy(&mut &b"some bytes"[..], &mut writer).await?;
/// assert_eq!((n, &writer[..]), (10, &b"some bytes"[..]));
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub fn copy<'a, R, W>(reader: &'a mut R, writer: &'a mut W) -> impl Future<Output = io::Result<u64>>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    Operation::new(Copy {
        transfer: Transfer::new(DEFAULT_CAPACITY),
        reader,
        writer,
    })
}

struct Copy<'a, R: ?Sized, W: ?Sized> {
    transfer: Transfer,
    reader: &'a mut R,
    writer: &'a mut W,
}

impl<R, W> Step for Copy<'_, R, W>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    type Output = io::Result<u64>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let (reader, writer) = (Pin::new(&mut *self.reader), Pin::new(&mut *self.writer));
        self.transfer.poll(cx, reader, writer)
    }
}

/// Copies all of `reader` to `writer` straight from the reader's own buffer, flushes it, and returns how
/// many bytes that were.
///
/// While the reader is waited for, the writer is flushed, so nothing gets stuck in its buffer. Retried when
/// interrupted.
///
/// # Errors
///
/// Those of either stream, and `WriteZero` if the writer takes nothing more.
///
/// # Cancel safety
///
/// Dropping the future loses nothing: what was not written is still in the reader's buffer. But how much was copied is not
/// known.
///
/// # Examples
///
/// ```
/// use leno::io::BufReader;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut reader = BufReader::with_capacity(64 * 1024, &b"some bytes"[..]);
/// let mut writer = Vec::new();
/// assert_eq!(leno::io::copy_buf(&mut reader, &mut writer).await?, 10);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub fn copy_buf<'a, R, W>(
    reader: &'a mut R,
    writer: &'a mut W,
) -> impl Future<Output = io::Result<u64>>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    Operation::new(CopyBuf {
        reader,
        writer,
        copied: 0,
        unflushed: false,
    })
}

struct CopyBuf<'a, R: ?Sized, W: ?Sized> {
    reader: &'a mut R,
    writer: &'a mut W,
    copied: u64,
    /// The writer may hold back bytes.
    unflushed: bool,
}

impl<R, W> Step for CopyBuf<'_, R, W>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    type Output = io::Result<u64>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        // One unit of budget, which is given back if it is pending and has made no progress.
        let unit = ready!(poll_proceed(cx));
        let mut progress = false;
        let result = self.go_on(cx, &mut progress);
        if progress || result.is_ready() {
            unit.made_progress();
        }
        result
    }
}

impl<R, W> CopyBuf<'_, R, W>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    #[track_caller]
    fn go_on(&mut self, cx: &mut Context<'_>, progress: &mut bool) -> Poll<io::Result<u64>> {
        let mut writer = Pin::new(&mut *self.writer);
        loop {
            let bytes = match Pin::new(&mut *self.reader).poll_fill_buf(cx) {
                Poll::Ready(Ok(bytes)) => bytes,
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {
                    continue;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    if self.unflushed {
                        ready!(writer.as_mut().poll_flush(cx))?;
                        self.unflushed = false;
                    }
                    return Poll::Pending;
                }
            };
            if bytes.is_empty() {
                ready!(writer.as_mut().poll_flush(cx))?;
                return Poll::Ready(Ok(self.copied));
            }
            let written = ready!(retry_interrupted!(writer.as_mut().poll_write(cx, bytes)))?;
            // Not before: bytes that were in the buffer before this poll are none that have been read in it.
            *progress = true;
            let written = taken(written, bytes.len())?;
            self.copied += written as u64;
            self.unflushed = true;
            Pin::new(&mut *self.reader).consume(written);
        }
    }
}

/// The bytes on their way from one stream to another.
#[derive(Debug)]
pub(super) struct Transfer {
    buf: Box<[u8]>,
    /// `buf[start..end]` has been read and not been written.
    start: usize,
    end: usize,
    copied: u64,
    /// The reader has ended.
    ended: bool,
    /// The writer may hold back bytes.
    unflushed: bool,
}

impl Transfer {
    #[inline]
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            buf: vec![0; capacity].into_boxed_slice(),
            start: 0,
            end: 0,
            copied: 0,
            ended: false,
            unflushed: false,
        }
    }

    /// Goes on until the reader has ended and everything is written and flushed; returns how much it was.
    #[track_caller]
    pub(super) fn poll<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        reader: Pin<&mut R>,
        writer: Pin<&mut W>,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + ?Sized,
        W: AsyncWrite + ?Sized,
    {
        // One unit of budget, which is given back if it is pending and has made no progress.
        let unit = ready!(poll_proceed(cx));
        let mut progress = false;
        let result = self.go_on(cx, reader, writer, &mut progress);
        if progress || result.is_ready() {
            unit.made_progress();
        }
        result
    }

    #[track_caller]
    fn go_on<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
        mut writer: Pin<&mut W>,
        progress: &mut bool,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + ?Sized,
        W: AsyncWrite + ?Sized,
    {
        loop {
            // Read before each write, as long as there is room: larger writes are better ones.
            if self.can_read() {
                match self.poll_read(cx, reader.as_mut()) {
                    Poll::Ready(result) => {
                        result?;
                        *progress = true;
                    }
                    Poll::Pending if self.start < self.end => {}
                    Poll::Pending => {
                        // The other side may not answer before it has got what the writer holds back.
                        if self.unflushed {
                            ready!(writer.as_mut().poll_flush(cx))?;
                            *progress = true;
                            self.unflushed = false;
                        }
                        return Poll::Pending;
                    }
                }
            }
            while self.start < self.end {
                if self.poll_write(cx, writer.as_mut())?.is_pending() {
                    // Use the time: the next write will be a larger one.
                    if self.can_read() {
                        ready!(self.poll_read(cx, reader.as_mut()))?;
                    }
                    return Poll::Pending;
                }
                *progress = true;
            }
            self.start = 0;
            self.end = 0;
            if self.ended {
                ready!(writer.as_mut().poll_flush(cx))?;
                return Poll::Ready(Ok(self.copied));
            }
        }
    }

    #[inline]
    fn can_read(&self) -> bool {
        !self.ended && self.end < self.buf.len()
    }

    #[track_caller]
    fn poll_read<R: AsyncRead + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
    ) -> Poll<io::Result<()>> {
        let mut buf = ReadBuf::new(&mut self.buf[self.end..]);
        ready!(retry_interrupted!(reader.as_mut().poll_read(cx, &mut buf)))?;
        let read = buf.filled().len();
        self.ended = read == 0;
        self.end += read;
        Poll::Ready(Ok(()))
    }

    #[track_caller]
    fn poll_write<W: AsyncWrite + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        mut writer: Pin<&mut W>,
    ) -> Poll<io::Result<()>> {
        let bytes = &self.buf[self.start..self.end];
        let written = ready!(retry_interrupted!(writer.as_mut().poll_write(cx, bytes)))?;
        let written = taken(written, bytes.len())?;
        self.start += written;
        self.copied += written as u64;
        self.unflushed = true;
        Poll::Ready(Ok(()))
    }
}
