//! `versus gate`: has a change made leno hang, or lose its latency?

use super::print;
use crate::gate::{self, Judged, SHAPES};
use crate::interrupt::Interrupt;
use crate::plan::{Plan, Wishes};
use crate::progress::Progress;
use crate::record::{FORMAT, Record, Row};
use crate::workload::Runtime;
use crate::{environment, run};
use std::process::ExitCode;

/// Who is judged, and by whom.
const PEERS: [&str; 2] = ["leno", "tokio"];

/// Few: what is looked for is no matter of percents.
const ROUNDS: u32 = 3;

/// On as many workers as the smallest machine has.
const WORKERS: usize = 2;

pub(super) fn gate(runtimes: &[Runtime]) -> Result<ExitCode, String> {
    let interrupt =
        Interrupt::on_signals().map_err(|error| format!("cannot wait for Ctrl-C: {error}"))?;
    let mut text = String::new();
    let mut failed = Vec::new();
    for row in measure(runtimes, SHAPES, &interrupt)? {
        let judged = gate::judge(&row, PEERS[0], PEERS[1]);
        text.push_str(&gate::line(&row, &judged));
        text.push('\n');
        let is_bad = matches!(judged, Judged::TooSlow(_) | Judged::Failed(_));
        if is_bad && !failed.contains(&row.workload) {
            failed.push(row.workload.clone());
        }
    }
    if failed.is_empty() {
        print(&text)?;
        return Ok(ExitCode::SUCCESS);
    }
    text.push_str("\nonce more:\n");
    let failed: Vec<&str> = failed.iter().map(String::as_str).collect();
    let mut again = false;
    for row in measure(runtimes, &failed, &interrupt)? {
        let judged = gate::judge(&row, PEERS[0], PEERS[1]);
        again |= matches!(judged, Judged::TooSlow(_) | Judged::Failed(_));
        text.push_str(&gate::line(&row, &judged));
        text.push('\n');
    }
    print(&text)?;
    Ok(match again {
        true => ExitCode::from(super::WORSE),
        false => ExitCode::SUCCESS,
    })
}

fn measure(
    runtimes: &[Runtime],
    shapes: &[&str],
    interrupt: &Interrupt,
) -> Result<Vec<Row>, String> {
    let wishes = Wishes {
        only: &shapes
            .iter()
            .map(|&shape| shape.to_owned())
            .collect::<Vec<_>>(),
        peers: &PEERS.map(str::to_owned),
        workers: &[WORKERS],
    };
    let plan = Plan::new(runtimes, &wishes)?;
    let mut record = Record {
        format: FORMAT,
        environment: environment::capture(),
        rounds: ROUNDS,
        quick: true,
        interrupted: false,
        limits: Vec::new(),
        rows: Vec::new(),
        build: Vec::new(),
        sim: None,
    };
    let progress = Progress::new(plan.samples(record.rounds));
    run::measure(&plan, &mut record, interrupt, &progress, |_| {});
    progress.end();
    if record.interrupted {
        return Err("interrupted: nothing is judged".to_owned());
    }
    Ok(record.rows)
}
