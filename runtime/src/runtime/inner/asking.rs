//! What a runtime can be asked about its tasks: where they stand, and who waits for long.

use super::{Inner, Scheduler};
use crate::kernel::captures::Standing;
use crate::kernel::lines::LongWait;
use crate::kernel::local::{ClockHold, Local};
use crate::kernel::task::AbortHandle;
use crate::runtime::roots::RootStanding;
use std::thread::Thread;
use std::time::Duration;

impl Inner {
    /// Handles to the tasks that have been asleep.
    pub(crate) fn handles(&self) -> Vec<AbortHandle> {
        if self.is_left_behind() {
            // As above.
            return Vec::new();
        }
        self.register().handles()
    }

    /// Where tasks stand. Waits for that, for as long as `patience` allows.
    pub(crate) fn ask(&self, tasks: &[AbortHandle], patience: Duration) -> Vec<Standing> {
        self.register().ask(tasks, patience)
    }

    /// Where the futures stand that threads wait for. Waits for that, for as long as `patience` allows.
    pub(crate) fn ask_roots(&self, patience: Duration) -> Vec<RootStanding> {
        if self.is_inherited() {
            return Vec::new();
        }
        self.roots.ask(patience)
    }

    /// While this is alive a paused clock does not move by itself.
    pub(crate) fn hold_clock(&self) -> Option<ClockHold> {
        match &self.scheduler {
            Scheduler::Local { local, .. } if !self.is_inherited() => {
                Some(Local::hold_clock(local))
            }
            _ => None,
        }
    }

    /// `thread` looks for long waits, and is to be unparked when the end has begun.
    pub(crate) fn set_waits_thread(&self, thread: Thread) {
        let _ = self.waits.set(thread);
    }

    /// The tasks that have waited in line for a lock for as long as `time`. None, if nobody wanted to know.
    pub(crate) fn waiting_for(&self, time: Duration) -> Vec<LongWait> {
        let lines = self.register().lines();
        lines.map_or_else(Vec::new, |lines| lines.waiting_for(time))
    }
}
