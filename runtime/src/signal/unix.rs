//! The signals of Unix.
//!
//! [`signal()`] starts to listen for a [`SignalKind`]; [`Signal::recv`] waits. By custom:
//!
//! | | asks for |
//! | --- | --- |
//! | [`interrupt`], [`terminate`] | an end in good order |
//! | [`hangup`] | reading the configuration again, of a service; an end, of a program at a terminal |
//! | [`quit`] | a look at what the program is doing |
//! | [`user_defined1`], [`user_defined2`] | what the program says, as reopening its log files |
//! | [`window_change`] | drawing the screen anew |
//! | [`child`], [`alarm`], [`io`][kind io], [`pipe`] | what [`process`], [`time`], [`AsyncFd`] and errors of writing tell better |
//!
//! [`interrupt`]: SignalKind::interrupt
//! [`terminate`]: SignalKind::terminate
//! [`hangup`]: SignalKind::hangup
//! [`quit`]: SignalKind::quit
//! [`user_defined1`]: SignalKind::user_defined1
//! [`user_defined2`]: SignalKind::user_defined2
//! [`window_change`]: SignalKind::window_change
//! [`child`]: SignalKind::child
//! [`alarm`]: SignalKind::alarm
//! [kind io]: SignalKind::io
//! [`pipe`]: SignalKind::pipe
//! [`process`]: mod@crate::process
//! [`time`]: crate::time
//! [`AsyncFd`]: crate::io::unix::AsyncFd
//!
//! ```
//! use leno::signal::unix::{SignalKind, signal};
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! # fn raise(kind: SignalKind) { assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0); }
//!
//! let mut hangups = signal(SignalKind::hangup())?;
//! let mut terminations = signal(SignalKind::terminate())?;
//! # raise(SignalKind::hangup());
//! let mut reloads = 0;
//! loop {
//!     leno::select! {
//!         _ = hangups.recv() => reloads += 1,
//!         _ = terminations.recv() => break,
//!     }
//!     # raise(SignalKind::terminate());
//! }
//! assert_eq!(reloads, 1);
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! `SIGKILL` and `SIGSTOP` cannot be listened for, and neither can the signals of a broken program: `SIGSEGV`, `SIGILL`,
//! `SIGFPE`.
//!
//! # How it works
//!
//! A signal handler may do almost nothing: no lock, no allocation, no waker. Ours writes one byte into a socket, which
//! it never waits for, and the reactor of the listener's runtime finds the other end readable, as it does for any
//! connection. Each [`Signal`] has a pair of sockets of its own. A full socket loses nothing: it holds bytes that the
//! listener has not yet seen, and signals between two receptions count as one anyway.

pub use super::kind::SignalKind;

use super::handler::{self, Action, Reaction};
use super::missed::Listening;
use crate::kernel::budget;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::prim::process;
use crate::runtime::current;
use leno_reactor::{Direction, Interest, Io};
use mio::net::UnixStream as Receiver;
use signal_hook_registry::FORBIDDEN;
use std::future::poll_fn;
use std::io::{self, Read};
use std::os::unix::net::UnixStream as Sender;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

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
/// Each listener is told of each signal:
///
/// ```
/// use leno::signal::unix::{SignalKind, signal};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # fn raise(kind: SignalKind) { assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0); }
///
/// let mut one = signal(SignalKind::hangup())?;
/// let mut other = signal(SignalKind::hangup())?;
/// raise(SignalKind::hangup());
/// assert_eq!(leno::join!(one.recv(), other.recv()), (Some(()), Some(())));
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
///
/// What cannot be listened for:
///
/// ```
/// use leno::signal::unix::{SignalKind, signal};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let error = signal(SignalKind::from_raw(libc::SIGKILL)).unwrap_err();
/// assert_eq!(error.to_string(), "signal 9 cannot be listened for");
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
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
    let number = kind.as_raw_value();
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
///
/// # Examples
///
/// A listener that is kept hears what comes while nobody waits:
///
/// ```
/// use leno::signal::unix::{SignalKind, signal};
/// use leno::time::{Duration, sleep};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # fn raise(kind: SignalKind) { assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0); }
///
/// let mut hangups = signal(SignalKind::hangup())?;
/// raise(SignalKind::hangup());
/// sleep(Duration::from_millis(1)).await; // something else is done first
/// assert_eq!(hangups.recv().await, Some(()));
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
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
    /// In a loop, as a task of its own:
    ///
    /// ```
    /// use leno::signal::unix::{SignalKind, signal};
    /// use leno::sync::mpsc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # fn raise(kind: SignalKind) { assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0); }
    ///
    /// let mut hangups = signal(SignalKind::hangup())?;
    /// let (reloaded, mut reloads) = mpsc::channel(1);
    /// leno::spawn(async move {
    ///     while hangups.recv().await.is_some() {
    ///         reloaded.send("read again").await.unwrap();
    ///     }
    /// });
    /// for _ in 0..2 {
    ///     raise(SignalKind::hangup());
    ///     assert_eq!(reloads.recv().await, Some("read again"));
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn recv(&mut self) -> impl CancelSafe<Output = Option<()>> {
        assert_cancel_safe(async move { poll_fn(|cx| self.poll_recv(cx)).await })
    }

    /// Polls for the next signal.
    ///
    /// If there is none, the task of the last poll is woken by the next one. It is `None` only where
    /// [`recv`](Self::recv) is.
    ///
    /// # Examples
    ///
    /// As part of a stream or future of your own:
    ///
    /// ```
    /// use leno::signal::unix::{Signal, SignalKind, signal};
    /// use std::pin::Pin;
    /// use std::task::{Context, Poll};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # fn raise(kind: SignalKind) { assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0); }
    ///
    /// struct Terminated(Signal);
    ///
    /// impl Future for Terminated {
    ///     type Output = ();
    ///
    ///     fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
    ///         self.0.poll_recv(cx).map(drop)
    ///     }
    /// }
    ///
    /// let terminated = Terminated(signal(SignalKind::terminate())?);
    /// raise(SignalKind::terminate());
    /// terminated.await;
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
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
