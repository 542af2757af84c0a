//! Groups of tasks whose ends are their own.

use crate::kernel::blocking;
use crate::kernel::scope::{Node, NodeKind, Seed};
use crate::kernel::task::{Apart, Grouped, Origin, Reason};
use crate::runtime::current;
use crate::task::JoinHandle;
use crate::task::local_set::spawn_local_from;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

/// Runs `body`, which may spawn tasks that it is given a place for, and waits until all of them have ended.
///
/// Unlike in a [`group`](crate::task::group) the end of a task is its own: if one fails, the others go on, and its [`JoinHandle`]
/// tells. A handle that is dropped leaves the failure to be [reported](crate::diagnostics). It is the form for a server, whose
/// connections have nothing to do with each other but that none is to outlive it.
///
/// When this returns, however it does, the future of each of the tasks has been dropped:
///
/// - If the body returns, the tasks that are left are waited for. [`Supervisor::cancel`] ends them.
/// - If the body panics they are cancelled and waited for, and the panic goes on.
/// - If this future is dropped they are cancelled. The group or [`Scope`](crate::task::Scope) around waits for them; where there is
///   none, the end of the runtime does.
///
/// # Panics
///
/// If the body panics.
///
/// # Cancel safety
///
/// Dropping the future loses data: what the tasks have done so far. They are cancelled.
///
/// # Example
///
/// ```
/// # leno::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// use leno::io::{AsyncReadExt, AsyncWriteExt};
/// use leno::net::{TcpListener, TcpStream};
/// use leno::task;
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let address = listener.local_addr()?;
/// let mut client = TcpStream::connect(address).await?;
///
/// task::supervise(async |connections| {
///     let (mut socket, _) = listener.accept().await?;
///     connections.spawn_and_report(async move { socket.write_all(b"hello").await });
///     std::io::Result::Ok(())
/// })
/// .await?;
/// // Whoever was connected has been served.
/// let mut text = String::new();
/// client.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn supervise<T, B>(body: B) -> impl Future<Output = T>
where
    B: AsyncFnOnce(&Supervisor) -> T,
{
    let place = Location::caller();
    async move {
        let mut seed = Seed::new(NodeKind::Supervisor, place);
        seed.settle();
        let supervisor = Supervisor {
            node: Arc::clone(seed.make()),
        };
        let owner = seed.take_owner();
        // The tasks are in the scope, and the body is not: it goes on when they are cancelled.
        let ended = {
            let mut body = pin!(Some(body(&supervisor)));
            let ended = poll_fn(|cx| {
                let polled = catch_unwind(AssertUnwindSafe(|| {
                    let body = body.as_mut().as_pin_mut();
                    body.expect("it is there until it has ended").poll(cx)
                }));
                match polled {
                    Ok(polled) => polled.map(Ok),
                    Err(payload) => Poll::Ready(Err(payload)),
                }
            })
            .await;
            let dropped = catch_unwind(AssertUnwindSafe(|| body.set(None)));
            dropped.and(ended)
        };
        if ended.is_err() {
            let reason = Reason::sibling(true, place, None, None);
            supervisor.node.cancel(&reason);
        }
        if let Some(mut owner) = owner {
            owner.end().await;
        }
        match ended {
            Ok(output) => output,
            Err(payload) => resume_unwind(payload),
        }
    }
}

/// Where the tasks of a [`supervise`] are spawned.
///
/// A clone is another handle to the same: it can go to a task that is to spawn more.
///
/// # Examples
///
/// Connections of a server: each fails alone, and all are over when it returns.
///
/// ```
/// use leno::task;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
/// let served = Arc::new(AtomicU32::new(0));
/// task::supervise(async |connections| {
///     for number in 0..5 {
///         let served = served.clone();
///         connections.spawn(async move {
///             task::yield_now().await;
///             served.fetch_add(number, Ordering::Relaxed);
///         });
///     }
/// })
/// .await;
/// assert_eq!(served.load(Ordering::Relaxed), 10);
/// # });
/// ```
#[derive(Clone)]
pub struct Supervisor {
    node: Arc<Node>,
}

impl Supervisor {
    /// Spawns a task on the current runtime.
    ///
    /// If the tasks have been cancelled, or all have ended and the body too, this one is cancelled before its first poll.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let (fine, failed) = leno::task::supervise(async |tasks| {
    ///     let failed = tasks.spawn(async { panic!("on purpose") });
    ///     let fine = tasks.spawn(async { "not touched by that" });
    ///     (fine.await, failed.await)
    /// })
    /// .await;
    /// assert_eq!(fine.unwrap(), "not touched by that");
    /// assert!(failed.unwrap_err().is_panic());
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let origin = Origin::caller();
        current::expect(|inner| match Grouped::<Apart>::enter(&self.node) {
            Some(member) => inner.spawn_member(future, origin, member),
            None => self.refuse(future, origin),
        })
    }

    /// As [`spawn`](Self::spawn), for who does not wait for the task: if it fails that is [reported](crate::diagnostics).
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = leno::sync::oneshot::channel();
    /// leno::task::supervise(async |tasks| {
    ///     // An error would be told to people, as nobody awaits it here.
    ///     tasks.spawn_and_report(async { sender.send("written") });
    /// })
    /// .await;
    /// assert_eq!(receiver.await, Ok("written"));
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_and_report<F>(&self, future: F)
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        drop(self.spawn(future));
    }

    /// Spawns a task that need not be `Send`, on the current [`LocalSet`](crate::task::LocalSet) or
    /// [`LocalRuntime`](crate::runtime::LocalRuntime).
    ///
    /// # Panics
    ///
    /// As [`spawn_local`](crate::task::spawn_local).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::rc::Rc;
    ///
    /// let runtime = leno::runtime::LocalRuntime::new()?;
    /// let count = Rc::new(Cell::new(0));
    /// runtime.block_on(leno::task::supervise(async |tasks| {
    ///     for _ in 0..3 {
    ///         let count = count.clone();
    ///         tasks.spawn_local(async move { count.set(count.get() + 1) });
    ///     }
    /// }));
    /// assert_eq!(count.get(), 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        match Grouped::<Apart>::enter(&self.node) {
            Some(member) => spawn_local_from(future, Origin::caller(), member),
            None => self.refuse(future, Origin::caller()),
        }
    }

    /// Runs a closure that may wait on a thread for such closures.
    ///
    /// One that has started cannot be stopped, and is waited for; it may ask [`task::is_cancelled`](crate::task::is_cancelled).
    ///
    /// # Panics
    ///
    /// Outside of a runtime, and if the system cannot start a thread.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let sum = leno::task::supervise(async |tasks| {
    ///     let closure = tasks.spawn_blocking(|| (1..=100).sum::<u32>());
    ///     closure.await.unwrap()
    /// })
    /// .await;
    /// assert_eq!(sum, 5050);
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_blocking<T, F>(&self, closure: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let origin = Origin::caller();
        current::expect(|inner| match Grouped::<Apart>::enter(&self.node) {
            Some(member) => inner.spawn_blocking_member(closure, origin, member),
            None => self.refuse(async { closure() }, origin),
        })
    }

    /// Cancels the tasks that there are, and those that are still to be spawned. The body goes on.
    ///
    /// # Examples
    ///
    /// A server that closes, with a reason for each connection:
    ///
    /// ```
    /// use leno::task;
    ///
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let reason = task::supervise(async |connections| {
    ///     let connection = connections.spawn(std::future::pending::<()>());
    ///     connections.cancel("the server closes");
    ///     connection.await.unwrap_err().reason()
    /// })
    /// .await;
    /// assert_eq!(reason.unwrap().text(), Some("the server closes"));
    /// # });
    /// ```
    #[track_caller]
    #[inline]
    pub fn cancel(&self, reason: &str) {
        self.node
            .cancel(&Reason::requested(Location::caller(), reason));
    }

    /// True if the tasks are to end: by [`cancel`](Self::cancel), or since a scope around is cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let (before, after) = leno::task::supervise(async |tasks| {
    ///     let before = tasks.is_cancelled();
    ///     tasks.cancel("enough");
    ///     (before, tasks.is_cancelled())
    /// })
    /// .await;
    /// assert_eq!((before, after), (false, true));
    /// # });
    /// ```
    #[inline]
    pub fn is_cancelled(&self) -> bool {
        self.node.reason().is_some()
    }

    fn refuse<F>(&self, future: F, origin: Origin) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let reason = self.node.reason();
        origin.note(reason.unwrap_or_else(|| Reason::ended(self.node.place())));
        blocking::refused(future, origin)
    }
}

impl fmt::Debug for Supervisor {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor")
            .field("place", &format_args!("{}", self.node.place()))
            .field("reason", &self.node.reason())
            .finish()
    }
}
