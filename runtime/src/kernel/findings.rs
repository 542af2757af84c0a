//! What the kernel finds and somebody should know: plain data, handed up to whoever makes sentences of it.
//!
//! The sink is called where the finding is made, on a worker as a rule: it must be quick, and take no lock that it could meet
//! there. While there is none, nothing is found.

use crate::kernel::task::{Reason, TaskInfo};
use crate::prim::OnceLock;
use crate::prim::stack::Frames;
use std::any::Any;
use std::panic::Location;
use std::time::Duration;

/// Something that somebody should know.
#[derive(Debug)]
pub(crate) enum Finding {
    /// A task has panicked, and its output was dropped unseen.
    LostPanic {
        task: TaskInfo,
        /// If it is a text, as the standard macros make it.
        message: Option<String>,
    },
    /// A task's output is an error, and was dropped unseen.
    LostError {
        task: TaskInfo,
        /// As `Debug` writes it.
        error: String,
    },
    /// A task's output is a `Result` of a type that nobody knows, and was dropped unseen.
    UnreadResult { task: TaskInfo },
    /// A task was made of a future that is larger than what is wanted.
    HugeFuture { task: TaskInfo },
    /// What was to go on for a while when its surroundings had been cancelled has not ended by then.
    CutShort {
        /// Of the shield, or the guard.
        place: &'static Location<'static>,
        reason: Reason,
    },
    /// A coroutine was dropped before it was polled.
    NeverAwaited {
        /// The function's.
        name: &'static str,
        /// Of the call.
        place: &'static Location<'static>,
    },
    /// A task is in one poll for long.
    SlowPoll(Box<SlowPoll>),
}

/// A poll that takes long.
#[derive(Debug)]
pub(crate) struct SlowPoll {
    pub(crate) task: TaskInfo,
    /// `None` for a spare worker, and for a thread that runs tasks in `block_on`, which tells when it has `ended`.
    pub(crate) worker: Option<usize>,
    /// For how long at least.
    pub(crate) time: Duration,
    /// It is over.
    pub(crate) ended: bool,
    /// How many tasks are queued behind it on the same thread.
    pub(crate) behind: usize,
    /// If that could be found out.
    pub(crate) activity: Option<Activity>,
    /// From the innermost frame outwards, if the thread could be asked.
    pub(crate) stack: Option<Frames>,
}

/// What a thread has been doing for some time.
#[derive(Debug)]
pub(crate) struct Activity {
    /// Processor time that it has had.
    pub(crate) processor: Duration,
    pub(crate) state: ThreadState,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ThreadState {
    Computes,
    /// It waits, in a function of the kernel if that is known.
    Blocks(Option<String>),
    /// It could compute, but others have the processors.
    Starves,
}

/// Of which findings there is to be one, however many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Once {
    /// One for each place of a spawn.
    UnreadResult(&'static Location<'static>),
    /// One for each type of future.
    HugeFuture(&'static str),
}

impl Finding {
    /// What it has in common with others of which the first one says it all.
    pub(crate) fn once(&self) -> Option<Once> {
        match self {
            Self::UnreadResult { task } => Some(Once::UnreadResult(task.spawned_at())),
            Self::HugeFuture { task } => Some(Once::HugeFuture(task.type_name())),
            _ => None,
        }
    }
}

/// What there is to be read in the output of a task.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Whether it is an error is not known.
    Unknown,
    /// It is none.
    Fine,
    /// It is one, which `Debug` writes like this.
    Error(String),
}

/// Whoever makes sentences.
pub(crate) struct Sink {
    pub(crate) tell: fn(Finding),
    /// Looks whether the output of a task, a `Result`, is an error. May run the program's code, and does not panic.
    pub(crate) read: fn(&dyn Any) -> Outcome,
}

static SINK: OnceLock<Sink> = OnceLock::new();

/// Where findings go. The first sink stays.
pub(crate) fn set_sink(sink: Sink) {
    let _ = SINK.set(sink);
}

/// Hands a finding up.
#[cold]
pub(crate) fn tell(finding: Finding) {
    if let Some(sink) = SINK.get() {
        (sink.tell)(finding);
    }
}

/// What there is to be read in `output`. Without a sink it is fine.
#[cold]
pub(crate) fn read(output: &dyn Any) -> Outcome {
    SINK.get().map_or(Outcome::Fine, |sink| (sink.read)(output))
}
