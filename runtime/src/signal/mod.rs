//! Signals of the operating system, as things to wait for.
//!
//! [`ctrl_c`] waits for the user to interrupt the program; [`unix`] has every signal of Unix.
//!
//! A server that ends on Ctrl-C, or when a service manager asks it to, and finishes what it has begun before:
//!
//! ```
//! use leno::signal::ctrl_c;
//! use leno::signal::unix::{SignalKind, signal};
//! use leno::task::JoinSet;
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let mut requests = JoinSet::new();
//! requests.spawn(async { "answered" });
//!
//! let mut terminations = signal(SignalKind::terminate())?;
//! # let listening = signal(SignalKind::interrupt())?;
//! # leno::spawn(async { assert_eq!(unsafe { libc::raise(libc::SIGTERM) }, 0) });
//! leno::select! {
//!     () = std::future::pending() => {} // accepting connections
//!     result = ctrl_c() => result?,
//!     _ = terminations.recv() => {}
//! }
//!
//! // No new requests from here on; those that were accepted are answered.
//! while let Some(answer) = requests.join_next().await {
//!     assert_eq!(answer?, "answered");
//! }
//! # drop(listening);
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! # Which one
//!
//! - [`ctrl_c`] where one Ctrl-C is awaited, once. Its errors are those of listening.
//! - [`unix::signal`] for everything else: other signals, more than one, or listening from a certain moment on. It makes a
//!   [`Signal`](unix::Signal), which listens from the moment it is made until it is dropped, whether anybody waits or not. Make
//!   it before whatever may cause the signal.
//!
//! # How it behaves
//!
//! Several signals of a kind may be received as one; none is forgotten after a reception. Any number of listeners, on any number
//! of runtimes, are told of each. A listener belongs to the runtime it was made on, and may be awaited on any other. The first
//! listener for a signal changes what that does to the process for good: see
//! [`Signal`](unix::Signal#what-it-changes-for-the-whole-process).
//!
//! A signal is received when its runtime next looks for events. A task that never awaits, and blocks a current-thread runtime
//! by that, keeps it from all others; so a program that hangs is not ended by Ctrl-C once somebody listens for it. A
//! multi-threaded runtime goes on with its other threads. It is good custom to let a second Ctrl-C end what the first has not:
//! [`interrupt`](unix::SignalKind::interrupt) shows how.
//!
//! # Cancel safety
//!
//! [`Signal::recv`](unix::Signal::recv) loses nothing when it is dropped, so it can stand in the loop of a `select!`. The future
//! of [`ctrl_c`] is the listener itself: pin it outside of the loop.
//!
//! # What it costs
//!
//! A listener takes two descriptors, a pair of sockets, and a place in its runtime's reactor. A signal costs a system call for
//! each listener, within the handler, and a wake-up. Nothing is allocated then, and no thread is needed.

mod handler;
mod kind;
mod missed;
pub mod unix;

use crate::runtime::current::Need;
use crate::runtime::required::required;
use std::future::Future;
use std::io;
use unix::{SignalKind, signal};

/// Waits for the next Ctrl-C.
///
/// On Unix that is `SIGINT`. It listens from its first poll on; what came before is not seen, but for what comes in the
/// gap between two listeners (see [`Signal`](unix::Signal)). So for more than one Ctrl-C, keep a `Signal` instead of
/// calling this again.
///
/// From then on Ctrl-C no longer ends the program, not even after this future is gone: see
/// [`Signal`](unix::Signal).
///
/// # Errors
///
/// If the operating system refuses the handler, the pipe behind it or its registration.
///
/// # Panics
///
/// Off a runtime, or if its IO is not enabled.
///
/// # Cancel safety
///
/// Dropping the future loses data: a Ctrl-C that has come and was not told yet, and those that come before the next call.
/// Pin it outside of the loop.
///
/// # Examples
///
/// A program that works until it is interrupted. The future is pinned outside of the loop, so that none is missed in between:
///
/// ```
/// use leno::signal::ctrl_c;
/// use leno::time::{Duration, sleep};
/// use std::pin::pin;
/// # use leno::signal::unix::{SignalKind, signal};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # fn raise(kind: SignalKind) { assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0); }
///
/// # let _listening = signal(SignalKind::interrupt())?; // this test is not to be ended by it
/// let mut interrupted = pin!(ctrl_c());
/// let mut done = 0;
/// loop {
///     leno::select! {
///         result = &mut interrupted => break result?,
///         () = sleep(Duration::from_millis(1)) => done += 1, // a piece of work
///     }
///     # if done == 2 { raise(SignalKind::interrupt()); }
/// }
/// assert!(done >= 2);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
///
/// A task that hears of it is told to end by its [`Scope`](crate::task::Scope), and so is what it waits for:
///
/// ```
/// use leno::signal::ctrl_c;
/// use leno::task::Scope;
/// # use leno::signal::unix::{SignalKind, signal};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let _listening = signal(SignalKind::interrupt())?;
/// let scope = Scope::new();
/// let handle = scope.handle();
/// leno::spawn(async move {
///     ctrl_c().await?;
///     handle.cancel("Ctrl-C");
///     std::io::Result::Ok(())
/// });
/// # leno::task::yield_now().await;
/// # leno::spawn(async { assert_eq!(unsafe { libc::raise(libc::SIGINT) }, 0) });
/// let served = scope.run(std::future::pending::<()>()).await;
/// assert!(served.is_err());
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn ctrl_c() -> impl Future<Output = io::Result<()>> {
    required(Need::Io, async {
        signal(SignalKind::interrupt())?.recv().await;
        Ok(())
    })
}
