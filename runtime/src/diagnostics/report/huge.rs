//! Futures that are very large.

use super::lost::named;
use super::{Report, ReportKind};
use crate::task::TaskInfo;

/// "task 12 is made of a future of 70000 bytes".
pub(super) fn future(task: TaskInfo) -> Report {
    let bytes = task.future_size();
    let text = format!(
        "{} is made of a future of {bytes} bytes\n      {}, spawned at {}\n      \
         It takes this space as long as the task lives, and was on the stack before. Keep large buffers in a `Vec` or `Box`, \
         do not hold\n      them across an `.await`, and wrap what it awaits, where that is large, in `Box::pin`.",
        named(&task),
        task.type_name(),
        task.spawned_at(),
    );
    Report::new(ReportKind::HugeFuture, text)
        .task(task)
        .field("bytes", bytes)
}
