//! The program `leno`; `leno --help` says what it does.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match leno_cli::run(&leno_cli::Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("leno: {error}");
            ExitCode::FAILURE
        }
    }
}
