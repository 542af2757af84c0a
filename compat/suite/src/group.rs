//! A program that runs in a process group of its own, for so long and no longer.

use anyhow::{Context, Result};
use rustix::process::{Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions};
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// None if it did not end in time.
    pub status: Option<ExitStatus>,
    /// What it wrote, to both streams.
    pub output: String,
}

/// Runs a program, then kills whatever it has started and left. Its output goes through the file `output`: a pipe
/// would be held open by processes that leave the group.
pub fn run(command: &mut Command, output: &Path, timeout: Duration) -> Result<Ended> {
    let file = File::create(output)?;
    command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .process_group(0);
    let mut child = command
        .spawn()
        .context("a program of tests does not start")?;
    let pid = Pid::from_child(&child);
    let in_time = thread::scope(|scope| {
        let (ended, end) = mpsc::channel();
        // The child is not reaped here, so that its id still names its group.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        scope.spawn(move || {
            let _ = rustix::process::waitid(WaitId::Pid(pid), options);
            // Nobody waits for it any more if it is late.
            let _ = ended.send(());
        });
        let in_time = end.recv_timeout(timeout).is_ok();
        // Fails only if there is nobody left.
        let _ = rustix::process::kill_process_group(pid, Signal::KILL);
        in_time
    });
    let status = child.wait()?;
    let output = fs::read(output)?;
    Ok(Ended {
        status: in_time.then_some(status),
        output: String::from_utf8_lossy(&output).into_owned(),
    })
}

/// Keeps the programs, which are meant to crash if they must, from leaving their memory behind.
pub fn without_core_files() {
    let limit = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // If it is refused, there are core files.
    let _ = rustix::process::setrlimit(Resource::Core, limit);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn shell(script: &str, name: &str, timeout: Duration) -> Ended {
        let output =
            std::env::temp_dir().join(format!("leno-compat-suite-{}-{name}", std::process::id()));
        let ended = run(Command::new("sh").args(["-c", script]), &output, timeout).unwrap();
        fs::remove_file(output).unwrap();
        ended
    }

    #[test]
    fn output_and_status_are_told() {
        let ended = shell(
            "echo out; echo err >&2; exit 3",
            "told",
            Duration::from_secs(60),
        );
        assert_eq!(ended.output, "out\nerr\n");
        assert_eq!(ended.status.unwrap().code(), Some(3));
    }

    #[test]
    fn what_does_not_end_is_killed_with_its_children() {
        let start = Instant::now();
        let ended = shell(
            "sleep 1000 & sleep 1000",
            "killed",
            Duration::from_millis(50),
        );
        assert!(ended.status.is_none());
        assert!(start.elapsed() < Duration::from_secs(500));
    }
}
