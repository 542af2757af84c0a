//! Polls that take long.

use super::lost::named;
use super::{Report, ReportKind};
use crate::diagnostics::json::Value;
use crate::kernel::findings::{Activity, SlowPoll, ThreadState};
use crate::symbols::{self, Frame};
use std::fmt::Write;
use std::time::Duration;

/// So many frames of a stack are printed: the innermost.
const PRINTED: usize = 40;

/// "task 4711 has been polling for 1.20 s on worker 2, and holds up 318 others".
pub(super) fn poll(poll: SlowPoll) -> Report {
    let stack = poll.stack.as_ref().map(|stack| {
        let mut frames = symbols::resolve(stack.addresses());
        symbols::trim::wait(&mut frames);
        symbols::trim::outer(&mut frames);
        frames
    });
    let text = text(&poll, stack.as_deref());
    let state = poll.activity.as_ref().map(|activity| match activity.state {
        ThreadState::Computes => "computes",
        ThreadState::Blocks(_) => "blocks",
        ThreadState::Starves => "starves",
    });
    let wait = match &poll.activity {
        Some(Activity {
            state: ThreadState::Blocks(wait),
            ..
        }) => wait.clone(),
        _ => None,
    };
    let processor = poll.activity.as_ref().map(|activity| activity.processor);
    let stack = stack.map(|frames| Value::List(frames.into_iter().map(frame_value).collect()));
    Report::new(ReportKind::SlowPoll, text)
        .task(poll.task)
        .field("worker", poll.worker.map(|worker| worker as u64))
        .field("seconds", poll.time.as_secs_f64())
        .field("ended", poll.ended)
        .field("behind", poll.behind as u64)
        .field("state", state)
        .field(
            "processor_seconds",
            processor.map(|time| time.as_secs_f64()),
        )
        .field("waits_in", wait)
        .field("stack", stack)
}

fn text(poll: &SlowPoll, stack: Option<&[Frame]>) -> String {
    let task = &poll.task;
    let mut text = named(task);
    let time = duration(poll.time);
    // Writing to a string does not fail, here and below.
    let _ = match (poll.ended, poll.worker) {
        (false, Some(worker)) => {
            write!(text, " has been polling for {time} on worker {worker}")
        }
        (false, None) => write!(text, " has been polling for {time} on a spare worker"),
        (true, Some(worker)) => write!(text, " was in one poll for {time} on worker {worker}"),
        (true, None) => write!(text, " was in one poll for {time}"),
    };
    let _ = match (poll.behind, poll.ended) {
        (0, _) => Ok(()),
        (1, false) => write!(text, ", and holds up another"),
        (1, true) => write!(text, ", and held up another"),
        (behind, false) => write!(text, ", and holds up {behind} others"),
        (behind, true) => write!(text, ", and held up {behind} others"),
    };
    let (future, place) = (task.type_name(), task.spawned_at());
    let _ = write!(text, "\n      {future}, spawned at {place}");
    if let Some(activity) = &poll.activity {
        let processor = duration(activity.processor);
        let _ = match &activity.state {
            ThreadState::Computes => write!(text, "\n      it computes"),
            ThreadState::Blocks(None) => {
                write!(text, "\n      it blocks: {processor} of processor time")
            }
            ThreadState::Blocks(Some(wait)) => {
                write!(
                    text,
                    "\n      it blocks: {processor} of processor time, in {wait}"
                )
            }
            ThreadState::Starves => write!(
                text,
                "\n      it would compute, but has had {processor} of processor time: the machine is busy"
            ),
        };
    }
    if let Some(stack) = stack {
        write_stack(&mut text, stack, poll.activity.is_some());
    }
    text.push_str("\n      ");
    text.push_str(match &poll.activity {
        Some(Activity {
            state: ThreadState::Blocks(_),
            ..
        }) => "Use `leno::task::spawn_blocking` for code that waits, or an asynchronous function that does the same.",
        Some(_) => {
            "Use `leno::task::spawn_blocking` for code that computes for long, or `yield_now().await` in between."
        }
        None => "Use `leno::task::spawn_blocking` for code that waits or computes for long.",
    });
    text
}

fn write_stack(text: &mut String, stack: &[Frame], goes_on: bool) {
    text.push_str(if goes_on {
        ". Its stack:"
    } else {
        "\n      Its stack:"
    });
    let printed = &stack[..stack.len().min(PRINTED)];
    let widths = printed
        .iter()
        .filter_map(|frame| Some(frame.function.as_ref()?.chars().count()));
    // One long name should not push all places out of sight.
    let width = widths.max().unwrap_or(0).min(56);
    for (number, frame) in printed.iter().enumerate() {
        let _ = write!(text, "\n      {number:>4}  {frame:width$}");
    }
    if stack.len() > PRINTED {
        let _ = write!(text, "\n            and {} more", stack.len() - PRINTED);
    }
    if !stack.is_empty() && stack.iter().all(|frame| frame.function.is_none()) {
        text.push_str("\n      (With the feature `diagnostics` of leno there are names.)");
    }
}

fn frame_value(frame: Frame) -> Value {
    let (module, offset) = match frame.place {
        Some(place) => (Some(place.module), Some(place.offset as u64)),
        None => (None, None),
    };
    Value::Object(vec![
        ("function", Value::from(frame.function)),
        ("file", Value::from(frame.file)),
        ("line", Value::from(frame.line.map(u64::from))),
        ("module", Value::from(module)),
        ("offset", Value::from(offset)),
    ])
}

/// `1.20 s`, or `120 ms`.
fn duration(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.2} s", time.as_secs_f64())
    }
}
