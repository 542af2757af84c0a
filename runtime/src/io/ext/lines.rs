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
    pub fn next_line(&mut self) -> impl CancelSafe<Output = io::Result<Option<String>>> {
        Operation::new(NextLine(self))
    }

    /// The source, mutably. What is read from it here is missing from the lines.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The source.
    pub fn get_ref(&mut self) -> &R {
        &self.reader
    }

    /// Gives the source back. What was read of a line and not returned yet is lost.
    pub fn into_inner(self) -> R {
        self.reader
    }
}

pin_project! {
    /// The segments of a source between delimiters; see
    /// [`AsyncBufReadExt::split`](crate::io::AsyncBufReadExt::split).
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
