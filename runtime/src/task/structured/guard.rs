//! A value that is cleaned up asynchronously if it is dropped.

use super::shield::Running;
use crate::kernel::foreign;
use crate::prim::Mutex;
use crate::runtime::{Handle, current};
use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::time::Duration;

/// Keeps `value`, and hands it to `cleanup` if it is dropped: by a `?`, a panic, or a cancel. The cleanup then runs as a task.
///
/// It is the asynchronous destructor that the language does not have. The [group](crate::task::group) or
/// [`Scope`](crate::task::Scope) around waits for the cleanup, also when it is cancelled itself; after `limit` the cleanup is
/// dropped, which is [reported](crate::diagnostics). [`Guard::into_inner`] takes the value back, and nothing is run.
///
/// Outside of groups and scopes nobody waits but the runtime. When that ends, so do cleanups; what is dropped by its end is not
/// cleaned up any more, which is reported too.
///
/// # Panics
///
/// Outside of a runtime, or of one with timers.
///
/// # Cost
///
/// An allocation for the closure. If it comes to a cleanup: its future, a scope, and a task.
///
/// # Example
///
/// ```
/// # leno::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// use leno::sync::Mutex;
/// use leno::task::{self, Scope};
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// struct Transaction(Arc<Mutex<Vec<&'static str>>>);
///
/// impl Transaction {
///     async fn write(&mut self, row: &'static str) {
///         self.0.lock().await.push(row);
///     }
///     async fn roll_back(self) {
///         self.0.lock().await.clear();
///     }
/// }
///
/// let table = Arc::new(Mutex::new(Vec::new()));
/// let work = async {
///     let transaction = Transaction(Arc::clone(&table));
///     let mut transaction = task::guard(transaction, Duration::from_secs(5), Transaction::roll_back);
///     transaction.write("half").await;
///     std::future::pending::<()>().await;
/// };
/// // When the scope has ended, the transaction is rolled back.
/// Scope::new().timeout(Duration::from_millis(2)).run(work).await.unwrap_err();
/// assert!(table.lock().await.is_empty());
/// # });
/// ```
#[track_caller]
pub fn guard<T, C, F>(value: T, limit: Duration, cleanup: C) -> Guard<T>
where
    C: FnOnce(T) -> F + Send + 'static,
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let _can_be_kept = current::wheel();
    let place = Location::caller();
    let runtime = Handle::current();
    let cleanup: Box<dyn FnOnce(T) + Send> = Box::new(move |value| {
        let mut running = Running::at(place, limit, cleanup(value));
        running.begin(runtime);
        running.go_on();
    });
    Guard {
        held: Some((value, Mutex::new(cleanup))),
        place,
    }
}

/// A value that is cleaned up if it is dropped, made by [`guard`].
///
/// # Examples
///
/// A value that is used through it, and rolled back unless all went well:
///
/// ```
/// use leno::task::{self, Guard};
/// use std::time::Duration;
///
/// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
/// let (undone, is_undone) = leno::sync::oneshot::channel();
/// let mut list: Guard<Vec<u32>> = task::guard(vec![], Duration::from_secs(1), |list| async move {
///     undone.send(list.len())
/// });
/// list.push(1);
/// list.push(2);
/// drop(list);
/// assert_eq!(is_undone.await, Ok(2));
/// # });
/// ```
#[must_use = "it is cleaned up as soon as it is dropped"]
pub struct Guard<T> {
    /// `None` when it has been taken.
    held: Option<(T, Cleanup<T>)>,
    place: &'static Location<'static>,
}

/// In a lock that nobody takes: so a guard is `Sync` if its value is, whatever the closure is.
type Cleanup<T> = Mutex<Box<dyn FnOnce(T) + Send>>;

impl<T> Guard<T> {
    /// Takes the value back: it is not cleaned up.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task;
    /// use std::time::Duration;
    ///
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let file = task::guard("kept", Duration::from_secs(1), |_| async { panic!("not called") });
    /// assert_eq!(file.into_inner(), "kept");
    /// # });
    /// ```
    pub fn into_inner(mut self) -> T {
        match self.held.take() {
            Some((value, _cleanup)) => value,
            None => unreachable!("only this and the destructor take it"),
        }
    }

    fn value(&self) -> &T {
        match &self.held {
            Some((value, _)) => value,
            None => unreachable!("only what consumes it takes it"),
        }
    }
}

impl<T> Deref for Guard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value()
    }
}

impl<T> DerefMut for Guard<T> {
    fn deref_mut(&mut self) -> &mut T {
        match &mut self.held {
            Some((value, _)) => value,
            None => unreachable!("only what consumes it takes it"),
        }
    }
}

impl<T> Drop for Guard<T> {
    fn drop(&mut self) {
        if let Some((value, cleanup)) = self.held.take() {
            // In a destructor, which may run while something else unwinds.
            foreign::call(|| cleanup.into_inner()(value));
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Guard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("value", self.value())
            .field("place", &format_args!("{}", self.place))
            .finish()
    }
}

/// Runs `cleanup` as a task if what is returned is dropped before it is [disarmed](OnCancel::disarm): a [`guard`] without a value.
///
/// # Panics
///
/// As [`guard`].
///
/// # Example
///
/// ```
/// # leno::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// use leno::task;
/// use std::time::Duration;
///
/// let (sender, receiver) = leno::sync::oneshot::channel();
/// let undo = task::on_cancel(Duration::from_secs(1), async { sender.send("undone") });
/// drop(undo);
/// assert_eq!(receiver.await, Ok("undone"));
/// # });
/// ```
#[track_caller]
pub fn on_cancel<F>(limit: Duration, cleanup: F) -> OnCancel
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    OnCancel(guard((), limit, |()| cleanup))
}

/// A cleanup that is still to come, made by [`on_cancel`].
#[must_use = "the cleanup begins as soon as it is dropped"]
#[derive(Debug)]
pub struct OnCancel(Guard<()>);

impl OnCancel {
    /// All has gone well: the cleanup is dropped unpolled.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::task;
    /// use std::time::Duration;
    ///
    /// # leno::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
    /// let (sender, receiver) = leno::sync::oneshot::channel();
    /// let undo = task::on_cancel(Duration::from_secs(1), async { sender.send("undone") });
    /// undo.disarm();
    /// // The cleanup is gone, and with it the sender.
    /// assert!(receiver.await.is_err());
    /// # });
    /// ```
    #[inline]
    pub fn disarm(self) {
        self.0.into_inner();
    }
}
