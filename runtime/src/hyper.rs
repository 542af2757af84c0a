//! hyper's own traits for leno's types, with the feature `hyper`.
//!
//! hyper 1.x reads, writes, spawns and sleeps through four small traits of `hyper::rt`, so that it runs on
//! any runtime. Here they are for leno:
//!
//! | hyper asks for | use |
//! | --- | --- |
//! | [`Read`], [`Write`] | a [`TcpStream`](crate::net::TcpStream) or [`UnixStream`](crate::net::UnixStream) as it is |
//! | | [`LenoIo`] around anything else that is [`AsyncRead`] and [`AsyncWrite`] |
//! | [`Executor`] | [`LenoExecutor`] |
//! | [`Timer`] | [`LenoTimer`] |
//!
//! [`LenoIo`] works in the other direction too: around what hyper hands out (an upgraded connection), it
//! is [`AsyncRead`] and [`AsyncWrite`].
//!
//! ```
//! use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
//! use leno::hyper::LenoTimer;
//! use leno::net::TcpListener;
//! use std::convert::Infallible;
//!
//! async fn serve(listener: TcpListener) -> std::io::Result<()> {
//!     loop {
//!         let (stream, _) = listener.accept().await?;
//!         let connection = http1::Builder::new()
//!             .timer(LenoTimer::new())
//!             .serve_connection(stream, service_fn(greet));
//!         leno::spawn(connection);
//!     }
//! }
//!
//! async fn greet(_: Request<Incoming>) -> Result<Response<String>, Infallible> {
//!     Ok(Response::new("hello\n".to_string()))
//! }
//! ```

use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use crate::time::{Instant, Sleep, sleep, sleep_until};
use hyper::rt::{Executor, Read, ReadBufCursor, Timer, Write};
use pin_project_lite::pin_project;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

pin_project! {
    /// Makes leno's IO traits hyper's, and hyper's leno's.
    ///
    /// It is [`hyper::rt::Read`] if `T` is [`AsyncRead`], and [`AsyncRead`] if `T` is
    /// [`hyper::rt::Read`]; likewise for writing. It holds no buffer and costs nothing.
    #[derive(Debug)]
    pub struct LenoIo<T> {
        #[pin]
        inner: T,
    }
}

impl<T> LenoIo<T> {
    /// Wraps a reader, a writer or both.
    pub fn new(inner: T) -> Self {
        Self { inner }
    }

    /// The wrapped value.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    /// The wrapped value, mutable.
    pub fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Takes the wrapped value out. Nothing is lost, since nothing is buffered.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

/// Lets an `AsyncRead` fill the unfilled part of hyper's buffer.
fn read_into_cursor<T: AsyncRead + ?Sized>(
    io: Pin<&mut T>,
    cx: &mut Context<'_>,
    mut cursor: ReadBufCursor<'_>,
) -> Poll<io::Result<()>> {
    // SAFETY: `as_mut` asks that no initialised byte becomes uninitialised. `ReadBuf` upholds that: it
    // hands its bytes out as initialised ones, or through an unsafe method that asks for the same.
    let unfilled = unsafe { cursor.as_mut() };
    let start = unfilled.as_ptr().cast::<u8>();
    let mut buf = ReadBuf::uninit(unfilled);
    ready!(io.poll_read(cx, &mut buf))?;
    let filled = buf.filled();
    assert!(
        std::ptr::eq(filled.as_ptr(), start),
        "poll_read has exchanged the ReadBuf for another: it must fill the one it is given"
    );
    let read = filled.len();
    // SAFETY: `ReadBuf` upholds that its filled bytes are initialised, and as was just checked they
    // are those that begin at the cursor.
    unsafe { cursor.advance(read) };
    Poll::Ready(Ok(()))
}

impl<T: AsyncRead> Read for LenoIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        read_into_cursor(self.project().inner, cx, cursor)
    }
}

impl<T: AsyncWrite> Write for LenoIo<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write_vectored(cx, bufs)
    }
}

impl<T: Read> AsyncRead for LenoIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // SAFETY: `unfilled_mut` asks that no initialised byte becomes uninitialised. hyper's `ReadBuf`
        // upholds that in the same way as ours.
        let unfilled = unsafe { buf.unfilled_mut() };
        let mut inner_buf = hyper::rt::ReadBuf::uninit(unfilled);
        ready!(Read::poll_read(
            self.project().inner,
            cx,
            inner_buf.unfilled()
        ))?;
        let read = inner_buf.filled().len();
        // SAFETY: hyper's `ReadBuf` upholds that its filled bytes are initialised, and they are the first
        // `read` of our unfilled ones: a cursor cannot be exchanged, since it keeps its buffer private.
        unsafe { buf.assume_init(read) };
        buf.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl<T: Write> AsyncWrite for LenoIo<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Write::poll_write(self.project().inner, cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Write::poll_flush(self.project().inner, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Write::poll_shutdown(self.project().inner, cx)
    }

    fn is_write_vectored(&self) -> bool {
        Write::is_write_vectored(&self.inner)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Write::poll_write_vectored(self.project().inner, cx, bufs)
    }
}

/// Makes a stream readable and writable by hyper without a wrapper.
macro_rules! impl_for_stream {
    ($stream:ty) => {
        impl Read for $stream {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                cursor: ReadBufCursor<'_>,
            ) -> Poll<io::Result<()>> {
                read_into_cursor(self, cx, cursor)
            }
        }

        impl Write for $stream {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                AsyncWrite::poll_write(self, cx, buf)
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                AsyncWrite::poll_flush(self, cx)
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                AsyncWrite::poll_shutdown(self, cx)
            }

            fn is_write_vectored(&self) -> bool {
                AsyncWrite::is_write_vectored(self)
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                AsyncWrite::poll_write_vectored(self, cx, bufs)
            }
        }
    };
}

impl_for_stream!(crate::net::TcpStream);
#[cfg(unix)]
impl_for_stream!(crate::net::UnixStream);

/// Runs hyper's background futures as tasks of the current runtime.
///
/// # Panics
///
/// `execute` panics off a runtime, as [`spawn`](crate::spawn) does.
#[derive(Clone, Copy, Debug, Default)]
pub struct LenoExecutor {
    // Leaves room for fields.
    _private: (),
}

impl LenoExecutor {
    /// An executor that spawns on the runtime it is called on.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<F> Executor<F> for LenoExecutor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    #[track_caller]
    fn execute(&self, future: F) {
        crate::spawn(future);
    }
}

/// Gives hyper its timeouts by the current runtime's clock.
///
/// # Panics
///
/// Its methods panic off a runtime, as [`sleep`] does.
#[derive(Clone, Copy, Debug, Default)]
pub struct LenoTimer {
    // Leaves room for fields.
    _private: (),
}

impl LenoTimer {
    /// A timer that sleeps on the runtime it is called on.
    pub fn new() -> Self {
        Self::default()
    }
}

impl hyper::rt::Sleep for Sleep {}

impl Timer for LenoTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(sleep(duration))
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(sleep_until(deadline.into()))
    }

    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn hyper::rt::Sleep>>, new_deadline: std::time::Instant) {
        match sleep.as_mut().downcast_mut_pin::<Sleep>() {
            // Ours is moved to its new place in the wheel; no allocation.
            Some(sleep) => sleep.reset(new_deadline.into()),
            None => *sleep = self.sleep_until(new_deadline),
        }
    }
}
