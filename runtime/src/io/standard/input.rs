//! Standard input.

use super::stream::Stream;
use crate::io::{AsyncRead, ReadBuf};
use std::io;
#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A handle to the standard input of the process, made by [`stdin`].
///
/// Each read runs on a blocking thread and **cannot be taken back**: a future that is dropped while it waits leaves the
/// read behind, and the handle gives what that brings to the next read. So read from one place, and keep the
/// handle. When the runtime is dropped it waits for the read, that is, until the user presses Enter: for an
/// interactive program read from a thread of its own, or end with
/// [`shutdown_background`](crate::runtime::Runtime::shutdown_background).
///
/// Handles share std's buffer, so what one has read too much of is not lost to the others.
///
/// # Example
///
/// ```no_run
/// use leno::io::{AsyncBufReadExt, BufReader, stdin};
///
/// # #[leno::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut lines = BufReader::new(stdin()).lines();
/// while let Some(line) = lines.next_line().await? {
///     println!("you said: {line}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Stdin {
    stream: Stream<io::Stdin>,
    #[cfg(unix)]
    std: io::Stdin,
}

/// Makes a handle to the standard input of the process.
///
/// Costs nothing; reading costs two hand-overs between threads.
pub fn stdin() -> Stdin {
    Stdin {
        stream: Stream::new(io::stdin),
        #[cfg(unix)]
        std: io::stdin(),
    }
}

impl AsyncRead for Stdin {
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.get_mut().stream.poll_read(cx, buf)
    }
}

#[cfg(unix)]
impl AsRawFd for Stdin {
    fn as_raw_fd(&self) -> RawFd {
        self.std.as_raw_fd()
    }
}

#[cfg(unix)]
impl AsFd for Stdin {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.std.as_fd()
    }
}
