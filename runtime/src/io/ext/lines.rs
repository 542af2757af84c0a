//! `Lines` and `Split`: a source as a sequence of records.

use super::buf_read::poll_read_until;
use super::operation::{Operation, Step};
use crate::io::AsyncBufRead;
use crate::kernel::cancel_safe::CancelSafe;
use pin_project_lite::pin_project;
use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// The lines of a source; see [`AsyncBufReadExt::lines`](crate::io::AsyncBufReadExt::lines).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncBufReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut lines = (&b"unix\nwindows\r\n\nno end"[..]).lines();
    /// let mut all = Vec::new();
    /// while let Some(line) = lines.next_line().await? {
    ///     all.push(line);
    /// }
    /// assert_eq!(all, ["unix", "windows", "", "no end"]);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Lines<R> {
        #[pin]
        reader: R,
        // The line so far: it stays here while the rest of it is waited for.
        line: Vec<u8>,
    }
}

impl<R: AsyncBufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            line: Vec::new(),
        }
    }

    /// Attempts to return the next line; see [`next_line`](Self::next_line).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncBufReadExt;
    /// use std::future::poll_fn;
    /// use std::pin::pin;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut lines = pin!((&b"one\ntwo\n"[..]).lines());
    /// let line = poll_fn(|cx| lines.as_mut().poll_next_line(cx)).await?;
    /// assert_eq!(line.as_deref(), Some("one"));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn poll_next_line(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<String>>> {
        let this = self.project();
        ready!(poll_read_until(this.reader, cx, b'\n', this.line))?;
        if this.line.is_empty() {
            return Poll::Ready(Ok(None));
        }
        let mut line = mem::take(this.line);
        if line.ends_with(b"\n") {
            line.pop();
            if line.ends_with(b"\r") {
                line.pop();
            }
        }
        let line = String::from_utf8(line)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Poll::Ready(Ok(Some(line)))
    }
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// The next line without its line ending (`\n` or `\r\n`), or `None` at the end of the stream.
    ///
    /// # Errors
    ///
    /// Those of the source, and `InvalidData` for a line that is not UTF-8, which is skipped.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: what has been read of a line is kept for the next call.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    /// use std::future::ready;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (mut near, far) = leno::io::duplex(64);
    /// let mut lines = BufReader::new(far).lines();
    ///
    /// near.write_all(b"half ").await?;
    /// leno::select! {
    ///     biased;
    ///     line = lines.next_line() => panic!("{line:?} has no end yet"),
    ///     () = ready(()) => {}
    /// }
    /// near.write_all(b"a line\n").await?;
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("half a line"));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn next_line(&mut self) -> impl CancelSafe<Output = io::Result<Option<String>>> {
        Operation::new(NextLine(self))
    }

    /// The source, mutably. What is read from it here is missing from the lines.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, AsyncReadExt};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// // A head of lines, then a body of bytes from the same source.
    /// let mut lines = (&b"length 4\nbody"[..]).lines();
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("length 4"));
    /// let mut body = [0; 4];
    /// lines.get_mut().read_exact(&mut body).await?;
    /// assert_eq!(&body, b"body");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The source.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::AsyncBufReadExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut lines = (&b"one\ntwo\n"[..]).lines();
    /// lines.next_line().await?;
    /// assert_eq!(lines.get_ref(), b"two\n");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn get_ref(&mut self) -> &R {
        &self.reader
    }

    /// Gives the source back. What was read of a line and not returned yet is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// // The `BufReader` comes back, with what it has buffered.
    /// let mut lines = BufReader::new(&b"head\nbody"[..]).lines();
    /// lines.next_line().await?;
    /// let mut body = String::new();
    /// lines.into_inner().read_to_string(&mut body).await?;
    /// assert_eq!(body, "body");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn into_inner(self) -> R {
        self.reader
    }
}

pin_project! {
    /// The segments of a source between delimiters; see
    /// [`AsyncBufReadExt::split`](crate::io::AsyncBufReadExt::split).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, BufReader};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// // The entries of `/proc/self/environ` end with a zero each.
    /// let mut entries = BufReader::new(&b"HOME=/root\0LANG=C\0"[..]).split(0);
    /// let mut all = Vec::new();
    /// while let Some(entry) = entries.next_segment().await? {
    ///     all.push(entry);
    /// }
    /// assert_eq!(all, [b"HOME=/root".to_vec(), b"LANG=C".to_vec()]);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Split<R> {
        #[pin]
        reader: R,
        delimiter: u8,
        // The segment so far: it stays here while the rest of it is waited for.
        segment: Vec<u8>,
    }
}

impl<R: AsyncBufRead> Split<R> {
    pub(super) fn new(reader: R, delimiter: u8) -> Self {
        Self {
            reader,
            delimiter,
            segment: Vec::new(),
        }
    }

    /// Attempts to return the next segment; see [`next_segment`](Self::next_segment).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, BufReader};
    /// use std::future::poll_fn;
    /// use std::pin::pin;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut fields = pin!(BufReader::new(&b"a;b"[..]).split(b';'));
    /// let field = poll_fn(|cx| fields.as_mut().poll_next_segment(cx)).await?;
    /// assert_eq!(field, Some(b"a".to_vec()));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn poll_next_segment(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Vec<u8>>>> {
        let this = self.project();
        ready!(poll_read_until(
            this.reader,
            cx,
            *this.delimiter,
            this.segment
        ))?;
        if this.segment.is_empty() {
            return Poll::Ready(Ok(None));
        }
        let mut segment = mem::take(this.segment);
        if segment.last() == Some(this.delimiter) {
            segment.pop();
        }
        Poll::Ready(Ok(Some(segment)))
    }
}

impl<R: AsyncBufRead + Unpin> Split<R> {
    /// The next segment without its delimiter, or `None` at the end of the stream.
    ///
    /// # Errors
    ///
    /// Those of the source.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: what has been read of a segment is kept for the next call.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncBufReadExt, BufReader};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut fields = BufReader::new(&b"a;;b;"[..]).split(b';');
    /// assert_eq!(fields.next_segment().await?, Some(b"a".to_vec()));
    /// assert_eq!(fields.next_segment().await?, Some(b"".to_vec()));
    /// assert_eq!(fields.next_segment().await?, Some(b"b".to_vec()));
    /// // A delimiter at the very end begins no further segment.
    /// assert_eq!(fields.next_segment().await?, None);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn next_segment(&mut self) -> impl CancelSafe<Output = io::Result<Option<Vec<u8>>>> {
        Operation::new(NextSegment(self))
    }
}

struct NextLine<'a, R>(&'a mut Lines<R>);

impl<R: AsyncBufRead + Unpin> Step for NextLine<'_, R> {
    type Output = io::Result<Option<String>>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut *self.0).poll_next_line(cx)
    }
}

impl<R: AsyncBufRead + Unpin> CancelSafe for Operation<NextLine<'_, R>> {}

struct NextSegment<'a, R>(&'a mut Split<R>);

impl<R: AsyncBufRead + Unpin> Step for NextSegment<'_, R> {
    type Output = io::Result<Option<Vec<u8>>>;

    #[track_caller]
    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut *self.0).poll_next_segment(cx)
    }
}

impl<R: AsyncBufRead + Unpin> CancelSafe for Operation<NextSegment<'_, R>> {}
