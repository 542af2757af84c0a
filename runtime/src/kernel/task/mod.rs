//! The task: one allocation, one state word, and who may touch what when.
//!
//! ```text
//!   word:  63 .. 26 │   25   │    24    │ 23 .. 8 │   7   │   6    │   5    │  4   │     3     │    2     │    1     │    0
//!        references │INHERITS│SURROUNDED│  shard  │SPECIAL│ LINKED │ J_WAKER│ JOIN │ CANCELLED │ COMPLETE │ NOTIFIED │ RUNNING
//! ```
//!
//! | RUNNING | NOTIFIED | COMPLETE | meaning | who may touch the future |
//! | :-: | :-: | :-: | --- | --- |
//! | 0 | 1 | 0 | **queued** by a wake: exactly one `Runnable` exists | the holder of that `Runnable` |
//! | 1 | 0 | 0 | **running**; or **fresh**, or **requeued** by its own poll: the `Runnable` carries the claim | the poller; the holder |
//! | 1 | 1 | 0 | the same, and woken since: no second `Runnable` | the poller; the holder |
//! | 0 | 0 | 0 | **asleep** | nobody |
//! | 0 | – | 1 | **complete**: the output belongs to JOIN's side, or is dropped already | the `JoinHandle`, once |
//!
//! ```text
//!            wake: or NOTIFIED              start: sub (NOTIFIED − RUNNING)         (a fresh task: as requeued)
//!   asleep ─────────────────────▶ queued ───────────────────────────────▶ running ─┐ wake: or NOTIFIED
//!     ▲                             ▲                                      │ │ ▲ │ │ (nobody is queued)
//!     │   idle: sub RUNNING         │   idle saw NOTIFIED: queued again    │ │ └─┼─┘
//!     └─────────────────────────────┼──────────────────────────────────────┘ │   └─▶ requeued: woken by its own poll;
//!                                   └────────────────────────────────────────┤       the word is not touched;
//!   abort: or NOTIFIED|CANCELLED, then as wake                               ▼       start: sub NOTIFIED if set
//!   shutdown: asleep → RUNNING|CANCELLED, else or NOTIFIED|CANCELLED      complete ──▶ freed
//! ```
//!
//! # Invariants
//!
//! 1. **A task owns itself until it completes.** References start at 1, and completing gives that one back.
//!    The others are wakers and abort handles. JOIN holds the memory as one reference does.
//! 2. **The memory is freed when references = 0 and JOIN = 0**, hence only after COMPLETE.
//! 3. **In a queue ⇔ exactly one [`Runnable`]** ⇔ NOTIFIED ∧ ¬RUNNING, or RUNNING while nobody polls;
//!    never when COMPLETE. So `start` and `idle` are unconditional additions.
//! 4. **CANCELLED never comes without NOTIFIED**, and is a request to the poller: whoever starts the task
//!    next sees it and drops the future instead of polling it.
//! 5. **The join waker's cell** belongs to the `JoinHandle` while J_WAKER = 0, to nobody while J_WAKER = 1,
//!    and to the completer if J_WAKER = 1 when COMPLETE is set. J_WAKER without JOIN says that the task is detached; the cell
//!    is empty then.
//! 6. **JOIN goes last.** A handle that is dropped after COMPLETE drops the output first and clears JOIN
//!    then; the other way round the memory could go while the output is being dropped.
//! 7. **LINKED and the shard are the poller's**: it sets them as it first goes idle and reads them when it
//!    completes, to take it out, of its scope's list as well. A task that never slept is in no list: its queue or its poller
//!    knows it.
//! 8. **Freeing runs no user code**: future, output and join waker are gone by then, and the [origin](Origin) is plain data.
//!    So the last waker may fall on any thread, long after the runtime.
//! 9. **SPECIAL never comes without NOTIFIED**, as CANCELLED does not: whoever starts the task next sees it, in what its
//!    read-modify-write returns, clears it, and [looks further](crate::kernel::captures). One that is left on a task that
//!    ends means nothing.
//! 10. **SURROUNDED and INHERITS never change.** A task with the one has a [`Member`] beside its future, whose scope it is polled
//!     within, or a context in its origin; with the other it has this, and each start looks further, for that. Who completes
//!     the task leaves the scope when nothing of it is left that runs user code.
//!
//! A task forgotten by mistake leaks; it never dangles.
//!
//! Orderings are argued at each transition in [`state`]; the models are `loom-tests/src/models/task.rs`.

mod abort;
#[cfg_attr(not(feature = "introspection"), path = "no_capture.rs")]
mod capture;
mod cell;
mod error;
#[cfg(feature = "structured")]
mod grouped;
mod home;
mod id;
mod info;
mod join;
mod large;
mod lost;
mod member;
mod origin;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) mod outline;
#[cfg_attr(not(feature = "introspection"), path = "no_polling.rs")]
mod polling;
mod reason;
mod run;
mod state;
mod surroundings;
mod waker;

pub use abort::AbortHandle;
#[cfg(feature = "introspection")]
pub(crate) use capture::{Leaf, tells};
pub(crate) use capture::{LockHolder, WaitsFor, What, is_telling, waits_for, waits_in};
pub(crate) use cell::Header;
pub use error::JoinError;
#[cfg(feature = "structured")]
pub(crate) use grouped::{Apart, Failing, Given, Grouped};
pub(crate) use home::{Home, Lent, Scheduler};
pub use id::Id;
pub(crate) use id::{HandedOn, Mark, hand_on};
pub use info::{TaskInfo, TaskState};
pub use join::{Cancel, JoinHandle};
pub(crate) use member::{Member, Membership};
pub(crate) use origin::Origin;
#[cfg(feature = "introspection")]
pub(crate) use polling::Poll;
pub(crate) use polling::Polling;
pub use reason::{Reason, ReasonKind};
pub(crate) use run::Runnable;

use crate::prim::asked;
use std::future::Future;
use std::ptr::NonNull;

/// Makes a task of `future`: the claim to run it first, and the handle to its output.
///
/// One allocation. The future need not be `Send`: a scheduler that takes such a task promises to run, and to
/// drop, its `Runnable` on the thread that made it.
#[inline]
pub(crate) fn new<F>(
    future: F,
    home: Home,
    id: Id,
    origin: Origin,
) -> (Runnable, JoinHandle<F::Output>)
where
    F: Future + 'static,
    F::Output: 'static,
{
    new_member(future, home, id, origin, ())
}

/// As [`new`]; the task is what `member` says besides.
#[inline(always)]
pub(crate) fn new_member<F, M>(
    future: F,
    home: Home,
    id: Id,
    origin: Origin,
    member: M,
) -> (Runnable, JoinHandle<M::Kept>)
where
    F: Future + 'static,
    M: Membership<F::Output>,
{
    asked::born(id.get(), || origin.place_and_name());
    hand_on::<F>();
    let header = cell::allocate(future, home, id, origin, member);
    if surroundings::are_inherited() {
        // SAFETY: it was just made, and nobody else knows it.
        surroundings::inherit(unsafe { header.as_ref() });
    }
    if const { size_of::<F>() > large::LARGE } {
        // SAFETY: it was just made, and nobody else knows it.
        large::look(unsafe { header.as_ref() });
    }
    // SAFETY: a fresh task is claimed (invariant 3) with JOIN set, so it has one Runnable and one handle;
    // the output type is the future's, as the membership keeps it.
    unsafe { (Runnable::from_raw(header), JoinHandle::from_raw(header)) }
}

/// Makes a task of `future` and queues it.
#[inline]
pub(crate) fn spawn<F>(future: F, home: Home, id: Id, origin: Origin) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    spawn_member(future, home, id, origin, ())
}

/// As [`spawn`]; the task is what `member` says besides.
#[inline(always)]
pub(crate) fn spawn_member<F, M>(
    future: F,
    home: Home,
    id: Id,
    origin: Origin,
    member: M,
) -> JoinHandle<M::Kept>
where
    F: Future + 'static,
    M: Membership<F::Output>,
{
    let (runnable, handle) = new_member(future, home, id, origin, member);
    // The handle keeps the task, and with it the home, for the length of the call.
    handle.home().schedule(runnable);
    handle
}

/// Requests that a task which is in an owned list ends, for a shutdown.
///
/// A task that was asleep is claimed: the returned `Runnable` is to be cancelled, outside any lock. Any
/// other is told, and whoever runs it next cancels it.
///
/// # Safety
///
/// `task` is linked, and the caller holds its list's lock, so it cannot complete (and be freed) meanwhile.
pub(crate) unsafe fn shutdown(task: NonNull<Header>) -> Option<Runnable> {
    // SAFETY: the task is live (caller).
    let state = unsafe { &task.as_ref().state };
    match state.shutdown() {
        // SAFETY: the claim is a Runnable's: RUNNING while nobody polls (invariant 3).
        state::Shutdown::Claimed => Some(unsafe { Runnable::from_raw(task) }),
        state::Shutdown::Told => None,
    }
}
