//! Compares leno with tokio and smol: `versus --help` says how.

use leno_bench::allocator::Counting;
use leno_bench::{cli, peers};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    cli::main(peers::all())
}
