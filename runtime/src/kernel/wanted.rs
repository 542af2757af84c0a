//! What a scheduler is to look for. Settings: plain data, made by whoever builds a runtime, and not changed after that.

use crate::prim::OnceLock;
use std::time::Duration;

/// Somebody can look into a scheduler, and say what is wanted. Without the feature `introspection` nobody can: what serves them
/// alone and is no module of its own stands behind this constant, so that none of it is compiled to code.
pub(crate) const LOOKED_INTO: bool = cfg!(feature = "introspection");

/// The diagnostics of one scheduler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Panics and errors that nobody sees, since the task's handle was dropped.
    pub(crate) lost_panics: bool,
    pub(crate) lost_errors: bool,
    /// Futures of more bytes than this.
    pub(crate) huge_futures: Option<usize>,
    /// Coroutines that are dropped before they are polled.
    pub(crate) never_awaited: bool,
    /// What did not stop in the time that a shutdown gave it.
    pub(crate) still_running: bool,
    /// Polls that take longer than this.
    pub(crate) slow_polls: Option<Duration>,
    /// The stack of a thread in a slow poll, which a signal asks it for.
    pub(crate) stacks: bool,
    /// What each worker did last.
    pub(crate) recorder: bool,
    /// Locks that are waited for, or held by who sleeps, for longer than this; and what is asleep for ever.
    pub(crate) waits: Option<Duration>,
}

impl Wanted {
    /// Nothing at all.
    pub(crate) const NOTHING: Self = Self {
        lost_panics: false,
        lost_errors: false,
        huge_futures: None,
        never_awaited: false,
        still_running: false,
        slow_polls: None,
        stacks: false,
        recorder: false,
        waits: None,
    };
}

/// For tasks whose scheduler belongs to no runtime, as those of a `LocalSet`.
static OF_THE_PROCESS: OnceLock<Wanted> = OnceLock::new();

/// What is wanted where no runtime says it; nothing as long as nobody has.
pub(crate) fn of_the_process() -> &'static Wanted {
    OF_THE_PROCESS.get().unwrap_or(&Wanted::NOTHING)
}

/// Says what is wanted where no runtime says it. The first word stands.
pub(crate) fn set_of_the_process(wanted: Wanted) {
    let _ = OF_THE_PROCESS.set(wanted);
}
