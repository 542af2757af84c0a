use crate::io::ReadBuf;
use std::io;
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A source of bytes.
///
/// To read from one, import [`AsyncReadExt`](crate::io::AsyncReadExt), which turns [`poll_read`](Self::poll_read)
/// into methods that can be awaited.
///
/// # Examples
///
/// A source that counts upwards:
///
/// ```
/// use leno::io::{self, AsyncRead, AsyncReadExt, ReadBuf};
/// use std::pin::Pin;
/// use std::task::{Context, Poll};
///
/// struct Count(u8);
///
/// impl AsyncRead for Count {
///     fn poll_read(
///         mut self: Pin<&mut Self>,
///         _cx: &mut Context<'_>,
///         buf: &mut ReadBuf<'_>,
///     ) -> Poll<io::Result<()>> {
///         for byte in buf.initialize_unfilled() {
///             *byte = self.0;
///             self.0 = self.0.wrapping_add(1);
///         }
///         buf.advance(buf.remaining());
///         Poll::Ready(Ok(()))
///     }
/// }
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// assert_eq!(Count(1).read_u32().await?, 0x0102_0304);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub trait AsyncRead {
    /// Attempts to read into the unfilled part of `buf`.
    ///
    /// - `Ready(Ok(()))`: what was read is what `buf.filled()` has grown by. Nothing means the end of the
    ///   stream, or that `buf` had no room.
    /// - `Ready(Err(_))`: nothing was read.
    /// - `Pending`: nothing was read either; the task of `cx` is woken when it is worth trying again. Only
    ///   the latest task that polled is remembered.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{self, AsyncRead, AsyncReadExt, ReadBuf};
    /// use std::pin::Pin;
    /// use std::task::{Context, Poll, ready};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// /// Undoes a cipher in what another source has read.
    /// struct Rot13<R>(R);
    ///
    /// impl<R: AsyncRead + Unpin> AsyncRead for Rot13<R> {
    ///     fn poll_read(
    ///         mut self: Pin<&mut Self>,
    ///         cx: &mut Context<'_>,
    ///         buf: &mut ReadBuf<'_>,
    ///     ) -> Poll<io::Result<()>> {
    ///         let old = buf.filled().len();
    ///         ready!(Pin::new(&mut self.0).poll_read(cx, buf))?;
    ///         for byte in &mut buf.filled_mut()[old..] {
    ///             let first = if byte.is_ascii_lowercase() { b'a' } else { b'A' };
    ///             if byte.is_ascii_alphabetic() {
    ///                 *byte = (*byte - first + 13) % 26 + first;
    ///             }
    ///         }
    ///         Poll::Ready(Ok(()))
    ///     }
    /// }
    ///
    /// let mut text = String::new();
    /// Rot13(&b"Fbzr grkg"[..]).read_to_string(&mut text).await?;
    /// assert_eq!(text, "Some text");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>>;
}

macro_rules! forward {
    () => {
        #[track_caller]
        #[inline]
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut **self).poll_read(cx, buf)
        }
    };
}

impl<T: ?Sized + AsyncRead + Unpin> AsyncRead for Box<T> {
    forward!();
}

impl<T: ?Sized + AsyncRead + Unpin> AsyncRead for &mut T {
    forward!();
}

impl<P> AsyncRead for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncRead,
{
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.as_deref_mut().poll_read(cx, buf)
    }
}

/// Reads from the front of the slice, and leaves the rest in it.
impl AsyncRead for &[u8] {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (read, rest) = self.split_at(self.len().min(buf.remaining()));
        buf.put_slice(read);
        *self = rest;
        Poll::Ready(Ok(()))
    }
}

/// Reads from the cursor's position; a position behind the end reads nothing.
impl<T: AsRef<[u8]> + Unpin> AsyncRead for io::Cursor<T> {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bytes = self.get_ref().as_ref();
        let start = usize::try_from(self.position()).unwrap_or(usize::MAX);
        let rest = bytes.get(start..).unwrap_or(&[]);
        let read = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..read]);
        let position = self.position() + read as u64;
        self.set_position(position);
        Poll::Ready(Ok(()))
    }
}
