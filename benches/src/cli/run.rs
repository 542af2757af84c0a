//! `versus run`: from the arguments to the tables.

use super::print;
use crate::interrupt::Interrupt;
use crate::plan::{Plan, Wishes};
use crate::progress::Progress;
use crate::record::{FORMAT, Record};
use crate::store::Output;
use crate::workload::Runtime;
use crate::{environment, limits, run, table, verdict};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// A quarter of the operations, and 5 rounds
    #[arg(long)]
    quick: bool,
    /// Only workloads whose name, or group's name, contains this; may be given more than once
    #[arg(long, value_name = "SUBSTRING")]
    only: Vec<String>,
    /// Only these peers, in this order
    #[arg(long, value_name = "PEER,...", value_delimiter = ',')]
    peers: Vec<String>,
    /// These numbers of worker threads instead of the workloads' own; 0 is the current-thread runtime
    #[arg(long, value_name = "NUMBER,...", value_delimiter = ',')]
    workers: Vec<usize>,
    /// How many rounds [default: 15]; what repeats, as counts and memory do, gets 5 of them
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Your own peer: it comes first, and the ratios are its [default: one that is not of this program's own, else leno]
    #[arg(long, value_name = "PEER")]
    peer: Option<String>,
    /// Write the record here, after each row
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Rounds of a run, and of a quick one.
const ROUNDS: (u32, u32) = (15, 5);

/// The exit code of what Ctrl-C ended, as shells have it.
const INTERRUPTED: u8 = 130;

pub(super) fn run(arguments: &RunArguments, runtimes: &[Runtime]) -> Result<ExitCode, String> {
    let wishes = Wishes {
        only: &arguments.only,
        peers: &arguments.peers,
        workers: &arguments.workers,
    };
    let plan = Plan::new(runtimes, &wishes)?;
    let peer = arguments.peer.as_deref();
    if let Some(peer) = peer.filter(|peer| !plan.peers.iter().any(|other| other.name == *peer)) {
        let names: Vec<&str> = plan.peers.iter().map(|peer| peer.name).collect();
        return Err(format!(
            "there is no peer {peer:?} in this run; there are: {}",
            names.join(", ")
        ));
    }
    let output = arguments.json.as_deref().map(Output::new).transpose()?;
    let interrupt =
        Interrupt::on_signals().map_err(|error| format!("cannot wait for Ctrl-C: {error}"))?;
    let rounds = if arguments.quick { ROUNDS.1 } else { ROUNDS.0 };
    let mut record = Record {
        format: FORMAT,
        environment: environment::capture(),
        rounds: arguments.rounds.unwrap_or(rounds),
        quick: arguments.quick,
        interrupted: false,
        limits: Vec::new(),
        rows: Vec::new(),
        sim: None,
        build: Vec::new(),
    };
    let progress = Progress::new(plan.samples(record.rounds));
    if cfg!(debug_assertions) {
        progress.note(
            "this is a debug build, whose figures mean nothing: build with `--profile bench`",
        );
    }
    // What is only needed for floors need not be waited for without them.
    if plan.items.iter().any(|item| item.workload.floor.is_some()) {
        progress.note("measuring what the machine itself takes");
        record.limits = limits::measure(record.quick);
    }
    let write = |record: &Record| match &output {
        Some(output) => output.write_record(record),
        None => Ok(()),
    };
    run::measure(&plan, &mut record, &interrupt, &progress, |record| {
        // The disk may have room again at the next row; the last writing counts.
        if let Err(message) = write(record) {
            progress.note(&message);
        }
    });
    progress.end();
    let written = match record.interrupted && record.rows.is_empty() {
        // An older record is worth more.
        true => Ok(()),
        false => write(&record),
    };
    let verdicts = verdict::markdown::markdown(&record, peer);
    print(&format!("{}\n{verdicts}", table::markdown(&record, peer)))?;
    written?;
    Ok(match record.interrupted {
        true => ExitCode::from(INTERRUPTED),
        false => ExitCode::SUCCESS,
    })
}
