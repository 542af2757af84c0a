//! The handle that can end a task.

use super::cell::Header;
use super::id::Id;
use super::info::TaskInfo;
use super::reason::Reason;
use super::run::{Runnable, release};
use super::state::Wake;
use crate::kernel::captures::Captures;
use crate::prim::asked;
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::ptr::NonNull;

/// The permission to end a task, without the one to wait for it.
///
/// Got from [`JoinHandle::abort_handle`](super::JoinHandle::abort_handle). It keeps the task's memory, not
/// its future.
///
/// # Examples
///
/// Whoever may end a task need not be the one who waits for it:
///
/// ```
/// use leno::task::AbortHandle;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// struct Session {
///     pump: AbortHandle,
/// }
///
/// impl Drop for Session {
///     fn drop(&mut self) {
///         self.pump.abort();
///     }
/// }
///
/// let pump = leno::spawn(std::future::pending::<()>());
/// drop(Session { pump: pump.abort_handle() });
/// assert!(pump.await.unwrap_err().is_cancelled());
/// # });
/// ```
pub struct AbortHandle(NonNull<Header>);

// SAFETY: the handle reaches the task's word, home and id only, all of which any thread may use.
unsafe impl Send for AbortHandle {}
// SAFETY: as above.
unsafe impl Sync for AbortHandle {}
impl UnwindSafe for AbortHandle {}
impl RefUnwindSafe for AbortHandle {}

impl AbortHandle {
    /// A handle to a live task, whose header the caller has at hand.
    #[inline]
    pub(super) fn new(task: NonNull<Header>, header: &Header) -> Self {
        header.state.retain();
        Self(task)
    }

    /// Asks the task to end: its future is dropped instead of being polled again. See
    /// [`JoinHandle::abort`](super::JoinHandle::abort).
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = leno::spawn(std::future::pending::<()>());
    /// let abort = task.abort_handle();
    /// leno::spawn(async move { abort.abort() });
    /// assert!(task.await.unwrap_err().is_cancelled());
    /// # });
    /// ```
    #[track_caller]
    #[inline]
    pub fn abort(&self) {
        abort(self.0, self.header(), Location::caller());
    }

    /// As [`abort`](Self::abort), for a reason that somebody else has, which is noted if the task's handle is to tell it.
    #[inline]
    pub(crate) fn abort_for(&self, reason: Option<&Reason>) {
        abort_for(self.0, self.header(), || reason.cloned());
    }

    /// True if the task has completed (or was cancelled and its future is gone).
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = leno::spawn(async {});
    /// let abort = task.abort_handle();
    /// assert!(!abort.is_finished());
    /// task.await.unwrap();
    /// assert!(abort.is_finished());
    /// # });
    /// ```
    #[inline]
    pub fn is_finished(&self) -> bool {
        asked::looks(self.0.as_ptr());
        self.header().state.is_complete()
    }

    /// The task's id.
    ///
    /// # Examples
    ///
    /// ```
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let task = leno::spawn(async {});
    /// assert_eq!(task.abort_handle().id(), task.id());
    /// # task.await.unwrap();
    /// # });
    /// ```
    #[inline]
    pub fn id(&self) -> Id {
        self.header().mark.id()
    }

    /// Asks the task to tell where it stands, at its next turn, and says how it was before.
    pub(crate) fn ask(&self) -> TaskInfo {
        let header = self.header();
        let info = TaskInfo::look(header);
        match header.state.ask() {
            // SAFETY: the verdict hands the caller the task's Runnable (invariant 3).
            Wake::Submit => header.home.schedule(unsafe { Runnable::from_raw(self.0) }),
            Wake::Nothing => {}
        }
        info
    }

    /// Who asks the tasks of its scheduler where they stand.
    pub(crate) fn captures(&self) -> Option<&Captures> {
        self.header().home.captures()
    }

    /// Somebody polls the task, or its own poll has requeued it.
    pub(crate) fn is_running(&self) -> bool {
        self.header().state.load().is_running()
    }

    /// True if the task sleeps, and nobody else refers to it: no waker, no handle.
    pub(crate) fn is_forsaken(&self) -> bool {
        // Its own, and this one.
        self.header().state.load().is_asleep_with(2)
    }

    /// What is known of the task.
    pub(crate) fn look(&self) -> TaskInfo {
        TaskInfo::look(self.header())
    }

    /// A handle to a task that its list keeps for as long as the caller holds its lock.
    #[inline]
    pub(crate) fn of(task: &Header) -> Self {
        Self::new(NonNull::from(task), task)
    }

    fn header(&self) -> &Header {
        // SAFETY: the handle holds a reference.
        unsafe { self.0.as_ref() }
    }
}

/// Asks a live task to end, as somebody says at the place.
#[inline]
pub(super) fn abort(task: NonNull<Header>, header: &Header, place: &'static Location<'static>) {
    abort_for(task, header, || Some(Reason::aborted(place)));
}

fn abort_for(task: NonNull<Header>, header: &Header, reason: impl FnOnce() -> Option<Reason>) {
    asked::changes(task.as_ptr());
    let word = header.state.load();
    // One that is complete was not cancelled: if it has failed, and nobody has looked, that is still to be told.
    if word.is_complete() {
        return;
    }
    // Before the request, which hands it to whoever completes the task.
    if !word.is_cancelled() {
        if let Some(reason) = reason() {
            header.origin.note(reason);
        }
    }
    match header.state.abort() {
        // SAFETY: the verdict hands the caller the task's Runnable (invariant 3).
        Wake::Submit => header.home.schedule(unsafe { Runnable::from_raw(task) }),
        Wake::Nothing => {}
    }
}

impl Clone for AbortHandle {
    #[inline]
    fn clone(&self) -> Self {
        Self::new(self.0, self.header())
    }
}

impl Drop for AbortHandle {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the reference of this handle, which ends.
        unsafe { release(self.0) };
    }
}

impl fmt::Debug for AbortHandle {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle")
            .field("id", &self.id())
            .finish()
    }
}
