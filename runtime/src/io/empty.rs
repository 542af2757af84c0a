//! `empty`.

use super::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
use crate::kernel::budget::poll_budgeted;
use std::fmt;
use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A stream that has ended before it began; see [`empty`].
///
/// # Examples
///
/// ```
/// use leno::io::{AsyncReadExt, Empty};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// /// A body that may be missing has one type all the same.
/// fn body(stored: Option<&[u8]>) -> leno::io::Chain<&[u8], Empty> {
///     stored.unwrap_or_default().chain(leno::io::empty())
/// }
///
/// let mut text = String::new();
/// assert_eq!(body(None).read_to_string(&mut text).await?, 0);
/// assert_eq!(body(Some(b"text")).read_to_string(&mut text).await?, 4);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct Empty(());

/// A stream that reads as empty and takes whatever is written.
///
/// Every operation is ready at once, and spends a unit of its task's budget.
///
/// # Examples
///
/// ```
/// use leno::io::AsyncReadExt;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut text = String::new();
/// assert_eq!(leno::io::empty().read_to_string(&mut text).await?, 0);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[inline]
pub fn empty() -> Empty {
    Empty(())
}

impl AsyncRead for Empty {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_budgeted(cx, |_| Poll::Ready(Ok(())))
    }
}

impl AsyncBufRead for Empty {
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        poll_budgeted(cx, |_| Poll::Ready(Ok(&[][..])))
    }

    #[inline]
    fn consume(self: Pin<&mut Self>, _amt: usize) {}
}

impl AsyncWrite for Empty {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        poll_budgeted(cx, |_| Poll::Ready(Ok(buf.len())))
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll_budgeted(cx, |_| Poll::Ready(Ok(())))
    }

    #[inline]
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll_budgeted(cx, |_| Poll::Ready(Ok(())))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_budgeted(cx, |_| {
            Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()))
        })
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        true
    }
}

/// Every position is 0.
impl AsyncSeek for Empty {
    #[inline]
    fn start_seek(self: Pin<&mut Self>, _position: SeekFrom) -> io::Result<()> {
        Ok(())
    }

    #[inline]
    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        poll_budgeted(cx, |_| Poll::Ready(Ok(0)))
    }
}

impl fmt::Debug for Empty {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Empty").finish_non_exhaustive()
    }
}
