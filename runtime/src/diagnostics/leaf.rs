//! What a future waits for that is not done.

use super::json::Value;
use super::scopes;
use crate::kernel::captures::Answer;
use crate::kernel::task::{self, LockHolder, What};
use crate::symbols::{self, Frame, trim};
use crate::task::{Id, ScopeInfo};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// A future in a task that waits for something, and will wake the task.
#[derive(Debug, Clone)]
pub struct Leaf {
    stack: Box<[usize]>,
    waits_for: Option<What>,
    address: usize,
    scope: Option<ScopeInfo>,
    names: Arc<Names>,
}

/// The functions at the addresses of a dump. They are looked up when somebody wants to know, all at once.
#[derive(Debug)]
pub(super) struct Names {
    addresses: Vec<usize>,
    found: OnceLock<HashMap<usize, Vec<Frame>>>,
}

/// The leaves of one future, for whoever has polled it to know them.
#[cfg(feature = "test-util")]
pub(crate) fn leaves_of(answer: Answer) -> Vec<Leaf> {
    let stacks = answer.leaves.iter().flat_map(|leaf| leaf.stack.to_vec());
    let names = Names::of(stacks.collect());
    leaves(Some(answer), &names, None)
}

/// The leaves of a future that is within `around`.
pub(super) fn leaves(
    answer: Option<Answer>,
    names: &Arc<Names>,
    around: Option<&ScopeInfo>,
) -> Vec<Leaf> {
    let leaves = answer.map_or_else(Vec::new, |answer| answer.leaves);
    let leaf = |leaf: task::Leaf| Leaf {
        stack: leaf.stack,
        waits_for: leaf.waits_for.map(|waits_for| waits_for.what),
        address: leaf.waits_for.map_or(0, |waits_for| waits_for.address),
        scope: ScopeInfo::within(&leaf.scopes, around),
        names: Arc::clone(names),
    };
    leaves.into_iter().map(leaf).collect()
}

impl Leaf {
    /// The functions from the leaf outwards to the task's future, each of which awaits the one before. What leno and the standard
    /// library do in between is left out.
    ///
    /// The first call for a dump looks all its addresses up, which may take some hundred milliseconds.
    pub fn stack(&self) -> Vec<Frame> {
        let found = self.names.found();
        let frames = self.stack.iter().filter_map(|address| found.get(address));
        let mut frames: Vec<Frame> = frames.flatten().cloned().collect();
        // First what is around: if the leaf is all that there is, nothing else tells where it ends.
        trim::outer(&mut frames);
        trim::inner(&mut frames);
        trim::leaf(&mut frames);
        frames
    }

    /// The task whose end this waits for, if it is a `JoinHandle`.
    pub fn waits_for_task(&self) -> Option<Id> {
        match self.waits_for {
            Some(What::Task(id)) => Some(id),
            _ => None,
        }
    }

    /// True if this is the future of a [`scope`](Self::scope), which waits to be cancelled besides what its body waits for.
    ///
    /// Each scope whose body is pending has such a leaf. The text of a dump leaves them out if there are others.
    pub fn waits_for_cancel(&self) -> bool {
        self.waits_for == Some(What::Cancel)
    }

    pub(super) fn to_value(&self) -> Value {
        let frames = self.stack().iter().map(frame_value).collect();
        Value::Object(vec![
            ("stack", Value::List(frames)),
            ("waits_for", Value::from(self.waits_for())),
            (
                "waits_for_task",
                Value::from(self.waits_for_whom().map(|id| id.to_string())),
            ),
            ("scope", scopes::id(self.scope())),
            (
                "scope_is",
                Value::from(match self.waits_for {
                    Some(What::End) => Some("left"),
                    Some(What::Cancel) => Some("watched"),
                    _ => None,
                }),
            ),
        ])
    }

    /// The task that has to end, or to release a lock.
    fn waits_for_whom(&self) -> Option<Id> {
        match self.waits_for? {
            What::Task(id) => Some(id),
            What::Lock { holder, .. } => holder.map(|holder| holder.task),
            What::Permits | What::Deadline(_) | What::End | What::Cancel => None,
        }
    }

    /// What it waits for.
    #[cfg(feature = "sim")]
    pub(crate) fn waits_for_what(&self) -> Option<What> {
        self.waits_for
    }

    /// Where the lock or semaphore is that it waits for.
    #[cfg(feature = "sim")]
    pub(crate) fn address(&self) -> usize {
        self.address
    }

    /// What tells its turn in the queue of a lock from all others.
    pub(super) fn ticket(&self) -> Option<u64> {
        match self.waits_for {
            Some(What::Lock { ticket, .. }) => Some(ticket),
            _ => None,
        }
    }

    /// The innermost scope that it waits in: one that was begun in the task, or the [task's own](crate::task::TaskInfo::scope).
    ///
    /// If what it waits for is the end of a group or of another scope, then that.
    pub fn scope(&self) -> Option<&ScopeInfo> {
        self.scope.as_ref()
    }

    /// Which scope it is that it waits for.
    pub(crate) fn of_scope(&self) -> Option<String> {
        let scope = self.scope.as_ref()?;
        Some(format!("the {} at {}", scope.kind(), scope.place()))
    }

    /// What it waits for, in words.
    pub(super) fn waits_for(&self) -> Option<String> {
        Some(match self.waits_for? {
            What::Permits => format!("permits of the semaphore at {:#x}", self.address),
            What::Lock { holder, .. } => {
                let lock = format!("the lock at {:#x}", self.address);
                match holder {
                    Some(LockHolder {
                        task,
                        was_handed: false,
                        ..
                    }) => {
                        format!("{lock}, which task {task} holds")
                    }
                    Some(LockHolder { task, .. }) => {
                        format!("{lock}, which was handed to task {task}")
                    }
                    None => lock,
                }
            }
            What::Task(id) => format!("the end of task {id}"),
            What::Deadline(_) => "a moment to come".to_owned(),
            What::End => format!("the end of {}", self.of_scope()?),
            What::Cancel => format!("a cancel of {}", self.of_scope()?),
        })
    }
}

impl Names {
    pub(super) fn of(addresses: Vec<usize>) -> Arc<Self> {
        Arc::new(Self {
            addresses,
            found: OnceLock::new(),
        })
    }

    fn found(&self) -> &HashMap<usize, Vec<Frame>> {
        self.found.get_or_init(|| {
            let mut found: HashMap<_, Vec<_>> = HashMap::with_capacity(self.addresses.len());
            for frame in symbols::resolve(&self.addresses) {
                found.entry(frame.address).or_default().push(frame);
            }
            found
        })
    }
}

fn frame_value(frame: &Frame) -> Value {
    Value::Object(vec![
        ("function", Value::from(frame.function().map(str::to_owned))),
        ("file", Value::from(frame.file().map(str::to_owned))),
        ("line", Value::from(frame.line().map(u64::from))),
        ("text", Value::from(frame.to_string())),
    ])
}
