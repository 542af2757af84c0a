//! Waiting for a moment as exactly as the system can.
//!
//! A selector's timeout is in milliseconds, and a condition variable's is rounded by the thread's timer slack. Where
//! there is something better it is here; elsewhere, and when the system refuses, the milliseconds have to do.

#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "linux.rs"]
mod system;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "other.rs"]
mod system;

pub(crate) use system::{Alarm, finely};

/// How long, in nanoseconds, a worker that sleeps leaves the others alone that are awake. (Models choose for themselves.)
///
/// The timers of a worker that is stuck in a poll are somebody else's business when they are this late, or when it has
/// filed them just now, unnoticed by those who sleep.
pub(crate) const fn nap() -> Option<u64> {
    Some(1_000_000)
}
