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
///
/// # Examples
///
/// ```
/// use leno::net::UnixStream;
/// use leno::net::unix::UCred;
///
/// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (near, far) = UnixStream::pair()?;
/// let ours: UCred = near.peer_cred()?; // the pair was made by this process
/// assert_eq!(ours, far.peer_cred()?);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub struct UCred {
    pid: Option<pid_t>,
    uid: uid_t,
    gid: gid_t,
}

impl UCred {
    /// The user's number.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::net::UnixStream;
    /// use std::os::unix::fs::MetadataExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// // A directory that this process has made is its user's.
    /// let ours = std::fs::metadata(directory.path())?.uid();
    /// let (near, _far) = UnixStream::pair()?;
    /// assert_eq!(near.peer_cred()?.uid(), ours);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn uid(&self) -> uid_t {
        self.uid
    }

    /// The group's number.
    ///
    /// # Examples
    ///
    /// The effective group, not the supplementary ones:
    ///
    /// ```
    /// use leno::net::UnixStream;
    /// use std::os::unix::fs::MetadataExt;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let directory = tempfile::tempdir()?;
    /// let ours = std::fs::metadata(directory.path())?.gid();
    /// let (near, _far) = UnixStream::pair()?;
    /// assert_eq!(near.peer_cred()?.gid(), ours);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn gid(&self) -> gid_t {
        self.gid
    }

    /// The process' number, where the system tells it: on Linux, Android and Apple's.
    ///
    /// # Examples
    ///
    /// For a log, and not for deciding anything: the process may have ended, and its number be another's.
    ///
    /// ```
    /// use leno::net::UnixStream;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let (near, _far) = UnixStream::pair()?;
    /// if let Some(pid) = near.peer_cred()?.pid() {
    ///     assert_eq!(pid as u32, std::process::id());
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn pid(&self) -> Option<pid_t> {
        self.pid
    }
}
