//! A runtime whose tasks need not be `Send`.

#[cfg(feature = "introspection")]
use super::ShutdownReport;
use super::current::EnterGuard;
use super::{Builder, Handle, Runtime, RuntimeMetrics};
use crate::kernel::task::Origin;
use crate::task::JoinHandle;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::time::Duration;

/// A current-thread runtime that stays on its thread, so that what it runs need not be `Send`.
///
/// Within it [`spawn_local`](crate::task::spawn_local) works anywhere, without a [`LocalSet`](crate::task::LocalSet);
/// [`leno::spawn`](crate::spawn) does too, and its [`handle`](Self::handle) may be sent to other threads, which can spawn
/// what is `Send`.
///
/// ```
/// use leno::runtime::LocalRuntime;
/// use leno::task::spawn_local;
/// use std::rc::Rc;
///
/// let runtime = LocalRuntime::new()?;
/// let length = runtime.block_on(async {
///     let text = Rc::new("not Send");
///     spawn_local(async move { text.len() }).await.unwrap()
/// });
/// assert_eq!(length, 8);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct LocalRuntime {
    runtime: Runtime,
    /// It may not leave its thread.
    _local: PhantomData<*mut ()>,
}

/// Settings that only a [`LocalRuntime`] has. There are none so far.
///
/// # Examples
///
/// ```
/// use leno::runtime::{Builder, LocalOptions};
///
/// let mut builder = Builder::new_current_thread();
/// let runtime = builder.name("ui").build_local(LocalOptions::default())?;
/// assert_eq!(runtime.handle().name(), Some("ui"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct LocalOptions {
    /// Room for callbacks that are not `Send`.
    _local: PhantomData<*mut ()>,
}

impl LocalRuntime {
    /// A runtime with everything enabled, which belongs to this thread.
    ///
    /// # Errors
    ///
    /// As [`Builder::build_local`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::rc::Rc;
    ///
    /// let runtime = leno::runtime::LocalRuntime::new()?;
    /// let count = Rc::new(Cell::new(0));
    /// for _ in 0..3 {
    ///     let count = count.clone();
    ///     runtime.spawn_local(async move { count.set(count.get() + 1) });
    /// }
    /// runtime.block_on(leno::task::yield_now());
    /// assert_eq!(count.get(), 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn new() -> io::Result<Self> {
        Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())
    }

    pub(super) fn from_runtime(runtime: Runtime) -> Self {
        Self {
            runtime,
            _local: PhantomData,
        }
    }

    /// A handle to this runtime, which may be cloned and sent to other threads.
    ///
    /// # Examples
    ///
    /// Other threads spawn what is `Send`; it runs here.
    ///
    /// ```
    /// use std::thread;
    ///
    /// let runtime = leno::runtime::LocalRuntime::new()?;
    /// let handle = runtime.handle().clone();
    /// let task = thread::spawn(move || handle.spawn(async { thread::current().id() })).join().unwrap();
    /// assert_eq!(runtime.block_on(task).unwrap(), thread::current().id());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn handle(&self) -> &Handle {
        self.runtime.handle()
    }

    /// Spawns a task that need not be `Send`; it starts when somebody calls [`block_on`](Self::block_on).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::rc::Rc;
    ///
    /// let runtime = leno::runtime::LocalRuntime::new()?;
    /// let task = runtime.spawn_local(async { Rc::new("its output need not be Send either") });
    /// assert_eq!(runtime.block_on(task).unwrap().len(), 34);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        match self
            .handle()
            .inner()
            .spawn_local(future, Origin::caller(), ())
        {
            Ok(handle) => handle,
            Err(_) => unreachable!("the runtime is on its thread"),
        }
    }

    /// As [`Runtime::spawn_blocking`].
    ///
    /// # Examples
    ///
    /// The one thing that does not run on its thread:
    ///
    /// ```
    /// use std::thread;
    ///
    /// let runtime = leno::runtime::LocalRuntime::new()?;
    /// let elsewhere = runtime.spawn_blocking(|| thread::current().id());
    /// assert_ne!(runtime.block_on(elsewhere).unwrap(), thread::current().id());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, func: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.runtime.spawn_blocking(func)
    }

    /// As [`Runtime::block_on`].
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::spawn_local;
    /// use std::rc::Rc;
    ///
    /// let runtime = leno::runtime::LocalRuntime::new()?;
    /// let sum = runtime.block_on(async {
    ///     let numbers = Rc::new([20, 22]);
    ///     let other = spawn_local({
    ///         let numbers = numbers.clone();
    ///         async move { numbers[0] }
    ///     });
    ///     other.await.unwrap() + numbers[1]
    /// });
    /// assert_eq!(sum, 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// As [`Runtime::enter`].
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = leno::runtime::LocalRuntime::new()?;
    /// let _entered = runtime.enter();
    /// let task = leno::task::spawn_local(async { "spawned before it is driven" });
    /// assert_eq!(runtime.block_on(task).unwrap(), "spawned before it is driven");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn enter(&self) -> EnterGuard<'_> {
        self.runtime.enter()
    }

    /// What the runtime counts.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = leno::runtime::LocalRuntime::new()?;
    /// runtime.spawn_local(std::future::pending::<()>());
    /// let metrics = runtime.metrics();
    /// assert_eq!((metrics.num_workers(), metrics.num_alive_tasks()), (1, 1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn metrics(&self) -> RuntimeMetrics {
        self.runtime.metrics()
    }

    /// As [`Runtime::shutdown_timeout`]. The tasks end here and now; the duration is for blocking closures.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::rc::Rc;
    /// use std::time::Duration;
    ///
    /// let runtime = leno::runtime::LocalRuntime::new()?;
    /// let shared = Rc::new(());
    /// let held = shared.clone();
    /// runtime.spawn_local(async move {
    ///     std::future::pending::<()>().await;
    ///     drop(held);
    /// });
    /// runtime.shutdown_timeout(Duration::from_secs(1));
    /// assert_eq!(Rc::strong_count(&shared), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
    pub fn shutdown_timeout(self, duration: Duration) {
        self.runtime.shutdown_timeout(duration);
    }

    /// As [`Runtime::shutdown`]. The tasks end here and now; the grace is for blocking closures.
    ///
    /// # Examples
    ///
    /// A closure that has not ended in time is in the report:
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    ///
    /// let runtime = leno::runtime::LocalRuntime::new()?;
    /// let (started, has_started) = mpsc::channel();
    /// let (opens, opened) = mpsc::channel::<()>();
    /// let closure = runtime.spawn_blocking(move || {
    ///     started.send(()).unwrap();
    ///     opened.recv()
    /// });
    /// has_started.recv().unwrap();
    /// let report = runtime.shutdown(Duration::from_millis(1));
    /// assert!(!report.is_clean());
    /// drop((opens, closure));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "introspection")]
    #[cfg_attr(docsrs, doc(cfg(feature = "introspection")))]
    #[track_caller]
    #[must_use = "it tells what did not stop; `shutdown_timeout` reports it"]
    pub fn shutdown(self, grace: Duration) -> ShutdownReport {
        self.runtime.shutdown(grace)
    }

    /// As [`Runtime::shutdown_background`]. The tasks end here and now.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = leno::runtime::LocalRuntime::new()?;
    /// let task = runtime.spawn_local(std::future::pending::<()>());
    /// runtime.shutdown_background();
    /// assert!(task.is_finished());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn shutdown_background(self) {
        self.runtime.shutdown_background();
    }
}

impl std::panic::UnwindSafe for LocalRuntime {}
impl std::panic::RefUnwindSafe for LocalRuntime {}
