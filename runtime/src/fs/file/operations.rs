//! What goes on with a file behind its back.
//!
//! At most one operation is under way. It has the file's buffer and the system's position of the file for itself; when it
//! is done the buffer comes back with its outcome. In between,
//!
//! - *unread bytes* may be in the buffer: then the system's position is that much ahead of where the reader is, and
//!   whatever is not a read drops them and goes back first;
//! - *an error of a write* may be waiting for somebody to whom it can be given: the next write, flush or sync.

use crate::io::blocking::{self, Buffer};
use crate::io::{ReadBuf, SeekFrom};
use crate::task::JoinHandle;
use std::fs::File;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice, Seek};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

#[derive(Debug)]
pub(super) struct Operations {
    state: State,
    write_error: Option<io::Error>,
    /// Where the last seek has led.
    position: u64,
}

#[derive(Debug)]
enum State {
    Idle(Buffer),
    Busy(JoinHandle<(Outcome, Buffer)>),
}

#[derive(Debug)]
enum Outcome {
    Read(io::Result<()>),
    Write(io::Result<()>),
    Seek(io::Result<u64>),
    SetLen(io::Result<()>),
}

impl Operations {
    pub(super) fn new() -> Self {
        Self {
            state: State::Idle(Buffer::default()),
            write_error: None,
            position: 0,
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        matches!(self.state, State::Busy(_))
    }

    /// Waits until no operation is under way, and returns the outcome of the one that was.
    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Outcome>>> {
        let State::Busy(operation) = &mut self.state else {
            return Poll::Ready(Ok(None));
        };
        let (outcome, buffer) = match ready!(Pin::new(operation).poll(cx)) {
            Ok(back) => back,
            Err(error) => {
                // Cancelled by the end of the runtime, and its buffer with it.
                self.state = State::Idle(Buffer::default());
                return Poll::Ready(Err(error.into()));
            }
        };
        self.state = State::Idle(buffer);
        if let Outcome::Seek(Ok(position)) = outcome {
            self.position = position;
        }
        Poll::Ready(Ok(Some(outcome)))
    }

    /// As [`poll_outcome`](Self::poll_outcome), for those who cannot do anything about the error of a write.
    fn poll_outcome_of_others(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Outcome>>> {
        match ready!(self.poll_outcome(cx))? {
            Some(Outcome::Write(Err(error))) => {
                self.write_error = Some(error);
                Poll::Ready(Ok(None))
            }
            outcome => Poll::Ready(Ok(outcome)),
        }
    }

    fn buffer(&mut self) -> &mut Buffer {
        match &mut self.state {
            State::Idle(buffer) => buffer,
            State::Busy(_) => unreachable!("the buffer is back when no operation is under way"),
        }
    }

    /// How to get from the system's position to where the reader is, having dropped what has not been read.
    fn forget_unread(&mut self) -> Back {
        let buffer = self.buffer();
        let unread = buffer.len();
        buffer.clear();
        // A buffer holds less than 2^63 bytes.
        Back(-(unread as i64))
    }

    /// Starts an operation that the end of the runtime may cancel.
    #[track_caller]
    fn start(
        &mut self,
        operation: impl FnOnce(&mut Buffer) -> Outcome + Send + 'static,
    ) -> io::Result<()> {
        let mut buffer = mem::take(self.buffer());
        self.state = State::Busy(blocking::start(move || (operation(&mut buffer), buffer))?);
        Ok(())
    }

    #[track_caller]
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        file: &Arc<File>,
        destination: &mut ReadBuf<'_>,
        limit: usize,
    ) -> Poll<io::Result<()>> {
        loop {
            let has_read = match ready!(self.poll_outcome_of_others(cx))? {
                Some(Outcome::Read(result)) => result.map(|()| true)?,
                _ => false,
            };
            let buffer = self.buffer();
            if has_read || !buffer.is_empty() || destination.remaining() == 0 {
                buffer.take_into(destination);
                return Poll::Ready(Ok(()));
            }
            let file = Arc::clone(file);
            let limit = limit.min(destination.remaining());
            self.start(move |buffer| Outcome::Read(buffer.read_from(&*file, limit)))?;
        }
    }

    #[track_caller]
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        file: &Arc<File>,
        sources: &[IoSlice<'_>],
        limit: usize,
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_written(cx))?;
        let back = self.forget_unread();
        let mut buffer = mem::take(self.buffer());
        let length = buffer.fill(sources, limit);
        let file = Arc::clone(file);
        // The caller is told now that it is written, so it has to be.
        let operation = blocking::start_mandatory(move || {
            let result = back.seek(&file).and_then(|()| buffer.write_to(&*file));
            (Outcome::Write(result), buffer)
        });
        self.state = State::Busy(operation?);
        Poll::Ready(Ok(length))
    }

    /// Waits until all is written, and returns the error of a write.
    pub(super) fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(error) = self.write_error.take() {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(match ready!(self.poll_outcome(cx))? {
            Some(Outcome::Write(result)) => result,
            _ => Ok(()),
        })
    }

    /// Waits until no operation is under way. The error of a write, and that the operation was cancelled, is kept.
    pub(super) async fn settle(&mut self) {
        if let Err(error) = poll_fn(|cx| self.poll_written(cx)).await {
            self.write_error = Some(error);
        }
    }

    #[track_caller]
    pub(super) fn start_seek(&mut self, file: &Arc<File>, to: SeekFrom) -> io::Result<()> {
        if self.is_busy() {
            return Err(io::Error::other(
                "another operation is under way: call `poll_complete` until it is ready before `start_seek`",
            ));
        }
        let back = self.forget_unread();
        let file = Arc::clone(file);
        self.start(move |_| Outcome::Seek(back.seek(&file).and_then(|()| (&*file).seek(to))))
    }

    pub(super) fn poll_complete(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(match ready!(self.poll_outcome_of_others(cx))? {
            Some(Outcome::Seek(result)) => result,
            _ => Ok(self.position),
        })
    }

    pub(super) async fn set_len(&mut self, file: &Arc<File>, size: u64) -> io::Result<()> {
        self.settle().await;
        // What has been read ahead may not be there any more.
        let back = self.forget_unread();
        let file = Arc::clone(file);
        self.start(move |_| Outcome::SetLen(back.seek(&file).and_then(|()| file.set_len(size))))?;
        match poll_fn(|cx| self.poll_outcome(cx)).await? {
            Some(Outcome::SetLen(result)) => result,
            other => unreachable!("`set_len` was under way, not {other:?}"),
        }
    }
}

/// Where the reader is, from the system's position: not after it.
#[derive(Clone, Copy)]
struct Back(i64);

impl Back {
    fn seek(self, mut file: &File) -> io::Result<()> {
        if self.0 != 0 {
            file.seek(SeekFrom::Current(self.0))?;
        }
        Ok(())
    }
}
