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
//! # Which call
//!
//! | | waits | output | standard input |
//! | --- | --- | --- | --- |
//! | [`output`](Command::output) | for the end | collected, both streams | ours, unless it is set |
//! | [`status`](Command::status) | for the end | ours, unless it is set | ours, unless it is set |
//! | [`spawn`](Command::spawn) | for nothing | as it is set; [piped](std::process::Stdio::piped) to read it | the same |
//!
//! A program that fails is no error of these, but a [status](std::process::ExitStatus) that says so. An error is that it could
//! not be started, or not be waited for.
//!
//! ```
//! use leno::process::Command;
//! use std::io::ErrorKind;
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let status = Command::new("false").status().await?;
//! assert_eq!(status.code(), Some(1));
//!
//! let missing = Command::new("no-such-program").status().await;
//! assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! # Talking to a child
//!
//! Standard streams that are piped are [`ChildStdin`], [`ChildStdout`] and [`ChildStderr`], which are read and written like
//! sockets. A pipe holds 64 KiB on Linux. When it is full its writer waits: so read and write at the same time, or the child
//! waits for you and you for the child.
//!
//! ```
//! use leno::io::{AsyncReadExt, AsyncWriteExt};
//! use leno::process::Command;
//! use std::process::Stdio;
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
//! let mut input = child.stdin.take().unwrap();
//! let mut output = child.stdout.take().unwrap();
//!
//! let large = vec![7; 1 << 20];
//! let mut copy = Vec::new();
//! let write = async {
//!     input.write_all(&large).await?;
//!     drop(input); // the end of the input
//!     std::io::Result::Ok(())
//! };
//! leno::try_join!(write, output.read_to_end(&mut copy))?;
//! assert_eq!(copy, large);
//! assert!(child.wait().await?.success());
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! The output ends when everybody who has inherited it has closed it. A daemon that the child leaves behind keeps it open, and
//! `output` waits for that; `wait` does not.
//!
//! # Ending a child
//!
//! [`kill`](Child::kill) sends `SIGKILL`, of which the program does not notice anything. To let it end in good order, send it
//! `SIGTERM` ([`id`](Child::id) is its number) and wait with a limit; [`wait`](Child::wait) has an example. What a child has
//! started itself is not ended with it, unless it is a [process group](Command::process_group) that the signal is sent to.
//!
//! With a time limit, set [`kill_on_drop`](Command::kill_on_drop), as a future that is dropped lets the program run on otherwise:
//!
//! ```
//! use leno::process::Command;
//! use leno::time::{Duration, timeout};
//!
//! # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let mut command = Command::new("sleep");
//! command.arg("1000").kill_on_drop(true);
//! let result = timeout(Duration::from_millis(5), command.output()).await;
//! assert!(result.is_err()); // and nothing sleeps any more
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! # Cancel safety
//!
//! [`wait`](Child::wait) loses nothing when it is dropped, and can be called again. [`kill`](Child::kill) has sent its signal by
//! then. [`status`](Command::status), [`output`](Command::output) and [`wait_with_output`](Child::wait_with_output) lose what
//! they would have returned, as they own the child.
//!
//! # What it costs
//!
//! Starting a program blocks the thread while the system does it, for about as long as with std; with very many of them, do it
//! on a [blocking thread](crate::task::spawn_blocking). A child takes one descriptor on Linux until its end is known, and one
//! for each stream that is piped. Waiting takes no thread there.
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
