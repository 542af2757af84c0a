//! The runtime: what runs tasks, fires timers and watches IO.
//!
//! A [`Runtime`] is made by a [`Builder`] (or by `#[leno::main]`). There are two kinds:
//!
//! - **multi-thread**: a pool of workers, each with its own queue, that steal from each other;
//! - **current-thread**: everything runs on the thread that calls [`Runtime::block_on`], or on one that calls
//!   [`Handle::block_on`] while nobody else drives the runtime.
//!
//! A [`Handle`] reaches a runtime from anywhere; inside of it, [`Handle::current`] finds it.
//!
//! ```
//! let runtime = leno::runtime::Builder::new_multi_thread()
//!     .worker_threads(2)
//!     .enable_all()
//!     .build()?;
//!
//! let sum = runtime.block_on(async {
//!     let halves = [leno::spawn(async { 20 }), leno::spawn(async { 22 })];
//!     let mut sum = 0;
//!     for half in halves {
//!         sum += half.await.unwrap();
//!     }
//!     sum
//! });
//! assert_eq!(sum, 42);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Shutting down
//!
//! Dropping a runtime cancels its tasks at their next `.await` and waits until their futures are dropped and all
//! its threads have ended: also for a blocking closure that has started, since it cannot be interrupted.
//! [`Runtime::shutdown_timeout`] waits only for a while, [`Runtime::shutdown_background`] not at all, and [`Runtime::shutdown`] tells
//! what did not stop in time. If a task keeps the thread
//! that drives a current-thread runtime by [`Handle::block_on`] for longer than that, the tasks are cancelled after it.
//!
//! # `fork`
//!
//! A child process that was made by `fork(2)`, and has not executed another program, has a copy of the memory, one thread, and
//! the same open files, sockets and selectors as its parent. (This is not about [`process`](crate::process), whose programs
//! are others, and inherit nothing of leno's.) A runtime stays with the process in which it was made.
//!
//! **What works in the child**: making a new runtime, of either kind, and all that is done with it: tasks, timers, IO,
//! blocking closures, [signals](crate::signal), [other programs](crate::process) and the reaping of those that are dropped. It
//! has listeners, missed signals and children of its own. The child of a child is like any other.
//!
//! A current-thread runtime that was built without IO before the fork refers to nothing that is shared, and works in the child
//! as far as tasks and timers go. It runs no blocking closures there, even if it never has before the fork, since a fork may
//! come while one is handed over: [`spawn_blocking`](Runtime::spawn_blocking) is cancelled, and what stands on it
//! ([`fs`](crate::fs), names that are looked up) is an error.
//!
//! **What the child leaves alone**: what it drops of what it has inherited (sockets, listeners for signals, children, a
//! whole runtime) changes nothing for the parent. A connection is not taken out of the parent's selector, nobody there is
//! woken, and no program is killed, whatever [`kill_on_drop`](crate::process::Command::kill_on_drop) says. A runtime that is
//! dropped or shut down in the child stays in memory with its tasks, none of which is dropped. The copies of descriptors that
//! belong to those stay open until the child ends or executes a program, so a peer does not see the end of such a connection
//! before that.
//!
//! **What does not work in the child:**
//!
//! - *An inherited runtime* with IO or with worker threads. `block_on` panics and says so; a blocking closure is
//!   cancelled; a task that is spawned on it never runs. Make another one.
//! - *Waiting for what was registered before the fork*: for a socket it is an error for which [`is_rt_shutdown_err`] is
//!   true, a [`Signal`](crate::signal::unix::Signal) is at its end, and a [`Child`](crate::process::Child) is an error. A
//!   socket can be registered anew: `TcpListener::from_std(listener.into_std()?)`.
//! - *Going on in the task that has forked.* Where it next waits for events the child is ended by `SIGABRT`, with a message;
//!   on a worker of a pool it may as well sleep for ever, as the other workers are not there to wake it. A child that is
//!   forked in asynchronous code should execute a program, end by `_exit`, or start a thread for a new runtime.
//!
//! **What no library can promise**: a lock that another thread held when the process forked stays locked in the child. That
//! goes for the allocator's (most allocators see to it), for the program's own, and for those that are taken while a signal
//! is first listened for. Fork before there are threads, or while they are idle; a current-thread runtime has none.
//! Half-written output that a buffer holds is there twice.
//!
//! On Linux any kind of fork is noticed, `clone(2)` without shared memory included, and it costs two loads to know.

mod builder;
pub(crate) mod current;
mod handle;
mod histogram;
mod id;
pub(crate) mod inner;
mod local_runtime;
mod metrics;
#[cfg(feature = "introspection")]
pub(crate) mod prometheus;
pub(crate) mod required;
pub(crate) mod roots;
pub(crate) mod sets;

pub use builder::Builder;
pub use current::{EnterGuard, TryCurrentError};
pub use handle::{Handle, RuntimeFlavor};
pub use histogram::DurationHistogram;
pub use id::Id;
pub use local_runtime::{LocalOptions, LocalRuntime};
pub use metrics::RuntimeMetrics;

#[cfg(feature = "introspection")]
#[cfg_attr(docsrs, doc(cfg(feature = "introspection")))]
pub use crate::diagnostics::shutdown::{LeftClosure, ShutdownReport};

use crate::kernel::local::Local;
use inner::Patience;
use std::fmt;
use std::future::Future;
use std::io;
use std::time::Duration;

/// True for the errors with which IO ends, or cannot begin, since its runtime has been shut down.
///
/// ```
/// use leno::net::TcpListener;
/// use leno::runtime::{Runtime, is_rt_shutdown_err};
///
/// let (first, second) = (Runtime::new()?, Runtime::new()?);
/// let listener = first.block_on(TcpListener::bind("127.0.0.1:0"))?;
/// drop(first);
/// let error = second.block_on(listener.accept()).unwrap_err();
/// assert!(is_rt_shutdown_err(&error));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn is_rt_shutdown_err(err: &io::Error) -> bool {
    crate::prim::reactor::is_reactor_gone(err)
        || err.get_ref().is_some_and(|inner| inner.is::<ShutDown>())
}

/// There is nobody left to run a closure.
#[derive(Debug)]
struct ShutDown;

impl fmt::Display for ShutDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In tokio's words, which are looked for.
        f.write_str("background task failed")
    }
}

impl std::error::Error for ShutDown {}

/// The number of the worker that this thread is, counted from 0, or `None` if it is none.
///
/// The thread that drives a current-thread runtime is worker 0, but not while it polls the future of a [`Handle::block_on`].
/// One that waits in the `block_on` of a multi-threaded runtime is none, nor is one for blocking closures, nor a
/// [spare worker](Builder::spare_workers). A task may be moved to another worker at each `.await`.
pub fn worker_index() -> Option<usize> {
    crate::kernel::worker::index_here().or_else(|| Local::is_driven_here().then_some(0))
}

/// A runtime, which ends when this is dropped. See the [module](self).
#[derive(Debug)]
pub struct Runtime {
    handle: Handle,
    /// How long the destructor waits.
    patience: Patience,
}

impl Runtime {
    /// A multi-threaded runtime with everything enabled and as many workers as there are cores.
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
    #[cfg(feature = "rt-multi-thread")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rt-multi-thread")))]
    #[track_caller]
    pub fn new() -> io::Result<Self> {
        Builder::new_multi_thread().enable_all().build()
    }

    fn from_handle(handle: Handle) -> Self {
        Self {
            handle,
            patience: Patience::Endless,
        }
    }

    /// A handle to this runtime, which may be cloned and sent to other threads.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Spawns a task; it starts at once, on a multi-threaded runtime, or when somebody calls
    /// [`block_on`](Self::block_on), on a current-thread one.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> crate::task::JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(future)
    }

    /// Runs a closure that may wait on a thread for such closures. See [`spawn_blocking`](crate::task::spawn_blocking).
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, closure: F) -> crate::task::JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.handle.spawn_blocking(closure)
    }

    /// Waits for `future` on this thread, within the runtime.
    ///
    /// On a current-thread runtime this thread drives the runtime meanwhile; if another thread does so already, it takes over
    /// when that one is done, or from a [`Handle::block_on`] at once. On a multi-threaded one this thread polls `future` only,
    /// so work that should run on the pool is to be [spawned](Self::spawn).
    ///
    /// # Panics
    ///
    /// If `future` panics, or if this thread is driving tasks already: waiting would hold them all up.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.handle.inner().block_on(future, true)
    }

    /// Makes this the [current](Handle::current) runtime of the thread until the guard is dropped.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// What the runtime counts.
    pub fn metrics(&self) -> RuntimeMetrics {
        self.handle.metrics()
    }

    /// Shuts the runtime down, and waits at most `duration` for its tasks and threads to end.
    ///
    /// What has not ended by then goes on (a blocking closure) or is leaked, with what it owns; that is
    /// [reported](crate::diagnostics), in a debug build at least. [`shutdown`](Self::shutdown) tells it the caller.
    ///
    /// # Panics
    ///
    /// If this thread drives tasks, since it may wait; see [`shutdown_background`](Self::shutdown_background).
    #[track_caller]
    pub fn shutdown_timeout(mut self, duration: Duration) {
        // Not by the destructor, which has no caller.
        self.patience = Patience::None;
        #[cfg(feature = "introspection")]
        self.handle.inner().shutdown_timeout(duration);
        #[cfg(not(feature = "introspection"))]
        self.handle.inner().shutdown(Patience::Until(duration));
    }

    /// Shuts the runtime down, gives its tasks and threads so much time to end, and tells what did not.
    ///
    /// What has not ended by then is as after a [`shutdown_timeout`](Self::shutdown_timeout).
    ///
    /// # Panics
    ///
    /// As [`shutdown_timeout`](Self::shutdown_timeout).
    ///
    /// # Cost
    ///
    /// That of a look at each task before the end, some 55 ns.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = leno::runtime::Runtime::new()?;
    /// runtime.spawn(std::future::pending::<()>());
    ///
    /// let report = runtime.shutdown(Duration::from_secs(10));
    /// assert!(report.is_clean(), "{report}");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[cfg(feature = "introspection")]
    #[cfg_attr(docsrs, doc(cfg(feature = "introspection")))]
    #[must_use = "it tells what did not stop; `shutdown_timeout` reports it"]
    pub fn shutdown(mut self, grace: Duration) -> ShutdownReport {
        self.patience = Patience::None;
        self.handle.inner().shutdown_with_report(grace)
    }

    /// Shuts the runtime down without waiting for anything. For dropping a runtime in asynchronous code.
    pub fn shutdown_background(mut self) {
        self.patience = Patience::None;
    }
}

impl Drop for Runtime {
    #[track_caller]
    fn drop(&mut self) {
        self.handle.inner().shutdown(self.patience);
    }
}

impl std::panic::UnwindSafe for Runtime {}
impl std::panic::RefUnwindSafe for Runtime {}
