//! What somebody wants to know of a source.

use crate::readiness::{ERROR, FRESH, PRIORITY, READ_CLOSED, READABLE, WRITABLE, WRITE_CLOSED};
use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// The kinds of readiness that a source is registered for, or that a caller waits for.
///
/// Never empty.
///
/// # Examples
///
/// ```
/// use leno_reactor::Interest;
///
/// let mut interest = Interest::READABLE;
/// interest |= Interest::WRITABLE;
/// assert_eq!(format!("{interest:?}"), "READABLE | WRITABLE");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Interest(u8);

impl Interest {
    /// Interest in reading; includes that the half read from is closed.
    ///
    /// # Examples
    ///
    /// A listener is readable when there is a connection:
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor, block_on};
    /// use mio::net::TcpListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::new()?;
    /// let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    /// let listener = reactor.handle().register(listener, Interest::READABLE)?;
    /// let _client = std::net::TcpStream::connect(listener.get_ref().local_addr()?)?;
    /// block_on(&mut reactor, listener.ready(Interest::READABLE))??;
    /// assert!(listener.get_ref().accept().is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub const READABLE: Interest = Interest(READABLE);

    /// Interest in writing; includes that the half written to is closed.
    ///
    /// # Examples
    ///
    /// A socket with a pending connect is writable when that is over, well or not:
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor, block_on};
    /// use mio::net::TcpStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::new()?;
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?;
    /// let stream = reactor.handle().register(stream, Interest::WRITABLE)?;
    /// block_on(&mut reactor, stream.ready(Interest::WRITABLE))??;
    /// assert!(stream.get_ref().take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub const WRITABLE: Interest = Interest(WRITABLE);

    /// Interest in errors.
    ///
    /// What counts as one, and whether it is reported without any other readiness, is the platform's choice.
    ///
    /// # Examples
    ///
    /// On Linux, without asking for anything else:
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor, block_on};
    /// use mio::net::TcpStream;
    /// use std::io::ErrorKind;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # #[cfg(target_os = "linux")] {
    /// let mut reactor = Reactor::new()?;
    /// # let bound = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    /// # bound.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    /// # let address = bound.local_addr()?.as_socket().unwrap();
    /// let stream = TcpStream::connect(address)?; // nobody listens there
    /// let stream = reactor.handle().register(stream, Interest::WRITABLE)?;
    /// let event = block_on(&mut reactor, stream.ready(Interest::ERROR))??;
    /// assert!(event.ready().is_error());
    /// assert_eq!(stream.get_ref().take_error()?.unwrap().kind(), ErrorKind::ConnectionRefused);
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    pub const ERROR: Interest = Interest(ERROR);

    /// Interest in out-of-band data.
    ///
    /// # Examples
    ///
    /// TCP's urgent data:
    ///
    /// ```
    /// use leno_reactor::{Interest, Reactor, block_on};
    /// use mio::net::TcpStream;
    /// use socket2::SockRef;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut reactor = Reactor::new()?;
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let client = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// let (server, _) = listener.accept()?;
    /// server.set_nonblocking(true)?;
    /// let server = reactor.handle().register(TcpStream::from_std(server), Interest::PRIORITY)?;
    /// SockRef::from(&client).send_out_of_band(b"!")?;
    /// let event = block_on(&mut reactor, server.ready(Interest::PRIORITY))??;
    /// assert!(event.ready().is_priority());
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub const PRIORITY: Interest = Interest(PRIORITY);

    /// True if reading is among the interests.
    ///
    /// ```
    /// use leno_reactor::Interest;
    ///
    /// assert!(Interest::READABLE.is_readable());
    /// assert!((Interest::READABLE | Interest::WRITABLE).is_readable());
    /// assert!(!Interest::WRITABLE.is_readable());
    /// ```
    pub const fn is_readable(self) -> bool {
        self.0 & READABLE != 0
    }

    /// True if writing is among the interests.
    ///
    /// ```
    /// use leno_reactor::Interest;
    ///
    /// assert!(Interest::WRITABLE.is_writable());
    /// assert!(!Interest::READABLE.is_writable());
    /// ```
    pub const fn is_writable(self) -> bool {
        self.0 & WRITABLE != 0
    }

    /// True if errors are among the interests.
    ///
    /// ```
    /// use leno_reactor::Interest;
    ///
    /// assert!((Interest::READABLE | Interest::ERROR).is_error());
    /// assert!(!Interest::READABLE.is_error());
    /// ```
    pub const fn is_error(self) -> bool {
        self.0 & ERROR != 0
    }

    /// True if out-of-band data is among the interests.
    ///
    /// ```
    /// use leno_reactor::Interest;
    ///
    /// assert!((Interest::READABLE | Interest::PRIORITY).is_priority());
    /// assert!(!Interest::READABLE.is_priority());
    /// ```
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub const fn is_priority(self) -> bool {
        self.0 & PRIORITY != 0
    }

    /// Both interests; `|` that works in a constant.
    ///
    /// ```
    /// use leno_reactor::Interest;
    ///
    /// const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);
    ///
    /// assert!(BOTH.is_readable() && BOTH.is_writable());
    /// ```
    #[must_use = "returns the sum and leaves both operands as they are"]
    pub const fn add(self, other: Interest) -> Interest {
        Interest(self.0 | other.0)
    }

    /// What is left of the interests without those in `other`, or `None` if that is nothing.
    ///
    /// ```
    /// use leno_reactor::Interest;
    ///
    /// let both = Interest::READABLE | Interest::WRITABLE;
    ///
    /// assert_eq!(both.remove(Interest::READABLE), Some(Interest::WRITABLE));
    /// assert_eq!(both.remove(both), None);
    /// ```
    #[must_use = "returns the difference and leaves both operands as they are"]
    pub fn remove(self, other: Interest) -> Option<Interest> {
        match self.0 & !other.0 {
            0 => None,
            left => Some(Interest(left)),
        }
    }

    /// The ready bits that satisfy the interests.
    pub(crate) fn mask(self) -> u8 {
        let mut mask = self.0;
        if mask & (READABLE | PRIORITY) != 0 {
            mask |= READ_CLOSED;
        }
        if mask & WRITABLE != 0 {
            mask |= WRITE_CLOSED;
        }
        mask
    }

    /// The bits that an operation for the interests disproves when it would block.
    ///
    /// That a half is closed only if it is about reading alone, or writing alone: of one for several interests nobody
    /// knows which of them has blocked, and that there is no out-of-band data, or no error, says nothing of the stream.
    #[inline]
    pub(crate) fn disproved(self) -> u8 {
        let closed = match self.0 {
            READABLE => READ_CLOSED,
            WRITABLE => WRITE_CLOSED,
            _ => 0,
        };
        self.0 | closed | FRESH
    }

    /// The plain bits that the selector tells of when it was asked for the interests.
    ///
    /// That there is an error it tells always. Out-of-band data counts as readable, but who has asked for that alone is
    /// told of no other data.
    #[inline]
    pub(crate) fn told(self) -> u8 {
        match self.0 {
            // See `to_mio`.
            ERROR => READABLE | ERROR,
            asked => asked | ERROR,
        }
    }

    /// What the selector is asked for.
    pub(crate) fn to_mio(self) -> mio::Interest {
        let mut asked = None::<mio::Interest>;
        let mut ask = |interest: mio::Interest| {
            asked = Some(asked.map_or(interest, |asked| asked | interest));
        };
        if self.is_readable() {
            ask(mio::Interest::READABLE);
        }
        if self.is_writable() {
            ask(mio::Interest::WRITABLE);
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if self.is_priority() {
            ask(mio::Interest::PRIORITY);
        }
        // Errors are always reported, but a selector wants to be asked for something: whoever waits for
        // errors alone is not told of the rest.
        asked.unwrap_or(mio::Interest::READABLE)
    }
}

impl BitOr for Interest {
    type Output = Self;

    #[inline]
    fn bitor(self, other: Self) -> Self {
        self.add(other)
    }
}

impl BitOrAssign for Interest {
    #[inline]
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (READABLE, "READABLE"),
            (WRITABLE, "WRITABLE"),
            (PRIORITY, "PRIORITY"),
            (ERROR, "ERROR"),
        ];
        let mut separator = "";
        for (bit, name) in names {
            if self.0 & bit != 0 {
                write!(f, "{separator}{name}")?;
                separator = " | ";
            }
        }
        Ok(())
    }
}
