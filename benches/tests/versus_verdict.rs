//! `versus verdict`: which runtime to take, by a record; and that what it rests on is there to be measured.

mod support;

use leno_bench::record::Row;
use leno_bench::units;
use leno_bench::verdict::uses::{RestsOn, USES};
use leno_bench::workload::Unit::{Nanoseconds, PerSecond};
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use support::{Folder, call, line, record, row, troubled, versus, well, written};

/// Each row that a use rests on: workload, workers as tables say them, quantity.
fn rows() -> Vec<(&'static str, String, &'static str)> {
    let mut all = Vec::new();
    for of in &USES {
        let RestsOn::Rows(rows) = of.rests_on else {
            continue;
        };
        for rows in rows {
            for workers in rows.workers {
                for quantity in rows.quantities {
                    all.push((rows.workload, units::workers(*workers), *quantity));
                }
            }
        }
    }
    all
}

#[test]
fn every_row_of_a_use_is_in_the_list() {
    let said = well(versus(), ["list"]);
    let (workloads, uses) = said.split_once("\nUses, and").expect("uses are listed");
    let mut workers: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut name = "";
    for line in workloads.lines() {
        if let Some(said) = line.strip_prefix("    workers") {
            workers.insert(name, said.trim().split(", ").collect());
        } else if !line.starts_with("   ") {
            name = line.trim();
        }
    }
    for (workload, number, _) in rows() {
        let listed = workers.get(workload);
        let listed = listed.unwrap_or_else(|| panic!("there is no workload {workload:?}"));
        assert!(listed.contains(&number.as_str()), "{workload}, {number}");
        assert!(uses.contains(&format!("rests on     {workload}; workers ")));
    }
}

/// The list knows no quantities: those of a full run are in its table.
#[test]
fn every_row_of_a_use_is_in_a_full_run() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md");
    let results = fs::read_to_string(results).expect("the table of a full run is there");
    let mut seen = Vec::new();
    for (workload, workers, quantity) in rows() {
        let cells = [workload, workers.as_str(), quantity];
        let found = line(&results, &cells);
        // All three runtimes have a figure: the floor's column comes first.
        for figure in &found[4..7] {
            assert!(
                figure.starts_with(|c: char| c.is_ascii_digit()),
                "{found:?}"
            );
        }
    }
    for of in &USES {
        assert!(!seen.contains(&of.name), "{} is there twice", of.name);
        assert!(of.meant.ends_with('.'), "{} is for whom?", of.name);
        seen.push(of.name);
    }
}

fn of_use(mut row: Row, workers: usize, quantity: &str) -> Row {
    row.workers = workers;
    quantity.clone_into(&mut row.quantity);
    row
}

#[test]
fn a_verdict_has_its_ratios_its_rows_and_its_doubt() {
    let folder = Folder::new("verdict");
    let peers = [("leno", 40.0), ("tokio", 100.0), ("smol", 90.0)];
    let record = record(vec![
        of_use(
            row("mutex, 1 task", Nanoseconds, &peers),
            1,
            "time per operation",
        ),
        of_use(
            row("mutex, 8 tasks", Nanoseconds, &peers),
            2,
            "time per operation",
        ),
        // No use rests on it.
        row("of no use", PerSecond, &peers),
    ]);
    let file = written(&folder, "record.json", &record);
    let path = file.to_str().unwrap();
    let said = well(versus(), ["verdict", path]);
    let head = line(&said, &["use", "verdict"]);
    assert_eq!(head[2..], ["leno/tokio", "leno/smol", "doubts"]);
    let cells = line(&said, &["channel-heavy", "take leno"]);
    assert!(
        cells[2].starts_with("better on 2 of 2, median 0.4"),
        "{cells:?}"
    );
    let cells = line(&said, &["mutex, 8 tasks, 2 workers, time per operation"]);
    assert!(cells[1].starts_with("0.4"), "{cells:?}");
    assert_eq!([&cells[2], &cells[4]], ["better", "better"]);
    assert!(
        said.contains("- Doubt: 14 of 16 rows were not measured: "),
        "{said}"
    );
    assert!(!said.contains("of no use"), "{said}");
    // One's own peer is asked for, and is not taken for that.
    let said = well(versus(), ["verdict", path, "--peer", "tokio"]);
    assert_eq!(
        line(&said, &["use", "verdict"])[2..],
        ["tokio/leno", "tokio/smol", "doubts"]
    );
    line(&said, &["channel-heavy", "take leno"]);
    let said = well(versus(), ["report", path, "--peer", "tokio"]);
    let head = line(&said, &["workload", "workers", "quantity", "floor"]);
    assert_eq!(
        head[4..],
        ["tokio", "leno", "smol", "tokio/leno", "verdict"]
    );
    let ended = call(versus(), ["verdict", path, "--peer", "who"]);
    assert_eq!(ended.code, Some(2));
    assert_eq!(
        ended.complained,
        "the record has no peer \"who\"; it has: leno, tokio, smol\n"
    );
}

#[test]
fn a_report_begins_with_the_verdicts_and_a_run_ends_with_them() {
    let folder = Folder::new("order");
    let peers = [("leno", 40.0), ("tokio", 100.0)];
    let mutex = |workers| {
        let row = row("mutex, 1 task", Nanoseconds, &peers);
        of_use(row, workers, "time per operation")
    };
    let record = record(vec![mutex(1), mutex(2)]);
    let file = written(&folder, "record.json", &record);
    let path = file.to_str().unwrap();
    let verdict = well(versus(), ["verdict", path]);
    assert!(
        verdict.starts_with("## Which runtime to take\n"),
        "{verdict}"
    );
    let report = well(versus(), ["report", path]);
    assert!(report.starts_with(&verdict), "{report}");
    let page = folder.file("page.html");
    well(versus(), ["report", path, "--html", page.to_str().unwrap()]);
    let page = fs::read_to_string(page).unwrap();
    let places = ["Which runtime to take", "take leno", "At a glance"].map(|text| page.find(text));
    assert!(places[0].is_some() && places.is_sorted(), "{places:?}");
    // Made-up workloads are of no use.
    let said = well(troubled(), ["run", "--only", "latencies", "--rounds", "1"]);
    let (_, end) = said.split_once("## Which runtime to take\n\n").unwrap();
    assert!(end.starts_with("No verdict: the record has no row that one rests on."));
    let arguments = ["run", "--only", "latencies", "--peer", "whom"];
    let ended = call(troubled(), arguments);
    assert_eq!(ended.code, Some(2));
    assert_eq!(
        ended.complained,
        "there is no peer \"whom\" in this run; there are: sound, troubled, third\n"
    );
}
