//! The signals of Unix.
//!
//! A signal handler may do almost nothing: no lock, no allocation, no waker. Ours writes one byte into a socket, which
//! it never waits for, and the reactor of the listener's runtime finds the other end readable, as it does for any
//! connection. Each [`Signal`] has a pair of sockets of its own. A full socket loses nothing: it holds bytes that the
//! listener has not yet seen, and signals between two receptions count as one anyway.

use super::handler::{self, Action, Reaction};
use super::missed::Listening;
use crate::kernel::budget;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::prim::process;
use crate::runtime::current;
use leno_reactor::{Direction, Interest, Io};
use mio::net::UnixStream as Receiver;
use signal_hook_registry::FORBIDDEN;
use std::ffi::c_int;
use std::future::poll_fn;
use std::io::{self, Read};
use std::os::unix::net::UnixStream as Sender;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// Which signal to listen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignalKind(c_int);

/// Declares a constructor for each named signal.
macro_rules! signal_kinds {
    ($($(#[$attr:meta])* $name:ident = $number:ident;)+) => {
        $(
            $(#[$attr])*
            pub const fn $name() -> Self {
                Self(libc::$number)
            }
        )+
    };
}

impl SignalKind {
    /// The signal with this number, which is different on different systems.
    ///
    /// Every number can be named here; [`signal`] refuses those that cannot be listened for.
    pub const fn from_raw(signum: c_int) -> Self {
        Self(signum)
    }

    /// The number of the signal.
    pub const fn as_raw_value(&self) -> c_int {
        self.0
    }

    signal_kinds! {
        /// `SIGALRM`: a timer has run out. By default it ends the program.
        alarm = SIGALRM;
        /// `SIGCHLD`: a child process has ended or stopped. By default it is ignored.
        child = SIGCHLD;
        /// `SIGHUP`: the terminal has gone; for a service, by custom, "read your configuration again". By default it
        /// ends the program.
        hangup = SIGHUP;
        /// `SIGINFO`: Ctrl-T, a question for the program's progress. By default it is ignored.
        #[cfg(any(
            target_os = "dragonfly",
            target_os = "freebsd",
            target_os = "macos",
            target_os = "netbsd",
            target_os = "openbsd",
            target_os = "illumos"
        ))]
        info = SIGINFO;
        /// `SIGINT`: Ctrl-C. By default it ends the program.
        interrupt = SIGINT;
        /// `SIGIO`: a descriptor is ready. By default it is ignored or ends the program.
        #[cfg(not(target_os = "haiku"))]
        io = SIGIO;
        /// `SIGPOLL`: a descriptor is ready. By default it ends the program.
        #[cfg(target_os = "haiku")]
        io = SIGPOLL;
        /// `SIGPIPE`: nobody reads what was written. Rust programs ignore it, and see an error instead.
        pipe = SIGPIPE;
        /// `SIGQUIT`: Ctrl-\. By default it ends the program with a core dump.
        quit = SIGQUIT;
        /// `SIGTERM`: please end. By default it ends the program.
        terminate = SIGTERM;
        /// `SIGUSR1`: whatever the program says it means. By default it ends the program.
        user_defined1 = SIGUSR1;
        /// `SIGUSR2`: whatever the program says it means. By default it ends the program.
        user_defined2 = SIGUSR2;
        /// `SIGWINCH`: the terminal's window has another size. By default it is ignored.
        window_change = SIGWINCH;
    }
}

impl From<c_int> for SignalKind {
    fn from(signum: c_int) -> Self {
        Self::from_raw(signum)
    }
}

impl From<SignalKind> for c_int {
    fn from(kind: SignalKind) -> Self {
        kind.as_raw_value()
    }
}

/// Listens for a signal from now on.
///
/// Any number of listeners may listen for the same signal: each is told.
///
/// # Errors
///
/// - If the signal cannot be listened for: `SIGKILL` and `SIGSTOP`, which the system handles, `SIGILL`, `SIGFPE` and
///   `SIGSEGV`, whose handlers must not return, and numbers that are no signal's.
/// - If the operating system refuses the handler, the sockets behind it or their registration.
///
/// # Panics
///
/// Off a runtime, or if its IO is not enabled.
///
/// # Examples
///
/// ```no_run
/// use leno::signal::unix::{SignalKind, signal};
///
/// # #[leno::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut hangups = signal(SignalKind::hangup())?;
/// while hangups.recv().await.is_some() {
///     println!("reading the configuration again");
/// }
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn signal(kind: SignalKind) -> io::Result<Signal> {
    signal_on(&current::reactor(), kind)
}

/// Whether `SIGCHLD` is set so that children that end leave nothing to wait for. [Listening](signal) for it changes that.
pub(crate) fn discards_children() -> bool {
    handler::discards_children()
}

/// As [`signal`], with the reactor to wait by.
pub(crate) fn signal_on(reactor: &leno_reactor::Handle, kind: SignalKind) -> io::Result<Signal> {
    let SignalKind(number) = kind;
    if number <= 0 || FORBIDDEN.contains(&number) {
        return Err(io::Error::other(format!(
            "signal {number} cannot be listened for"
        )));
    }
    let (sender, receiver) = Sender::pair()?;
    receiver.set_nonblocking(true)?;
    let receiver = reactor.register(Receiver::from_std(receiver), Interest::READABLE)?;
    let sender = Arc::new(sender);
    let wake = Reaction::Wake(Arc::clone(&sender));
    let action = Action::new(kind, wake)?;
    let (listening, missed) = Listening::new(kind)?;
    if missed {
        Reaction::Wake(sender).react();
    }
    Ok(Signal {
        origin: process::number(),
        receiver,
        _listening: listening,
        _action: action,
    })
}

/// A listener for one kind of signal, made by [`signal`].
///
/// # One reception, one or more signals
///
/// The system itself may deliver several signals of a kind as one, and so does a listener: those that come between two
/// receptions are received as one. One that comes after a reception is always followed by another reception.
///
/// # What it changes for the whole process
///
/// The first listener for a signal replaces what the signal does by default (mostly to end the program), for good:
/// dropping the last listener does not bring that back. A program that no longer listens for `SIGINT` cannot be
/// interrupted by Ctrl-C.
///
/// A program that listens anew for each signal has gaps in which nobody listens. A signal that comes in such a gap is
/// received by the next listener, if that comes at once: before the runtime next looks for events, as it does when its
/// tasks wait, or within 50 ms on a multi-threaded one. Later it is forgotten, and does not end what begins then.
///
/// The handler restarts system calls (`SA_RESTART`), runs on the thread's stack for signals if it has one (`SA_ONSTACK`),
/// and calls the handler that was there before. One that the program installs later, without calling ours, takes the
/// signal away from all listeners.
#[must_use = "a listener that is dropped hears nothing"]
#[derive(Debug)]
pub struct Signal {
    /// The process that it was made in, whose socket it is.
    origin: u32,
    receiver: Io<Receiver>,
    _listening: Listening,
    _action: Action,
}

impl Signal {
    /// Waits for the next signal.
    ///
    /// It is `None` only if the runtime that the listener was made on has been dropped, or is another process' since this
    /// is a [forked child](crate::runtime#fork), as no signal can reach the listener then.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// See [`signal`].
    pub fn recv(&mut self) -> impl CancelSafe<Output = Option<()>> {
        assert_cancel_safe(async move { poll_fn(|cx| self.poll_recv(cx)).await })
    }

    /// Polls for the next signal.
    ///
    /// If there is none, the task of the last poll is woken by the next one. It is `None` only where
    /// [`recv`](Self::recv) is.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        if self.origin != process::number() {
            // What is in the socket is for the parent.
            return Poll::Ready(None);
        }
        let unit = ready!(budget::poll_proceed(cx));
        let read = ready!(self.receiver.poll_io(cx, Direction::Read, drain));
        unit.made_progress();
        Poll::Ready(read.ok())
    }
}

/// Takes all that is in the socket: at least one byte, or it would block.
fn drain(mut receiver: &Receiver) -> io::Result<()> {
    let mut bytes = [0; 64];
    let mut received = false;
    loop {
        match receiver.read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && received => return Ok(()),
            Err(error) => return Err(error),
            // The sender lives as long as the listener, so there is no end of the stream.
            Ok(_) => received = true,
        }
    }
}
