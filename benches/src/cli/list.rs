//! `versus list`: what there is to measure.

use crate::plan;
use crate::units;
use crate::verdict::uses::{self, RestsOn, USES, Use};
use crate::workload::{Runtime, Workload};
use std::fmt::Write;

/// The peers, then the workloads by group, then the uses with what their verdicts rest on.
pub(super) fn list(runtimes: &[Runtime]) -> String {
    let names: Vec<&str> = runtimes.iter().map(|runtime| runtime.name).collect();
    let mut text = format!("Peers: {}\n", names.join(", "));
    let mut group = "";
    for workload in plan::workloads(runtimes.iter()) {
        if workload.group != group {
            group = workload.group;
            let _ = write!(text, "\n{group}\n");
        }
        describe(&mut text, workload, runtimes);
    }
    text.push_str("\nUses, and the rows that their verdicts rest on\n");
    for of in &USES {
        describe_use(&mut text, of);
    }
    text
}

fn describe_use(text: &mut String, of: &Use) {
    let _ = writeln!(text, "\n  {}", of.name);
    let _ = writeln!(text, "    {:<12} {}", "meant", of.meant);
    match of.rests_on {
        RestsOn::Rows(all) => {
            for rows in all {
                let workers = rows.workers.iter().copied();
                let workers: Vec<String> = workers.map(units::workers).collect();
                let _ = writeln!(
                    text,
                    "    {:<12} {}; workers {}; {}",
                    "rests on",
                    rows.workload,
                    workers.join(", "),
                    rows.quantities.join(", ")
                );
            }
        }
        RestsOn::BuildCost => {
            let _ = writeln!(text, "    {:<12} `versus build-cost`", "rests on");
        }
    }
}

fn describe(text: &mut String, workload: &Workload, runtimes: &[Runtime]) {
    let workers = workload.workers.iter().copied();
    let workers: Vec<String> = workers.map(units::workers).collect();
    let _ = writeln!(text, "\n  {}", workload.name);
    let mut line = |what: &str, said: &str| {
        let _ = writeln!(text, "    {what:<12} {said}");
    };
    line("isolates", workload.isolates);
    line("cannot show", workload.cannot_show);
    if let Some(floor) = workload.floor {
        let part = |(name, times): &(&str, f64)| match *times {
            1.0 => (*name).to_owned(),
            times => format!("{times} × {name}"),
        };
        let parts: Vec<String> = floor.parts.iter().map(part).collect();
        line(
            "floor",
            &format!("of the {}: {}", floor.quantity, parts.join(" + ")),
        );
    }
    line("workers", &workers.join(", "));
    let uses: Vec<&str> = uses::of_workload(workload.name).map(|of| of.name).collect();
    if !uses.is_empty() {
        line("counts for", &uses.join(", "));
    }
    if let Some(rounds) = workload.most_rounds {
        line("rounds", &format!("at most {rounds}"));
    }
    let without: Vec<&str> = runtimes
        .iter()
        .filter(|runtime| !plan::offers(runtime, workload))
        .map(|runtime| runtime.name)
        .collect();
    if !without.is_empty() {
        line("not on", &without.join(", "));
    }
}
