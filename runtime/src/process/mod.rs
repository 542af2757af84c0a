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
//! [`kill_on_drop`](Command::kill_on_drop) says so. The system keeps a program that has ended until its parent has asked
//! how: leno does that for a child whose handle was dropped, whichever runtimes there still are, by means of a thread
//! that is there while there are such children.
//!
//! # How the end of a child is learnt
//!
//! On Linux by its pidfd, a descriptor that the reactor waits for like for a socket. Where there is none, by `SIGCHLD`:
//! then leno has a handler for that signal from the first wait on; handlers that others have installed are called as
//! well. A child can be awaited on another runtime than the one it was spawned on, and survives that one's end.
//!
//! **Do not ignore `SIGCHLD`**, and do not wait for processes in general (`waitpid(-1, …)`): the status of a child would be
//! lost, and waiting for it fail.

mod child;
mod command;
mod exit;
mod orphans;
mod streams;

pub use child::Child;
pub use command::Command;
pub use streams::{ChildStderr, ChildStdin, ChildStdout};
