//! What the loop that records does besides: a worker's pen, and what it writes.
//!
//! Only the one of the two loops calls this that records, and who hands a core on. The pen belongs to the core, and
//! `here.recorder` points to it from when the core comes to a thread until it leaves, as long as it records.

use super::Core;
use crate::kernel::here;
use crate::kernel::observe::event::{Kind, Word};
use crate::kernel::observe::{Recorder, with_recorder};
use crate::kernel::task::Runnable;
use std::cell::{Cell, OnceCell};
use std::ptr;

/// What a core writes with.
#[derive(Debug)]
pub(super) struct Pen {
    /// Made when the worker is first to record.
    recorder: OnceCell<Box<Recorder>>,
    /// It records now.
    records: Cell<bool>,
}

impl Pen {
    pub(super) fn new() -> Self {
        Self {
            recorder: OnceCell::new(),
            records: Cell::new(false),
        }
    }

    /// For `here.recorder`.
    pub(super) fn address(&self) -> *const () {
        let recorder = self.recorder.get().filter(|_| self.records.get());
        recorder.map_or(ptr::null(), |recorder| ptr::from_ref(&**recorder).cast())
    }
}

impl Core {
    /// Which loop this worker belongs into: true for the one that records, `None` for the end. Called between two of them.
    pub(super) fn next_loop(&self) -> Option<bool> {
        if self.pool.idle.is_closed() {
            return None;
        }
        let records = self.pool.idle.is_observed();
        if records && self.pen.recorder.get().is_none() {
            if let Some(recorder) = self.pool.observe.recorder(self.index) {
                let _new = self.pen.recorder.set(Box::new(recorder));
            }
        }
        if let Some(recorder) = self.pen.recorder.get().filter(|_| records) {
            recorder.resume();
        }
        self.pen.records.set(records);
        self.home.set(if records {
            self.homes.observed.lend()
        } else {
            self.homes.plain.lend()
        });
        here::with(|here| here.recorder.set(self.pen.address()));
        Some(records)
    }
}

/// Polls a task. This thread's core, and with it the pen, may be gone afterwards.
#[inline(always)]
pub(super) fn run(task: Runnable) -> Option<Runnable> {
    let mut id = 0;
    with_recorder(|recorder| id = recorder.begin(task.header()));
    let (woken, outcome) = task.run_as::<true>();
    with_recorder(|recorder| recorder.end(id, outcome));
    woken
}

/// Looks around, from now on.
#[cold]
pub(super) fn begin_look() {
    with_recorder(|recorder| {
        recorder.look_at_mode();
        recorder.begin_turn(Word::new(Kind::Look, 0));
    });
}

/// Has looked for events.
pub(super) fn end_io() {
    with_recorder(|recorder| recorder.turn(Kind::Io, true));
}

/// Has fired timers.
pub(super) fn end_timers() {
    with_recorder(|recorder| recorder.turn(Kind::Timers, false));
}

/// Goes to sleep.
pub(super) fn park() {
    with_recorder(|recorder| recorder.begin_turn(Word::new(Kind::Park, 0)));
}

/// Is awake again.
pub(super) fn unpark() {
    with_recorder(|recorder| {
        recorder.look_at_mode();
        recorder.turn(Kind::Unpark, true);
    });
}

/// Has taken a task from another worker.
pub(super) fn steal(stolen: &Option<Runnable>, from: usize) {
    if let Some(task) = stolen {
        let word = Word::new(Kind::Steal, task.header().id()).peer(from);
        with_recorder(|recorder| recorder.between(word));
    }
}

/// The task that this thread is polling waits in place, and the core leaves the thread.
pub(super) fn block_in_place() {
    let id = here::with(|here| here.task_id.get());
    with_recorder(|recorder| recorder.within(Word::new(Kind::BlockInPlace, id)));
}
