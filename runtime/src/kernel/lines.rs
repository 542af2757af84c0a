//! Which tasks of a scheduler wait in line for a lock, and since when: for whoever looks for those that wait for too long.
//!
//! Only where that is wanted. A task that gets in line is noted by the line's ticket, and taken out when its turn has come or
//! it has left; in between, its note keeps the task's memory. One lock for all lines of a scheduler, taken twice by who has to
//! wait anyway.

use crate::kernel::here;
use crate::kernel::task::{AbortHandle, Header};
use crate::prim::{Arc, Mutex};
use std::collections::HashMap;
use std::ptr::NonNull;
use std::time::{Duration, Instant};

/// The tasks that wait.
#[derive(Debug)]
pub(crate) struct Lines(Mutex<HashMap<u64, Waiting>>);

#[derive(Debug)]
struct Waiting {
    task: AbortHandle,
    since: Instant,
}

/// A place in a line; until this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    lines: Arc<Lines>,
    ticket: u64,
}

/// Somebody who has waited for long.
#[derive(Debug)]
pub(crate) struct LongWait {
    pub(crate) ticket: u64,
    pub(crate) task: AbortHandle,
    pub(crate) time: Duration,
}

impl Lines {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(HashMap::new())))
    }

    /// Who has waited for as long as this.
    pub(crate) fn waiting_for(&self, time: Duration) -> Vec<LongWait> {
        let lines = self.0.lock();
        let long = lines.iter().filter_map(|(&ticket, waiting)| {
            let waited = waiting.since.elapsed();
            (waited >= time).then(|| LongWait {
                ticket,
                task: waiting.task.clone(),
                time: waited,
            })
        });
        long.collect()
    }
}

impl Place {
    /// The running task gets in line, if its scheduler wants to know.
    pub(crate) fn take(ticket: u64) -> Option<Self> {
        let running = here::with(|here| here.running.get()) as *mut Header;
        // SAFETY: who polls a task keeps it, and this is a call in the middle of its poll.
        let task = unsafe { NonNull::new(running)?.as_ref() };
        let lines = Arc::clone(task.lines()?);
        let waiting = Waiting {
            task: AbortHandle::of(task),
            since: Instant::now(),
        };
        lines.0.lock().insert(ticket, waiting);
        Some(Self { lines, ticket })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // The handle goes after the lock: it may be the last to know the task.
        let _waiting = self.lines.0.lock().remove(&self.ticket);
    }
}
