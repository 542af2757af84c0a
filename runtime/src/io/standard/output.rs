//! Standard output and error output.

use super::queue::Queue;
use super::stream::Stream;
use crate::io::AsyncWrite;
use std::io::{self, IoSlice};
#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};

static STDOUT: Queue = Queue::new();
static STDERR: Queue = Queue::new();

/// A handle to the standard output of the process, made by [`stdout`].
///
/// A write is done when a blocking thread has been given a copy of the bytes, so **flush before you end**: the process
/// does not wait for what was written last, and an error of a write is returned by the next operation. A
/// runtime that is dropped still writes what it has taken.
///
/// What could not be written stays: each later write and flush tries it again first, and fails as long as that fails. Where
/// somebody has made the stream non-blocking, another process that shares it perhaps, it is waited for all the same.
///
/// Bytes of several handles, and of `println!`, get mixed as the writes are: each of up to 2 MiB in one
/// piece. `println!` is fine in asynchronous code as long as nobody stops reading the output.
///
/// # Example
///
/// ```
/// use leno::io::{AsyncWriteExt, stdout};
///
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut output = stdout();
/// output.write_all(b"hello\n").await?;
/// output.flush().await?;
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Stdout {
    stream: Stream<io::StdoutLock<'static>>,
    #[cfg(unix)]
    std: io::Stdout,
}

/// A handle to the standard error output of the process, made by [`stderr`].
///
/// Like [`Stdout`] it needs to be flushed before the process ends, although std does not buffer it.
///
/// # Example
///
/// ```
/// use leno::io::{AsyncWriteExt, stderr};
///
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut output = stderr();
/// output.write_all(b"this is only a test\n").await?;
/// output.flush().await?;
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Stderr {
    stream: Stream<io::StderrLock<'static>>,
    #[cfg(unix)]
    std: io::Stderr,
}

/// Makes a handle to the standard output of the process.
///
/// Costs nothing; writing costs two hand-overs between threads, and a copy.
///
/// # Examples
///
/// ```
/// use leno::io::{AsyncWriteExt, BufWriter, stdout};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// // Two hand-overs to a thread in all, not two for each line.
/// let mut output = BufWriter::new(stdout());
/// for number in 1..=3 {
///     output.write_all(format!("line {number}\n").as_bytes()).await?;
/// }
/// output.flush().await?;
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[inline]
pub fn stdout() -> Stdout {
    Stdout {
        stream: Stream::new(&STDOUT, || io::stdout().lock()),
        #[cfg(unix)]
        std: io::stdout(),
    }
}

/// Makes a handle to the standard error output of the process.
///
/// Costs nothing; writing costs two hand-overs between threads, and a copy.
///
/// # Examples
///
/// ```
/// use leno::io::{AsyncWriteExt, stderr};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut error_output = stderr();
/// error_output.write_all(b"cannot go on\n").await?;
/// error_output.flush().await?;
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[inline]
pub fn stderr() -> Stderr {
    Stderr {
        stream: Stream::new(&STDERR, || io::stderr().lock()),
        #[cfg(unix)]
        std: io::stderr(),
    }
}

macro_rules! output {
    ($($Output:ty),*) => {$(
        /// Its methods panic outside of a runtime.
        impl AsyncWrite for $Output {
            #[track_caller]
            #[inline]
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.get_mut().stream.poll_write(cx, &[IoSlice::new(buf)])
            }

            #[track_caller]
            #[inline]
            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.get_mut().stream.poll_write(cx, bufs)
            }

            #[inline]
            fn is_write_vectored(&self) -> bool {
                true
            }

            #[track_caller]
            #[inline]
            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.get_mut().stream.poll_flush(cx)
            }

            /// Flushes; the stream stays open.
            #[track_caller]
            #[inline]
            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.get_mut().stream.poll_flush(cx)
            }
        }

        #[cfg(unix)]
        impl AsRawFd for $Output {
            #[inline]
            fn as_raw_fd(&self) -> RawFd {
                self.std.as_raw_fd()
            }
        }

        #[cfg(unix)]
        impl AsFd for $Output {
            #[inline]
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.std.as_fd()
            }
        }
    )*};
}

output!(Stdout, Stderr);
