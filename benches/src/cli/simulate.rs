//! `versus sim`.

use super::print;
use crate::sim::{self, Comparison};
use crate::store::{self, Output};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct SimArguments {
    /// Fewer seeds and shorter measurements, which are less exact
    #[arg(long)]
    quick: bool,
    /// Only what a run and a decision cost
    #[arg(long, conflicts_with = "into")]
    costs: bool,
    /// Add what is measured to this record, that `run --json` wrote: `report` shows it then
    #[arg(long, value_name = "RECORD")]
    into: Option<PathBuf>,
}

pub(super) fn run(arguments: &SimArguments) -> Result<(), String> {
    // What is wrong with the file is to be known before it is measured.
    let record = arguments.into.as_deref().map(store::read).transpose()?;
    let output = arguments.into.as_deref().map(Output::new).transpose()?;
    let comparison = measured(arguments.quick, arguments.costs)?;
    print(&sim::markdown(&comparison))?;
    if let Some((mut record, output)) = record.zip(output) {
        record.sim = Some(comparison);
        output.write_record(&record)?;
    }
    Ok(())
}

#[cfg(feature = "sim")]
fn measured(quick: bool, costs: bool) -> Result<Comparison, String> {
    if cfg!(debug_assertions) {
        eprintln!(
            "this is a debug build, whose figures mean nothing: build with `--profile bench`"
        );
    }
    sim::measure(quick, costs, &|what| eprintln!("{what}"))
}

#[cfg(not(feature = "sim"))]
fn measured(_quick: bool, _costs: bool) -> Result<Comparison, String> {
    Err(
        "this `versus` was built without simulations, so that its other figures are of a leno without them. Build one with: cargo run \
         --profile bench -p leno-bench --features sim -- sim"
            .to_owned(),
    )
}
