//! `Take`.

use crate::io::{AsyncBufRead, AsyncRead, ReadBuf};
use pin_project_lite::pin_project;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// The first bytes of a source; see [`AsyncReadExt::take`](crate::io::AsyncReadExt::take).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless you `.await` or poll them"]
    pub struct Take<R> {
        #[pin]
        inner: R,
        left: u64,
    }
}

impl<R: AsyncRead> Take<R> {
    pub(super) fn new(inner: R, limit: u64) -> Self {
        Self { inner, left: limit }
    }

    /// How many more bytes may be read, if the source has them.
    pub fn limit(&self) -> u64 {
        self.left
    }

    /// Sets how many more bytes may be read, whatever has been read before.
    pub fn set_limit(&mut self, limit: u64) {
        self.left = limit;
    }

    /// The source.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The source, mutably. What is read from it here does not count.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The source, pinned. What is read from it here does not count.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().inner
    }

    /// Gives the source back.
    pub fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: AsyncRead> AsyncRead for Take<R> {
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.project();
        // At the limit the source is left alone: it might wait for bytes that nobody wants.
        if *this.left == 0 {
            return Poll::Ready(Ok(()));
        }
        let mut part = buf.take(usize::try_from(*this.left).unwrap_or(usize::MAX));
        let start = part.filled().as_ptr();
        ready!(this.inner.poll_read(cx, &mut part))?;
        assert_eq!(
            part.filled().as_ptr(),
            start,
            "poll_read must not replace the ReadBuf"
        );
        let read = part.filled().len();
        let initialized = part.initialized().len();
        // SAFETY: `part` is still the first part of what `buf` has unfilled (asserted), and it knows how
        // much of that is initialised.
        unsafe { buf.assume_init(initialized) };
        buf.advance(read);
        *this.left -= read as u64;
        Poll::Ready(Ok(()))
    }
}

impl<R: AsyncBufRead> AsyncBufRead for Take<R> {
    #[track_caller]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.project();
        if *this.left == 0 {
            return Poll::Ready(Ok(&[]));
        }
        let bytes = ready!(this.inner.poll_fill_buf(cx))?;
        let left = usize::try_from(*this.left).unwrap_or(usize::MAX);
        Poll::Ready(Ok(&bytes[..bytes.len().min(left)]))
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        let this = self.project();
        let left = usize::try_from(*this.left).unwrap_or(usize::MAX);
        let amt = amt.min(left);
        *this.left -= amt as u64;
        this.inner.consume(amt);
    }
}
