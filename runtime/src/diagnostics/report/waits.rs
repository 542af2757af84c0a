//! What waits for what will not come, or not soon.

use super::lost::named;
use super::{Report, ReportKind};
use crate::diagnostics::dump::Dump;
use crate::diagnostics::graph::{Circle, Edge};
use crate::diagnostics::leaf::Leaf;
use crate::task::{Id, TaskInfo};
use std::fmt::Write;
use std::time::Duration;

/// Tasks that wait for each other.
pub(in crate::diagnostics) fn circle(circle: &Circle, dump: &Dump) -> Report {
    let futurelock = circle
        .tasks
        .iter()
        .map(|(_, edge)| edge)
        .find(|edge| edge.lock.is_some_and(|lock| lock.was_handed));
    let mut text = match (circle.tasks.as_slice(), futurelock) {
        (_, Some(edge)) => format!(
            "futurelock: {} waits for a lock that was handed to a future of its own, which it no longer polls",
            task_of(edge.to, dump)
        ),
        ([(task, Edge { lock: Some(_), .. })], None) => {
            format!(
                "deadlock: {} waits for a lock that it holds itself",
                task_of(*task, dump)
            )
        }
        ([(task, _)], None) => format!("deadlock: {} waits for its own end", task_of(*task, dump)),
        (tasks, None) => format!("deadlock: {} tasks wait for each other", tasks.len()),
    };
    for (number, (task, edge)) in circle.tasks.iter().enumerate() {
        // Whoever comes before waits for something of this one's.
        let before = (number + circle.tasks.len() - 1) % circle.tasks.len();
        let holds = circle.tasks[before].1.lock;
        let _ = write!(text, "\n      {}", task_of(*task, dump));
        if let Some(lock) = holds {
            let verb = if lock.was_handed {
                "was handed"
            } else {
                "holds"
            };
            let _ = write!(text, " {verb} the lock at {:#x}, and", lock.address);
        }
        let _ = match edge.lock {
            Some(lock) => write!(text, " waits for the lock at {:#x}", lock.address),
            None => write!(text, " waits for the end of task {}", edge.to),
        };
        if let Some(place) = place_of(*task, edge, dump) {
            let _ = write!(text, " at {place}");
        }
        if let Some(task) = dump.task(*task) {
            let _ = write!(
                text,
                "\n         {}, spawned at {}",
                task.task().type_name(),
                task.task().spawned_at()
            );
        }
    }
    let _ = write!(
        text,
        "\n      {}",
        if futurelock.is_some() {
            "Drop the future that lost before you wait, or spawn it as a task of its own."
        } else if circle.tasks.iter().all(|(_, edge)| edge.lock.is_some()) && circle.tasks.len() > 1
        {
            "Take the locks in one order everywhere."
        } else {
            "Let go of what the other waits for before you wait."
        }
    );
    if !circle.is_certain {
        text.insert_str(0, "probably a ");
        text.push_str(
            " It is none if the guard of such a lock was moved into a task that its holder has spawned since, or was sent through a channel.",
        );
    }
    if circle.behind > 0 {
        let _ = write!(text, " {} more tasks wait behind them.", circle.behind);
    }
    let kind = match futurelock {
        _ if !circle.is_certain => ReportKind::SuspectedDeadlock,
        Some(_) => ReportKind::Futurelock,
        None => ReportKind::Deadlock,
    };
    let mut report = Report::new(kind, text).field("behind", circle.behind);
    for (task, _) in &circle.tasks {
        if let Some(task) = dump.task(*task) {
            report = report.task(task.task().clone());
        }
    }
    report
}

/// `waiter` has waited for a lock that `holder` holds while it sleeps, unless it may have given the guard away.
pub(in crate::diagnostics) fn held(
    (waiter, time): (Id, Duration),
    (holder, is_certain): (Id, bool),
    dump: &Dump,
) -> Report {
    let mut text = format!(
        "{} has waited for {:.1} s for a lock that {} holds while it sleeps",
        task_of(waiter, dump),
        time.as_secs_f64(),
        task_of(holder, dump),
    );
    for (task, does) in [(holder, "sleeps"), (waiter, "waits")] {
        let Some(task) = dump.task(task) else {
            continue;
        };
        let _ = write!(text, "\n      {}", task.task());
        let places = task.leaves().iter().filter_map(place);
        let places: Vec<String> = places.collect();
        if !places.is_empty() {
            let _ = write!(text, ", {does} at {}", places.join(" or "));
        }
    }
    text.push_str("\n      Let go of the lock before you wait for something that takes long.");
    if !is_certain {
        text.push_str(
            " (It may be that another task has it by now: this one has spawned or sent something since it locked.)",
        );
    }
    let mut report = Report::new(ReportKind::HeldLock, text).field("seconds", time.as_secs_f64());
    for task in [holder, waiter] {
        if let Some(task) = dump.task(task) {
            report = report.task(task.task().clone());
        }
    }
    report
}

/// A task that nothing can wake.
pub(in crate::diagnostics) fn forsaken(task: TaskInfo) -> Report {
    let text = format!(
        "{} is asleep for ever: nothing is left that could wake it\n      {}, spawned at {}",
        named(&task),
        task.type_name(),
        task.spawned_at(),
    );
    Report::new(ReportKind::AsleepForEver, text).task(task)
}

fn task_of(id: Id, dump: &Dump) -> String {
    dump.task(id)
        .map_or_else(|| format!("task {id}"), |task| named(task.task()))
}

/// Where a task waits for what the edge says.
fn place_of(task: Id, edge: &Edge, dump: &Dump) -> Option<String> {
    let leaves = dump.task(task)?.leaves();
    let leaf = leaves.iter().find(|leaf| match edge.lock {
        Some(lock) => leaf.ticket() == Some(lock.ticket),
        None => leaf.waits_for_task() == Some(edge.to),
    })?;
    place(leaf)
}

/// The innermost place of a leaf that is the program's, or a library's.
fn place(leaf: &Leaf) -> Option<String> {
    let stack = leaf.stack();
    let own = stack.iter().find(|frame| {
        let is_ours = |path: &str| {
            ["leno::", "tokio::", "core::", "alloc::", "std::"]
                .iter()
                .any(|start| path.trim_start_matches('<').starts_with(start))
        };
        frame.function().is_some_and(|path| !is_ours(path))
    })?;
    Some(format!("{}:{}", own.file()?, own.line()?))
}
