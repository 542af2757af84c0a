//! What goes on when its surroundings are cancelled, for a while.

use super::body::{Body, Ended};
use crate::introspection;
use crate::kernel::findings::Finding;
use crate::kernel::scope::{Node, NodeKind, Owner, Seed};
use crate::kernel::task::{Apart, Grouped, Origin, Reason};
use crate::runtime::{Handle, current};
use crate::timers;
use std::fmt;
use std::future::{Future, pending};
use std::panic::{Location, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// Runs `future`, which goes on if what awaits it is dropped: for at most `limit` from then on.
///
/// As long as nothing happens it is polled by whoever awaits it. If that is dropped, since its task, its group or its
/// [`Scope`](crate::task::Scope) is cancelled, or by a `select!`, a task of its own takes over, and the group or scope around waits for
/// it. When `limit` is up it is dropped, which is [reported](crate::diagnostics). Within,
/// [`task::is_cancelled`](crate::task::is_cancelled) and [`task::deadline`](crate::task::deadline) tell of the shield's limit alone.
///
/// If it is dropped before its first poll, nothing has begun, and nothing goes on. The end of the runtime ends it too.
///
/// # Panics
///
/// If `future` does; outside of a runtime, or of one with timers.
///
/// # Cancel safety
///
/// Dropping the future does not stop the operation: after the first poll `future` goes on, which is what this is for. Its output is
/// dropped then, and if it is an error that is reported.
///
/// # Cost
///
/// An allocation for the future, and one for the scope; a task if it comes to that.
///
/// # Example
///
/// ```
/// # leno::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// use leno::task::{self, Scope};
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use std::time::Duration;
///
/// let committed = Arc::new(AtomicBool::new(false));
/// let commit = {
///     let committed = Arc::clone(&committed);
///     async move {
///         leno::time::sleep(Duration::from_millis(5)).await;
///         committed.store(true, Ordering::Relaxed);
///     }
/// };
/// let scope = Scope::new().timeout(Duration::from_millis(1));
/// let result = scope.run(task::shield(Duration::from_secs(5), commit)).await;
/// assert!(result.is_err());
/// assert!(committed.load(Ordering::Relaxed));
/// # });
/// ```
#[track_caller]
pub fn shield<F>(limit: Duration, future: F) -> Shield<F>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Shield {
        running: Some(Running::new(limit, future)),
    }
}

/// A future that goes on if it is dropped, made by [`shield`].
///
/// # Examples
///
/// Dropped after its first poll, it is done all the same:
///
/// ```
/// use leno::task;
/// use std::time::Duration;
///
/// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
/// let (sender, committed) = leno::sync::oneshot::channel();
/// let commit = task::shield(Duration::from_secs(5), async move {
///     task::yield_now().await;
///     sender.send("committed")
/// });
/// leno::select! {
///     biased;
///     _ = commit => unreachable!("it waits once"),
///     () = async {} => {}
/// }
/// assert_eq!(committed.await, Ok("committed"));
/// # });
/// ```
#[must_use = "nothing begins before it is awaited"]
pub struct Shield<F>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    /// `None` when it is done.
    running: Option<Running<F>>,
}

/// A future in a shield, whoever polls it.
pub(super) struct Running<F: Future> {
    body: Pin<Box<Body<F>>>,
    /// The body is done, and what it has left is waited for.
    ended: Option<(Ended<F::Output>, Option<Owner>)>,
    limit: Duration,
    /// From the first poll on.
    runtime: Option<Handle>,
    place: &'static Location<'static>,
}

impl<F: Future + Send + 'static> Running<F>
where
    F::Output: Send + 'static,
{
    #[track_caller]
    pub(super) fn new(limit: Duration, future: F) -> Self {
        let _can_be_kept = current::wheel();
        let place = Location::caller();
        Self::at(place, limit, future)
    }

    pub(super) fn at(place: &'static Location<'static>, limit: Duration, future: F) -> Self {
        let seed = Seed::new(NodeKind::Shield(limit), place);
        Self {
            body: Box::pin(Body::new(seed, future)),
            ended: None,
            limit,
            runtime: None,
            place,
        }
    }

    /// Begins here, on the runtime.
    pub(super) fn begin(&mut self, runtime: Handle) {
        self.runtime = Some(runtime);
    }

    /// Goes on as a task, which the scope that it has begun in waits for.
    pub(super) fn go_on(mut self) {
        // What has never been polled does not go on; nor does what is done.
        let (Some(runtime), None) = (self.runtime.take(), self.ended.take()) else {
            return;
        };
        let node = Arc::clone(self.body.make());
        // From now on, by the clock of where it runs.
        let at = {
            let _entered = runtime.enter();
            node.set_wheel(current::wheel());
            timers::after(self.limit)
        };
        let Some(member) = Grouped::<Apart>::enter(&node) else {
            unreachable!("nobody cancels a shield before its time is set");
        };
        // It may be up already: then the task ends before it begins.
        node.set_deadline(at);
        node.arm();
        let mut watch = Watch {
            node,
            is_done: false,
        };
        let mut body = self.body;
        let owner = body.as_mut().take_owner();
        let task = async move {
            let (ended, _) = body.await;
            watch.see(&ended);
            match ended {
                Ended::Done(output) => output,
                Ended::Panicked(payload) => resume_unwind(payload),
                // The task is cancelled too, and is not polled again.
                Ended::Cancelled => pending().await,
            }
        };
        let origin = Origin::at(self.place);
        drop(runtime.inner().spawn_member(task, origin, member));
        // The task is in it, and so it ends with that.
        if let Some(owner) = owner {
            owner.hand_over();
        }
    }
}

/// Tells of a task that was cut short.
struct Watch {
    node: Arc<Node>,
    is_done: bool,
}

impl Watch {
    fn see<T>(&mut self, ended: &Ended<T>) {
        self.is_done = !matches!(ended, Ended::Cancelled);
    }
}

impl Drop for Watch {
    #[inline]
    fn drop(&mut self) {
        self.node.disarm();
        if !self.is_done {
            introspection::tell_here(
                |wanted| wanted.lost_panics,
                Finding::CutShort {
                    place: self.node.place(),
                    reason: self.node.reason().unwrap_or_else(Reason::shutdown),
                },
            );
        }
    }
}

impl<F> Unpin for Shield<F>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
}

impl<F> Future for Shield<F>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Some(running) = &mut self.running else {
            panic!("a `Shield` was polled after it had returned its output");
        };
        if running.runtime.is_none() {
            running.begin(Handle::current());
        }
        if running.ended.is_none() {
            running.ended = Some(ready!(running.body.as_mut().poll(cx)));
        }
        if let Some((_, Some(owner))) = &mut running.ended {
            ready!(owner.poll_end(cx));
        }
        match self.running.take().and_then(|running| running.ended) {
            Some((Ended::Done(output), _)) => Poll::Ready(output),
            Some((Ended::Panicked(payload), _)) => resume_unwind(payload),
            Some((Ended::Cancelled, _)) | None => {
                unreachable!("nobody cancels a shield that is awaited")
            }
        }
    }
}

impl<F> Drop for Shield<F>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.go_on();
        }
    }
}

impl<F> fmt::Debug for Shield<F>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shield")
            .field("is_done", &self.running.is_none())
            .finish_non_exhaustive()
    }
}
