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
//!
//! What is read from and written to is elsewhere: sockets in [`net`](crate::net), files in [`fs`](crate::fs), a child's
//! streams in [`process`](crate::process); any other descriptor can be waited for by [`unix::AsyncFd`]. Memory is a stream
//! too: `&[u8]` and [`Cursor`](std::io::Cursor) can be read, `Vec<u8>` and `Cursor` be written.
//!
//! # Which read
//!
//! | to read | call | the end of the stream is |
//! | --- | --- | --- |
//! | what is there, once | [`read`](AsyncReadExt::read), [`read_buf`](AsyncReadExt::read_buf) | 0 |
//! | so many bytes | [`read_exact`](AsyncReadExt::read_exact), [`read_u32`](AsyncReadExt::read_u32), … | the error `UnexpectedEof` |
//! | a line, or up to a delimiter | [`lines`](AsyncBufReadExt::lines), [`split`](AsyncBufReadExt::split) | `None` |
//! | all | [`read_to_end`](AsyncReadExt::read_to_end), [`read_to_string`](AsyncReadExt::read_to_string) | what they wait for |
//!
//! `read` and `write` may do only a part of what they were asked for. The commonest mistake is to take one `read` for one
//! message: a stream has no messages, only bytes. Either read by a length that comes first:
//!
//! ```
//! use leno::io::{self, AsyncReadExt, AsyncWriteExt};
//!
//! async fn send(stream: &mut (impl io::AsyncWrite + Unpin), message: &[u8]) -> io::Result<()> {
//!     stream.write_u32(message.len() as u32).await?;
//!     stream.write_all(message).await
//! }
//!
//! async fn receive(stream: &mut (impl io::AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
//!     let length = stream.read_u32().await?;
//!     if length > 1024 * 1024 {
//!         return Err(io::Error::new(io::ErrorKind::InvalidData, "more than a MiB in one message"));
//!     }
//!     let mut message = vec![0; length as usize];
//!     stream.read_exact(&mut message).await?;
//!     Ok(message)
//! }
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let (mut near, mut far) = io::duplex(64);
//! send(&mut near, b"one").await?;
//! send(&mut near, b"two").await?;
//! assert_eq!(receive(&mut far).await?, b"one");
//! assert_eq!(receive(&mut far).await?, b"two");
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! or up to a delimiter. Whoever may be sent anything puts a limit on it: [`take`](AsyncReadExt::take) ends a source after
//! so many bytes.
//!
//! ```
//! use leno::io::{AsyncBufReadExt, AsyncReadExt};
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let mut endless = leno::io::BufReader::new(leno::io::repeat(b'x')).take(100);
//! let mut line = String::new();
//! assert_eq!(endless.read_line(&mut line).await?, 100);
//! assert!(!line.ends_with('\n'), "longer than any line may be");
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! # What it costs
//!
//! Each read and each write of a socket or pipe is a system call; of a file, or of a standard stream, two hand-overs between
//! threads. So put a [`BufReader`] around what is read in small parts and a [`BufWriter`] around what is
//! written in small parts, and do not put either around what moves large blocks: they go past the buffer anyway.
//!
//! A `BufWriter` has to be flushed. What it holds is not sent by waiting, and is lost when it is dropped:
//!
//! ```
//! use leno::io::{AsyncReadExt, AsyncWriteExt, BufWriter};
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let (near, mut far) = leno::io::duplex(64);
//! let mut near = BufWriter::new(near);
//! near.write_all(b"question").await?;
//! near.flush().await?; // Without this, both sides would wait for ever.
//!
//! let mut question = [0; 8];
//! far.read_exact(&mut question).await?;
//! assert_eq!(&question, b"question");
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! An operation that is ready at once takes a unit of its task's [budget](crate::task::coop), so a stream that always has
//! more does not keep other tasks waiting. Slices, `Vec`s and `Cursor`s, which end, take none.
//!
//! # The end of a stream
//!
//! A side that has no more to say calls [`shutdown`](AsyncWriteExt::shutdown): it flushes, and the other side reads what is
//! left and then 0. It can still answer. Dropping a stream ends both directions, and never waits, so what a buffer held is
//! not sent.
//!
//! # Both directions at once
//!
//! One task is often enough: [`select!`](crate::select) between a read and whatever else there is. For two, split the
//! stream, by the `into_split` of its own if it has one, otherwise by [`split()`].
//!
//! ```
//! use leno::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! // Each sends far more than the pipe holds. One after the other, both would wait for ever.
//! let (near, far) = leno::io::duplex(16);
//! let mut tasks = leno::task::JoinSet::new();
//! for stream in [near, far] {
//!     let (mut reader, mut writer) = leno::io::split(stream);
//!     tasks.spawn(async move {
//!         writer.write_all(&[7; 1000]).await?;
//!         writer.shutdown().await
//!     });
//!     tasks.spawn(async move {
//!         let read = reader.read_to_end(&mut Vec::new()).await?;
//!         assert_eq!(read, 1000);
//!         Ok::<_, std::io::Error>(())
//!     });
//! }
//! while let Some(ended) = tasks.join_next().await {
//!     ended.unwrap()?;
//! }
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! # Cancel safety
//!
//! A future that is dropped before it is ready (by [`select!`](crate::select) or a timeout) may have done a part of its
//! work:
//!
//! | loses nothing | loses where it was |
//! | --- | --- |
//! | `read`, `read_buf`, `fill_buf`, `read_until`, `read_to_end` (what came is in the buffer) | `read_exact`, `read_u16` and wider |
//! | [`Lines::next_line`], [`Split::next_segment`] | `read_line`, `read_to_string` |
//! | `write`, `write_vectored`, `write_buf`, [`write_all_buf`](AsyncWriteExt::write_all_buf) | `write_all`, `write_u16` and wider |
//! | `flush`, `shutdown`, [`copy_buf`] (what is not copied stays in the reader) | [`copy`], [`copy_bidirectional`] |
//!
//! In a loop with `select!` choose from the left, or make the future once and poll it by reference:
//!
//! ```
//! use leno::io::{AsyncReadExt, AsyncWriteExt};
//! use std::future::ready;
//! use std::pin::pin;
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let (mut near, mut far) = leno::io::duplex(64);
//! let mut number = pin!(far.read_u32());
//! for half in [[0, 1], [2, 3]] {
//!     leno::select! {
//!         biased;
//!         read = &mut number => panic!("{read:?} is not there yet"),
//!         () = ready(()) => {} // The bytes that were read so far are in the future, which is still there.
//!     }
//!     near.write_all(&half).await?;
//! }
//! assert_eq!(number.await?, 0x0001_0203);
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! # Errors
//!
//! They are [`std::io::Error`]s. Operations that go on until something is complete (`read_exact`, `write_all`, `copy`, …) try
//! again when they are [`Interrupted`](ErrorKind::Interrupted); those that do one thing (`read`, `write`) return it.
//! [`WouldBlock`](ErrorKind::WouldBlock) is for the `try_` functions of sockets: what can wait waits instead.

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

/// How many of the bytes that it was `given` a writer has taken. None is an error: it will take nothing more.
///
/// # Panics
///
/// If it says that it took more than there were.
#[inline]
#[track_caller]
fn taken(written: usize, given: usize) -> Result<usize> {
    assert!(
        written <= given,
        "`poll_write` was given {given} bytes, and says that it has written {written}: mend the writer"
    );
    match written {
        0 => Err(ErrorKind::WriteZero.into()),
        written => Ok(written),
    }
}
