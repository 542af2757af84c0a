//! A task with a name.

use super::local_set::spawn_local_from;
use super::{JoinHandle, LocalSet};
use crate::kernel::task::Origin;
use crate::runtime::{Handle, current};
use std::future::Future;
use std::io;

/// Spawns a task that has a name.
///
/// The name is for people: [`Handle::tasks`] and the error of a task that [has failed](super::JoinError::name) tell it. It is
/// copied, and costs the task two allocations more. Names need not be unique.
///
/// # Example
///
/// ```
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let checkout = leno::task::Builder::new()
///     .name("checkout")
///     .spawn(async { panic!("no stock") })?;
///
/// let error = checkout.await.unwrap_err();
/// assert_eq!(error.name(), Some("checkout"));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug, Default)]
pub struct Builder<'a> {
    name: Option<&'a str>,
}

impl<'a> Builder<'a> {
    /// A builder of a task without a name.
    #[inline]
    pub fn new() -> Self {
        Self::default()
    }

    /// The task's name.
    ///
    /// # Examples
    ///
    /// A report of what is going on tells it:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = leno::task::Builder::new().name("poller").spawn(std::future::pending::<()>())?;
    /// leno::task::yield_now().await;
    /// let tasks = leno::runtime::Handle::current().tasks();
    /// assert_eq!(tasks[0].name(), Some("poller"));
    /// # drop(task);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use = "the name goes to the builder that is returned"]
    #[inline]
    pub fn name(&self, name: &'a str) -> Self {
        Self { name: Some(name) }
    }

    /// Spawns the task; see [`leno::spawn`](crate::spawn).
    ///
    /// # Errors
    ///
    /// There are none; the result is tokio's.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = leno::task::Builder::new().name("sum").spawn(async { 20 + 22 })?;
    /// assert_eq!(task.await.unwrap(), 42);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let origin = self.origin();
        Ok(current::expect(|inner| inner.spawn(future, origin)))
    }

    /// Spawns the task on another runtime; see [`Handle::spawn`].
    ///
    /// # Errors
    ///
    /// There are none; the result is tokio's.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = leno::runtime::Runtime::new()?;
    /// let task = leno::task::Builder::new().name("elsewhere").spawn_on(async { 7 }, runtime.handle())?;
    /// assert_eq!(runtime.block_on(task).unwrap(), 7);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_on<F>(self, future: F, handle: &Handle) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Ok(handle.inner().spawn(future, self.origin()))
    }

    /// Spawns the task, which need not be `Send`, on the current set or runtime; see
    /// [`spawn_local`](super::spawn_local).
    ///
    /// # Errors
    ///
    /// There are none; the result is tokio's.
    ///
    /// # Panics
    ///
    /// Outside of a `LocalSet` and a `LocalRuntime`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::rc::Rc;
    ///
    /// let runtime = leno::runtime::LocalRuntime::new()?;
    /// let length = runtime.block_on(async {
    ///     let text = Rc::new("not Send");
    ///     let task = leno::task::Builder::new().name("local").spawn_local(async move { text.len() });
    ///     task.unwrap().await.unwrap()
    /// });
    /// assert_eq!(length, 8);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        Ok(spawn_local_from(future, self.origin(), ()))
    }

    /// Spawns the task, which need not be `Send`, on a set; see [`LocalSet::spawn_local`].
    ///
    /// # Errors
    ///
    /// There are none; the result is tokio's.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::{Builder, LocalSet};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let set = LocalSet::new();
    /// let task = Builder::new().name("local").spawn_local_on(async { 'x' }, &set)?;
    /// assert_eq!(set.run_until(task).await.unwrap(), 'x');
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn_local_on<F>(
        self,
        future: F,
        local_set: &LocalSet,
    ) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        Ok(local_set.spawn_from(future, self.origin()))
    }

    /// Runs a closure that may wait; see [`spawn_blocking`](super::spawn_blocking).
    ///
    /// # Errors
    ///
    /// If the runtime has been shut down, or if the system cannot start a thread and none is there that could run the
    /// closure. It is dropped then.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let closure = leno::task::Builder::new()
    ///     .name("fibonacci")
    ///     .spawn_blocking(|| (0..10).fold((0, 1), |(a, b), _| (b, a + b)).0)?;
    /// assert_eq!(closure.await.unwrap(), 55);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F, R>(self, function: F) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.spawn_blocking_on(function, &Handle::current())
    }

    /// Runs a closure that may wait on another runtime; see [`Handle::spawn_blocking`].
    ///
    /// # Errors
    ///
    /// As [`spawn_blocking`](Self::spawn_blocking).
    ///
    /// # Examples
    ///
    /// The name of a closure that panics is in its error:
    ///
    /// ```
    /// use leno::task::Builder;
    ///
    /// let runtime = leno::runtime::Runtime::new()?;
    /// let closure: leno::task::JoinHandle<()> = Builder::new()
    ///     .name("checksum")
    ///     .spawn_blocking_on(|| panic!("on purpose"), runtime.handle())?;
    /// assert_eq!(runtime.block_on(closure).unwrap_err().name(), Some("checksum"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking_on<F, R>(self, function: F, handle: &Handle) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let origin = self.origin();
        handle.inner().try_spawn_blocking(function, origin)
    }

    #[track_caller]
    #[inline]
    fn origin(&self) -> Origin {
        match self.name {
            Some(name) => Origin::named(name),
            None => Origin::caller(),
        }
    }
}
