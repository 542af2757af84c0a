//! What goes on with a file behind its back.
//!
//! At most one operation is under way. It has the file's bytes and the system's position of the file for itself. What
//! comes next waits for it, whatever has come of those before.
//!
//! A read of a terminal, a pipe and the like waits first, without an operation, until there is something to be read.
//!
//! A write has told its caller "done" when it fails. Its bytes stay then (see [`Bytes`](super::shared::Bytes)), and
//! everybody who depends on them tries again, and is told if that fails as well: writes, flushes and syncs always; reads,
//! seeks and `set_len` where there is a position that they would move. So a flush that succeeds means that everything
//! is with the system.

use super::shared::Shared;
use super::sides::{Side, Sides};
use crate::io::blocking;
#[cfg(unix)]
use crate::io::blocking::readable::{self, Place};
use crate::io::{ReadBuf, SeekFrom};
use crate::task::JoinHandle;
use std::fs::File;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice, Seek};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

#[derive(Debug)]
pub(super) struct Operations {
    shared: Arc<Shared>,
    under_way: Option<JoinHandle<Outcome>>,
    sides: Arc<Sides>,
    /// How to wait for input, if it has been found out, and can be waited for.
    #[cfg(unix)]
    input: Option<Option<(Place, Arc<File>)>>,
    /// Where the last seek has led.
    position: u64,
}

#[derive(Debug)]
enum Outcome {
    /// What was read, or why it failed, is with the bytes.
    Read,
    /// Also of an operation that had to write first, if that has failed.
    Write(io::Result<()>),
    Seek(io::Result<u64>),
    SetLen(io::Result<()>),
    Clone(io::Result<File>),
}

impl Operations {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            under_way: None,
            sides: Arc::default(),
            #[cfg(unix)]
            input: None,
            position: 0,
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.under_way.is_some()
    }

    /// Waits until no operation is under way, and returns the outcome of the one that was.
    fn poll_outcome(
        &mut self,
        cx: &mut Context<'_>,
        side: Side,
    ) -> Poll<io::Result<Option<Outcome>>> {
        let Some(operation) = &mut self.under_way else {
            return Poll::Ready(Ok(None));
        };
        let waker = self.sides.waker(side, cx.waker());
        let outcome = ready!(Pin::new(operation).poll(&mut Context::from_waker(&waker)));
        self.under_way = None;
        self.sides.forget(side);
        // An error says that the end of the runtime has cancelled it.
        let outcome = outcome?;
        if let Outcome::Seek(Ok(position)) = outcome {
            self.position = position;
        }
        Poll::Ready(Ok(Some(outcome)))
    }

    /// Waits until no operation is under way.
    pub(super) async fn settle(&mut self) {
        // If a write has failed its bytes are there, for the next one who can be told.
        let _ = poll_fn(|cx| self.poll_outcome(cx, Side::Writer)).await;
    }

    /// Starts an operation that the end of the runtime may cancel.
    #[track_caller]
    fn start(
        &mut self,
        operation: impl FnOnce(&Shared) -> Outcome + Send + 'static,
    ) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        self.under_way = Some(blocking::start(move || operation(&shared))?);
        Ok(())
    }

    /// Starts to write, which the end of the runtime does not cancel: the caller has been told that it is written.
    #[track_caller]
    fn start_write(&mut self) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        self.under_way = Some(blocking::start_mandatory(move || {
            Outcome::Write(shared.bytes().write(&shared.std))
        })?);
        Ok(())
    }

    #[track_caller]
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        destination: &mut ReadBuf<'_>,
        limit: usize,
    ) -> Poll<io::Result<()>> {
        loop {
            let outcome = ready!(self.poll_outcome(cx, Side::Reader))?;
            let mut bytes = self.shared.bytes();
            match outcome {
                Some(Outcome::Write(Err(error))) if bytes.has_unwritten_here() => {
                    return Poll::Ready(Err(error));
                }
                _ if destination.remaining() == 0 => return Poll::Ready(Ok(())),
                _ => {}
            }
            if bytes.take_into(destination)? {
                return Poll::Ready(Ok(()));
            }
            drop(bytes);
            #[cfg(unix)]
            ready!(self.poll_input(cx))?;
            let limit = limit.min(destination.remaining());
            self.start(move |shared| {
                let mut bytes = shared.bytes();
                if let Err(error) = bytes.write_here(&shared.std) {
                    return Outcome::Write(Err(error));
                }
                bytes.read(&shared.std, limit);
                Outcome::Read
            })?;
        }
    }

    /// Waits until a read brings something at once, if it might bring nothing for ever. A read that is given up has begun
    /// nothing then: it holds no thread, nobody waits for it, and what comes is not for it.
    #[cfg(unix)]
    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shared = &self.shared;
        let input = self
            .input
            .get_or_insert_with(|| Some((Place::new(), Arc::new(shared.stream()?))));
        match input {
            Some((place, stream)) if !readable::is_readable(&**stream) => {
                place.wait(Arc::clone(stream) as _, cx.waker())?;
                Poll::Pending
            }
            _ => Poll::Ready(Ok(())),
        }
    }

    #[track_caller]
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        sources: &[IoSlice<'_>],
        limit: usize,
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_flush(cx))?;
        if sources.iter().all(|source| source.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        // Before anything is taken: what a panic refuses must not be written later.
        blocking::expect_runtime();
        let length = self.shared.bytes().fill(sources, limit);
        let started = self.start_write();
        if started.is_err() {
            // The caller is told that nothing was taken.
            self.shared.bytes().forget_unwritten();
        }
        Poll::Ready(started.map(|()| length))
    }

    /// Waits until all is written.
    #[track_caller]
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if let Some(Outcome::Write(Err(error))) = ready!(self.poll_outcome(cx, Side::Writer))? {
                return Poll::Ready(Err(error));
            }
            if !self.shared.bytes().has_unwritten() {
                return Poll::Ready(Ok(()));
            }
            self.start_write()?;
        }
    }

    #[track_caller]
    pub(super) fn start_seek(&mut self, to: SeekFrom) -> io::Result<()> {
        if self.is_busy() {
            return Err(io::Error::other(
                "another operation is under way: call `poll_complete` until it is ready before `start_seek`",
            ));
        }
        self.start(move |shared| {
            let mut bytes = shared.bytes();
            if let Err(error) = bytes.write_here(&shared.std) {
                return Outcome::Write(Err(error));
            }
            let back = bytes.go_back(&shared.std);
            Outcome::Seek(back.and_then(|()| (&shared.std).seek(to)))
        })
    }

    pub(super) fn poll_complete(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(match ready!(self.poll_outcome(cx, Side::Writer))? {
            Some(Outcome::Seek(result)) => result,
            Some(Outcome::Write(Err(error))) if self.shared.bytes().has_unwritten_here() => {
                Err(error)
            }
            _ => Ok(self.position),
        })
    }

    pub(super) async fn set_len(&mut self, size: u64) -> io::Result<()> {
        self.settle().await;
        self.start(move |shared| Outcome::SetLen(shared.bytes().set_len(&shared.std, size)))?;
        match poll_fn(|cx| self.poll_outcome(cx, Side::Writer)).await? {
            Some(Outcome::SetLen(result)) => result,
            other => unreachable!("`set_len` was under way, not {other:?}"),
        }
    }

    pub(super) async fn try_clone(&mut self) -> io::Result<File> {
        self.settle().await;
        self.start(move |shared| {
            let mut bytes = shared.bytes();
            // They remain this handle's if they cannot be written.
            let _ = bytes.write_here(&shared.std);
            let back = bytes.go_back(&shared.std);
            Outcome::Clone(back.and_then(|()| shared.std.try_clone()))
        })?;
        match poll_fn(|cx| self.poll_outcome(cx, Side::Writer)).await? {
            Some(Outcome::Clone(result)) => result,
            other => unreachable!("`try_clone` was under way, not {other:?}"),
        }
    }
}

/// Tries once more to write what could not be written, as std's `BufWriter` does.
impl Drop for Operations {
    fn drop(&mut self) {
        if self.is_busy() || !self.shared.bytes().has_unwritten() {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let started = blocking::try_start_mandatory(move || {
            let _ = shared.bytes().write(&shared.std);
        });
        if started.is_none() {
            // No runtime, or one that has ended: here, where that takes no longer than a disk.
            let _ = self.shared.bytes().write_here(&self.shared.std);
        }
    }
}
