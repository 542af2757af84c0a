//! A handle to a runtime.

use super::current::{self, EnterGuard, TryCurrentError};
use super::inner::Inner;
use super::metrics::RuntimeMetrics;
#[cfg(feature = "introspection")]
use crate::diagnostics::{self, Dump};
use crate::kernel::task::Origin;
use crate::task::{JoinHandle, TaskInfo};
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// A counted handle to a runtime, to be cloned and sent wherever it is needed.
///
/// It does not keep the runtime going: that ends when the [`Runtime`](super::Runtime) is dropped, and what is spawned
/// through a handle after that is cancelled at once.
///
/// # Examples
///
/// A library that takes one can run things without a runtime of its own:
///
/// ```
/// use leno::runtime::{Handle, Runtime};
///
/// struct Cache {
///     runtime: Handle,
/// }
///
/// impl Cache {
///     fn refresh(&self) -> leno::task::JoinHandle<&'static str> {
///         self.runtime.spawn(async { "fresh" })
///     }
/// }
///
/// let runtime = Runtime::new()?;
/// let cache = Cache { runtime: runtime.handle().clone() };
/// assert_eq!(runtime.block_on(cache.refresh()).unwrap(), "fresh");
/// // It does not keep the runtime going.
/// drop(runtime);
/// let late = cache.refresh();
/// assert!(Runtime::new()?.block_on(late).unwrap_err().is_cancelled());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Handle {
    inner: Arc<Inner>,
}

/// The kinds of runtime there are.
///
/// # Examples
///
/// Code that must be able to block where it is:
///
/// ```
/// use leno::runtime::{Builder, Handle, RuntimeFlavor};
///
/// async fn checksum(data: &[u8]) -> u32 {
///     let sum = || data.iter().copied().map(u32::from).sum();
///     match Handle::current().runtime_flavor() {
///         RuntimeFlavor::MultiThread => leno::task::block_in_place(sum),
///         _ => sum(),
///     }
/// }
///
/// for runtime in [Builder::new_current_thread().build()?, Builder::new_multi_thread().build()?] {
///     assert_eq!(runtime.block_on(checksum(&[1, 2, 3])), 6);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuntimeFlavor {
    /// Everything runs on the thread that calls `block_on`.
    CurrentThread,
    /// A pool of workers.
    MultiThread,
}

impl Handle {
    #[inline]
    pub(crate) fn from_inner(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    #[inline]
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
    #[inline]
    pub fn current() -> Self {
        current::expect(|inner| Self::from_inner(Arc::clone(inner)))
    }

    /// The runtime that this thread is in.
    ///
    /// # Errors
    ///
    /// Outside of a runtime.
    ///
    /// # Examples
    ///
    /// Code that works with and without a runtime:
    ///
    /// ```
    /// use leno::runtime::{Handle, Runtime};
    ///
    /// fn where_am_i() -> &'static str {
    ///     match Handle::try_current() {
    ///         Ok(_) => "inside",
    ///         Err(_) => "outside",
    ///     }
    /// }
    ///
    /// assert_eq!(where_am_i(), "outside");
    /// assert_eq!(Runtime::new()?.block_on(async { where_am_i() }), "inside");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn try_current() -> Result<Self, TryCurrentError> {
        current::with(|inner| Self::from_inner(Arc::clone(inner))).ok_or_else(TryCurrentError::new)
    }

    /// Makes this the [current](Self::current) runtime of the thread until the guard is dropped.
    ///
    /// # Panics
    ///
    /// The guard's destructor panics if guards are dropped out of order.
    ///
    /// # Examples
    ///
    /// So that `leno::spawn` finds it:
    ///
    /// ```
    /// let runtime = leno::runtime::Runtime::new()?;
    /// let handle = runtime.handle().clone();
    /// let task = {
    ///     let _entered = handle.enter();
    ///     leno::spawn(async { "spawned from outside" })
    /// };
    /// assert_eq!(runtime.block_on(task).unwrap(), "spawned from outside");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn enter(&self) -> EnterGuard<'_> {
        EnterGuard::new(Arc::clone(&self.inner))
    }

    /// Spawns a task on this runtime. See [`leno::spawn`](crate::spawn).
    ///
    /// # Examples
    ///
    /// Work for another runtime than the one that one is in:
    ///
    /// ```
    /// use leno::runtime::Builder;
    ///
    /// let background = Builder::new_multi_thread().worker_threads(1).name("background").build()?;
    /// let main = Builder::new_current_thread().build()?;
    /// let handle = background.handle().clone();
    /// let place = main.block_on(async move {
    ///     handle
    ///         .spawn(async { leno::runtime::Handle::current().name().map(str::to_owned) })
    ///         .await
    ///         .unwrap()
    /// });
    /// assert_eq!(place.as_deref(), Some("background"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.inner.spawn(future, Origin::caller())
    }

    /// Runs a closure that may wait on a thread for such closures. See [`spawn_blocking`](crate::task::spawn_blocking).
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let handle = leno::runtime::Handle::current();
    /// let here = handle.spawn_blocking(|| std::fs::metadata("."));
    /// assert!(here.await.unwrap().unwrap().is_dir());
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, closure: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.inner.spawn_blocking(closure, Origin::caller())
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
    ///
    /// # Examples
    ///
    /// ```
    /// let (first, second) = (leno::runtime::Runtime::new()?, leno::runtime::Runtime::new()?);
    /// assert_eq!(first.handle().id(), first.block_on(async { leno::runtime::Handle::current().id() }));
    /// assert_ne!(first.handle().id(), second.handle().id());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn id(&self) -> super::Id {
        self.inner.id()
    }

    /// The name that the runtime was given by [`Builder::name`](super::Builder::name).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::runtime::{Builder, Runtime};
    ///
    /// let named = Builder::new_current_thread().name("jobs").build()?;
    /// assert_eq!(named.handle().name(), Some("jobs"));
    /// assert_eq!(Runtime::new()?.handle().name(), None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn name(&self) -> Option<&str> {
        self.inner.name()
    }

    /// Which kind of runtime this is.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::runtime::{Handle, RuntimeFlavor};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// assert_eq!(Handle::current().runtime_flavor(), RuntimeFlavor::CurrentThread);
    /// # });
    /// ```
    #[inline]
    pub fn runtime_flavor(&self) -> RuntimeFlavor {
        if self.inner.is_local() {
            RuntimeFlavor::CurrentThread
        } else {
            RuntimeFlavor::MultiThread
        }
    }

    /// The tasks of this runtime that have been asleep, and the one that calls this.
    ///
    /// A task is there from when it first waits for something until it ends. Not there are those that have never waited so
    /// far: they are queued for the first time, or in their first poll, which may take long; nor blocking closures, nor the
    /// future of a `block_on`, which is no task. [`num_alive_tasks`](RuntimeMetrics::num_alive_tasks) counts all tasks that the
    /// runtime runs.
    ///
    /// After these come the tasks of each [`LocalSet`](crate::task::LocalSet::tasks) that was last polled in this runtime: by a
    /// `block_on` of it, or wherever else it is [current](Self::current). They are there for as long as the set is, whether somebody
    /// goes on polling it or not, and the runtime's end does not end them.
    ///
    /// While the runtime ends its own become fewer; after that there are none, nor are there any in a [forked](super#fork) process
    /// that the runtime does not work in.
    ///
    /// It may be called anywhere, also while all workers are busy or stuck.
    ///
    /// # Cost
    ///
    /// Some 50 ns for each task, and memory for the result. The tasks go on meanwhile: they are looked at 256 at a time, so each
    /// [is as it was](crate::task::TaskInfo::state) at a moment of its own. Tasks that begin to sleep meanwhile are not looked
    /// at, so it ends however many come. Two calls at once take turns.
    ///
    /// # Example
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let waiter = leno::task::Builder::new()
    ///     .name("waiter")
    ///     .spawn(std::future::pending::<()>())?;
    /// leno::task::yield_now().await;
    ///
    /// for task in leno::runtime::Handle::current().tasks() {
    ///     println!("{task}");
    ///     assert_eq!(task.id(), waiter.id());
    ///     assert_eq!(task.name(), Some("waiter"));
    ///     assert_eq!(task.spawned_at().file(), file!());
    /// }
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn tasks(&self) -> Vec<TaskInfo> {
        self.inner.tasks()
    }

    /// Where the tasks of this runtime stand: by which chain of awaits each has come to what it waits for. So do the futures
    /// that threads wait for in a `block_on` of it, `main`'s for instance.
    ///
    /// Each task that [has been asleep](Self::tasks) is polled once more in its turn, as after a wake that was for nothing, and
    /// tells which of its futures would wake it. These may be anybody's: nothing has to be prepared for it. A future in a
    /// `FuturesUnordered`, or in whatever else polls with a waker of its own, is hidden behind that.
    ///
    /// The tasks of a [`LocalSet`](crate::task::LocalSet) that is [polled in this runtime](Self::tasks) are asked with the others, and
    /// tell it when their set is polled, on its own thread. So a deadlock is found whichever of them it is between.
    ///
    /// Tasks that do not answer within `patience` are in the dump without a chain: one that is being polled all the while, and
    /// those that its thread does not come to, as it does not to those of a set that nobody polls any more. For so long the tasks are waited for; then those among them that seem to wait
    /// for each other, which are asked once more; and then the futures of `block_on`.
    ///
    /// A paused clock does not move by itself meanwhile.
    ///
    /// # Errors
    ///
    /// If the system has no thread for the asker.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing. The tasks are asked all the same.
    ///
    /// # Cost
    ///
    /// A poll and some 5 µs for each task, on the workers; they are asked 256 at a time, between which the program has its turn.
    ///
    /// # Example
    ///
    /// ```
    /// # use std::time::Duration;
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let handle = leno::runtime::Handle::current();
    /// let waiter = leno::spawn(leno::time::sleep(Duration::from_secs(60)));
    /// leno::task::yield_now().await;
    ///
    /// let dump = handle.dump(Duration::from_secs(2)).await?;
    /// assert_eq!(dump.task(waiter.id()).unwrap().leaves().len(), 1);
    /// println!("{dump}");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[cfg(feature = "introspection")]
    #[cfg_attr(docsrs, doc(cfg(feature = "introspection")))]
    pub async fn dump(&self, patience: Duration) -> io::Result<Dump> {
        diagnostics::take_elsewhere(self.clone(), patience).await
    }

    /// What the runtime counts.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let metrics = leno::runtime::Handle::current().metrics();
    /// let task = leno::spawn(async {});
    /// assert_eq!(metrics.num_alive_tasks(), 1);
    /// task.await.unwrap();
    /// assert_eq!(metrics.num_alive_tasks(), 0);
    /// # });
    /// ```
    #[inline]
    pub fn metrics(&self) -> RuntimeMetrics {
        RuntimeMetrics::new(self.clone())
    }
}

impl std::panic::UnwindSafe for Handle {}
impl std::panic::RefUnwindSafe for Handle {}
