//! `AsyncBufReadExt`.

use super::lines::{Lines, Split};
use super::operation::{Operation, Step};
use super::read_to_end::put_back;
use crate::io::AsyncBufRead;
use crate::kernel::cancel_safe::CancelSafe;
use std::io::{self, BufRead};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Reading lines and other records, to be awaited, on any [`AsyncBufRead`].
pub trait AsyncBufReadExt: AsyncBufRead {
    /// Appends to `buf` what comes up to and with the delimiter `byte`, or up to the end of the stream.
    ///
    /// Returns how many bytes that are; 0 is the end of the stream. Retried when interrupted.
    ///
    /// # Errors
    ///
    /// Those of the source; what was read before one is in `buf`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: what was read is in `buf`, and calling it again with that appends the rest.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncBufReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut reader: &[u8] = b"key=value";
    /// let mut key = Vec::new();
    /// assert_eq!(reader.read_until(b'=', &mut key).await?, 4);
    /// assert_eq!(key, b"key=");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn read_until<'a>(
        &'a mut self,
        byte: u8,
        buf: &'a mut Vec<u8>,
    ) -> Operation<ReadUntil<'a, Self>>
    where
        Self: Unpin,
    {
        Operation::new(ReadUntil {
            reader: self,
            delimiter: byte,
            old_len: buf.len(),
            buf,
        })
    }

    /// Appends the next line, with its `\n`, to `buf`; the last line may have none.
    ///
    /// Returns how many bytes that are; 0 is the end of the stream. Retried when interrupted.
    ///
    /// # Errors
    ///
    /// Those of the source, and then `buf` has what was read before; `InvalidData` if that is not UTF-8,
    /// and then `buf` is as it was and the line is lost.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses data: what was read, and what `buf` held before. [`Lines::next_line`] is.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncBufReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut reader: &[u8] = b"one\ntwo";
    /// let mut line = String::new();
    /// assert_eq!(reader.read_line(&mut line).await?, 4);
    /// assert_eq!(line, "one\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn read_line<'a>(&'a mut self, buf: &'a mut String) -> Operation<ReadLine<'a, Self>>
    where
        Self: Unpin,
    {
        Operation::new(ReadLine {
            reader: self,
            old_len: buf.len(),
            bytes: std::mem::take(buf).into_bytes(),
            output: buf,
        })
    }

    /// The segments between delimiters, one after the other.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, BufReader};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut parts = BufReader::new(&b"a,b"[..]).split(b',');
    /// assert_eq!(parts.next_segment().await?, Some(b"a".to_vec()));
    /// assert_eq!(parts.next_segment().await?, Some(b"b".to_vec()));
    /// assert_eq!(parts.next_segment().await?, None);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn split(self, byte: u8) -> Split<Self>
    where
        Self: Sized + Unpin,
    {
        Split::new(self, byte)
    }

    /// Returns what is buffered, reading into an empty buffer first; nothing at the end of the stream.
    ///
    /// The same bytes are returned again until [`consume`](Self::consume) takes them.
    ///
    /// # Errors
    ///
    /// Those of the source.
    ///
    /// # Panics
    ///
    /// If it is polled again after it was ready.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: what was read stays in the buffer.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, BufReader};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut reader = BufReader::new(&b"some bytes"[..]);
    /// assert_eq!(reader.fill_buf().await?, b"some bytes");
    /// reader.consume(5);
    /// assert_eq!(reader.fill_buf().await?, b"bytes");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn fill_buf(&mut self) -> Operation<FillBuf<'_, Self>>
    where
        Self: Unpin,
    {
        Operation::new(FillBuf { reader: Some(self) })
    }

    /// Takes the first `amt` bytes off the buffer; see [`AsyncBufRead::consume`].
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, BufReader};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// // Skips spaces without copying anything.
    /// let mut reader = BufReader::new(&b"   word"[..]);
    /// loop {
    ///     let bytes = reader.fill_buf().await?;
    ///     let spaces = bytes.iter().take_while(|&&byte| byte == b' ').count();
    ///     if spaces == 0 {
    ///         break;
    ///     }
    ///     reader.consume(spaces);
    /// }
    /// assert_eq!(reader.buffer(), b"word");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn consume(&mut self, amt: usize)
    where
        Self: Unpin,
    {
        Pin::new(self).consume(amt);
    }

    /// The lines, one after the other, without their line endings.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncBufReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut lines = (&b"one\r\ntwo"[..]).lines();
    /// let mut longest = 0;
    /// while let Some(line) = lines.next_line().await? {
    ///     longest = longest.max(line.len());
    /// }
    /// assert_eq!(longest, 3);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    fn lines(self) -> Lines<Self>
    where
        Self: Sized,
    {
        Lines::new(self)
    }
}

impl<R: AsyncBufRead + ?Sized> AsyncBufReadExt for R {}

/// Appends to `buf` until it ends with `delimiter` or the stream has ended. What it has when pending, or
/// after an error, stays in `buf`.
#[track_caller]
pub(super) fn poll_read_until<R: AsyncBufRead + ?Sized>(
    mut reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    delimiter: u8,
    buf: &mut Vec<u8>,
) -> Poll<io::Result<()>> {
    loop {
        let available = match ready!(reader.as_mut().poll_fill_buf(cx)) {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Poll::Ready(Err(error)),
        };
        // std's search for a byte is fast, and this is the way to it.
        let read = { available }.skip_until(delimiter)?;
        let record = &available[..read];
        buf.extend_from_slice(record);
        let done = record.is_empty() || record.ends_with(&[delimiter]);
        reader.as_mut().consume(read);
        if done {
            return Poll::Ready(Ok(()));
        }
    }
}

/// See [`AsyncBufReadExt::read_until`].
#[derive(Debug)]
pub struct ReadUntil<'a, R: ?Sized> {
    reader: &'a mut R,
    delimiter: u8,
    buf: &'a mut Vec<u8>,
    old_len: usize,
}

impl<R: AsyncBufRead + Unpin + ?Sized> Step for ReadUntil<'_, R> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let reader = Pin::new(&mut *self.reader);
        ready!(poll_read_until(reader, cx, self.delimiter, self.buf))?;
        Poll::Ready(Ok(self.buf.len() - self.old_len))
    }
}

/// See [`AsyncBufReadExt::read_line`].
///
/// The string's bytes are taken out until the line is there: a `String` must not hold half a character,
/// not even while the operation is pending.
#[derive(Debug)]
pub struct ReadLine<'a, R: ?Sized> {
    reader: &'a mut R,
    output: &'a mut String,
    bytes: Vec<u8>,
    old_len: usize,
}

impl<R: AsyncBufRead + Unpin + ?Sized> Step for ReadLine<'_, R> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let reader = Pin::new(&mut *self.reader);
        let result = ready!(poll_read_until(reader, cx, b'\n', &mut self.bytes));
        let bytes = std::mem::take(&mut self.bytes);
        let old_len = std::mem::take(&mut self.old_len);
        Poll::Ready(put_back(self.output, bytes, old_len, result))
    }
}

/// See [`AsyncBufReadExt::fill_buf`].
#[derive(Debug)]
pub struct FillBuf<'a, R: ?Sized> {
    /// Gone once the bytes that it lends have been returned.
    reader: Option<&'a mut R>,
}

impl<'a, R: AsyncBufRead + Unpin + ?Sized> Step for FillBuf<'a, R> {
    type Output = io::Result<&'a [u8]>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&'a [u8]>> {
        let reader = self
            .reader
            .take()
            .expect("fill_buf must not be polled again after it was ready");
        match Pin::new(&mut *reader).poll_fill_buf(cx) {
            Poll::Pending => {
                self.reader = Some(reader);
                Poll::Pending
            }
            // SAFETY: only the lifetime changes, to that of the borrow from which the bytes come. The
            // reader is not used again in it: `self.reader` stays empty on this path. (The borrow checker
            // does not yet see that the other path does not return the bytes.)
            Poll::Ready(Ok(bytes)) => Poll::Ready(Ok(unsafe {
                std::slice::from_raw_parts(bytes.as_ptr(), bytes.len())
            })),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        }
    }
}

impl<'a, R: AsyncBufRead + Unpin + ?Sized> CancelSafe for Operation<FillBuf<'a, R>> {}
