//! `leno pstree`: who waits for whom.

mod chain;
mod nest;

use super::seconds;
use crate::answer::{Dump, Dumped, DumpedRuntime, Leaf, number};
use crate::client;
use crate::fault::Fault;
use crate::show::plain::plain;
use crate::show::style::{Look, Style};
use chain::chain;
use clap::Args;
use nest::Nest;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::time::Duration;

/// Show which task waits for which, and where each stands
#[derive(Debug, Args)]
#[command(
    long_about = "Show which task waits for which, and where each stands.\n\n\
        Below a task are those whose JoinHandle it awaits, and those that hold a lock which it wants. Behind its name are the calls through which it came to where it \
        waits, from the outside in. A task that several wait for is shown in full below the first. For how tasks are asked see \
        `leno dump --help`.\n\n\
        Groups, supervisors, scopes and shields are below the task that waits for their end, and the tasks that were spawned in one are below \
        that. Behind where it was made is its deadline; or for how long it has been cancelled, why, and how many tasks are left in it and in \
        those within it. One that nobody waits for any more, since the future that did was dropped, is below the one around it.",
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

/// What a line is of. In this order they are at the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key {
    /// A future that a thread waits for.
    Root(usize),
    Scope(u64),
    Task(u64),
}

/// A line, and what is below it.
struct Node<'a> {
    called: String,
    stands: Stands<'a>,
    /// Each in full.
    holds: Vec<Key>,
    /// The tasks that it waits for.
    awaits: Vec<Key>,
}

/// What stands behind the name.
enum Stands<'a> {
    Future(&'a str, &'a [Leaf]),
    Scope(String),
}

struct Tree<'a> {
    nodes: HashMap<Key, Node<'a>>,
    /// Of tasks in scopes: what those are called. They are in full there, and nowhere else.
    members: HashMap<Key, String>,
    shown: HashSet<Key>,
    style: Style,
    text: String,
}

fn tree(runtime: &DumpedRuntime, style: Style) -> String {
    let nest = Nest::of(runtime);
    let called = |task: &Dumped| {
        let name = task.task.name.as_deref();
        let name = name.unwrap_or_else(|| task.task.r#type.trim_end_matches("::{{closure}}"));
        format!("{} {name}", task.task.id)
    };
    let future = |key, called, stands, leaves| {
        let node = Node {
            called,
            stands: Stands::Future(stands, leaves),
            holds: nest.below(key),
            awaits: awaits(leaves),
        };
        (key, node)
    };
    let tasks = runtime.tasks.iter().map(|dumped| {
        let key = Key::Task(dumped.task.number());
        future(
            key,
            called(dumped),
            dumped.stands.as_str(),
            dumped.leaves.as_slice(),
        )
    });
    let roots = runtime.roots.iter().enumerate().map(|(number, root)| {
        let thread = root.thread.as_deref().unwrap_or("?");
        let called = format!("{thread} (block_on, {})", root.place.text());
        future(Key::Root(number), called, &root.stands, &root.leaves)
    });
    let scopes = runtime.scopes.iter().map(|scope| {
        let key = Key::Scope(scope.number());
        let node = Node {
            called: scope.called(),
            stands: Stands::Scope(nest.stands(scope)),
            holds: nest.below(key),
            awaits: Vec::new(),
        };
        (key, node)
    });
    let mut tree = Tree {
        nodes: tasks.chain(roots).chain(scopes).collect(),
        members: nest.members(),
        shown: HashSet::new(),
        style,
        text: String::new(),
    };
    let title = style.paint(Look::Bold, plain(&runtime.title.text()));
    // A string takes whatever there is, here and below.
    let _ = writeln!(tree.text, "{title}");
    let tops = tree.tops();
    tree.print(&tops);
    tree.text
}

/// The tasks that the leaves wait for.
fn awaits(leaves: &[Leaf]) -> Vec<Key> {
    let ids = leaves
        .iter()
        .filter_map(|leaf| number(leaf.waits_for_task.as_ref()?));
    let mut keys: Vec<_> = ids.map(Key::Task).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

impl Tree<'_> {
    /// What is below a line in full, if it is there for the first time.
    fn below(&self, key: Key) -> impl Iterator<Item = Key> {
        let node = self.nodes.get(&key).into_iter();
        node.flat_map(|node| {
            let awaited = node
                .awaits
                .iter()
                .filter(|key| !self.members.contains_key(key));
            node.holds.iter().chain(awaited).copied()
        })
    }

    /// What is below nothing.
    fn tops(&self) -> Vec<Key> {
        let mut keys: Vec<_> = self.nodes.keys().copied().collect();
        keys.sort_unstable();
        let inner: HashSet<_> = keys.iter().flat_map(|key| self.below(*key)).collect();
        let (inner, mut tops): (Vec<_>, Vec<_>) =
            keys.into_iter().partition(|key| inner.contains(key));
        // Those that wait for each other in a circle are below nobody: one of each circle stands for it.
        let mut reached = HashSet::new();
        for top in &tops {
            self.reach(*top, &mut reached);
        }
        for key in inner {
            if !reached.contains(&key) {
                tops.push(key);
                self.reach(key, &mut reached);
            }
        }
        tops
    }

    fn reach(&self, from: Key, reached: &mut HashSet<Key>) {
        let mut next = vec![from];
        while let Some(key) = next.pop() {
            if reached.insert(key) {
                next.extend(self.below(key));
            }
        }
    }

    /// Writes the tree, which may be as deep as there are tasks: no recursion.
    fn print(&mut self, tops: &[Key]) {
        // Of each: whether it is awaited by the one above.
        let level = |keys: &[(Key, bool)], indent: &str| {
            let last = keys.len().saturating_sub(1);
            let lines = keys.iter().enumerate().rev();
            lines
                .map(|(number, key)| (*key, indent.to_owned(), number == last))
                .collect::<Vec<_>>()
        };
        let tops: Vec<_> = tops.iter().map(|key| (*key, false)).collect();
        let mut next = level(&tops, "");
        while let Some(((key, is_awaited), indent, is_last)) = next.pop() {
            let branch = if is_last { "└─ " } else { "├─ " };
            let elsewhere = self.members.get(&key).filter(|_| is_awaited);
            if let Some(scope) = elsewhere {
                let called = self.called(key);
                let _ = writeln!(
                    self.text,
                    "{indent}{branch}{called} (in the {})",
                    plain(scope)
                );
                continue;
            }
            let is_new = self.shown.insert(key);
            let line = self.line(key, is_new);
            let _ = writeln!(self.text, "{indent}{branch}{line}");
            if let Some(node) = self.nodes.get(&key).filter(|_| is_new) {
                let below = format!("{indent}{}", if is_last { "   " } else { "│  " });
                let holds = node.holds.iter().map(|key| (*key, false));
                let awaits = node.awaits.iter().map(|key| (*key, true));
                next.extend(level(&holds.chain(awaits).collect::<Vec<_>>(), &below));
            }
        }
    }

    fn called(&self, key: Key) -> String {
        let called = self.nodes.get(&key).map_or("?", |node| &node.called);
        self.style.paint(Look::Bold, plain(called)).to_string()
    }

    fn line(&self, key: Key, is_new: bool) -> String {
        let Some(node) = self.nodes.get(&key) else {
            // Only tasks are waited for that are not known.
            let id = match key {
                Key::Task(id) | Key::Scope(id) => id.to_string(),
                Key::Root(_) => String::new(),
            };
            return format!("{id} (of another runtime, or never asleep yet)");
        };
        let name = self.called(key);
        if !is_new {
            return format!("{name} (see above)");
        }
        let (state, leaves) = match &node.stands {
            Stands::Scope(stands) => return format!("{name}{}", plain(stands)),
            Stands::Future(state, leaves) => (*state, *leaves),
        };
        let chains: Vec<_> = Leaf::telling(leaves)
            .map(|leaf| chain(&leaf.stack))
            .collect();
        let stands = match (state, chains.is_empty()) {
            ("waiting", false) => chains.join(" or "),
            (state, _) => state.to_owned(),
        };
        format!("{name}  {}", plain(&stands)).trim_end().to_owned()
    }
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
        shown_in(tasks, &[])
    }

    fn shown_in(tasks: &[Value], scopes: &[Value]) -> String {
        let runtime = json!({"scopes": scopes, "id": "1", "name": "main", "kind": "multi-thread", "tasks": tasks, "roots": [
            {"place": {"file": "src/main.rs", "line": 9, "column": 1}, "type": "t", "thread": "main", "stands": "waiting",
             "leaves": [{"waits_for": null, "waits_for_task": "9", "stack": []}]}]});
        let runtime = serde_json::from_value(runtime).unwrap();
        tree(&runtime, Style::new(false)).replace("main::run main.rs:7 → JoinHandle::poll", "CHAIN")
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

    fn scope(id: u64, kind: &str, more: &Value) -> Value {
        let mut scope = json!({"id": id.to_string(), "kind": kind, "place": {"file": "f.rs", "line": id, "column": 1}, "begun_by": null,
            "awaited": true, "around": null, "deadline_in": null, "cancelled": null, "live": 1});
        for (name, value) in more.as_object().unwrap() {
            scope[name] = value.clone();
        }
        scope
    }

    fn member(scope: u64, mut task: Value) -> Value {
        task["scope"] = json!(scope.to_string());
        task
    }

    #[test]
    fn tasks_stand_in_their_scopes_and_those_below_who_waits_for_them() {
        let tasks = [
            task(1, "owner", &[2]),
            member(12, task(2, "child", &[3])),
            member(12, task(3, "parent", &[])),
            member(13, task(4, "grandchild", &[])),
            member(14, task(5, "left", &[])),
            member(16, task(6, "stranger's", &[])),
            task(7, "onlooker", &[2]),
        ];
        let reason = |text| json!({"for": 3.04, "kind": "Deadline", "reason": text});
        let scopes = [
            scope(11, "scope", &json!({"begun_by": "1", "deadline_in": 1.32})),
            scope(
                12,
                "group",
                &json!({"begun_by": "1", "around": "11", "deadline_in": -0.5}),
            ),
            scope(
                13,
                "group",
                &json!({"begun_by": "3", "around": "12", "deadline_in": 0.25}),
            ),
            // Whoever has begun it has dropped it, and the one around is cancelled.
            scope(14, "shield", &json!({"awaited": false, "around": "15"})),
            scope(15, "scope", &json!({"cancelled": reason("enough")})),
            scope(
                16,
                "supervisor",
                &json!({"begun_by": "99", "cancelled": reason("over")}),
            ),
        ];
        let expected = "\
runtime 1 \"main\", multi-thread
├─ main (block_on, src/main.rs:9:1)
│  ├─ scope at f.rs:15:1, cancelled 3.0 s ago: enough; 1 task left
│  │  └─ shield at f.rs:14:1, whose future was dropped
│  │     └─ 5 left  waiting
│  └─ 9 (of another runtime, or never asleep yet)
├─ supervisor at f.rs:16:1, begun by task 99, cancelled 3.0 s ago: over; 1 task left
│  └─ 6 stranger's  waiting
├─ 1 owner  CHAIN
│  ├─ scope at f.rs:11:1, deadline in 1.3 s
│  │  └─ group at f.rs:12:1, deadline passed
│  │     ├─ 2 child  CHAIN
│  │     │  └─ 3 parent (in the group at f.rs:12:1)
│  │     └─ 3 parent  waiting
│  │        └─ group at f.rs:13:1, deadline in 250 ms
│  │           └─ 4 grandchild  waiting
│  └─ 2 child (in the group at f.rs:12:1)
└─ 7 onlooker  CHAIN
   └─ 2 child (in the group at f.rs:12:1)
";
        assert_eq!(shown_in(&tasks, &scopes), expected);
    }

    #[test]
    fn who_waits_for_the_rest_of_a_scope_is_told_of_what_is_not_listed() {
        let mut owner = task(1, "owner", &[9]);
        owner["leaves"][0] = json!({"waits_for": "x", "waits_for_task": null, "stack": [], "scope": "11", "scope_is": "left"});
        let tasks = [
            owner,
            member(11, task(2, "child", &[])),
            member(12, task(3, "grandchild", &[])),
        ];
        // The task, the one in the scope that this has begun, and two more.
        let live = |live| {
            let scopes = [
                scope(11, "group", &json!({"begun_by": "1", "live": live})),
                scope(12, "group", &json!({"begun_by": "2", "around": "11"})),
                scope(13, "group", &json!({"begun_by": "2", "around": "11"})),
            ];
            shown_in(&tasks, &scopes)
        };
        let more =
            "group at f.rs:11:1; waits for 2 more (blocking closures, or never asleep yet)\n";
        assert!(live(4).contains(more), "{}", live(4));
        assert!(live(2).contains("group at f.rs:11:1\n"), "{}", live(2));
    }

    #[test]
    fn scopes_as_deep_as_tasks_need_no_stack() {
        let tasks: Vec<_> = (1..=3000)
            .map(|id| member(id, task(id, "n", &[])))
            .collect();
        let scopes: Vec<_> = (1..=3000)
            .map(|id| {
                let begun_by = (id > 1).then(|| (id - 1).to_string());
                let cancelled = json!({"for": 0, "kind": "Aborted", "reason": "x"});
                scope(
                    id,
                    "group",
                    &json!({"begun_by": begun_by, "around": begun_by, "cancelled": cancelled}),
                )
            })
            .collect();
        let text = shown_in(&tasks, &scopes);
        assert_eq!(text.lines().count(), 6003);
        assert!(text.lines().nth(2).unwrap().ends_with("; 3000 tasks left"));
    }

    #[test]
    fn scopes_in_a_circle_end() {
        // As no process has them.
        let tasks = [
            member(11, task(1, "one", &[])),
            member(12, task(2, "two", &[])),
        ];
        let scopes = [
            scope(11, "group", &json!({"begun_by": "2"})),
            scope(12, "group", &json!({"begun_by": "1"})),
            scope(13, "group", &json!({"around": "13"})),
        ];
        let text = shown_in(&tasks, &scopes);
        assert_eq!(text.lines().count(), 10, "{text}");
        assert_eq!(text.matches(" (see above)").count(), 2, "{text}");
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
