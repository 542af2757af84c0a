#![doc = include_str!("guide.md")]

mod blocking;
mod builder;
pub mod coop;
mod inherited;
pub mod join_set;
mod local_set;
mod spawn;
#[cfg(feature = "structured")]
mod structured;
mod task_local;
mod yield_now;

pub use crate::kernel::cancel_safe::{AssertCancelSafe, CancelSafe, assert_cancel_safe};
pub use crate::kernel::scope::{ScopeInfo, ScopeKind};
pub use crate::kernel::task::{
    AbortHandle, Id, JoinError, JoinHandle, Reason, ReasonKind, TaskInfo, TaskState,
};
#[cfg(feature = "rt-multi-thread")]
#[cfg_attr(docsrs, doc(cfg(feature = "rt-multi-thread")))]
pub use blocking::block_in_place;
pub use blocking::spawn_blocking;
pub use builder::Builder;
#[doc(hidden)]
pub use coop::{Unconstrained, consume_budget, unconstrained};
#[doc(hidden)]
pub use inherited::is_shared_by_tasks;
pub use inherited::{InheritedKey, detached};
pub use join_set::JoinSet;
pub use local_set::{LocalEnterGuard, LocalSet, spawn_local};
pub use spawn::spawn;
#[cfg(feature = "structured")]
#[cfg_attr(docsrs, doc(cfg(feature = "structured")))]
pub use structured::{
    AllErrors, Answer, Cancelled, Child, Errors, FirstError, Guard, IntoRace, LocalChild,
    LocalGroup, OnCancel, Policy, Race, Race2, Race3, Race4, Race5, Race6, Race7, Race8, Scope,
    ScopeHandle, Sendable, Shield, Supervisor, TaskGroup, TryLocalGroup, Unsendable, deadline,
    group, group_with, guard, is_cancelled, local_group, local_group_send, on_cancel, race, reason,
    shield, supervise, try_local_group, try_local_group_send,
};
#[doc(hidden)]
pub use task_local::LocalSlot;
pub use task_local::{AccessError, LocalKey};
pub use yield_now::yield_now;

/// The futures that this module's functions return and that have a name.
pub mod futures {
    pub use super::inherited::InheritedFuture;
    pub use super::task_local::TaskLocalFuture;
    pub use crate::kernel::task::Cancel;
}

/// The id of the task that is running.
///
/// # Panics
///
/// Outside of a task; see [`try_id`].
///
/// # Examples
///
/// ```
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let task = leno::spawn(async { leno::task::id() });
/// let id = task.id();
/// assert_eq!(task.await.unwrap(), id);
/// # });
/// ```
#[track_caller]
#[inline]
pub fn id() -> Id {
    match try_id() {
        Some(id) => id,
        None => panic!(
            "`leno::task::id` was called outside of a task: the future of a `block_on` is not one; `try_id` tells"
        ),
    }
}

/// The id of the task that is running, or `None` outside of a task.
///
/// # Examples
///
/// For a log that is written from anywhere:
///
/// ```
/// use leno::task;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// fn who() -> String {
///     task::try_id().map_or_else(|| "no task".to_owned(), |id| format!("task {id}"))
/// }
///
/// // The future of a `block_on` is none.
/// assert_eq!(who(), "no task");
/// assert!(leno::spawn(async { who() }).await.unwrap().starts_with("task "));
/// # });
/// ```
#[inline]
pub fn try_id() -> Option<Id> {
    Id::current()
}
