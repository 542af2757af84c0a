//! Who waits for whom where nobody can go on: for the report of a run that is told.
//!
//! It is the wait-for graph of [`diagnostics`](crate::diagnostics), of tasks that are asked as everywhere, by a thread that waits for
//! their answers while this one lets them answer. All of them sleep, so what they tell is true at once.

use super::asking;
use crate::diagnostics::graph::{self, Node};
use crate::diagnostics::{Dump, Leaf, RootDump, TaskDump};
use crate::kernel::captures::{self, Standing};
use crate::kernel::local::drawn::Still;
use crate::kernel::task::{Id, What};
use crate::prim::asked;
use crate::runtime::inner::Inner;
use crate::runtime::roots::RootStanding;
use crate::symbols::Frame;
use leno_sim::{Actor, Run};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// What a lock notes as its holder while the root is polled in a run that is told. No task has it.
pub(super) const ROOT: u64 = (1 << 48) - 1;

/// So long the thread that asks waits for those that do not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was told, before it is put into words.
pub(super) struct Standings {
    tasks: Vec<Standing>,
    roots: Vec<RootStanding>,
}

/// Asks all tasks and the root.
pub(super) fn ask(inner: &Arc<Inner>, still: &Still<'_, '_>) -> Option<Standings> {
    let asking = Arc::clone(inner);
    let thread = thread::Builder::new().name("leno-sim-ask".to_owned());
    let thread = thread.spawn(move || Standings {
        tasks: captures::ask(&asking.handles(), PATIENCE),
        roots: asking.ask_roots(PATIENCE),
    });
    let thread = thread.ok()?;
    while !thread.is_finished() {
        if !still.answer() {
            thread::yield_now();
        }
    }
    thread.join().ok()
}

/// Locks are called by letters, in the order in which they are named.
#[derive(Default)]
struct Letters(Vec<usize>);

impl Letters {
    fn of(&mut self, address: usize) -> String {
        let known = self.0.iter().position(|&known| known == address);
        let number = known.unwrap_or_else(|| {
            self.0.push(address);
            self.0.len() - 1
        });
        match u8::try_from(number) {
            Ok(number) if number < 26 => char::from(b'A' + number).to_string(),
            _ => format!("number {}", number + 1),
        }
    }
}

impl Standings {
    /// In words, a line for each that waits: first those that wait for each other.
    pub(super) fn tell(self, run: &Run) -> String {
        let root = Id::from_raw(ROOT).expect("it is not 0");
        let circles = graph::circles(graph::stuck(self.nodes(root)), &HashSet::new());
        let in_order = circles.iter().flat_map(|circle| &circle.tasks);
        let mut order: Vec<Id> = in_order.map(|&(task, _)| task).collect();
        let last = circles.iter().filter_map(|circle| circle.tasks.last());
        let mut telling = Telling {
            run,
            closes: last.map(|&(task, edge)| (task, edge.to)).collect(),
            letters: Letters::default(),
        };
        let dump = Dump::new(self.roots, self.tasks);
        let mut others: Vec<Id> = dump.tasks().iter().map(|task| task.task().id()).collect();
        others.push(root);
        others.retain(|id| !order.contains(id));
        others.sort_unstable();
        order.append(&mut others);
        let mut text = String::new();
        for id in order {
            let leaves: Vec<&Leaf> = if id == root {
                dump.roots().iter().flat_map(RootDump::leaves).collect()
            } else {
                dump.task(id)
                    .into_iter()
                    .flat_map(TaskDump::leaves)
                    .collect()
            };
            telling.waits(&mut text, id, &leaves);
        }
        text
    }

    fn nodes(&self, root: Id) -> Vec<Node> {
        let of_tasks = self.tasks.iter().filter_map(graph::node);
        let of_roots = self
            .roots
            .iter()
            .filter_map(|standing| graph::node_of(root, standing.answer.as_ref()?));
        of_tasks.chain(of_roots).collect()
    }
}

/// Puts into words who waits for whom.
struct Telling<'a> {
    run: &'a Run,
    /// The last of each circle, with whom it waits for.
    closes: HashMap<Id, Id>,
    letters: Letters,
}

impl Telling<'_> {
    fn waits(&mut self, text: &mut String, id: Id, leaves: &[&Leaf]) {
        if leaves.is_empty() {
            return;
        }
        text.push_str(&called(self.run, id));
        text.push('\n');
        for (number, leaf) in leaves.iter().enumerate() {
            text.push_str(if number == 0 { "  waits" } else { "  or" });
            if let Some((file, line)) = place(leaf) {
                let _ = write!(text, " at {file}:{line}");
            }
            let whom = self.waits_for(text, leaf);
            if whom.is_some() && self.closes.get(&id).copied() == whom {
                text.push_str("   ← here it closes");
            }
            text.push('\n');
        }
    }

    /// What a leaf waits for; and whom, if that is known.
    fn waits_for(&mut self, text: &mut String, leaf: &Leaf) -> Option<Id> {
        let run = self.run;
        match leaf.waits_for_what()? {
            What::Lock { holder, .. } => {
                let letter = self.letters.of(leaf.address());
                let _ = write!(text, " for lock {letter}");
                let holder = holder?;
                let held = if holder.was_handed {
                    "which is promised to a future that has not been polled since, of"
                } else {
                    "which is held by"
                };
                let _ = write!(text, ", {held} {}", called(run, holder.task));
                Some(holder.task)
            }
            What::Permits => {
                let letter = self.letters.of(leaf.address());
                let _ = write!(text, " for permits of semaphore {letter}");
                None
            }
            What::Task(task) => {
                let _ = write!(text, " for the end of {}", called(run, task));
                Some(task)
            }
            What::Deadline(_) => {
                text.push_str(" for a moment to come");
                None
            }
            what @ (What::End | What::Cancel) => {
                let what = if what == What::End {
                    "the end"
                } else {
                    "a cancel"
                };
                let _ = write!(text, " for {what} of {}", leaf.of_scope()?);
                None
            }
        }
    }
}

/// Where a leaf is awaited: the first place that is not leno's own, if there is one.
fn place(leaf: &Leaf) -> Option<(String, u32)> {
    let frames = leaf.stack();
    let is_own = |frame: &&Frame| {
        let function = frame.function().unwrap_or("");
        function.trim_start_matches('<').starts_with("leno::")
    };
    let own = frames.iter().take_while(is_own).count();
    let frame = frames.get(own).or(frames.first())?;
    Some((frame.file()?.to_owned(), frame.line()?))
}

/// What somebody is called in a report.
fn called(run: &Run, id: Id) -> String {
    asking::called(
        run,
        match id.get() {
            ROOT => Actor::ROOT,
            id => Actor(asked::number(id)),
        },
    )
}
