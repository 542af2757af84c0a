//! What the loop that records does besides.
//!
//! Only the one of the two loops calls this that records, and who hands a core on. The pen belongs to the core, and
//! goes with it from thread to thread.

use super::Core;
use crate::kernel::observe::event::{Kind, Word};
pub(super) use crate::kernel::observe::turns::*;
use crate::kernel::observe::with_recorder;
use crate::kernel::task::{Id, Runnable};

impl Core {
    /// Which loop this worker belongs into: true for the one that records, `None` for the end. Called between two of them.
    pub(super) fn next_loop(&self) -> Option<bool> {
        if self.pool.idle.is_closed() {
            return None;
        }
        let records = self.pool.idle.is_observed();
        self.pen
            .take(records, || self.pool.register.observe.recorder(self.index));
        self.home.set(if records {
            self.homes.observed.lend()
        } else {
            self.homes.plain.lend()
        });
        Some(records)
    }
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
    let id = Id::current().map_or(0, Id::get);
    with_recorder(|recorder| recorder.within(Word::new(Kind::BlockInPlace, id)));
}
