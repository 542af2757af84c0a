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
    pub fn handle(&self) -> &Handle {
        self.runtime.handle()
    }

    /// Spawns a task that need not be `Send`; it starts when somebody calls [`block_on`](Self::block_on).
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
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, func: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.runtime.spawn_blocking(func)
    }

    /// As [`Runtime::block_on`].
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// As [`Runtime::enter`].
    pub fn enter(&self) -> EnterGuard<'_> {
        self.runtime.enter()
    }

    /// What the runtime counts.
    pub fn metrics(&self) -> RuntimeMetrics {
        self.runtime.metrics()
    }

    /// As [`Runtime::shutdown_timeout`]. The tasks end here and now; the duration is for blocking closures.
    #[track_caller]
    pub fn shutdown_timeout(self, duration: Duration) {
        self.runtime.shutdown_timeout(duration);
    }

    /// As [`Runtime::shutdown`]. The tasks end here and now; the grace is for blocking closures.
    #[cfg(feature = "introspection")]
    #[cfg_attr(docsrs, doc(cfg(feature = "introspection")))]
    #[track_caller]
    #[must_use = "it tells what did not stop; `shutdown_timeout` reports it"]
    pub fn shutdown(self, grace: Duration) -> ShutdownReport {
        self.runtime.shutdown(grace)
    }

    /// As [`Runtime::shutdown_background`]. The tasks end here and now.
    pub fn shutdown_background(self) {
        self.runtime.shutdown_background();
    }
}

impl std::panic::UnwindSafe for LocalRuntime {}
impl std::panic::RefUnwindSafe for LocalRuntime {}
