//! What the caller got wrong is one line on the standard error, and the exit code 2.

mod support;

use leno_bench::workload::Unit::Nanoseconds;
use std::process::Command;
use support::{Folder, call, example, record, row, troubled, versus, written};

/// The line that it complains with.
fn complaint(program: Command, arguments: &[&str]) -> String {
    let ended = call(program, arguments);
    assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.complained);
    assert_eq!(ended.said, "");
    let line = ended.complained.strip_suffix('\n').unwrap().to_owned();
    assert!(!line.contains('\n'), "{line}");
    line
}

#[test]
fn bad_arguments() {
    let cases: &[(&[&str], &str)] = &[
        (&[], "Usage"),
        (&["fly"], "'fly'"),
        (&["run", "--fast"], "'--fast'"),
        (&["run", "--rounds", "0"], "'--rounds <NUMBER>'"),
        (&["run", "--rounds", "many"], "'--rounds <NUMBER>'"),
        (&["run", "--workers", "-1"], "'-1'"),
        (&["report"], "<RECORD>"),
        (&["diff", "one"], "<NEW>"),
        (
            &["diff", "a", "b", "--fail-above", "much"],
            "it is no percentage, like 5%",
        ),
        (&["diff", "a", "b", "--fail-above", "-5%"], "'-5"),
    ];
    for (arguments, said) in cases {
        let ended = call(versus(), *arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}");
        assert!(
            ended.complained.contains(said),
            "{arguments:?}: {}",
            ended.complained
        );
    }
}

#[cfg(not(feature = "sim"))]
#[test]
fn simulations_that_were_left_out() {
    let line = complaint(versus(), &["sim", "--quick"]);
    assert!(line.contains("--features sim -- sim"), "{line}");
}

#[test]
fn nothing_to_measure() {
    assert_eq!(
        complaint(troubled(), &["run", "--peers", "sound,toubled"]),
        "there is no peer \"toubled\"; there are: sound, troubled, third"
    );
    let line = complaint(troubled(), &["run", "--only", "steady", "--only", "stedy"]);
    assert!(
        line.starts_with("no workload's name contains \"stedy\"; near it are: steady; "),
        "{line}"
    );
    let line = complaint(
        troubled(),
        &["run", "--only", "latencys", "--peers", "sound"],
    );
    assert!(line.contains("near it are: latencies; "), "{line}");
    assert_eq!(
        complaint(
            troubled(),
            &["run", "--only", "latencies", "--workers", "0"]
        ),
        "no such workload runs with such a number of workers"
    );
}

#[test]
fn records_that_cannot_be_read() {
    let folder = Folder::new("unreadable");
    let good = record(vec![row(
        "a workload",
        Nanoseconds,
        &[("leno", 1.0), ("tokio", 1.0)],
    )]);
    let good_file = written(&folder, "good", &good);
    let text = serde_json::to_string(&good).unwrap();
    let cases = [
        (
            "text",
            "hello".to_owned(),
            "is not JSON: expected value at line 1 column 1",
        ),
        (
            "half",
            text[..text.len() / 2].to_owned(),
            "is not JSON: EOF while parsing",
        ),
        (
            "other",
            "{\"a\": 1}".to_owned(),
            "is not a record of `versus run`",
        ),
        ("list", "[]".to_owned(), "is not a record of `versus run`"),
        (
            "later",
            text.replace("\"format\":1", "\"format\":2"),
            "is of format 2, and this program reads format 1",
        ),
        (
            "lacking",
            text.replace("\"rows\"", "\"lines\""),
            "is not a valid record: missing field `rows`",
        ),
        (
            "units",
            text.replace("nanoseconds\"", "parsecs\""),
            "is not a valid record: unknown variant `parsecs`",
        ),
    ];
    for (name, text, said) in cases {
        let file = folder.with(name, &text);
        let (file, good) = (file.to_str().unwrap(), good_file.to_str().unwrap());
        let start = format!("{file} {said}");
        for arguments in [
            &["report", file][..],
            &["verdict", file],
            &["build-cost", "--into", file],
            &["diff", file, good],
            &["diff", good, file],
        ] {
            let line = complaint(versus(), arguments);
            assert!(line.starts_with(&start), "{line}");
        }
    }
    let absent = folder.file("absent");
    let absent = absent.to_str().unwrap();
    let line = complaint(versus(), &["report", absent]);
    assert!(
        line.starts_with(&format!("cannot read {absent}: No such file")),
        "{line}"
    );
    let line = complaint(
        versus(),
        &["report", good_file.to_str().unwrap(), "--peer", "who"],
    );
    assert_eq!(line, "the record has no peer \"who\"; it has: leno, tokio");
}

#[test]
fn outputs_that_cannot_be_written() {
    let folder = Folder::new("unwritable");
    let absent = folder.file("absent/record.json");
    let directory = folder.file("");
    let good = record(vec![row("a workload", Nanoseconds, &[("leno", 1.0)])]);
    let good = written(&folder, "good", &good);
    let cases = [(absent, "No such file"), (directory, "it is a directory")];
    for (path, said) in cases {
        let path = path.to_str().unwrap();
        let start = format!("cannot write {path}: {said}");
        // Before anything is measured: this one would hang.
        let line = complaint(troubled(), &["run", "--only", "hangs", "--json", path]);
        assert!(line.starts_with(&start), "{line}");
        let line = complaint(
            versus(),
            &["report", good.to_str().unwrap(), "--html", path],
        );
        assert!(line.starts_with(&start), "{line}");
    }
    assert_eq!(folder.names(), ["good"]);
}

#[test]
fn samples_and_servers_that_are_not_there() {
    let sample = [
        "__sample",
        "--peer",
        "sound",
        "--workload",
        "x",
        "--workers",
        "1",
    ];
    let sample: Vec<&str> = sample
        .iter()
        .copied()
        .chain(["--operations", "1"])
        .collect();
    assert_eq!(
        complaint(troubled(), &sample),
        "no workload x of a peer sound"
    );
    assert_eq!(
        complaint(troubled(), &["__serve", "sound", "x", "1"]),
        "no server x of a peer sound"
    );
}

#[test]
fn help_is_no_error() {
    let ended = call(versus(), ["--help"]);
    assert_eq!(ended.code, Some(0));
    assert!(!ended.said.contains("__sample"), "{}", ended.said);
    // Whoever adds a peer has the same program with one more.
    let ended = call(example("custom_peer"), ["list"]);
    assert_eq!(ended.code, Some(0));
    let start = "Peers: leno, tokio, plain\n";
    assert!(ended.said.starts_with(start), "{}", ended.said);
}

#[test]
fn a_list_describes_peers_and_workloads() {
    let ended = call(troubled(), ["list"]);
    assert_eq!(ended.code, Some(0));
    for said in [
        "Peers: sound, troubled, third",
        "  steady",
        "2 × atomic",
        "not on       sound",
    ] {
        assert!(ended.said.contains(said), "{said}: {}", ended.said);
    }
}
