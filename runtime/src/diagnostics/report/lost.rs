//! Failures that nobody saw.

use super::{Report, ReportKind};
use crate::task::TaskInfo;

/// "task 903 panicked, and nobody will see it".
pub(super) fn panic(task: TaskInfo, message: Option<String>) -> Report {
    let said = match &message {
        Some(message) => format!("{message:?}"),
        None => "(not a text)".to_owned(),
    };
    let text = format!(
        "{} panicked, and nobody will see it: its handle was dropped\n      {}, spawned at {}: {said}",
        named(&task),
        task.type_name(),
        task.spawned_at(),
    );
    Report::new(ReportKind::LostPanic, text)
        .task(task)
        .field("message", message)
}

/// `task 12 "mailer"`, or `task 12`.
pub(super) fn named(task: &TaskInfo) -> String {
    match task.name() {
        Some(name) => format!("task {} {name:?}", task.id()),
        None => format!("task {}", task.id()),
    }
}
