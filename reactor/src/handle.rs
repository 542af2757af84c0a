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
    pub fn check(&self) -> io::Result<()> {
        if self.is_inherited() {
            return Err(gone_with_the_fork());
        }
        self.shared.slots.check()
    }

    /// True if both name the same reactor.
    pub fn same_reactor(&self, other: &Handle) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// How many sources are registered.
    pub fn sources(&self) -> usize {
        self.shared.slots.owned()
    }

    /// Lets [`tries`](Handle::tries) count from now on.
    ///
    /// For who has one thread: several would contend for the count.
    pub fn count_tries(&self) {
        // Ordering: Relaxed, like all of the count: it tells whether anything has gone on, to who has done it.
        self.shared.counts.store(true, Ordering::Relaxed);
    }

    /// A number that changes whenever a source is registered, and whenever one is found to be worth trying an operation. It
    /// does not when somebody waits, or goes on waiting.
    ///
    /// It is 0 until [`count_tries`](Handle::count_tries) is called.
    pub fn tries(&self) -> u64 {
        self.shared.tries.load(Ordering::Relaxed)
    }

    /// Changes [`tries`](Handle::tries), as a try would: for who tries by other means than an [`Io`].
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
