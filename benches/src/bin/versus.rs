//! Compares leno with tokio and smol: `versus --help` says how.

use leno_bench::{cli, peers};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main(peers::all())
}
