//! `leno ps`: which tasks there are.

use super::list;
use super::seconds;
use crate::answer::{Deadlock, Dump, DumpedRuntime, Ps, Row, Runtime, Task};
use crate::client;
use crate::fault::Fault;
use crate::show::style::{self, Look, Style};
use crate::show::table::{self, Cell, Column};
use clap::Args;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::time::Duration;

/// List the tasks of a process, or the processes that can be looked into
#[derive(Debug, Args)]
#[command(
    long_about = "List the tasks of a process; without PID, the processes that can be looked into.\n\n\
        There is a line for each task that has been asleep at least once, or is known to be polled; how many others there are is told below. A process that \
        has no socket, or is stopped, is looked into by reading its memory (on Linux), which takes the right to debug it. \
        The columns:\n\n  \
        STATE        asleep: waits to be woken; queued: waits for a worker; running: is polled, or has yielded;\n               \
        polling: is polled by the worker that WAITS FOR names (known where slow polls are looked for);\n               \
        cancelled: is to end, and has not yet\n  \
        FOR, POLLS   for how long nothing has happened to it, and how often it was polled, if the recorder is on,\n               \
        and as far as its record goes back (LENO_DIAGNOSTICS=recorder,socket)\n  \
        NAME/FUTURE  the name that the task was given, or the type of its future\n  \
        SPAWNED AT   the call of `spawn`\n  \
        WAITS FOR    what it waits for, where that is known: with --waits each task is asked",
    after_long_help = "EXAMPLES:\n  leno ps\n  leno ps 2817\n  leno ps 2817 --waits\n  leno ps $(pgrep shop) --wide | grep queued\n  \
        leno ps 2817 --json | jq '.runtimes[].tasks | length'"
)]
pub(super) struct Arguments {
    /// The process
    pid: Option<u32>,
    /// Print the answer as JSON, on one line
    #[arg(long)]
    json: bool,
    /// Ask each task what it waits for, as `leno dump` does
    #[arg(long, requires = "pid", conflicts_with = "json")]
    waits: bool,
    /// For so many seconds tasks are waited for
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds, requires = "waits")]
    patience: Duration,
    /// Cut nothing, however wide the terminal is
    #[arg(long, short)]
    wide: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<String, Fault> {
    let Some(pid) = arguments.pid else {
        return list::run(arguments.json);
    };
    let at_most = style::columns().filter(|_| !arguments.wide);
    if arguments.waits {
        let mut ps = client::ps::<Ps>(pid)?.content;
        let dump = client::dump::<Dump>(pid, arguments.patience)?.content;
        add_waits(&mut ps, &dump);
        return Ok(text(&ps, Style::of_output(), at_most));
    }
    of_process(pid, arguments.json, Style::of_output(), at_most)
}

/// Adds what tasks have told to what is known of them.
fn add_waits(ps: &mut Ps, dump: &Dump) {
    let runtimes = || dump.runtimes.iter();
    let in_one = |deadlocks: fn(&DumpedRuntime) -> &[Deadlock]| -> HashSet<u64> {
        let tasks = runtimes()
            .flat_map(deadlocks)
            .flat_map(|deadlock| &deadlock.tasks);
        tasks.map(Task::number).collect()
    };
    let stuck = in_one(|runtime| &runtime.deadlocks);
    let suspected = in_one(|runtime| &runtime.suspected_deadlocks);
    let waits: HashMap<_, _> = runtimes()
        .flat_map(|runtime| &runtime.tasks)
        .map(|task| (task.task.number(), task.leaves.as_slice()))
        .collect();
    for row in ps
        .runtimes
        .iter_mut()
        .flat_map(|runtime| &mut runtime.tasks)
    {
        let number = row.task.number();
        let leaves = waits.get(&number).copied().unwrap_or_default();
        let known: Vec<_> = leaves
            .iter()
            .filter_map(|leaf| leaf.waits_for.clone())
            .collect();
        let mut text = known.join(" or ");
        if stuck.contains(&number) {
            text.push_str("  DEADLOCK");
        } else if suspected.contains(&number) {
            text.push_str("  DEADLOCK?");
        }
        row.waits_for = Some(text).filter(|text| !text.is_empty());
    }
}

pub(super) fn of_process(
    pid: u32,
    json: bool,
    style: Style,
    at_most: Option<usize>,
) -> Result<String, Fault> {
    let answer = client::ps::<Ps>(pid)?;
    if json {
        return Ok(answer.line + "\n");
    }
    Ok(text(&answer.content, style, at_most))
}

fn text(ps: &Ps, style: Style, at_most: Option<usize>) -> String {
    let mut text = String::new();
    for (number, runtime) in ps.runtimes.iter().enumerate() {
        if ps.runtimes.len() > 1 {
            let gap = if number > 0 { "\n" } else { "" };
            let title = crate::show::plain::plain(&runtime.title.text());
            // A string takes whatever there is, here and below.
            let _ = writeln!(text, "{gap}{}", style.paint(Look::Bold, title));
        }
        let mut tasks: Vec<_> = runtime.tasks.iter().collect();
        tasks.sort_by_key(|row| row.task.number());
        let rows: Vec<_> = tasks.iter().map(|row| cells(row)).collect();
        text.push_str(&table::render(&COLUMNS, &rows, style, at_most));
        let _ = writeln!(text, "{}", summary(runtime));
    }
    if ps.from_memory {
        let _ = writeln!(text, "{}", from_memory(ps));
    }
    text
}

/// How it comes that it is known.
pub(super) fn from_memory(ps: &Ps) -> &'static str {
    if ps.moving {
        "Read from the process' memory, while tasks came and went: some may be missing."
    } else {
        "Read from the process' memory, as it did not answer."
    }
}

pub(super) const COLUMNS: [Column; 7] = [
    column("ID", true, None),
    column("STATE", false, None),
    column("FOR", true, None),
    column("POLLS", true, None),
    column("NAME / FUTURE", false, Some(20)),
    column("SPAWNED AT", false, Some(16)),
    column("WAITS FOR", false, Some(12)),
];

const fn column(title: &'static str, right: bool, at_least: Option<usize>) -> Column {
    Column {
        title,
        right,
        at_least,
    }
}

pub(super) fn cells(row: &Row) -> Vec<Cell> {
    let state = state(row);
    vec![
        Cell::new(&row.task.id),
        Cell::with(state, Look::of_state(state)),
        Cell::new(&row.r#for.map_or_else(String::new, duration)),
        Cell::new(
            &row.polls
                .map_or_else(String::new, |polls| polls.to_string()),
        ),
        Cell::new(&row.task.called()),
        Cell::new(&row.task.spawned_at.text()),
        Cell::new(&match (&row.waits_for, row.worker) {
            (Some(text), _) => text.clone(),
            (None, Some(worker)) => format!("worker {worker}"),
            (None, None) => String::new(),
        }),
    ]
}

/// The state, or that the task is to end, which matters more.
pub(super) fn state(row: &Row) -> &str {
    if row.cancelled {
        "cancelled"
    } else if row.worker.is_some() {
        "polling"
    } else {
        &row.task.state
    }
}

/// What there is besides tasks that are listed.
pub(super) fn summary(runtime: &Runtime) -> String {
    let listed = runtime.tasks.len() as u64;
    let mut text = count(listed, "task");
    let others = runtime.alive.unwrap_or(listed).saturating_sub(listed);
    if others > 0 {
        let _ = write!(
            text,
            ", and {} that {} not slept yet",
            others,
            if others == 1 { "has" } else { "have" }
        );
    }
    let workers = &runtime.workers;
    let _ = write!(text, "; {}", count(workers.len() as u64, "worker"));
    if workers.iter().all(|worker| worker.asleep.is_some()) {
        let asleep = workers.iter().filter(|worker| worker.asleep == Some(true));
        let _ = write!(text, ", {} asleep", asleep.count());
    }
    if runtime.spares > 0 {
        let _ = write!(text, ", {}", count(runtime.spares, "spare"));
    }
    if let Some(blocking) = &runtime.blocking {
        if blocking.threads > 0 || blocking.queued > 0 {
            let _ = write!(
                text,
                "; {} for blocking closures, {} idle, {} queued",
                count(blocking.threads, "thread"),
                blocking.idle,
                count(blocking.queued, "closure"),
            );
        }
    }
    text.push('.');
    text
}

fn count(number: u64, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}

/// Seconds as people read them.
pub(super) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 0.001 => format!("{:.0} µs", s * 1e6),
        s if s < 1.0 => format!("{:.1} ms", s * 1e3),
        s if s < 100.0 => format!("{s:.1} s"),
        s if s < 6000.0 => format!("{:.1} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_is_shown_as_a_table() {
        let answer = r#"{"leno":1,"runtimes":[{"id":"1","name":null,"kind":"multi-thread","alive":4,
            "workers":[{"asleep":true},{"asleep":false}],"blocking":{"threads":1,"idle":0,"queued":2},"tasks":[
            {"id":"4711","name":"check\nout","type":"t","spawned_at":{"file":"src/api.rs","line":88,"column":9},
             "state":"running","polls":3,"for":2.9,"worker":2},
            {"id":"31","name":null,"type":"shop::api::serve::{{closure}}",
             "spawned_at":{"file":"src/main.rs","line":14,"column":5},"state":"asleep","for":0.0013,"polls":90412,
             "waits_for":"readable fd 9"},
            {"id":"32","name":null,"type":"t","spawned_at":{"file":"src/main.rs","line":1,"column":1},
             "state":"queued","cancelled":true}]}]}"#;
        let ps: Ps = serde_json::from_str(answer).unwrap();
        let expected = "
  ID  STATE         FOR  POLLS  NAME / FUTURE                  SPAWNED AT        WAITS FOR
  31  asleep     1.3 ms  90412  shop::api::serve::{{closure}}  src/main.rs:14:5  readable fd 9
  32  cancelled                 t                              src/main.rs:1:1
4711  polling     2.9 s      3  \"check\\nout\"                   src/api.rs:88:9   worker 2
3 tasks, and 1 that has not slept yet; 2 workers, 1 asleep; 1 thread for blocking closures, 0 idle, 2 closures queued.
";
        assert_eq!(
            format!("\n{}", text(&ps, Style::new(false), None)),
            expected
        );
    }

    #[test]
    fn durations_have_a_unit_that_suits_them() {
        let shown = [0.0000041, 0.0123, 41.24, 150.0, 86400.0].map(duration);
        assert_eq!(shown, ["4 µs", "12.3 ms", "41.2 s", "2.5 min", "24.0 h"]);
    }
}
