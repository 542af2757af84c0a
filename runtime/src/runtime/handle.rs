//! A handle to a runtime.

use super::current::{self, EnterGuard, TryCurrentError};
use super::inner::Inner;
use super::metrics::RuntimeMetrics;
use crate::task::JoinHandle;
use std::future::Future;
use std::sync::Arc;

/// A counted handle to a runtime, to be cloned and sent wherever it is needed.
///
/// It does not keep the runtime going: that ends when the [`Runtime`](super::Runtime) is dropped, and what is spawned
/// through a handle after that is cancelled at once.
#[derive(Debug, Clone)]
pub struct Handle {
    inner: Arc<Inner>,
}

/// The kinds of runtime there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuntimeFlavor {
    /// Everything runs on the thread that calls `block_on`.
    CurrentThread,
    /// A pool of workers.
    MultiThread,
}

impl Handle {
    pub(super) fn from_inner(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// The runtime that this thread is in.
    ///
    /// # Panics
    ///
    /// Outside of a runtime; see [`try_current`](Self::try_current).
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let handle = leno::runtime::Handle::current();
    /// let thread = std::thread::spawn(move || handle.spawn(async { "hello from outside" }));
    /// assert_eq!(thread.join().unwrap().await.unwrap(), "hello from outside");
    /// # });
    /// ```
    #[track_caller]
    pub fn current() -> Self {
        current::expect(|inner| Self::from_inner(Arc::clone(inner)))
    }

    /// The runtime that this thread is in.
    ///
    /// # Errors
    ///
    /// Outside of a runtime.
    pub fn try_current() -> Result<Self, TryCurrentError> {
        current::with(|inner| Self::from_inner(Arc::clone(inner))).ok_or_else(TryCurrentError::new)
    }

    /// Makes this the [current](Self::current) runtime of the thread until the guard is dropped.
    ///
    /// # Panics
    ///
    /// The guard's destructor panics if guards are dropped out of order.
    pub fn enter(&self) -> EnterGuard<'_> {
        EnterGuard::new(Arc::clone(&self.inner))
    }

    /// Spawns a task on this runtime. See [`leno::spawn`](crate::spawn).
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.inner.spawn(future)
    }

    /// Runs a closure that may wait on a thread for such closures. See [`spawn_blocking`](crate::task::spawn_blocking).
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, closure: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.inner.spawn_blocking(closure)
    }

    /// Waits for `future` on this thread, within the runtime.
    ///
    /// If nobody drives a current-thread runtime, this thread does so meanwhile: it runs the tasks, fires the timers and waits
    /// for events. Unlike in [`Runtime::block_on`](super::Runtime::block_on) it makes way for whoever comes to drive it, and
    /// `future` is polled beside the runtime's tasks: while it blocks, which it may do in
    /// [place](crate::task::block_in_place), somebody else can drive. A [`LocalRuntime`](super::LocalRuntime) is driven by
    /// its own thread alone, so on another one this waits until that does.
    ///
    /// Once the runtime has been shut down this waits for `future` alone; what it spawns is cancelled.
    ///
    /// # Panics
    ///
    /// If `future` panics, or if this thread is driving tasks.
    ///
    /// # Cost
    ///
    /// On a current-thread runtime, some 200 ns for each poll of `future`, in which the driver's part is given back and taken
    /// again; to another thread, if one is waiting for that, which takes microseconds.
    ///
    /// # Example
    ///
    /// ```
    /// # use std::time::Duration;
    /// let runtime = leno::runtime::Builder::new_current_thread().enable_all().build()?;
    /// let handle = runtime.handle().clone();
    /// let thread = std::thread::spawn(move || {
    ///     handle.block_on(async {
    ///         leno::time::sleep(Duration::from_millis(1)).await;
    ///         leno::spawn(async { "nobody else drives" }).await.unwrap()
    ///     })
    /// });
    /// assert_eq!(thread.join().unwrap(), "nobody else drives");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.inner.block_on(future, false)
    }

    /// What tells the runtime from all others of the process.
    pub fn id(&self) -> super::Id {
        self.inner.id()
    }

    /// The name that the runtime was given by [`Builder::name`](super::Builder::name).
    pub fn name(&self) -> Option<&str> {
        self.inner.name()
    }

    /// Which kind of runtime this is.
    pub fn runtime_flavor(&self) -> RuntimeFlavor {
        if self.inner.is_local() {
            RuntimeFlavor::CurrentThread
        } else {
            RuntimeFlavor::MultiThread
        }
    }

    /// What the runtime counts.
    pub fn metrics(&self) -> RuntimeMetrics {
        RuntimeMetrics::new(self.clone())
    }
}

impl std::panic::UnwindSafe for Handle {}
impl std::panic::RefUnwindSafe for Handle {}
