//! A part of a program that can be cancelled as a whole, at a deadline or by somebody outside.

use super::body::{Body, Ended};
use crate::kernel::budget;
use crate::kernel::cancel_safe::CancelSafe;
use crate::kernel::scope::{Node, NodeKind, ScopeInfo, Seed};
use crate::kernel::task::{Reason, ReasonKind};
use crate::runtime::current;
use crate::timers::{self, Instant};
use std::error::Error;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::io;
use std::panic::{Location, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// A part of a program that can be cancelled as a whole: at a deadline, or by whoever has a [handle](ScopeHandle).
///
/// What it [runs](Self::run) is then dropped at the `.await` where it stands. Everything that has begun in there, the tasks of
/// [groups](crate::task::group) on whichever thread, is cancelled too, and has ended when `run` returns. Plain
/// [`spawn`](crate::task::spawn) is in no scope: its tasks go on.
///
/// [`timeout`](crate::time::timeout) is less: it drops its future, and does not wait for what that leaves behind; and its time is
/// looked at when the task is polled, where a scope's deadline reaches the tasks of groups also while their parent is busy.
///
/// Scopes may be within each other; whatever cancels one cancels those within it.
///
/// # Example
///
/// ```
/// # leno::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// use leno::task::{self, ReasonKind, Scope};
/// use std::time::Duration;
///
/// let slow = task::group(async |group| {
///     group.spawn(std::future::pending::<Result<(), std::io::Error>>()).await;
///     Ok(())
/// });
/// let cancelled = Scope::new().timeout(Duration::from_millis(2)).run(slow).await.unwrap_err();
/// assert_eq!(cancelled.reason().kind(), ReasonKind::Deadline);
/// # });
/// ```
#[derive(Debug)]
#[must_use = "it does nothing before `run`"]
pub struct Scope {
    seed: Seed,
}

impl Scope {
    /// A scope without a deadline.
    #[track_caller]
    #[allow(
        clippy::new_without_default,
        reason = "a default would not know the caller's place"
    )]
    #[inline]
    pub fn new() -> Self {
        Self {
            seed: Seed::new(NodeKind::Scope, Location::caller()),
        }
    }

    /// Gives the scope a deadline. An earlier one of a scope around holds as well.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or of one with timers.
    ///
    /// # Examples
    ///
    /// What a client has said, for all that is done for it:
    ///
    /// ```
    /// use leno::task::{ReasonKind, Scope};
    /// use leno::time::{Duration, Instant, sleep};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let by = Instant::now() + Duration::from_secs(2);
    /// let slow = Scope::new().deadline(by).run(sleep(Duration::from_secs(60)));
    /// assert_eq!(slow.await.unwrap_err().reason().kind(), ReasonKind::Deadline);
    /// assert_eq!(Instant::now(), by);
    /// # });
    /// ```
    #[track_caller]
    #[inline]
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.seed
            .set_deadline(deadline.nanoseconds(), current::wheel());
        self
    }

    /// Gives the scope a deadline from now.
    ///
    /// # Panics
    ///
    /// As [`deadline`](Self::deadline).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::Scope;
    /// use leno::time::{Duration, sleep};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let in_time = Scope::new().timeout(Duration::from_secs(2)).run(async {
    ///     sleep(Duration::from_secs(1)).await;
    ///     "done"
    /// });
    /// assert_eq!(in_time.await.unwrap(), "done");
    /// # });
    /// ```
    #[track_caller]
    #[inline]
    pub fn timeout(mut self, duration: Duration) -> Self {
        self.seed
            .set_deadline(timers::after(duration), current::wheel());
        self
    }

    /// A handle by which others can cancel the scope, or learn that it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::Scope;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let scope = Scope::new();
    /// let handle = scope.handle();
    /// assert!(!handle.is_cancelled());
    /// handle.cancel("before it began");
    /// assert!(scope.run(std::future::pending::<()>()).await.is_err());
    /// # });
    /// ```
    #[inline]
    pub fn handle(&self) -> ScopeHandle {
        ScopeHandle {
            node: Arc::clone(self.seed.early()),
        }
    }

    /// Runs `future` in the scope.
    ///
    /// If the scope is cancelled, `future` is dropped, and this returns when all that has begun in the scope has ended: tasks of
    /// groups, [shields](crate::task::shield) and [cleanups](crate::task::guard()).
    ///
    /// So give it the future itself. Of a `&mut future` only the reference is dropped: the tasks of a group that has begun in
    /// that have ended too, but its body is still there.
    ///
    /// # Errors
    ///
    /// If the scope is cancelled before `future` is ready.
    ///
    /// # Panics
    ///
    /// If `future` does.
    ///
    /// # Cancel safety
    ///
    /// As that of its future: dropping one cancels the other. The scope around waits for what is left.
    ///
    /// # Cost
    ///
    /// Nothing but a look at the clock, for a deadline, if `future` is ready at its first poll and nothing begins in it.
    /// Otherwise an allocation, and one for a timer.
    ///
    /// # Examples
    ///
    /// When it returns, what has begun in it has ended:
    ///
    /// ```
    /// use leno::task::{self, Scope};
    /// use std::sync::Arc;
    ///
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let scope = Scope::new();
    /// let (stop, shared) = (scope.handle(), Arc::new(()));
    /// let held = shared.clone();
    /// let result = scope
    ///     .run(task::group(async move |group| {
    ///         let never = group.spawn(async move {
    ///             std::future::pending::<()>().await;
    ///             drop(held);
    ///             Ok::<(), ()>(())
    ///         });
    ///         stop.cancel("enough");
    ///         Ok::<(), ()>(never.await)
    ///     }))
    ///     .await;
    /// assert!(result.is_err());
    /// assert_eq!(Arc::strong_count(&shared), 1);
    /// # });
    /// ```
    pub fn run<F: IntoFuture>(
        self,
        future: F,
    ) -> impl Future<Output = Result<F::Output, Cancelled>> {
        let future = future.into_future();
        async move {
            let (ended, owner) = Body::new(self.seed, future).await;
            let reason = match owner {
                Some(mut owner) => {
                    owner.end().await;
                    owner.node().reason()
                }
                None => None,
            };
            match ended {
                Ended::Done(output) => Ok(output),
                Ended::Panicked(payload) => resume_unwind(payload),
                Ended::Cancelled => Err(Cancelled {
                    reason: reason.unwrap_or_else(Reason::shutdown),
                }),
            }
        }
    }
}

/// What ran in a [`Scope`] was dropped, since the scope was cancelled.
///
/// # Examples
///
/// As an IO error it is a timeout, if it was one:
///
/// ```
/// use leno::task::Scope;
/// use leno::time::Duration;
/// use std::io;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
/// let limit = Scope::new().timeout(Duration::from_secs(1));
/// let cancelled = limit.run(std::future::pending::<()>()).await.unwrap_err();
/// assert_eq!(io::Error::from(cancelled).kind(), io::ErrorKind::TimedOut);
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct Cancelled {
    reason: Reason,
}

impl Cancelled {
    /// Why.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::{ReasonKind, Scope};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let scope = Scope::new();
    /// scope.handle().cancel("the user has left");
    /// let cancelled = scope.run(std::future::pending::<()>()).await.unwrap_err();
    /// assert_eq!(cancelled.reason().kind(), ReasonKind::Requested);
    /// assert_eq!(cancelled.reason().text(), Some("the user has left"));
    /// # });
    /// ```
    #[inline]
    pub fn reason(&self) -> &Reason {
        &self.reason
    }
}

impl fmt::Display for Cancelled {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.write_verdict(f)
    }
}

impl Error for Cancelled {}

impl From<Cancelled> for io::Error {
    #[inline]
    fn from(cancelled: Cancelled) -> Self {
        let kind = match cancelled.reason.kind() {
            ReasonKind::Deadline => io::ErrorKind::TimedOut,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, cancelled)
    }
}

/// A handle to a [`Scope`], to be cloned and sent to whoever may cancel it.
///
/// ```
/// # leno::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// use leno::task::Scope;
///
/// let scope = Scope::new();
/// let stop = scope.handle();
/// leno::spawn(async move { stop.cancel("client went away") });
///
/// let cancelled = scope.run(std::future::pending::<()>()).await.unwrap_err();
/// assert_eq!(cancelled.reason().text(), Some("client went away"));
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct ScopeHandle {
    node: Arc<Node>,
}

impl ScopeHandle {
    /// Cancels the scope, and tells why. False if it had been cancelled before, for whose reason stays.
    ///
    /// If it has not been run yet it is cancelled at once when it is; if it has ended nothing happens.
    ///
    /// # Examples
    ///
    /// ```
    /// let scope = leno::task::Scope::new();
    /// let stop = scope.handle();
    /// assert!(stop.cancel("the first reason stays"));
    /// assert!(!stop.cancel("another one"));
    /// assert_eq!(stop.reason().unwrap().text(), Some("the first reason stays"));
    /// ```
    #[track_caller]
    #[inline]
    pub fn cancel(&self, reason: &str) -> bool {
        self.node
            .cancel(&Reason::requested(Location::caller(), reason))
    }

    /// Gives the scope a deadline in place of the one that it has, if it has one.
    ///
    /// The runtime that runs the scope must have timers, or that panics.
    ///
    /// # Examples
    ///
    /// More time, since there is progress:
    ///
    /// ```
    /// use leno::task::Scope;
    /// use leno::time::{Duration, Instant, sleep};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let scope = Scope::new().timeout(Duration::from_secs(1));
    /// let time = scope.handle();
    /// let steps = scope.run(async {
    ///     for _ in 0..3 {
    ///         time.set_deadline(Instant::now() + Duration::from_secs(1));
    ///         sleep(Duration::from_millis(900)).await;
    ///     }
    ///     "longer than a second"
    /// });
    /// assert_eq!(steps.await.unwrap(), "longer than a second");
    /// # });
    /// ```
    #[inline]
    pub fn set_deadline(&self, deadline: Instant) {
        self.node.set_deadline(deadline.nanoseconds());
    }

    /// True if the scope is cancelled, or one around it.
    ///
    /// # Examples
    ///
    /// ```
    /// let scope = leno::task::Scope::new();
    /// let stop = scope.handle();
    /// assert!(!stop.is_cancelled());
    /// stop.cancel("enough");
    /// assert!(stop.is_cancelled());
    /// ```
    #[inline]
    pub fn is_cancelled(&self) -> bool {
        self.node.reason().is_some()
    }

    /// Why it is, if it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task::{ReasonKind, Scope};
    /// use leno::time::{Duration, sleep};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let scope = Scope::new().timeout(Duration::from_secs(1));
    /// let handle = scope.handle();
    /// assert!(handle.reason().is_none());
    /// let _ = scope.run(sleep(Duration::from_secs(2))).await;
    /// assert_eq!(handle.reason().unwrap().kind(), ReasonKind::Deadline);
    /// # });
    /// ```
    #[inline]
    pub fn reason(&self) -> Option<Reason> {
        self.node.reason()
    }

    /// Waits until the scope is cancelled, and tells why: for those who look instead of being dropped.
    ///
    /// It waits for ever if the scope ends without being cancelled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// Something outside of the scope that follows it:
    ///
    /// ```
    /// use leno::task::Scope;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let scope = Scope::new();
    /// let follower = leno::spawn(scope.handle().cancelled());
    /// scope.handle().cancel("done with it");
    /// assert_eq!(follower.await.unwrap().text(), Some("done with it"));
    /// # });
    /// ```
    #[inline]
    pub fn cancelled(&self) -> impl CancelSafe<Output = Reason> + Send + Sync + 'static {
        Waiting {
            node: Arc::clone(&self.node),
            key: None,
        }
    }
}

struct Waiting {
    node: Arc<Node>,
    key: Option<u64>,
}

impl CancelSafe for Waiting {}

impl Future for Waiting {
    type Output = Reason;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Reason> {
        let unit = ready!(budget::poll_proceed(cx));
        let this = &mut *self;
        let reason = ready!(this.node.poll_reason(&mut this.key, cx));
        unit.made_progress();
        Poll::Ready(reason)
    }
}

impl Drop for Waiting {
    #[inline]
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.node.forget_waiter(key);
        }
    }
}

impl ScopeInfo {
    /// When the scope is cancelled by itself, if it has a deadline of its own; those [around](Self::around) may have earlier ones.
    ///
    /// A [shield](crate::task::shield) has one from when it goes on without whoever awaited it.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::runtime::Handle;
    /// use leno::task::{self, Scope};
    /// use leno::time::{Duration, Instant};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let by = Instant::now() + Duration::from_secs(5);
    /// let work = task::supervise(async |tasks| {
    ///     let waiter = tasks.spawn(std::future::pending::<()>());
    ///     task::yield_now().await;
    ///     let supervisor = Handle::current().tasks()[0].scope().cloned().unwrap();
    ///     assert_eq!(supervisor.deadline(), None);
    ///     assert_eq!(supervisor.around().unwrap().deadline(), Some(by));
    ///     waiter.cancel().await;
    /// });
    /// Scope::new().deadline(by).run(work).await.unwrap();
    /// # });
    /// ```
    #[inline]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline_in_nanoseconds()
            .map(Instant::from_nanoseconds)
    }
}

/// When what runs here is to have ended: the earliest deadline of the [scopes](Scope) around it. `None` if there is none.
///
/// To be told to others, who work for this: as a header of a request, for instance.
///
/// ```
/// # leno::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// use leno::task::{self, Scope};
/// use leno::time::{Duration, Instant};
///
/// assert_eq!(task::deadline(), None);
/// let soon = Instant::now() + Duration::from_secs(2);
/// Scope::new().deadline(soon).run(async {
///     assert_eq!(task::deadline(), Some(soon));
/// }).await.unwrap();
/// # });
/// ```
#[inline]
pub fn deadline() -> Option<Instant> {
    Node::current()?.deadline().map(Instant::from_nanoseconds)
}

/// True if what runs here is to end: its group or scope is cancelled, or one around that.
///
/// Asynchronous code need not ask, since it is dropped at its next `.await`; a blocking closure, or a long computation, may.
///
/// ```
/// # leno::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// use leno::task;
///
/// let result: Result<(), &str> = task::group(async |group| {
///     let (sender, started) = leno::sync::oneshot::channel();
///     drop(group.spawn_blocking(move || {
///         let _ = sender.send(());
///         while !task::is_cancelled() {
///             std::thread::yield_now();
///         }
///         Ok(())
///     }));
///     let _ = started.await;
///     Err("no time for that")
/// }).await;
/// assert!(result.is_err());
/// # });
/// ```
#[inline]
pub fn is_cancelled() -> bool {
    Node::current().is_some_and(|node| node.reason().is_some())
}

/// Why what runs here is to end, if it is; see [`is_cancelled`].
///
/// # Examples
///
/// ```
/// use leno::task::{self, ReasonKind};
///
/// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
/// let (sender, told) = leno::sync::oneshot::channel();
/// let result: Result<(), &str> = task::group(async |group| {
///     let (started, has_started) = leno::sync::oneshot::channel();
///     drop(group.spawn_blocking(move || {
///         let _ = started.send(());
///         let reason = loop {
///             match task::reason() {
///                 Some(reason) => break reason,
///                 None => std::thread::yield_now(),
///             }
///         };
///         let _ = sender.send(reason);
///         Ok(())
///     }));
///     let _ = has_started.await;
///     Err("no time for that")
/// })
/// .await;
/// assert!(result.is_err());
/// assert_eq!(told.await.unwrap().kind(), ReasonKind::SiblingFailed);
/// # });
/// ```
#[inline]
pub fn reason() -> Option<Reason> {
    Node::current()?.reason()
}
