//! What can go wrong, in a line.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why there is no answer.
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android")),
    allow(dead_code, reason = "there, memory is not read")
)]
#[derive(Debug)]
pub(crate) enum Fault {
    NoProcess(u32),
    /// The process is another user's.
    NotAllowed(u32),
    /// There is no socket of the process.
    NoSocket(u32),
    /// The directory of its socket may be anybody's.
    Distrusted(PathBuf, String),
    /// The socket was there, and the process has gone, or has taken it away.
    Gone(u32),
    /// It takes longer than that.
    Silent(u32, Duration),
    /// It has too many clients.
    Busy(u32),
    /// It is stopped, by a signal or a debugger.
    Stopped(u32),
    /// It speaks another version, or not at all what is expected.
    Version(u32, String),
    /// It says no, and why.
    Refused(u32, String),
    NoTask(u64),
    /// Its memory must not be read.
    Unreadable(u32),
    /// There is nothing of leno's in its memory.
    NoLeno(u32),
    /// What there is has another version.
    MemoryVersion(u32),
    /// It does not answer, and its memory cannot be read either.
    Neither(Box<Fault>, Box<Fault>),
    System(String, io::Error),
    /// The error says it all.
    Other(io::Error),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NoProcess(pid) => write!(f, "there is no process {pid}"),
            Fault::NotAllowed(pid) => write!(
                f,
                "no permission: process {pid} is another user's; run this as that user, or as root"
            ),
            Fault::NoSocket(pid) => write!(
                f,
                "process {pid} has no socket: start it with LENO_DIAGNOSTICS=socket, or have its runtime's builder say \
                 Diagnostics::socket(true) (if it uses leno at all)"
            ),
            Fault::Distrusted(path, why) => {
                write!(f, "{} is not to be trusted: {why}", path.display())
            }
            Fault::Gone(pid) => write!(
                f,
                "process {pid} no longer listens: it has ended, or its last runtime has"
            ),
            Fault::Silent(pid, time) => write!(
                f,
                "process {pid} has not answered for {:.1} s",
                time.as_secs_f64()
            ),
            Fault::Busy(pid) => write!(f, "process {pid} is asked by too many others"),
            Fault::Stopped(pid) => write!(
                f,
                "process {pid} is stopped, by a signal or a debugger, and cannot answer: continue it with `kill -CONT {pid}`"
            ),
            Fault::Version(pid, what) => {
                write!(
                    f,
                    "process {pid} speaks another version of the protocol: {what}"
                )
            }
            Fault::Refused(pid, text) => write!(f, "process {pid} says: {text}"),
            Fault::NoTask(id) => write!(
                f,
                "there is no task {id} among those that have been asleep: it has ended, or has never waited for anything"
            ),
            Fault::Unreadable(pid) => write!(
                f,
                "no permission to read the memory of process {pid}: run this as root, or allow it to processes of the same user \
                 (sysctl kernel.yama.ptrace_scope=0)"
            ),
            Fault::NoLeno(pid) => write!(
                f,
                "there is no leno in process {pid}, or one that is too old to be found in memory"
            ),
            Fault::MemoryVersion(pid) => write!(
                f,
                "the leno in process {pid} is of another version than this program, which cannot read its memory"
            ),
            Fault::Neither(first, second) => write!(f, "{first}. And {second}"),
            Fault::Other(error) => error.fmt(f),
            Fault::System(what, error) => write!(f, "{what}: {error}"),
        }
    }
}

impl std::error::Error for Fault {}

impl Fault {
    pub(crate) fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Fault::System(what, error)
    }
}
