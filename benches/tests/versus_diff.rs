//! `versus diff`: which rows became worse, which agree, and how it exits.

mod support;

use leno_bench::record::{Record, Trouble};
use leno_bench::workload::Unit::{self, Nanoseconds, PerSecond};
use support::{Ended, Folder, call, line, record, row, versus, written};

/// The difference of two records.
fn diff(test: &str, old: &Record, new: &Record, arguments: &[&str]) -> Ended {
    let folder = Folder::new(test);
    let old = written(&folder, "old.json", old);
    let new = written(&folder, "new.json", new);
    let mut all = vec!["diff", old.to_str().unwrap(), new.to_str().unwrap()];
    all.extend(arguments);
    call(versus(), all)
}

fn one(unit: Unit, peers: &[(&str, f64)]) -> Record {
    record(vec![row("a workload", unit, peers)])
}

#[test]
fn a_record_agrees_with_itself() {
    let old = record(vec![
        row("first", Nanoseconds, &[("leno", 40.0), ("tokio", 100.0)]),
        row("second", PerSecond, &[("leno", 2e6), ("tokio", 1e6)]),
    ]);
    let ended = diff("itself", &old, &old, &["--fail-above", "0%"]);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert!(
        ended
            .said
            .contains("2 of 2 rows agree within their intervals.")
    );
    assert!(ended.said.contains("No row is worse by more than 0 %."));
    assert_eq!(line(&ended.said, &["first", "2", "a quantity"])[9], "yes");
}

#[test]
fn a_regression_above_the_limit_fails() {
    let old = one(Nanoseconds, &[("leno", 40.0), ("tokio", 100.0)]);
    let new = one(Nanoseconds, &[("leno", 48.0), ("tokio", 100.0)]);
    let ended = diff("worse", &old, &new, &["--fail-above", "5%"]);
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    let cells = line(
        &ended.said,
        &["a workload", "2", "a quantity", "40.0 ns", "48.0 ns"],
    );
    assert!(cells[5].starts_with("1.20 ["), "{}", cells[5]);
    assert_eq!(cells[9..], ["no", "worse"]);
    assert!(ended.said.contains("0 of 1 rows agree"), "{}", ended.said);
    assert!(
        ended
            .said
            .contains("Disagree: a workload, 2 workers, a quantity: 0.4")
    );
    assert!(ended.said.contains("1 row is worse by more than 5 %."));
    // 20 % are within a larger limit, and the other way round it is an improvement.
    let ended = diff("limit", &old, &new, &["--fail-above", "25"]);
    assert_eq!(ended.code, Some(0));
    assert_eq!(line(&ended.said, &["a workload"])[10], "within the limit");
    let ended = diff("nothing-changed", &old, &old, &[]);
    assert_eq!(line(&ended.said, &["a workload"])[10], "the same");
    let ended = diff("improved", &new, &old, &[]);
    assert_eq!(ended.code, Some(0));
    assert_eq!(line(&ended.said, &["a workload"])[10], "better");
}

#[test]
fn more_may_be_better() {
    let old = one(PerSecond, &[("leno", 100.0), ("tokio", 100.0)]);
    let new = one(PerSecond, &[("leno", 80.0), ("tokio", 100.0)]);
    assert_eq!(diff("less", &old, &new, &[]).code, Some(1));
    assert_eq!(diff("more", &new, &old, &[]).code, Some(0));
}

#[test]
fn a_slower_machine_is_no_regression() {
    let old = one(Nanoseconds, &[("leno", 40.0), ("tokio", 100.0)]);
    let new = one(Nanoseconds, &[("leno", 80.0), ("tokio", 200.0)]);
    let ended = diff("machine", &old, &new, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert!(ended.said.contains("1 of 1 rows agree"), "{}", ended.said);
    // Without the reference there is nothing else to go by.
    let old = one(Nanoseconds, &[("leno", 40.0)]);
    let new = one(Nanoseconds, &[("leno", 80.0)]);
    let ended = diff("alone", &old, &new, &[]);
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(
        ended.said.contains("the median changed by 2.00"),
        "{}",
        ended.said
    );
}

#[test]
fn what_the_interval_does_not_support_is_no_regression() {
    let old = one(Nanoseconds, &[("leno", 40.0), ("tokio", 100.0)]);
    // The median is 25 % more, and the rounds are all over the place.
    let mut wild = old.clone();
    let rounds = [20.0, 90.0, 50.0, 25.0, 70.0, 30.0, 60.0];
    wild.rows[0].results[0].samples = rounds.map(Some).to_vec();
    let ended = diff("wild", &old, &wild, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert_eq!(line(&ended.said, &["a workload"])[10], "undecided");
    // Nor is what two rounds say.
    let mut short = one(Nanoseconds, &[("leno", 80.0), ("tokio", 100.0)]);
    for result in &mut short.rows[0].results {
        result.samples.truncate(2);
    }
    let ended = diff("short", &old, &short, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert!(
        ended
            .said
            .contains("No row has ratios of 5 rounds or more in both")
    );
}

#[test]
fn what_does_not_end_any_more_is_a_regression() {
    let old = one(Nanoseconds, &[("leno", 40.0), ("tokio", 100.0)]);
    let mut new = old.clone();
    new.rows[0].results[0].samples = vec![None; 7];
    new.rows[0].results[0].trouble = Some(Trouble::Deadline(60));
    let ended = diff("hangs", &old, &new, &[]);
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(
        ended.said.contains("a sample took longer than 60 s"),
        "{}",
        ended.said
    );
    // It does not count twice, nor what was so before.
    assert_eq!(diff("hung", &new, &new, &[]).code, Some(0));
}

#[test]
fn another_peer_can_be_asked_for() {
    let old = one(
        Nanoseconds,
        &[("leno", 40.0), ("tokio", 100.0), ("smol", 90.0)],
    );
    let new = one(
        Nanoseconds,
        &[("leno", 40.0), ("tokio", 100.0), ("smol", 180.0)],
    );
    assert_eq!(diff("leno", &old, &new, &[]).code, Some(0));
    let ended = diff("smol", &old, &new, &["--peer", "smol"]);
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(ended.said.contains("smol/tokio, new"), "{}", ended.said);
    // Somebody's own need not be asked for.
    let own = one(
        Nanoseconds,
        &[("leno", 40.0), ("tokio", 100.0), ("own", 9.0)],
    );
    let ended = diff("own", &own, &own, &[]);
    assert!(ended.said.contains("own/tokio, new"), "{}", ended.said);
}

#[test]
fn only_common_rows_are_compared() {
    let peers = [("leno", 40.0), ("tokio", 100.0)];
    let rows = |names: [&str; 2]| record(names.map(|name| row(name, Nanoseconds, &peers)).to_vec());
    let (old, new) = (rows(["one", "two"]), rows(["two", "three"]));
    let ended = diff("common", &old, &new, &[]);
    assert_eq!(ended.code, Some(0));
    assert!(
        ended.said.contains("Only in the old record: 1 row."),
        "{}",
        ended.said
    );
    assert!(
        ended.said.contains("Only in the new record: 1 row."),
        "{}",
        ended.said
    );
    let ended = diff("nothing", &old, &rows(["four", "five"]), &[]);
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.complained, "the two records have no row in common\n");
}

#[test]
fn a_peer_that_is_not_there_is_bad_input() {
    let old = one(Nanoseconds, &[("leno", 40.0), ("tokio", 100.0)]);
    let ended = diff("nobody", &old, &old, &["--peer", "nobody"]);
    assert_eq!(ended.code, Some(2));
    let complaint = "the old record has no peer \"nobody\"; it has: leno, tokio\n";
    assert_eq!(ended.complained, complaint);
}
