//! The side that waits for the selector: one thread at a time, by `&mut`.

use crate::handle::Handle;
use crate::process::Origin;
use crate::ready::Ready;
use crate::slots::WAKE;
use crate::waiters::Panics;
use std::error::Error;
use std::time::Duration;
use std::{fmt, io};

/// How many events one turn takes from the selector, unless the reactor was told; what it leaves, the next one gets.
const BATCH: usize = 1024;

/// Waits for events and tells whoever waits for them.
///
/// A reactor belongs to one thread at a time (it is [`Send`]); sources are registered, from any thread, with a
/// [`Handle`]. Dropping it ends every wait with an error for which [`is_reactor_gone`] is true: nobody hangs.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use leno_reactor::Reactor;
/// use std::time::Duration;
///
/// let mut reactor = Reactor::new()?;
/// let turn = reactor.turn(Some(Duration::ZERO))?;
/// assert_eq!(turn.events, 0);
/// # Ok(()) }
/// ```
pub struct Reactor {
    poll: mio::Poll,
    events: mio::Events,
    /// For looks, if they are to take fewer.
    fewer: Option<mio::Events>,
    handle: Handle,
}

/// What one turn of a reactor did.
///
/// # Examples
///
/// ```
/// use leno_reactor::{Reactor, Turn};
/// use std::time::Duration;
///
/// # fn main() -> std::io::Result<()> {
/// let mut reactor = Reactor::new()?;
/// reactor.handle().wake()?;
/// reactor.handle().wake()?; // counts as one with the first
/// let nothing = Turn { events: 0, woken: false };
/// assert_eq!(reactor.turn(None)?, Turn { woken: true, ..nothing });
/// assert_eq!(reactor.turn(Some(Duration::ZERO))?, nothing);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// How many events of sources were delivered.
    pub events: usize,
    /// True if [`Handle::wake`] was called, in this turn or before it.
    pub woken: bool,
}

impl Reactor {
    /// Makes a reactor with a selector of its own.
    ///
    /// # Errors
    ///
    /// Those of the operating system, usually that the process has too many open files.
    ///
    /// # Examples
    ///
    /// Any number of reactors, each with a selector of its own:
    ///
    /// ```
    /// use leno_reactor::Reactor;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (one, other) = (Reactor::new()?, Reactor::new()?);
    /// assert!(!one.handle().same_reactor(&other.handle()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn new() -> io::Result<Self> {
        Self::with_capacity(BATCH, BATCH)
    }

    /// Makes a reactor whose turns take at most `turn` events from the selector, and whose [looks](Self::look) at most
    /// `look`.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    ///
    /// # Panics
    ///
    /// If either is 0.
    ///
    /// # Examples
    ///
    /// What one turn leaves, the next one gets:
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor};
    /// use mio::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::with_capacity(1, 1)?;
    /// let mut sockets = Vec::new();
    /// for _ in 0..2 {
    ///     let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    ///     sockets.push(reactor.handle().register(socket, Interest::WRITABLE)?);
    /// }
    /// assert_eq!(reactor.turn(None)?.events, 1);
    /// assert_eq!(reactor.turn(None)?.events, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_capacity(turn: usize, look: usize) -> io::Result<Self> {
        Self::of(turn, look, Origin::here())
    }

    /// As [`with_capacity`](Self::with_capacity), with a number that tells processes apart.
    ///
    /// `number` returns the same whenever it is called in the same process, and something else in each process that has
    /// been forked from it. It is called at every wait and turn, and has to be as quick as a load. Without it the
    /// reactor asks the system, which takes a system call; then it does so only where it registers, deregisters and wakes, so
    /// that a child that waits in an inherited reactor, or turns it, disturbs its parent.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    ///
    /// # Panics
    ///
    /// As [`with_capacity`](Self::with_capacity).
    ///
    /// # Examples
    ///
    /// The number is one that a handler of `pthread_atfork` changes, say; here there is no fork:
    ///
    /// ```
    /// use leno_reactor::Reactor;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// fn number() -> u32 {
    ///     1
    /// }
    ///
    /// let mut reactor = Reactor::with_process_number(1024, 64, number)?;
    /// assert!(!reactor.handle().is_inherited());
    /// assert_eq!(reactor.look()?.events, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_process_number(turn: usize, look: usize, number: fn() -> u32) -> io::Result<Self> {
        Self::of(turn, look, Origin::numbered(number))
    }

    fn of(turn: usize, look: usize, origin: Origin) -> io::Result<Self> {
        assert!(
            turn > 0 && look > 0,
            "a turn of a reactor that takes no events would never end anything"
        );
        let poll = mio::Poll::new()?;
        let waker = mio::Waker::new(poll.registry(), WAKE)?;
        let handle = Handle::new(poll.registry().try_clone()?, waker, origin);
        Ok(Self {
            poll,
            events: mio::Events::with_capacity(turn),
            fewer: (look != turn).then(|| mio::Events::with_capacity(look)),
            handle,
        })
    }

    /// A handle for registering sources and for waking the reactor.
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
    /// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    /// let socket = handle.register(socket, Interest::READABLE)?;
    /// assert!(socket.handle().same_reactor(&handle));
    /// # Ok(())
    /// # }
    /// ```
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Waits for events, delivers them and wakes their waiters on this thread.
    ///
    /// It returns after the first events (up to 1024 of them, or as many as the reactor was
    /// [told](Self::with_capacity)), when [`Handle::wake`] is called, after `timeout`, or when a signal interrupts it; so
    /// 0 events are no reason for surprise. `None` waits without limit. The timeout is rounded up to what the selector
    /// can measure, mostly milliseconds.
    ///
    /// It costs one system call, and for each event a lock that nobody else holds for long.
    ///
    /// # Errors
    ///
    /// Those of the operating system; an interruption is not one.
    ///
    /// # Panics
    ///
    /// If a waker panics, with its panic, after all other waiters of all events of this turn have been woken. The
    /// reactor may be used on.
    ///
    /// # Examples
    ///
    /// An executor's loop: the turn waits exactly while nothing else is to be done.
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor};
    /// use mio::net::UdpSocket;
    /// use std::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::new()?;
    /// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    /// let socket = reactor.handle().register(socket, Interest::READABLE)?;
    /// assert_eq!(reactor.turn(Some(Duration::from_millis(1)))?.events, 0); // the time is up
    ///
    /// socket.get_ref().send_to(b"hello", socket.get_ref().local_addr()?)?;
    /// while !socket.ready_event(Interest::READABLE).ready().is_readable() {
    ///     reactor.turn(None)?;
    /// }
    /// assert_eq!(socket.get_ref().recv(&mut [0; 16])?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn turn(&mut self, timeout: Option<Duration>) -> io::Result<Turn> {
        self.deliver(timeout, false)
    }

    /// As [`turn`](Self::turn), without waiting, and with at most as many events as the reactor was
    /// [told](Self::with_capacity): for a thread that has other things to do.
    ///
    /// # Errors
    ///
    /// As [`turn`](Self::turn).
    ///
    /// # Panics
    ///
    /// As [`turn`](Self::turn).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor};
    /// use mio::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::with_capacity(1024, 1)?;
    /// assert_eq!(reactor.look()?.events, 0);
    ///
    /// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    /// let socket = reactor.handle().register(socket, Interest::WRITABLE)?;
    /// assert_eq!(reactor.look()?.events, 1);
    /// assert!(socket.ready_event(Interest::WRITABLE).ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    pub fn look(&mut self) -> io::Result<Turn> {
        self.deliver(Some(Duration::ZERO), true)
    }

    fn deliver(&mut self, timeout: Option<Duration>, few: bool) -> io::Result<Turn> {
        self.handle.origin().check()?;
        let events = match &mut self.fewer {
            Some(fewer) if few => fewer,
            _ => &mut self.events,
        };
        let mut turn = Turn {
            events: 0,
            woken: false,
        };
        match self.poll.poll(events, timeout) {
            Ok(()) => {}
            // Not repeated: the caller knows how much of the timeout is left, we do not.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(turn),
            Err(error) => return Err(error),
        }
        let mut panics = Panics::default();
        for event in &*events {
            if event.token() == WAKE {
                turn.woken = true;
                continue;
            }
            let bits = Ready::from_mio(event).bits();
            if self.handle.slots().event(event.token(), bits, &mut panics) {
                turn.events += 1;
            }
        }
        panics.resume();
        Ok(turn)
    }
}

impl Drop for Reactor {
    fn drop(&mut self) {
        let mut panics = Panics::default();
        self.handle.slots().close(&mut panics);
        panics.resume();
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor")
            .field("sources", &self.handle.sources())
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
enum ReactorGone {
    Dropped,
    /// This is a child of the process that has it.
    LeftToTheParent,
}

impl fmt::Display for ReactorGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dropped => "the reactor this source is registered with is gone",
            Self::LeftToTheParent => {
                "this reactor was made before the process forked, and is the parent's: make a new one in the child"
            }
        })
    }
}

impl Error for ReactorGone {}

/// What everybody gets who wants something of a reactor that has been dropped.
pub(crate) fn gone() -> io::Error {
    io::Error::other(ReactorGone::Dropped)
}

/// What everybody gets in a child process that has inherited the reactor.
pub(crate) fn gone_with_the_fork() -> io::Error {
    io::Error::other(ReactorGone::LeftToTheParent)
}

/// True for the error with which waits end, and registrations fail, once the [`Reactor`] has been dropped; and, in a
/// process that was forked from the reactor's, from the start.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use leno_reactor::{Interest, Reactor, is_reactor_gone};
/// use mio::net::UdpSocket;
///
/// let handle = Reactor::new()?.handle(); // dropped at once
/// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
/// let error = handle.register(socket, Interest::READABLE).unwrap_err();
/// assert!(is_reactor_gone(&error));
/// # Ok(()) }
/// ```
pub fn is_reactor_gone(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|inner| inner.is::<ReactorGone>())
}
