//! The flight recorder: what a scheduler does, written down while it does it.
//!
//! Each worker has a [ring](ring) of its own, and writes to it without any lock. Off costs nothing: the worker's loop is compiled
//! twice, and one of the two records (see [`worker`](super::worker)); the wakers that it lends tasks have a vtable of their own,
//! and so have the homes that it gives to those they spawn. Which loop runs is decided where a worker looks around.
//!
//! What is made of the records is up to `trace`, on a floor above.

pub(crate) mod event;
pub(crate) mod histogram;
mod mode;
mod pen;
mod recorder;
pub(crate) mod ring;
pub(crate) mod sample;
pub(crate) mod store;
pub(crate) mod strings;
pub(in crate::kernel) mod turns;

pub(crate) use mode::{Change, Observe, Source};
pub(crate) use pen::Pen;
pub(crate) use recorder::Recorder;

use crate::kernel::here;
use crate::kernel::task::Header;
use event::Outcome;

/// Calls `f` with the pen of this thread, if it records. True if it does.
#[inline(always)]
pub(crate) fn with_recorder(f: impl FnOnce(&Recorder)) -> bool {
    let recorder = here::with(|here| here.recorder.get()).cast::<Recorder>();
    // SAFETY: `here.recorder` is null, or what this thread's core (or the scheduler that it drives) owns: it is set when that
    // begins to record, and cleared before the core leaves the thread. `f` runs no task, the one thing that can hand it on.
    match unsafe { recorder.as_ref() } {
        Some(recorder) => {
            f(recorder);
            true
        }
        None => false,
    }
}

/// A task is about to be woken, by a waker that was lent while somebody observed. True if that is timed, and the task's poller is
/// to [be told](look).
pub(super) fn wake(task: &Header) -> bool {
    let (id, mut is_timed) = (task.id(), false);
    if !with_recorder(|recorder| is_timed = recorder.wake(id)) {
        if let Some(observe) = task.observe() {
            is_timed = observe.wake_from_outside(id);
        }
    }
    is_timed
}

/// A task is about to be polled, or cancelled, whose last wake may be timed.
pub(super) fn look(task: &Header) {
    with_recorder(|recorder| {
        recorder.meet(task);
        recorder.count_delay(task.id());
    });
}

/// A task is at hand that is about to be polled, or has been, and is to be told of.
#[inline(always)]
pub(super) fn meet(task: &Header) {
    with_recorder(|recorder| recorder.meet(task));
}

/// A task has been polled, and was woken meanwhile: it is still at hand.
#[inline(always)]
pub(super) fn polled_and_woken(id: u64, task: &Header) {
    with_recorder(|recorder| recorder.end_woken(id, task));
}

/// A task has been polled. It may be gone, as may be the recorder that knew of the poll's beginning.
#[inline(always)]
pub(super) fn polled(id: u64, outcome: Outcome) {
    with_recorder(|recorder| recorder.end(id, outcome));
}

/// A task has been made, and is about to be queued.
pub(super) fn spawn(task: &Header) {
    if !with_recorder(|recorder| recorder.spawn(task)) {
        if let Some(observe) = task.observe() {
            observe.spawn_from_outside(task);
        }
    }
}
