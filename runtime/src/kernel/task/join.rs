//! The handle to a task's output.

use super::abort::{self, AbortHandle};
use super::capture::{self, WaitsFor, What};
use super::cell::Header;
use super::error::{Failure, JoinError};
use super::home::Home;
use super::id::Id;
use super::state::{Joining, Leaving};
use crate::kernel::budget;
use crate::kernel::foreign;
use crate::prim::{asked, thread};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::{Location, RefUnwindSafe, UnwindSafe, resume_unwind};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker, ready};

/// The permission to wait for a task's output.
///
/// Awaiting it gives the output, or a [`JoinError`] if the task panicked or was cancelled. Dropping it lets
/// the task go on alone: nobody will see its output then. If that turns out to be a failure, it is
/// [reported](crate::diagnostics), unless the handle was [detached](Self::detach).
///
/// # Cancel safety
///
/// Dropping the future loses data: the output. `&mut handle` in a `select!` is cancel safe: if another branch completes
/// first, the handle keeps it.
///
/// # Example
///
/// ```
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let handle = leno::spawn(async { 6 * 7 });
/// assert_eq!(handle.await.unwrap(), 42);
///
/// let failed = leno::spawn(async { panic!("on purpose") }).await;
/// assert!(failed.unwrap_err().is_panic());
/// # });
/// ```
pub struct JoinHandle<T> {
    task: NonNull<Header>,
    _output: PhantomData<T>,
}

// SAFETY: the handle gives access to the output alone, by value; the task's word orders that against the
// completer. So it may go wherever the output may.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: a shared handle gives access to the task's word and id only.
unsafe impl<T: Send> Sync for JoinHandle<T> {}
impl<T> UnwindSafe for JoinHandle<T> {}
impl<T> RefUnwindSafe for JoinHandle<T> {}
impl<T> Unpin for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// # Safety
    ///
    /// `task` was just made with JOIN set, and `T` is its future's output.
    pub(super) unsafe fn from_raw(task: NonNull<Header>) -> Self {
        Self {
            task,
            _output: PhantomData,
        }
    }

    /// Asks the task to end: its future is dropped instead of being polled again.
    ///
    /// The handle then yields a [`JoinError`] that [is cancelled](JoinError::is_cancelled), unless the task
    /// was complete already. Its [`reason`](JoinError::reason) is the place of this call. A `spawn_blocking` closure that has
    /// started cannot be stopped.
    ///
    /// [`cancel`](Self::cancel) waits for the end too.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = leno::spawn(std::future::pending::<()>());
    /// task.abort();
    /// let error = task.await.unwrap_err();
    /// assert!(error.is_cancelled());
    /// assert_eq!(error.reason().unwrap().place().unwrap().file(), file!());
    /// # });
    /// ```
    #[track_caller]
    pub fn abort(&self) {
        abort::abort(self.task, self.header(), Location::caller());
    }

    /// Asks the task to end, and waits until its future is dropped: `None` then, or its output if it was done before.
    ///
    /// Nothing happens before this is awaited. A `spawn_blocking` closure that has started cannot be stopped, and is waited for.
    ///
    /// # Panics
    ///
    /// If the task has panicked, with what it panicked with.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the operation: after its first poll the task ends all the same. Nobody sees its output.
    ///
    /// # Example
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (sender, receiver) = leno::sync::oneshot::channel::<()>();
    /// let task = leno::spawn(async move {
    ///     let _sender = sender;
    ///     std::future::pending::<()>().await
    /// });
    /// assert_eq!(task.cancel().await, None);
    /// // Its future is gone, and with it the sender.
    /// assert!(receiver.await.is_err());
    /// # });
    /// ```
    #[track_caller]
    pub fn cancel(self) -> Cancel<T> {
        Cancel {
            handle: self,
            place: Some(Location::caller()),
        }
    }

    /// True if the task has completed (or was cancelled and its future is gone).
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = leno::spawn(async { 1 });
    /// assert!(!task.is_finished());
    /// leno::task::yield_now().await;
    /// assert!(task.is_finished());
    /// # });
    /// ```
    pub fn is_finished(&self) -> bool {
        asked::looks(self.task.as_ptr());
        self.header().state.is_complete()
    }

    /// A handle that can end the task, and no more.
    ///
    /// # Examples
    ///
    /// A watchdog, while somebody else awaits the output:
    ///
    /// ```
    /// use leno::time::{Duration, sleep};
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let task = leno::spawn(sleep(Duration::from_secs(3600)));
    /// let watchdog = task.abort_handle();
    /// leno::spawn(async move {
    ///     sleep(Duration::from_secs(5)).await;
    ///     watchdog.abort();
    /// });
    /// assert!(task.await.unwrap_err().is_cancelled());
    /// # });
    /// ```
    #[must_use = "it ends nothing unless `abort` is called"]
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle::new(self.task, self.header())
    }

    /// Lets the task go on alone, and says that nobody needs to see its output.
    ///
    /// Dropping the handle does the same, but leaves open whether it was forgotten: if the task fails then, that is
    /// [reported](crate::diagnostics). After this it is not, neither an error nor a panic (of which the panic hook tells).
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// // Whether it works does not matter to anybody.
    /// leno::spawn(async { std::fs::remove_file("cache.tmp") }).detach();
    /// # });
    /// ```
    pub fn detach(self) {
        ManuallyDrop::new(self).leave_word(true);
    }

    /// The task's id.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (first, second) = (leno::spawn(async {}), leno::spawn(async {}));
    /// assert_ne!(first.id(), second.id());
    /// # leno::join!(first, second);
    /// # });
    /// ```
    pub fn id(&self) -> Id {
        self.header().mark.id()
    }

    pub(super) fn home(&self) -> &Home {
        &self.header().home
    }

    /// Lets `waker` be woken at completion instead of the one that polled last; for a set of handles.
    /// True if the task is complete already.
    pub(crate) fn set_waker(&self, waker: &Waker) -> bool {
        let header = self.header();
        let word = match header.state.join() {
            Joining::Complete => return true,
            Joining::Waiting(word) => word,
        };
        // Wakers are foreign: cloning or dropping one may panic. The cell is empty while the new one is cloned, and the
        // others are dropped when it is settled whose the cell is.
        // SAFETY: `Waiting` hands the cell to the handle (invariant 5).
        let old = header.join_waker.with_mut(|cell| unsafe { (*cell).take() });
        let (new, _replaced) = match old {
            Some(old) if old.will_wake(waker) => (old, None),
            Some(old) => {
                capture::waits_for(waker, || WaitsFor {
                    what: What::Task(header.mark.id()),
                    address: self.task.as_ptr().addr(),
                });
                (waker.clone(), Some(old))
            }
            None => (waker.clone(), None),
        };
        // SAFETY: as above.
        header
            .join_waker
            .with_mut(|cell| unsafe { *cell = Some(new) });
        if header.state.offer_waker(word) {
            return false;
        }
        // Complete meanwhile, without our waker: the cell is still ours, and must be empty in the end.
        // SAFETY: as above.
        let _unused = header.join_waker.with_mut(|cell| unsafe { (*cell).take() });
        true
    }

    fn header(&self) -> &Header {
        // SAFETY: JOIN keeps the task alive (invariant 1), and is this handle's until it is dropped.
        unsafe { self.task.as_ref() }
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let unit = ready!(budget::poll_proceed(cx));
        asked::looks(self.task.as_ptr());
        if !self.header().state.load().is_complete() && !self.set_waker(cx.waker()) {
            return Poll::Pending;
        }
        unit.made_progress();
        // SAFETY: COMPLETE gives the output to the handle.
        let Some(output) = (unsafe { self.take_output() }) else {
            panic!("a `JoinHandle` was polled after it had returned its task's output");
        };
        let header = self.header();
        Poll::Ready(
            output.map_err(|failure| {
                JoinError::new(header.mark.id(), header.origin.clone(), failure)
            }),
        )
    }
}

/// The end of a task, made by [`JoinHandle::cancel`].
///
/// # Examples
///
/// ```
/// use leno::task::futures::Cancel;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let tasks = [leno::spawn(std::future::pending::<()>()), leno::spawn(async {})];
/// leno::task::yield_now().await;
/// // Both at once, and `Some` for the one that was done before.
/// let [first, second]: [Cancel<()>; 2] = tasks.map(|task| task.cancel());
/// assert_eq!(leno::join!(first, second), (None, Some(())));
/// # });
/// ```
#[must_use = "nothing is cancelled before it is awaited; `abort` does not wait"]
pub struct Cancel<T> {
    handle: JoinHandle<T>,
    /// Where it was called, until that is done.
    place: Option<&'static Location<'static>>,
}

impl<T> Unpin for Cancel<T> {}

impl<T> Future for Cancel<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        if let Some(place) = self.place.take() {
            abort::abort(self.handle.task, self.handle.header(), place);
        }
        let result = ready!(Pin::new(&mut self.handle).poll(cx));
        Poll::Ready(match result.map_err(JoinError::try_into_panic) {
            Ok(output) => Some(output),
            Err(Err(_cancelled)) => None,
            Err(Ok(payload)) => resume_unwind(payload),
        })
    }
}

impl<T> fmt::Debug for Cancel<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancel")
            .field("id", &self.handle.id())
            .finish_non_exhaustive()
    }
}

impl<T> Drop for JoinHandle<T> {
    #[inline]
    fn drop(&mut self) {
        let header = self.header();
        let word = header.state.load();
        if word.is_complete() {
            // SAFETY: COMPLETE with JOIN: the output is the handle's, and so is its drop. It does not unwind.
            unsafe { (header.vtable.leave)(self.task, word) };
        } else {
            // Who unwinds has not decided anything about the task.
            self.leave_word(thread::panicking());
        }
    }
}

impl<T> JoinHandle<T> {
    /// Takes the output of a task that is complete; `None` if that was done before.
    ///
    /// # Safety
    ///
    /// The caller has seen COMPLETE, and is the only one to use this handle.
    #[inline]
    unsafe fn take_output(&self) -> Option<Result<T, Failure>> {
        let mut output: Option<Result<T, Failure>> = None;
        // SAFETY: the output is the handle's (caller), and `T` is its type.
        unsafe { (self.header().vtable.take_output)(self.task, (&raw mut output).cast()) };
        output
    }

    /// Lets the task go on alone, unless it is complete by now: then its output goes, unseen or, if this `detaches`, as seen.
    fn leave_word(&mut self, detaches: bool) {
        let header = self.header();
        let mut waker = None;
        loop {
            match header.state.leave(detaches) {
                Leaving::Left => break,
                Leaving::TakeWaker => {
                    // SAFETY: the cell is the handle's again (invariant 5).
                    waker = header.join_waker.with_mut(|cell| unsafe { (*cell).take() });
                }
                Leaving::Complete(word) => {
                    if detaches {
                        // SAFETY: complete, and the handle is used here for the last time.
                        let output = unsafe { self.take_output() };
                        header.within(|| foreign::call(|| drop(output)));
                    }
                    // SAFETY: as in `drop`.
                    unsafe { (header.vtable.leave)(self.task, word) };
                    break;
                }
            }
        }
        // Foreign code, so it comes when the task's state is settled; the handle may be dropped during an
        // unwinding, where a second panic would abort.
        if waker.is_some() {
            foreign::call(|| drop(waker));
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("id", &self.id())
            .finish()
    }
}
