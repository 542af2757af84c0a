//! The command line of `versus`, which a program with a peer of its own has too.

mod gate;
mod list;
mod run;
mod simulate;

use crate::html::Description;
use crate::record::Record;
use crate::store::{self, Output};
use crate::workload::{Runtime, Setting};
use crate::{build_cost, count, diff, html, limits, process, sample, soak, table, verdict};
use clap::{Args, Parser, Subcommand};
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(
    about = "Compares async runtimes, taking turns between them",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    call: Call,
}

#[derive(Debug, Subcommand)]
enum Call {
    /// Measure, print tables of medians, ratios and verdicts, and say which runtime to take for which use
    Run(run::RunArguments),
    /// Show what a run wrote: as Markdown, or as a page
    Report(ReportArguments),
    /// Say which runtime to take for which use, by what a run wrote
    Verdict(VerdictArguments),
    /// Compare two runs; exits with 1 if a row became worse by more than the limit
    Diff(DiffArguments),
    /// See that nothing hangs, and that nothing takes many times what tokio takes; exits with 1 otherwise
    Gate,
    /// Run everything at once for a billion polls, and see that nothing is lost, hangs or grows
    Soak(soak::Options),
    /// Say what there is to measure, and on which peers
    List,
    /// Count instructions, allocations and bytes per operation, under valgrind
    Count(count::Options),
    /// Build a hello-world on leno and on tokio, from nothing
    BuildCost(build_cost::Options),
    /// Measure what the machine itself takes
    Limits {
        /// Measure less, which is less exact
        #[arg(long)]
        quick: bool,
    },
    /// Look for bugs by leno's simulation, by shuttle and by loom (with the feature `sim`)
    Sim(simulate::SimArguments),
    /// Does so many operations, for `count`.
    #[command(name = count::CHILD, hide = true)]
    CountChild(count::ChildArguments),
    /// Takes one sample in this process, for `run`.
    #[command(name = process::SAMPLE, hide = true)]
    Sample(SampleArguments),
    /// Serves until killed, for a sample.
    #[command(name = process::SERVE, hide = true)]
    Serve(ServeArguments),
}

#[derive(Debug, Args)]
struct ReportArguments {
    /// What `run --json` wrote
    record: PathBuf,
    /// Write a page of HTML here instead of tables to the output
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Your own peer: it comes first, and the ratios are its [default: one that is not of this program's own, else leno]
    #[arg(long, value_name = "PEER")]
    peer: Option<String>,
}

#[derive(Debug, Args)]
struct VerdictArguments {
    /// What `run --json` wrote
    record: PathBuf,
    /// Your own peer: it comes first, and the ratios are its [default: one that is not of this program's own, else leno]
    #[arg(long, value_name = "PEER")]
    peer: Option<String>,
}

#[derive(Debug, Args)]
struct DiffArguments {
    /// The earlier record
    old: PathBuf,
    /// The later record
    new: PathBuf,
    /// How much worse a row may become
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = percent)]
    fail_above: f64,
    /// The peer to compare [default: one that is not of this program's own, else leno]
    #[arg(long, value_name = "PEER")]
    peer: Option<String>,
}

#[derive(Debug, Args)]
struct SampleArguments {
    #[arg(long)]
    peer: String,
    #[arg(long)]
    workload: String,
    #[arg(long)]
    workers: usize,
    #[arg(long)]
    operations: u64,
}

#[derive(Debug, Args)]
struct ServeArguments {
    peer: String,
    server: String,
    workers: usize,
    #[arg(long, value_delimiter = ',')]
    processors: Vec<usize>,
}

/// The exit code for a difference above the limit.
const WORSE: u8 = 1;

/// The exit code for what the caller got wrong, clap's too, and for what failed.
const BAD_INPUT: u8 = 2;

/// Compares `runtimes` as the command line says: the `main` of `versus`, and of a program that adds a peer.
///
/// ```no_run
/// use leno_bench::peers::Tokio;
/// use leno_bench::workload::Runtime;
///
/// fn main() -> std::process::ExitCode {
///     leno_bench::cli::main(vec![Runtime::new::<Tokio>()])
/// }
/// ```
pub fn main(runtimes: Vec<Runtime>) -> ExitCode {
    match dispatch(Arguments::parse().call, &runtimes) {
        Ok(code) => code,
        Err(message) => {
            // There is nobody else to tell.
            let _ = writeln!(io::stderr(), "{message}");
            ExitCode::from(BAD_INPUT)
        }
    }
}

fn dispatch(call: Call, runtimes: &[Runtime]) -> Result<ExitCode, String> {
    for (number, runtime) in runtimes.iter().enumerate() {
        if runtimes[..number]
            .iter()
            .any(|other| other.name == runtime.name)
        {
            return Err(format!("two peers are called {:?}", runtime.name));
        }
    }
    match call {
        Call::Run(arguments) => return run::run(&arguments, runtimes),
        Call::Report(arguments) => report(runtimes, &arguments)?,
        Call::Verdict(arguments) => {
            let record = store::read(&arguments.record)?;
            let peer = known(&record, arguments.peer.as_deref())?;
            print(&verdict::markdown::markdown(&record, peer))?;
        }
        Call::Diff(arguments) => {
            let (old, new) = (store::read(&arguments.old)?, store::read(&arguments.new)?);
            let peer = arguments.peer.as_deref();
            let difference = diff::compare(&old, &new, peer, arguments.fail_above)?;
            print(&difference.text)?;
            if difference.regressions > 0 {
                return Ok(ExitCode::from(WORSE));
            }
        }
        Call::Gate => return gate::gate(runtimes),
        Call::Soak(options) => return soak::run(&options),
        Call::List => print(&list::list(runtimes))?,
        Call::BuildCost(options) => build_cost::run(&options)?,
        Call::Count(options) => return count::run(&options, runtimes),
        Call::CountChild(arguments) => count::child(&arguments, runtimes)?,
        Call::Limits { quick } => print(&limits::table(&limits::measure(quick)))?,
        Call::Sim(arguments) => simulate::run(&arguments)?,
        Call::Sample(arguments) => {
            sample::panic_in_one_line();
            let setting = Setting {
                workers: arguments.workers,
                operations: arguments.operations,
            };
            sample::give(runtimes, &arguments.peer, &arguments.workload, setting)?;
        }
        Call::Serve(arguments) => {
            sample::panic_in_one_line();
            let ServeArguments {
                peer,
                server,
                workers,
                processors,
            } = arguments;
            process::serve(runtimes, &peer, &server, workers, &processors)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn report(runtimes: &[Runtime], arguments: &ReportArguments) -> Result<(), String> {
    let record = store::read(&arguments.record)?;
    let peer = known(&record, arguments.peer.as_deref())?;
    if let Some(path) = &arguments.html {
        let cases = runtimes.iter().flat_map(|runtime| &runtime.cases);
        let descriptions: Vec<_> = cases.map(|case| Description::from(case.workload)).collect();
        return Output::new(path)?.write(&html::page(&record, &descriptions, peer));
    }
    let verdicts = verdict::markdown::markdown(&record, peer);
    print(&format!("{verdicts}\n{}", table::markdown(&record, peer)))
}

/// `peer`, if the record has it or none is asked for.
fn known<'p>(record: &Record, peer: Option<&'p str>) -> Result<Option<&'p str>, String> {
    let mut names: Vec<&str> = Vec::new();
    let measured = record.rows.iter().flat_map(|row| &row.results);
    let measured = measured.map(|result| result.peer.as_str());
    for name in measured.chain(record.build.iter().map(|cost| cost.peer.as_str())) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match peer {
        Some(peer) if !names.contains(&peer) => Err(format!(
            "the record has no peer {peer:?}; it has: {}",
            names.join(", ")
        )),
        peer => Ok(peer),
    }
}

/// Prints to the output. A reader that has seen enough is no error.
fn print(text: &str) -> Result<(), String> {
    let mut output = io::stdout().lock();
    let written = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("cannot write the output: {error}"))
        }
        _ => Ok(()),
    }
}

/// "5%" and "5" are 0.05.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    match number.parse::<f64>() {
        Ok(percent) if percent.is_finite() && percent >= 0.0 => Ok(percent / 100.0),
        _ => Err("it is no percentage, like 5%".to_owned()),
    }
}
