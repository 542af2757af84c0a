//! How a runtime has ended, and what did not.

use super::{deliver, report};
use crate::kernel::blocking::Running;
use crate::kernel::task::Origin;
use crate::task::{TaskInfo, TaskState};
use std::fmt;
use std::panic::Location;
use std::time::Duration;

/// So many tasks are told of in the text.
const SHOWN: usize = 10;

/// How a runtime has ended by [`Runtime::shutdown`](crate::runtime::Runtime::shutdown), and what did not.
///
/// Its text tells it to people:
///
/// ```text
/// the runtime "main" did not stop in 10.0 s: 1 task and 1 blocking closure go on
///       task 4711 "checkout", shop::api::checkout::{{closure}}, spawned at src/api.rs:88:9: running
///       a closure of `spawn_blocking` at src/export.rs:14:22, for 61.0 s
/// ```
#[derive(Debug, Clone)]
pub struct ShutdownReport {
    pub(crate) runtime_name: Option<String>,
    pub(crate) closing: Duration,
    pub(crate) waiting: Duration,
    pub(crate) tasks: Vec<TaskInfo>,
    pub(crate) other_tasks: usize,
    pub(crate) closures: Vec<LeftClosure>,
}

/// A closure of [`spawn_blocking`](crate::task::spawn_blocking) that went on when its runtime had ended.
#[derive(Clone)]
pub struct LeftClosure {
    origin: Origin,
    running_for: Duration,
}

impl ShutdownReport {
    /// True if everything has stopped: all futures are dropped, and all threads have ended.
    pub fn is_clean(&self) -> bool {
        self.tasks.is_empty() && self.other_tasks == 0 && self.closures.is_empty()
    }

    /// The [name](crate::runtime::Builder::name) of the runtime, if it has one.
    pub fn runtime_name(&self) -> Option<&str> {
        self.runtime_name.as_deref()
    }

    /// How long it all took.
    pub fn took(&self) -> Duration {
        self.closing + self.waiting
    }

    /// How long it took to tell everybody. A current-thread runtime drops its futures meanwhile.
    pub fn closing(&self) -> Duration {
        self.closing
    }

    /// How long the workers took to drop their futures, and the threads to end; the rest of the grace if they
    /// did not.
    pub fn waiting(&self) -> Duration {
        self.waiting
    }

    /// The tasks that did not stop: those that are being polled, and keep their worker from going on, first.
    ///
    /// A task that has never been suspended, in its first poll that is, is not known; see [`other_tasks`](Self::other_tasks). The
    /// end of a runtime does not end a [`LocalSet`](crate::task::LocalSet): its tasks are here if a thread still waits for
    /// something in a `block_on` of the runtime, in a blocking closure for instance, and has polled the set within that.
    pub fn tasks(&self) -> &[TaskInfo] {
        &self.tasks
    }

    /// How many tasks did not stop besides these: those in their first poll, and those that wait for a worker which does not
    /// come to them.
    pub fn other_tasks(&self) -> usize {
        self.other_tasks
    }

    /// The closures that did not stop, that which has been running for longest first.
    pub fn closures(&self) -> &[LeftClosure] {
        &self.closures
    }

    /// The report as an object on one line.
    ///
    /// It has `clean`, `runtime` (its name, or null), `took`, `closing` and `waiting` (in seconds), `tasks` (as those of a
    /// [report](crate::diagnostics::Report::to_json)), `other_tasks` (their number), and `closures` (each with `name` or null,
    /// `spawned_at`, and `running_for` in seconds).
    pub fn to_json(&self) -> String {
        report::still_running::value(self).to_string()
    }

    /// Reports what did not stop.
    pub(crate) fn tell(&self, built_at: &'static Location<'static>) {
        deliver::push_report(report::still_running::shutdown(self, built_at));
    }
}

impl LeftClosure {
    pub(crate) fn new(running: &Running) -> Self {
        Self {
            origin: running.origin.clone(),
            running_for: running.since.elapsed(),
        }
    }

    /// The name that it was given, if it was; see [`Builder::name`](crate::task::Builder::name).
    pub fn name(&self) -> Option<&str> {
        self.origin.name()
    }

    /// Where it was spawned. A closure that leno runs for an operation, such as reading a file, was spawned in leno.
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.origin.place()
    }

    /// For how long it had been running.
    pub fn running_for(&self) -> Duration {
        self.running_for
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the runtime ")?;
        if let Some(name) = &self.runtime_name {
            write!(f, "{name:?} ")?;
        }
        if self.is_clean() {
            return write!(f, "stopped in {:.1?}", self.took());
        }
        let counts = [
            (self.tasks.len() + self.other_tasks, "task"),
            (self.closures.len(), "blocking closure"),
        ];
        let left: Vec<String> = counts
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{number} {what}{}", if *number == 1 { "" } else { "s" }))
            .collect();
        let (left, goes) = (
            left.join(" and "),
            if counts[0].0 + counts[1].0 == 1 {
                "goes"
            } else {
                "go"
            },
        );
        write!(f, "did not stop in {:.1?}: {left} {goes} on", self.took())?;
        for task in self.tasks.iter().take(SHOWN) {
            write!(f, "\n      {task}: {}", task.state())?;
        }
        let more = self.tasks.len().saturating_sub(SHOWN);
        if more > 0 {
            write!(f, "\n      {more} more such tasks")?;
        }
        if self.other_tasks > 0 {
            let others = self.other_tasks;
            write!(
                f,
                "\n      {others} of which nothing is known: never suspended, or queued behind another"
            )?;
        }
        for closure in self.closures.iter().take(SHOWN) {
            write!(f, "\n      a closure of `spawn_blocking` ")?;
            if let Some(name) = closure.name() {
                write!(f, "named {name:?} ")?;
            }
            write!(
                f,
                "at {}, for {:.1?}",
                closure.spawned_at(),
                closure.running_for
            )?;
        }
        let more = self.closures.len().saturating_sub(SHOWN);
        if more > 0 {
            write!(f, "\n      {more} more such closures")?;
        }
        Ok(())
    }
}

impl fmt::Debug for LeftClosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeftClosure")
            .field("name", &self.name())
            .field("spawned_at", &format_args!("{}", self.spawned_at()))
            .field("running_for", &self.running_for)
            .finish()
    }
}

/// Those that are being polled first.
pub(crate) fn sort(tasks: &mut [TaskInfo]) {
    tasks.sort_by_key(|task| (task.state() != TaskState::Running, task.id()));
}
