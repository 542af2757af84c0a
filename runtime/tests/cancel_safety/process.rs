//! `leno::process` and `leno::signal`: programs, and what comes from outside.

use crate::support::{Row, again, happened, kept, later, of_the_system, row};
use leno::process::{Child, Command};
use leno::signal::unix::{Signal, SignalKind, signal};
use std::io::Read;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use tempfile::TempDir;

/// Each is measured on a thread of its own.
pub(crate) const LISTS: &[fn() -> Vec<Row>] = &[children, commands, signals];

/// A program that ends when its standard input does.
fn cat() -> Child {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().unwrap()
}

/// A child that ends at once may have done so in the poll that waits for it, and there is nothing to drop.
fn until_cut(measure: impl Fn() -> Row) -> Row {
    let mut tries = 0;
    loop {
        let row = measure();
        tries += 1;
        assert!(
            tries < 1000,
            "the child always ends in the first poll: {row:?}"
        );
        if row.cuts >= 2 {
            return row;
        }
    }
}

fn children() -> Vec<Row> {
    of_the_system(vec![
        until_cut(|| {
            row! {
                "process::Child::wait";
                make cat();
                run |child| child.wait();
                check |mut child, _cut| kept(child.wait().await.unwrap().success())
            }
        }),
        until_cut(|| {
            row! {
                "process::Child::kill";
                make cat();
                run |child| child.kill();
                check |mut child, cut| {
                    happened(cut, child.wait().await.unwrap().signal() == Some(libc::SIGKILL))
                }
            }
        }),
        row! {
            "process::Child::wait_with_output";
            make (Some(cat()), false);
            run |(child, _is_done)| child.take().unwrap().wait_with_output() => |output| *_is_done = output.is_ok();
            check |(child, is_done), _cut| kept(is_done || child.is_some())
        },
    ])
}

/// A program that can be run once: it fails the second time. It ends a second from now.
struct Once {
    folder: TempDir,
    command: Command,
    /// The other end of its standard input, which ends when the program has.
    runs: UnixStream,
    is_done: bool,
}

impl Once {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (near, runs) = UnixStream::pair().unwrap();
        let mut command = mkdir(&folder);
        command.stdin(OwnedFd::from(near));
        let input = runs.try_clone().unwrap();
        later(async move { input.shutdown(Shutdown::Write).unwrap() });
        Self {
            folder,
            command,
            runs,
            is_done: false,
        }
    }

    /// The same program, when the one that was started has ended.
    fn again(mut self) -> (Command, TempDir) {
        drop(self.command);
        self.runs.shutdown(Shutdown::Write).unwrap();
        self.runs.read_to_end(&mut Vec::new()).unwrap();
        (mkdir(&self.folder), self.folder)
    }
}

fn mkdir(folder: &TempDir) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg("cat > /dev/null; mkdir \"$0\"");
    command.arg(folder.path().join("new"));
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

fn commands() -> Vec<Row> {
    of_the_system(vec![
        row! {
            "process::Command::status";
            make Once::new();
            run |once| once.command.status() => |status| once.is_done = status.unwrap().success();
            check |once, _cut| {
                let is_done = once.is_done;
                let (mut command, _folder) = once.again();
                kept(is_done || command.status().await.unwrap().success())
            }
        },
        row! {
            "process::Command::output";
            make Once::new();
            run |once| once.command.output() => |output| once.is_done = output.unwrap().status.success();
            check |once, _cut| {
                let is_done = once.is_done;
                let (mut command, _folder) = once.again();
                kept(is_done || command.output().await.unwrap().status.success())
            }
        },
    ])
}

/// Comes a second from now. (What listens keeps the process alive.)
fn signal_later(kind: SignalKind) -> Signal {
    let listens = signal(kind).unwrap();
    later(async move {
        // SAFETY: it takes a number, and whether there is such a signal it says itself.
        assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0);
    });
    listens
}

fn signals() -> Vec<Row> {
    vec![
        row! {
            "signal::unix::Signal::recv";
            make (signal_later(SignalKind::user_defined1()), None);
            run |(signal, _got)| signal.recv() => |came| *_got = came;
            check |(mut signal, got), _cut| kept(got.or(again(signal.recv()).await.flatten()).is_some())
        },
        row! {
            "signal::ctrl_c";
            make (signal_later(SignalKind::interrupt()), false);
            run |(_, _got)| leno::signal::ctrl_c() => |came| *_got = came.is_ok();
            check |(_listens, got), _cut| kept(got || again(leno::signal::ctrl_c()).await.is_some())
        },
    ]
}
