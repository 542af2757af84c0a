//! A stream of std that one task reads or writes by way of blocking threads.
//!
//! At most one operation is under way; it has the buffer. A write is said to be done when it has been handed to a
//! thread, so that its error is returned by whatever is done next.

use crate::io::ReadBuf;
use crate::io::blocking::{self, Buffer, DEFAULT_MAX_BUF_SIZE};
use crate::task::JoinHandle;
use std::future::Future;
use std::io::{self, IoSlice, Read, Write};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A stream that `open` makes a handle to.
#[derive(Debug)]
pub(super) struct Stream<T> {
    open: fn() -> T,
    state: State,
    /// Something has been written since the last flush.
    unflushed: bool,
}

#[derive(Debug)]
enum State {
    Idle(Buffer),
    Busy(JoinHandle<(io::Result<()>, Buffer)>),
}

impl<T: 'static> Stream<T> {
    pub(super) fn new(open: fn() -> T) -> Self {
        Self {
            open,
            state: State::Idle(Buffer::default()),
            unflushed: false,
        }
    }

    /// Waits until no operation is under way; true if one has just succeeded.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let State::Busy(operation) = &mut self.state else {
            return Poll::Ready(Ok(false));
        };
        match ready!(Pin::new(operation).poll(cx)) {
            Ok((result, buffer)) => {
                self.state = State::Idle(buffer);
                Poll::Ready(result.map(|()| true))
            }
            Err(error) => {
                self.state = State::Idle(Buffer::default());
                Poll::Ready(Err(error.into()))
            }
        }
    }

    fn buffer(&mut self) -> &mut Buffer {
        match &mut self.state {
            State::Idle(buffer) => buffer,
            State::Busy(_) => unreachable!("the buffer is back when no operation is under way"),
        }
    }
}

impl<T: Read + 'static> Stream<T> {
    #[track_caller]
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        destination: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let has_read = ready!(self.poll_idle(cx))?;
            let buffer = self.buffer();
            if has_read || !buffer.is_empty() || destination.remaining() == 0 {
                buffer.take_into(destination);
                return Poll::Ready(Ok(()));
            }
            let mut buffer = mem::take(buffer);
            let limit = destination.remaining().min(DEFAULT_MAX_BUF_SIZE);
            let open = self.open;
            self.state = State::Busy(blocking::start(move || {
                (buffer.read_from(open(), limit), buffer)
            })?);
        }
    }
}

impl<T: Write + 'static> Stream<T> {
    #[track_caller]
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        sources: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_idle(cx))?;
        let mut buffer = mem::take(self.buffer());
        let length = buffer.fill(sources, DEFAULT_MAX_BUF_SIZE);
        let open = self.open;
        self.state = State::Busy(blocking::start_mandatory(move || {
            (buffer.write_to(open()), buffer)
        })?);
        self.unflushed = true;
        Poll::Ready(Ok(length))
    }

    #[track_caller]
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_idle(cx))?;
            if !self.unflushed {
                return Poll::Ready(Ok(()));
            }
            let buffer = mem::take(self.buffer());
            let open = self.open;
            self.state = State::Busy(blocking::start_mandatory(move || (open().flush(), buffer))?);
            self.unflushed = false;
        }
    }
}
