//! Breaks the protocols that the models are about, one place at a time, and looks whether a model notices.
//!
//! What is broken is listed in `loom-tests/mutations`: all orderings of the kernel, of `sync` and of the reactor, each weakened by
//! a step, and steps that are left out or replaced. `mutations --help` tells what there is to do with them.

#[path = "../shared/command.rs"]
mod command;
mod copy;
#[path = "../shared/folders.rs"]
mod folders;
mod list;
mod options;
#[path = "../shared/pieces.rs"]
mod pieces;
mod report;
mod run;
mod scan;
mod search;

use copy::Failure;
use folders::{changed_since, root};
use list::{Change, Known, List, Mutation};
use options::{Options, Task};
use report::{Row, Verdict};
use run::{End, With};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What a model gets whose mutation makes it go on and on. Nearly all take less than a second.
const LIMIT: Duration = Duration::from_secs(100);

fn main() -> ExitCode {
    let options = Options::read(std::env::args().skip(1));
    command::run(
        "mutations",
        options::HELP,
        options,
        |options| match options.task {
            Task::Models => report::models(&root(), options),
            Task::List => list(options),
            Task::Run => run_all(options),
            Task::Search => search::search(&root(), options),
        },
    )
}

/// The mutations that the options choose.
fn chosen<'a>(list: &'a List, options: &Options) -> Result<Vec<&'a Mutation>, String> {
    let changed = match &options.changed {
        Some(base) => Some(changed_since(base)?),
        None => None,
    };
    let mut chosen = Vec::new();
    for (index, mutation) in list.mutations.iter().enumerate() {
        let wanted = options
            .file
            .as_ref()
            .is_none_or(|file| mutation.file.contains(file.as_str()))
            && options
                .only
                .as_ref()
                .is_none_or(|only| mutation.name.contains(only.as_str()));
        let of_share = options
            .share
            .is_some_and(|(part, parts)| index % parts == part);
        let of_change = changed
            .as_ref()
            .is_some_and(|files| touches(mutation, files));
        let all = options.share.is_none() && changed.is_none();
        if wanted && (all || of_share || of_change) {
            chosen.push((!of_change, mutation));
        }
    }
    // What has changed comes first, should the time not be enough.
    chosen.sort_by_key(|&(later, _)| later);
    Ok(chosen.into_iter().map(|(_, mutation)| mutation).collect())
}

/// True if a mutation, or a model that catches it, is in one of the files.
fn touches(mutation: &Mutation, files: &BTreeSet<String>) -> bool {
    let models: &[String] = match &mutation.known {
        Known::Caught(models) => models,
        _ => &[],
    };
    let mut its = models.iter().filter_map(|model| model.split("::").next());
    files.contains(&mutation.file)
        || its.any(|file| files.contains(&format!("loom-tests/src/models/{file}.rs")))
}

/// Tells what is listed, and what is wrong with it.
fn list(options: &Options) -> Result<bool, String> {
    let list = List::read(&root())?;
    let chosen = chosen(&list, options)?;
    for mutation in &chosen {
        report::print_listed(mutation);
    }
    let faults = list.faults();
    for fault in &faults {
        println!("{fault}");
    }
    let count = |is_so: fn(&Known) -> bool| {
        chosen
            .iter()
            .filter(|mutation| is_so(&mutation.known))
            .count()
    };
    println!(
        "{} mutations: {} caught, {} argued, {} open, {} not listed; {} faults of the list",
        chosen.len(),
        count(|known| matches!(known, Known::Caught(_))),
        count(|known| matches!(known, Known::Argued(_))),
        count(|known| matches!(known, Known::Open(_))),
        count(|known| matches!(known, Known::Unlisted)),
        faults.len()
    );
    Ok(faults.is_empty())
}

/// Runs each chosen mutation with the models that are listed for it.
fn run_all(options: &Options) -> Result<bool, String> {
    let root = root();
    let list = List::read(&root)?;
    let mut chosen = chosen(&list, options)?;
    // Those that may be weaker have no model that would notice. `search` looks whether it is still so.
    chosen.retain(|mutation| !matches!(mutation.known, Known::Argued(_)));
    if chosen.is_empty() {
        println!("no mutation is chosen");
        return Ok(true);
    }
    let (together, alone): (Vec<_>, Vec<_>) = chosen
        .iter()
        .copied()
        .partition(|mutation| !mutation.is_alone());
    let mut rows = Vec::new();
    // When the first build is done: how long that takes says nothing about how much there is to run.
    let mut start = None;
    if !together.is_empty() {
        match copy::build(&root, &list, None) {
            Ok(binary) => rows.extend(run_these(
                &binary,
                &together,
                options,
                *start.get_or_insert_with(Instant::now),
            )?),
            // One of the steps does not compile: which is found by building each alone.
            Err(Failure::DoesNotBuild) => {
                eprintln!("mutations: they do not build together: now one at a time");
                let start = *start.get_or_insert_with(Instant::now);
                for mutation in together {
                    rows.push(run_alone(&root, &list, mutation, options, start)?);
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    let start = start.unwrap_or_else(Instant::now);
    for mutation in alone {
        rows.push(run_alone(&root, &list, mutation, options, start)?);
    }
    Ok(report::table(&rows))
}

fn run_these(
    binary: &Path,
    mutations: &[&Mutation],
    options: &Options,
    start: Instant,
) -> Result<Vec<Row>, String> {
    let (next, rows) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        let work = || -> Result<(), String> {
            while let Some(mutation) = mutations.get(next.fetch_add(1, Ordering::Relaxed)) {
                let row = run_one(binary, mutation, Some(&mutation.choice()), options, start)?;
                rows.lock().expect("no worker panics").push(row);
            }
            Ok(())
        };
        let workers: Vec<_> = (0..options.jobs).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().expect("no worker panics"))
    })?;
    Ok(rows.into_inner().expect("no worker panics"))
}

fn run_alone(
    root: &Path,
    list: &List,
    mutation: &Mutation,
    options: &Options,
    start: Instant,
) -> Result<Row, String> {
    if options.is_over(start) {
        return Ok(unrun(mutation, Verdict::NotRun, String::new()));
    }
    match copy::build(root, list, Some(mutation)) {
        Ok(binary) => {
            let choice =
                matches!(mutation.change, Change::Ordering { .. }).then(|| mutation.choice());
            run_one(&binary, mutation, choice.as_deref(), options, start)
        }
        Err(Failure::DoesNotBuild) => {
            let words = "the compiler's words are above".into();
            Ok(unrun(mutation, Verdict::DidNotBuild, words))
        }
        Err(error) => Err(error.into()),
    }
}

/// What there is to say of a mutation that no model was run with.
fn unrun(mutation: &Mutation, verdict: Verdict, words: String) -> Row {
    report::row(mutation, verdict, words, Duration::ZERO)
}

/// Runs the models that must fail, each of them.
fn run_one(
    binary: &Path,
    mutation: &Mutation,
    choice: Option<&str>,
    options: &Options,
    start: Instant,
) -> Result<Row, String> {
    let models = match &mutation.known {
        Known::Caught(models) => models,
        Known::Open(words) | Known::Argued(words) => {
            return Ok(unrun(mutation, Verdict::Open, words.clone()));
        }
        Known::Unlisted => {
            let words = "`mutations search` looks for a model".into();
            return Ok(unrun(mutation, Verdict::Unlisted, words));
        }
    };
    if options.is_over(start) {
        return Ok(unrun(mutation, Verdict::NotRun, String::new()));
    }
    let with = With {
        mutation: choice,
        seconds: None,
        limit: LIMIT,
    };
    let (mut verdict, mut words, begun) = (Verdict::Caught, String::new(), Instant::now());
    for model in models {
        let run = run::run(binary, model, with)
            .map_err(|error| format!("{}, `{}`: {error}", mutation.file, mutation.name))?;
        match run.end {
            End::Failed(_) if verdict != Verdict::Caught => {}
            End::Failed(cause) => words = format!("{model}: {cause}"),
            End::Stopped => (verdict, words) = (Verdict::Stopped, model.clone()),
            End::Complete => {
                (verdict, words) = (Verdict::Survived, model.clone());
                break;
            }
        }
    }
    Ok(report::row(mutation, verdict, words, begun.elapsed()))
}
