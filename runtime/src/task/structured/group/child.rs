//! The handle to a task of a group.

use super::super::body::is_within;
use crate::kernel::scope::Node;
use crate::kernel::task::{Cancel, Given, Id, JoinHandle};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// A task of a [`group`](crate::task::group), and a future of its output.
///
/// It has no error: if the task fails, or its group does, whoever awaits this in the group is dropped. Dropping it lets the task
/// go on alone; the group waits for it, and drops its output.
///
/// # Panics
///
/// Polling it panics if its task has no output and it is polled outside of its group, whose end does not end who awaits it there.
///
/// # Cancel safety
///
/// Dropping the future loses data: the output. `&mut child` in a `select!` is cancel safe.
///
/// # Examples
///
/// Its output without a `?`, since its failure is the group's:
///
/// ```
/// use leno::task::{self, Child};
///
/// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
/// let sum: Result<u32, std::num::ParseIntError> = task::group(async |group| {
///     let numbers: Vec<Child<u32>> =
///         ["20", "22"].map(|text| group.spawn(async move { text.parse() })).into();
///     let mut sum = 0;
///     for number in numbers {
///         sum += number.await;
///     }
///     Ok(sum)
/// })
/// .await;
/// assert_eq!(sum, Ok(42));
/// # });
/// ```
#[must_use = "the task runs anyway; `drop` it if its output is of no use"]
pub struct Child<T>(Inner<T>);

enum Inner<T> {
    Task(JoinHandle<Given<T>>),
    /// There is no output: the task has failed, with its group, or there is none, as that had ended.
    Nothing(Arc<Node>),
}

impl<T> Child<T> {
    #[inline]
    pub(super) fn of(handle: Option<JoinHandle<Given<T>>>, node: &Arc<Node>) -> Self {
        Self(match handle {
            Some(handle) => Inner::Task(handle),
            None => Inner::Nothing(Arc::clone(node)),
        })
    }

    /// The task's id; `None` if there is no task, since the group had ended, or was cancelled, when it was to be spawned.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task;
    ///
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let same: Result<bool, ()> = task::group(async |group| {
    ///     let child = group.spawn(async { Ok(task::id()) });
    ///     let id = child.id();
    ///     Ok(Some(child.await) == id)
    /// })
    /// .await;
    /// assert_eq!(same, Ok(true));
    /// # });
    /// ```
    pub fn id(&self) -> Option<Id> {
        match &self.0 {
            Inner::Task(handle) => Some(handle.id()),
            Inner::Nothing(_) => None,
        }
    }

    /// True if the task has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let finished: Result<[bool; 2], ()> = task::group(async |group| {
    ///     let child = group.spawn(async { Ok(()) });
    ///     let before = child.is_finished();
    ///     task::yield_now().await;
    ///     Ok([before, child.is_finished()])
    /// })
    /// .await;
    /// assert_eq!(finished, Ok([false, true]));
    /// # });
    /// ```
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            Inner::Task(handle) => handle.is_finished(),
            Inner::Nothing(_) => true,
        }
    }

    /// Ends this task alone, and waits until its future is dropped: `None` then, or its output if it was done before. The group
    /// goes on.
    ///
    /// If the task has failed the group has, too, and this is dropped with the body.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the operation: after its first poll the task ends all the same.
    ///
    /// # Examples
    ///
    /// A part that turns out not to be needed:
    ///
    /// ```
    /// use leno::task;
    ///
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let answer: Result<&str, ()> = task::group(async |group| {
    ///     let slow = group.spawn(std::future::pending::<Result<&str, ()>>());
    ///     let quick = group.spawn(async { Ok("quick") });
    ///     let answer = quick.await;
    ///     assert_eq!(slow.cancel().await, None);
    ///     Ok(answer)
    /// })
    /// .await;
    /// assert_eq!(answer, Ok("quick"));
    /// # });
    /// ```
    #[track_caller]
    pub fn cancel(self) -> impl Future<Output = Option<T>> {
        let cancel: Option<Cancel<Given<T>>> = match self.0 {
            Inner::Task(handle) => Some(handle.cancel()),
            Inner::Nothing(_) => None,
        };
        async move {
            match cancel?.await? {
                Given::Output(output) => Some(output),
                Given::Nothing(_) => None,
            }
        }
    }
}

impl<T> Future for Child<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        if let Inner::Task(handle) = &mut self.0 {
            match ready!(Pin::new(handle).poll(cx)) {
                Ok(Given::Output(output)) => return Poll::Ready(output),
                Ok(Given::Nothing(node)) => self.0 = Inner::Nothing(node),
                Err(error) => unreachable!("a task that fails with its group says so: {error}"),
            }
        }
        self.poll_nothing()
    }
}

impl<T> Child<T> {
    /// There will be no output.
    #[cold]
    fn poll_nothing(&self) -> Poll<T> {
        let Inner::Nothing(node) = &self.0 else {
            unreachable!("the task has an output")
        };
        if is_within(node) {
            // Whoever polls this is dropped by the group's end.
            return Poll::Pending;
        }
        panic!(
            "a task of the group at {} has no output ({}), and its `Child` was awaited outside of the group: await it in the \
             group's body or in one of its tasks, which end with the group",
            node.place(),
            match node.reason() {
                Some(reason) => reason.to_string(),
                None => "the group had ended when it was spawned".to_owned(),
            }
        );
    }
}

impl<T> fmt::Debug for Child<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child").field("id", &self.id()).finish()
    }
}
