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
//! Most programs have one runtime, and never name it:
//!
//! ```
//! #[leno::main(worker_threads = 2)]
//! async fn main() {
//!     let workers = leno::runtime::Handle::current().metrics().num_workers();
//!     assert_eq!(workers, 2);
//! }
//! ```
//!
//! # Which kind
//!
//! | | for | what it asks of tasks |
//! | --- | --- | --- |
//! | [`new_multi_thread`](Builder::new_multi_thread) | services: tasks run on all cores, and one that takes long leaves the others their workers | `Send + 'static` |
//! | [`new_current_thread`](Builder::new_current_thread) | tools, tests, a thread of a program that is not asynchronous otherwise; no thread is started | `Send + 'static` |
//! | [`LocalRuntime`] | the same, where tasks share data by `Rc` and `Cell` | `'static` |
//!
//! On a current-thread runtime one task runs at a time, and nothing runs unless somebody drives it: a task that is spawned in between waits for
//! the next `block_on`.
//!
//! ```
//! let runtime = leno::runtime::Builder::new_current_thread().build()?;
//! let task = runtime.spawn(async { "had to wait" });
//! std::thread::yield_now();
//! assert!(!task.is_finished());
//! assert_eq!(runtime.block_on(task).unwrap(), "had to wait");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! A multi-threaded one goes on by itself, also while nobody is in a `block_on`. The future of `block_on` is polled by the thread that
//! calls it, which is no worker: what is to run on the pool, a server's loop for instance, is better spawned.
//!
//! ```
//! use leno::runtime::worker_index;
//!
//! let runtime = leno::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
//! runtime.block_on(async {
//!     assert_eq!(worker_index(), None);
//!     assert_eq!(leno::spawn(async { worker_index() }).await.unwrap(), Some(0));
//! });
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # What is enabled
//!
//! Timers and IO are off unless the builder enables them. Whatever needs them panics without, at the line of the caller, and says which method to
//! call. A runtime without IO has no selector and no descriptors; [`sync`](crate::sync), tasks and blocking closures work in any:
//!
//! ```
//! use leno::sync::oneshot;
//!
//! let bare = leno::runtime::Builder::new_current_thread().build()?;
//! let answer = bare.block_on(async {
//!     let (sender, receiver) = oneshot::channel();
//!     leno::task::spawn_blocking(move || sender.send(42));
//!     receiver.await
//! });
//! assert_eq!(answer, Ok(42));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # From outside
//!
//! Code that is not asynchronous has three ways in. [`block_on`](Runtime::block_on) waits for a future. [`Handle::spawn`] starts a
//! task, and does not wait. [`enter`](Runtime::enter) makes the runtime current for a while, for functions that look for it: `leno::spawn`,
//! timers and sockets.
//!
//! ```
//! use leno::runtime::Runtime;
//! use leno::sync::mpsc;
//!
//! let runtime = Runtime::new()?;
//! let (events, mut incoming) = mpsc::unbounded_channel();
//!
//! // A callback from some other library, on a thread of its own.
//! let handle = runtime.handle().clone();
//! let callback = move |number: u32| {
//!     let events = events.clone();
//!     handle.spawn(async move { events.send(number * 2) });
//! };
//! std::thread::spawn(move || callback(21)).join().unwrap();
//! assert_eq!(runtime.block_on(incoming.recv()), Some(42));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The way back, from asynchronous code to a function that waits for a future, is refused: a `block_on` on a thread that drives tasks panics,
//! as it would hold them all up. `.await` instead, or hand the function to [`spawn_blocking`](crate::task::spawn_blocking):
//!
//! ```
//! use leno::runtime::{Handle, Runtime};
//!
//! /// Of a library that knows nothing of async.
//! fn old_function(handle: &Handle) -> u32 {
//!     handle.block_on(async { 42 })
//! }
//!
//! let runtime = Runtime::new()?;
//! let answer = runtime.block_on(async {
//!     let handle = Handle::current();
//!     leno::task::spawn_blocking(move || old_function(&handle)).await.unwrap()
//! });
//! assert_eq!(answer, 42);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # How tasks get their turn
//!
//! A worker runs first what the task before has woken or spawned last, then its own queue in order, then what came from other threads,
//! then what it can take from a worker that has more. A task keeps its worker until it waits, or until it has made progress 128
//! times without (a value received, a read that was ready): then it yields to the others by itself. Every so often, by default
//! after some 100 µs, a worker that still has tasks looks for events, timers and what other threads have sent, so none of these
//! is starved by tasks that are always ready:
//!
//! ```
//! use leno::time::{Duration, sleep};
//!
//! let runtime = leno::runtime::Builder::new_current_thread().enable_time().build()?;
//! runtime.block_on(async {
//!     let busy = leno::spawn(async {
//!         loop {
//!             leno::task::yield_now().await;
//!         }
//!     });
//!     // It gets its turn all the same.
//!     sleep(Duration::from_millis(1)).await;
//!     busy.abort();
//!     assert!(busy.await.unwrap_err().is_cancelled());
//! });
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! A task that blocks its thread, or computes for long without an `.await`, cannot be interrupted. Work that may do so belongs into
//! [`spawn_blocking`](crate::task::spawn_blocking), which has threads of its own, or
//! [`block_in_place`](crate::task::block_in_place). If it happens all the same, the other workers take over what waits behind it; if all are
//! stuck, [spare workers](Builder::spare_workers) come to the rescue.
//!
//! # Several runtimes
//!
//! A program may have several, to keep one kind of work from holding up another, or with different settings. They share nothing. A task may await
//! what belongs to another runtime, a channel or a handle of a task: the wake crosses over. Sockets and timers go on being served by the
//! runtime in which they were made, and [fail](is_rt_shutdown_err) or panic when that has ended. Names tell runtimes apart in reports
//! and metrics:
//!
//! ```
//! use leno::runtime::{Builder, Handle};
//!
//! let requests = Builder::new_multi_thread().name("requests").worker_threads(2).build()?;
//! let reports = Builder::new_multi_thread().name("reports").worker_threads(1).build()?;
//! let to_reports = reports.handle().clone();
//! let sum = requests.block_on(async move {
//!     let report = to_reports.spawn(async {
//!         assert_eq!(Handle::current().name(), Some("reports"));
//!         (1..=100).sum::<u32>()
//!     });
//!     report.await.unwrap()
//! });
//! assert_eq!(sum, 5050);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # What it does, in numbers
//!
//! [`RuntimeMetrics`] counts what workers and closures do, [`RuntimeMetrics::prometheus`] writes it as text, and
//! [`Handle::tasks`] and [`Handle::dump`] show the tasks themselves, and what each waits for.
//!
//! ```
//! let runtime = leno::runtime::Builder::new_multi_thread().name("main").worker_threads(1).build()?;
//! runtime.spawn(std::future::pending::<()>());
//! let metrics = runtime.metrics();
//! assert_eq!((metrics.num_workers(), metrics.num_alive_tasks()), (1, 1));
//! assert!(metrics.prometheus().contains("leno_tasks_alive{"));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! They can be asked while the runtime is stuck, from any other thread:
//!
//! ```
//! use std::sync::mpsc;
//!
//! let runtime = leno::runtime::Builder::new_multi_thread().worker_threads(1).spare_workers(0).build()?;
//! let waits = leno::task::Builder::new()
//!     .name("waits")
//!     .spawn_on(std::future::pending::<()>(), runtime.handle())?;
//! runtime.block_on(runtime.spawn(async {})).unwrap();
//!
//! let (opens, opened) = mpsc::channel::<()>();
//! let stuck = runtime.spawn(async move { opened.recv().is_err() });
//! let tasks = runtime.handle().tasks();
//! assert_eq!(tasks[0].name(), Some("waits"));
//! drop((opens, waits));
//! assert!(runtime.block_on(stuck).unwrap());
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
//! ```
//! use leno::runtime::Runtime;
//! use std::sync::Arc;
//!
//! let runtime = Runtime::new()?;
//! let owned = Arc::new("a connection");
//! let task = runtime.spawn({
//!     let owned = owned.clone();
//!     async move {
//!         std::future::pending::<()>().await;
//!         drop(owned);
//!     }
//! });
//! drop(runtime);
//! // The future is gone with what it had, and its handle knows.
//! assert_eq!(Arc::strong_count(&owned), 1);
//! assert!(task.is_finished());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Tasks that should end in order are told so before that, by a [`watch`](crate::sync::watch) channel for instance, and waited
//! for in the `block_on`: what runs after it finds their work done.
//!
//! ```
//! use leno::runtime::Runtime;
//! use leno::sync::watch;
//! use std::time::Duration;
//!
//! let runtime = Runtime::new()?;
//! let (stop, mut stopped) = watch::channel(());
//! let server = runtime.spawn(async move {
//!     let _ = stopped.changed().await;
//!     "all written"
//! });
//! let last_words = runtime.block_on(async {
//!     stop.send(()).unwrap();
//!     server.await.unwrap()
//! });
//! assert_eq!(last_words, "all written");
//! assert!(runtime.shutdown(Duration::from_secs(10)).is_clean());
//! # Ok::<(), std::io::Error>(())
//! ```
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
#[cfg_attr(not(feature = "introspection"), path = "no_roots.rs")]
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
#[inline]
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
///
/// # Examples
///
/// A counter for each worker, which no two threads fight for:
///
/// ```
/// use leno::runtime::{Handle, worker_index};
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let counters: Vec<_> =
///     (0..Handle::current().metrics().num_workers()).map(|_| AtomicU64::new(0)).collect();
/// // What is no worker takes the first.
/// counters[worker_index().unwrap_or(0)].fetch_add(1, Ordering::Relaxed);
/// assert_eq!(counters.iter().map(|counter| counter.load(Ordering::Relaxed)).sum::<u64>(), 1);
/// # });
/// ```
pub fn worker_index() -> Option<usize> {
    crate::kernel::worker::index_here().or_else(|| Local::is_driven_here().then_some(0))
}

/// A runtime, which ends when this is dropped. See the [module](self).
///
/// # Examples
///
/// Kept in a struct, it lends its threads to code that is not asynchronous:
///
/// ```
/// use leno::runtime::Runtime;
/// use std::io;
///
/// struct Client(Runtime);
///
/// impl Client {
///     /// Blocks until the answer is there.
///     fn ask(&self, question: &str) -> usize {
///         self.0.block_on(async { question.len() })
///     }
/// }
///
/// let client = Client(Runtime::new()?);
/// assert_eq!(client.ask("how long?"), 9);
/// # Ok::<(), std::io::Error>(())
/// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = leno::runtime::Runtime::new()?;
    /// let task = runtime.spawn(async { 6 * 7 });
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "rt-multi-thread")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rt-multi-thread")))]
    #[track_caller]
    #[inline]
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
    ///
    /// # Examples
    ///
    /// For a thread that outlives the borrow of the runtime:
    ///
    /// ```
    /// let runtime = leno::runtime::Runtime::new()?;
    /// let handle = runtime.handle().clone();
    /// let thread = std::thread::spawn(move || handle.spawn(async { "from there" }));
    /// let task = thread.join().unwrap();
    /// assert_eq!(runtime.block_on(task).unwrap(), "from there");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Spawns a task; it starts at once, on a multi-threaded runtime, or when somebody calls
    /// [`block_on`](Self::block_on), on a current-thread one.
    ///
    /// # Examples
    ///
    /// What is spawned before the future of `block_on` runs beside it:
    ///
    /// ```
    /// let runtime = leno::runtime::Runtime::new()?;
    /// let (sender, mut receiver) = leno::sync::mpsc::channel(1);
    /// runtime.spawn(async move { sender.send("ready").await });
    /// assert_eq!(runtime.block_on(receiver.recv()), Some("ready"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> crate::task::JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(future)
    }

    /// Runs a closure that may wait on a thread for such closures. See [`spawn_blocking`](crate::task::spawn_blocking).
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = leno::runtime::Runtime::new()?;
    /// let primes = runtime.spawn_blocking(|| {
    ///     (2..100u32).filter(|n| (2..*n).all(|divisor| n % divisor != 0)).count()
    /// });
    /// assert_eq!(runtime.block_on(primes).unwrap(), 25);
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
    ///
    /// # Examples
    ///
    /// What it waits for may borrow, and need not be `Send`:
    ///
    /// ```
    /// use std::rc::Rc;
    ///
    /// let runtime = leno::runtime::Builder::new_current_thread().build()?;
    /// let words = [Rc::new("not"), Rc::new("Send")];
    /// let letters = runtime.block_on(async {
    ///     leno::task::yield_now().await;
    ///     words.iter().map(|word| word.len()).sum::<usize>()
    /// });
    /// assert_eq!(letters, 7);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.handle.inner().block_on(future, true)
    }

    /// Makes this the [current](Handle::current) runtime of the thread until the guard is dropped.
    ///
    /// # Examples
    ///
    /// For what needs a runtime to be made, outside of asynchronous code:
    ///
    /// ```
    /// let runtime = leno::runtime::Runtime::new()?;
    /// let sleep = {
    ///     let _entered = runtime.enter();
    ///     leno::time::sleep(std::time::Duration::from_millis(1))
    /// };
    /// runtime.block_on(sleep);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// What the runtime counts.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = leno::runtime::Builder::new_multi_thread().worker_threads(3).build()?;
    /// assert_eq!(runtime.metrics().num_workers(), 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
    ///
    /// # Examples
    ///
    /// A closure that does not end holds the program up no longer than that:
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    ///
    /// let runtime = leno::runtime::Runtime::new()?;
    /// let (started, has_started) = mpsc::channel();
    /// let (opens, opened) = mpsc::channel::<()>();
    /// let closure = runtime.spawn_blocking(move || {
    ///     started.send(()).unwrap();
    ///     opened.recv()
    /// });
    /// has_started.recv().unwrap();
    /// runtime.shutdown_timeout(Duration::from_millis(1));
    /// // It is still there, and nobody waits for it.
    /// assert!(!closure.is_finished());
    /// drop(opens);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
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
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::runtime::Runtime;
    ///
    /// let (outer, inner) = (Runtime::new()?, Runtime::new()?);
    /// outer.block_on(async move {
    ///     // To drop it here would block a thread that drives tasks.
    ///     inner.shutdown_background();
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
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
