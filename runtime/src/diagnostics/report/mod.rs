//! A report: what was found, for people and for programs. One file for each kind of finding makes its text.

mod cut_short;
mod huge;
mod lost;
mod never_awaited;
mod slow;
pub(super) mod still_running;
pub(super) mod waits;

use super::json::Value;
use crate::kernel::findings::Finding;
use crate::task::TaskInfo;
use std::fmt;
use std::panic::Location;
use std::path::PathBuf;

/// What was found.
///
/// Its text ([`Display`](fmt::Display)) is for people: some lines, of which the first says it all. For programs there are
/// [`kind`](Self::kind), [`tasks`](Self::tasks), [`place`](Self::place) and [`to_json`](Self::to_json). The text may change
/// with any version.
#[derive(Debug, Clone)]
pub struct Report {
    kind: ReportKind,
    tasks: Vec<TaskInfo>,
    place: Option<&'static Location<'static>>,
    text: String,
    fields: Vec<(&'static str, Value)>,
    times: u64,
}

/// Which mistake it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReportKind {
    /// A task panicked, and nobody will see it.
    LostPanic,
    /// A task is in one poll for long, and holds up those behind it.
    SlowPoll,
    /// A task returned an error, and nobody will see it.
    LostError,
    /// A task returned a `Result` of a type that leno does not know, and nobody has looked at it. Once for each place of a
    /// spawn; see [`errors_of`](super::errors_of).
    UnreadResult,
    /// A task was spawned of a future that is very large. Once for each type.
    HugeFuture,
    /// A [`shield`](crate::task::shield), or the cleanup of a [`guard`](crate::task::guard()), had not ended when its limit was up, or when
    /// its runtime ended.
    CutShort,
    /// A coroutine was dropped before anybody awaited it; see [`Coroutine`](crate::Coroutine).
    NeverAwaited,
    /// Something did not stop in the time that [`shutdown_timeout`](crate::runtime::Runtime::shutdown_timeout) gave it.
    StillRunning,
    /// Tasks wait for each other, or one for itself.
    Deadlock,
    /// Tasks wait for each other, or one for itself, unless one has given away the guard that the other waits for.
    SuspectedDeadlock,
    /// A task waits for a lock that was handed to a future of its own which it no longer polls.
    Futurelock,
    /// A lock has been waited for, for long, while the task that holds it sleeps.
    HeldLock,
    /// A task sleeps, and nothing is left that could wake it.
    AsleepForEver,
}

impl ReportKind {
    /// What tasks did just before tells more.
    pub(super) fn has_a_history(self) -> bool {
        matches!(
            self,
            Self::LostPanic
                | Self::SlowPoll
                | Self::Deadlock
                | Self::SuspectedDeadlock
                | Self::Futurelock
        )
    }

    /// The kind as programs write it: `lost-panic`.
    pub fn name(self) -> &'static str {
        match self {
            ReportKind::LostPanic => "lost-panic",
            ReportKind::SlowPoll => "slow-poll",
            ReportKind::LostError => "lost-error",
            ReportKind::UnreadResult => "unread-result",
            ReportKind::HugeFuture => "huge-future",
            ReportKind::CutShort => "cut-short",
            ReportKind::NeverAwaited => "never-awaited",
            ReportKind::StillRunning => "still-running",
            ReportKind::Deadlock => "deadlock",
            ReportKind::SuspectedDeadlock => "suspected-deadlock",
            ReportKind::Futurelock => "futurelock",
            ReportKind::HeldLock => "held-lock",
            ReportKind::AsleepForEver => "asleep-for-ever",
        }
    }
}

impl fmt::Display for ReportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Report {
    /// Makes the report of what the kernel has found.
    pub(super) fn of(finding: Finding) -> Self {
        match finding {
            Finding::LostPanic { task, message } => lost::panic(task, message),
            Finding::SlowPoll(poll) => slow::poll(*poll),
            Finding::LostError { task, error } => lost::error(task, error),
            Finding::UnreadResult { task } => lost::unread(task),
            Finding::HugeFuture { task } => huge::future(task),
            Finding::CutShort { place, reason } => cut_short::shield(place, &reason),
            Finding::NeverAwaited { name, place } => never_awaited::coroutine(name, place),
        }
    }

    pub(super) fn new(kind: ReportKind, text: String) -> Self {
        Self {
            kind,
            tasks: Vec::new(),
            place: None,
            text,
            fields: Vec::new(),
            times: 1,
        }
    }

    /// With a task that it is about. The place of the report is that of the first one's spawn, unless it has another.
    pub(super) fn task(mut self, task: TaskInfo) -> Self {
        self.place = self.place.or(Some(task.spawned_at()));
        self.tasks.push(task);
        self
    }

    /// With a place that is not that of a task's spawn.
    pub(super) fn at(mut self, place: &'static Location<'static>) -> Self {
        self.place = Some(place);
        self
    }

    /// With something that only reports of this kind have.
    pub(super) fn field(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// With the traces of what led to it.
    pub(super) fn traces(&mut self, paths: &[PathBuf]) {
        for path in paths {
            self.text.push_str(&format!(
                "\n      What led to it is in {0}; `leno trace {0}` shows it.",
                path.display()
            ));
        }
        let names = paths
            .iter()
            .map(|path| Value::from(path.display().to_string()));
        self.fields.push(("traces", Value::List(names.collect())));
    }

    /// There have been so many of this kind and place by now.
    pub(super) fn set_times(&mut self, times: u64) {
        self.times = times;
    }

    /// Which mistake it is.
    pub fn kind(&self) -> ReportKind {
        self.kind
    }

    /// The tasks that it is about, as they were then.
    pub fn tasks(&self) -> &[TaskInfo] {
        &self.tasks
    }

    /// Where in the program the cause is, as far as is known: where the task was spawned, as a rule.
    pub fn place(&self) -> Option<&'static Location<'static>> {
        self.place
    }

    /// How many reports of this kind and place there have been so far, this one included.
    pub fn times(&self) -> u64 {
        self.times
    }

    /// The report as an object on one line.
    ///
    /// It has `kind`, `text`, `times`, `place` (`file`, `line` and `column`, or null) and `tasks` (each with `id`, `name` or null, `type`,
    /// `spawned_at`, `state`), and what only reports of its kind have.
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    pub(super) fn to_value(&self) -> Value {
        let mut fields = vec![
            ("kind", Value::from(self.kind.name())),
            ("text", Value::from(self.text.clone())),
            ("times", Value::from(self.times)),
            ("place", Value::from(self.place.map(place_value))),
            (
                "tasks",
                Value::List(self.tasks.iter().map(task_value).collect()),
            ),
        ];
        fields.extend(self.fields.iter().cloned());
        Value::Object(fields)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A place in the source.
pub(super) fn place_value(place: &'static Location<'static>) -> Value {
    Value::Object(vec![
        ("file", Value::from(place.file())),
        ("line", Value::from(u64::from(place.line()))),
        ("column", Value::from(u64::from(place.column()))),
    ])
}

/// A task.
pub(super) fn task_value(task: &TaskInfo) -> Value {
    Value::Object(vec![
        ("id", Value::from(task.id().to_string())),
        ("name", Value::from(task.name().map(str::to_owned))),
        ("type", Value::from(task.type_name())),
        ("spawned_at", place_value(task.spawned_at())),
        ("state", Value::from(task.state().to_string())),
    ])
}
