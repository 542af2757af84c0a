//! Compares leno with tokio and smol: `versus help` says how.

use leno_bench::allocator::Counting;
use leno_bench::peers;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    leno_bench::cli::main(peers::all())
}
