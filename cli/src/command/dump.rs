//! `leno dump`: where each task waits, and through which calls.

use super::seconds;
use crate::answer::{Dump, Dumped, Leaf, Scope, Task, number};
use crate::client;
use crate::fault::Fault;
use crate::show::plain::{plain, width};
use crate::show::style::{Look, Style};
use clap::Args;
use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

/// Tell where each task waits, and through which calls it came there
#[derive(Debug, Args)]
#[command(
    long_about = "Tell where each task waits, and through which calls it came there.\n\n\
        Each task that has been asleep is polled once more in its turn, and tells which of its futures would wake it. One that is \
        in a long poll, or that nobody polls, does not answer in time, and is listed without.\n\n\
        Functions have names if the program was built with leno's feature `diagnostics`, and those that were inlined if there is \
        debugging information: `debug = \"line-tables-only\"` is enough.",
    after_long_help = "EXAMPLES:\n  leno dump 2817\n  leno dump 2817 --task 31 --task 32\n  leno dump 2817 --patience 0.2 --json"
)]
pub(super) struct Arguments {
    /// The process
    pid: u32,
    /// Only this task; may be given several times
    #[arg(long, value_name = "ID")]
    task: Vec<u64>,
    /// For so many seconds tasks are waited for
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    patience: Duration,
    /// Print the answer as JSON, on one line
    #[arg(long, conflicts_with = "task")]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<String, Fault> {
    let answer = client::dump::<Dump>(arguments.pid, arguments.patience)?;
    if arguments.json {
        return Ok(answer.line + "\n");
    }
    let mut dump = answer.content;
    for wanted in &arguments.task {
        let mut tasks = dump.runtimes.iter().flat_map(|runtime| &runtime.tasks);
        if !tasks.any(|task| task.task.number() == *wanted) {
            return Err(Fault::NoTask(*wanted));
        }
    }
    if !arguments.task.is_empty() {
        for runtime in &mut dump.runtimes {
            runtime.roots.clear();
            for deadlocks in [&mut runtime.deadlocks, &mut runtime.suspected_deadlocks] {
                deadlocks.retain(|deadlock| has_one_of(&deadlock.tasks, &arguments.task));
            }
            runtime
                .tasks
                .retain(|task| arguments.task.contains(&task.task.number()));
        }
        dump.runtimes.retain(|runtime| !runtime.tasks.is_empty());
    }
    Ok(text(&mut dump, Style::of_output()))
}

fn has_one_of(tasks: &[Task], wanted: &[u64]) -> bool {
    tasks.iter().any(|task| wanted.contains(&task.number()))
}

fn text(dump: &mut Dump, style: Style) -> String {
    let mut text = String::new();
    let several = dump.runtimes.len() > 1;
    for (number, runtime) in dump.runtimes.iter_mut().enumerate() {
        if several {
            let gap = if number > 0 { "\n" } else { "" };
            let title = plain(&runtime.title.text());
            // A string takes whatever there is, here and below.
            let _ = writeln!(text, "{gap}{}", style.paint(Look::Bold, title));
        }
        let scopes = runtime.scopes.iter();
        let scopes: Scopes<'_> = scopes.map(|scope| (scope.number(), scope)).collect();
        for root in &runtime.roots {
            let thread = root.thread.as_deref().unwrap_or("?");
            let head = plain(&format!("block_on at {}", root.place.text()));
            let _ = write!(
                text,
                "{}, in thread {}, {}",
                style.paint(Look::Bold, head),
                plain(&format!("{thread:?}")),
                plain(&root.r#type)
            );
            standing(&mut text, &root.stands, &root.leaves, &scopes, style);
        }
        runtime.tasks.sort_by_key(|task| task.task.number());
        for task in &runtime.tasks {
            one(&mut text, task, &scopes, style);
        }
        for deadlock in runtime.deadlocks.iter().chain(&runtime.suspected_deadlocks) {
            for (number, line) in deadlock.text.lines().enumerate() {
                let look = if number == 0 { Look::Red } else { Look::Plain };
                let _ = writeln!(text, "{}", style.paint(look, plain(line)));
            }
        }
    }
    text
}

/// By their numbers.
type Scopes<'a> = HashMap<u64, &'a Scope>;

fn one(text: &mut String, dumped: &Dumped, scopes: &Scopes<'_>, style: Style) {
    let task = &dumped.task;
    let name = task.name.as_ref();
    let name = name.map_or_else(String::new, |name| format!(" {name:?}"));
    let head = plain(&format!("task {}{name}", task.id));
    let _ = write!(
        text,
        "{}, {}, spawned at {}",
        style.paint(Look::Bold, head),
        plain(&task.r#type),
        plain(&task.spawned_at.text())
    );
    standing(text, &dumped.stands, &dumped.leaves, scopes, style);
    if dumped.leaves.is_empty() {
        within(text, dumped.scope.as_deref(), scopes);
    }
}

/// A line for the scope and for each around it.
fn within(text: &mut String, innermost: Option<&str>, scopes: &Scopes<'_>) {
    let of = |id: &str| scopes.get(&number(id)?).copied();
    let mut next = innermost.and_then(of);
    // No more than there are, whatever a process says.
    for _ in 0..scopes.len() {
        let Some(scope) = next else { break };
        let line = scope.called() + &scope.whose() + &scope.stands();
        let _ = writeln!(text, "   in {}", plain(&line));
        next = scope.around.as_deref().and_then(of);
    }
}

fn standing(text: &mut String, stands: &str, leaves: &[Leaf], scopes: &Scopes<'_>, style: Style) {
    if stands != "waiting" {
        let _ = write!(text, ": {}", plain(stands));
    } else if leaves.is_empty() {
        text.push_str(": waiting for nothing that it told of");
    }
    text.push('\n');
    for (number, leaf) in Leaf::telling(leaves).enumerate() {
        if number > 0 {
            text.push_str("   or\n");
        }
        stack(text, leaf, style);
        within(text, leaf.scope.as_deref(), scopes);
    }
}

fn stack(text: &mut String, leaf: &Leaf, style: Style) {
    if let Some(waits_for) = &leaf.waits_for {
        let _ = writeln!(text, "   waits for {}", plain(waits_for));
    }
    let frames: Vec<_> = leaf
        .stack
        .iter()
        .map(|frame| match (&frame.function, &frame.file, frame.line) {
            (Some(function), Some(file), Some(line)) => {
                (plain(function), plain(&format!("{file}:{line}")))
            }
            (Some(function), _, _) => (plain(function), String::new()),
            _ => (plain(&frame.text), String::new()),
        })
        .collect();
    let widest = frames.iter().map(|(function, _)| width(function)).max();
    for (function, place) in &frames {
        let space = " ".repeat(widest.unwrap_or(0) - width(function));
        let place = style.paint(Look::Dim, place);
        let _ = writeln!(
            text,
            "{}",
            format!("   {function}{space}    {place}").trim_end()
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_shown_with_each_way_that_it_waits() {
        let answer = r#"{"leno":1,"runtimes":[{"id":"1","name":null,"kind":"current-thread","tasks":[
            {"id":"12","name":"transfer","type":"bank::transfer::{{closure}}",
             "spawned_at":{"file":"src/bank.rs","line":20,"column":9},"state":"asleep","stands":"waiting","leaves":[
              {"waits_for":"a moment to come","stack":[
               {"function":"bank::debit","file":"src/bank.rs","line":31,"text":"x"},
               {"function":"bank::transfer","file":"src/bank.rs","line":24,"text":"x"}]},
              {"waits_for":null,"stack":[{"function":null,"file":null,"line":null,"text":"shop+0x1234"}]}]},
            {"id":"3","name":null,"type":"t","spawned_at":{"file":"src/bank.rs","line":2,"column":9},
             "state":"running","stands":"in a long poll","leaves":[]}],
            "roots":[{"place":{"file":"src/main.rs","line":9,"column":1},"type":"shop::main::{{closure}}","thread":"main",
             "stands":"waiting","leaves":[]}],
            "deadlocks":[{"text":"deadlock: 2 tasks\n      one","tasks":[]}]}]}"#;
        let mut dump: Dump = serde_json::from_str(answer).unwrap();
        let expected = "\
block_on at src/main.rs:9:1, in thread \"main\", shop::main::{{closure}}: waiting for nothing that it told of
task 3, t, spawned at src/bank.rs:2:9: in a long poll
task 12 \"transfer\", bank::transfer::{{closure}}, spawned at src/bank.rs:20:9
   waits for a moment to come
   bank::debit       src/bank.rs:31
   bank::transfer    src/bank.rs:24
   or
   shop+0x1234
deadlock: 2 tasks
      one
";
        assert_eq!(text(&mut dump, Style::new(false)), expected);
    }

    #[test]
    fn a_task_is_shown_with_the_scopes_that_it_is_in() {
        let answer = r#"{"leno":1,"runtimes":[{"id":"1","name":null,"kind":"current-thread","tasks":[
            {"id":"3","name":null,"type":"t","spawned_at":{"file":"src/bank.rs","line":2,"column":9},"state":"running",
             "scope":"2","stands":"in a long poll","leaves":[]},
            {"id":"4","name":null,"type":"t","spawned_at":{"file":"src/bank.rs","line":2,"column":9},"state":"asleep",
             "scope":"2","stands":"waiting","leaves":[
              {"waits_for":"x","stack":[],"scope":"3","scope_is":null},
              {"waits_for":"a cancel","stack":[],"scope":"3","scope_is":"watched"}]}],
            "scopes":[
             {"id":"1","kind":"scope","place":{"file":"src/main.rs","line":9,"column":1},"begun_by":null,"awaited":true,"around":null,
              "deadline_in":0.5,"cancelled":{"for":0.0312,"kind":"Requested","reason":"enough"},"live":2},
             {"id":"2","kind":"group","place":{"file":"src/main.rs","line":8,"column":1},"begun_by":"7","awaited":true,"around":"1",
              "deadline_in":null,"cancelled":null,"live":2},
             {"id":"3","kind":"shield","place":{"file":"src/main.rs","line":7,"column":1},"begun_by":null,"awaited":false,"around":"2",
              "deadline_in":4.96,"cancelled":null,"live":1}]}]}"#;
        let mut dump: Dump = serde_json::from_str(answer).unwrap();
        let expected = "\
task 3, t, spawned at src/bank.rs:2:9: in a long poll
   in group at src/main.rs:8:1, begun by task 7
   in scope at src/main.rs:9:1, cancelled 31 ms ago: enough
task 4, t, spawned at src/bank.rs:2:9
   waits for x
   in shield at src/main.rs:7:1, whose future was dropped, deadline in 5.0 s
   in group at src/main.rs:8:1, begun by task 7
   in scope at src/main.rs:9:1, cancelled 31 ms ago: enough
";
        assert_eq!(text(&mut dump, Style::new(false)), expected);
    }

    #[test]
    fn patience_is_a_number_of_seconds() {
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        for wrong in ["", "x", "-1", "61", "NaN", "inf"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
