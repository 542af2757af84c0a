//! `leno pstree`: who waits for whom.

use super::seconds;
use crate::answer::{Dump, Dumped, DumpedRuntime, Frame, Leaf};
use crate::client;
use crate::fault::Fault;
use crate::show::plain::plain;
use crate::show::style::{Look, Style};
use clap::Args;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::time::Duration;

/// Show which task waits for which, and where each stands
#[derive(Debug, Args)]
#[command(
    long_about = "Show which task waits for which, and where each stands.\n\n\
        Below a task are those whose JoinHandle it awaits, and those that hold a lock which it wants. Behind its name are the calls through which it came to where it \
        waits, from the outside in. A task that several wait for is shown in full below the first. For how tasks are asked see \
        `leno dump --help`.",
    after_long_help = "EXAMPLES:\n  leno pstree 2817\n  leno pstree 2817 --patience 0.2"
)]
pub(super) struct Arguments {
    /// The process
    pid: u32,
    /// For so many seconds tasks are waited for
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    patience: Duration,
    /// Print what it is made of as JSON, on one line: the answer of `leno dump`
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<String, Fault> {
    let answer = client::dump::<Dump>(arguments.pid, arguments.patience)?;
    if arguments.json {
        return Ok(answer.line + "\n");
    }
    let runtimes = answer.content.runtimes.iter();
    let style = Style::of_output();
    Ok(runtimes.map(|runtime| tree(runtime, style)).collect())
}

/// A task, or a future that a thread waits for.
struct Node<'a> {
    called: String,
    stands: &'a str,
    leaves: &'a [Leaf],
}

struct Tree<'a> {
    nodes: HashMap<u64, Node<'a>>,
    shown: HashSet<u64>,
    style: Style,
    text: String,
}

fn tree(runtime: &DumpedRuntime, style: Style) -> String {
    let task = |task: &'_ Dumped| {
        let name = task.task.name.as_deref();
        name.unwrap_or_else(|| task.task.r#type.trim_end_matches("::{{closure}}"))
            .to_owned()
    };
    let tasks = runtime.tasks.iter().map(|dumped| {
        let node = Node {
            called: format!("{} {}", dumped.task.id, task(dumped)),
            stands: &dumped.stands,
            leaves: &dumped.leaves,
        };
        (dumped.task.number(), node)
    });
    // Numbers that no task has.
    let roots = (0..).map(|number| u64::MAX - number).zip(&runtime.roots);
    let futures = roots.clone().map(|(number, root)| {
        let thread = root.thread.as_deref().unwrap_or("?");
        let node = Node {
            called: format!("{thread} (block_on, {})", root.place.text()),
            stands: &root.stands,
            leaves: &root.leaves,
        };
        (number, node)
    });
    let mut tree = Tree {
        nodes: tasks.chain(futures).collect(),
        shown: HashSet::new(),
        style,
        text: String::new(),
    };
    let title = style.paint(Look::Bold, plain(&runtime.title.text()));
    // A string takes whatever there is, here and below.
    let _ = writeln!(tree.text, "{title}");
    let mut tops: Vec<_> = roots.map(|(number, _)| number).collect();
    let mut ids: Vec<_> = runtime
        .tasks
        .iter()
        .map(|task| task.task.number())
        .collect();
    ids.sort_unstable();
    let awaited: HashSet<_> = tree.nodes.values().flat_map(awaits).collect();
    let (inner, outer): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| awaited.contains(id));
    tops.extend(outer);
    // Those that wait for each other in a circle are below nobody: one of each circle stands for it.
    let mut reached = HashSet::new();
    for top in &tops {
        reach(&tree.nodes, *top, &mut reached);
    }
    for id in inner {
        if !reached.contains(&id) {
            tops.push(id);
            reach(&tree.nodes, id, &mut reached);
        }
    }
    tree.print(&tops);
    tree.text
}

/// The tasks that it waits for.
fn awaits(node: &Node<'_>) -> Vec<u64> {
    let leaves = node.leaves.iter();
    let ids = leaves.filter_map(|leaf| leaf.waits_for_task.as_ref()?.parse().ok());
    let mut ids: Vec<_> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn reach(nodes: &HashMap<u64, Node<'_>>, from: u64, reached: &mut HashSet<u64>) {
    let mut next = vec![from];
    while let Some(id) = next.pop() {
        if reached.insert(id) {
            next.extend(nodes.get(&id).map(awaits).unwrap_or_default());
        }
    }
}

impl Tree<'_> {
    /// Writes the tree, which may be as deep as there are tasks: no recursion.
    fn print(&mut self, tops: &[u64]) {
        let level = |ids: &[u64], indent: &str| {
            let last = ids.len().saturating_sub(1);
            let lines = ids.iter().enumerate().rev();
            lines
                .map(|(number, id)| (*id, indent.to_owned(), number == last))
                .collect::<Vec<_>>()
        };
        let mut next = level(tops, "");
        while let Some((id, indent, is_last)) = next.pop() {
            let branch = if is_last { "└─ " } else { "├─ " };
            let _ = write!(self.text, "{indent}{branch}");
            let is_new = self.shown.insert(id);
            let line = self.line(id, is_new);
            let _ = writeln!(self.text, "{line}");
            if let Some(node) = self.nodes.get(&id).filter(|_| is_new) {
                let below = format!("{indent}{}", if is_last { "   " } else { "│  " });
                next.extend(level(&awaits(node), &below));
            }
        }
    }

    fn line(&self, id: u64, is_new: bool) -> String {
        let Some(node) = self.nodes.get(&id) else {
            return format!("{id} (of another runtime, or never asleep yet)");
        };
        let name = self.style.paint(Look::Bold, plain(&node.called));
        if !is_new {
            return format!("{name} (see above)");
        }
        let chains: Vec<_> = node.leaves.iter().map(|leaf| chain(&leaf.stack)).collect();
        let stands = match (node.stands, chains.is_empty()) {
            ("waiting", false) => chains.join(" or "),
            (stands, _) => stands.to_owned(),
        };
        format!("{name}  {}", plain(&stands)).trim_end().to_owned()
    }
}

/// The calls from the outside in, to the first of leno's own: how that waits is the same in every program.
fn chain(stack: &[Frame]) -> String {
    // What leno wraps around a future is outside of it.
    let is_around = |frame: &&Frame| frame.function.as_deref().is_some_and(is_lenos);
    let around = stack.iter().rev().take_while(is_around).count();
    let around = if around == stack.len() { 0 } else { around };
    let mut calls = Vec::new();
    for frame in stack.iter().rev().skip(around) {
        let Some(function) = frame.function.as_deref() else {
            calls.push(frame.text.clone());
            continue;
        };
        if is_lenos(function) {
            calls.push(short(function));
            break;
        }
        calls.push(match (&frame.file, frame.line) {
            (Some(file), Some(line)) => format!("{} {}:{line}", short(function), last_part(file)),
            _ => short(function),
        });
    }
    calls.join(" → ")
}

fn is_lenos(function: &str) -> bool {
    function.trim_start_matches('<').starts_with("leno::")
}

/// The last two parts of a function's path: `<a::b::Type<T> as c::Trait>::poll::{{closure}}` is `Type::poll`.
fn short(function: &str) -> String {
    let (of_type, rest) = match function.strip_prefix('<').and_then(split_at_end) {
        Some((of_type, rest)) => (parts(of_type.split(" as ").next().unwrap_or(of_type)), rest),
        None => (Vec::new(), function),
    };
    let mut parts = [of_type, parts(rest)].concat();
    parts.retain(|part| part != "{{closure}}");
    parts[parts.len().saturating_sub(2)..].join("::")
}

/// What stands before the bracket that closes the one before the text, and what behind it.
fn split_at_end(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0usize;
    let end = text.char_indices().find(|(_, character)| match character {
        '<' => {
            depth += 1;
            false
        }
        '>' if depth == 0 => true,
        '>' => {
            depth -= 1;
            false
        }
        _ => false,
    });
    end.map(|(place, _)| (&text[..place], &text[place + 1..]))
}

/// The parts of a path, without what stands in brackets.
fn parts(path: &str) -> Vec<String> {
    let mut depth = 0usize;
    let mut outside = String::new();
    for character in path.chars() {
        match character {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth == 0 => outside.push(character),
            _ => {}
        }
    }
    let parts = outside.split("::").map(str::to_owned);
    parts.filter(|part| !part.is_empty()).collect()
}

fn last_part(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn task(id: u64, name: &str, awaits: &[u64]) -> Value {
        let leaves: Vec<_> = awaits
            .iter()
            .map(|awaited| {
                json!({"waits_for": "x", "waits_for_task": awaited.to_string(), "stack": [
                    {"function": "leno::task::inner", "file": "j.rs", "line": 1, "text": ""},
                    {"function": "<leno::JoinHandle<a::T> as core::Future>::poll", "file": "j.rs", "line": 1, "text": ""},
                    {"function": "shop::main::run::{{closure}}", "file": "src/main.rs", "line": 7, "text": ""},
                    {"function": "<leno::runtime::Listed<F> as core::Future>::poll", "file": "r.rs", "line": 3, "text": ""},
                ]})
            })
            .collect();
        json!({"id": id.to_string(), "name": name, "type": "t", "state": "asleep", "stands": "waiting", "leaves": leaves,
            "spawned_at": {"file": "f", "line": 1, "column": 1}})
    }

    fn shown(tasks: &[Value]) -> String {
        let runtime = json!({"id": "1", "name": "main", "kind": "multi-thread", "tasks": tasks, "roots": [
            {"place": {"file": "src/main.rs", "line": 9, "column": 1}, "type": "t", "thread": "main", "stands": "waiting",
             "leaves": [{"waits_for": null, "waits_for_task": "9", "stack": []}]}]});
        let runtime = serde_json::from_value(runtime).unwrap();
        tree(&runtime, Style::new(false)).replace("main::run main.rs:7 → JoinHandle::poll", "CHAIN")
    }

    #[test]
    fn functions_are_called_by_their_last_names() {
        for (path, expected) in [
            ("main", "main"),
            (
                "shop::api::checkout::{{closure}}::{{closure}}",
                "api::checkout",
            ),
            (
                "<a::b::Type<T> as c::Trait<d::U>>::poll::{{closure}}",
                "Type::poll",
            ),
            ("<a::Type<<b::C as d::E>::F>>::run", "Type::run"),
            (
                "leno::sync::mutex::Mutex<T>::lock::{{closure}}",
                "Mutex::lock",
            ),
            ("a::b::<c::D>", "a::b"),
            ("<unclosed::path", ""),
            ("", ""),
        ] {
            assert_eq!(short(path), expected, "{path}");
        }
    }

    #[test]
    fn a_task_stands_below_who_waits_for_it() {
        let tasks = [
            task(1, "root", &[3, 2]),
            task(2, "two", &[4]),
            task(3, "three", &[4]),
            task(4, "four", &[]),
            task(9, "alone", &[77]),
        ];
        let expected = "\
runtime 1 \"main\", multi-thread
├─ main (block_on, src/main.rs:9:1)
│  └─ 9 alone  CHAIN
│     └─ 77 (of another runtime, or never asleep yet)
└─ 1 root  CHAIN or CHAIN
   ├─ 2 two  CHAIN
   │  └─ 4 four  waiting
   └─ 3 three  CHAIN
      └─ 4 four (see above)
";
        assert_eq!(shown(&tasks), expected);
    }

    #[test]
    fn a_circle_ends() {
        let tasks = [
            task(1, "one", &[2]),
            task(2, "two", &[1]),
            task(3, "self", &[3]),
        ];
        let expected = "\
runtime 1 \"main\", multi-thread
├─ main (block_on, src/main.rs:9:1)
│  └─ 9 (of another runtime, or never asleep yet)
├─ 1 one  CHAIN
│  └─ 2 two  CHAIN
│     └─ 1 one (see above)
└─ 3 self  CHAIN
   └─ 3 self (see above)
";
        assert_eq!(shown(&tasks), expected);
    }

    #[test]
    fn a_chain_of_many_tasks_needs_no_stack() {
        let tasks: Vec<_> = (1..=3000).map(|id| task(id, "n", &[id + 1])).collect();
        assert_eq!(shown(&tasks).lines().count(), 3004);
    }
}
