//! A set of tasks, joined in the order in which they complete.

// Each task's join waker is an `Entry`: the task's number in the set. Completing pushes the number to `Finished` and
// wakes whoever polled the set last, so joining n tasks costs O(n), whatever their order.
//
// A set that has let its tasks go may find numbers of theirs later, when a new task has the place. So whoever takes a
// number looks whether that task is complete.

mod builder;

pub use builder::Builder;

use super::{AbortHandle, Id, JoinError, JoinHandle, LocalSet};
use crate::kernel::budget;
use crate::kernel::cancel_safe::{CancelSafe, assert_cancel_safe};
use crate::kernel::finished::Finished;
use crate::runtime::Handle;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};

/// A set of tasks of one output type, to be joined in the order in which they complete.
///
/// Dropping the set aborts all its tasks. If one has failed by then, and nobody has looked, that is
/// [reported](crate::diagnostics).
///
/// Each task costs an allocation more than without a set; joining costs the same however many tasks there are.
///
/// # Example
///
/// ```
/// use leno::task::JoinSet;
///
/// # leno::runtime::Builder::new_multi_thread().build().unwrap().block_on(async {
/// let mut set = JoinSet::new();
/// for number in 0..10 {
///     set.spawn(async move { number * number });
/// }
///
/// let mut sum = 0;
/// while let Some(square) = set.join_next().await {
///     sum += square.unwrap();
/// }
/// assert_eq!(sum, 285);
/// # });
/// ```
pub struct JoinSet<T> {
    /// The tasks; an entry's number is its index.
    tasks: Vec<Option<JoinHandle<T>>>,
    /// The indices without a task.
    vacant: Vec<usize>,
    finished: Arc<Finished>,
}

/// What a task wakes as it completes.
struct Entry {
    finished: Arc<Finished>,
    number: usize,
}

impl Wake for Entry {
    #[inline]
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    #[inline]
    fn wake_by_ref(self: &Arc<Self>) {
        self.finished.push(self.number);
    }
}

impl<T> JoinSet<T> {
    /// An empty set.
    ///
    /// # Examples
    ///
    /// ```
    /// let set = leno::task::JoinSet::<u32>::new();
    /// assert!(set.is_empty());
    /// ```
    pub fn new() -> Self {
        Self {
            tasks: Vec::new(),
            vacant: Vec::new(),
            finished: Arc::new(Finished::new()),
        }
    }

    /// How many tasks are in the set: all that were spawned and have not been joined.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut set = leno::task::JoinSet::new();
    /// set.spawn(async { 1 });
    /// set.spawn(async { 2 });
    /// assert_eq!(set.len(), 2);
    /// set.join_next().await.unwrap().unwrap();
    /// // What has been joined is in it no more.
    /// assert_eq!(set.len(), 1);
    /// # });
    /// ```
    pub fn len(&self) -> usize {
        self.tasks.len() - self.vacant.len()
    }

    /// True if no task is in the set.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut set = leno::task::JoinSet::new();
    /// set.spawn(async {});
    /// leno::task::yield_now().await;
    /// // The task has ended, and still waits to be joined.
    /// assert!(!set.is_empty());
    /// set.join_next().await;
    /// assert!(set.is_empty());
    /// # });
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes a finished task out of the set.
    fn take_finished(&mut self) -> Option<JoinHandle<T>> {
        let (tasks, vacant) = (&mut self.tasks, &mut self.vacant);
        self.finished.take(|number| take(tasks, vacant, number))
    }

    /// Takes all tasks out of the set.
    fn take_all(&mut self) -> Vec<JoinHandle<T>> {
        self.finished.clear();
        // The places stay, as numbers that are on their way must find one.
        self.vacant.clear();
        self.vacant.extend(0..self.tasks.len());
        self.tasks.iter_mut().filter_map(Option::take).collect()
    }
}

impl<T: 'static> JoinSet<T> {
    /// Spawns a task into the set; see [`leno::spawn`](crate::spawn).
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    ///
    /// # Examples
    ///
    /// No more than three at a time: the next begins when one has ended.
    ///
    /// ```
    /// use leno::task::JoinSet;
    ///
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let mut set = JoinSet::new();
    /// let (mut most, mut sum) = (0, 0);
    /// for number in 1..=10 {
    ///     if set.len() == 3 {
    ///         sum += set.join_next().await.unwrap().unwrap();
    ///     }
    ///     set.spawn(async move { number * number });
    ///     most = most.max(set.len());
    /// }
    /// sum += set.join_all().await.into_iter().sum::<u32>();
    /// assert_eq!((most, sum), (3, 385));
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.insert(super::spawn(task))
    }

    /// Spawns a task into the set, on another runtime.
    ///
    /// # Examples
    ///
    /// The tasks run there, and are joined here:
    ///
    /// ```
    /// use leno::runtime::{Handle, Runtime};
    /// use leno::task::JoinSet;
    ///
    /// let (pool, here) = (Runtime::new()?, Runtime::new()?);
    /// let mut set = JoinSet::new();
    /// set.spawn_on(async { Handle::current().id() }, pool.handle());
    /// let ids = here.block_on(set.join_all());
    /// assert_eq!(ids, [pool.handle().id()]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_on<F>(&mut self, task: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.insert(handle.spawn(task))
    }

    /// Spawns a task into the set, on the current [`LocalSet`]; see [`spawn_local`](super::spawn_local).
    ///
    /// # Panics
    ///
    /// Outside of a `LocalSet`.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::JoinSet;
    /// use std::rc::Rc;
    ///
    /// let runtime = leno::runtime::LocalRuntime::new()?;
    /// let word = Rc::new("local");
    /// let lengths = runtime.block_on(async {
    ///     let mut set = JoinSet::new();
    ///     let word = word.clone();
    ///     set.spawn_local(async move { word.len() });
    ///     set.join_all().await
    /// });
    /// assert_eq!(lengths, [5]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(super::spawn_local(task))
    }

    /// Spawns a task into the set, on a [`LocalSet`] that need not be running.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::{JoinSet, LocalSet};
    /// use std::rc::Rc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (local, mut set) = (LocalSet::new(), JoinSet::new());
    /// let word = Rc::new("local");
    /// set.spawn_local_on(async move { word.len() }, &local);
    /// // They run while the local set does.
    /// assert_eq!(local.run_until(set.join_all()).await, [5]);
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, task: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(local_set.spawn_local(task))
    }

    /// Runs a closure that may wait, as a task of the set; see [`spawn_blocking`](super::spawn_blocking).
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut set = leno::task::JoinSet::new();
    /// for folder in [".", "/surely/not/there"] {
    ///     set.spawn_blocking(move || std::fs::metadata(folder).is_ok());
    /// }
    /// let mut found = set.join_all().await;
    /// found.sort();
    /// assert_eq!(found, [false, true]);
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, f: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.insert(super::spawn_blocking(f))
    }

    /// Runs a closure that may wait, as a task of the set, on another runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = leno::runtime::Runtime::new()?;
    /// let mut set = leno::task::JoinSet::new();
    /// set.spawn_blocking_on(|| 6 * 7, runtime.handle());
    /// assert_eq!(runtime.block_on(set.join_all()), [42]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, f: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.insert(handle.spawn_blocking(f))
    }

    fn insert(&mut self, task: JoinHandle<T>) -> AbortHandle {
        let number = self.vacant.pop().unwrap_or_else(|| {
            self.tasks.push(None);
            self.tasks.len() - 1
        });
        let entry = Arc::new(Entry {
            finished: Arc::clone(&self.finished),
            number,
        });
        if task.set_waker(&Waker::from(Arc::clone(&entry))) {
            // It was faster, and has not seen the waker.
            entry.wake_by_ref();
        }
        let abort = task.abort_handle();
        self.tasks[number] = Some(task);
        abort
    }

    /// Waits until one of the tasks completes, and returns its output; `None` if the set is empty.
    ///
    /// # Errors
    ///
    /// The inner result is an error if the task panicked or was aborted.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: it has taken no task out of the set.
    ///
    /// # Examples
    ///
    /// One that fails does not touch the others:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut set = leno::task::JoinSet::new();
    /// set.spawn(async { "fine" });
    /// set.spawn(async { panic!("on purpose") });
    /// let (mut fine, mut failed) = (0, 0);
    /// while let Some(result) = set.join_next().await {
    ///     match result {
    ///         Ok(_) => fine += 1,
    ///         Err(error) => failed += u32::from(error.is_panic()),
    ///     }
    /// }
    /// assert_eq!((fine, failed), (1, 1));
    /// # });
    /// ```
    pub fn join_next(&mut self) -> impl CancelSafe<Output = Option<Result<T, JoinError>>> {
        assert_cancel_safe(async move { poll_fn(|cx| self.poll_join_next(cx)).await })
    }

    /// As [`join_next`](Self::join_next), with the task's id. An error [knows its id](JoinError::id) itself.
    ///
    /// # Errors
    ///
    /// The inner result is an error if the task panicked or was aborted.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: it has taken no task out of the set.
    ///
    /// # Examples
    ///
    /// Which task it was, for a table of what each was for:
    ///
    /// ```
    /// use std::collections::HashMap;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut set = leno::task::JoinSet::new();
    /// let mut names = HashMap::new();
    /// for name in ["ann", "bob"] {
    ///     names.insert(set.spawn(async move { name.len() }).id(), name);
    /// }
    /// while let Some(result) = set.join_next_with_id().await {
    ///     let (id, length) = result.unwrap();
    ///     assert_eq!(names.remove(&id).unwrap().len(), length);
    /// }
    /// assert!(names.is_empty());
    /// # });
    /// ```
    pub fn join_next_with_id(
        &mut self,
    ) -> impl CancelSafe<Output = Option<Result<(Id, T), JoinError>>> {
        assert_cancel_safe(async move { poll_fn(|cx| self.poll_join_next_with_id(cx)).await })
    }

    /// The output of a task that has completed already, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// The inner result is an error if the task panicked or was aborted.
    ///
    /// # Examples
    ///
    /// Takes what is done, and goes on:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut set = leno::task::JoinSet::new();
    /// set.spawn(async { "quick" });
    /// set.spawn(std::future::pending());
    /// leno::task::yield_now().await;
    /// assert_eq!(set.try_join_next().unwrap().unwrap(), "quick");
    /// assert!(set.try_join_next().is_none());
    /// assert_eq!(set.len(), 1);
    /// # });
    /// ```
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.take_finished().map(output)
    }

    /// As [`try_join_next`](Self::try_join_next), with the task's id.
    ///
    /// # Errors
    ///
    /// The inner result is an error if the task panicked or was aborted.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut set = leno::task::JoinSet::new();
    /// let id = set.spawn(async { 7 }).id();
    /// leno::task::yield_now().await;
    /// assert_eq!(set.try_join_next_with_id().unwrap().unwrap(), (id, 7));
    /// # });
    /// ```
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        self.take_finished().map(output_with_id)
    }

    /// Aborts all tasks, and waits until they have ended. What they return, and whether they panic, is ignored.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the tasks are aborted at the first poll, and those that have not ended yet are
    /// still in the set.
    ///
    /// # Examples
    ///
    /// When this returns the futures are gone, with what they had:
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let shared = Arc::new(());
    /// let mut set = leno::task::JoinSet::new();
    /// for _ in 0..3 {
    ///     let shared = shared.clone();
    ///     set.spawn(async move {
    ///         std::future::pending::<()>().await;
    ///         drop(shared);
    ///     });
    /// }
    /// set.shutdown().await;
    /// assert_eq!((set.len(), Arc::strong_count(&shared)), (0, 1));
    /// # });
    /// ```
    pub fn shutdown(&mut self) -> impl CancelSafe<Output = ()> {
        assert_cancel_safe(async move {
            self.abort_all();
            while self.join_next().await.is_some() {}
        })
    }

    /// Waits for all tasks, and returns their outputs in the order in which they completed.
    ///
    /// # Panics
    ///
    /// If a task panicked, with its panic, or was aborted. The others are aborted then.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses data: the outputs that it has, and the set, whose tasks are aborted.
    ///
    /// # Examples
    ///
    /// In the order in which they completed:
    ///
    /// ```
    /// use leno::time::{Duration, sleep};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let mut set = leno::task::JoinSet::new();
    /// for seconds in [3, 1, 2] {
    ///     set.spawn(async move {
    ///         sleep(Duration::from_secs(seconds)).await;
    ///         seconds
    ///     });
    /// }
    /// assert_eq!(set.join_all().await, [1, 2, 3]);
    /// # });
    /// ```
    pub async fn join_all(mut self) -> Vec<T> {
        let mut outputs = Vec::with_capacity(self.len());
        while let Some(result) = self.join_next().await {
            match result {
                Ok(output) => outputs.push(output),
                Err(error) if error.is_panic() => panic::resume_unwind(error.into_panic()),
                Err(error) => {
                    panic!("`JoinSet::join_all` needs all tasks to complete, but {error}")
                }
            }
        }
        outputs
    }

    /// Aborts all tasks. They stay in the set until they are joined.
    ///
    /// # Examples
    ///
    /// The first answer is enough:
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut set = leno::task::JoinSet::new();
    /// set.spawn(async { 1 });
    /// set.spawn(std::future::pending());
    /// assert_eq!(set.join_next().await.unwrap().unwrap(), 1);
    /// set.abort_all();
    /// assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
    /// assert!(set.join_next().await.is_none());
    /// # });
    /// ```
    pub fn abort_all(&mut self) {
        for task in self.tasks.iter().flatten() {
            task.abort();
        }
    }

    /// Lets all tasks go without aborting them: they go on alone, and the set is empty. It is as
    /// [`detach`](JoinHandle::detach) is for each.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = leno::sync::oneshot::channel();
    /// let mut set = leno::task::JoinSet::new();
    /// set.spawn(async { sender.send("all the same") });
    /// set.detach_all();
    /// // Dropping it would have aborted the task.
    /// drop(set);
    /// assert_eq!(receiver.await, Ok("all the same"));
    /// # });
    /// ```
    pub fn detach_all(&mut self) {
        for task in self.take_all() {
            task.detach();
        }
    }

    /// Polls for the output of a task; `Ready(None)` if the set is empty.
    ///
    /// If it is pending, the waker of `cx` (and only that of the latest call) will be woken when a task completes. It
    /// may be pending although a task has completed, for want of [budget](super::coop).
    ///
    /// # Errors
    ///
    /// The inner result is an error if the task panicked or was aborted.
    ///
    /// # Examples
    ///
    /// In a future of one's own, which takes what is there each time:
    ///
    /// ```
    /// use leno::task::JoinSet;
    /// use std::future::poll_fn;
    /// use std::task::Poll;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut set = JoinSet::from_iter([1, 2, 3].map(|number| async move { number }));
    /// let mut sum = 0;
    /// poll_fn(|cx| {
    ///     while let Poll::Ready(next) = set.poll_join_next(cx) {
    ///         match next {
    ///             Some(number) => sum += number.unwrap(),
    ///             None => return Poll::Ready(()),
    ///         }
    ///     }
    ///     Poll::Pending
    /// })
    /// .await;
    /// assert_eq!(sum, 6);
    /// # });
    /// ```
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        Poll::Ready(ready!(self.poll_finished(cx)).map(output))
    }

    /// As [`poll_join_next`](Self::poll_join_next), with the task's id.
    ///
    /// # Errors
    ///
    /// The inner result is an error if the task panicked or was aborted.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut set = leno::task::JoinSet::new();
    /// let id = set.spawn(async { 'x' }).id();
    /// let joined = poll_fn(|cx| set.poll_join_next_with_id(cx)).await;
    /// assert_eq!(joined.unwrap().unwrap(), (id, 'x'));
    /// # });
    /// ```
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        Poll::Ready(ready!(self.poll_finished(cx)).map(output_with_id))
    }

    fn poll_finished(&mut self, cx: &mut Context<'_>) -> Poll<Option<JoinHandle<T>>> {
        if self.is_empty() {
            return Poll::Ready(None);
        }
        budget::poll_budgeted(cx, |cx| {
            let (tasks, vacant) = (&mut self.tasks, &mut self.vacant);
            let taken = |number| take(tasks, vacant, number);
            self.finished.poll_take(cx.waker(), taken).map(Some)
        })
    }
}

/// Takes the task with this number out of its place, if it is there and complete.
fn take<T>(
    tasks: &mut [Option<JoinHandle<T>>],
    vacant: &mut Vec<usize>,
    number: usize,
) -> Option<JoinHandle<T>> {
    let place = &mut tasks[number];
    // Else the number is that of a task that was let go.
    if !place.as_ref().is_some_and(JoinHandle::is_finished) {
        return None;
    }
    vacant.push(number);
    place.take()
}

/// The output of a task that is complete.
fn output<T>(mut task: JoinHandle<T>) -> Result<T, JoinError> {
    let mut cx = Context::from_waker(Waker::noop());
    let polled = budget::with_budget(budget::UNLIMITED, || Pin::new(&mut task).poll(&mut cx));
    match polled {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("a task that is complete has no output"),
    }
}

fn output_with_id<T>(task: JoinHandle<T>) -> Result<(Id, T), JoinError> {
    let id = task.id();
    output(task).map(|output| (id, output))
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        for task in self.take_all() {
            // One that is complete is not given up: if it has failed, somebody should know.
            if !task.is_finished() {
                task.abort();
            }
        }
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish()
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Spawns each future of an iterator into a new set.
///
/// ```
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let set: leno::task::JoinSet<_> = (0..3).map(|number| async move { number }).collect();
/// assert_eq!(set.join_all().await.iter().sum::<u32>(), 3);
/// # });
/// ```
impl<T, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = F>>(iter: I) -> Self {
        let mut set = Self::new();
        set.extend(iter);
        set
    }
}

/// Spawns each future of an iterator into the set.
impl<T, F> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    #[track_caller]
    fn extend<I: IntoIterator<Item = F>>(&mut self, iter: I) {
        for task in iter {
            self.spawn(task);
        }
    }
}
