//! Other programs.
//!
//! [`Command`] says what to run; [`spawn`](Command::spawn) starts it and returns a [`Child`], whose end can be awaited and
//! whose standard streams are pipes if you ask for that. [`output`](Command::output) and [`status`](Command::status) do
//! the usual in one call.
//!
//! ```
//! use leno::process::Command;
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let output = Command::new("echo").arg("hello").output().await?;
//! assert!(output.status.success());
//! assert_eq!(output.stdout, b"hello\n");
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! # A child outlives its handle
//!
//! As with [`std::process`], dropping a [`Child`] does not stop the program, unless
//! [`kill_on_drop`](Command::kill_on_drop) says so. The system keeps a program that has ended, as a zombie, until its parent
//! has asked how: leno does that for a child whose handle was dropped. The runtime in which it was dropped does, or else the
//! one that it was started on, whenever it looks for events; neither a task nor a thread is needed for it. (So zombies may
//! wait for a current-thread runtime that nobody drives; some are asked whenever a child is started.) Once that runtime has
//! ended it is a thread, which is there while there are such children.
//!
//! Up to 32 of them keep a descriptor. For more there is that thread too, which looks at them all at once: when `SIGCHLD`
//! comes, or after 100 ms, but the seldomer the more they are, 10,000 once a second. So a program that starts many others and
//! lets go of them needs no descriptors for them.
//!
//! # How the end of a child is learnt
//!
//! On Linux by its pidfd, a descriptor that the reactor waits for like for a socket. It is opened when the child is started
//! and closed when its end is known. Where there is none, because the system has no such thing or no descriptor left, leno
//! looks again and again, at most 100 ms after the end, or when `SIGCHLD` comes; a thread says when. A child can be awaited on
//! another runtime than the one it was spawned on, whether anybody drives that or not, and survives that one's end.
//!
//! `SIGCHLD` may be blocked, or have a handler of the program's own. **Do not ignore it**, and do not wait for processes in
//! general (`waitpid(-1, …)`): the status of a child would be lost, and waiting for it fail. What the program has set it to
//! stays: it is listened for, by a handler that calls the program's, only where it does not discard children that end.
//!
//! A process that [forks](crate::runtime#fork) keeps its children to itself: the child process can start others, and can
//! neither wait for nor kill those that it has inherited a handle of.

mod child;
mod command;
mod exit;
mod orphans;
#[cfg(target_os = "linux")]
mod pidfd;
mod reaper;
mod streams;

pub use child::Child;
pub use command::Command;
pub use streams::{ChildStderr, ChildStdin, ChildStdout};
