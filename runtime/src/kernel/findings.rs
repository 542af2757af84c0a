//! What the kernel finds and somebody should know: plain data, handed up to whoever makes sentences of it.
//!
//! The sink is called where the finding is made, on a worker as a rule: it must be quick, and take no lock that it could meet
//! there. While there is none, nothing is found.

use crate::kernel::task::TaskInfo;
use crate::prim::OnceLock;
use crate::prim::stack::Frames;
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
    /// A task is in one poll for long.
    SlowPoll(Box<SlowPoll>),
}

/// A poll that takes long.
#[derive(Debug)]
pub(crate) struct SlowPoll {
    pub(crate) task: TaskInfo,
    /// `None` for a thread that runs tasks in `block_on`.
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

static SINK: OnceLock<fn(Finding)> = OnceLock::new();

/// Where findings go. The first sink stays.
pub(crate) fn set_sink(sink: fn(Finding)) {
    let _ = SINK.set(sink);
}

/// Hands a finding up.
#[cold]
pub(crate) fn tell(finding: Finding) {
    if let Some(sink) = SINK.get() {
        sink(finding);
    }
}
