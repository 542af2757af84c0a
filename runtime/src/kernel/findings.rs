//! What the kernel finds and somebody should know: plain data, handed up to whoever makes sentences of it.
//!
//! The sink is called where the finding is made, on a worker as a rule: it must be quick, and take no lock that it could meet
//! there. While there is none, nothing is found.

use crate::kernel::task::TaskInfo;
use crate::prim::OnceLock;

/// Something that somebody should know.
#[derive(Debug)]
pub(crate) enum Finding {
    /// A task has panicked, and its output was dropped unseen.
    LostPanic {
        task: TaskInfo,
        /// If it is a text, as the standard macros make it.
        message: Option<String>,
    },
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
