//! The checked-in counts: what is compared, and what is said.

use leno_bench::count::baseline::{
    Count, Counts, Quantity, differences, per_operation, read, write,
};
use std::path::PathBuf;
use std::process::Command;

fn count(subject: &str, value: f64) -> Count {
    Count {
        subject: subject.to_owned(),
        workers: 1,
        quantity: Quantity::Instructions,
        value,
    }
}

/// A file of this test, which is removed at its end.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        let name = format!("leno-bench-{}-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // It may never have been written.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn what_both_runs_share_cancels_out() {
    assert_eq!(
        per_operation((100, 5_000 + 100 * 7), (300, 5_000 + 300 * 7)),
        7.0
    );
}

#[test]
fn equal_counts_do_not_differ() {
    let counts = [count("spawn", 900.0), count("switch", 100.0)];
    assert_eq!(differences(&counts, &counts), "");
}

#[test]
fn two_percent_are_forgiven_in_either_direction() {
    let before = [count("spawn", 1000.0)];
    assert_eq!(differences(&before, &[count("spawn", 1019.0)]), "");
    assert_eq!(differences(&before, &[count("spawn", 981.0)]), "");
    assert!(differences(&before, &[count("spawn", 1021.0)]).contains("+2.1 %"));
    assert!(differences(&before, &[count("spawn", 979.0)]).contains("-2.1 %"));
}

#[test]
fn none_of_something_may_be_a_hundredth_of_it() {
    let before = [count("allocations", 0.0)];
    assert_eq!(differences(&before, &[count("allocations", 0.01)]), "");
    assert!(!differences(&before, &[count("allocations", 0.02)]).is_empty());
}

#[test]
fn a_subject_that_only_one_has_is_a_difference() {
    let old = [count("old", 1.0)];
    let new = [count("new", 1.0)];
    let table = differences(&old, &new);
    assert!(table.contains("| new | 1 | instructions | – | 1.00 | not in the file |"));
    assert!(table.contains("| old | 1 | instructions | 1.00 | – | no longer counted |"));
}

#[test]
fn counts_survive_a_file() {
    let file = File::new("counts.json");
    let counts = Counts {
        compiler: "rustc 1.0".to_owned(),
        counts: vec![count("spawn", 12.5)],
    };
    write(&file.0, &counts).expect("the directory is writable");
    assert_eq!(read(&file.0), Ok(counts));
}

#[test]
fn the_checked_in_counts_can_be_read() {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/counts.json"));
    let counts = read(&path).expect("it is checked in");
    assert!(counts.counts.len() > 10);
    assert!(counts.counts.iter().all(|count| count.value >= 0.0));
}

/// The exit code of `versus count --check` and what it says, with this file.
fn check(path: &std::path::Path) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_versus"))
        .args(["count", "--check"])
        .arg(path)
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said)
}

#[test]
fn a_file_that_is_missing_cannot_be_checked() {
    let (code, said) = check(&File::new("missing.json").0);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("cannot read"), "{said}");
}

#[test]
fn a_file_that_is_no_counts_cannot_be_checked() {
    let file = File::new("other.json");
    std::fs::write(&file.0, "{\"format\": 1}").expect("the directory is writable");
    let (code, said) = check(&file.0);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("is no file of counts"), "{said}");
}

#[test]
fn without_valgrind_nothing_can_be_checked() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/counts.json");
    let output = Command::new(env!("CARGO_BIN_EXE_versus"))
        .args(["count", "--check", path])
        .env("PATH", "")
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("valgrind is not installed"), "{said}");
}
