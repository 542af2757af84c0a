//! Compares leno with tokio and smol: `versus help` says how.

use leno_bench::peers::{Leno, Smol, Tokio};
use leno_bench::workload::Runtime;
use std::process::ExitCode;

fn main() -> ExitCode {
    leno_bench::cli::main(vec![
        Runtime::new::<Leno>(),
        Runtime::new::<Tokio>(),
        Runtime::new::<Smol>(),
    ])
}
