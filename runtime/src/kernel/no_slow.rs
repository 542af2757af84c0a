//! Nobody wants to know of slow polls in a build without the feature `introspection`.
//!
//! What is watched and what watches have no values, so whatever is done with one is never compiled to code.

use crate::kernel::observe::Observe;
use crate::kernel::task::{Polling, Runnable, TaskInfo};
use crate::kernel::wanted::Wanted;

/// What others see of a thread whose polls are watched.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) polling: Polling,
}

impl Watched {
    pub(super) fn new(_wanted: &Wanted) -> Option<Box<Self>> {
        None
    }

    pub(super) fn is_on_this_thread(&self) {
        match self.polling {}
    }

    pub(super) fn polled(&self) -> Option<TaskInfo> {
        match self.polling {}
    }

    pub(super) fn leaves_its_thread(&self) {
        match self.polling {}
    }
}

/// What the watcher of a pool remembers.
#[derive(Debug)]
pub(super) enum Slow {}

impl Slow {
    pub(super) fn new(_wanted: &Wanted, _workers: usize) -> Option<Self> {
        None
    }

    pub(super) fn look(
        &mut self,
        _worker: usize,
        _number: Option<usize>,
        _watched: &Watched,
        _behind: impl FnOnce() -> usize,
        _record: &Observe,
    ) {
        match *self {}
    }

    pub(super) fn awaits_answer(&self) -> bool {
        match *self {}
    }

    pub(super) fn end(self) {
        match self {}
    }
}

/// Times the polls of one scheduler.
#[derive(Debug)]
pub(super) enum Timed {}

impl Timed {
    pub(super) fn new(_wanted: &Wanted) -> Option<Self> {
        None
    }

    pub(super) fn run(
        &self,
        _task: Runnable,
        _run: fn(Runnable) -> Option<Runnable>,
        _behind: impl FnOnce() -> usize,
    ) -> Option<Runnable> {
        match *self {}
    }
}
