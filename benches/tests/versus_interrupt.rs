//! `versus run` stopped before its end: what was measured is kept.

mod support;

use leno_bench::record::Record;
use leno_bench::store;
use rustix::process::{Pid, Signal};
use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::Duration;
use support::{Ended, Folder, troubled};

/// Starts a run of three rows, one of which takes a second or more, and waits for the first of them.
fn after_the_first_row(file: &Path) -> (Child, Record) {
    let child = troubled()
        .args(["run", "--only", "takes a while", "--rounds", "8", "--json"])
        .arg(file)
        .spawn()
        .unwrap();
    loop {
        // There is never half a record: the file is there, or it is not.
        match file.exists().then(|| store::read(file).unwrap()) {
            Some(record) => return (child, record),
            None => thread::sleep(Duration::from_millis(10)),
        }
    }
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

fn stopped_by(with: Signal, name: &str) {
    let folder = Folder::new(name);
    let file = folder.file("record.json");
    let (child, first) = after_the_first_row(&file);
    assert_eq!((first.rows.len(), first.interrupted), (1, false));
    signal(&child, with);
    let ended = Ended::from(child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(130), "{}", ended.complained);
    let record = store::read(&file).unwrap();
    assert!(record.interrupted);
    assert_eq!(record.rows[0], first.rows[0]);
    // The second row may have been begun, the third one not: it is some seconds away.
    assert!(record.rows.len() < 3, "{:?}", record.rows);
    if let Some(begun) = record.rows.get(1) {
        let samples = begun.results.iter().map(|result| result.samples.len());
        assert!(samples.max().unwrap() <= 8);
        assert!(begun.results.iter().all(|result| result.trouble.is_none()));
    }
    assert!(ended.said.contains("takes a while"), "{}", ended.said);
    assert!(
        ended.said.contains("The run was interrupted"),
        "{}",
        ended.said
    );
    assert_eq!(folder.names(), ["record.json"]);
}

#[test]
fn ctrl_c_keeps_what_was_measured() {
    stopped_by(Signal::INT, "ctrl-c");
}

#[test]
fn so_does_a_request_to_terminate() {
    stopped_by(Signal::TERM, "terminate");
}

#[test]
fn a_kill_loses_the_row_that_was_begun_and_leaves_no_process() {
    let folder = Folder::new("kill");
    let (file, pid) = (folder.file("record.json"), folder.file("pid"));
    let mut child = troubled()
        .args(["run", "--only", "hangs", "--peers", "troubled"])
        .env("TROUBLED_PID_FILE", &pid)
        .spawn()
        .unwrap();
    // The sample has started a process of its own.
    let tool = loop {
        let written = std::fs::read_to_string(&pid).unwrap_or_default();
        match written.parse() {
            Ok(tool) => break tool,
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    };
    child.kill().unwrap();
    child.wait().unwrap();
    support::assert_ends(tool);

    let (mut child, first) = after_the_first_row(&file);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(store::read(&file).unwrap(), first);
}
