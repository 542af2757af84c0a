use crate::io::AsyncRead;
use std::io::{self, BufRead};
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A source of bytes that shows what it has read before one takes it.
///
/// To read from one, import [`AsyncBufReadExt`](crate::io::AsyncBufReadExt). Any source becomes one in a
/// [`BufReader`](crate::io::BufReader).
///
/// # Examples
///
/// ```
/// use leno::io::{self, AsyncBufRead, AsyncBufReadExt};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// /// Counts lines without copying them: whatever has a buffer will do.
/// async fn count_lines(mut source: impl AsyncBufRead + Unpin) -> io::Result<usize> {
///     let mut lines = 0;
///     loop {
///         let bytes = source.fill_buf().await?;
///         if bytes.is_empty() {
///             return Ok(lines);
///         }
///         lines += bytes.iter().filter(|&&byte| byte == b'\n').count();
///         let seen = bytes.len();
///         source.consume(seen);
///     }
/// }
///
/// assert_eq!(count_lines(&b"one\ntwo\n"[..]).await?, 2);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub trait AsyncBufRead: AsyncRead {
    /// Attempts to return what is buffered, reading into an empty buffer first.
    ///
    /// Returns the same bytes again until they are taken by [`consume`](Self::consume). No bytes mean the
    /// end of the stream. When it is pending, the task of `cx` is woken when there is something.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncBufRead;
    /// use std::future::poll_fn;
    /// use std::pin::Pin;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut source: &[u8] = b"some bytes";
    /// let first = poll_fn(|cx| Pin::new(&mut source).poll_fill_buf(cx).map_ok(|bytes| bytes[0])).await?;
    /// assert_eq!(first, b's');
    /// // It has been looked at, not taken.
    /// assert_eq!(source, b"some bytes");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>>;

    /// Takes the first `amt` bytes off the buffer: they will not be returned again.
    ///
    /// `amt` must not be more than [`poll_fill_buf`](Self::poll_fill_buf) has shown; it depends on the
    /// source whether it panics or takes all there is otherwise.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncBufRead;
    /// use std::pin::Pin;
    ///
    /// let mut source: &[u8] = b"some bytes";
    /// Pin::new(&mut source).consume(5);
    /// assert_eq!(source, b"bytes");
    /// ```
    fn consume(self: Pin<&mut Self>, amt: usize);
}

macro_rules! forward {
    () => {
        #[track_caller]
        #[inline]
        fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
            Pin::new(&mut **self.get_mut()).poll_fill_buf(cx)
        }

        #[inline]
        fn consume(mut self: Pin<&mut Self>, amt: usize) {
            Pin::new(&mut **self).consume(amt);
        }
    };
}

impl<T: ?Sized + AsyncBufRead + Unpin> AsyncBufRead for Box<T> {
    forward!();
}

impl<T: ?Sized + AsyncBufRead + Unpin> AsyncBufRead for &mut T {
    forward!();
}

impl<P> AsyncBufRead for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncBufRead,
{
    #[track_caller]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.as_deref_mut().poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.as_deref_mut().consume(amt);
    }
}

impl AsyncBufRead for &[u8] {
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(Ok(*self))
    }

    #[inline]
    fn consume(mut self: Pin<&mut Self>, amt: usize) {
        *self = &self[amt..];
    }
}

impl<T: AsRef<[u8]> + Unpin> AsyncBufRead for io::Cursor<T> {
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(self.get_mut().fill_buf())
    }

    #[inline]
    fn consume(self: Pin<&mut Self>, amt: usize) {
        BufRead::consume(self.get_mut(), amt);
    }
}
