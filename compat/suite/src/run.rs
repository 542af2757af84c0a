//! Runs a file's tests.

use crate::arguments::Arguments;
use crate::group::{self, Ended};
use crate::harness;
use crate::outcome::{FileReport, Kind, Outcome};
use crate::scratch::TestFile;
use anyhow::{Result, ensure};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Runs a file's tests as often as asked for.
pub fn file(
    program: &Path,
    folder: &Path,
    file: &TestFile,
    arguments: &Arguments,
) -> Result<FileReport> {
    let program = Program {
        path: program.to_owned(),
        folder: folder.to_owned(),
        file_timeout: arguments.file_timeout(),
        test_timeout: arguments.test_timeout(),
    };
    let names = program.tests()?;
    let mut report = FileReport::new(file, program.run_all(&names)?);
    for _ in 1..arguments.times {
        report = report.and(FileReport::new(file, program.run_all(&names)?));
    }
    Ok(report)
}

/// A program of tests.
struct Program {
    path: PathBuf,
    /// Where it runs: there is the manifest that some tests read.
    folder: PathBuf,
    file_timeout: Duration,
    test_timeout: Duration,
}

impl Program {
    fn run(&self, arguments: &[&str], timeout: Duration) -> Result<Ended> {
        let mut command = Command::new(&self.path);
        command.args(arguments).current_dir(&self.folder);
        command
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .env("RUST_BACKTRACE", "0");
        group::run(&mut command, &self.folder.join("output.txt"), timeout)
    }

    /// The names of all tests that are not ignored.
    fn tests(&self) -> Result<Vec<String>> {
        let list = |more: &[&str]| -> Result<Vec<String>> {
            let list = self.run(
                &[&["--list", "--format", "terse"], more].concat(),
                self.file_timeout,
            )?;
            ensure!(
                list.status.is_some_and(|status| status.success()),
                "{} lists no tests",
                self.path.display()
            );
            Ok(harness::names(&list.output))
        };
        let ignored = list(&["--ignored"])?;
        let mut names = list(&[])?;
        names.retain(|name| !ignored.contains(name));
        Ok(names)
    }

    /// Runs all tests at once, and then those alone that have not passed.
    fn run_all(&self, names: &[String]) -> Result<BTreeMap<String, Outcome>> {
        if names.is_empty() {
            return Ok(BTreeMap::new());
        }
        let together = self.run(&[], self.file_timeout)?;
        let verdicts = harness::verdicts(&together.output);
        let mut notes = harness::notes(&together.output);
        let since = Instant::now();
        let mut outcomes = BTreeMap::new();
        let mut unreported = Vec::new();
        for name in names {
            let outcome = match verdicts.get(name) {
                Some(true) => Outcome::new(Kind::Passed, ""),
                Some(false) => {
                    let note = notes.remove(name).unwrap_or_default();
                    match self.run_alone(name, since)?.kind {
                        Kind::Passed => Outcome::new(Kind::Flaky, note),
                        _ => Outcome::new(Kind::Failed, note),
                    }
                }
                None => {
                    unreported.push(name);
                    self.run_alone(name, since)?
                }
            };
            outcomes.insert(name.clone(), outcome);
        }
        // One of these was the cause. If it passes alone, nobody knows which.
        if unreported
            .iter()
            .all(|name| outcomes[*name].kind == Kind::Passed)
        {
            let note = match together.status {
                None => "its file times out; it passes alone".to_owned(),
                Some(status) => format!("its file ends with {status}; it passes alone"),
            };
            for name in unreported {
                outcomes.insert(name.clone(), Outcome::new(Kind::Flaky, note.clone()));
            }
        }
        Ok(outcomes)
    }

    /// Runs one test, unless the file's tests that ran alone have used up their time.
    fn run_alone(&self, name: &str, since: Instant) -> Result<Outcome> {
        if since.elapsed() > self.file_timeout {
            return Ok(Outcome::new(
                Kind::TimedOut,
                "not run alone: its file took too long",
            ));
        }
        let alone = self.run(&["--exact", name], self.test_timeout)?;
        Ok(match alone.status {
            None => Outcome::new(
                Kind::TimedOut,
                format!("no end after {:?}", self.test_timeout),
            ),
            Some(status) if status.success() => Outcome::new(Kind::Passed, ""),
            // libtest's own code for "a test has failed".
            Some(status) if status.code() == Some(101) => Outcome::new(
                Kind::Failed,
                harness::notes(&alone.output)
                    .remove(name)
                    .unwrap_or_default(),
            ),
            Some(status) => Outcome::new(
                Kind::Crashed,
                format!("{status}: {}", last_line(&alone.output)),
            ),
        })
    }
}

fn last_line(output: &str) -> &str {
    output.trim_end().lines().next_back().unwrap_or_default()
}
