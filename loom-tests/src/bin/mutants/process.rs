//! One process of a test binary: how it is begun, watched and ended, and what it has said.

use crate::hang;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// What a process may map, in KiB: a mutant that goes on and on taking memory ends by that.
const MEMORY: usize = 16 << 20;

/// What a test binary gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) time: Duration,
    /// So long no test may end.
    pub(crate) silence: Duration,
}

/// What a test binary did.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) end: End,
    pub(crate) time: Duration,
    pub(crate) silence: Duration,
}

/// How a test binary ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    Passed,
    /// Which test has failed, or how the process ended.
    Failed(String),
    /// It was ended.
    Hung,
}

impl Limit {
    /// For what takes so long without a mutant.
    pub(crate) fn of(time: Duration, silence: Duration) -> Self {
        let patience = |time: Duration| 4 * time + Duration::from_secs(6);
        Self {
            time: patience(time),
            silence: patience(silence),
        }
    }
}

/// Runs a test binary, or some of its tests, in a process group of its own, which is gone when this returns.
pub(crate) fn run(
    test: &Path,
    package: &Path,
    only: &[&str],
    (variable, value): (&str, &str),
    limit: Limit,
) -> Result<Run, String> {
    let told = |error: std::io::Error| format!("{}: {error}", test.display());
    // Where what is ended in the middle leaves what it leaves.
    let litter = tempfile::Builder::new()
        .prefix("leno-mutants-")
        .tempdir()
        .map_err(told)?;
    let begun = Instant::now();
    let mut child = Command::new("sh")
        .args([
            "-c",
            &format!("ulimit -c 0; ulimit -v {MEMORY}; exec \"$0\" \"$@\""),
        ])
        .arg(test)
        .args(if only.is_empty() {
            None
        } else {
            Some("--exact")
        })
        .args(only)
        .current_dir(package)
        .env_remove("LENO_MUTANT")
        .env_remove("LENO_MUTANTS_REACHED")
        .env(variable, value)
        .env("CARGO_MANIFEST_DIR", package)
        .env("TMPDIR", litter.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(told)?;
    let run = wait(&mut child, begun, limit);
    // Whoever is left of it; there may be nobody.
    let group = rustix::process::Pid::from_child(&child);
    let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    child.wait().map_err(told)?;
    run.map_err(told)
}

/// Waits until it is known how it ends: the first test that fails is enough.
fn wait(child: &mut Child, begun: Instant, limit: Limit) -> std::io::Result<Run> {
    let told = told(child);
    let mut pause = Duration::from_millis(1);
    let (mut silence, mut last) = (Duration::ZERO, begun);
    let group = rustix::process::Pid::from_child(child);
    // For how long it had a processor when a line had come, and no other one for a second.
    let mut had: Option<Duration> = None;
    let end = loop {
        if let Some(status) = child.try_wait()? {
            break if status.success() {
                End::Passed
            } else {
                End::Failed(last_words(&told, status))
            };
        }
        match told.recv_timeout(pause) {
            Ok(Told::Failed(test)) => break End::Failed(test),
            Ok(Told::Other) => {
                silence = silence.max(last.elapsed());
                last = Instant::now();
                had = None;
            }
            Err(RecvTimeoutError::Timeout) => {}
            // It has closed its output, and ends.
            Err(RecvTimeoutError::Disconnected) => thread::sleep(pause),
        }
        if had.is_none() && last.elapsed() >= Duration::from_secs(1) {
            had = Some(hang::time(group));
        }
        let had = had.unwrap_or_default();
        let is_late =
            begun.elapsed() >= limit.time && hang::hangs(group, Duration::ZERO, limit.time);
        if is_late || last.elapsed() >= limit.silence && hang::hangs(group, had, limit.silence) {
            break End::Hung;
        }
        pause = (2 * pause).min(Duration::from_millis(20));
    };
    Ok(Run {
        end,
        time: begun.elapsed(),
        silence: silence.max(last.elapsed()),
    })
}

/// Which test has failed, if it has said so, or how the process ended.
fn last_words(told: &Receiver<Told>, status: ExitStatus) -> String {
    let until = Instant::now() + Duration::from_millis(200);
    loop {
        match told.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Told::Failed(test)) => return test,
            Ok(Told::Other) => {}
            Err(_) => return format!("its process ended: {status}"),
        }
    }
}

/// A line of a test binary.
#[derive(Debug)]
enum Told {
    /// This test has failed.
    Failed(String),
    Other,
}

/// The lines, as they are told.
fn told(child: &mut Child) -> Receiver<Told> {
    let (sender, receiver) = mpsc::channel();
    let output = child.stdout.take().expect("a pipe");
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            let told = match failed(&line) {
                Some(test) => Told::Failed(test.to_owned()),
                None => Told::Other,
            };
            // Nobody may be waiting any more; the pipe is read to its end all the same.
            let _ = sender.send(told);
        }
    });
    receiver
}

/// The name of the test, if a line tells that it has failed.
fn failed(line: &str) -> Option<&str> {
    let test = line.strip_prefix("test ")?.strip_suffix("FAILED")?;
    test.trim_end().strip_suffix("...").map(str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const LIMIT: Limit = Limit {
        time: Duration::from_secs(600),
        silence: Duration::from_secs(300),
    };

    /// A shell's script as a test binary.
    fn script(words: &str, limit: Limit) -> End {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test");
        fs::write(&path, format!("#!/bin/sh\n{words}\n")).unwrap();
        let mut permissions = fs::metadata(&path).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
        fs::set_permissions(&path, permissions).unwrap();
        run(&path, folder.path(), &[], ("LENO_MUTANT", "7"), limit)
            .unwrap()
            .end
    }

    #[test]
    fn the_end_of_a_process_is_told() {
        assert_eq!(script("exit 0", LIMIT), End::Passed);
        assert_eq!(script("[ $LENO_MUTANT = 7 ]", LIMIT), End::Passed);
        let End::Failed(words) = script("kill -9 $$", LIMIT) else {
            panic!("it has passed");
        };
        assert!(words.contains("signal: 9"), "{words}");
    }

    #[test]
    fn the_first_failure_is_enough() {
        let end = script(
            "echo 'test a::b ... ok'; echo 'test a::c ... FAILED'; sleep 1000",
            LIMIT,
        );
        assert_eq!(end, End::Failed("a::c".into()));
    }

    #[test]
    fn what_does_not_end_is_ended() {
        let time = Duration::ZERO;
        assert_eq!(script("sleep 1000", Limit { time, ..LIMIT }), End::Hung);
        let silence = Duration::ZERO;
        assert_eq!(script("sleep 1000", Limit { silence, ..LIMIT }), End::Hung);
    }
}
