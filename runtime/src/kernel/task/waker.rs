//! The waker of a task: one counted pointer and one vtable for all tasks, so that `will_wake` holds.
//!
//! There is a second vtable, for the wakers that a loop lends which records what it does: a wake by one of them is recorded
//! too, and is the same in all else. To `will_wake` a waker of the one kind is not one of the other, so that a leaf that has kept
//! one takes the other when its task is polled next by the other loop; until then it wakes by the one it has. When nothing is
//! recorded any more, those that are left find no recorder.

use super::cell::Header;
use super::run::{Runnable, free, release};
use super::state::{Wake, WakeAndRelease};
use crate::kernel::{here, observe};
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::task::{RawWaker, RawWakerVTable, Waker};

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

/// Of wakers that tell of their wakes.
static OBSERVED_VTABLE: RawWakerVTable = RawWakerVTable::new(
    clone_observed,
    wake_observed,
    wake_by_ref_observed,
    drop_waker,
);

/// A waker for the length of a poll. It is not counted: the poller keeps the task alive, and a clone counts
/// for itself.
#[inline(always)]
pub(super) fn borrowed<const OBSERVED: bool>(task: NonNull<Header>) -> ManuallyDrop<Waker> {
    // SAFETY: the functions of both vtables keep the contract of `RawWakerVTable`: they may be called on any
    // thread, and the pointer stays valid as long as the waker counts.
    ManuallyDrop::new(unsafe { Waker::from_raw(raw::<OBSERVED>(task)) })
}

#[inline(always)]
fn raw<const OBSERVED: bool>(task: NonNull<Header>) -> RawWaker {
    let vtable = if OBSERVED { &OBSERVED_VTABLE } else { &VTABLE };
    RawWaker::new(task.as_ptr() as *const (), vtable)
}

fn header(pointer: *const ()) -> NonNull<Header> {
    // SAFETY: made from a `NonNull` in `raw`.
    unsafe { NonNull::new_unchecked(pointer as *mut Header) }
}

pub(super) unsafe fn clone(pointer: *const ()) -> RawWaker {
    let task = header(pointer);
    // SAFETY: a waker keeps its task alive, and this is called through one.
    unsafe { task.as_ref() }.state.retain();
    raw::<false>(task)
}

/// A clone of the kind that the loop of this thread lends.
///
/// # Safety
///
/// Called through a waker.
pub(super) unsafe fn clone_as_here(pointer: *const ()) -> RawWaker {
    if here::with(|here| here.recorder.get()).is_null() {
        // SAFETY: the caller's, here and below.
        unsafe { clone(pointer) }
    } else {
        // SAFETY: as above.
        unsafe { clone_observed(pointer) }
    }
}

unsafe fn clone_observed(pointer: *const ()) -> RawWaker {
    let task = header(pointer);
    // SAFETY: as in `clone`.
    unsafe { task.as_ref() }.state.retain();
    raw::<true>(task)
}

/// Tells of a wake that is about to be, unless nothing comes of it. True if it is timed.
///
/// # Safety
///
/// Called through a waker, which is not that of the task that is being polled here: that it was woken is told by the end of the
/// poll.
unsafe fn tell(pointer: *const ()) -> bool {
    // SAFETY: a waker keeps its task alive.
    let task = unsafe { header(pointer).as_ref() };
    !task.needs_no_wake() && observe::wake(task)
}

unsafe fn wake_observed(pointer: *const ()) {
    // SAFETY: called through a waker.
    if here::with(|here| here.running.get()) != pointer && unsafe { tell(pointer) } {
        // SAFETY: as above; the waker is consumed.
        unsafe {
            wake_timed(pointer);
            drop_waker(pointer);
        }
        return;
    }
    // SAFETY: as above.
    unsafe { wake(pointer) }
}

unsafe fn wake_by_ref_observed(pointer: *const ()) {
    if !wake_itself(pointer) {
        // SAFETY: called through a waker.
        unsafe { wake_another_observed(pointer) }
    }
}

/// As [`wake_by_ref`], of a task that is not the one that is being polled here.
// Not inlined: what a task that wakes itself calls is short, and saves no registers.
#[inline(never)]
unsafe fn wake_another_observed(pointer: *const ()) {
    // SAFETY: called through a waker.
    if unsafe { tell(pointer) } {
        // SAFETY: as above.
        unsafe { wake_timed(pointer) };
    } else {
        // SAFETY: as above.
        unsafe { wake_by_ref(pointer) }
    }
}

/// As [`wake_by_ref`], of a task whose poller is to see that this wake is timed.
#[cold]
unsafe fn wake_timed(pointer: *const ()) {
    let task = header(pointer);
    // SAFETY: a waker keeps its task alive, and this is called through one.
    let header = unsafe { task.as_ref() };
    match header.state.ask() {
        // SAFETY: the verdict hands the caller the task's Runnable (invariant 3).
        Wake::Submit => header.home.schedule(unsafe { Runnable::from_raw(task) }),
        Wake::Nothing => {}
    }
}

/// A task that wakes itself while it is polled has only to tell its poller, on this very thread. Nobody else needs to
/// know, so no atomic is touched. False if it is another task's waker.
fn wake_itself(pointer: *const ()) -> bool {
    here::with(|here| {
        let itself = here.running.get() == pointer;
        if itself {
            here.woken_itself.set(true);
        }
        itself
    })
}

pub(super) unsafe fn wake(pointer: *const ()) {
    let task = header(pointer);
    if wake_itself(pointer) {
        // SAFETY: called through a waker, which it consumes: its count is given back here.
        return unsafe { release(task) };
    }
    // SAFETY: a waker keeps its task alive, and this is called through one.
    let header = unsafe { &*task.as_ptr() };
    match header.state.wake_and_release() {
        // SAFETY: the verdict hands the caller the task's Runnable (invariant 3), which keeps the task alive until
        // it is pushed.
        WakeAndRelease::Submit => unsafe {
            header.home.lend().schedule(Runnable::from_raw(task));
        },
        WakeAndRelease::Nothing => {}
        // SAFETY: nobody else is left (invariant 2).
        WakeAndRelease::Free => unsafe { free(task) },
    }
}

pub(super) unsafe fn wake_by_ref(pointer: *const ()) {
    if wake_itself(pointer) {
        return;
    }
    let task = header(pointer);
    // SAFETY: a waker keeps its task alive, and this is called through one.
    let header = unsafe { task.as_ref() };
    match header.state.wake() {
        // SAFETY: the verdict hands the caller the task's Runnable (invariant 3).
        Wake::Submit => header.home.schedule(unsafe { Runnable::from_raw(task) }),
        Wake::Nothing => {}
    }
}

pub(super) unsafe fn drop_waker(pointer: *const ()) {
    // SAFETY: called through a waker, whose count is given back.
    unsafe { release(header(pointer)) };
}
