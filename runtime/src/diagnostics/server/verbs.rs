//! What is answered to each request: a line of JSON, written as it is made, so that a million tasks are not a million strings
//! in memory.

use super::base64;
use super::client::Answer;
use super::recorded::Recorded;
use super::request::{Refusal, Request, VERSION};
use super::runtimes;
use crate::diagnostics::dump::{self, Dump};
use crate::diagnostics::json::Value;
use crate::diagnostics::report::task_value;
use crate::runtime::prometheus;
use crate::runtime::{Handle, RuntimeFlavor};
use crate::task::{Id, TaskInfo, TaskState};
use crate::trace;
use std::collections::{HashMap, HashSet};
use std::io;
use std::panic::resume_unwind;
use std::thread;
use std::time::Duration;

pub(super) fn answer(request: &Request, answer: &mut Answer<'_>) -> io::Result<()> {
    match request {
        Request::Ps => ps(answer),
        Request::Dump(patience) => dump(answer, *patience),
        Request::Metrics => {
            let mut fields = head();
            let text = prometheus::text(&runtimes());
            fields.push(("metrics", Value::from(text)));
            answer.value(&Value::Object(fields));
        }
        Request::Trace(time) => trace(answer, *time),
    }
    answer.end()
}

fn ps(answer: &mut Answer<'_>) {
    each_runtime(answer, &runtimes(), |answer, _, runtime| {
        let inner = runtime.inner();
        let (threads, idle, queued) = inner.blocking_counts();
        let workers = (0..inner.workers()).map(|worker| {
            Value::Object(vec![
                ("id", Value::from(worker)),
                ("asleep", Value::from(inner.sleeps(worker) % 2 == 1)),
                ("parks", Value::from(inner.sleeps(worker).div_ceil(2))),
                (
                    "busy",
                    Value::from(Duration::from_nanos(inner.busy(worker)).as_secs_f64()),
                ),
            ])
        });
        let fields = [
            (
                "alive",
                Value::from(inner.live_tasks() + inner.live_in_sets()),
            ),
            ("injected", Value::from(inner.injected())),
            ("workers", Value::List(workers.collect())),
            ("spares", Value::from(inner.spares().0)),
            (
                "blocking",
                Value::Object(vec![
                    ("threads", Value::from(threads)),
                    ("idle", Value::from(idle)),
                    ("queued", Value::from(queued)),
                ]),
            ),
        ];
        for (name, value) in fields {
            answer.text(",");
            answer.field(name, &value);
        }
        answer.text(",\"tasks\":[");
        // First, so that one that goes to sleep meanwhile, which enters it into a list, is not missed.
        let polled = inner.polled();
        let recorded = Recorded::of(runtime);
        let mut tasks = runtime.tasks();
        let worker_of: HashMap<Id, usize> = polled
            .iter()
            .map(|(worker, task)| (task.id(), *worker))
            .collect();
        let listed: HashSet<Id> = tasks.iter().map(TaskInfo::id).collect();
        let others = polled.into_iter().map(|(_, task)| task);
        tasks.extend(others.filter(|task| !listed.contains(&task.id())));
        for (number, task) in tasks.iter().enumerate() {
            if answer.has_failed() {
                return;
            }
            if number > 0 {
                answer.text(",");
            }
            // Who sleeps by now is not polled any more.
            let worker = worker_of.get(&task.id());
            let worker = worker.filter(|_| task.state() == TaskState::Running);
            answer.value(&row(task, worker.copied(), recorded.task(task.id().get())));
        }
        answer.text("]");
    });
}

fn row(task: &TaskInfo, worker: Option<usize>, recorded: Option<(u64, f64)>) -> Value {
    let Value::Object(mut fields) = task_value(task) else {
        unreachable!("a task is written as an object");
    };
    fields.push(("cancelled", Value::from(task.is_cancelled())));
    fields.push(("polls", Value::from(recorded.map(|(polls, _)| polls))));
    fields.push(("for", Value::from(recorded.map(|(_, quiet)| quiet))));
    fields.push(("worker", Value::from(worker)));
    fields.push(("size", Value::from(task.future_size())));
    Value::Object(fields)
}

fn dump(answer: &mut Answer<'_>, patience: Duration) {
    let runtimes = runtimes();
    let dumps = dumps(&runtimes, patience);
    each_runtime(answer, &runtimes, |answer, number, _| {
        let Value::Object(fields) = dumps[number].to_value() else {
            unreachable!("a dump is written as an object");
        };
        for (name, value) in &fields {
            answer.text(",");
            answer.field(name, value);
        }
    });
}

/// All at once, so that one whose tasks do not answer holds up no other.
fn dumps(runtimes: &[Handle], patience: Duration) -> Vec<Dump> {
    thread::scope(|scope| {
        let taken = |runtime| {
            let builder = thread::Builder::new().name("leno-dump".to_owned());
            let take = move || dump::take(runtime, patience);
            builder.spawn_scoped(scope, take).map_err(|_| runtime)
        };
        let taken: Vec<_> = runtimes.iter().map(taken).collect();
        let dumps = taken.into_iter().map(|taken| match taken {
            Ok(thread) => thread
                .join()
                .unwrap_or_else(|payload| resume_unwind(payload)),
            // If the system has no thread left, this one asks.
            Err(runtime) => dump::take(runtime, patience),
        });
        dumps.collect()
    })
}

fn trace(answer: &mut Answer<'_>, time: Duration) {
    let runtimes = runtimes();
    let tracing: Vec<_> = if time.is_zero() {
        Vec::new()
    } else {
        runtimes.iter().map(trace::start_of).collect()
    };
    thread::sleep(time);
    let snapshots: Vec<_> = runtimes.iter().map(trace::snapshot_of).collect();
    drop(tracing);
    let recorded: Vec<_> = runtimes
        .into_iter()
        .zip(snapshots)
        .filter_map(|(runtime, snapshot)| Some((runtime, snapshot.ok()?)))
        .collect();
    if recorded.is_empty() {
        let text = "nothing was recorded: the recorder is off. Start the program with LENO_DIAGNOSTICS=recorder,socket, or trace \
                    for some seconds from now on";
        answer.refuse(Refusal::new("off", text));
        return;
    }
    let (runtimes, snapshots): (Vec<_>, Vec<_>) = recorded.into_iter().unzip();
    each_runtime(answer, &runtimes, |answer, number, _| {
        answer.text(",");
        let bytes = snapshots[number].to_bytes();
        answer.field("trace", &Value::from(base64::encode(&bytes)));
    });
}

/// An answer with an object for each runtime.
fn each_runtime(
    answer: &mut Answer<'_>,
    runtimes: &[Handle],
    fields: impl Fn(&mut Answer<'_>, usize, &Handle),
) {
    answer.text("{");
    for (name, value) in head() {
        answer.field(name, &value);
        answer.text(",");
    }
    answer.text("\"runtimes\":[");
    for (number, runtime) in runtimes.iter().enumerate() {
        answer.text(if number > 0 { ",{" } else { "{" });
        let kind = match runtime.runtime_flavor() {
            RuntimeFlavor::CurrentThread => "current-thread",
            RuntimeFlavor::MultiThread => "multi-thread",
        };
        answer.field("id", &Value::from(runtime.id().to_string()));
        answer.text(",");
        answer.field("name", &Value::from(runtime.name().map(str::to_owned)));
        answer.text(",");
        answer.field("kind", &Value::from(kind));
        fields(answer, number, runtime);
        answer.text("}");
    }
    answer.text("]}");
}

fn head() -> Vec<(&'static str, Value)> {
    vec![
        ("leno", Value::from(VERSION)),
        ("version", Value::from(env!("CARGO_PKG_VERSION"))),
        ("pid", Value::from(u64::from(std::process::id()))),
    ]
}
