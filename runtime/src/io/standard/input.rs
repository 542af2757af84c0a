//! Standard input.

#[cfg(not(unix))]
use super::queue::Queue;
#[cfg(unix)]
use super::reader::Reader;
#[cfg(not(unix))]
use super::stream::Stream;
use crate::io::{AsyncRead, ReadBuf};
use crate::kernel::budget::poll_budgeted;
use std::io;
#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Nothing is written to it.
#[cfg(not(unix))]
static NO_OUTPUT: Queue = Queue::new();

/// A handle to the standard input of the process, made by [`stdin`].
///
/// A read waits until there is input, and then takes what is there. **While it waits it takes nothing**: a future that is
/// dropped leaves what is typed afterwards to the next reader, be that another handle, std, a library or another process.
/// One that is dropped while it takes something leaves that to the next read, of whichever handle. The wait holds no thread
/// of the runtime's, and neither the end of the runtime nor that of `main` waits for it.
///
/// Handles share std's buffer, so what one has read too much of is not lost to the others, nor to [`std::io::stdin`]. The
/// other way round, what std has buffered comes first. Nothing of that can be seen from outside, so a handle asks when it
/// waits for the first time, on Linux; what std buffers later, or elsewhere, comes with the next input or its end.
///
/// Off Unix each read runs on a blocking thread and cannot be taken back. What it brings goes to the next read of the same
/// handle, and the end of the runtime waits for it, unless by
/// [`shutdown_background`](crate::runtime::Runtime::shutdown_background).
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
    #[cfg(unix)]
    reader: Reader,
    #[cfg(not(unix))]
    reader: Stream<io::Stdin>,
    #[cfg(unix)]
    std: io::Stdin,
}

/// Makes a handle to the standard input of the process.
///
/// Costs nothing; reading costs two hand-overs between threads.
///
/// # Examples
///
/// ```no_run
/// use leno::io::{AsyncReadExt, stdin};
///
/// # #[leno::main]
/// # async fn main() -> std::io::Result<()> {
/// // All of it, up to its end: for a filter, `sort` for one.
/// let mut text = String::new();
/// stdin().read_to_string(&mut text).await?;
/// let mut lines: Vec<&str> = text.lines().collect();
/// lines.sort_unstable();
/// assert!(lines.is_sorted());
/// # Ok(())
/// # }
/// ```
#[inline]
pub fn stdin() -> Stdin {
    Stdin {
        #[cfg(unix)]
        reader: Reader::new(),
        #[cfg(not(unix))]
        reader: Stream::new(&NO_OUTPUT, io::stdin),
        #[cfg(unix)]
        std: io::stdin(),
    }
}

impl AsyncRead for Stdin {
    /// # Errors
    ///
    /// Those of the system, also if it has no thread for it.
    ///
    /// # Panics
    ///
    /// Off Unix, outside of a runtime.
    #[track_caller]
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_budgeted(cx, |cx| self.get_mut().reader.poll_read(cx, buf))
    }
}

#[cfg(unix)]
impl AsRawFd for Stdin {
    #[inline]
    fn as_raw_fd(&self) -> RawFd {
        self.std.as_raw_fd()
    }
}

#[cfg(unix)]
impl AsFd for Stdin {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.std.as_fd()
    }
}
