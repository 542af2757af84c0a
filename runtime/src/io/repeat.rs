//! `repeat`.

use super::{AsyncRead, ReadBuf};
use crate::kernel::budget::poll_budgeted;
use bytes::BufMut;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A source without end; see [`repeat`].
///
/// # Examples
///
/// ```
/// use leno::io::AsyncReadExt;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// // It never ends: `take` says how much of it there is to be.
/// let mut zeroes = leno::io::repeat(0).take(512);
/// let mut block = b"data".to_vec();
/// zeroes.read_to_end(&mut block).await?;
/// assert_eq!(block.len(), 516);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Repeat {
    byte: u8,
}

/// A source that yields one byte again and again.
///
/// Every read is ready at once, and spends a unit of its task's budget.
///
/// # Examples
///
/// ```
/// use leno::io::AsyncReadExt;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut buf = [0; 3];
/// leno::io::repeat(7).read_exact(&mut buf).await?;
/// assert_eq!(buf, [7, 7, 7]);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[inline]
pub fn repeat(byte: u8) -> Repeat {
    Repeat { byte }
}

impl AsyncRead for Repeat {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_budgeted(cx, |_| {
            buf.put_bytes(self.byte, buf.remaining());
            Poll::Ready(Ok(()))
        })
    }
}
