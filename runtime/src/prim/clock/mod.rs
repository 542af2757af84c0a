//! The monotonic clock as a number.
//!
//! Nanoseconds since a moment that is the same for the whole process and long before it began, so that any moment
//! somebody may come up with has a number.

#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "linux.rs"]
mod system;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "other.rs"]
mod system;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(in crate::prim) use system::BEFORE_BOOT;
pub(crate) use system::{base, now};
