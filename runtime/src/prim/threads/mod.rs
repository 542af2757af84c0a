//! What a thread can learn of another one of the process, and how it interrupts that: by the system's means, without its
//! help.
//!
//! Linux tells those who have the feature `introspection`. Elsewhere nothing is known of other threads, and none is interrupted.

#[cfg(not(all(feature = "introspection", target_os = "linux")))]
mod none;

#[cfg(all(feature = "introspection", target_os = "linux"))]
#[path = "linux.rs"]
mod system;

#[cfg(not(all(feature = "introspection", target_os = "linux")))]
use none as system;

use std::time::Duration;

/// What a thread was doing when somebody looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Doing {
    /// Processor time that it has had so far.
    pub(crate) processor: Duration,
    /// It waits, for something that is not a processor.
    pub(crate) waits: bool,
    /// The function of the kernel that it waits in, if the system tells.
    pub(crate) wait: Option<String>,
}

/// The system's id of this thread, never 0; 0 where it has none that is of use.
pub(crate) fn id() -> u32 {
    system::id()
}

/// What a thread of this process is doing. Takes some ten microseconds.
pub(crate) fn doing(thread: u32) -> Option<Doing> {
    system::doing(thread)
}

/// From now on `answer` is called on a thread of this process when that is [interrupted](interrupt), in a signal handler:
/// it may neither allocate nor take a lock nor panic. False if threads cannot be interrupted. The first to be given stays.
///
/// The signal is `SIGURG`, which is ignored where nobody handles it. A handler that the program has for it is called as
/// well, if it was there before.
pub(crate) fn prepare_to_interrupt(answer: fn()) -> bool {
    system::prepare_to_interrupt(answer)
}

/// Interrupts a thread of this process; false if there is no such thread, or it cannot be done.
pub(crate) fn interrupt(thread: u32) -> bool {
    system::interrupt(thread)
}
