//! Who waits for whom where nobody can go on: for the report of a run that is told.
//!
//! It is the wait-for graph of [`diagnostics`](crate::diagnostics), of tasks that are asked as everywhere, by a thread that waits for
//! their answers while this one lets them answer. All of them sleep, so what they tell is true at once.

use super::asking;
use crate::diagnostics::{Dump, Leaf, graph};
use crate::kernel::captures::Standing;
use crate::kernel::local::drawn::Still;
use crate::kernel::task::{Id, What};
use crate::prim::asked;
use crate::runtime::inner::Inner;
use crate::runtime::roots::RootStanding;
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
        tasks: asking.ask(&asking.handles(), PATIENCE),
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
    /// In words, a line for each that waits.
    pub(super) fn tell(self, run: &Run) -> String {
        let Some(root) = Id::from_raw(ROOT) else {
            unreachable!("it is not 0");
        };
        let mut nodes: Vec<graph::Node> = self.tasks.iter().filter_map(graph::node).collect();
        let of_roots = self.roots.iter().filter_map(|standing| {
            let answer = standing.answer.as_ref()?;
            graph::node_of(root, answer)
        });
        nodes.extend(of_roots);
        let circles = graph::circles(graph::stuck(nodes), &HashSet::new());
        let closes: HashMap<Id, Id> = circles
            .iter()
            .filter_map(|circle| circle.tasks.last())
            .map(|&(task, edge)| (task, edge.to))
            .collect();
        let in_order = circles.iter().flat_map(|circle| &circle.tasks);
        let mut order: Vec<Id> = in_order.map(|&(task, _)| task).collect();
        let dump = Dump::new(self.roots, self.tasks);
        let mut others: Vec<Id> = dump.tasks().iter().map(|task| task.task().id()).collect();
        others.push(root);
        others.sort_unstable_by_key(|id| id.get());
        let known: HashSet<Id> = order.iter().copied().collect();
        order.extend(others.into_iter().filter(|id| !known.contains(id)));
        let mut text = String::new();
        let mut letters = Letters::default();
        let called = |id: Id| called(run, id);
        for id in order {
            let leaves: Vec<&Leaf> = if id == root {
                let roots = dump.roots().iter();
                roots.flat_map(|root| root.leaves()).collect()
            } else {
                let task = dump.task(id).map(|task| task.leaves());
                task.unwrap_or_default().iter().collect()
            };
            if leaves.is_empty() {
                continue;
            }
            let _ = writeln!(text, "{}", called(id));
            for (number, leaf) in leaves.iter().enumerate() {
                let or = if number == 0 { "waits" } else { "or" };
                let frames = leaf.stack();
                let place = frames
                    .iter()
                    .find_map(|frame| Some((frame.file()?, frame.line()?)));
                let place =
                    place.map_or_else(String::new, |(file, line)| format!(" at {file}:{line}"));
                let _ = write!(text, "  {or}{place}");
                let closing = closes.get(&id).filter(|_| known.contains(&id));
                let (what, whom) = match leaf.waits_for_what() {
                    Some(What::Lock { holder, .. }) => {
                        let lock = format!(" for lock {}", letters.of(leaf.address()));
                        let whom = holder.map(|holder| {
                            let holds = if holder.was_handed {
                                "which is promised to a future that has not been polled since, of "
                            } else {
                                "which is held by "
                            };
                            (format!(", {holds}{}", called(holder.task)), holder.task)
                        });
                        (lock, whom)
                    }
                    Some(What::Permits) => (
                        format!(" for permits of semaphore {}", letters.of(leaf.address())),
                        None,
                    ),
                    Some(What::Task(task)) => (
                        format!(" for the end of {}", called(task)),
                        Some((String::new(), task)),
                    ),
                    Some(What::Deadline(_)) => (" for a moment to come".to_owned(), None),
                    None => (String::new(), None),
                };
                text += &what;
                if let Some((held, whom)) = whom {
                    text += &held;
                    if closing == Some(&whom) {
                        text += "   ← here it closes";
                    }
                }
                text.push('\n');
            }
        }
        text
    }
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
