//! The command line: one file for each subcommand.

mod dump;
mod list;
mod metrics;
mod ps;
mod pstree;
mod top;

use crate::fault::Fault;
use crate::show;
use clap::{Parser, Subcommand};
use std::process::ExitCode;
use std::time::Duration;

/// What the program says when something is wrong, and with what it ends.
const FAILED: u8 = 2;

#[derive(Debug, Parser)]
#[command(
    name = "leno",
    version,
    about = "Look into running programs that use the async runtime leno",
    long_about = "Look into running programs that use the async runtime leno: which tasks they have, and where each waits.\n\n\
        A program answers if it has a socket for that. It has one if it was started with LENO_DIAGNOSTICS=socket (or \
        LENO_DEBUG=1) in its environment, or if the builder of its runtime says Diagnostics::socket(true).\n\n\
        It answers while all its threads are stuck. What is asked costs it next to nothing, but for `dump` and `pstree`, for \
        which each task is polled once.",
    after_long_help = "EXAMPLES:\n  \
        leno ps                    which processes can be looked into\n  \
        leno ps 2817               the tasks of one of them\n  \
        leno top 2817              the same, again and again\n  \
        leno dump 2817             where each task waits, and through which calls\n  \
        leno metrics 2817          its counters, as Prometheus reads them\n  \
        leno trace 2817 --for 5    what its workers do in five seconds, for ui.perfetto.dev\n  \
        leno ps 2817 --json | jq '.runtimes[].tasks[].spawned_at.file'\n\n\
        EXIT STATUS:\n  0 if there is an answer; 2 if there is none, and a line on the standard error says why.\n\n\
        ENVIRONMENT:\n  NO_COLOR          if it is set there are no colours\n  \
        XDG_RUNTIME_DIR   where sockets are looked for first, after the process' own; then /tmp/leno-UID"
)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Ps(ps::Arguments),
    Pstree(pstree::Arguments),
    Dump(dump::Arguments),
    Top(top::Arguments),
    Metrics(metrics::Arguments),
    Trace(crate::trace::Arguments),
}

pub(crate) fn main() -> ExitCode {
    let text = match Line::parse().command {
        Command::Ps(arguments) => ps::run(&arguments),
        Command::Pstree(arguments) => pstree::run(&arguments),
        Command::Dump(arguments) => dump::run(&arguments),
        Command::Top(arguments) => top::run(&arguments),
        Command::Metrics(arguments) => metrics::run(&arguments),
        Command::Trace(arguments) => crate::trace::run(&arguments)
            .map(|()| String::new())
            .map_err(Fault::Other),
    };
    let printed =
        text.and_then(|text| show::print(&text).map_err(Fault::system("the standard output")));
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("leno: {}", show::plain::plain(&fault.to_string()));
            ExitCode::from(FAILED)
        }
    }
}

/// Seconds, up to what processes accept.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "it is a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|patience| *patience <= Duration::from_secs(60))
        .ok_or_else(|| "it is between 0 and 60 seconds".to_owned())
}
