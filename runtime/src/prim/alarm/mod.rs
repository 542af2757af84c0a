//! Waiting for a moment as exactly as the system can.
//!
//! A selector's timeout is in milliseconds, and a condition variable's is rounded by the thread's timer slack. Where
//! there is something better it is here; elsewhere, and when the system refuses, the milliseconds have to do.

#[cfg(all(feature = "reactor", any(target_os = "linux", target_os = "android")))]
#[path = "linux.rs"]
mod system;
#[cfg(not(all(feature = "reactor", any(target_os = "linux", target_os = "android"))))]
#[path = "other.rs"]
mod system;

pub(crate) use system::{Alarm, finely};
