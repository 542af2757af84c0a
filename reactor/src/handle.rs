//! The side that any thread may use.

use crate::interest::Interest;
use crate::io::Io;
use crate::process::Origin;
use crate::reactor::gone_with_the_fork;
use crate::readiness::{READABLE, Readiness};
use crate::slots::Slots;
use mio::event::Source;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::{fmt, io};

/// Registers sources with a [`Reactor`](crate::Reactor) and wakes it, from any thread.
///
/// Clones are cheap (one reference count) and name the same reactor. A handle does not keep the reactor alive:
/// once that is dropped, registering fails and [`wake`](Handle::wake) wakes nobody.
///
/// # Examples
///
/// It goes to other threads, while the reactor stays where it is turned:
///
/// ```
/// use leno_reactor::{Interest, Reactor, block_on};
/// use mio::net::UdpSocket;
/// use std::thread;
///
/// # fn main() -> std::io::Result<()> {
/// let mut reactor = Reactor::new()?;
/// let handle = reactor.handle();
/// let other = handle.clone();
/// let registering = thread::spawn(move || {
///     let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
///     other.register(socket, Interest::READABLE)
/// });
/// let socket = registering.join().unwrap()?;
/// assert_eq!(handle.sources(), 1);
///
/// let address = socket.get_ref().local_addr()?;
/// socket.get_ref().send_to(b"hello", address)?;
/// let length = block_on(&mut reactor, async {
///     socket.async_io(Interest::READABLE, |socket| socket.recv(&mut [0; 16])).await
/// })??;
/// assert_eq!(length, 5);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

struct Shared {
    registry: mio::Registry,
    waker: mio::Waker,
    slots: Slots,
    /// Whether `tries` counts.
    counts: AtomicBool,
    tries: AtomicU64,
    origin: Origin,
}

impl Handle {
    pub(crate) fn new(registry: mio::Registry, waker: mio::Waker, origin: Origin) -> Self {
        Self {
            shared: Arc::new(Shared {
                registry,
                waker,
                slots: Slots::new(),
                counts: AtomicBool::new(false),
                tries: AtomicU64::new(0),
                origin,
            }),
        }
    }

    /// Registers a source for the kinds of readiness in `interest`.
    ///
    /// The source must be non-blocking; mio's own are. It is deregistered when the [`Io`] is dropped. A source can
    /// be with one reactor at a time. Only what is in `interest`, and errors, can be waited for afterwards.
    ///
    /// Nothing is known of it until a turn of the reactor has brought its first event, which reports what it was
    /// ready for when it was registered, too. This is what a socket with a pending connect wants: it is writable
    /// when the connect is over. For sources of which one try is likely to succeed at once, see
    /// [`register_ready`](Handle::register_ready).
    ///
    /// It costs one system call and a lock; slots are recycled, so a registration seldom allocates.
    ///
    /// # Errors
    ///
    /// If the operating system refuses the source (a regular file, say), if there are 67 million already, or if the
    /// reactor is gone, or another process' ([`is_reactor_gone`](crate::is_reactor_gone)). The source is dropped then.
    ///
    /// # Examples
    ///
    /// A connect that is pending, of which the first event tells that it is over:
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor, block_on};
    /// use mio::net::{TcpListener, TcpStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::new()?;
    /// let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// let stream = reactor.handle().register(stream, Interest::READABLE | Interest::WRITABLE)?;
    /// block_on(&mut reactor, async { stream.ready(Interest::WRITABLE).await.map(drop) })??;
    /// assert!(stream.get_ref().take_error()?.is_none());
    /// assert!(stream.get_ref().peer_addr().is_ok());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// What cannot be waited for is refused by the system, and what was not registered by the reactor:
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor, block_on};
    /// use mio::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::new()?;
    /// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    /// let socket = reactor.handle().register(socket, Interest::READABLE)?;
    /// let writable = block_on(&mut reactor, async { socket.ready(Interest::WRITABLE).await })?;
    /// assert_eq!(writable.unwrap_err().kind(), ErrorKind::InvalidInput);
    /// # Ok(())
    /// # }
    /// ```
    pub fn register<S: Source>(&self, source: S, interest: Interest) -> io::Result<Io<S>> {
        self.enter(source, interest, None)
    }

    /// Registers a source that is probably ready already, such as an accepted connection.
    ///
    /// As [`register`](Handle::register), and both its halves are marked *fresh*: until the first event of that
    /// direction, [`Io::poll_io`], [`Io::async_io`] and [`Io::try_io`] try their operation without having been
    /// told that it is ready, up to and including the first that would block. A request that came with the
    /// connection is thus read, and answered, without a trip through the selector. [`Io::poll_ready`] and
    /// [`Io::ready`] wait for an event to read; they take the source for writable until a write would block.
    ///
    /// Do not use it for a socket with a pending connect: an operation tried too early fails for good there.
    ///
    /// # Errors
    ///
    /// As [`register`](Handle::register).
    ///
    /// # Examples
    ///
    /// A socket that has room from the start is written to without a turn of the reactor:
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor};
    /// use mio::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let reactor = Reactor::new()?;
    /// let both = Interest::READABLE | Interest::WRITABLE;
    /// let bind = || UdpSocket::bind(([127, 0, 0, 1], 0).into());
    /// let known = reactor.handle().register(bind()?, both)?;
    /// let fresh = reactor.handle().register_ready(bind()?, both)?;
    ///
    /// let to = known.get_ref().local_addr()?;
    /// let send = |socket: &UdpSocket| socket.send_to(b"hello", to);
    /// assert_eq!(known.try_io(Interest::WRITABLE, send).unwrap_err().kind(), ErrorKind::WouldBlock);
    /// assert_eq!(fresh.try_io(Interest::WRITABLE, send)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn register_ready<S: Source>(&self, source: S, interest: Interest) -> io::Result<Io<S>> {
        self.enter(source, interest, Some(0))
    }

    /// Registers a source from which something is probably to be read already: a connection that was accepted, whose client
    /// speaks first.
    ///
    /// As [`register_ready`](Handle::register_ready), and [`Io::poll_ready`] and [`Io::ready`] too take it for readable
    /// until a read would block.
    ///
    /// # Errors
    ///
    /// As [`register`](Handle::register).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor};
    /// use mio::net::{TcpListener, TcpStream};
    /// use std::io::{Read, Write};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let reactor = Reactor::new()?;
    /// let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    /// let mut client = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// client.write_all(b"hello")?;
    ///
    /// let (accepted, _) = listener.accept()?;
    /// let server = reactor.handle().register_readable(accepted, Interest::READABLE)?;
    /// assert!(server.ready_event(Interest::READABLE).ready().is_readable()); // nobody has asked yet
    /// let mut buffer = [0; 16];
    /// assert_eq!(server.try_io(Interest::READABLE, |mut server: &TcpStream| server.read(&mut buffer))?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn register_readable<S: Source>(&self, source: S, interest: Interest) -> io::Result<Io<S>> {
        self.enter(source, interest, Some(READABLE))
    }

    fn enter<S: Source>(
        &self,
        mut source: S,
        interest: Interest,
        fresh: Option<u8>,
    ) -> io::Result<Io<S>> {
        if self.is_inherited() {
            return Err(gone_with_the_fork());
        }
        let registration = Registration {
            index: self.shared.slots.claim()?,
            handle: self.clone(),
            interest,
        };
        // The slot is ready for events before the selector can report any. On an error it goes back.
        if let Some(readable) = fresh {
            registration.readiness().mark_fresh(readable);
        }
        let token = self.shared.slots.token(registration.index);
        source.register(&self.shared.registry, token, interest.to_mio())?;
        self.note_try();
        Ok(Io::new(source, registration))
    }

    /// Ends the reactor's present turn, or its next one if it is not in one.
    ///
    /// Calls made before the turn takes note of them count as one. It costs one system call.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::Reactor;
    /// use std::thread;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::new()?;
    /// let handle = reactor.handle();
    /// let waking = thread::spawn(move || handle.wake());
    /// let turn = reactor.turn(None)?; // would wait without limit
    /// assert!(turn.woken);
    /// assert_eq!(turn.events, 0);
    /// waking.join().unwrap()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn wake(&self) -> io::Result<()> {
        if self.is_inherited() {
            // It would be the other process' turn.
            return Ok(());
        }
        self.shared.waker.wake()
    }

    /// True in a process that was forked from the reactor's, where it counts as [gone](crate::is_reactor_gone).
    ///
    /// It costs a system call, unless the reactor was given a [number](crate::Reactor::with_process_number).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::Reactor;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let reactor = Reactor::new()?;
    /// assert!(!reactor.handle().is_inherited()); // we have made it
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_inherited(&self) -> bool {
        self.origin().is_elsewhere()
    }

    /// Whether the reactor is there: otherwise the error with which registering would fail.
    ///
    /// It costs a lock.
    ///
    /// # Errors
    ///
    /// If the reactor is [gone](crate::is_reactor_gone).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Reactor, is_reactor_gone};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let reactor = Reactor::new()?;
    /// let handle = reactor.handle();
    /// assert!(handle.check().is_ok());
    /// drop(reactor);
    /// assert!(is_reactor_gone(&handle.check().unwrap_err()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn check(&self) -> io::Result<()> {
        if self.is_inherited() {
            return Err(gone_with_the_fork());
        }
        self.shared.slots.check()
    }

    /// True if both name the same reactor.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::Reactor;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (one, other) = (Reactor::new()?, Reactor::new()?);
    /// assert!(one.handle().same_reactor(&one.handle()));
    /// assert!(!one.handle().same_reactor(&other.handle()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn same_reactor(&self, other: &Handle) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// How many sources are registered.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor};
    /// use mio::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let handle = Reactor::new().map(|reactor| (reactor.handle(), reactor))?;
    /// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    /// let socket = handle.0.register(socket, Interest::READABLE)?;
    /// assert_eq!(handle.0.sources(), 1);
    /// drop(socket);
    /// assert_eq!(handle.0.sources(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn sources(&self) -> usize {
        self.shared.slots.owned()
    }

    /// Lets [`tries`](Handle::tries) count from now on.
    ///
    /// For who has one thread: several would contend for the count.
    ///
    /// # Examples
    ///
    /// Whether a poll has done anything:
    ///
    /// ```
    /// use leno_reactor::Reactor;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let reactor = Reactor::new()?;
    /// let handle = reactor.handle();
    /// handle.note_try();
    /// assert_eq!(handle.tries(), 0);
    /// handle.count_tries();
    /// handle.note_try();
    /// assert_ne!(handle.tries(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn count_tries(&self) {
        // Ordering: Relaxed, like all of the count: it tells whether anything has gone on, to who has done it.
        self.shared.counts.store(true, Ordering::Relaxed);
    }

    /// A number that changes whenever a source is registered, and whenever one is found to be worth trying an operation. It
    /// does not when somebody waits, or goes on waiting.
    ///
    /// It is 0 until [`count_tries`](Handle::count_tries) is called.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor};
    /// use mio::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let reactor = Reactor::new()?;
    /// let handle = reactor.handle();
    /// handle.count_tries();
    /// let before = handle.tries();
    /// let socket = handle.register(UdpSocket::bind(([127, 0, 0, 1], 0).into())?, Interest::READABLE)?;
    /// assert_ne!(handle.tries(), before);
    ///
    /// // It is not ready, so nothing is tried.
    /// let before = handle.tries();
    /// assert!(socket.try_io(Interest::READABLE, |socket| socket.recv(&mut [0; 16])).is_err());
    /// assert_eq!(handle.tries(), before);
    /// # Ok(())
    /// # }
    /// ```
    pub fn tries(&self) -> u64 {
        self.shared.tries.load(Ordering::Relaxed)
    }

    /// Changes [`tries`](Handle::tries), as a try would: for who tries by other means than an [`Io`].
    ///
    /// # Examples
    ///
    /// After an attempt that no [`Io`] was asked for:
    ///
    /// ```
    /// use leno_reactor::Reactor;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let reactor = Reactor::new()?;
    /// let handle = reactor.handle();
    /// handle.count_tries();
    /// let before = handle.tries();
    /// handle.note_try();
    /// assert_ne!(handle.tries(), before);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn note_try(&self) {
        if self.shared.counts.load(Ordering::Relaxed) {
            // Of two threads at once one may be lost, and the number changes all the same.
            let tries = self.shared.tries.load(Ordering::Relaxed).wrapping_add(1);
            self.shared.tries.store(tries, Ordering::Relaxed);
        }
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.shared.origin
    }

    pub(crate) fn slots(&self) -> &Slots {
        &self.shared.slots
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("sources", &self.sources())
            .finish_non_exhaustive()
    }
}

/// The ownership of a slot; dropping it gives the slot back.
pub(crate) struct Registration {
    pub(crate) handle: Handle,
    index: u32,
    /// What the selector was asked for.
    interest: Interest,
}

impl Registration {
    #[inline]
    pub(crate) fn readiness(&self) -> &Readiness {
        let slot = self.handle.shared.slots.get(self.index);
        slot.expect("a claimed slot has been made")
    }

    /// True if the selector may tell of anything in `mask`.
    #[inline]
    pub(crate) fn is_told(&self, mask: u8) -> bool {
        mask & self.interest.told() != 0
    }

    /// What they get who wait for something else.
    #[cold]
    pub(crate) fn not_told(&self) -> io::Error {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "this source was registered for {:?} only, so nobody would tell when it is ready for what was asked: \
                 register it for that too",
                self.interest
            ),
        )
    }

    /// Takes the source out of the selector, which comes before the slot goes back: what the selector has
    /// reported until now then differs in its generation.
    pub(crate) fn deregister(&self, source: &mut impl Source) -> io::Result<()> {
        if self.handle.is_inherited() {
            // It is in the other process' selector, which goes on waiting for it.
            return Ok(());
        }
        source.deregister(&self.handle.shared.registry)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.handle.shared.slots.release(self.index);
    }
}
