//! `Take`.

use crate::io::{AsyncBufRead, AsyncRead, ReadBuf};
use pin_project_lite::pin_project;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// The first bytes of a source; see [`AsyncReadExt::take`](crate::io::AsyncReadExt::take).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, ErrorKind};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// // Of somebody who may send any amount no more than 16 bytes are ever held.
    /// let mut limited = leno::io::repeat(b'x').take(16);
    /// let mut bytes = Vec::new();
    /// assert_eq!(limited.read_to_end(&mut bytes).await?, 16);
    ///
    /// let error = limited.read_u8().await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut body = (&b"12345"[..]).take(10);
    /// let mut text = String::new();
    /// body.read_to_string(&mut text).await?;
    /// // The end came early: the source had less than was allowed.
    /// assert_eq!(body.limit(), 5);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn limit(&self) -> u64 {
        self.left
    }

    /// Sets how many more bytes may be read, whatever has been read before.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// // Records of three bytes, each as a source of its own.
    /// let mut record = (&b"onetwo"[..]).take(3);
    /// let mut text = String::new();
    /// record.read_to_string(&mut text).await?;
    /// assert_eq!(text, "one");
    ///
    /// record.set_limit(3);
    /// record.read_to_string(&mut text).await?;
    /// assert_eq!(text, "onetwo");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn set_limit(&mut self, limit: u64) {
        self.left = limit;
    }

    /// The source.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut head = (&b"head and body"[..]).take(4);
    /// head.read_u32().await?;
    /// assert_eq!(head.get_ref(), b" and body");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The source, mutably. What is read from it here does not count.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut four = (&b"-ab-cd"[..]).take(4);
    /// assert_eq!(four.get_mut().read_u8().await?, b'-');
    /// assert_eq!(four.limit(), 4);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The source, pinned. What is read from it here does not count.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().inner
    }

    /// Gives the source back.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut head = (&b"4:bodyrest"[..]).take(2);
    /// let mut prefix = String::new();
    /// head.read_to_string(&mut prefix).await?;
    /// assert_eq!(prefix, "4:");
    /// assert_eq!(head.into_inner(), b"bodyrest");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
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
