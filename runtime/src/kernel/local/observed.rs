//! How a current-thread scheduler is observed: its driver looks whether it is, between two rounds, and records.
//!
//! Spawns are not told of (a task is when it is first polled): asking for that would cost each spawn something.

use super::{Driven, Local};
use crate::kernel::observe::{Change, Source, turns};
use crate::kernel::wanted::LOOKED_INTO;
use crate::prim::atomic::Ordering;

impl Local {
    /// Changes how closely the scheduler is observed.
    pub(crate) fn observe(&self, change: Change, source: impl FnOnce() -> Source) {
        self.register.observe.change(change, source, |on| {
            // Ordering: Release, the partner of the load below: where to write has been said before.
            self.observed.store(on, Ordering::Release);
        });
    }
}

impl Driven {
    /// A round begins: true if it is to be recorded.
    #[inline]
    pub(super) fn begins_observed(&self) -> bool {
        if !LOOKED_INTO {
            return false;
        }
        // Ordering: Acquire, see `observe`.
        let observed = self.local.observed.load(Ordering::Acquire);
        let pen = &self.core().pen;
        if observed || pen.records() {
            self.take_pen(observed);
        }
        observed
    }

    #[cold]
    fn take_pen(&self, observed: bool) {
        let pen = &self.core().pen;
        if pen.records() != observed {
            pen.take(observed, || self.local.register.observe.recorder(0));
        }
        if observed {
            // What the root has done is not a task's.
            turns::begin_look();
        }
    }
}
