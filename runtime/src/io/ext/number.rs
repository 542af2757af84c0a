//! Numbers as their bytes, in either order.

use super::operation::{Operation, Step};
use crate::io::{AsyncRead, AsyncWrite, ReadBuf, retry_interrupted, taken};
use crate::kernel::cancel_safe::CancelSafe;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Reads the `N` bytes of a `T`.
pub struct ReadNumber<'a, R: ?Sized, T, const N: usize> {
    reader: &'a mut R,
    bytes: [u8; N],
    read: usize,
    convert: fn([u8; N]) -> T,
}

impl<'a, R: ?Sized, T, const N: usize> ReadNumber<'a, R, T, N> {
    pub(super) fn new(reader: &'a mut R, convert: fn([u8; N]) -> T) -> Self {
        Self {
            reader,
            bytes: [0; N],
            read: 0,
            convert,
        }
    }
}

// A byte that was read is told at once.
impl<R, T> CancelSafe for Operation<ReadNumber<'_, R, T, 1>> where R: AsyncRead + Unpin + ?Sized {}

impl<R: AsyncRead + Unpin + ?Sized, T, const N: usize> Step for ReadNumber<'_, R, T, N> {
    type Output = io::Result<T>;

    #[inline]
    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        while self.read < N {
            let mut buf = ReadBuf::new(&mut self.bytes[self.read..]);
            ready!(retry_interrupted!(
                Pin::new(&mut *self.reader).poll_read(cx, &mut buf)
            ))?;
            let read = buf.filled().len();
            if read == 0 {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            self.read += read;
        }
        Poll::Ready(Ok((self.convert)(self.bytes)))
    }
}

impl<R: fmt::Debug + ?Sized, T, const N: usize> fmt::Debug for ReadNumber<'_, R, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadNumber")
            .field("reader", &&*self.reader)
            .field("bytes", &&self.bytes[..self.read])
            .finish()
    }
}

/// Writes the `N` bytes of a number.
#[derive(Debug)]
pub struct WriteNumber<'a, W: ?Sized, const N: usize> {
    writer: &'a mut W,
    bytes: [u8; N],
    written: usize,
}

impl<'a, W: ?Sized, const N: usize> WriteNumber<'a, W, N> {
    pub(super) fn new(writer: &'a mut W, bytes: [u8; N]) -> Self {
        Self {
            writer,
            bytes,
            written: 0,
        }
    }
}

impl<W> CancelSafe for Operation<WriteNumber<'_, W, 1>> where W: AsyncWrite + Unpin + ?Sized {}

impl<W: AsyncWrite + Unpin + ?Sized, const N: usize> Step for WriteNumber<'_, W, N> {
    type Output = io::Result<()>;

    #[inline]
    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < N {
            let rest = &self.bytes[self.written..];
            let written = ready!(retry_interrupted!(
                Pin::new(&mut *self.writer).poll_write(cx, rest)
            ))?;
            self.written += taken(written, rest.len())?;
        }
        Poll::Ready(Ok(()))
    }
}
