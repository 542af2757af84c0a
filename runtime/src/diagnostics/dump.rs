//! Where the tasks of a runtime stand.

use super::graph::{self, Circle};
use super::json::Value;
use super::leaf::{Leaf, Names, leaves};
use super::report::{Report, place_value, task_value, waits};
use super::scopes;
use crate::kernel::captures::{self, Standing};
use crate::kernel::task;
use crate::locks::oneshot;
use crate::runtime::Handle;
use crate::runtime::inner::Inner;
use crate::runtime::roots::{Root, RootStanding};
use crate::task::{Id, ScopeInfo, TaskInfo};
use std::fmt;
use std::io;
use std::panic::Location;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

pub use crate::symbols::Frame;

/// Where the tasks of a runtime stood, from [`Handle::dump`](crate::runtime::Handle::dump).
///
/// Its text has a paragraph for each task:
///
/// ```text
/// task 12 "transfer", shop::bank::transfer::{{closure}}, spawned at src/bank.rs:20:9
///    leno::sync::mutex::Mutex<T>::lock::{{closure}}    runtime/src/sync/mutex/mod.rs:141
///    shop::bank::debit::{{closure}}                    src/bank.rs:31
///    shop::bank::transfer::{{closure}}                 src/bank.rs:24
/// ```
///
/// Functions have names with the feature `diagnostics` alone, and those that the compiler has inlined if there is debugging
/// information: `debug = "line-tables-only"` in the profile is enough.
#[derive(Debug, Clone)]
pub struct Dump {
    roots: Vec<RootDump>,
    tasks: Vec<TaskDump>,
    deadlocks: Vec<Report>,
    suspected_deadlocks: Vec<Report>,
}

/// Where one task stood.
#[derive(Debug, Clone)]
pub struct TaskDump {
    task: TaskInfo,
    stands: Stands,
    leaves: Vec<Leaf>,
}

/// Where a future stood that a thread waits for in a `block_on`.
#[derive(Debug, Clone)]
pub struct RootDump {
    root: Arc<Root>,
    stands: Stands,
    leaves: Vec<Leaf>,
}

/// How it goes on with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stands {
    /// It waits until one of its [leaves](TaskDump::leaves) wakes it. If it has none, only what keeps a waker from earlier can.
    Waiting,
    /// It was woken while it was looked at, by itself perhaps: it goes on as soon as it has its turn.
    Ready,
    /// It has been in one poll all the while: it computes, or it blocks its thread.
    Polling,
    /// It waits for its turn, and nobody has come to it.
    Unpolled,
}

impl Dump {
    pub(crate) fn new(roots: Vec<RootStanding>, standings: Vec<Standing>) -> Self {
        let of_tasks = standings.iter().map(|standing| &standing.answer);
        let of_roots = roots.iter().map(|standing| &standing.answer);
        let stacks = of_tasks
            .chain(of_roots)
            .flatten()
            .flat_map(|answer| &answer.leaves);
        let mut addresses: Vec<usize> = stacks.flat_map(|leaf| leaf.stack.to_vec()).collect();
        addresses.sort_unstable();
        addresses.dedup();
        let names = Names::of(addresses);
        let task = |standing| TaskDump::new(standing, &names);
        let root = |standing: RootStanding| RootDump {
            root: standing.root,
            stands: match &standing.answer {
                Some(_) => Stands::Waiting,
                None => Stands::Unpolled,
            },
            leaves: leaves(standing.answer, &names, None),
        };
        Self {
            roots: roots.into_iter().map(root).collect(),
            tasks: standings.into_iter().map(task).collect(),
            deadlocks: Vec::new(),
            suspected_deadlocks: Vec::new(),
        }
    }

    /// The futures that threads wait for in a `block_on` of the runtime, that of `main` above all.
    pub fn roots(&self) -> &[RootDump] {
        &self.roots
    }

    /// The tasks, in no order.
    pub fn tasks(&self) -> &[TaskDump] {
        &self.tasks
    }

    /// The task with this id.
    pub fn task(&self, id: Id) -> Option<&TaskDump> {
        self.tasks.iter().find(|task| task.task.id() == id)
    }

    /// The tasks among them that wait for each other, and will for ever: a report for each such circle.
    ///
    /// Only locks whose holder is known count (a [`Mutex`](crate::sync::Mutex), and a [`RwLock`](crate::sync::RwLock) that is held by a
    /// writer, by guards that borrow them), and `JoinHandle`s. A task that also waits for anything else, a timer for instance, is not stuck.
    ///
    /// A lock's holder is the task that took it, and a guard cannot be followed. It may go to another task if the lock is a
    /// static (or leaked), or within a future that keeps the lock itself and is spawned after it has locked. So a task counts
    /// here only if since it locked it has spawned no future, and sent nothing through a channel of leno's, that has a
    /// destructor; all others are in [`suspected_deadlocks`](Self::suspected_deadlocks). A guard that leaves its task by other
    /// means, a channel of std's or a place that tasks share, is not seen.
    pub fn deadlocks(&self) -> &[Report] {
        &self.deadlocks
    }

    /// The tasks that wait for each other for ever, unless one has given away the guard of a lock that another waits for: it has
    /// spawned or sent something since it locked.
    ///
    /// These are none of the [`deadlocks`](Self::deadlocks), which are certain. Most are true all the same: the report names the
    /// task, and who has written it knows whether the guard was moved. An [`OwnedMutexGuard`](crate::sync::OwnedMutexGuard) is
    /// made to be moved, and is never suspected.
    pub fn suspected_deadlocks(&self) -> &[Report] {
        &self.suspected_deadlocks
    }

    /// The dump as an object on one line.
    ///
    /// It has
    ///
    /// - `roots`: of each `place`, `type`, `thread` or null, `stands` and `leaves`;
    /// - `tasks`: of each `id`, `name` or null, `type`, `spawned_at`, `state`, `scope` or null, `stands` and `leaves`;
    /// - `scopes`: of each [scope](ScopeInfo) that these are in `id`, to which the others refer, `kind`, `place`, `begun_by` (a
    ///   task) or null, `awaited`, `around` (a scope) or null, `deadline_in`
    ///   (seconds, less than 0 if it has passed) or null, `cancelled` (`for` so many seconds, `kind` and `reason`) or null, and
    ///   `live`;
    /// - `deadlocks` and `suspected_deadlocks`: [reports](Report::to_json).
    ///
    /// A leaf has a `stack` (frames of `function`, `file`, `line`, each or null, and `text`), `waits_for` or null,
    /// `waits_for_task` or null (the id of the task whose end it waits for, or that holds the lock), `scope` or null, and
    /// `scope_is`: `left` if it waits for what is left in that scope, `watched` if it waits for a
    /// [cancel](Leaf::waits_for_cancel) of it, or else null.
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    /// Those that tasks are in, and those that are begun in tasks and roots; without those around them.
    fn scopes(&self) -> impl Iterator<Item = &ScopeInfo> {
        let of_tasks = self.tasks.iter().filter_map(|task| task.task.scope());
        let of_tasks_leaves = self.tasks.iter().flat_map(|task| &task.leaves);
        let of_roots = self.roots.iter().flat_map(|root| &root.leaves);
        of_tasks.chain(of_tasks_leaves.chain(of_roots).filter_map(Leaf::scope))
    }

    pub(crate) fn to_value(&self) -> Value {
        let roots = self.roots.iter().map(RootDump::to_value).collect();
        let tasks = self.tasks.iter().map(TaskDump::to_value).collect();
        let reports = |reports: &[Report]| reports.iter().map(Report::to_value).collect();
        Value::Object(vec![
            ("roots", Value::List(roots)),
            ("tasks", Value::List(tasks)),
            ("scopes", scopes::list(self.scopes())),
            ("deadlocks", Value::List(reports(&self.deadlocks))),
            (
                "suspected_deadlocks",
                Value::List(reports(&self.suspected_deadlocks)),
            ),
        ])
    }
}

impl TaskDump {
    fn new(standing: Standing, names: &Arc<Names>) -> Self {
        let Standing { task, answer } = standing;
        let stands = match &answer {
            Some(answer) if answer.is_ready => Stands::Ready,
            Some(_) => Stands::Waiting,
            None if task.state() == task::TaskState::Running => Stands::Polling,
            None => Stands::Unpolled,
        };
        Self {
            stands,
            leaves: leaves(answer, names, task.scope()),
            task,
        }
    }

    /// Which task it is, and how it was before it was asked.
    pub fn task(&self) -> &TaskInfo {
        &self.task
    }

    /// How it goes on with the task.
    pub fn stands(&self) -> Stands {
        self.stands
    }

    /// The futures in it that will wake it: several if it waits in a `select!` or a `join!`. At most 64.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    fn to_value(&self) -> Value {
        let Value::Object(mut fields) = task_value(&self.task) else {
            unreachable!("a task is written as an object");
        };
        fields.push(("scope", scopes::id(self.task.scope())));
        fields.push(("stands", Value::from(self.stands.to_string())));
        fields.push((
            "leaves",
            Value::List(self.leaves.iter().map(Leaf::to_value).collect()),
        ));
        Value::Object(fields)
    }
}

impl RootDump {
    /// Where `block_on` was called.
    pub fn place(&self) -> &'static Location<'static> {
        self.root.place
    }

    /// What the compiler calls the type of the future.
    pub fn type_name(&self) -> &'static str {
        self.root.type_name
    }

    /// The name of the thread that waits, if it has one.
    pub fn thread_name(&self) -> Option<&str> {
        self.root.thread.name()
    }

    /// How it goes on with it.
    pub fn stands(&self) -> Stands {
        self.stands
    }

    /// The futures in it that will wake it.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    fn to_value(&self) -> Value {
        Value::Object(vec![
            ("place", place_value(self.place())),
            ("type", Value::from(self.type_name())),
            ("thread", Value::from(self.thread_name().map(str::to_owned))),
            ("stands", Value::from(self.stands.to_string())),
            (
                "leaves",
                Value::List(self.leaves.iter().map(Leaf::to_value).collect()),
            ),
        ])
    }
}

/// Asks the tasks of a runtime where they stand, and waits on this thread.
pub(crate) fn take(handle: &Handle, patience: Duration) -> Dump {
    let inner = handle.inner();
    let handles = inner.handles();
    let mut scopes = inner.scopes();
    let mut standings = captures::ask(&handles, patience);
    drop(handles);
    for standing in &mut standings {
        if let Some(scope) = scopes.remove(&standing.task.id()) {
            standing.task.set_scope(scope);
        }
    }
    let circles = circles(inner, &standings, patience);
    let mut dump = Dump::new(inner.ask_roots(patience), standings);
    let (certain, suspected): (Vec<_>, Vec<_>) =
        circles.iter().partition(|circle| circle.is_certain);
    let reports = |circles: Vec<&Circle>| -> Vec<Report> {
        let reports = circles.iter().map(|circle| waits::circle(circle, &dump));
        reports.collect()
    };
    (dump.deadlocks, dump.suspected_deadlocks) = (reports(certain), reports(suspected));
    dump
}

/// The tasks that wait for each other, which are asked once more to be sure.
pub(super) fn circles(runtime: &Inner, standings: &[Standing], patience: Duration) -> Vec<Circle> {
    let stuck = graph::stuck(standings.iter().filter_map(graph::node));
    if stuck.is_empty() {
        return Vec::new();
    }
    let mut handles = runtime.handles();
    handles.retain(|task| stuck.contains_key(&task.id()));
    let second = captures::ask(&handles, patience);
    let stuck = graph::same(stuck, &second);
    let certain = graph::certain(&stuck, &second);
    graph::circles(stuck, &certain)
}

/// The same on a thread of its own.
pub(crate) async fn take_elsewhere(handle: Handle, patience: Duration) -> io::Result<Dump> {
    let (sender, receiver) = oneshot::channel();
    // To ask takes real time: for the tasks, and for whoever waits here.
    let here = Handle::try_current().ok();
    let holds = [
        handle.inner().hold_clock(),
        here.and_then(|here| here.inner().hold_clock()),
    ];
    let builder = thread::Builder::new().name("leno-dump".to_owned());
    builder.spawn(move || {
        // If nobody waits for it any more it is of no use.
        let _ = sender.send(take(&handle, patience));
        drop(holds);
    })?;
    receiver
        .await
        .map_err(|_| io::Error::other("the thread that asked the tasks has panicked"))
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for root in &self.roots {
            writeln!(f, "{root}")?;
        }
        for task in &self.tasks {
            writeln!(f, "{task}")?;
        }
        for deadlock in self.deadlocks.iter().chain(&self.suspected_deadlocks) {
            writeln!(f, "{deadlock}")?;
        }
        Ok(())
    }
}

impl fmt::Display for TaskDump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.task)?;
        write_standing(f, self.stands, &self.leaves)?;
        match self.leaves.is_empty() {
            true => scopes::write(f, self.task.scope()),
            false => Ok(()),
        }
    }
}

impl fmt::Display for RootDump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "block_on at {}, in thread {:?}, {}",
            self.place(),
            self.thread_name().unwrap_or("?"),
            self.type_name()
        )?;
        write_standing(f, self.stands, &self.leaves)
    }
}

fn write_standing(f: &mut fmt::Formatter<'_>, stands: Stands, leaves: &[Leaf]) -> fmt::Result {
    if stands != Stands::Waiting {
        write!(f, ": {stands}")?;
    } else if leaves.is_empty() {
        write!(f, ": waiting for nothing that it told of")?;
    }
    // Each scope waits for a cancel too, which its own line says well enough.
    let watches = leaves.iter().filter(|leaf| leaf.waits_for_cancel()).count();
    let are_all = watches == leaves.len();
    let told = leaves
        .iter()
        .filter(|leaf| are_all || !leaf.waits_for_cancel());
    for (number, leaf) in told.enumerate() {
        if number > 0 {
            write!(f, "\n   or")?;
        }
        if let Some(waits_for) = leaf.waits_for() {
            write!(f, "\n   waits for {waits_for}")?;
        }
        let frames = leaf.stack();
        let functions = frames.iter().filter_map(|frame| frame.function());
        let width = functions.map(str::len).max().unwrap_or(0);
        for frame in &frames {
            write!(f, "\n   {frame:width$}")?;
        }
        scopes::write(f, leaf.scope())?;
    }
    Ok(())
}

impl fmt::Display for Stands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stands::Waiting => "waiting",
            Stands::Ready => "ready",
            Stands::Polling => "in a long poll",
            Stands::Unpolled => "not polled yet",
        })
    }
}
