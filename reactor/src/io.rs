//! A registered source: waiting for it, and trying operations on it.

use crate::handle::{Handle, Registration};
use crate::interest::Interest;
use crate::reactor::gone;
use crate::readiness::{Direction, FRESH, HALVES_CLOSED, READABLE, Snapshot, WRITABLE};
use crate::ready::ReadyEvent;
use crate::waiters::Key;
use mio::event::Source;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A source registered with a [`Reactor`](crate::Reactor); dropping it deregisters the source.
///
/// There are two ways to wait, and they do not disturb each other:
///
/// - [`poll_ready`](Io::poll_ready) and [`poll_io`](Io::poll_io) keep one waker for each direction, that of the last
///   poll: for types that implement reading and writing by polls;
/// - [`ready`](Io::ready) and [`async_io`](Io::async_io) keep one for every future: any number may wait at once.
///
/// # Readiness is a hint, and an edge
///
/// The selector tells of a change once. What it told is kept until an operation finds it untrue (would block), and
/// then it is taken back. So operations should go through [`try_io`](Io::try_io), [`poll_io`](Io::poll_io) or
/// [`async_io`](Io::async_io), which do this, and must report [`WouldBlock`](io::ErrorKind::WouldBlock) as it is.
/// That an event comes in between is no danger: an event newer than the operation's own is never taken back.
///
/// That a half is closed is taken back too, as it may be open again, but only by an operation for
/// [`READABLE`](Interest::READABLE) alone or [`WRITABLE`](Interest::WRITABLE) alone. One for several interests does not
/// say which of them has blocked, and the end of a stream is told once: it stays until a later event, or an operation for
/// its own half, says otherwise. Who can ask the operating system may know more, and call [`clear_over`](Io::clear_over).
///
/// On Windows the operation must be a method of the mio type (or go through its `try_io`), as that is where mio
/// arms the selector again.
///
/// # Short reads and writes
///
/// A stream that reads fewer bytes than the buffer holds, or writes fewer than it was given, has come to the end of
/// what it had; the next operation would only say so. Where the selector is edge-triggered (epoll, kqueue) a
/// caller may spare it: wait with [`poll_try`](Io::poll_try), read, and if the read was short
/// [`clear_ready`](Io::clear_ready) with the event it got. Data that comes later brings an event of its own. A half
/// that has been closed remains ready, so the end of the stream is not missed. This holds for streams only, and
/// not for a length of 0.
///
/// # Only what was registered can be waited for
///
/// The selector tells of what it was asked for, and of errors. So waiting for something else would never end, and is an
/// error at once instead ([`InvalidInput`](io::ErrorKind::InvalidInput)). Waiting for several kinds of which one was
/// registered is waiting for that one.
///
/// # Examples
///
/// In both ways, by a future and by a poll:
///
/// ```
/// use leno_reactor::{Direction, Interest, Reactor, block_on};
/// use mio::net::UdpSocket;
/// use std::future::poll_fn;
///
/// # fn main() -> std::io::Result<()> {
/// let mut reactor = Reactor::new()?;
/// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
/// let socket = reactor.handle().register(socket, Interest::READABLE)?;
/// let address = socket.get_ref().local_addr()?;
/// let lengths = block_on(&mut reactor, async {
///     socket.get_ref().send_to(b"hello", address)?;
///     let one = socket.async_io(Interest::READABLE, |socket| socket.recv(&mut [0; 16])).await?;
///     socket.get_ref().send_to(b"again", address)?;
///     let receive = |socket: &UdpSocket| socket.recv(&mut [0; 16]);
///     let other = poll_fn(|cx| socket.poll_io(cx, Direction::Read, receive)).await?;
///     std::io::Result::Ok((one, other))
/// })??;
/// assert_eq!(lengths, (5, 5));
/// # Ok(())
/// # }
/// ```
pub struct Io<S: Source> {
    /// There until [`into_inner`](Io::into_inner) takes it.
    source: Option<S>,
    /// Dropped after the source has left the selector.
    registration: Registration,
}

impl<S: Source> Io<S> {
    pub(crate) fn new(source: S, registration: Registration) -> Self {
        Self {
            source: Some(source),
            registration,
        }
    }

    /// What is known now, of what satisfies `interest`.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor};
    /// use mio::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::new()?;
    /// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    /// let socket = reactor.handle().register(socket, Interest::READABLE | Interest::WRITABLE)?;
    /// assert!(socket.ready_event(Interest::WRITABLE).ready().is_empty()); // no turn yet
    ///
    /// reactor.turn(None)?;
    /// assert!(socket.ready_event(Interest::WRITABLE).ready().is_writable());
    /// assert!(!socket.ready_event(Interest::READABLE).ready().is_writable()); // was not asked
    /// # Ok(())
    /// # }
    /// ```
    pub fn ready_event(&self, interest: Interest) -> ReadyEvent {
        ReadyEvent(self.registration.readiness().snapshot(interest.mask()))
    }

    /// Waits until this direction is ready, or closed.
    ///
    /// Each direction keeps the waker of its last poll, and no other.
    ///
    /// # Errors
    ///
    /// If the reactor is gone, or tells of [nothing of that](Io#only-what-was-registered-can-be-waited-for).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Direction, Interest, Reactor, block_on};
    /// use mio::net::UdpSocket;
    /// use std::future::poll_fn;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::new()?;
    /// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    /// let socket = reactor.handle().register(socket, Interest::WRITABLE)?;
    /// let event = block_on(&mut reactor, poll_fn(|cx| socket.poll_ready(cx, Direction::Write)))??;
    /// assert!(event.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_ready(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<ReadyEvent>> {
        self.poll_mask(cx, direction, direction.mask())
    }

    /// Waits until an operation of this direction is worth trying.
    ///
    /// As [`poll_ready`](Io::poll_ready), but it does not wait either while the direction is fresh
    /// ([`Handle::register_ready`]). Whoever finds that the operation would block must call
    /// [`clear_blocked`](Io::clear_blocked) with the event, or it is worth trying for ever. [`poll_io`](Io::poll_io)
    /// does all that; this is for callers that know more, see [short reads](Io#short-reads-and-writes).
    ///
    /// # Errors
    ///
    /// If the reactor is gone, or tells of [nothing of that](Io#only-what-was-registered-can-be-waited-for).
    ///
    /// # Examples
    ///
    /// A reader that spares itself the read that would block:
    ///
    /// ```
    /// use leno_reactor::{Direction, Interest, Reactor, block_on};
    /// use mio::net::{TcpListener, TcpStream};
    /// use std::future::poll_fn;
    /// use std::io::{Read, Write};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::new()?;
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let stream = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// stream.set_nonblocking(true)?;
    /// let stream = reactor.handle().register(TcpStream::from_std(stream), Interest::READABLE)?;
    /// listener.accept()?.0.write_all(b"hello")?;
    ///
    /// let mut buffer = [0; 16];
    /// let event = block_on(&mut reactor, poll_fn(|cx| stream.poll_try(cx, Direction::Read)))??;
    /// let length = stream.get_ref().read(&mut buffer)?;
    /// if cfg!(unix) && (1..buffer.len()).contains(&length) {
    ///     stream.clear_ready(event); // that was all
    /// }
    /// assert_eq!(&buffer[..length], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_try(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<ReadyEvent>> {
        self.poll_mask(cx, direction, direction.mask() | FRESH)
    }

    fn poll_mask(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        mask: u8,
    ) -> Poll<io::Result<ReadyEvent>> {
        let readiness = self.registration.readiness();
        match readiness.poll(cx, direction, mask) {
            Poll::Ready(seen) => {
                self.registration.handle.note_try();
                Poll::Ready(event(seen))
            }
            Poll::Pending => self.pending(mask),
        }
    }

    /// Waits, unless that would be for what nobody tells, or only another process.
    fn pending(&self, mask: u8) -> Poll<io::Result<ReadyEvent>> {
        if !self.registration.is_told(mask) {
            return Poll::Ready(Err(self.registration.not_told()));
        }
        match self.handle().origin().check() {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Takes back what `event` says, unless a newer event has come since; but not that a half is closed.
    ///
    /// This is for who has used up what was there, as by a [short read](Io#short-reads-and-writes). An operation that
    /// would have blocked proves more: [`clear_blocked`](Io::clear_blocked).
    ///
    /// An `event` of another source, or of a registration that has ended, is not one of this source's; clearing with it
    /// does at most what clearing too early does.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor};
    /// use mio::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::new()?;
    /// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    /// let socket = reactor.handle().register(socket, Interest::WRITABLE)?;
    /// reactor.turn(None)?;
    /// let event = socket.ready_event(Interest::WRITABLE);
    /// socket.clear_ready(event);
    /// assert!(socket.ready_event(Interest::WRITABLE).ready().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn clear_ready(&self, event: ReadyEvent) {
        self.registration
            .readiness()
            .clear(event.0.only(!HALVES_CLOSED));
    }

    /// Takes back what `event` says of `interest`, unless a newer event has come since: an operation for `interest` would
    /// have blocked.
    ///
    /// This takes back that a half is closed, too, if `interest` is that half's alone: a FIFO has got a next writer, a
    /// socket has begun to listen. Do not call it for anything else: the selector tells of the end of a stream once.
    ///
    /// Several interests, and those in out-of-band data or errors, leave it that a half is closed: which of them has
    /// blocked is not said. The source counts as ready then until somebody reads the end.
    ///
    /// # Examples
    ///
    /// An operation that goes by the descriptor, past [`try_io`](Io::try_io):
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor};
    /// use mio::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::new()?;
    /// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    /// let socket = reactor.handle().register_readable(socket, Interest::READABLE)?;
    /// let event = socket.ready_event(Interest::READABLE);
    /// assert!(event.ready().is_readable()); // an assumption, which turns out to be wrong
    ///
    /// let error = socket.get_ref().recv(&mut [0; 16]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    /// socket.clear_blocked(event, Interest::READABLE);
    /// assert!(socket.ready_event(Interest::READABLE).ready().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn clear_blocked(&self, event: ReadyEvent, interest: Interest) {
        self.registration
            .readiness()
            .clear(event.0.only(interest.disproved()));
    }

    /// Takes back all that `event` says, closed halves too, unless a newer event has come since: it is over.
    ///
    /// This is for who has asked the operating system, after the event was looked at, what of it is still so, and has
    /// reduced it to the rest ([`ReadyEvent::with_ready`]).
    ///
    /// # Examples
    ///
    /// Of two things that were told, one is over, as the system says:
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor, Ready};
    /// use mio::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let reactor = Reactor::new()?;
    /// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    /// let both = Interest::READABLE | Interest::WRITABLE;
    /// let socket = reactor.handle().register_readable(socket, both)?;
    /// let event = socket.ready_event(both);
    /// socket.clear_over(event.with_ready(Ready::READABLE));
    /// assert_eq!(socket.ready_event(both).ready(), event.ready() - Ready::READABLE);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn clear_over(&self, event: ReadyEvent) {
        self.registration.readiness().clear(event.0);
    }

    /// Waits until the source is ready for anything in `interest`.
    ///
    /// Any number of these futures may wait at once; an event wakes all that it concerns. Waiting costs a lock,
    /// once for each poll and once at the end; nothing if it is ready already.
    ///
    /// # Errors
    ///
    /// If the reactor is gone, or tells of [nothing of that](Io#only-what-was-registered-can-be-waited-for).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: readiness stays until it is cleared.
    ///
    /// # Examples
    ///
    /// Several wait at once, and each is woken:
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor, block_on};
    /// use mio::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::new()?;
    /// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    /// let socket = reactor.handle().register(socket, Interest::WRITABLE)?;
    /// let (one, other) = (socket.ready(Interest::WRITABLE), socket.ready(Interest::WRITABLE));
    /// let events = block_on(&mut reactor, async { [one.await, other.await] })?;
    /// for event in events {
    ///     assert!(event?.ready().is_writable());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn ready(&self, interest: Interest) -> ReadyFuture<'_, S> {
        self.wait(interest.mask(), Snapshot::NOTHING)
    }

    fn wait(&self, mask: u8, known: Snapshot) -> ReadyFuture<'_, S> {
        ReadyFuture {
            io: self,
            mask,
            known,
            key: None,
        }
    }

    /// Tries an operation now, if the source is ready for anything in `interest`.
    ///
    /// `f` is called at most once. If it would block, what was known is taken back, as by
    /// [`clear_blocked`](Io::clear_blocked); after any other result it stays.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock), without a call of `f`, if the source is not ready; an error for
    /// which [`is_reactor_gone`](crate::is_reactor_gone) is true if it never will be; and those of `f`.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor};
    /// use mio::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::new()?;
    /// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    /// let socket = reactor.handle().register(socket, Interest::READABLE)?;
    /// let receive = |socket: &UdpSocket| socket.recv(&mut [0; 16]);
    /// let error = socket.try_io(Interest::READABLE, receive).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock); // and nothing was tried
    ///
    /// socket.get_ref().send_to(b"hello", socket.get_ref().local_addr()?)?;
    /// reactor.turn(None)?;
    /// assert_eq!(socket.try_io(Interest::READABLE, receive)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        let readiness = self.registration.readiness();
        let seen = readiness.snapshot(try_mask(interest));
        if !seen.is_worth_trying() {
            return Err(if seen.is_closed() {
                gone()
            } else {
                io::ErrorKind::WouldBlock.into()
            });
        }
        self.registration.handle.note_try();
        let result = f(self.get_ref());
        if would_block(&result) {
            self.clear_blocked(ReadyEvent(seen), interest);
        }
        result
    }

    /// Tries an operation whenever this direction is ready, until it does not block.
    ///
    /// As [`poll_ready`](Io::poll_ready) it keeps the waker of the last poll. It never spins: what an operation that blocks
    /// was told is taken back, also that the half is closed.
    ///
    /// # Errors
    ///
    /// If the reactor is gone, or tells of [nothing of that](Io#only-what-was-registered-can-be-waited-for); and those
    /// of `f` except [`WouldBlock`](io::ErrorKind::WouldBlock).
    ///
    /// # Examples
    ///
    /// A read of one's own type's `poll_read`:
    ///
    /// ```
    /// use leno_reactor::{Direction, Interest, Io, Reactor, block_on};
    /// use mio::net::UdpSocket;
    /// use std::future::poll_fn;
    /// use std::io;
    /// use std::task::{Context, Poll};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// struct Messages(Io<UdpSocket>);
    ///
    /// impl Messages {
    ///     fn poll_next(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
    ///         self.0.poll_io(cx, Direction::Read, |socket| socket.recv(buffer))
    ///     }
    /// }
    ///
    /// let mut reactor = Reactor::new()?;
    /// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    /// socket.send_to(b"hello", socket.local_addr()?)?;
    /// let messages = Messages(reactor.handle().register(socket, Interest::READABLE)?);
    /// let mut buffer = [0; 16];
    /// let length = block_on(&mut reactor, poll_fn(|cx| messages.poll_next(cx, &mut buffer)))??;
    /// assert_eq!(&buffer[..length], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_io<R>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        mut f: impl FnMut(&S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        loop {
            let event = ready!(self.poll_try(cx, direction))?;
            let result = f(self.get_ref());
            if !would_block(&result) {
                return Poll::Ready(result);
            }
            // All that a poll of the direction waits for concerns its own half.
            self.clear_over(event);
        }
    }

    /// Tries an operation whenever the source is ready for anything in `interest`, until it does not block.
    ///
    /// It never spins: what an operation that blocks was told is taken back, or, if it is that a half is closed and the
    /// operation may have concerned the other, does not count until it is told again.
    ///
    /// # Errors
    ///
    /// If the reactor is gone, or tells of [nothing of that](Io#only-what-was-registered-can-be-waited-for); and those
    /// of `f` except [`WouldBlock`](io::ErrorKind::WouldBlock).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future while it waits loses nothing: `f` has then not been called, or has blocked.
    ///
    /// # Examples
    ///
    /// Accepting, as often as it takes:
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor, block_on};
    /// use mio::net::TcpListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::new()?;
    /// let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    /// let listener = reactor.handle().register(listener, Interest::READABLE)?;
    /// let client = std::net::TcpStream::connect(listener.get_ref().local_addr()?)?;
    /// let accepting = listener.async_io(Interest::READABLE, |listener| listener.accept());
    /// let (_stream, peer) = block_on(&mut reactor, accepting)??;
    /// assert_eq!(peer, client.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        let mut known = Snapshot::NOTHING;
        loop {
            let event = self.wait(try_mask(interest), known).await?;
            let result = f(self.get_ref());
            if !would_block(&result) {
                return result;
            }
            self.clear_blocked(event, interest);
            // What was seen and is not disproved is no reason to try again.
            known = event.0.only(!interest.disproved());
        }
    }

    /// The source.
    ///
    /// An operation on it that would block leaves the source's readiness as it is: use [`try_io`](Io::try_io).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor};
    /// use mio::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let reactor = Reactor::new()?;
    /// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    /// let address = socket.local_addr()?;
    /// let socket = reactor.handle().register(socket, Interest::READABLE)?;
    /// assert_eq!(socket.get_ref().local_addr()?, address);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get_ref(&self) -> &S {
        self.source.as_ref().expect("there until `into_inner`")
    }

    /// The source; see [`get_ref`](Io::get_ref).
    ///
    /// # Examples
    ///
    /// For a source whose methods want `&mut`, as mio's streams:
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor};
    /// use mio::net::TcpStream;
    /// use std::io::{Read, Write};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let reactor = Reactor::new()?;
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let stream = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// stream.set_nonblocking(true)?;
    /// let mut stream = reactor.handle().register_ready(TcpStream::from_std(stream), Interest::WRITABLE)?;
    /// stream.get_mut().write_all(b"hello")?;
    /// let mut buffer = [0; 5];
    /// listener.accept()?.0.read_exact(&mut buffer)?;
    /// assert_eq!(&buffer, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get_mut(&mut self) -> &mut S {
        self.source.as_mut().expect("there until `into_inner`")
    }

    /// Deregisters the source and gives it back.
    ///
    /// # Errors
    ///
    /// If the operating system refuses to deregister it, which it does not if the source is what it was when it was
    /// registered; the source is dropped then.
    ///
    /// # Examples
    ///
    /// To another reactor, since a source is with one at a time:
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor};
    /// use mio::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (one, other) = (Reactor::new()?, Reactor::new()?);
    /// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    /// let socket = one.handle().register(socket, Interest::READABLE)?.into_inner()?;
    /// let socket = other.handle().register(socket, Interest::READABLE)?;
    /// assert!(socket.handle().same_reactor(&other.handle()));
    /// assert_eq!(one.handle().sources(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_inner(mut self) -> io::Result<S> {
        let mut source = self.source.take().expect("taken here alone");
        self.registration.deregister(&mut source)?;
        Ok(source)
    }

    /// The handle with which the source was registered.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor};
    /// use mio::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let reactor = Reactor::new()?;
    /// let bind = || UdpSocket::bind(([127, 0, 0, 1], 0).into());
    /// let first = reactor.handle().register(bind()?, Interest::READABLE)?;
    /// let second = first.handle().register(bind()?, Interest::READABLE)?; // where the first one is
    /// assert_eq!(second.handle().sources(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn handle(&self) -> &Handle {
        &self.registration.handle
    }
}

impl<S: Source> Drop for Io<S> {
    fn drop(&mut self) {
        if let Some(source) = &mut self.source {
            // If it fails, closing the source takes it out of the selector; whatever that still reports is stale.
            let _ = self.registration.deregister(source);
        }
    }
}

impl<S: Source + fmt::Debug> fmt::Debug for Io<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let readiness = self.registration.readiness();
        let now = ReadyEvent(readiness.snapshot(crate::Ready::ALL.bits()));
        f.debug_struct("Io")
            .field("source", self.get_ref())
            .field("ready", &now.ready())
            .field("is_shutdown", &now.is_shutdown())
            .field("waiting", &readiness.listed())
            .finish()
    }
}

/// The future of [`Io::ready`].
///
/// # Examples
///
/// ```
/// use leno_reactor::{Interest, Reactor, ReadyFuture, block_on};
/// use mio::net::UdpSocket;
///
/// # fn main() -> std::io::Result<()> {
/// let mut reactor = Reactor::new()?;
/// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
/// let socket = reactor.handle().register(socket, Interest::READABLE)?;
/// let waiting: ReadyFuture<'_, UdpSocket> = socket.ready(Interest::READABLE);
/// socket.get_ref().send_to(b"hello", socket.get_ref().local_addr()?)?;
/// assert!(block_on(&mut reactor, waiting)??.ready().is_readable());
/// # Ok(())
/// # }
/// ```
#[must_use = "futures do nothing unless polled"]
pub struct ReadyFuture<'a, S: Source> {
    io: &'a Io<S>,
    mask: u8,
    /// No reason to end.
    known: Snapshot,
    /// Our place among the waiters, while we have one.
    key: Option<Key>,
}

impl<S: Source> Future for ReadyFuture<'_, S> {
    type Output = io::Result<ReadyEvent>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if !this.io.registration.is_told(this.mask) {
            return Poll::Ready(Err(this.io.registration.not_told()));
        }
        let readiness = this.io.registration.readiness();
        match readiness.poll_listed(cx, this.mask, this.known, &mut this.key) {
            Poll::Ready(seen) => {
                this.io.registration.handle.note_try();
                Poll::Ready(event(seen))
            }
            Poll::Pending => this.io.pending(this.mask),
        }
    }
}

impl<S: Source> Drop for ReadyFuture<'_, S> {
    fn drop(&mut self) {
        self.io.registration.readiness().forget(&mut self.key);
    }
}

impl<S: Source> fmt::Debug for ReadyFuture<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadyFuture")
            .field("is_waiting", &self.key.is_some())
            .finish_non_exhaustive()
    }
}

fn event(seen: Snapshot) -> io::Result<ReadyEvent> {
    if seen.is_closed() {
        return Err(gone());
    }
    Ok(ReadyEvent(seen))
}

/// What makes an operation worth trying: a fresh word is, for an operation that reads or writes.
fn try_mask(interest: Interest) -> u8 {
    let mask = interest.mask();
    match mask & (READABLE | WRITABLE) {
        0 => mask,
        _ => mask | FRESH,
    }
}

fn would_block<R>(result: &io::Result<R>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}
