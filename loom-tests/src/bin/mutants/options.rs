//! What the command is told.

use crate::command::{jobs, number, value};
use std::time::Duration;

pub(crate) const HELP: &str = "\
Changes what leno's code does, one place at a time, and looks whether a test notices.

    cargo run -p leno-loom-tests --bin mutants -- [TASK] [OPTIONS]

Tasks:
    run               apply each mutant to a copy of the sources and run the tests that come to it (this is the default)
    list              tell which mutants there are, and what was found of them so far

Options:
    --file GLOB,…     only mutants of these files: `sync/mpsc/*`, `pool.rs`
    --only TEXT,…     only mutants that have one of these in their words: `Semaphore::close`
    --changed BASE    only mutants of files that differ from where HEAD and BASE part
    --sample N        so many of these, the same ones each time
    --tests GLOB,…    only with these test binaries, and the library's own tests: `sync_*,task_*`; only they are built. The models
                      are one of them, `models`
    --within SECONDS  begin none when so much time has gone since the tests were built; what is left is told
    --jobs N          so many at a time (2)
    --again           also what was found before, and would be still so
";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Run,
    List,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) task: Task,
    pub(crate) file: Option<String>,
    pub(crate) only: Option<String>,
    pub(crate) changed: Option<String>,
    pub(crate) sample: Option<usize>,
    pub(crate) tests: Option<String>,
    pub(crate) within: Option<Duration>,
    pub(crate) jobs: usize,
    pub(crate) again: bool,
}

impl Options {
    /// Reads the arguments; none, if they ask for help.
    pub(crate) fn read(arguments: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut arguments = arguments.peekable();
        let task = match arguments.next_if(|argument| !argument.starts_with('-')) {
            None => Task::Run,
            Some(task) => match task.as_str() {
                "run" => Task::Run,
                "list" => Task::List,
                _ => return Err(format!("there is no `{task}`; see --help")),
            },
        };
        let mut options = Self {
            task,
            file: None,
            only: None,
            changed: None,
            sample: None,
            tests: None,
            within: None,
            jobs: 2,
            again: false,
        };
        while let Some(argument) = arguments.next() {
            let mut value = || value(&argument, &mut arguments);
            match argument.as_str() {
                "--help" | "-h" => return Ok(None),
                "--file" => options.file = Some(value()?),
                "--only" => options.only = Some(value()?),
                "--changed" => options.changed = Some(value()?),
                "--sample" => {
                    let sample = number(&argument, &mut arguments)?;
                    options.sample = Some(sample.try_into().unwrap_or(usize::MAX));
                }
                "--tests" => options.tests = Some(value()?),
                "--within" => {
                    let seconds = number(&argument, &mut arguments)?;
                    options.within = Some(Duration::from_secs(seconds));
                }
                "--jobs" => options.jobs = jobs(&mut arguments)?,
                "--again" => options.again = true,
                _ => return Err(format!("there is no `{argument}`; see --help")),
            }
        }
        Ok(Some(options))
    }

    /// True if nothing is left out, so that what must be caught is asked for.
    pub(crate) fn is_all(&self) -> bool {
        self.file.is_none()
            && self.only.is_none()
            && self.changed.is_none()
            && self.sample.is_none()
            && self.tests.is_none()
            && self.within.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &str) -> Result<Option<Options>, String> {
        Options::read(arguments.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn arguments_are_read() {
        let options = read("run --file sync/* --sample 40 --within 240 --jobs 1 --changed main")
            .unwrap()
            .unwrap();
        assert_eq!(options.task, Task::Run);
        assert_eq!(options.file.as_deref(), Some("sync/*"));
        assert_eq!(options.changed.as_deref(), Some("main"));
        assert_eq!(
            (options.sample, options.within, options.jobs),
            (Some(40), Some(Duration::from_secs(240)), 1)
        );
        assert!(!options.is_all());
        assert_eq!(read("list").unwrap().unwrap().task, Task::List);
        assert!(read("--jobs 4 --again").unwrap().unwrap().is_all());
        assert_eq!(read("--help"), Ok(None));
    }

    #[test]
    fn misuse_is_told() {
        let cases = [
            ("--files x", "there is no `--files`"),
            ("walk", "there is no `walk`"),
            ("--sample all", "a number is needed"),
            ("--jobs 0", "from 1 to 64"),
            ("--jobs", "needs a value"),
        ];
        for (arguments, words) in cases {
            let error = read(arguments).unwrap_err();
            assert!(error.contains(words), "{arguments}: {error}");
        }
    }
}
