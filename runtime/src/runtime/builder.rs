//! Building a runtime.

use super::Runtime;
use super::handle::Handle;
use super::inner::{Inner, Settings};
use super::local_runtime::{LocalOptions, LocalRuntime};
#[cfg(feature = "introspection")]
use crate::diagnostics::Diagnostics;
use crate::introspection;
use crate::kernel::blocking::{self, Blocking};
use crate::kernel::clock::Clock;
use crate::kernel::driver::Driver;
use crate::kernel::hooks::{Callback, ParkHooks};
use crate::kernel::idle::MAX_WORKERS;
use crate::kernel::intervals::Intervals;
use crate::kernel::local::Local;
use crate::kernel::pool::Pool;
#[cfg(feature = "rt-multi-thread")]
use crate::kernel::spares::MAX_SPARES;
use crate::prim::reactor::Reactor;
use crate::prim::{asked, process};
use std::fmt;
use std::io;
use std::panic::Location;
use std::sync::Arc;
use std::thread::ThreadId;
use std::time::Duration;

/// The environment variable that sets the number of workers where the program does not.
const WORKERS_VARIABLE: &str = "LENO_WORKER_THREADS";

const ONE_RUNTIME: &str = "a program that is simulated has one runtime, the one that runs it: another one has threads of its own, or waits in \
     real time, in no order that could be repeated. Spawn on the current one, or leave this out of the test";

type SharedCallback = Arc<dyn Fn() + Send + Sync>;

/// Settings for a [`Runtime`].
///
/// IO and timers are off until they are enabled, so most programs want [`enable_all`](Self::enable_all).
///
/// ```
/// let runtime = leno::runtime::Builder::new_current_thread()
///     .enable_all()
///     .build()?;
/// runtime.block_on(async { println!("hello") });
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Builder {
    kind: Kind,
    runtime_name: Option<String>,
    workers: Option<usize>,
    spares: Option<usize>,
    max_blocking_threads: usize,
    keep_alive: Duration,
    stack_size: Option<usize>,
    name: Arc<dyn Fn() -> String + Send + Sync>,
    on_thread_start: Option<SharedCallback>,
    on_thread_stop: Option<SharedCallback>,
    on_thread_park: Option<SharedCallback>,
    on_thread_unpark: Option<SharedCallback>,
    io: bool,
    time: bool,
    start_paused: bool,
    intervals: Intervals,
    events_per_tick: usize,
    /// As many as above if it is not said.
    events_per_busy_tick: Option<usize>,
    diagnostics: Option<introspection::Settings>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    CurrentThread,
    #[cfg(feature = "rt-multi-thread")]
    MultiThread,
}

impl Builder {
    /// A runtime that runs everything on the thread that calls [`Runtime::block_on`].
    ///
    /// # Examples
    ///
    /// Nothing happens before somebody drives it, and then all of it on one thread:
    ///
    /// ```
    /// use std::thread;
    ///
    /// let runtime = leno::runtime::Builder::new_current_thread().build()?;
    /// let task = runtime.spawn(async { thread::current().id() });
    /// assert!(!task.is_finished());
    /// assert_eq!(runtime.block_on(task).unwrap(), thread::current().id());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn new_current_thread() -> Self {
        Self::new(Kind::CurrentThread)
    }

    /// A runtime with a pool of workers.
    ///
    /// # Examples
    ///
    /// Tasks run whether anybody waits for them or not, on threads of the runtime:
    ///
    /// ```
    /// use std::{sync::mpsc, thread};
    ///
    /// let runtime = leno::runtime::Builder::new_multi_thread().build()?;
    /// let (sender, receiver) = mpsc::channel();
    /// runtime.spawn(async move { sender.send(thread::current().id()) });
    /// assert_ne!(receiver.recv().unwrap(), thread::current().id());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "rt-multi-thread")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rt-multi-thread")))]
    pub fn new_multi_thread() -> Self {
        Self::new(Kind::MultiThread)
    }

    #[inline]
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            runtime_name: None,
            workers: None,
            spares: None,
            max_blocking_threads: 512,
            keep_alive: Duration::from_secs(10),
            stack_size: None,
            name: Arc::new(|| "leno-worker".to_owned()),
            on_thread_start: None,
            on_thread_stop: None,
            on_thread_park: None,
            on_thread_unpark: None,
            io: false,
            time: false,
            start_paused: false,
            intervals: Intervals::default(),
            events_per_tick: 1024,
            events_per_busy_tick: None,
            diagnostics: None,
        }
    }

    /// Enables IO and timers.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::TcpListener;
    /// use leno::time::{Duration, timeout};
    ///
    /// let runtime = leno::runtime::Builder::new_current_thread().enable_all().build()?;
    /// runtime.block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     // Sockets and timers: nobody connects.
    ///     assert!(timeout(Duration::from_millis(1), listener.accept()).await.is_err());
    ///     std::io::Result::Ok(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enable_all(&mut self) -> &mut Self {
        #[cfg(feature = "reactor")]
        self.enable_io();
        self.enable_time()
    }

    /// Enables sockets, pipes and signals.
    ///
    /// # Examples
    ///
    /// Without it the first socket panics, and says what to do:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    /// use leno::runtime::Builder;
    ///
    /// let bind = async || UdpSocket::bind("127.0.0.1:0").await.is_ok();
    /// let runtime = Builder::new_current_thread().enable_io().build()?;
    /// assert!(runtime.block_on(bind()));
    ///
    /// let without = Builder::new_current_thread().build()?;
    /// let outcome = std::panic::catch_unwind(|| without.block_on(bind()));
    /// assert!(outcome.is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "reactor")]
    #[cfg_attr(
        docsrs,
        doc(cfg(any(feature = "net", feature = "process", feature = "signal")))
    )]
    pub fn enable_io(&mut self) -> &mut Self {
        self.io = true;
        self
    }

    /// Enables [`leno::time`](crate::time).
    ///
    /// # Examples
    ///
    /// A runtime that waits, and has no use for sockets, needs no descriptors for them:
    ///
    /// ```
    /// use leno::time::{Duration, Instant, sleep};
    ///
    /// let runtime = leno::runtime::Builder::new_current_thread().enable_time().build()?;
    /// let waited = runtime.block_on(async {
    ///     let start = Instant::now();
    ///     sleep(Duration::from_millis(1)).await;
    ///     start.elapsed()
    /// });
    /// assert!(waited >= Duration::from_millis(1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enable_time(&mut self) -> &mut Self {
        self.time = true;
        self
    }

    /// How many workers a multi-threaded runtime has.
    ///
    /// Without this it is what the environment variable `LENO_WORKER_THREADS` says, or else the number of cores.
    ///
    /// # Panics
    ///
    /// If it is 0 or more than 65,535.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = leno::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    /// assert_eq!(runtime.metrics().num_workers(), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[cfg(feature = "rt-multi-thread")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rt-multi-thread")))]
    #[inline]
    pub fn worker_threads(&mut self, workers: usize) -> &mut Self {
        assert!(workers > 0, "a runtime needs at least 1 worker thread");
        assert!(
            workers <= MAX_WORKERS,
            "a runtime can have at most {MAX_WORKERS} worker threads"
        );
        self.workers = Some(workers);
        self
    }

    /// How many spare workers may come to the rescue of a multi-threaded runtime; three for each worker without this, but at least
    /// 8 and at most 64. With 0 there are none.
    ///
    /// A task that blocks its thread, or computes for long, holds up what else would run there, so none should. If *all* workers
    /// are in such tasks, timers, IO and all other tasks would wait for them. When that has gone on for some 10 ms, a spare worker
    /// takes over. If it gets stuck as well, the next one comes after a millisecond or two. Spares leave when they have not been
    /// needed for a while.
    ///
    /// A spare costs no thread while it is not there, and 1.6 kB. Its thread is one of those for blocking closures, has
    /// their name and calls their callbacks, but does not count for
    /// [`max_blocking_threads`](Self::max_blocking_threads). It is not among the
    /// [`num_workers`](super::RuntimeMetrics::num_workers), and its [`worker_index`](super::worker_index) is `None`; how many are
    /// there is told by [`RuntimeMetrics::spare_workers`](super::RuntimeMetrics::spare_workers). So with one worker two tasks may
    /// run at a time, though only after one of them has kept the worker for long.
    ///
    /// A current-thread runtime cannot be rescued, as its tasks run on the thread that drives it and nowhere else: there this does
    /// nothing.
    ///
    /// ```
    /// use leno::runtime::Builder;
    /// use std::time::Duration;
    ///
    /// let runtime = Builder::new_multi_thread()
    ///     .worker_threads(1)
    ///     .spare_workers(2)
    ///     .enable_all()
    ///     .build()?;
    /// runtime.block_on(async {
    ///     let (opens, opened) = std::sync::mpsc::channel();
    ///     // Keeps the only worker, until another task of the runtime ends that.
    ///     let blocks = leno::spawn(async move { opened.recv().unwrap() });
    ///     leno::spawn(async move {
    ///         leno::time::sleep(Duration::from_millis(1)).await;
    ///         opens.send(()).unwrap();
    ///     });
    ///     blocks.await.unwrap();
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If it is more than 64.
    #[track_caller]
    #[cfg(feature = "rt-multi-thread")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rt-multi-thread")))]
    #[inline]
    pub fn spare_workers(&mut self, spares: usize) -> &mut Self {
        assert!(
            spares <= MAX_SPARES,
            "a runtime can have at most {MAX_SPARES} spare workers"
        );
        self.spares = Some(spares);
        self
    }

    /// How many threads may run [`spawn_blocking`](crate::task::spawn_blocking) closures at a time; 512 without this.
    ///
    /// They are started as they are needed. Further closures wait until one of them is free.
    ///
    /// Workers do not count, nor does the thread of a task for as long as it waits in
    /// [`block_in_place`](crate::task::block_in_place).
    ///
    /// If *all* closures that run wait by leno's means (in a `block_on`, in the blocking forms of channels and locks, in
    /// `block_in_place`), what they wait for may need a thread as well: then, after a millisecond in which nothing has moved,
    /// one more is started, and so on, ever more slowly. So there may be some hundred threads more than this, where closures just
    /// wait for long; to bound how many of them have begun use a [`Semaphore`](crate::sync::Semaphore).
    ///
    /// # Panics
    ///
    /// If it is 0.
    ///
    /// # Examples
    ///
    /// With one thread closures run one after the other:
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    ///
    /// let runtime = leno::runtime::Builder::new_multi_thread().max_blocking_threads(1).build()?;
    /// let order = Arc::new(Mutex::new(Vec::new()));
    /// let closures: Vec<_> = (0..3)
    ///     .map(|number| {
    ///         let order = order.clone();
    ///         runtime.spawn_blocking(move || order.lock().unwrap().push(number))
    ///     })
    ///     .collect();
    /// for closure in closures {
    ///     runtime.block_on(closure).unwrap();
    /// }
    /// assert_eq!(*order.lock().unwrap(), [0, 1, 2]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
    pub fn max_blocking_threads(&mut self, threads: usize) -> &mut Self {
        assert!(threads > 0, "`max_blocking_threads` must be at least 1");
        self.max_blocking_threads = threads;
        self
    }

    /// The name of the runtime, for [`Handle::name`].
    ///
    /// # Panics
    ///
    /// If it is empty.
    ///
    /// # Examples
    ///
    /// It tells runtimes apart in reports and metrics:
    ///
    /// ```
    /// let runtime = leno::runtime::Builder::new_current_thread().name("http").build()?;
    /// assert_eq!(runtime.handle().name(), Some("http"));
    /// assert!(runtime.metrics().prometheus().contains("leno_runtime_name=\"http\""));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn name(&mut self, name: impl Into<String>) -> &mut Self {
        let name = name.into();
        assert!(
            !name.trim().is_empty(),
            "a runtime's name must not be empty"
        );
        self.runtime_name = Some(name);
        self
    }

    /// The name of the threads; "leno-worker" without this.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = leno::runtime::Builder::new_multi_thread().thread_name("http-worker").build()?;
    /// let name = runtime.spawn(async { std::thread::current().name().map(str::to_owned) });
    /// assert_eq!(runtime.block_on(name).unwrap().as_deref(), Some("http-worker"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_name(&mut self, name: impl Into<String>) -> &mut Self {
        let name = name.into();
        self.thread_name_fn(move || name.clone())
    }

    /// A function that names each thread.
    ///
    /// # Examples
    ///
    /// Numbered, so that a profiler tells them apart:
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// let runtime = leno::runtime::Builder::new_multi_thread()
    ///     .thread_name_fn(|| {
    ///         static COUNT: AtomicU32 = AtomicU32::new(0);
    ///         format!("http-{}", COUNT.fetch_add(1, Ordering::Relaxed))
    ///     })
    ///     .build()?;
    /// let name = runtime.spawn(async { std::thread::current().name().unwrap().to_owned() });
    /// assert!(runtime.block_on(name).unwrap().starts_with("http-"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_name_fn<F>(&mut self, name: F) -> &mut Self
    where
        F: Fn() -> String + Send + Sync + 'static,
    {
        self.name = Arc::new(name);
        self
    }

    /// The stack size of the threads, in bytes; what std takes without this.
    ///
    /// # Examples
    ///
    /// For closures that recurse deeply:
    ///
    /// ```
    /// fn depth(levels: u32) -> u32 {
    ///     if levels == 0 { 0 } else { 1 + depth(std::hint::black_box(levels - 1)) }
    /// }
    ///
    /// let runtime = leno::runtime::Builder::new_multi_thread()
    ///     .worker_threads(1)
    ///     .thread_stack_size(16 * 1024 * 1024)
    ///     .build()?;
    /// let levels = runtime.spawn_blocking(|| depth(50_000));
    /// assert_eq!(runtime.block_on(levels).unwrap(), 50_000);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_stack_size(&mut self, bytes: usize) -> &mut Self {
        self.stack_size = Some(bytes);
        self
    }

    /// How long a thread for blocking closures waits for the next one before it ends; 10 s without this.
    ///
    /// # Examples
    ///
    /// A thread that ends as soon as there is nothing left to do:
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    ///
    /// let (ended, end) = mpsc::channel();
    /// let runtime = leno::runtime::Builder::new_current_thread()
    ///     .thread_keep_alive(Duration::ZERO)
    ///     .on_thread_stop(move || ended.send(()).unwrap())
    ///     .build()?;
    /// let closure = runtime.spawn_blocking(|| "done");
    /// assert_eq!(runtime.block_on(closure).unwrap(), "done");
    /// end.recv().unwrap();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_keep_alive(&mut self, duration: Duration) -> &mut Self {
        self.keep_alive = duration;
        self
    }

    /// Calls `callback` on each thread as it starts. A panic in it is caught, as in the other callbacks.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// let started = Arc::new(AtomicUsize::new(0));
    /// let runtime = leno::runtime::Builder::new_multi_thread()
    ///     .worker_threads(2)
    ///     .on_thread_start({
    ///         let started = started.clone();
    ///         move || drop(started.fetch_add(1, Ordering::Relaxed))
    ///     })
    ///     .build()?;
    /// drop(runtime);
    /// assert_eq!(started.load(Ordering::Relaxed), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_thread_start<F: Fn() + Send + Sync + 'static>(&mut self, callback: F) -> &mut Self {
        self.on_thread_start = Some(Arc::new(callback));
        self
    }

    /// Calls `callback` on each thread before it ends.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// let stopped = Arc::new(AtomicUsize::new(0));
    /// let count = stopped.clone();
    /// let runtime = leno::runtime::Builder::new_multi_thread()
    ///     .worker_threads(3)
    ///     .on_thread_stop(move || drop(count.fetch_add(1, Ordering::Relaxed)))
    ///     .build()?;
    /// assert_eq!(stopped.load(Ordering::Relaxed), 0);
    /// // All threads have ended when this returns.
    /// drop(runtime);
    /// assert_eq!(stopped.load(Ordering::Relaxed), 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_thread_stop<F: Fn() + Send + Sync + 'static>(&mut self, callback: F) -> &mut Self {
        self.on_thread_stop = Some(Arc::new(callback));
        self
    }

    /// Calls `callback` when a thread that drives tasks has nothing to do and is about to sleep.
    ///
    /// # Examples
    ///
    /// A program that wants to know when there is nothing to do:
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (idle, is_idle) = mpsc::channel();
    /// let runtime = leno::runtime::Builder::new_multi_thread()
    ///     .worker_threads(1)
    ///     .on_thread_park(move || drop(idle.send(())))
    ///     .build()?;
    /// is_idle.recv().unwrap();
    /// # drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_thread_park<F: Fn() + Send + Sync + 'static>(&mut self, callback: F) -> &mut Self {
        self.on_thread_park = Some(Arc::new(callback));
        self
    }

    /// Calls `callback` when such a thread wakes up.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (wakes, woke) = mpsc::channel();
    /// let runtime = leno::runtime::Builder::new_current_thread()
    ///     .enable_time()
    ///     .on_thread_unpark(move || drop(wakes.send(())))
    ///     .build()?;
    /// runtime.block_on(async { leno::time::sleep(std::time::Duration::from_millis(1)).await });
    /// assert!(woke.try_recv().is_ok());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_thread_unpark<F: Fn() + Send + Sync + 'static>(&mut self, callback: F) -> &mut Self {
        self.on_thread_unpark = Some(Arc::new(callback));
        self
    }

    /// After how many tasks at most a worker that still has some looks for events and timers.
    ///
    /// A worker whose tasks are long does so earlier, about every 100 µs. Without this it is after 61 tasks on the
    /// current-thread runtime, and on others after up to 244, if tasks are so short that these take less than 100 µs.
    ///
    /// # Panics
    ///
    /// If it is 0.
    ///
    /// # Examples
    ///
    /// A timer that is due waits for no more than so many tasks:
    ///
    /// ```
    /// use leno::time::{Duration, sleep};
    ///
    /// let runtime =
    ///     leno::runtime::Builder::new_current_thread().enable_time().event_interval(4).build()?;
    /// let turns = runtime.block_on(async {
    ///     let timer = leno::spawn(sleep(Duration::from_micros(1)));
    ///     leno::task::yield_now().await;
    ///     // Well past it. (Only an example may block.)
    ///     std::thread::sleep(Duration::from_millis(1));
    ///     let mut turns = 0;
    ///     while !timer.is_finished() {
    ///         leno::task::yield_now().await;
    ///         turns += 1;
    ///     }
    ///     turns
    /// });
    /// assert!(turns <= 16, "{turns}");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
    pub fn event_interval(&mut self, val: u32) -> &mut Self {
        assert!(val > 0, "event_interval must be greater than 0");
        self.intervals.events = Some(val);
        self
    }

    /// After how many tasks at most a worker that still has some looks at the queue for what comes from other threads.
    ///
    /// Without this it is as for the [`event_interval`](Self::event_interval), which is a look at the queue too.
    ///
    /// On the current-thread runtime one task of that queue comes first every so often, without this after every 31 tasks, and
    /// otherwise when no other is ready.
    ///
    /// # Panics
    ///
    /// If it is 0.
    ///
    /// # Examples
    ///
    /// What other threads send comes after at most so many tasks, however busy the runtime keeps itself:
    ///
    /// ```
    /// use std::sync::atomic::{AtomicBool, Ordering};
    ///
    /// let runtime = leno::runtime::Builder::new_current_thread().global_queue_interval(8).build()?;
    /// static HEARD: AtomicBool = AtomicBool::new(false);
    /// let handle = runtime.handle().clone();
    /// let turns = runtime.block_on(async {
    ///     std::thread::spawn(move || drop(handle.spawn(async { HEARD.store(true, Ordering::Relaxed) })))
    ///         .join()
    ///         .unwrap();
    ///     let mut turns = 0;
    ///     while !HEARD.load(Ordering::Relaxed) {
    ///         leno::task::yield_now().await;
    ///         turns += 1;
    ///     }
    ///     turns
    /// });
    /// assert!(turns <= 16, "{turns}");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
    pub fn global_queue_interval(&mut self, val: u32) -> &mut Self {
        assert!(val > 0, "global_queue_interval must be greater than 0");
        self.intervals.injected = Some(val);
        self
    }

    /// How many events the reactor takes from the system at once; 1024 without this. What it leaves is next.
    ///
    /// # Panics
    ///
    /// If it is 0.
    ///
    /// # Examples
    ///
    /// One at a time: what is left comes next.
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// let runtime =
    ///     leno::runtime::Builder::new_current_thread().enable_io().max_io_events_per_tick(1).build()?;
    /// runtime.block_on(async {
    ///     let (a, b) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    ///     a.send_to(b"to b", b.local_addr()?).await?;
    ///     b.send_to(b"for a", a.local_addr()?).await?;
    ///     let (mut of_a, mut of_b) = ([0; 8], [0; 8]);
    ///     let (at_a, at_b) = leno::join!(a.recv(&mut of_a), b.recv(&mut of_b));
    ///     assert_eq!((at_a?, at_b?), (5, 4));
    ///     std::io::Result::Ok(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
    pub fn max_io_events_per_tick(&mut self, capacity: usize) -> &mut Self {
        assert!(capacity > 0, "max_io_events_per_tick must be non-zero");
        self.events_per_tick = capacity;
        self
    }

    /// How many events the reactor takes from the system at once while the worker has tasks to run; without this as
    /// many as [`max_io_events_per_tick`](Self::max_io_events_per_tick) says. With fewer, events cannot pile tasks up on
    /// a worker that has too many already.
    ///
    /// # Panics
    ///
    /// If it is 0.
    ///
    /// # Examples
    ///
    /// Sockets have their turn between tasks that are always ready:
    ///
    /// ```
    /// use leno::net::UdpSocket;
    ///
    /// let runtime = leno::runtime::Builder::new_current_thread()
    ///     .enable_io()
    ///     .max_io_events_per_busy_tick(8)
    ///     .build()?;
    /// runtime.block_on(async {
    ///     leno::spawn(async {
    ///         loop {
    ///             leno::task::yield_now().await;
    ///         }
    ///     });
    ///     let (a, b) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    ///     a.send_to(b"hello", b.local_addr()?).await?;
    ///     assert_eq!(b.recv(&mut [0; 8]).await?, 5);
    ///     std::io::Result::Ok(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
    pub fn max_io_events_per_busy_tick(&mut self, capacity: usize) -> &mut Self {
        assert!(capacity > 0, "max_io_events_per_busy_tick must be non-zero");
        self.events_per_busy_tick = Some(capacity);
        self
    }

    /// What the runtime looks for while it runs, to report it; see [`leno::diagnostics`](crate::diagnostics).
    ///
    /// Without this it is [`Diagnostics::default`]. What the environment says comes on top, either way.
    ///
    /// # Examples
    ///
    /// Without any of it, for a runtime that is built often:
    ///
    /// ```
    /// use leno::diagnostics::Diagnostics;
    ///
    /// let runtime =
    ///     leno::runtime::Builder::new_current_thread().diagnostics(Diagnostics::off()).build()?;
    /// // A failure that nobody sees is not reported.
    /// runtime.block_on(async { drop(leno::spawn(async { "an error".parse::<u8>() })) });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "introspection")]
    #[cfg_attr(docsrs, doc(cfg(feature = "introspection")))]
    pub fn diagnostics(&mut self, diagnostics: Diagnostics) -> &mut Self {
        self.diagnostics = Some(diagnostics);
        self
    }

    /// Starts a current-thread runtime with its clock paused; see [`leno::time::pause`](crate::time::pause).
    ///
    /// # Examples
    ///
    /// An hour in no time, from the first moment on:
    ///
    /// ```
    /// use leno::time::{Duration, Instant, sleep};
    ///
    /// let runtime =
    ///     leno::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    /// let slept = runtime.block_on(async {
    ///     let start = Instant::now();
    ///     sleep(Duration::from_secs(3600)).await;
    ///     start.elapsed()
    /// });
    /// assert_eq!(slept, Duration::from_secs(3600));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "test-util")]
    #[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
    pub fn start_paused(&mut self, paused: bool) -> &mut Self {
        self.start_paused = paused;
        self
    }

    /// Makes the runtime, and starts its workers.
    ///
    /// # Errors
    ///
    /// If the system has no descriptors or threads left, or an environment variable says what it cannot:
    /// `LENO_WORKER_THREADS` is a number from 1 to 65,535, `LENO_DIAGNOSTICS` a [list](Diagnostics::with).
    ///
    /// # Panics
    ///
    /// If the clock of a multi-threaded runtime was to start paused; and in a simulation, which is told as refused.
    ///
    /// # Examples
    ///
    /// One builder makes as many as are wanted:
    ///
    /// ```
    /// use leno::runtime::Builder;
    ///
    /// let mut builder = Builder::new_current_thread();
    /// builder.enable_time();
    /// let (first, second) = (builder.build()?, builder.build()?);
    /// assert_ne!(first.handle().id(), second.handle().id());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn build(&mut self) -> io::Result<Runtime> {
        self.build_for(None)
    }

    /// Makes a runtime that belongs to this thread, and whose tasks need not be `Send`.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    ///
    /// # Panics
    ///
    /// If the builder is not one of [`new_current_thread`](Self::new_current_thread).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::runtime::{Builder, LocalOptions};
    /// use std::rc::Rc;
    ///
    /// let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    /// let shared = Rc::new(21);
    /// let task = runtime.spawn_local({
    ///     let shared = shared.clone();
    ///     async move { *shared * 2 }
    /// });
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
    pub fn build_local(&mut self, options: LocalOptions) -> io::Result<LocalRuntime> {
        let LocalOptions { .. } = options;
        assert!(
            self.kind == Kind::CurrentThread,
            "`build_local` needs a current-thread runtime: use `Builder::new_current_thread`"
        );
        let owner = std::thread::current().id();
        self.build_for(Some(owner)).map(LocalRuntime::from_runtime)
    }

    #[track_caller]
    fn build_for(&self, owner: Option<ThreadId>) -> io::Result<Runtime> {
        if asked::asks() {
            asked::refuse(ONE_RUNTIME);
            panic!("{ONE_RUNTIME}");
        }
        assert!(
            !self.start_paused || self.kind == Kind::CurrentThread,
            "`start_paused` needs a current-thread runtime: use `Builder::new_current_thread`"
        );
        let diagnostics = introspection::prepare(self.diagnostics.as_ref())?;
        let wanted = diagnostics.wanted().clone();
        let settings = self.settings(owner, &diagnostics);
        let clock = Arc::new(Clock::new());
        if self.start_paused {
            clock.pause();
        }
        let driver = Driver::new(self.reactor()?);
        let hooks = ParkHooks {
            on_park: callback(&self.on_thread_park),
            on_unpark: callback(&self.on_thread_unpark),
        };
        let inner = match self.kind {
            Kind::CurrentThread => Inner::new_local(
                Local::new(
                    driver,
                    clock,
                    hooks,
                    self.intervals,
                    owner.is_some(),
                    wanted,
                ),
                settings,
                self.blocking(0),
            ),
            #[cfg(feature = "rt-multi-thread")]
            Kind::MultiThread => {
                let workers = self.workers()?;
                let spares = self.spares(workers);
                let (pool, cores) = Pool::new(
                    workers,
                    spares,
                    driver,
                    clock,
                    hooks,
                    self.intervals,
                    wanted,
                );
                Inner::start_pool(pool, cores, settings, self.blocking(workers))?
            }
        };
        introspection::show(&inner, &diagnostics);
        Ok(Runtime::from_handle(Handle::from_inner(inner)))
    }

    fn reactor(&self) -> io::Result<Option<Reactor>> {
        let busy = self.events_per_busy_tick.unwrap_or(self.events_per_tick);
        self.io
            .then(|| Reactor::with_process_number(self.events_per_tick, busy, process::number))
            .transpose()
    }

    #[track_caller]
    fn settings(&self, owner: Option<ThreadId>, diagnostics: &introspection::Settings) -> Settings {
        Settings {
            name: self.runtime_name.clone(),
            time: self.time,
            #[cfg(all(feature = "introspection", unix))]
            shown: diagnostics.wants_socket(),
            owner,
            built_at: Location::caller(),
            wanted: diagnostics.forever(),
        }
    }

    fn blocking(&self, workers: usize) -> Blocking {
        let name = Arc::clone(&self.name);
        Blocking::new(blocking::Config {
            max_threads: self.max_blocking_threads.saturating_add(workers),
            keep_alive: self.keep_alive,
            patience: Duration::from_millis(1),
            stack_size: self.stack_size,
            name: Box::new(move || name()),
            on_start: callback(&self.on_thread_start),
            on_stop: callback(&self.on_thread_stop),
        })
    }

    #[cfg(feature = "rt-multi-thread")]
    /// Without the user's word enough for three times as many blockers as there are workers.
    fn spares(&self, workers: usize) -> usize {
        let usual = workers.saturating_mul(3).clamp(8, MAX_SPARES);
        self.spares.unwrap_or(usual).min(MAX_WORKERS - workers)
    }

    #[cfg(feature = "rt-multi-thread")]
    fn workers(&self) -> io::Result<usize> {
        if let Some(workers) = self.workers {
            return Ok(workers);
        }
        let Some(value) = std::env::var_os(WORKERS_VARIABLE) else {
            return Ok(num_cpus::get().clamp(1, MAX_WORKERS));
        };
        let workers = value.to_str().and_then(|value| value.trim().parse().ok());
        match workers {
            Some(workers @ 1..=MAX_WORKERS) => Ok(workers),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "the environment variable {WORKERS_VARIABLE} must be a number from 1 to {MAX_WORKERS}, not {value:?}"
                ),
            )),
        }
    }
}

fn callback(shared: &Option<SharedCallback>) -> Option<Callback> {
    let shared = Arc::clone(shared.as_ref()?);
    Some(Callback::new(move || shared()))
}

impl fmt::Debug for Builder {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("kind", &self.kind)
            .field("name", &self.runtime_name)
            .field("workers", &self.workers)
            .field("spares", &self.spares)
            .field("max_blocking_threads", &self.max_blocking_threads)
            .field("keep_alive", &self.keep_alive)
            .field("stack_size", &self.stack_size)
            .field("io", &self.io)
            .field("time", &self.time)
            .field("start_paused", &self.start_paused)
            .finish_non_exhaustive()
    }
}
