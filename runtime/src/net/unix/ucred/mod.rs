//! Who is at the other end.

use super::{gid_t, pid_t, uid_t};

#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "linux.rs"]
mod sys;
#[cfg(any(target_os = "macos", target_os = "ios"))]
#[path = "apple.rs"]
mod sys;
#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "macos",
    target_os = "ios"
)))]
#[path = "bsd.rs"]
mod sys;

pub(super) use sys::peer_cred;

/// The credentials of a peer's process, as they were when it connected or listened.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub struct UCred {
    pid: Option<pid_t>,
    uid: uid_t,
    gid: gid_t,
}

impl UCred {
    /// The user's number.
    pub fn uid(&self) -> uid_t {
        self.uid
    }

    /// The group's number.
    pub fn gid(&self) -> gid_t {
        self.gid
    }

    /// The process' number, where the system tells it: on Linux, Android and Apple's.
    pub fn pid(&self) -> Option<pid_t> {
        self.pid
    }
}
