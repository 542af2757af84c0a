//! The command line of `versus`, which a program with a peer of its own has too.

use crate::workload::{Runtime, Setting};
use crate::{process, sample};
use clap::{Args, Parser, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(about = "Compares async runtimes.")]
struct Arguments {
    #[command(subcommand)]
    call: Call,
}

#[derive(Debug, Subcommand)]
enum Call {
    /// Takes one sample in this process, for `run`.
    #[command(name = process::SAMPLE, hide = true)]
    Sample(SampleArguments),
    /// Serves until killed, for a sample.
    #[command(name = process::SERVE, hide = true)]
    Serve(ServeArguments),
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

/// The exit code for what the caller got wrong, clap's too.
const BAD_INPUT: u8 = 2;

/// Compares `runtimes` as the command line says: the `main` of `versus`, and of a program that adds a peer.
pub fn main(runtimes: Vec<Runtime>) -> ExitCode {
    let result = match Arguments::parse().call {
        Call::Sample(arguments) => {
            sample::panic_in_one_line();
            let setting = Setting {
                workers: arguments.workers,
                operations: arguments.operations,
            };
            sample::give(&runtimes, &arguments.peer, &arguments.workload, setting)
        }
        Call::Serve(arguments) => {
            sample::panic_in_one_line();
            process::serve(
                &runtimes,
                &arguments.peer,
                &arguments.server,
                arguments.workers,
                &arguments.processors,
            )
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(BAD_INPUT)
        }
    }
}
