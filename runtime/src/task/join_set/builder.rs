//! A task of a set, with a name.

use super::JoinSet;
use crate::runtime::Handle;
use crate::task::{self, AbortHandle, LocalSet};
use std::fmt;
use std::future::Future;
use std::io;

/// Spawns a task that has a name into a [`JoinSet`]. Got from [`JoinSet::build_task`].
///
/// # Examples
///
/// ```
/// use leno::runtime::Handle;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut set = leno::task::JoinSet::new();
/// for name in ["reader", "writer"] {
///     set.build_task().name(name).spawn(std::future::pending::<()>()).unwrap();
/// }
/// leno::task::yield_now().await;
/// let tasks = Handle::current().tasks();
/// let mut names: Vec<_> = tasks.iter().map(|task| task.name().unwrap()).collect();
/// names.sort();
/// assert_eq!(names, ["reader", "writer"]);
/// # });
/// ```
#[must_use = "nothing is spawned until one of the builder's methods that do is called"]
pub struct Builder<'a, T> {
    set: &'a mut JoinSet<T>,
    builder: task::Builder<'a>,
}

impl<T> JoinSet<T> {
    /// A builder that gives the next task of the set a name.
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut set = leno::task::JoinSet::new();
    /// set.build_task().name("worker").spawn(async { panic!("on purpose") })?;
    ///
    /// let result: Result<(), _> = set.join_next().await.unwrap();
    /// assert_eq!(result.unwrap_err().name(), Some("worker"));
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn build_task(&mut self) -> Builder<'_, T> {
        Builder {
            set: self,
            builder: task::Builder::new(),
        }
    }
}

impl<'a, T: 'static> Builder<'a, T> {
    /// The task's name; see [`task::Builder::name`].
    pub fn name(self, name: &'a str) -> Self {
        let builder = self.builder.name(name);
        Self { builder, ..self }
    }

    /// As [`JoinSet::spawn`].
    ///
    /// # Errors
    ///
    /// There are none; the result is tokio's.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        Ok(self.set.insert(self.builder.spawn(future)?))
    }

    /// As [`JoinSet::spawn_on`].
    ///
    /// # Errors
    ///
    /// There are none; the result is tokio's.
    #[track_caller]
    pub fn spawn_on<F>(self, future: F, handle: &Handle) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        Ok(self.set.insert(self.builder.spawn_on(future, handle)?))
    }

    /// As [`JoinSet::spawn_local`].
    ///
    /// # Errors
    ///
    /// There are none; the result is tokio's.
    ///
    /// # Panics
    ///
    /// Outside of a `LocalSet` and a `LocalRuntime`.
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        Ok(self.set.insert(self.builder.spawn_local(future)?))
    }

    /// As [`JoinSet::spawn_local_on`].
    ///
    /// # Errors
    ///
    /// There are none; the result is tokio's.
    #[track_caller]
    pub fn spawn_local_on<F>(self, future: F, local_set: &LocalSet) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        let task = self.builder.spawn_local_on(future, local_set)?;
        Ok(self.set.insert(task))
    }

    /// As [`JoinSet::spawn_blocking`].
    ///
    /// # Errors
    ///
    /// As [`task::Builder::spawn_blocking`].
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn_blocking<F>(self, f: F) -> io::Result<AbortHandle>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        Ok(self.set.insert(self.builder.spawn_blocking(f)?))
    }

    /// As [`JoinSet::spawn_blocking_on`].
    ///
    /// # Errors
    ///
    /// As [`task::Builder::spawn_blocking`].
    #[track_caller]
    pub fn spawn_blocking_on<F>(self, f: F, handle: &Handle) -> io::Result<AbortHandle>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        Ok(self.set.insert(self.builder.spawn_blocking_on(f, handle)?))
    }
}

impl<T> fmt::Debug for Builder<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("set", &self.set)
            .field("builder", &self.builder)
            .finish()
    }
}
