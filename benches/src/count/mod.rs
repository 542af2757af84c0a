//! Instructions, allocations and bytes per operation: costs that do not depend on who else uses the machine.
//!
//! A subject is run twice, with so many operations and with three times as many, under callgrind; the difference, divided, is
//! the cost of one operation, and the start and the end of the process cancel out. What it cannot show: waiting, cache
//! misses, and what threads cost each other (valgrind runs one thread at a time). leno and tokio look for events after 16 tasks,
//! more often than otherwise: leno would go by the clock, and counts would not repeat.
//!
//! `versus count --check FILE` compares leno with a file of counts, for continuous integration.

pub mod baseline;
mod child;
mod subjects;

pub use child::{CHILD, ChildArguments, child};

use crate::workload::Runtime;
use baseline::{Count, Counts, Quantity};
use child::Run;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;
use subjects::{Counted, Subject};

/// One worker, and the current-thread runtime: with more workers the counts would depend on luck.
const WORKERS: [usize; 2] = [1, 0];

/// `versus count`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Options {
    /// Counts leno only and compares with this file: 1 if a count is off by more than 2 %, 2 if it cannot be told
    #[arg(long, value_name = "FILE", conflicts_with = "write")]
    pub check: Option<PathBuf>,
    /// Counts leno only and writes this file
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// Counts only the subjects whose name contains this
    #[arg(long, value_name = "NAME", default_value = "")]
    pub only: String,
}

/// What tables call a number of workers.
pub(crate) fn workers(workers: usize) -> String {
    match workers {
        0 => "current-thread".to_owned(),
        workers => workers.to_string(),
    }
}

/// Counts, and prints, writes or compares.
///
/// The error is a line for people.
pub fn run(options: &Options, runtimes: &[Runtime]) -> Result<ExitCode, String> {
    // Before the counting, which takes a while.
    let before = options.check.as_deref().map(baseline::read).transpose()?;
    if !child::valgrind_is_installed() {
        return Err(
            "valgrind is not installed: on Debian and Ubuntu, `apt-get install valgrind`".into(),
        );
    }
    let leno_only = options.check.is_some() || options.write.is_some();
    let jobs = jobs(runtimes, leno_only, &options.only);
    if jobs.is_empty() {
        return Err(format!(
            "nothing that is counted is called {}",
            options.only
        ));
    }
    let counts = count(&jobs)?;
    println!("{}", table(&counts));
    let now = Counts {
        compiler: compiler(),
        counts: counts.into_iter().map(|(_, count)| count).collect(),
    };
    if let Some(path) = &options.write {
        baseline::write(path, &now)?;
    }
    let Some(mut before) = before else {
        return Ok(ExitCode::SUCCESS);
    };
    before
        .counts
        .retain(|count| count.subject.contains(&options.only));
    let differences = baseline::differences(&before.counts, &now.counts);
    if differences.is_empty() {
        println!("All counts are within 2 %.");
        return Ok(ExitCode::SUCCESS);
    }
    println!("Off by more than 2 %:\n\n{differences}");
    if before.compiler != now.compiler {
        println!(
            "The file was made by {}, this program by {}.",
            before.compiler, now.compiler
        );
    }
    let path = options.check.as_deref().unwrap_or(std::path::Path::new(""));
    println!(
        "If that is meant: `versus count --write {}`, and say why in the commit.",
        path.display()
    );
    Ok(ExitCode::FAILURE)
}

/// The version of the compiler on this machine, "unknown" if there is none.
fn compiler() -> String {
    let output = std::process::Command::new("rustc")
        .arg("--version")
        .output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.ok()
        .filter(|text| !text.is_empty())
        .unwrap_or("unknown".to_owned())
}

/// A subject on a peer with so many workers.
struct Job {
    peer: &'static str,
    workers: usize,
    subject: Subject,
}

fn jobs(runtimes: &[Runtime], leno_only: bool, only: &str) -> Vec<Job> {
    let mut jobs = Vec::new();
    let runtimes = runtimes.iter();
    for runtime in runtimes.filter(|runtime| runtime.name == "leno" || !leno_only) {
        for workers in WORKERS {
            let has = |subject: &Subject| {
                let mut cases = runtime.cases.iter();
                cases.any(|case| std::ptr::eq(case.workload, subject.workload))
            };
            let subjects = subjects::all().into_iter();
            let subjects = subjects.filter(|subject| subject.workload.name.contains(only));
            jobs.extend(subjects.filter(has).map(|subject| Job {
                peer: runtime.name,
                workers,
                subject,
            }));
        }
    }
    jobs
}

/// Does the jobs, as many at a time as there are processors: other processes do not change a count.
fn count(jobs: &[Job]) -> Result<Vec<(&'static str, Count)>, String> {
    let waiting = Mutex::new(jobs.iter().enumerate().collect::<VecDeque<_>>());
    let results = Mutex::new(vec![Vec::new(); jobs.len()]);
    let processors = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let counters: Vec<_> = (0..processors)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let job = waiting.lock().expect("not poisoned").pop_front();
                        let Some((place, job)) = job else {
                            return Ok::<_, String>(());
                        };
                        let counts = one(job)?;
                        results.lock().expect("not poisoned")[place] = counts;
                    }
                })
            })
            .collect();
        counters
            .into_iter()
            .try_for_each(|counter| counter.join().expect("it does not panic"))
    })?;
    let results = results.into_inner().expect("not poisoned");
    Ok(results.into_iter().flatten().collect())
}

fn one(job: &Job) -> Result<Vec<(&'static str, Count)>, String> {
    let Job {
        peer,
        workers,
        subject,
    } = job;
    let run = Run {
        peer,
        subject: subject.workload.name,
        workers: *workers,
    };
    let (fewer, more) = (subject.operations, subject.operations * 3);
    let per = |of_fewer: i64, of_more: i64| {
        let (fewer, more) = (subject.done(fewer), subject.done(more));
        let value = baseline::per_operation((fewer, of_fewer), (more, of_more));
        // Two digits are more than repeat, and keep the file's differences short. The sum makes -0 a 0.
        (value * 100.0).round() / 100.0 + 0.0
    };
    let mut values = Vec::new();
    if subject.counted != Counted::Memory {
        let (few, many) = (run.instructions(fewer)?, run.instructions(more)?);
        values.push((Quantity::Instructions, per(few as i64, many as i64)));
    }
    if subject.counted != Counted::Instructions {
        let (few, many) = (run.allocations(fewer)?, run.allocations(more)?);
        values.push((Quantity::Allocations, per(few.0 as i64, many.0 as i64)));
        if subject.counted == Counted::Memory {
            values.push((Quantity::Bytes, per(few.1, many.1)));
        }
    }
    let counts = values.into_iter().map(|(quantity, value)| {
        let count = Count {
            subject: subject.workload.name.to_owned(),
            workers: *workers,
            quantity,
            value,
        };
        (*peer, count)
    });
    Ok(counts.collect())
}

/// The counts, a row for each subject and quantity, a column for each peer.
fn table(counts: &[(&'static str, Count)]) -> String {
    let mut peers: Vec<&str> = counts.iter().map(|(peer, _)| *peer).collect();
    peers.dedup();
    let mut text = format!(
        "| subject | workers | per operation | {} |\n| --- | --- | --- |{}\n",
        peers.join(" | "),
        " ---: |".repeat(peers.len()),
    );
    // The first peer has every row.
    for (_, row) in counts.iter().filter(|(peer, _)| *peer == peers[0]) {
        let values = peers.iter().map(|peer| {
            let count = counts.iter().find(|(of, count)| {
                of == peer
                    && count.subject == row.subject
                    && count.workers == row.workers
                    && count.quantity == row.quantity
            });
            count.map_or("–".to_owned(), |(_, count)| match count.quantity {
                Quantity::Allocations => format!("{:.2}", count.value),
                _ => format!("{:.1}", count.value),
            })
        });
        text.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            row.subject,
            workers(row.workers),
            row.quantity.name(),
            values.collect::<Vec<_>>().join(" | "),
        ));
    }
    text
}
