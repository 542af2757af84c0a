//! Reading and writing without blocking a thread.
//!
//! The traits are those of [`std::io`], except that an operation which cannot go on at once is *pending* and
//! wakes its task when it can:
//!
//! | to implement | std's | brings by its extension trait |
//! | --- | --- | --- |
//! | [`AsyncRead`] | `Read` | [`AsyncReadExt`]: `read`, `read_exact`, `read_to_end`, `read_u32`, `take`, … |
//! | [`AsyncWrite`] | `Write` | [`AsyncWriteExt`]: `write`, `write_all`, `flush`, `shutdown`, `write_u32`, … |
//! | [`AsyncBufRead`] | `BufRead` | [`AsyncBufReadExt`]: `read_line`, `lines`, `read_until`, `split`, … |
//! | [`AsyncSeek`] | `Seek` | [`AsyncSeekExt`]: `seek`, `rewind`, `stream_position` |
//!
//! Around them: [`BufReader`], [`BufWriter`] and [`BufStream`] make few large operations out of many small
//! ones, [`copy`] and [`copy_bidirectional`] move bytes from stream to stream, [`split()`] gives the two
//! directions of a stream to two tasks, [`duplex`] and [`simplex`] are pipes in memory. [`stdin`], [`stdout`] and
//! [`stderr`] are the standard streams of the process.
//!
//! ```
//! use leno::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let (mut client, server) = leno::io::duplex(64);
//! client.write_all(b"hello\nworld\n").await?;
//! client.shutdown().await?;
//!
//! let mut lines = BufReader::new(server).lines();
//! assert_eq!(lines.next_line().await?.as_deref(), Some("hello"));
//! assert_eq!(lines.next_line().await?.as_deref(), Some("world"));
//! assert_eq!(lines.next_line().await?, None);
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```

#[cfg(feature = "rt")]
pub(crate) mod blocking;
#[cfg(feature = "io-util")]
mod buffered;
#[cfg(feature = "io-util")]
mod copy;
#[cfg(feature = "io-util")]
mod copy_bidirectional;
#[cfg(feature = "io-util")]
mod duplex;
#[cfg(feature = "io-util")]
mod empty;
#[cfg(feature = "io-util")]
mod ext;
#[cfg(feature = "io-util")]
mod join;
mod read_buf;
#[cfg(feature = "io-util")]
mod repeat;
#[cfg(feature = "io-util")]
mod sink;
#[cfg(feature = "io-util")]
mod split;
#[cfg(feature = "io-std")]
mod standard;
mod traits;
#[cfg(all(feature = "net", unix))]
#[cfg_attr(docsrs, doc(cfg(feature = "net")))]
pub mod unix;

#[cfg(all(test, feature = "full"))]
mod cooperation;

#[cfg(feature = "reactor")]
#[cfg_attr(docsrs, doc(cfg(feature = "net")))]
pub use leno_reactor::{Interest, Ready};
pub use read_buf::ReadBuf;
#[cfg(feature = "io-std")]
#[cfg_attr(docsrs, doc(cfg(feature = "io-std")))]
pub use standard::{Stderr, Stdin, Stdout, stderr, stdin, stdout};
#[doc(no_inline)]
pub use std::io::{Error, ErrorKind, Result, SeekFrom};
pub use traits::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};
#[cfg(feature = "io-util")]
#[cfg_attr(docsrs, doc(cfg(feature = "io-util")))]
pub use {
    buffered::{BufReader, BufStream, BufWriter},
    copy::{copy, copy_buf},
    copy_bidirectional::{copy_bidirectional, copy_bidirectional_with_sizes},
    duplex::{DuplexStream, SimplexStream, duplex, simplex},
    empty::{Empty, empty},
    ext::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, Chain, Lines, Split, Take},
    join::{Join, join},
    repeat::{Repeat, repeat},
    sink::{Sink, sink},
    split::{ReadHalf, WriteHalf, split},
};

/// How much a buffer holds if nobody says otherwise.
const DEFAULT_CAPACITY: usize = 8 * 1024;

/// Polls again for as long as the operation was only interrupted. A macro, so that what is polled has the caller of the function
/// around it for its own.
macro_rules! retry_interrupted {
    ($poll:expr) => {
        loop {
            match $poll {
                std::task::Poll::Ready(Err(error))
                    if error.kind() == std::io::ErrorKind::Interrupted => {}
                result => break result,
            }
        }
    };
}
use retry_interrupted;
