//! A stream of std that one task writes by way of a blocking thread.
//!
//! At most one operation is under way, and it has the bytes for itself, in the mutex that both sides know. A write is said
//! to be done when it has been handed to a thread, so that its error is returned by whatever is done next. What could not
//! be written stays, is tried again by that, and told again if that fails: a flush that succeeds means that everything is
//! with the system.
//!
//! Somebody, of this process or of another, may have made the stream non-blocking: then the thread waits as a blocking
//! stream would. Whoever reads the other end may take his time, for which all handles to a stream wait in one
//! [queue](super::queue).

use super::queue::Queue;
#[cfg(not(unix))]
use crate::io::ReadBuf;
#[cfg(not(unix))]
use crate::io::blocking;
use crate::io::blocking::{Buffer, DEFAULT_MAX_BUF_SIZE, expect_runtime};
use crate::locks::oneshot;
use std::fmt;
use std::future::Future;
#[cfg(not(unix))]
use std::io::Read;
use std::io::{self, ErrorKind, IoSlice, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::thread;
use std::time::Duration;

/// A stream that `open` makes a handle to, on the thread that uses it.
pub(super) struct Stream<T> {
    open: fn() -> T,
    /// Of all handles to it.
    queue: &'static Queue,
    /// Read and not taken, or taken and not written.
    bytes: Arc<Mutex<Buffer>>,
    under_way: Option<oneshot::Receiver<io::Result<Done>>>,
    /// Something has been written since the last flush that has succeeded.
    is_unflushed: bool,
}

#[derive(Debug, PartialEq)]
enum Done {
    #[cfg(not(unix))]
    Read,
    Written,
    Flushed,
}

/// Something that can be written to, and waited for where it does not block.
#[cfg(unix)]
pub(super) trait Output: Write + std::os::fd::AsFd {}
#[cfg(unix)]
impl<T: Write + std::os::fd::AsFd> Output for T {}
#[cfg(not(unix))]
pub(super) trait Output: Write {}
#[cfg(not(unix))]
impl<T: Write> Output for T {}

impl<T> Stream<T> {
    pub(super) fn new(queue: &'static Queue, open: fn() -> T) -> Self {
        Self {
            open,
            queue,
            bytes: Arc::default(),
            under_way: None,
            is_unflushed: false,
        }
    }

    /// Waits until no operation is under way, and tells what the one that was has done.
    fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Done>>> {
        let Some(operation) = &mut self.under_way else {
            return Poll::Ready(Ok(None));
        };
        let result = ready!(Pin::new(operation).poll(cx));
        self.under_way = None;
        let result = result.map_err(|_| io::Error::other("the end of the runtime cancelled it"));
        Poll::Ready(result?.map(Some))
    }

    fn bytes(&self) -> MutexGuard<'_, Buffer> {
        lock(&self.bytes)
    }
}

impl<T> fmt::Debug for Stream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("bytes", &self.bytes)
            .field("is_unflushed", &self.is_unflushed)
            .finish_non_exhaustive()
    }
}

#[inline]
fn lock(bytes: &Mutex<Buffer>) -> MutexGuard<'_, Buffer> {
    // What a panic leaves is what there is: each byte is counted when it is moved.
    bytes.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(not(unix))]
impl<T: Read + 'static> Stream<T> {
    #[track_caller]
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        destination: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let has_read = ready!(self.poll_done(cx))? == Some(Done::Read);
            let mut bytes = self.bytes();
            if has_read || !bytes.is_empty() || destination.remaining() == 0 {
                bytes.take_into(destination);
                return Poll::Ready(Ok(()));
            }
            drop(bytes);
            let limit = destination.remaining().min(DEFAULT_MAX_BUF_SIZE);
            let (open, bytes) = (self.open, Arc::clone(&self.bytes));
            let (tell, under_way) = oneshot::channel();
            blocking::start(move || {
                let read = lock(&bytes).read_from(open(), limit);
                let _ = tell.send(read.map(|()| Done::Read));
            })?;
            self.under_way = Some(under_way);
        }
    }
}

impl<T: Output + 'static> Stream<T> {
    #[track_caller]
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        sources: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_written(cx))?;
        // Before anything is taken: what a panic refuses must not be written later.
        expect_runtime();
        let length = self.bytes().fill(sources, DEFAULT_MAX_BUF_SIZE);
        let started = self.start(write);
        if started.is_err() {
            // The caller is told that nothing was taken.
            self.bytes().clear();
        }
        self.is_unflushed = true;
        Poll::Ready(started.map(|()| length))
    }

    #[track_caller]
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_written(cx))?;
            if !self.is_unflushed {
                return Poll::Ready(Ok(()));
            }
            self.start(flush)?;
        }
    }

    /// Waits until std has everything.
    #[track_caller]
    fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if ready!(self.poll_done(cx))? == Some(Done::Flushed) {
                self.is_unflushed = false;
            }
            if self.bytes().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.start(write)?;
        }
    }

    /// Starts something that the end of the runtime does not cancel: the caller has been told that it is written.
    #[track_caller]
    fn start(&mut self, operation: fn(&mut Buffer, T) -> io::Result<Done>) -> io::Result<()> {
        let (open, bytes) = (self.open, Arc::clone(&self.bytes));
        let (tell, under_way) = oneshot::channel();
        self.queue.submit(move || {
            let result = operation(&mut lock(&bytes), open());
            // If the handle is gone, nobody wants to know.
            let _ = tell.send(result);
        })?;
        self.under_way = Some(under_way);
        Ok(())
    }
}

fn write<T: Output>(bytes: &mut Buffer, mut output: T) -> io::Result<Done> {
    loop {
        let before = bytes.len();
        match bytes.write_to(&mut output) {
            Ok(()) => return Ok(Done::Written),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                wait_for(&output, bytes.len() < before);
            }
            Err(error) => return Err(error),
        }
    }
}

fn flush<T: Output>(_: &mut Buffer, mut output: T) -> io::Result<Done> {
    let mut has_waited = false;
    loop {
        match output.flush() {
            Ok(()) => return Ok(Done::Flushed),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                wait_for(&output, !has_waited);
                has_waited = true;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Waits until something can be written. If nothing could the last time, it waits for some time in any case: there are
/// streams that say they are ready, and are not.
fn wait_for(output: &impl Output, has_progressed: bool) {
    #[cfg(unix)]
    {
        use crate::prim::system::{Polled, poll};
        // If it cannot be asked, writing tells why.
        let _ = poll(&mut [Polled::new(output, libc::POLLOUT)], None);
    }
    #[cfg(not(unix))]
    let _ = output;
    if !has_progressed || cfg!(not(unix)) {
        thread::sleep(Duration::from_millis(1));
    }
}
