//! What processes answer. Fields that are not known are passed over, and what a process may not know is optional.

use serde::Deserialize;

/// What every answer begins with.
#[derive(Debug, Deserialize)]
pub(crate) struct Head {
    pub(crate) leno: u64,
    pub(crate) error: Option<String>,
    pub(crate) text: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Ps {
    /// It was read from the process' memory, and the process has not answered.
    #[serde(default)]
    pub(crate) from_memory: bool,
    /// Tasks came and went meanwhile.
    #[serde(default)]
    pub(crate) moving: bool,
    pub(crate) runtimes: Vec<Runtime>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Runtime {
    #[serde(flatten)]
    pub(crate) title: Title,
    /// Tasks that there are, those that have never been asleep included.
    pub(crate) alive: Option<u64>,
    pub(crate) workers: Vec<Worker>,
    /// Workers that stand in for those that are stuck.
    #[serde(default)]
    pub(crate) spares: u64,
    pub(crate) blocking: Option<Blocking>,
    pub(crate) tasks: Vec<Row>,
}

/// Which runtime it is.
#[derive(Debug, Deserialize)]
pub(crate) struct Title {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) kind: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Worker {
    pub(crate) asleep: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Blocking {
    pub(crate) threads: u64,
    pub(crate) idle: u64,
    pub(crate) queued: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Task {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) r#type: String,
    pub(crate) spawned_at: Place,
    pub(crate) state: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: u64,
    pub(crate) column: u64,
}

/// A task, and what is known of it without asking it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Row {
    #[serde(flatten)]
    pub(crate) task: Task,
    #[serde(default)]
    pub(crate) cancelled: bool,
    /// The worker that polls it, if that is known.
    pub(crate) worker: Option<u64>,
    /// For so many seconds it has been in this state.
    pub(crate) r#for: Option<f64>,
    pub(crate) polls: Option<u64>,
    pub(crate) waits_for: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dump {
    pub(crate) runtimes: Vec<DumpedRuntime>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DumpedRuntime {
    #[serde(flatten)]
    pub(crate) title: Title,
    /// The futures that threads wait for.
    #[serde(default)]
    pub(crate) roots: Vec<Root>,
    pub(crate) tasks: Vec<Dumped>,
    #[serde(default)]
    pub(crate) scopes: Vec<Scope>,
    #[serde(default)]
    pub(crate) deadlocks: Vec<Deadlock>,
    /// Those that are none if a guard was moved.
    #[serde(default)]
    pub(crate) suspected_deadlocks: Vec<Deadlock>,
}

/// A future that a thread waits for in a `block_on`.
#[derive(Debug, Deserialize)]
pub(crate) struct Root {
    pub(crate) place: Place,
    pub(crate) r#type: String,
    pub(crate) thread: Option<String>,
    pub(crate) stands: String,
    pub(crate) leaves: Vec<Leaf>,
}

/// Tasks that wait for each other.
#[derive(Debug, Deserialize)]
pub(crate) struct Deadlock {
    pub(crate) text: String,
    pub(crate) tasks: Vec<Task>,
}

/// A group, or another scope, in which tasks are.
#[derive(Debug, Deserialize)]
pub(crate) struct Scope {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) place: Place,
    /// The task that has begun it and waits for it.
    pub(crate) begun_by: Option<String>,
    /// Whoever has begun it waits for it.
    pub(crate) awaited: bool,
    /// The scope in which it was begun.
    pub(crate) around: Option<String>,
    /// Seconds; less than 0 if it has passed.
    pub(crate) deadline_in: Option<f64>,
    pub(crate) cancelled: Option<Cancelled>,
    /// How many are in it.
    pub(crate) live: u64,
}

/// Since when, and why, a scope is cancelled.
#[derive(Debug, Deserialize)]
pub(crate) struct Cancelled {
    /// For so many seconds.
    pub(crate) r#for: f64,
    pub(crate) reason: String,
}

/// A task, and where it stands.
#[derive(Debug, Deserialize)]
pub(crate) struct Dumped {
    #[serde(flatten)]
    pub(crate) task: Task,
    /// The scope that it is in.
    pub(crate) scope: Option<String>,
    pub(crate) stands: String,
    pub(crate) leaves: Vec<Leaf>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Leaf {
    pub(crate) stack: Vec<Frame>,
    pub(crate) waits_for: Option<String>,
    /// The task whose end it waits for, or that holds the lock.
    pub(crate) waits_for_task: Option<String>,
    /// The scope in which it waits.
    pub(crate) scope: Option<String>,
    /// What it wants of that.
    pub(crate) scope_is: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Frame {
    pub(crate) function: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u64>,
    pub(crate) text: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Traces {
    pub(crate) runtimes: Vec<TracedRuntime>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TracedRuntime {
    #[serde(flatten)]
    pub(crate) title: Title,
    /// What a file would have, in base64.
    pub(crate) trace: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Metrics {
    pub(crate) metrics: String,
}

impl Task {
    pub(crate) fn number(&self) -> u64 {
        self.id.parse().unwrap_or(u64::MAX)
    }

    /// What it is called: the name that it was given, or the type of its future.
    pub(crate) fn called(&self) -> String {
        match &self.name {
            Some(name) => format!("{name:?}"),
            None => self.r#type.clone(),
        }
    }
}

impl Leaf {
    /// It waits for its scope to be cancelled, besides what others of the same task wait for.
    pub(crate) fn is_watch(&self) -> bool {
        self.scope_is.as_deref() == Some("watched")
    }

    /// The number of the scope whose end it waits for.
    pub(crate) fn waits_for_rest_of(&self) -> Option<u64> {
        let scope = self.scope.as_deref().and_then(number);
        scope.filter(|_| self.scope_is.as_deref() == Some("left"))
    }

    /// Those that tell more than others, if there are any: not those that only watch.
    pub(crate) fn telling(leaves: &[Self]) -> impl Iterator<Item = &Self> {
        let are_all = leaves.iter().all(Self::is_watch);
        leaves
            .iter()
            .filter(move |leaf| are_all || !leaf.is_watch())
    }
}

/// The number that an id is.
pub(crate) fn number(id: &str) -> Option<u64> {
    id.parse().ok()
}

impl Scope {
    pub(crate) fn number(&self) -> u64 {
        number(&self.id).unwrap_or(u64::MAX)
    }

    /// What it is called.
    pub(crate) fn called(&self) -> String {
        format!("{} at {}", self.kind, self.place.text())
    }

    /// Whose it is, if that is worth to be told.
    pub(crate) fn whose(&self) -> String {
        match &self.begun_by {
            Some(task) => format!(", begun by task {task}"),
            None if !self.awaited => ", whose future was dropped".to_owned(),
            None => String::new(),
        }
    }

    /// How long it has, or since when it is cancelled, and why.
    pub(crate) fn stands(&self) -> String {
        match (&self.cancelled, self.deadline_in) {
            (Some(cancelled), _) => {
                let ago = duration(cancelled.r#for);
                // Some reasons begin with the same word.
                match cancelled.reason.strip_prefix("cancelled ") {
                    Some(rest) => format!(", cancelled {ago} ago {rest}"),
                    None => format!(", cancelled {ago} ago: {}", cancelled.reason),
                }
            }
            (None, Some(left)) if left >= 0.0 => format!(", deadline in {}", duration(left)),
            (None, Some(_)) => ", deadline passed".to_owned(),
            (None, None) => String::new(),
        }
    }
}

/// Seconds, for people.
fn duration(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1000.0)
    } else {
        format!("{seconds:.1} s")
    }
}

impl Place {
    pub(crate) fn text(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Title {
    pub(crate) fn text(&self) -> String {
        let name = self.name.as_ref();
        let name = name.map_or_else(String::new, |name| format!(" {name:?}"));
        format!("runtime {}{name}, {}", self.id, self.kind)
    }
}
