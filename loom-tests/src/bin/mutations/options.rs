//! What the command is told.

use crate::command::{jobs, number, value};
use std::time::{Duration, Instant};

pub(crate) const HELP: &str = "\
Breaks what the models are about, one place at a time, and looks whether they notice.

    cargo run -p leno-loom-tests --bin mutations -- [TASK] [OPTIONS]

Tasks:
    run               apply each mutation to a copy of the sources and run its models (this is the default)
    list              tell what is listed, and what is wrong with it
    search            try all models that come to the place, for what is open, and write the list
    models            run the models of the checkout, each in a process of its own, and tell what each has cost

Options:
    --file TEXT       only mutations (of `models`: models) whose file has TEXT in its name
    --only TEXT       only mutations, or models, that have TEXT in their names
    --changed BASE    those whose file, or whose model's file, differs from where HEAD and BASE part
    --share I/N       every Nth of all, from the Ith on (0 ≤ I < N); with --changed: besides
    --within SECONDS  begin none when so much time has gone; what is left is told
    --jobs N          so many at a time (1)
    --again           `search`: also what is caught or argued already
";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Run,
    List,
    Search,
    Models,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) task: Task,
    pub(crate) file: Option<String>,
    pub(crate) only: Option<String>,
    pub(crate) changed: Option<String>,
    /// Which part, of how many.
    pub(crate) share: Option<(usize, usize)>,
    pub(crate) within: Option<Duration>,
    pub(crate) jobs: usize,
    pub(crate) again: bool,
}

impl Options {
    /// Reads the arguments; none, if they ask for help.
    pub(crate) fn read(arguments: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut arguments = arguments.peekable();
        let task = match arguments.peek().map(String::as_str) {
            Some("run") => Task::Run,
            Some("list") => Task::List,
            Some("search") => Task::Search,
            Some("models") => Task::Models,
            _ => Task::Run,
        };
        arguments.next_if(|argument| {
            !argument.starts_with('-') && ["run", "list", "search", "models"].contains(&&**argument)
        });
        let mut options = Self {
            task,
            file: None,
            only: None,
            changed: None,
            share: None,
            within: None,
            jobs: 1,
            again: false,
        };
        while let Some(argument) = arguments.next() {
            let mut value = || value(&argument, &mut arguments);
            match argument.as_str() {
                "--help" | "-h" => return Ok(None),
                "--file" => options.file = Some(value()?),
                "--only" => options.only = Some(value()?),
                "--changed" => options.changed = Some(value()?),
                "--share" => options.share = Some(share(&value()?)?),
                "--within" => {
                    let seconds = number(&argument, &mut arguments)?;
                    options.within = Some(Duration::from_secs(seconds));
                }
                "--jobs" => options.jobs = jobs(&mut arguments)?,
                "--again" => options.again = true,
                _ => return Err(format!("there is no `{argument}`; see --help")),
            }
        }
        if options.again && task != Task::Search {
            return Err("--again is for `search`".into());
        }
        if task == Task::Models && (options.changed.is_some() || options.share.is_some()) {
            return Err("--changed and --share choose mutations: `models` takes --only".into());
        }
        Ok(Some(options))
    }

    /// True when no more is to be begun.
    pub(crate) fn is_over(&self, start: Instant) -> bool {
        self.within.is_some_and(|within| start.elapsed() >= within)
    }
}

fn share(value: &str) -> Result<(usize, usize), String> {
    let parsed = value
        .split_once('/')
        .and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
    parsed
        .filter(|(part, parts)| part < parts)
        .ok_or_else(|| format!("--share {value}: it is I/N, with I from 0 to N - 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &str) -> Result<Option<Options>, String> {
        Options::read(arguments.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn arguments_are_read() {
        let options = read("run --file mpsc --share 3/20 --within 240 --jobs 2 --changed main")
            .unwrap()
            .unwrap();
        assert_eq!(options.task, Task::Run);
        assert_eq!(
            (options.file.as_deref(), options.changed.as_deref()),
            (Some("mpsc"), Some("main"))
        );
        assert_eq!(
            (options.share, options.within, options.jobs),
            (Some((3, 20)), Some(Duration::from_secs(240)), 2)
        );
        assert_eq!(read("--only close").unwrap().unwrap().task, Task::Run);
        assert_eq!(read("search --again").unwrap().unwrap().task, Task::Search);
        assert_eq!(read("--help"), Ok(None));
    }

    #[test]
    fn misuse_is_told() {
        let cases = [
            ("--files x", "there is no `--files`"),
            ("walk", "there is no `walk`"),
            ("--share 3/3", "0 to N - 1"),
            ("--share 3", "0 to N - 1"),
            ("--jobs 0", "from 1 to 64"),
            ("--jobs", "needs a value"),
            ("--within soon", "a number is needed"),
            ("--again", "for `search`"),
            ("models --share 0/2", "`models` takes --only"),
        ];
        for (arguments, words) in cases {
            let error = read(arguments).unwrap_err();
            assert!(error.contains(words), "{arguments}: {error}");
        }
    }
}
