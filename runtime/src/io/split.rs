//! `split`: the two directions of one stream, for two tasks.
//!
//! Both halves lock the stream for the length of one poll, which never waits for the other side. The stream
//! belongs to the caller, so this is the one lock in the crate under which foreign code runs: that code must
//! not poll the other half of the same stream, and a stream that wakes the other half's task while it is
//! polled (as a [`SimplexStream`](super::SimplexStream) does) does so under the lock. To wake is to queue a
//! task, not to poll it.

use super::duplex::Ending;
use super::{AsyncRead, AsyncWrite, ReadBuf};
use crate::prim::{Arc, Mutex, asked};
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

/// The reading half of a stream; see [`split`].
///
/// # Examples
///
/// ```
/// use leno::io::{AsyncBufReadExt, BufReader};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # use leno::io::AsyncWriteExt;
/// let (near, mut far) = leno::io::duplex(64);
/// let (reader, _writer) = leno::io::split(near);
/// far.write_all(b"one\ntwo\n").await?;
/// drop(far);
///
/// let reading = leno::task::spawn(async move {
///     let mut lines = BufReader::new(reader).lines();
///     let mut count = 0;
///     while lines.next_line().await?.is_some() {
///         count += 1;
///     }
///     Ok::<_, std::io::Error>(count)
/// });
/// assert_eq!(reading.await.unwrap()?, 2);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct ReadHalf<T> {
    shared: Arc<Shared<T>>,
    /// Dropped with the half.
    ending: Option<Ending>,
}

/// The writing half of a stream; see [`split`].
///
/// Dropping it does not end the stream, [`shutdown`](super::AsyncWriteExt::shutdown) does; but dropping a half of
/// [`simplex`](super::simplex()) ends the pipe.
///
/// # Examples
///
/// ```
/// use leno::io::{AsyncReadExt, AsyncWriteExt};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (near, mut far) = leno::io::duplex(64);
/// let (_reader, mut writer) = leno::io::split(near);
/// writer.write_all(b"the last").await?;
/// // Without this the other side would wait for more.
/// writer.shutdown().await?;
///
/// let mut text = String::new();
/// far.read_to_string(&mut text).await?;
/// assert_eq!(text, "the last");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct WriteHalf<T> {
    shared: Arc<Shared<T>>,
    /// Dropped with the half.
    ending: Option<Ending>,
}

/// Splits a stream into a half that reads and a half that writes.
///
/// The halves share the stream through a lock and an allocation. Streams that can be split without,
/// such as TCP's, have an `into_split` of their own. [`ReadHalf::unsplit`] puts the halves together again.
///
/// # Examples
///
/// ```
/// use leno::io::{AsyncReadExt, AsyncWriteExt};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (near, mut far) = leno::io::duplex(64);
/// let (mut reader, mut writer) = leno::io::split(near);
/// writer.write_all(b"ping").await?;
/// far.write_all(b"pong").await?;
///
/// let mut word = [0; 4];
/// reader.read_exact(&mut word).await?;
/// assert_eq!(&word, b"pong");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub fn split<T>(stream: T) -> (ReadHalf<T>, WriteHalf<T>)
where
    T: AsyncRead + AsyncWrite,
{
    split_with(stream, None, None)
}

/// As [`split`], of a stream that ends with its halves.
pub(super) fn split_with<T>(
    stream: T,
    reader: Option<Ending>,
    writer: Option<Ending>,
) -> (ReadHalf<T>, WriteHalf<T>)
where
    T: AsyncRead + AsyncWrite,
{
    let shared = Arc::new(Shared {
        is_write_vectored: stream.is_write_vectored(),
        stream: Mutex::new(stream),
    });
    let reader = ReadHalf {
        shared: Arc::clone(&shared),
        ending: reader,
    };
    let ending = writer;
    (reader, WriteHalf { shared, ending })
}

struct Shared<T> {
    /// Pinned: it does not move while both halves exist, except out of an `unsplit` of an `Unpin` stream.
    stream: Mutex<T>,
    /// Asked once, so that asking needs no lock.
    is_write_vectored: bool,
}

impl<T> Shared<T> {
    fn with<R>(&self, f: impl FnOnce(Pin<&mut T>) -> R) -> R {
        asked::changes(&self.stream);
        let mut stream = self.stream.lock();
        // SAFETY: the stream lives in an `Arc` that never gives out an unpinned reference to it, and is
        // only moved by `unsplit`, which asks for `T: Unpin`; so it is dropped where it is.
        f(unsafe { Pin::new_unchecked(&mut *stream) })
    }
}

impl<T> ReadHalf<T> {
    /// True if the two are halves of the same stream.
    ///
    /// # Examples
    ///
    /// ```
    /// let (one, other) = leno::io::duplex(64);
    /// let (reader, writer) = leno::io::split(one);
    /// let (other_reader, _other_writer) = leno::io::split(other);
    /// assert!(reader.is_pair_of(&writer));
    /// assert!(!other_reader.is_pair_of(&writer));
    /// ```
    pub fn is_pair_of(&self, other: &WriteHalf<T>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Puts the halves together again.
    ///
    /// # Panics
    ///
    /// If the two are not halves of the same stream; ask [`is_pair_of`](Self::is_pair_of) before.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncWriteExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, mut far) = leno::io::duplex(64);
    /// let (reader, mut writer) = leno::io::split(near);
    /// writer.write_all(b"login").await?;
    /// far.write_all(b"welcome").await?;
    ///
    /// // The handshake needed both halves, the rest wants the stream.
    /// let mut stream = reader.unsplit(writer);
    /// stream.shutdown().await?;
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn unsplit(self, wr: WriteHalf<T>) -> T
    where
        T: Unpin,
    {
        assert!(
            self.is_pair_of(&wr),
            "unsplit needs the two halves of one stream; these are of different streams"
        );
        for ending in [self.ending, wr.ending].into_iter().flatten() {
            ending.cancel();
        }
        drop(wr.shared);
        match Arc::try_unwrap(self.shared) {
            Ok(shared) => shared.stream.into_inner(),
            Err(_) => unreachable!("a stream has two halves, and both are here"),
        }
    }
}

impl<T> WriteHalf<T> {
    /// True if the two are halves of the same stream.
    ///
    /// # Examples
    ///
    /// ```
    /// let (stream, _peer) = leno::io::duplex(64);
    /// let (reader, writer) = leno::io::split(stream);
    /// if writer.is_pair_of(&reader) {
    ///     let _stream = reader.unsplit(writer);
    /// }
    /// ```
    pub fn is_pair_of(&self, other: &ReadHalf<T>) -> bool {
        other.is_pair_of(self)
    }
}

impl<T: AsyncRead> AsyncRead for ReadHalf<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.shared.with(|stream| stream.poll_read(cx, buf))
    }
}

impl<T: AsyncWrite> AsyncWrite for WriteHalf<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.shared.with(|stream| stream.poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.with(|stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.with(|stream| stream.poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.shared
            .with(|stream| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.shared.is_write_vectored
    }
}

impl<T: fmt::Debug> fmt::Debug for ReadHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf").finish_non_exhaustive()
    }
}

impl<T: fmt::Debug> fmt::Debug for WriteHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteHalf").finish_non_exhaustive()
    }
}
