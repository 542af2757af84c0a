//! Groups of tasks that fail together.

mod child;
mod policy;

pub use child::Child;
pub use policy::{AllErrors, Answer, Errors, FirstError, Policy};

use super::body::{Body, Ended, is_within};
use crate::kernel::scope::{Failed, Failure, Node, NodeKind, Seed, tell_of};
use crate::kernel::task::{Failing, Grouped, Origin, Reason};
use crate::locks::Semaphore;
use crate::runtime::current;
use crate::task::local_set::spawn_local_from;
use crate::task::yield_now;
use std::any::Any;
use std::fmt;
use std::future::{Future, pending};
use std::marker::PhantomData;
use std::panic::{Location, resume_unwind};
use std::sync::Arc;

/// Runs `body`, which may spawn tasks into the group that it is given, and waits until all of them have ended.
///
/// No task outlives its group, and no failure is lost: if one of the tasks returns an error or panics, or the body does, the others
/// are cancelled, and the group returns the first error, or resumes the first panic, once all of them are gone.
///
/// - A task's [`Child`] is a future of its output alone: awaiting it needs no `?`. If that task fails, or any other, the body is dropped
///   at its `.await`, as it is when somebody cancels it.
/// - If the body returns `Ok`, the group waits for the tasks that are left, and returns what the body has.
/// - If it returns an error, they are cancelled and waited for.
/// - If the group's future is dropped, by a [`timeout`](crate::time::timeout) or a `select!`, its tasks are cancelled. The group or
///   [`Scope`](crate::task::Scope) around waits for them; where there is none, the end of the runtime does.
///
/// When this returns, however it does, the future of each of the tasks, and each output that nobody has taken, has been dropped.
/// (Only [`mem::forget`](std::mem::forget) of the group's future keeps it from ending its tasks.)
///
/// Errors of tasks that fail after the first are [reported](crate::diagnostics) as failures that nobody has looked at;
/// [`group_with`] and [`Policy::all_errors`] collect them. [`supervise`](crate::task::supervise) is for tasks that do not fail together.
///
/// # Panics
///
/// With what a task, or the body, has panicked with.
///
/// If a task was cancelled because its runtime has ended, and the group's own goes on; and if the scope around is cancelled in
/// which the group has begun, when it is polled outside of that: there is nothing that it could return.
///
/// # Cancel safety
///
/// Dropping the future loses data: what the tasks have done so far. They are cancelled.
///
/// # Cost
///
/// One allocation for the group, and none for a task but the task's own; a task that is done in its first poll takes no lock. A
/// task is counted in its group, and in each group and scope around that.
///
/// # Example
///
/// ```
/// # leno::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// use leno::task;
/// use std::num::ParseIntError;
///
/// async fn parse(text: &'static str) -> Result<u32, ParseIntError> {
///     text.parse()
/// }
///
/// async fn sum(texts: [&'static str; 2]) -> Result<u32, ParseIntError> {
///     task::group(async |group| {
///         let first = group.spawn(parse(texts[0]));
///         let second = group.spawn(parse(texts[1]));
///         Ok(first.await + second.await)
///     })
///     .await
/// }
///
/// assert_eq!(sum(["19", "23"]).await, Ok(42));
/// assert!(sum(["19", "many"]).await.is_err());
/// # });
/// ```
#[track_caller]
pub fn group<T, E, B>(body: B) -> impl Future<Output = Result<T, E>>
where
    B: AsyncFnOnce(&TaskGroup<E>) -> Result<T, E>,
    E: Send + 'static,
{
    run(Policy::first_error(), body, Location::caller())
}

/// As [`group`], with a [`Policy`]: how many tasks there may be at once, and what is returned if several fail.
///
/// # Cancel safety
///
/// Dropping the future loses data: what the tasks have done so far. They are cancelled.
///
/// # Example
///
/// ```
/// # leno::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// use leno::task::{self, Policy};
///
/// let policy = Policy::all_errors().limit(2);
/// let result = task::group_with(policy, async |group| {
///     for n in 0..10 {
///         // At most two at a time.
///         group.spawn_when_free(async move { if n < 5 { Ok(()) } else { Err(n) } }).await;
///     }
///     Ok(())
/// })
/// .await;
/// assert!(*result.unwrap_err().first() >= 5);
/// # });
/// ```
#[track_caller]
pub fn group_with<T, E, B, A>(
    policy: Policy<A>,
    body: B,
) -> impl Future<Output = Result<T, A::Error<E>>>
where
    B: AsyncFnOnce(&TaskGroup<E>) -> Result<T, E>,
    E: Send + 'static,
    A: Answer,
{
    run(policy, body, Location::caller())
}

async fn run<T, E, B, A>(
    policy: Policy<A>,
    body: B,
    place: &'static Location<'static>,
) -> Result<T, A::Error<E>>
where
    B: AsyncFnOnce(&TaskGroup<E>) -> Result<T, E>,
    E: Send + 'static,
    A: Answer,
{
    let seed = Seed::new(NodeKind::Group, place);
    seed.settle();
    let group = TaskGroup {
        node: Arc::clone(seed.make()),
        free: policy.places(),
        _error: PhantomData,
    };
    let (ended, owner) = Body::new(seed, body(&group)).await;
    let node = &group.node;
    let done = match ended {
        Ended::Done(Ok(output)) => Some(output),
        Ended::Done(Err(error)) => {
            node.fail(None, Failed::Error(Box::new(error)), None);
            None
        }
        Ended::Panicked(payload) => {
            node.fail(None, Failed::Panic(payload), None);
            None
        }
        Ended::Cancelled => None,
    };
    if let Some(mut owner) = owner {
        owner.end().await;
    }
    let failures = node.take_failures();
    match done {
        Some(output) if failures.is_empty() => {
            if !node.is_cancelled() {
                return Ok(output);
            }
            // Its tasks may have been cancelled with the scope around, and not have done what they were to do.
            drop(output);
        }
        _ => {}
    }
    let Some((first, rest)) = take_first(failures) else {
        without_answer(node).await
    };
    match first {
        Ok(error) => {
            let (others, rest) = if A::COLLECTS {
                errors_of(rest)
            } else {
                (Vec::new(), rest)
            };
            tell_of(rest);
            Err(A::answer(error, others))
        }
        Err(payload) => {
            tell_of(rest);
            resume_unwind(payload)
        }
    }
}

/// The first that has failed: its error, or its panic; and the others. `None` if there is nobody but those whose runtime has ended.
#[allow(clippy::type_complexity, reason = "it is taken apart where it is used")]
fn take_first<E: 'static>(
    mut failures: Vec<Failure>,
) -> Option<(Result<E, Box<dyn Any + Send>>, Vec<Failure>)> {
    let first = failures
        .iter()
        .position(|failure| !matches!(failure.failed, Failed::Lost))?;
    match failures.remove(first).failed {
        Failed::Error(error) => Some((Ok(downcast(error)), failures)),
        Failed::Panic(payload) => Some((Err(payload), failures)),
        Failed::Lost => unreachable!("it was looked for"),
    }
}

/// The errors among them, and the others.
fn errors_of<E: 'static>(failures: Vec<Failure>) -> (Vec<E>, Vec<Failure>) {
    let mut errors = Vec::new();
    let mut others = Vec::new();
    for failure in failures {
        match failure.failed {
            Failed::Error(error) => errors.push(downcast(error)),
            _ => others.push(failure),
        }
    }
    (errors, others)
}

fn downcast<E: 'static>(error: Box<dyn Any + Send>) -> E {
    match error.downcast() {
        Ok(error) => *error,
        Err(_) => unreachable!("the tasks of a group have its type of error"),
    }
}

/// The group was cancelled, and nobody has failed.
async fn without_answer(node: &Arc<Node>) -> ! {
    let around = node.around().filter(|around| around.reason().is_some());
    match around {
        // Whoever has cancelled that is about to drop this.
        Some(around) if is_within(around) => pending::<()>().await,
        Some(around) => panic!(
            "the group at {} was cancelled with the scope at {} that it had begun in, and is polled outside of it: await a group in \
             the scope that it begins in",
            node.place(),
            around.place()
        ),
        None => {}
    }
    // A task's runtime has ended. If that is this one's too, this is not polled again.
    for _ in 0..2 {
        yield_now().await;
    }
    panic!(
        "a task of the group at {} was cancelled, since the runtime that it was spawned on was shut down",
        node.place()
    )
}

/// A group of tasks, as its body has it; see [`group`].
///
/// A clone is another handle to the same group: it can go to a task of the group that is to spawn more.
///
/// # Examples
///
/// Tasks that spawn tasks, all of them of one group:
///
/// ```
/// use leno::task::{self, TaskGroup};
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use std::sync::Arc;
///
/// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
/// /// Visits a tree, a task for each node.
/// fn visit(group: &TaskGroup<()>, depth: u32, nodes: Arc<AtomicU32>) {
///     let inner = group.clone();
///     drop(group.spawn(async move {
///         nodes.fetch_add(1, Ordering::Relaxed);
///         if depth > 0 {
///             visit(&inner, depth - 1, nodes.clone());
///             visit(&inner, depth - 1, nodes);
///         }
///         Ok(())
///     }));
/// }
///
/// let nodes = Arc::new(AtomicU32::new(0));
/// let counted = nodes.clone();
/// task::group(async move |group| Ok(visit(group, 3, counted))).await.unwrap();
/// assert_eq!(nodes.load(Ordering::Relaxed), 15);
/// # });
/// ```
pub struct TaskGroup<E> {
    node: Arc<Node>,
    /// What there is of free places, if they are limited.
    free: Option<Arc<Semaphore>>,
    _error: PhantomData<fn(E)>,
}

impl<E: Send + 'static> TaskGroup<E> {
    /// Spawns a task of the group on the current runtime.
    ///
    /// If the group has ended, or is cancelled, the future is dropped.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    ///
    /// # Examples
    ///
    /// The first failure ends the others, and is what the group returns:
    ///
    /// ```
    /// use leno::task;
    ///
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let result: Result<(), &str> = task::group(async |group| {
    ///     let never = group.spawn(std::future::pending::<Result<(), &str>>());
    ///     drop(group.spawn(async { Err::<(), _>("out of stock") }));
    ///     never.await;
    ///     unreachable!("it was cancelled");
    /// })
    /// .await;
    /// assert_eq!(result, Err("out of stock"));
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn<T, F>(&self, future: F) -> Child<T>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
    {
        self.spawn_at(future, Origin::caller())
    }

    /// As [`spawn`](Self::spawn), when fewer tasks that were spawned by this are there than the policy's
    /// [limit](Policy::limit) says. Without a limit that is at once.
    ///
    /// What is spawned in other ways does not count.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses data: the task's future, which is dropped unspawned, and its place in the line.
    #[track_caller]
    #[allow(
        clippy::async_yields_async,
        reason = "what is awaited is the place; the task runs by itself"
    )]
    pub fn spawn_when_free<T, F>(&self, future: F) -> impl Future<Output = Child<T>>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
    {
        let place = Location::caller();
        async move {
            let permit = match &self.free {
                // The semaphore is never closed.
                Some(free) => Arc::clone(free).acquire_owned().await.ok(),
                None => None,
            };
            let future = async move {
                let output = future.await;
                drop(permit);
                output
            };
            self.spawn_at(future, Origin::at(place))
        }
    }

    /// Spawns a task of the group that need not be `Send`, on the current [`LocalSet`](crate::task::LocalSet) or
    /// [`LocalRuntime`](crate::runtime::LocalRuntime).
    ///
    /// # Panics
    ///
    /// As [`spawn_local`](crate::task::spawn_local).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task;
    /// use std::rc::Rc;
    ///
    /// let runtime = leno::runtime::LocalRuntime::new()?;
    /// let length: Result<usize, ()> = runtime.block_on(task::group(async |group| {
    ///     let text = Rc::new("not Send");
    ///     Ok(group.spawn_local(async move { Ok(text.len()) }).await)
    /// }));
    /// assert_eq!(length, Ok(8));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_local<T, F>(&self, future: F) -> Child<T>
    where
        F: Future<Output = Result<T, E>> + 'static,
        T: 'static,
    {
        let handle = Grouped::<Failing<E>>::enter(&self.node)
            .map(|member| spawn_local_from(future, Origin::caller(), member));
        Child::of(handle, &self.node)
    }

    /// Runs a closure that may wait, as a task of the group, on a thread for such closures.
    ///
    /// One that has started cannot be stopped, and is waited for; it may ask [`task::is_cancelled`](crate::task::is_cancelled) whether
    /// its result is still wanted.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, and if the system cannot start a thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task;
    ///
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let size: std::io::Result<bool> = task::group(async |group| {
    ///     let here = group.spawn_blocking(|| std::fs::metadata("."));
    ///     Ok(here.await.is_dir())
    /// })
    /// .await;
    /// assert!(size.unwrap());
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_blocking<T, F>(&self, closure: F) -> Child<T>
    where
        F: FnOnce() -> Result<T, E> + Send + 'static,
        T: Send + 'static,
    {
        let origin = Origin::caller();
        let handle = current::expect(|inner| {
            let member = Grouped::<Failing<E>>::enter(&self.node)?;
            Some(inner.spawn_blocking_member(closure, origin, member))
        });
        Child::of(handle, &self.node)
    }

    fn spawn_at<T, F>(&self, future: F, origin: Origin) -> Child<T>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
    {
        let handle = current::expect(|inner| {
            let member = Grouped::<Failing<E>>::enter(&self.node)?;
            Some(inner.spawn_member(future, origin, member))
        });
        Child::of(handle, &self.node)
    }

    /// True if the tasks of the group are to end: one has failed, or the group was dropped, or a scope around it is cancelled.
    ///
    /// # Examples
    ///
    /// For a clone that was kept, and may be too late:
    ///
    /// ```
    /// use leno::task::{self, TaskGroup};
    ///
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let mut kept = None::<TaskGroup<&str>>;
    /// let _ = task::group(async |group| {
    ///     kept = Some(group.clone());
    ///     Err::<(), _>("failed")
    /// })
    /// .await;
    /// assert!(kept.unwrap().is_cancelled());
    /// # });
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.node.reason().is_some()
    }

    /// Why they are, if they are.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::{self, ReasonKind, TaskGroup};
    ///
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let mut kept = None::<TaskGroup<&str>>;
    /// let _ = task::group(async |group| {
    ///     kept = Some(group.clone());
    ///     assert!(group.reason().is_none());
    ///     Err::<(), _>("failed")
    /// })
    /// .await;
    /// assert_eq!(kept.unwrap().reason().unwrap().kind(), ReasonKind::SiblingFailed);
    /// # });
    /// ```
    pub fn reason(&self) -> Option<Reason> {
        self.node.reason()
    }
}

impl<E> Clone for TaskGroup<E> {
    fn clone(&self) -> Self {
        Self {
            node: Arc::clone(&self.node),
            free: self.free.clone(),
            _error: PhantomData,
        }
    }
}

impl<E> fmt::Debug for TaskGroup<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskGroup")
            .field("place", &format_args!("{}", self.node.place()))
            .field("reason", &self.node.reason())
            .finish()
    }
}
