use std::io::{self, IoSlice, Write};
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A destination for bytes.
///
/// To write to one, import [`AsyncWriteExt`](crate::io::AsyncWriteExt), which turns these functions into
/// methods that can be awaited.
///
/// # Examples
///
/// A destination that only counts:
///
/// ```
/// use leno::io::{self, AsyncWrite, AsyncWriteExt};
/// use std::pin::Pin;
/// use std::task::{Context, Poll};
///
/// #[derive(Default)]
/// struct Count(usize);
///
/// impl AsyncWrite for Count {
///     fn poll_write(
///         mut self: Pin<&mut Self>,
///         _cx: &mut Context<'_>,
///         buf: &[u8],
///     ) -> Poll<io::Result<usize>> {
///         self.0 += buf.len();
///         Poll::Ready(Ok(buf.len()))
///     }
///
///     fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
///         Poll::Ready(Ok(()))
///     }
///
///     fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
///         Poll::Ready(Ok(()))
///     }
/// }
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut count = Count::default();
/// count.write_all(b"some bytes").await?;
/// assert_eq!(count.0, 10);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub trait AsyncWrite {
    /// Attempts to write `buf`, or a first part of it, and returns how much.
    ///
    /// `Ready(Ok(0))` for a `buf` that is not empty means that nothing can be written any more. When it is
    /// pending, or an error, nothing was written. Only the latest task that polled is woken.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncWrite;
    /// use std::future::poll_fn;
    /// use std::pin::Pin;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// // A part is fine: the caller goes on with the rest, as `write_all` does.
    /// let (mut small, _peer) = leno::io::duplex(4);
    /// let written = poll_fn(|cx| Pin::new(&mut small).poll_write(cx, b"some bytes")).await?;
    /// assert_eq!(written, 4);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>>;

    /// Attempts to bring everything written so far to its destination.
    ///
    /// Ready when nothing is left in a buffer on the way.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncWrite, AsyncWriteExt, BufWriter};
    /// use std::future::poll_fn;
    /// use std::pin::Pin;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut writer = BufWriter::new(Vec::new());
    /// writer.write_all(b"some bytes").await?;
    /// poll_fn(|cx| Pin::new(&mut writer).poll_flush(cx)).await?;
    /// assert_eq!(writer.get_ref(), b"some bytes");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Attempts to end the stream in good order: flushes, and tells the other side that no more comes.
    ///
    /// To be called until it is ready, and no writing after that. A stream without an end of its own just
    /// flushes. Dropping a stream never waits, so what must arrive needs a shutdown (or a flush) first.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, AsyncWrite};
    /// use std::future::poll_fn;
    /// use std::pin::Pin;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (mut near, mut far) = leno::io::duplex(64);
    /// poll_fn(|cx| Pin::new(&mut near).poll_shutdown(cx)).await?;
    /// assert_eq!(far.read(&mut [0; 8]).await?, 0);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Like [`poll_write`](Self::poll_write), from several buffers one after the other.
    ///
    /// Unless it is implemented otherwise, it writes from the first buffer that is not empty.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncWrite;
    /// use std::future::poll_fn;
    /// use std::io::IoSlice;
    /// use std::pin::Pin;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut bytes = Vec::new();
    /// let parts = [IoSlice::new(b"head,"), IoSlice::new(b"body")];
    /// let written = poll_fn(|cx| Pin::new(&mut bytes).poll_write_vectored(cx, &parts)).await?;
    /// assert_eq!((written, &bytes[..]), (9, &b"head,body"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bufs.iter().find(|buf| !buf.is_empty());
        self.poll_write(cx, first.map_or(&[], |buf| buf))
    }

    /// Whether [`poll_write_vectored`](Self::poll_write_vectored) is better than joining the buffers first.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncWrite;
    ///
    /// let (stream, _peer) = leno::io::duplex(64);
    /// assert!(stream.is_write_vectored());
    /// assert!(std::io::Cursor::new(Vec::new()).is_write_vectored());
    /// ```
    fn is_write_vectored(&self) -> bool {
        false
    }
}

macro_rules! forward {
    ($self:ident => $target:expr) => {
        #[track_caller]
        #[inline]
        fn poll_write(
            mut $self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            $target.poll_write(cx, buf)
        }

        #[track_caller]
        #[inline]
        fn poll_flush(mut $self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            $target.poll_flush(cx)
        }

        #[track_caller]
        #[inline]
        fn poll_shutdown(mut $self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            $target.poll_shutdown(cx)
        }

        #[track_caller]
        #[inline]
        fn poll_write_vectored(
            mut $self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            $target.poll_write_vectored(cx, bufs)
        }

        #[inline]
        fn is_write_vectored(&self) -> bool {
            (**self).is_write_vectored()
        }
    };
}

impl<T: ?Sized + AsyncWrite + Unpin> AsyncWrite for Box<T> {
    forward!(self => Pin::new(&mut **self));
}

impl<T: ?Sized + AsyncWrite + Unpin> AsyncWrite for &mut T {
    forward!(self => Pin::new(&mut **self));
}

impl<P> AsyncWrite for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncWrite,
{
    forward!(self => self.as_mut().as_deref_mut());
}

/// Memory: std's `Write` never waits, so it is ready at once.
macro_rules! write_at_once {
    ($(#[$attr:meta])* [$($generics:tt)*] $memory:ty) => {
        $(#[$attr])*
        impl<$($generics)*> AsyncWrite for $memory {
            #[inline]
            fn poll_write(
                self: Pin<&mut Self>,
                _cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                Poll::Ready(self.get_mut().write(buf))
            }

            #[inline]
            fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            #[inline]
            fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            #[inline]
            fn poll_write_vectored(
                self: Pin<&mut Self>,
                _cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                Poll::Ready(self.get_mut().write_vectored(bufs))
            }

            #[inline]
            fn is_write_vectored(&self) -> bool {
                true
            }
        }
    };
}

write_at_once!(
    /// Appends to the vector.
    [] Vec<u8>
);
write_at_once!(
    /// Overwrites from the cursor's position; at the end of the slice nothing more is written.
    [] io::Cursor<&mut [u8]>
);
write_at_once!(
    /// Overwrites from the cursor's position; the vector grows.
    [] io::Cursor<&mut Vec<u8>>
);
write_at_once!(
    /// Overwrites from the cursor's position; the vector grows.
    [] io::Cursor<Vec<u8>>
);
write_at_once!(
    /// Overwrites from the cursor's position; at the end of the slice nothing more is written.
    [] io::Cursor<Box<[u8]>>
);
write_at_once!(
    /// Overwrites from the cursor's position; at the end of the array nothing more is written.
    [const N: usize] io::Cursor<[u8; N]>
);
