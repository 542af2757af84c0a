//! What the recorder knows of tasks: how often each was polled, and when it was last heard of.

use crate::runtime::Handle;
use crate::trace::{self, EventKind};
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

/// A runtime's tasks as far as its record goes back.
#[derive(Default)]
pub(super) struct Recorded {
    /// Since the record began.
    now: Duration,
    tasks: HashMap<u64, Task>,
}

#[derive(Default)]
struct Task {
    polls: u64,
    last: Duration,
}

impl Recorded {
    /// Nothing is known of what is not recorded.
    pub(super) fn of(runtime: &Handle) -> Self {
        let Ok(snapshot) = trace::snapshot_of(runtime) else {
            return Self::default();
        };
        let mut tasks: HashMap<u64, Task> = HashMap::new();
        for event in snapshot.events() {
            let (id, polls) = match event.kind {
                EventKind::Poll { task, .. } => (task, 1),
                EventKind::Wake { task, .. } | EventKind::Spawn { task, .. } => (task, 0),
                _ => continue,
            };
            let task = tasks.entry(id).or_default();
            task.polls += polls;
            task.last = task.last.max(event.time);
        }
        // The system's clock may have been set meanwhile.
        let now = SystemTime::now().duration_since(snapshot.origin());
        Self {
            now: now.unwrap_or_default(),
            tasks,
        }
    }

    /// How often a task was polled, and for how many seconds nothing has happened to it.
    pub(super) fn task(&self, id: u64) -> Option<(u64, f64)> {
        let task = self.tasks.get(&id)?;
        let quiet = self.now.saturating_sub(task.last);
        Some((task.polls, quiet.as_secs_f64()))
    }
}
