//! What a runtime can be asked about its tasks: where they stand, and who waits for long.

use super::{Inner, Scheduler};
use crate::kernel::lines::LongWait;
use crate::kernel::local::{ClockHold, Local};
use crate::kernel::scope::ScopeInfo;
use crate::kernel::task::{AbortHandle, Id, TaskInfo};
use crate::runtime::roots::RootStanding;
use crate::runtime::sets::Sets;
use std::collections::HashMap;
use std::thread::Thread;
use std::time::Duration;

impl Inner {
    /// Handles to the tasks that have been asleep; those of sets last.
    pub(crate) fn handles(&self) -> Vec<AbortHandle> {
        if self.is_left_behind() {
            // As above.
            return Vec::new();
        }
        let mut handles = self.register().handles();
        for noted in self.sets.all() {
            handles.append(&mut noted.set.register().handles());
        }
        handles
    }

    /// The scopes of the tasks that have been asleep and are in one.
    pub(crate) fn scopes(&self) -> HashMap<Id, ScopeInfo> {
        if self.is_left_behind() {
            // As above.
            return HashMap::new();
        }
        let mut scopes: HashMap<_, _> = self.register().scopes().into_iter().collect();
        for noted in self.sets.all() {
            scopes.extend(noted.set.register().scopes());
        }
        scopes
    }

    /// How many tasks the sets have.
    #[cfg(unix)]
    pub(crate) fn live_in_sets(&self) -> u64 {
        let sets = self.with_sets(Sets::all).unwrap_or_default();
        sets.iter().map(|noted| noted.set.live() as u64).sum()
    }

    /// The tasks of those sets that a thread goes on with which waits for something of the runtime's.
    pub(super) fn tasks_of_driven_sets(&self) -> Vec<TaskInfo> {
        let threads = self.roots.threads();
        let sets = self.sets.all();
        let driven = sets.iter().filter(|noted| threads.contains(&noted.owner));
        driven
            .flat_map(|noted| noted.set.register().tasks())
            .collect()
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
        let mut waiting = self.register().lines.waiting_for(time);
        for noted in self.sets.all() {
            waiting.append(&mut noted.set.register().lines.waiting_for(time));
        }
        waiting
    }
}
