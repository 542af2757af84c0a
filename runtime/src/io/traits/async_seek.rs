use std::io::{self, Seek, SeekFrom};
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A stream with a position that can be changed.
///
/// To seek in one, import [`AsyncSeekExt`](crate::io::AsyncSeekExt).
///
/// # Examples
///
/// ```
/// use leno::io::{self, AsyncSeek, AsyncSeekExt, SeekFrom};
/// use std::io::Cursor;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// /// How long a stream is; its position stays what it was.
/// async fn length(stream: &mut (impl AsyncSeek + Unpin)) -> io::Result<u64> {
///     let position = stream.stream_position().await?;
///     let length = stream.seek(SeekFrom::End(0)).await?;
///     stream.seek(SeekFrom::Start(position)).await?;
///     Ok(length)
/// }
///
/// assert_eq!(length(&mut Cursor::new(b"ten bytes!")).await?, 10);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub trait AsyncSeek {
    /// Starts to seek to `position`, which [`poll_complete`](Self::poll_complete) then waits for.
    ///
    /// A position behind the end is allowed; what it means depends on the stream.
    ///
    /// # Errors
    ///
    /// The stream may refuse, for example while another seek has not been completed.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncSeek, SeekFrom};
    /// use std::future::poll_fn;
    /// use std::io::Cursor;
    /// use std::pin::Pin;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut stream = Cursor::new(b"ten bytes!");
    /// Pin::new(&mut stream).start_seek(SeekFrom::End(-6))?;
    /// let position = poll_fn(|cx| Pin::new(&mut stream).poll_complete(cx)).await?;
    /// assert_eq!(position, 4);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()>;

    /// Waits for the seek that was started, and returns the new position from the start of the stream.
    ///
    /// If none was started, the result depends on the stream: the position, or 0.
    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>>;
}

macro_rules! forward {
    () => {
        #[track_caller]
        #[inline]
        fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
            Pin::new(&mut **self).start_seek(position)
        }

        #[track_caller]
        #[inline]
        fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
            Pin::new(&mut **self).poll_complete(cx)
        }
    };
}

impl<T: ?Sized + AsyncSeek + Unpin> AsyncSeek for Box<T> {
    forward!();
}

impl<T: ?Sized + AsyncSeek + Unpin> AsyncSeek for &mut T {
    forward!();
}

impl<P> AsyncSeek for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncSeek,
{
    #[track_caller]
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.as_deref_mut().start_seek(position)
    }

    #[track_caller]
    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.as_deref_mut().poll_complete(cx)
    }
}

impl<T: AsRef<[u8]> + Unpin> AsyncSeek for io::Cursor<T> {
    #[inline]
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.get_mut().seek(position).map(drop)
    }

    #[inline]
    fn poll_complete(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Ok(self.position()))
    }
}
