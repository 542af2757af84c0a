//! `AsyncSeekExt`.

use super::operation::{Operation, Step};
use crate::io::AsyncSeek;
use crate::kernel::cancel_safe::{AssertCancelSafe, assert_cancel_safe};
use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Seeking, to be awaited, on any [`AsyncSeek`].
///
/// # Examples
///
/// ```
/// use leno::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
/// use std::io::Cursor;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut stream = Cursor::new(b"0123456789");
/// assert_eq!(stream.seek(SeekFrom::End(-3)).await?, 7);
/// assert_eq!(stream.read_u8().await?, b'7');
/// assert_eq!(stream.stream_position().await?, 8);
/// assert_eq!(stream.rewind().await?, 0);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub trait AsyncSeekExt: AsyncSeek {
    /// Seeks to `pos` and returns the new position from the start of the stream.
    ///
    /// A seek that another operation has left unfinished is completed first.
    ///
    /// # Errors
    ///
    /// Those of the stream; a position before its start is one.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the operation: a file's position may change all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
    /// use std::io::Cursor;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut table = Cursor::new(b"aaaabbbbcccc");
    /// assert_eq!(table.seek(SeekFrom::Start(4)).await?, 4);
    /// let mut row = [0; 4];
    /// table.read_exact(&mut row).await?;
    /// assert_eq!(&row, b"bbbb");
    ///
    /// assert!(table.seek(SeekFrom::Current(-9)).await.is_err());
    /// assert_eq!(table.stream_position().await?, 8);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn seek(&mut self, pos: SeekFrom) -> Operation<SeekTo<'_, Self>>
    where
        Self: Unpin,
    {
        Operation::new(SeekTo {
            stream: self,
            position: Some(pos),
        })
    }

    /// Seeks to the start: `seek(SeekFrom::Start(0))`.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the operation: a file's position may change all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
    /// use std::io::Cursor;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut scratch = Cursor::new(Vec::new());
    /// scratch.write_all(b"written first").await?;
    /// scratch.rewind().await?;
    ///
    /// let mut text = String::new();
    /// scratch.read_to_string(&mut text).await?;
    /// assert_eq!(text, "written first");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn rewind(&mut self) -> Operation<SeekTo<'_, Self>>
    where
        Self: Unpin,
    {
        self.seek(SeekFrom::Start(0))
    }

    /// The position from the start of the stream: `seek(SeekFrom::Current(0))`.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the position stays what it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, AsyncSeekExt, BufReader};
    /// use std::io::Cursor;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut reader = BufReader::new(Cursor::new(b"one\ntwo\n"));
    /// let mut line = String::new();
    /// reader.read_line(&mut line).await?;
    ///
    /// // The cursor itself is at the end; what is buffered does not count as read.
    /// assert_eq!(reader.stream_position().await?, 4);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn stream_position(&mut self) -> AssertCancelSafe<Operation<SeekTo<'_, Self>>>
    where
        Self: Unpin,
    {
        assert_cancel_safe(self.seek(SeekFrom::Current(0)))
    }
}

impl<S: AsyncSeek + ?Sized> AsyncSeekExt for S {}

/// See [`AsyncSeekExt::seek`].
#[derive(Debug)]
pub struct SeekTo<'a, S: ?Sized> {
    stream: &'a mut S,
    /// Where to, until the seek has been started.
    position: Option<SeekFrom>,
}

impl<S: AsyncSeek + Unpin + ?Sized> Step for SeekTo<'_, S> {
    type Output = io::Result<u64>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        if let Some(position) = self.position {
            // The stream may be busy with an earlier seek.
            ready!(Pin::new(&mut *self.stream).poll_complete(cx))?;
            Pin::new(&mut *self.stream).start_seek(position)?;
            self.position = None;
        }
        Pin::new(&mut *self.stream).poll_complete(cx)
    }
}
