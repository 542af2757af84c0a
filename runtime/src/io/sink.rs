//! `sink`.

use super::AsyncWrite;
use crate::kernel::budget::poll_budgeted;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A destination that forgets; see [`sink`].
///
/// # Examples
///
/// ```
/// use leno::io::AsyncBufReadExt;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// // Reads a body that nobody wants to its end, so that the next request can be read.
/// let mut connection = leno::io::BufReader::new(&b"unwanted"[..]);
/// let skipped = leno::io::copy_buf(&mut connection, &mut leno::io::sink()).await?;
/// assert_eq!(skipped, 8);
/// assert!(connection.fill_buf().await?.is_empty());
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct Sink(());

/// A destination that takes whatever is written and forgets it.
///
/// Every operation is ready at once, and spends a unit of its task's budget.
///
/// # Examples
///
/// ```
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut source: &[u8] = b"some bytes";
/// assert_eq!(leno::io::copy(&mut source, &mut leno::io::sink()).await?, 10);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[inline]
pub fn sink() -> Sink {
    Sink(())
}

impl AsyncWrite for Sink {
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

impl fmt::Debug for Sink {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").finish_non_exhaustive()
    }
}
