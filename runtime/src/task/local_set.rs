//! Tasks that are not `Send`.

use super::{JoinHandle, TaskInfo};
use crate::kernel::budget;
use crate::kernel::local_set as kernel;
use crate::kernel::task::{Membership, Origin};
use crate::runtime::sets::Noted;
use crate::runtime::{self, Runtime, current};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Spawns a task that stays on this thread, on the [`LocalSet`] that is running here (or has been
/// [entered](LocalSet::enter)), or else on the current [`LocalRuntime`](crate::runtime::LocalRuntime). Its future need not
/// be `Send`.
///
/// Other than that it is as [`spawn`](super::spawn); the task ends with the set, or the runtime.
///
/// # Panics
///
/// Outside of both. A task spawned by [`spawn`](super::spawn) is outside, also if a task of a set spawned it.
///
/// # Example
///
/// ```
/// use leno::task::{LocalSet, spawn_local};
/// use std::rc::Rc;
///
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let text = Rc::new("not Send");
/// LocalSet::new()
///     .run_until(async move {
///         let length = spawn_local(async move { text.len() }).await;
///         assert_eq!(length.unwrap(), 8);
///     })
///     .await;
/// # });
/// ```
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    spawn_local_from(future, Origin::caller(), ())
}

/// As [`spawn_local`].
#[track_caller]
pub(super) fn spawn_local_from<F, M>(future: F, origin: Origin, member: M) -> JoinHandle<M::Kept>
where
    F: Future + 'static,
    M: Membership<F::Output>,
{
    let (future, origin, member) = match kernel::spawn_on_current(future, origin, member) {
        Ok(handle) => return handle,
        Err(refused) => refused,
    };
    let mut unspawned = Some((future, origin, member));
    let owned = current::with(|inner| {
        let (future, origin, member) = unspawned.take()?;
        let spawned = inner.spawn_local(future, origin, member);
        // Before any panic.
        Some((
            inner.owner(),
            spawned.map_err(|(_, member)| member.give_back()),
        ))
    });
    if let Some((_, _, member)) = unspawned {
        member.give_back();
    }
    let owned = owned.flatten();
    match owned {
        Some((_, Ok(handle))) => handle,
        Some((Some(_), Err(()))) => panic!(
            "Local tasks can only be spawned on a LocalRuntime from the thread the runtime was created on"
        ),
        _ => panic!(
            "`spawn_local` called from outside of a `task::LocalSet` or `runtime::LocalRuntime`: call it in \
             `LocalSet::run_until`, in a task of a set or in a `LocalRuntime`, or use `LocalSet::spawn_local`; a task \
             that is `Send` can be spawned by `leno::spawn`"
        ),
    }
}

/// A set of tasks that need not be `Send`: they all stay on the thread of the set, and run while it is polled.
///
/// There are three ways to run a set: [`run_until`](Self::run_until) runs it until a future is ready,
/// [`block_on`](Self::block_on) does so on a runtime from outside, and awaiting the set itself runs it until all its
/// tasks have completed. Each poll of it runs at most 61 tasks, then everything else on the thread gets its turn.
///
/// A runtime in which the set is polled tells of its tasks as it tells of its own: they are among its
/// [tasks](crate::runtime::Handle::tasks), in its [dumps](crate::runtime::Handle::dump), and what is
/// [looked for](crate::diagnostics::Diagnostics) at them is what the runtime was told to look for. A set that is polled in another
/// runtime then goes there.
///
/// If several parts of a program run one set by turns, the one that has polled it last is woken for its tasks.
///
/// Dropping the set drops its tasks. Their wakers and handles may be on other threads, which never run or drop a future
/// of the set: at most the set's destructor waits a moment for one that is waking a task right then.
///
/// # Cancel safety
///
/// Dropping the future loses data: the set is the future, and its tasks are dropped with it. Await `&mut set` to keep them.
///
/// # Example
///
/// ```
/// use leno::task::LocalSet;
/// use std::cell::Cell;
/// use std::rc::Rc;
///
/// let runtime = leno::runtime::Builder::new_current_thread().build()?;
/// let sum = Rc::new(Cell::new(0));
/// let set = LocalSet::new();
/// for number in 1..=3 {
///     let sum = sum.clone();
///     set.spawn_local(async move { sum.set(sum.get() + number) });
/// }
/// runtime.block_on(set);
/// assert_eq!(sum.get(), 6);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct LocalSet {
    set: kernel::LocalSet,
    id: runtime::Id,
    /// After the set: its tasks are known until they have ended.
    noted: Noted,
}

/// Within this guard's life [`spawn_local`] spawns onto the set that was [entered](LocalSet::enter).
///
/// Guards are to be dropped in the opposite order to that in which they were got.
///
/// # Examples
///
/// ```
/// use leno::task::{LocalSet, spawn_local};
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let set = LocalSet::new();
/// let task = {
///     let _entered: leno::task::LocalEnterGuard = set.enter();
///     spawn_local(async { "waits for the set to run" })
/// };
/// assert!(set.run_until(task).await.is_ok());
/// # });
/// ```
pub struct LocalEnterGuard {
    _entered: kernel::Entered,
}

impl LocalSet {
    /// An empty set, of this thread.
    ///
    /// # Examples
    ///
    /// It needs no runtime before it is run:
    ///
    /// ```
    /// use leno::task::LocalSet;
    ///
    /// let set = LocalSet::new();
    /// let task = set.spawn_local(async { 1 });
    /// assert!(!task.is_finished());
    /// ```
    #[inline]
    pub fn new() -> Self {
        let id = runtime::Id::next();
        Self {
            set: kernel::LocalSet::new(),
            id,
            noted: Noted::new(id),
        }
    }

    /// What tells the set from all other sets and runtimes of the process.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::LocalSet;
    ///
    /// assert_ne!(LocalSet::new().id(), LocalSet::new().id());
    /// ```
    #[inline]
    pub fn id(&self) -> runtime::Id {
        self.id
    }

    /// Lets [`spawn_local`] spawn onto this set until the guard is dropped. That alone does not run the tasks.
    ///
    /// Onto a set that has been dropped meanwhile only tasks that are cancelled at once are spawned.
    ///
    /// # Examples
    ///
    /// For code that spawns when it is set up, before anything runs:
    ///
    /// ```
    /// use leno::task::{LocalSet, spawn_local};
    /// use std::cell::Cell;
    /// use std::rc::Rc;
    ///
    /// /// Of a library that calls `spawn_local` in its constructor.
    /// fn counter(count: Rc<Cell<u32>>) {
    ///     spawn_local(async move { count.set(count.get() + 1) });
    /// }
    ///
    /// let (set, count) = (LocalSet::new(), Rc::new(Cell::new(0)));
    /// {
    ///     let _entered = set.enter();
    ///     counter(count.clone());
    /// }
    /// leno::runtime::Runtime::new()?.block_on(set);
    /// assert_eq!(count.get(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn enter(&self) -> LocalEnterGuard {
        LocalEnterGuard {
            _entered: self.set.enter(),
        }
    }

    /// Spawns a task onto this set, whether it is running or not. Otherwise as [`spawn_local`].
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::LocalSet;
    /// use std::rc::Rc;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let set = LocalSet::new();
    /// let number = Rc::new(6);
    /// let task = set.spawn_local(async move { *number * 7 });
    /// assert_eq!(set.run_until(task).await.unwrap(), 42);
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.spawn_from(future, Origin::caller())
    }

    pub(super) fn spawn_from<F>(&self, future: F, origin: Origin) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.set.spawn(future, origin)
    }

    /// The tasks of the set that have been asleep, and the one that calls this.
    ///
    /// They are among those of the [runtime](crate::runtime::Handle::tasks) in which the set was polled last, too, if it was in
    /// one.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let set = leno::task::LocalSet::new();
    /// let task = set.spawn_local(std::future::pending::<()>());
    /// set.run_until(leno::task::yield_now()).await;
    /// assert_eq!(set.tasks()[0].id(), task.id());
    /// # });
    /// ```
    #[inline]
    pub fn tasks(&self) -> Vec<TaskInfo> {
        self.set.tasks()
    }

    /// Waits for `future` on a runtime, and runs the set meanwhile.
    ///
    /// # Panics
    ///
    /// As [`Runtime::block_on`]. [`block_in_place`](super::block_in_place) panics in `future` and in the set's tasks.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::{LocalSet, spawn_local};
    /// use std::rc::Rc;
    ///
    /// let (runtime, set) = (leno::runtime::Runtime::new()?, LocalSet::new());
    /// let sum = set.block_on(&runtime, async {
    ///     let shared = Rc::new(20);
    ///     let other = spawn_local({
    ///         let shared = shared.clone();
    ///         async move { *shared + 2 }
    ///     });
    ///     other.await.unwrap() + *shared
    /// });
    /// assert_eq!(sum, 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F>(&self, rt: &Runtime, future: F) -> F::Output
    where
        F: Future,
    {
        rt.block_on(self.run_until(future))
    }

    /// Runs the set until `future` is ready. Tasks that have not completed stay in the set, and do nothing until it is
    /// run again.
    ///
    /// # Cancel safety
    ///
    /// As that of its future.
    ///
    /// # Examples
    ///
    /// Tasks that are not done wait for the next time:
    ///
    /// ```
    /// use leno::task::LocalSet;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let set = LocalSet::new();
    /// let (sender, receiver) = leno::sync::oneshot::channel();
    /// let task = set.spawn_local(receiver);
    /// set.run_until(leno::task::yield_now()).await;
    /// assert!(!task.is_finished());
    /// sender.send("now").unwrap();
    /// assert_eq!(set.run_until(task).await.unwrap(), Ok("now"));
    /// # });
    /// ```
    pub async fn run_until<F>(&self, future: F) -> F::Output
    where
        F: Future,
    {
        RunUntil { set: self, future }.await
    }
}

pin_project! {
    struct RunUntil<'a, F> {
        set: &'a LocalSet,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for RunUntil<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.set.noted.note(&this.set.set);
        let polling = this.set.set.poll(cx.waker());
        let polled = budget::with_budget(budget::of_a_poll(), || this.future.poll(cx));
        if polled.is_pending() && polling.run_tasks() {
            cx.waker().wake_by_ref();
        }
        polled
    }
}

/// Runs the set until all its tasks have completed.
impl Future for LocalSet {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.noted.note(&self.set);
        let polling = self.set.poll(cx.waker());
        if polling.run_tasks() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.set.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Default for LocalSet {
    #[inline]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for LocalSet {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.set.fmt(f)
    }
}

impl fmt::Debug for LocalEnterGuard {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalEnterGuard").finish_non_exhaustive()
    }
}
