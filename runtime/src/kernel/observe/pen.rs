//! A recorder in the hands of who may record, or not: a worker, the driver of a current-thread scheduler.
//!
//! While its owner records, `here.recorder` of the owner's thread points to it. Who moves the owner to another thread clears that
//! first, and [sets it](Pen::address) there.

use super::recorder::Recorder;
use crate::kernel::here;
use std::cell::{Cell, OnceCell};
use std::ptr;

/// What a core writes with.
pub(crate) struct Pen {
    /// Made when its owner is first to record.
    recorder: OnceCell<Box<Recorder>>,
    /// It records now.
    records: Cell<bool>,
}

impl Pen {
    pub(crate) fn new() -> Self {
        Self {
            recorder: OnceCell::new(),
            records: Cell::new(false),
        }
    }

    /// Records from now on, or not. On the owner's thread.
    pub(crate) fn take(&self, records: bool, make: impl FnOnce() -> Option<Box<Recorder>>) {
        if records && self.recorder.get().is_none() {
            if let Some(recorder) = make() {
                let _new = self.recorder.set(recorder);
            }
        }
        if let Some(recorder) = self.recorder.get().filter(|_| records) {
            recorder.resume();
        }
        self.records.set(records);
        here::with(|here| here.recorder.set(self.address()));
    }

    /// It records now.
    pub(crate) fn records(&self) -> bool {
        self.records.get()
    }

    /// It records, or has.
    #[allow(dead_code, reason = "there may be no simulation")]
    pub(crate) fn has_recorded(&self) -> bool {
        self.records.get() || self.recorder.get().is_some()
    }

    /// For `here.recorder`.
    pub(crate) fn address(&self) -> *const () {
        let recorder = self.recorder.get().filter(|_| self.records.get());
        recorder.map_or(ptr::null(), |recorder| ptr::from_ref(&**recorder).cast())
    }
}
