//! Explorations of the corpus's programs, with fixed seeds.

use leno::sim::{Builder, Chooser};
use std::ops::Range;
use tempfile::TempDir;

/// A strategy: its name, and what makes a chooser of it.
pub type Strategy = (&'static str, fn() -> Box<dyn Chooser>);

/// An exploration of `program` with `strategy`, whose traces are forgotten.
pub fn builder(seeds: Range<u64>, (name, make): Strategy) -> (Builder, TempDir) {
    let traces = tempfile::tempdir().expect("a directory for traces");
    let builder = Builder::new()
        .seeds(seeds)
        .chooser(name, make)
        .traces(traces.path());
    (builder, traces)
}
