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

/// "task 77 failed, and nobody will see it".
pub(super) fn error(task: TaskInfo, error: String) -> Report {
    let text = format!(
        "{} failed, and nobody will see it: its handle was dropped\n      {}, spawned at {}: Err({})",
        named(&task),
        task.type_name(),
        task.spawned_at(),
        indented(&error),
    );
    Report::new(ReportKind::LostError, text)
        .task(task)
        .field("error", error)
}

/// "task 5 returned a `Result` that nobody reads".
pub(super) fn unread(task: TaskInfo) -> Report {
    let text = format!(
        "{} returned a `Result` that nobody reads: its handle was dropped\n      {}, spawned at {}\n      \
         Await the handle; or `detach` it, if errors do not matter; or have them reported by `diagnostics::errors_of`.",
        named(&task),
        task.type_name(),
        task.spawned_at(),
    );
    Report::new(ReportKind::UnreadResult, text).task(task)
}

/// A text of the program's that may have any character: those that would do something to a terminal are escaped, and no line
/// of it looks like the beginning of a report.
fn indented(text: &str) -> String {
    let mut indented = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => indented.push_str("\n      "),
            '\t' => indented.push('\t'),
            _ if character.is_control() => indented.extend(character.escape_default()),
            _ => indented.push(character),
        }
    }
    indented
}

/// `task 12 "mailer"`, or `task 12`.
pub(super) fn named(task: &TaskInfo) -> String {
    match task.name() {
        Some(name) => format!("task {} {name:?}", task.id()),
        None => format!("task {}", task.id()),
    }
}
