//! What is known of a source.

use crate::interest::Interest;
use crate::readiness::{ERROR, PRIORITY, READ_CLOSED, READABLE, Snapshot, WRITABLE, WRITE_CLOSED};
use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Sub};

/// The operations that a source is ready for.
///
/// # Examples
///
/// ```
/// use leno_reactor::Ready;
///
/// let ready = Ready::READABLE | Ready::WRITABLE;
/// assert!(ready.is_readable() && ready.is_writable());
/// assert_eq!(ready - Ready::WRITABLE, Ready::READABLE);
/// assert_eq!(ready & Ready::ERROR, Ready::EMPTY);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ready(u8);

impl Ready {
    /// Ready for nothing.
    ///
    /// # Examples
    ///
    /// What is ready for nothing satisfies nobody:
    ///
    /// ```
    /// use leno_reactor::{Interest, Ready};
    ///
    /// assert!(!Ready::EMPTY.satisfies(Interest::READABLE | Interest::WRITABLE));
    /// assert!(Ready::READABLE.contains(Ready::EMPTY)); // as any does
    /// ```
    pub const EMPTY: Ready = Ready(0);

    /// Ready to be read from.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Interest, Ready};
    ///
    /// assert!(Ready::READABLE.satisfies(Interest::READABLE));
    /// assert!(!Ready::READABLE.is_read_closed()); // as far as is known
    /// ```
    pub const READABLE: Ready = Ready(READABLE);

    /// Ready to be written to.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Interest, Ready};
    ///
    /// assert!(Ready::WRITABLE.satisfies(Interest::READABLE | Interest::WRITABLE)); // one is enough
    /// assert!(!Ready::WRITABLE.satisfies(Interest::READABLE));
    /// ```
    pub const WRITABLE: Ready = Ready(WRITABLE);

    /// The half read from is closed.
    ///
    /// # Examples
    ///
    /// The peer has ended its direction; what it has sent before can still be read:
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor, Ready, block_on};
    /// use mio::net::TcpStream;
    /// use std::net::Shutdown;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::new()?;
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let client = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// let (server, _) = listener.accept()?;
    /// server.set_nonblocking(true)?;
    /// client.shutdown(Shutdown::Write)?;
    /// let server = reactor.handle().register(TcpStream::from_std(server), Interest::READABLE)?;
    /// let ready = block_on(&mut reactor, server.ready(Interest::READABLE))??.ready();
    /// assert!(ready.contains(Ready::READ_CLOSED));
    /// # Ok(())
    /// # }
    /// ```
    pub const READ_CLOSED: Ready = Ready(READ_CLOSED);

    /// The half written to is closed.
    ///
    /// # Examples
    ///
    /// A write is worth trying then, for the error that it returns:
    ///
    /// ```
    /// use leno_reactor::{Interest, Ready};
    ///
    /// assert!(Ready::WRITE_CLOSED.is_writable());
    /// assert!(Ready::WRITE_CLOSED.satisfies(Interest::WRITABLE));
    /// ```
    pub const WRITE_CLOSED: Ready = Ready(WRITE_CLOSED);

    /// Out-of-band data is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Interest, Ready};
    ///
    /// assert!(Ready::PRIORITY.satisfies(Interest::PRIORITY));
    /// assert!(!Ready::PRIORITY.is_readable());
    /// ```
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub const PRIORITY: Ready = Ready(PRIORITY);

    /// There is an error to be seen.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Interest, Ready};
    ///
    /// assert!(Ready::ERROR.satisfies(Interest::ERROR));
    /// assert!(!Ready::ERROR.satisfies(Interest::READABLE)); // the reactor reports both for an error
    /// ```
    pub const ERROR: Ready = Ready(ERROR);

    /// All of them.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::Ready;
    ///
    /// assert!(Ready::ALL.contains(Ready::READABLE | Ready::WRITABLE | Ready::ERROR));
    /// ```
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub const ALL: Ready =
        Ready(READABLE | WRITABLE | READ_CLOSED | WRITE_CLOSED | PRIORITY | ERROR);

    /// All of them.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub const ALL: Ready = Ready(READABLE | WRITABLE | READ_CLOSED | WRITE_CLOSED | ERROR);

    /// What satisfies `interest`.
    ///
    /// ```
    /// use leno_reactor::{Interest, Ready};
    ///
    /// assert!(Ready::from_interest(Interest::READABLE).contains(Ready::READ_CLOSED));
    /// ```
    pub fn from_interest(interest: Interest) -> Ready {
        Ready(interest.mask())
    }

    /// The part that satisfies `interest`.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Interest, Ready};
    ///
    /// let ready = Ready::READABLE | Ready::WRITE_CLOSED;
    /// assert_eq!(ready.intersection(Interest::READABLE), Ready::READABLE);
    /// assert_eq!(ready.intersection(Interest::WRITABLE), Ready::WRITE_CLOSED);
    /// ```
    pub fn intersection(self, interest: Interest) -> Ready {
        Ready(self.0 & interest.mask())
    }

    /// True if any part satisfies `interest`.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Interest, Ready};
    ///
    /// assert!(Ready::READ_CLOSED.satisfies(Interest::READABLE)); // the end is there to be read
    /// assert!(!Ready::READ_CLOSED.satisfies(Interest::WRITABLE));
    /// ```
    pub fn satisfies(self, interest: Interest) -> bool {
        !self.intersection(interest).is_empty()
    }

    /// True if all of `other` is part of this.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::Ready;
    ///
    /// let ready = Ready::READABLE | Ready::READ_CLOSED;
    /// assert!(ready.contains(Ready::READ_CLOSED));
    /// assert!(!ready.contains(Ready::READABLE | Ready::WRITABLE));
    /// ```
    pub fn contains(self, other: impl Into<Ready>) -> bool {
        let other = other.into();
        self & other == other
    }

    /// True if it is ready for nothing.
    ///
    /// ```
    /// use leno_reactor::Ready;
    ///
    /// assert!(Ready::EMPTY.is_empty());
    /// assert!(!Ready::READABLE.is_empty());
    /// ```
    pub fn is_empty(self) -> bool {
        self == Ready::EMPTY
    }

    /// True if a read is worth trying: it is readable, or the half read from is closed.
    ///
    /// ```
    /// use leno_reactor::Ready;
    ///
    /// assert!(Ready::READABLE.is_readable());
    /// assert!(Ready::READ_CLOSED.is_readable());
    /// assert!(!Ready::WRITABLE.is_readable());
    /// ```
    pub fn is_readable(self) -> bool {
        self.0 & (READABLE | READ_CLOSED) != 0
    }

    /// True if a write is worth trying: it is writable, or the half written to is closed.
    ///
    /// ```
    /// use leno_reactor::Ready;
    ///
    /// assert!(Ready::WRITABLE.is_writable());
    /// assert!(Ready::WRITE_CLOSED.is_writable());
    /// assert!(!Ready::READABLE.is_writable());
    /// ```
    pub fn is_writable(self) -> bool {
        self.0 & (WRITABLE | WRITE_CLOSED) != 0
    }

    /// True if the half read from is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::Ready;
    ///
    /// assert!((Ready::READABLE | Ready::READ_CLOSED).is_read_closed()); // the rest, and then the end
    /// assert!(!Ready::READABLE.is_read_closed());
    /// ```
    pub fn is_read_closed(self) -> bool {
        self.contains(Ready::READ_CLOSED)
    }

    /// True if the half written to is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::Ready;
    ///
    /// assert!(Ready::WRITE_CLOSED.is_write_closed());
    /// assert!(!Ready::READ_CLOSED.is_write_closed());
    /// ```
    pub fn is_write_closed(self) -> bool {
        self.contains(Ready::WRITE_CLOSED)
    }

    /// True if out-of-band data is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::Ready;
    ///
    /// assert!(Ready::PRIORITY.is_priority());
    /// assert!(!Ready::READABLE.is_priority());
    /// ```
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn is_priority(self) -> bool {
        self.contains(Ready::PRIORITY)
    }

    /// True if there is an error to be seen.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::Ready;
    ///
    /// assert!((Ready::READABLE | Ready::ERROR).is_error());
    /// assert!(!Ready::READABLE.is_error());
    /// ```
    pub fn is_error(self) -> bool {
        self.contains(Ready::ERROR)
    }

    /// An error belongs to all who wait: whatever is tried next returns it. So it counts as readable and writable, as with
    /// `select`, also where the selector says nothing but that there is one.
    pub(crate) fn from_mio(event: &mio::event::Event) -> Ready {
        let is_error = event.is_error();
        let bits = [
            (event.is_readable() || is_error, READABLE),
            (event.is_writable() || is_error, WRITABLE),
            (event.is_read_closed(), READ_CLOSED),
            (event.is_write_closed(), WRITE_CLOSED),
            (event.is_priority(), PRIORITY),
            (is_error, ERROR),
        ];
        Ready(
            bits.iter()
                .filter(|(is, _)| *is)
                .fold(0, |ready, (_, bit)| ready | bit),
        )
    }

    pub(crate) fn bits(self) -> u8 {
        self.0
    }
}

impl BitOr for Ready {
    type Output = Ready;

    #[inline]
    fn bitor(self, other: Ready) -> Ready {
        Ready(self.0 | other.0)
    }
}

impl BitOrAssign for Ready {
    #[inline]
    fn bitor_assign(&mut self, other: Ready) {
        self.0 |= other.0;
    }
}

impl BitAnd for Ready {
    type Output = Ready;

    #[inline]
    fn bitand(self, other: Ready) -> Ready {
        Ready(self.0 & other.0)
    }
}

impl Sub for Ready {
    type Output = Ready;

    #[inline]
    fn sub(self, other: Ready) -> Ready {
        Ready(self.0 & !other.0)
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Ready");
        f.field("is_readable", &self.is_readable())
            .field("is_writable", &self.is_writable())
            .field("is_read_closed", &self.is_read_closed())
            .field("is_write_closed", &self.is_write_closed())
            .field("is_error", &self.is_error());
        #[cfg(any(target_os = "linux", target_os = "android"))]
        f.field("is_priority", &self.is_priority());
        f.finish()
    }
}

/// What was known of a source at one moment, as seen by one caller.
///
/// It remembers the moment: [`Io::clear_ready`](crate::Io::clear_ready) with it takes back what it says, unless
/// a newer event has come since.
///
/// # Examples
///
/// An event that is out of date takes nothing back:
///
/// ```
/// use leno_reactor::{Interest, Reactor};
/// use mio::net::UdpSocket;
///
/// # fn main() -> std::io::Result<()> {
/// let mut reactor = Reactor::new()?;
/// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
/// let socket = reactor.handle().register(socket, Interest::READABLE)?;
/// let send = || socket.get_ref().send_to(b"hello", socket.get_ref().local_addr()?);
/// send()?;
/// reactor.turn(None)?;
/// let old = socket.ready_event(Interest::READABLE);
/// send()?;
/// reactor.turn(None)?;
/// socket.clear_ready(old);
/// assert!(socket.ready_event(Interest::READABLE).ready().is_readable());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct ReadyEvent(pub(crate) Snapshot);

impl ReadyEvent {
    /// What the source was ready for, of what the caller asked.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor, Ready};
    /// use mio::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::new()?;
    /// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    /// let socket = reactor.handle().register(socket, Interest::WRITABLE)?;
    /// reactor.turn(None)?;
    /// assert_eq!(socket.ready_event(Interest::WRITABLE).ready(), Ready::WRITABLE);
    /// # Ok(())
    /// # }
    /// ```
    pub fn ready(&self) -> Ready {
        Ready(self.0.ready())
    }

    /// True if the reactor was gone already, so that nothing more will be known of the source.
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
    /// let socket = reactor.handle().register(socket, Interest::READABLE)?;
    /// assert!(!socket.ready_event(Interest::READABLE).is_shutdown());
    /// drop(reactor);
    /// assert!(socket.ready_event(Interest::READABLE).is_shutdown());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_shutdown(&self) -> bool {
        self.0.is_closed()
    }

    /// The same event reduced to the parts in `ready`, in order to clear only those.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor, Ready};
    /// use mio::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let reactor = Reactor::new()?;
    /// let both = Interest::READABLE | Interest::WRITABLE;
    /// let socket = UdpSocket::bind(([127, 0, 0, 1], 0).into())?;
    /// let socket = reactor.handle().register_readable(socket, both)?;
    /// let event = socket.ready_event(both);
    /// socket.clear_ready(event.with_ready(Ready::READABLE));
    /// assert_eq!(socket.ready_event(both).ready(), Ready::WRITABLE);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "returns the reduced event and leaves this one as it is"]
    pub fn with_ready(&self, ready: Ready) -> ReadyEvent {
        ReadyEvent(self.0.only(ready.bits()))
    }
}

impl fmt::Debug for ReadyEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadyEvent")
            .field("ready", &self.ready())
            .field("is_shutdown", &self.is_shutdown())
            .finish()
    }
}
