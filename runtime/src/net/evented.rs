//! A socket that is registered with its runtime's reactor, and what all sockets do with it.
//!
//! It adds three things to [`Io`]: which reactor, the cooperative budget, and a second look at [what passes](Evented::told). Every operation spends a unit, which is
//! given back if the operation is pending; `try_` operations, which cannot wait, and `ready` and its kin, which do
//! nothing yet, spend none.

use crate::kernel::budget::poll_budgeted;
use crate::net::socket::Socket;
use crate::net::sys::{self, Native};
use crate::runtime::current;
use crate::task::coop::cooperative;
#[cfg(unix)]
use leno_reactor::ReadyEvent;
use leno_reactor::{Direction, Interest, Io, Ready};
use std::io;
use std::task::{Context, Poll, ready};

/// For reading and writing.
pub(super) const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A source registered with the current runtime's reactor.
#[derive(Debug)]
pub(super) struct Evented<S: Native> {
    io: Io<S>,
}

impl<S: Native> Evented<S> {
    /// Registers a source of which nothing is known.
    #[track_caller]
    pub(super) fn new(source: S, interest: Interest) -> io::Result<Self> {
        let io = current::reactor().register(source, interest)?;
        Ok(Self { io })
    }

    /// Registers a source that is probably ready: the first operation of each direction is tried without asking.
    #[track_caller]
    pub(super) fn new_ready(source: S, interest: Interest) -> io::Result<Self> {
        let io = current::reactor().register_ready(source, interest)?;
        Ok(Self { io })
    }

    /// As [`new_ready`](Self::new_ready), for a connection whose client speaks first: it counts as readable, too.
    #[track_caller]
    pub(super) fn new_accepted(source: S, interest: Interest) -> io::Result<Self> {
        let io = current::reactor().register_readable(source, interest)?;
        Ok(Self { io })
    }

    #[inline]
    pub(super) fn get_ref(&self) -> &S {
        self.io.get_ref()
    }

    /// Takes the source out of the reactor.
    pub(super) fn into_inner(self) -> io::Result<S> {
        self.io.into_inner()
    }

    /// True in a process that was forked from the one that has registered it.
    pub(super) fn is_inherited(&self) -> bool {
        self.io.handle().is_inherited()
    }

    /// Waits until the direction is ready, as the one poll that the direction remembers.
    pub(super) fn poll_ready(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<()>> {
        poll_budgeted(cx, |cx| self.io.poll_ready(cx, direction)).map_ok(drop)
    }

    /// As [`poll_ready`](Self::poll_ready), for a part of an operation: spends no budget.
    #[cfg(unix)]
    pub(super) fn poll_event(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<()>> {
        self.io.poll_ready(cx, direction).map_ok(drop)
    }

    /// What is known now, before an attempt that is made without asking.
    #[cfg(unix)]
    pub(super) fn event(&self, interest: Interest) -> ReadyEvent {
        self.io.ready_event(interest)
    }

    /// Such an attempt would have blocked.
    #[cfg(unix)]
    pub(super) fn clear_blocked(&self, seen: ReadyEvent, interest: Interest) {
        self.io.clear_blocked(seen, interest);
    }

    /// The reactor that it is registered with.
    #[cfg(unix)]
    pub(super) fn reactor(&self) -> &leno_reactor::Handle {
        self.io.handle()
    }

    /// Waits until the source is ready for anything in `interest`, as one of many. Spends no budget: that is for what is
    /// done with the readiness.
    pub(super) async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        let event = self.io.ready(interest).await?;
        Ok(event.ready())
    }

    /// Tries `operation` if the source is ready for anything in `interest`.
    #[inline]
    pub(super) fn try_with<R>(
        &self,
        interest: Interest,
        operation: impl FnOnce(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        let result = self.io.try_io(interest, operation);
        self.tried(interest, &result);
        result
    }

    /// Tries `operation` whenever the direction is ready, as the one poll that the direction remembers.
    #[inline]
    pub(super) fn poll_with<R>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        mut operation: impl FnMut(&S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let operation = |source: &S| {
            let result = operation(source);
            self.told(&result);
            result
        };
        poll_budgeted(cx, |cx| self.io.poll_io(cx, direction, operation))
    }

    /// Tries `operation` whenever the source is ready for anything in `interest`, as one of many.
    pub(super) async fn async_with<R>(
        &self,
        interest: Interest,
        mut operation: impl FnMut(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        let operation = |source: &S| {
            let result = operation(source);
            self.tried(interest, &result);
            result
        };
        cooperative(self.io.async_io(interest, operation)).await
    }

    /// As [`poll_with`](Self::poll_with), for a stream's `operation` that is asked for `wanted` bytes and returns how
    /// many it has moved.
    ///
    /// If these are fewer, and `is_last` says that this means something, the readiness is used up and taken back now:
    /// the next operation will wait, instead of trying in vain first. See
    /// [short reads and writes](Io#short-reads-and-writes).
    #[inline]
    pub(super) fn poll_transfer(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        wanted: usize,
        is_last: impl FnOnce(&Io<S>) -> bool,
        mut operation: impl FnMut(&S) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        poll_budgeted(cx, |cx| {
            let event = ready!(self.io.poll_try(cx, direction))?;
            match operation(self.io.get_ref()) {
                Ok(moved) => {
                    if 0 < moved && moved < wanted && is_last(&self.io) {
                        self.io.clear_ready(event);
                    }
                    Poll::Ready(Ok(moved))
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.io.clear_over(event);
                    self.io.poll_io(cx, direction, operation)
                }
                Err(error) => {
                    let result = Err(error);
                    self.told(&result);
                    Poll::Ready(result)
                }
            }
        })
    }

    /// Looks again whether there is an error, if one is known of, when an operation has failed: it may have returned it, or
    /// has found none. The operation proves neither, as the system also keeps a queue of errors, so the system is asked.
    ///
    /// Errors pass, of sockets that exchange messages above all, and what was closed by one is open then.
    #[inline]
    pub(super) fn told<R>(&self, result: &io::Result<R>) {
        if result.is_err() && self.io.ready_event(Interest::ERROR).ready().is_error() {
            self.look_again();
        }
    }

    /// As [`told`](Self::told), of an operation for `interest`. If it would have blocked, and is for more than one direction, it
    /// does not say which half is open: the system is asked of that too.
    #[inline]
    fn tried<R>(&self, interest: Interest, result: &io::Result<R>) {
        self.told(result);
        if interest != Interest::READABLE
            && interest != Interest::WRITABLE
            && is_blocked(result)
            && is_closed(self.io.ready_event(interest).ready())
        {
            self.look_again();
        }
    }

    /// As [`told`](Self::told), of an operation that has written: then it is strange that writing is said to be closed.
    #[inline]
    pub(super) fn sent<R>(&self, result: io::Result<R>) -> io::Result<R> {
        if result.is_ok()
            && self
                .io
                .ready_event(Interest::WRITABLE)
                .ready()
                .is_write_closed()
        {
            self.look_again();
        }
        result
    }

    /// Makes `end` of what would be waited for although receiving has been shut down, as the system does where it may wait;
    /// where it may not, it says of that too that it would.
    #[cfg(unix)]
    pub(super) fn ended<R>(
        &self,
        result: io::Result<R>,
        end: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        if is_blocked(&result)
            && self
                .io
                .ready_event(Interest::READABLE)
                .ready()
                .is_read_closed()
        {
            let over = sys::over(self.io.get_ref());
            if cfg!(any(target_os = "linux", target_os = "android")) && !over.is_read_closed() {
                return end();
            }
        }
        result
    }

    #[cold]
    fn look_again(&self) {
        let all = BOTH.add(Interest::ERROR);
        let seen = self.io.ready_event(all);
        let over = sys::over(self.io.get_ref());
        self.io.clear_over(seen.with_ready(over));
    }
}

fn is_blocked<R>(result: &io::Result<R>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

#[inline]
fn is_closed(ready: Ready) -> bool {
    ready.is_read_closed() || ready.is_write_closed()
}

impl<S: Socket> Evented<S> {
    /// The error that the system keeps for the socket, and which it forgets with that.
    pub(super) fn take_error(&self) -> io::Result<Option<io::Error>> {
        let error = self.get_ref().raw().take_error()?;
        if error.is_some() {
            self.look_again();
        }
        Ok(error)
    }

    /// Tries the user's own operation.
    pub(super) fn try_io<R>(
        &self,
        interest: Interest,
        operation: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.get_ref().will_be_tried(interest);
        self.try_with(interest, |source| source.attempt(operation))
    }

    /// Tries the user's own operation until it does not block.
    pub(super) async fn async_io<R>(
        &self,
        interest: Interest,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.get_ref().will_be_tried(interest);
        self.async_with(interest, |source| source.attempt(&mut operation))
            .await
    }
}
