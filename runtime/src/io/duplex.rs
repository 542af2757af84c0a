//! `duplex` and `simplex`: pipes in memory.
//!
//! A [`Pipe`] is bytes between a reader and a writer, and whoever of the two waits for the other. A
//! [`SimplexStream`] is both ends of one pipe, a [`DuplexStream`] one end of two, each behind a lock of its own.
//!
//! Wakers are foreign code, which may want the very same pipe. So the pipe's own functions touch none: they
//! say whom to wake, and [`poll_shared`] clones, wakes and drops wakers while the pipe is not locked.
//!
//! The ends of [`simplex`] are halves of a [`split`](super::split()), each of which takes along what [ends](Ending) the
//! pipe when the half is dropped. It locks the pipe, not the split stream, under whose lock a waker may have dropped it.

use super::split::split_with;
use super::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf};
use crate::kernel::budget::poll_budgeted;
use crate::kernel::wake_list::WakeList;
use crate::prim::{Arc, Mutex, asked};
use bytes::{Buf, BytesMut};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// One end of a pipe in both directions; see [`duplex`].
///
/// When it is dropped, the other end reads what is left and then the end of the stream, and its writes fail
/// with `BrokenPipe`.
///
/// # Examples
///
/// ```
/// use leno::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ErrorKind};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// async fn echo(mut stream: DuplexStream) -> std::io::Result<()> {
///     let mut word = [0; 4];
///     stream.read_exact(&mut word).await?;
///     stream.write_all(&word).await
/// }
///
/// let (mut client, server) = leno::io::duplex(64);
/// client.write_all(b"ping").await?;
/// echo(server).await?;
/// let mut answer = String::new();
/// client.read_to_string(&mut answer).await?;
/// assert_eq!(answer, "ping");
///
/// let error = client.write_all(b"anybody?").await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::BrokenPipe);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct DuplexStream {
    incoming: Arc<Mutex<Pipe>>,
    outgoing: Arc<Mutex<Pipe>>,
}

/// A pipe in memory, in one direction; see [`simplex`].
///
/// What is written to it is read from it. It ends by [`shutdown`](super::AsyncWriteExt::shutdown), or when one of the two
/// halves that [`simplex`] made of it is dropped: then reading yields what is left and then the end of the stream, and
/// writing fails with `BrokenPipe`.
///
/// # Examples
///
/// ```
/// use leno::io::{AsyncReadExt, AsyncWriteExt};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (mut reader, mut writer) = leno::io::simplex(4);
/// let writing = leno::task::spawn(async move {
///     // More than fits: the writer waits for the reader.
///     writer.write_all(b"much more than four").await
/// });
/// let mut text = String::new();
/// reader.read_to_string(&mut text).await?;
/// writing.await.unwrap()?;
/// assert_eq!(text, "much more than four");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct SimplexStream {
    pipe: Arc<Mutex<Pipe>>,
}

#[derive(Debug)]
struct Pipe {
    bytes: BytesMut,
    capacity: usize,
    closed: bool,
    /// Who waits for bytes, or for the end.
    reader: Option<Waker>,
    /// Who waits for room, or for the end.
    writer: Option<Waker>,
}

/// Makes a pipe in both directions and returns its two ends.
///
/// Each direction holds up to `max_buf_size` bytes; a writer that finds it full waits for the reader.
///
/// # Panics
///
/// If `max_buf_size` is 0.
///
/// # Examples
///
/// ```
/// use leno::io::{AsyncReadExt, AsyncWriteExt};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (mut client, mut server) = leno::io::duplex(64);
/// client.write_all(b"ping").await?;
///
/// let mut word = [0; 4];
/// server.read_exact(&mut word).await?;
/// assert_eq!(&word, b"ping");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[track_caller]
#[inline]
pub fn duplex(max_buf_size: usize) -> (DuplexStream, DuplexStream) {
    let one = Pipe::shared(max_buf_size);
    let other = Pipe::shared(max_buf_size);
    (
        DuplexStream {
            incoming: Arc::clone(&one),
            outgoing: Arc::clone(&other),
        },
        DuplexStream {
            incoming: other,
            outgoing: one,
        },
    )
}

/// Makes a pipe in one direction and returns its two ends.
///
/// It holds up to `max_buf_size` bytes; a writer that finds it full waits for the reader. It ends when one of the ends is
/// dropped, or the writing one is shut down: the reader reads what is left and then the end of the stream, and the writer
/// gets `BrokenPipe`. [`unsplit`](ReadHalf::unsplit) puts the ends together without ending it.
///
/// # Panics
///
/// If `max_buf_size` is 0.
///
/// # Examples
///
/// ```
/// use leno::io::{AsyncReadExt, AsyncWriteExt};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (mut reader, mut writer) = leno::io::simplex(64);
/// writer.write_all(b"some bytes").await?;
/// drop(writer);
///
/// let mut text = String::new();
/// reader.read_to_string(&mut text).await?;
/// assert_eq!(text, "some bytes");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[track_caller]
#[inline]
pub fn simplex(max_buf_size: usize) -> (ReadHalf<SimplexStream>, WriteHalf<SimplexStream>) {
    let stream = SimplexStream::new_unsplit(max_buf_size);
    let ending = |peer| Ending {
        pipe: Some(Arc::clone(&stream.pipe)),
        peer,
    };
    let (reader, writer) = (ending(Side::Writer), ending(Side::Reader));
    split_with(stream, Some(reader), Some(writer))
}

/// Ends a pipe when it is dropped with one of its ends, and wakes who waits at the other.
#[derive(Debug)]
pub(super) struct Ending {
    /// There until it is cancelled.
    pipe: Option<Arc<Mutex<Pipe>>>,
    peer: Side,
}

impl Ending {
    /// Leaves the pipe as it is.
    #[inline]
    pub(super) fn cancel(mut self) {
        self.pipe = None;
    }
}

impl Drop for Ending {
    #[inline]
    fn drop(&mut self) {
        if let Some(pipe) = &self.pipe {
            let waker = close(pipe, self.peer);
            wake(waker);
        }
    }
}

/// The two who may wait for a pipe.
#[derive(Clone, Copy, Debug)]
enum Side {
    Reader,
    Writer,
}

impl SimplexStream {
    /// Makes a pipe without splitting it into its ends, for one task that does both.
    ///
    /// If it is [split](super::split()) afterwards, only [`shutdown`](super::AsyncWriteExt::shutdown) ends it.
    ///
    /// # Panics
    ///
    /// If `max_buf_size` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, AsyncWriteExt, SimplexStream};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// // A queue of bytes: what one call writes a later one reads.
    /// let mut queue = SimplexStream::new_unsplit(64);
    /// queue.write_u32(7).await?;
    /// queue.write_u32(8).await?;
    /// assert_eq!(queue.read_u32().await?, 7);
    /// assert_eq!(queue.read_u32().await?, 8);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn new_unsplit(max_buf_size: usize) -> SimplexStream {
        SimplexStream {
            pipe: Pipe::shared(max_buf_size),
        }
    }
}

impl Pipe {
    #[track_caller]
    #[inline]
    fn shared(max_buf_size: usize) -> Arc<Mutex<Self>> {
        assert!(max_buf_size > 0, "`max_buf_size` must be greater than 0");
        Arc::new(Mutex::new(Self {
            bytes: BytesMut::new(),
            capacity: max_buf_size,
            closed: false,
            reader: None,
            writer: None,
        }))
    }

    #[inline]
    fn waiter(&mut self, side: Side) -> &mut Option<Waker> {
        match side {
            Side::Reader => &mut self.reader,
            Side::Writer => &mut self.writer,
        }
    }

    /// Reads, and returns the writer if it has room now.
    #[inline]
    fn read(&mut self, buf: &mut ReadBuf<'_>) -> Poll<(io::Result<()>, Option<Waker>)> {
        let count = self.bytes.len().min(buf.remaining());
        if count == 0 && buf.remaining() != 0 && !self.closed {
            return Poll::Pending;
        }
        buf.put_slice(&self.bytes[..count]);
        self.bytes.advance(count);
        let wake = if count == 0 { None } else { self.writer.take() };
        Poll::Ready((Ok(()), wake))
    }

    /// Writes from the buffers one after the other, and returns the reader if there are bytes now.
    #[inline]
    fn write(&mut self, bufs: &[IoSlice<'_>]) -> Poll<(io::Result<usize>, Option<Waker>)> {
        if self.closed {
            return Poll::Ready((Err(io::ErrorKind::BrokenPipe.into()), None));
        }
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready((Ok(0), None));
        }
        let room = self.capacity - self.bytes.len();
        if room == 0 {
            return Poll::Pending;
        }
        let mut left = room;
        for buf in bufs {
            let count = buf.len().min(left);
            self.bytes.extend_from_slice(&buf[..count]);
            left -= count;
        }
        Poll::Ready((Ok(room - left), self.reader.take()))
    }

    /// Ends the pipe, and returns who waits on that side.
    #[inline]
    fn close(&mut self, side: Side) -> Option<Waker> {
        self.closed = true;
        self.waiter(side).take()
    }
}

/// Closes one side of a pipe; who waits on the other one is to be woken.
#[inline]
fn close(pipe: &Mutex<Pipe>, side: Side) -> Option<Waker> {
    asked::changes(pipe);
    pipe.lock().close(side)
}

/// Attempts an operation on a pipe, whose other end may be elsewhere.
fn poll_shared<T>(
    pipe: &Mutex<Pipe>,
    cx: &mut Context<'_>,
    side: Side,
    mut attempt: impl FnMut(&mut Pipe) -> Poll<(T, Option<Waker>)>,
) -> Poll<T> {
    poll_budgeted(cx, |cx| {
        asked::changes(pipe);
        let mut locked = pipe.lock();
        let mut outcome = attempt(&mut locked);
        if outcome.is_pending() {
            let waiter = locked.waiter(side);
            if waiter.as_ref().is_some_and(|old| old.will_wake(cx.waker())) {
                return Poll::Pending;
            }
            // To wait takes a clone of the waker. While it is made the other side may come, so: once more.
            drop(locked);
            let mut waker = Some(cx.waker().clone());
            locked = pipe.lock();
            outcome = attempt(&mut locked);
            if outcome.is_pending() {
                std::mem::swap(locked.waiter(side), &mut waker);
            }
            drop(locked);
            // Here the old waker, or the one that is not needed, is dropped.
        } else {
            drop(locked);
        }
        outcome.map(|(result, peer)| {
            wake(peer);
            result
        })
    })
}

#[inline]
fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl AsyncRead for DuplexStream {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_shared(&self.incoming, cx, Side::Reader, |pipe| pipe.read(buf))
    }
}

impl AsyncWrite for DuplexStream {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let reader = close(&self.outgoing, Side::Reader);
        wake(reader);
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_shared(&self.outgoing, cx, Side::Writer, |pipe| pipe.write(bufs))
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        true
    }
}

impl Drop for DuplexStream {
    #[inline]
    fn drop(&mut self) {
        let reader = close(&self.outgoing, Side::Reader);
        let writer = close(&self.incoming, Side::Writer);
        // One of the two may panic; the other is woken nevertheless.
        let mut wakers = WakeList::new();
        for waker in [reader, writer].into_iter().flatten() {
            wakers.push(waker);
        }
        wakers.wake_all();
    }
}

impl AsyncRead for SimplexStream {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_shared(&self.pipe, cx, Side::Reader, |pipe| pipe.read(buf))
    }
}

impl AsyncWrite for SimplexStream {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let reader = close(&self.pipe, Side::Reader);
        wake(reader);
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_shared(&self.pipe, cx, Side::Writer, |pipe| pipe.write(bufs))
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        true
    }
}
