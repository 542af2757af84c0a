//! What the command says in the end, and the models by themselves.

use crate::list::{Known, Mutation};
use crate::options::Options;
use crate::run::{self, End, With};
use crate::{LIMIT, copy};
use std::path::Path;
use std::time::{Duration, Instant};

/// What has come of a mutation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Caught,
    NotRun,
    Open,
    Unlisted,
    Stopped,
    Survived,
    DidNotBuild,
}

impl Verdict {
    const ALL: [Self; 7] = [
        Self::Caught,
        Self::NotRun,
        Self::Open,
        Self::Unlisted,
        Self::Stopped,
        Self::Survived,
        Self::DidNotBuild,
    ];

    fn words(self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::NotRun => "not run",
            Self::Open => "open",
            Self::Unlisted => "not listed",
            Self::Stopped => "stopped by its bound",
            Self::Survived => "survived",
            Self::DidNotBuild => "did not build",
        }
    }

    /// True if all is as it is listed. What is open, and what the time was not enough for, is no failure; it is told.
    fn is_good(self) -> bool {
        matches!(self, Self::Caught | Self::NotRun | Self::Open)
    }
}

#[derive(Debug)]
pub(crate) struct Row {
    name: String,
    verdict: Verdict,
    words: String,
}

/// A row, which is printed as soon as it is there.
pub(crate) fn row(mutation: &Mutation, verdict: Verdict, words: String, time: Duration) -> Row {
    let name = format!("{} {}", mutation.file, mutation.name);
    if verdict != Verdict::NotRun {
        println!("{:20} {name} ({time:.1?})  {words}", verdict.words());
    }
    Row {
        name,
        verdict,
        words,
    }
}

/// Sums up, with all that is not caught; true if all is as it is listed.
pub(crate) fn table(rows: &[Row]) -> bool {
    println!();
    for row in rows.iter().filter(|row| !row.verdict.is_good()) {
        println!("{:20} {}  {}", row.verdict.words(), row.name, row.words);
    }
    let mut sums = Vec::new();
    for verdict in Verdict::ALL {
        let count = rows.iter().filter(|row| row.verdict == verdict).count();
        if count > 0 {
            sums.push(format!("{count} {}", verdict.words()));
        }
    }
    println!("{} mutations: {}", rows.len(), sums.join(", "));
    rows.iter().all(|row| row.verdict.is_good())
}

pub(crate) fn print_listed(mutation: &Mutation) {
    let known = match &mutation.known {
        Known::Caught(models) => format!("caught by {}", models.join(", ")),
        Known::Argued(argument) => format!("may be weaker: {argument}"),
        Known::Open(words) => format!("open: {words}"),
        Known::Unlisted => "not listed".into(),
    };
    println!("{} {}: {known}", mutation.file, mutation.name);
}

/// Runs the checkout's models, each in a process of its own.
pub(crate) fn models(root: &Path, options: &Options) -> Result<bool, String> {
    let binary = copy::checkout_models(root)?;
    let mut models = run::models(&binary)?;
    for part in options.only.iter().chain(&options.file) {
        models.retain(|model| model.contains(part.as_str()));
    }
    let start = Instant::now();
    let (mut complete, mut stopped, mut failed, mut left) = (0, Vec::new(), Vec::new(), 0);
    for model in &models {
        if options.is_over(start) {
            left += 1;
            continue;
        }
        // A model may explore more than once.
        let run = run::run(
            &binary,
            model,
            With {
                mutation: None,
                seconds: None,
                limit: 6 * LIMIT,
            },
        )?;
        let words = match run.end {
            End::Complete => {
                complete += 1;
                "complete".into()
            }
            End::Stopped => {
                stopped.push(model);
                "stopped by its bound".into()
            }
            End::Failed(cause) => {
                failed.push(model);
                format!("FAILED: {cause}")
            }
        };
        println!(
            "{model}: {} executions in {:.1?}, {words}",
            run.executions, run.time
        );
    }
    println!();
    for (models, words) in [
        (&stopped, "stopped by its bound, so not all was looked at"),
        (&failed, "failed"),
    ] {
        for model in models {
            println!("{model}: {words}");
        }
    }
    let not_run = if left > 0 {
        format!(", {left} not run")
    } else {
        String::new()
    };
    let (stopped, failed) = (stopped.len(), failed.len());
    println!(
        "{} models: {complete} complete, {stopped} stopped by their bounds, {failed} failed{not_run}",
        models.len()
    );
    if models.is_empty() {
        return Err("no model has that in its name".into());
    }
    Ok(failed == 0)
}
