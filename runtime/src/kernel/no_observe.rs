//! There is no flight recorder in a build without the feature `introspection`: nobody could read it.
//!
//! A recorder, and a wish to have one, have no values, so whatever is done with one is never compiled to code.

#[path = "observe/histogram.rs"]
pub(crate) mod histogram;

use crate::kernel::task::Header;
use histogram::Counted;
use std::ptr;

/// What writes, of which there is none.
#[derive(Debug)]
pub(crate) enum Recorder {}

/// What somebody wants.
#[derive(Debug)]
pub(crate) enum Change {}

/// Who is observed: nobody.
#[derive(Debug)]
pub(crate) enum Source {}

/// The observation of one scheduler.
#[derive(Debug)]
pub(crate) struct Observe;

impl Observe {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn is_as_new(&mut self) -> bool {
        true
    }

    pub(crate) fn change(
        &self,
        change: Change,
        _source: impl FnOnce() -> Source,
        _tell: impl FnOnce(bool),
    ) {
        match change {}
    }

    pub(crate) fn recorder(&self, _worker: usize) -> Option<Box<Recorder>> {
        None
    }

    pub(crate) fn spare_from_outside(&self, _worker: usize, _leaves: bool) {}

    /// Nothing has been counted.
    #[inline]
    pub(crate) fn histograms(&self) -> (Counted, Counted) {
        <(Counted, Counted)>::default()
    }
}

/// A recorder in the hands of who may record: nobody.
#[derive(Debug)]
pub(crate) struct Pen;

impl Pen {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn take(&self, _records: bool, _make: impl FnOnce() -> Option<Box<Recorder>>) {}

    pub(crate) fn records(&self) -> bool {
        false
    }

    pub(crate) fn address(&self) -> *const () {
        ptr::null()
    }
}

pub(super) fn wake(_task: &Header) -> bool {
    false
}

pub(super) fn look(_task: &Header) {}

pub(super) fn meet(_task: &Header) {}

pub(super) fn polled_and_woken(_id: u64, _task: &Header) {}

pub(super) fn polled(_id: u64, _outcome: event::Outcome) {}

pub(super) fn spawn(_task: &Header) {}

pub(crate) mod event {
    //! What would be recorded.

    /// What became of a task that was polled.
    #[derive(Debug)]
    pub(crate) enum Outcome {
        Asleep,
        Woken,
        Done,
        Cancelled,
    }
}

pub(in crate::kernel) mod turns {
    //! What a loop would write that records.

    use crate::kernel::task::Runnable;

    pub(in crate::kernel) fn run(task: Runnable) -> Option<Runnable> {
        task.run()
    }

    pub(in crate::kernel) fn begin_look() {}

    pub(in crate::kernel) fn end_io() {}

    pub(in crate::kernel) fn end_timers() {}

    pub(in crate::kernel) fn park() {}

    pub(in crate::kernel) fn unpark() {}
}
