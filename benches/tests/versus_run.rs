//! `versus run` on made-up figures: what comes to the tables, the record and the standard error.

mod support;

use leno_bench::record::{PeerResult, Record, Row, Trouble};
use leno_bench::store;
use leno_bench::workload::Unit;
use support::{Folder, call, example, line, troubled, well};

fn measured(test: &str, arguments: &[&str]) -> (Record, String) {
    let folder = Folder::new(test);
    let file = folder.file("record.json");
    let mut all = vec!["run", "--json", file.to_str().unwrap()];
    all.extend(arguments);
    let said = well(troubled(), all);
    // Nothing is left of what it was written to first.
    assert_eq!(folder.names(), ["record.json"]);
    (store::read(&file).unwrap(), said)
}

fn result<'a>(row: &'a Row, peer: &str) -> &'a PeerResult {
    let mut results = row.results.iter();
    results.find(|result| result.peer == peer).unwrap()
}

fn trouble<'a>(record: &'a Record, workload: &str) -> &'a Trouble {
    let mut rows = record.rows.iter();
    let row = rows.find(|row| row.workload == workload).unwrap();
    let result = result(row, "troubled");
    assert!(result.samples.iter().all(Option::is_none));
    result.trouble.as_ref().unwrap()
}

#[test]
fn rows_hold_every_rounds_samples() {
    let (record, said) = measured("rows", &["--only", "steady", "--rounds", "6"]);
    assert_eq!(
        (record.rounds, record.quick, record.interrupted),
        (6, false, false)
    );
    let keys: Vec<(usize, &str)> = record
        .rows
        .iter()
        .map(|row| (row.workers, row.quantity.as_str()))
        .collect();
    let (time, rate) = ("time per operation", "operations per second");
    assert_eq!(
        keys,
        [
            (1, time),
            (1, rate),
            (2, time),
            (2, rate),
            (0, time),
            (0, rate)
        ]
    );
    assert_eq!(result(&record.rows[0], "sound").samples, [Some(100.0); 6]);
    assert_eq!(result(&record.rows[0], "troubled").samples, [Some(50.0); 6]);
    assert_eq!(result(&record.rows[1], "sound").samples, [None; 6]);
    assert_eq!(record.rows[1].unit, Unit::PerSecond);
    // The peer whose ratio is shown stands first.
    assert_eq!(
        line(&said, &["steady", "current-thread", time])[4..],
        [
            "50.0 ns",
            "100 ns",
            "not offered",
            "0.50 [0.50–0.50]",
            "better"
        ]
    );
}

#[test]
fn floors_are_sums_of_limits() {
    let (record, _) = measured("floors", &["--only", "steady", "--rounds", "1"]);
    let mut limits = record.limits.iter();
    let limit = limits
        .find(|limit| limit.name == "atomic read-modify-write")
        .unwrap();
    assert_eq!(record.rows[0].floor, Some(2.0 * limit.nanoseconds));
    assert_eq!(record.rows[1].floor, None);
}

#[test]
fn latencies_become_rows_and_a_histogram() {
    let (record, said) = measured("latencies", &["--only", "latenc", "--rounds", "2"]);
    let values: Vec<(&str, Option<f64>)> = record
        .rows
        .iter()
        .map(|row| (row.quantity.as_str(), result(row, "sound").samples[1]))
        .collect();
    assert_eq!(
        values,
        [
            ("p50 latency", Some(500.0)),
            ("p99 latency", Some(990.0)),
            ("p99.9 latency", Some(999.0)),
        ]
    );
    // 1 to 1000 in each round.
    let histogram = &result(&record.rows[0], "sound").histogram;
    assert_eq!(histogram.iter().map(|(_, count)| count).sum::<u64>(), 2000);
    assert!(histogram.is_sorted());
    assert!(result(&record.rows[1], "sound").histogram.is_empty());
    // Two rounds decide nothing, and one of the peers does not have it at all.
    let cells = line(&said, &["latencies", "1", "p50 latency"]);
    assert_eq!(
        cells[4..],
        ["not offered", "500 ns", "not offered", "–", "–"]
    );
}

#[test]
fn a_quick_run_is_shorter() {
    let (record, _) = measured("quick", &["--only", "latencies", "--quick"]);
    assert_eq!((record.rounds, record.quick), (5, true));
    // A quarter of 1000 operations.
    assert_eq!(result(&record.rows[0], "sound").samples, [Some(125.0); 5]);
}

#[test]
fn wishes_choose_peers_workloads_and_workers() {
    let (record, said) = measured(
        "wishes",
        &[
            "--only",
            "STEA",
            "--only",
            "waiting",
            "--peers",
            "troubled,sound",
            "--workers",
            "7",
            "--rounds",
            "1",
        ],
    );
    let keys: Vec<(&str, usize)> = record
        .rows
        .iter()
        .map(|row| (row.workload.as_str(), row.workers))
        .collect();
    assert_eq!(keys[..3], [("steady", 7), ("steady", 7), ("latencies", 7)]);
    let peers: Vec<&str> = record.rows[0]
        .results
        .iter()
        .map(|result| result.peer.as_str())
        .collect();
    assert_eq!(peers, ["troubled", "sound"]);
    assert!(said.contains("sound/troubled"), "{said}");
    assert_eq!(
        line(&said, &["steady", "7", "time per operation"])[7],
        "undecided"
    );
}

#[test]
fn each_round_begins_with_another_peer() {
    let folder = Folder::new("turns");
    let file = folder.file("turns");
    let mut program = troubled();
    program.env("TROUBLED_TURNS_FILE", &file);
    well(program, ["run", "--only", "in turn", "--rounds", "4"]);
    let turns = std::fs::read_to_string(file).unwrap();
    let turns: Vec<&str> = turns.lines().collect();
    let (one, two, three) = ("sound", "troubled", "third");
    assert_eq!(
        turns,
        [
            one, two, three, two, three, one, three, one, two, one, two, three
        ]
    );
}

#[test]
fn progress_is_a_line_a_row_where_there_is_no_terminal() {
    let ended = call(troubled(), ["run", "--only", "takes", "--rounds", "1"]);
    // A build for tests says that it is no build for figures.
    let rows = ended.complained.lines();
    let lines: Vec<&str> = rows.filter(|line| !line.contains("debug build")).collect();
    assert_eq!(lines.len(), 3, "{}", ended.complained);
    let first = "takes a while, 1 worker, time per operation: \
                 sound 100 ns, troubled 100 ns, third not offered (";
    assert!(lines[0].starts_with(first), "{}", lines[0]);
    assert!(lines[2].contains("current-thread"), "{}", lines[2]);
}

#[test]
fn a_peer_that_hangs_is_killed_with_what_it_started() {
    let folder = Folder::new("hangs");
    let (file, pid) = (folder.file("record.json"), folder.file("pid"));
    let mut program = troubled();
    program.env("TROUBLED_PID_FILE", &pid);
    let arguments = ["run", "--only", "hangs", "--rounds", "3", "--json"];
    well(program, arguments.iter().copied().chain(file.to_str()));
    let record = store::read(&file).unwrap();
    assert_eq!(*trouble(&record, "hangs"), Trouble::Deadline(2));
    assert_eq!(*trouble(&record, "hangs silently"), Trouble::Deadline(2));
    // The other peer went on.
    assert_eq!(result(&record.rows[0], "sound").samples, [Some(100.0); 3]);
    let pid = std::fs::read_to_string(pid).unwrap().parse().unwrap();
    support::assert_ends(pid);
}

#[test]
fn what_a_sample_leaves_behind_ends_with_it() {
    let folder = Folder::new("leaves");
    let (file, pid) = (folder.file("record.json"), folder.file("pid"));
    let mut program = troubled();
    program.env("TROUBLED_PID_FILE", &pid);
    let arguments = ["run", "--only", "leaves", "--rounds", "2", "--json"];
    well(program, arguments.iter().copied().chain(file.to_str()));
    let record = store::read(&file).unwrap();
    let left = result(&record.rows[0], "troubled");
    assert_eq!(
        (left.samples.as_slice(), &left.trouble),
        (&[Some(100.0); 2][..], &None)
    );
    let pid = std::fs::read_to_string(pid).unwrap().parse().unwrap();
    support::assert_ends(pid);
}

#[test]
fn a_link_stays_one_and_a_pipe_is_no_file() {
    let folder = Folder::new("link");
    let (file, link) = (folder.with("record.json", "older"), folder.file("link"));
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let run = |json: &str| {
        let arguments = ["run", "--only", "latencies", "--rounds", "1", "--json"];
        well(troubled(), arguments.iter().copied().chain([json]))
    };
    run(link.to_str().unwrap());
    assert!(link.is_symlink());
    assert_eq!(store::read(&file).unwrap().rows.len(), 3);
    let said = run("/dev/stdout");
    assert!(said.starts_with("{\"format\":1,"), "{said}");
}

#[test]
fn a_peer_that_fails_says_why() {
    let only = ["panics", "aborts", "no number", "no tool"];
    let arguments = only.iter().flat_map(|only| ["--only", only]);
    let arguments: Vec<&str> = arguments.chain(["--rounds", "2"]).collect();
    let (record, said) = measured("fails", &arguments);
    let detail = |workload: &str| match trouble(&record, workload) {
        Trouble::Failed(line) => line.clone(),
        other => panic!("{other:?}"),
    };
    let panics = detail("panics");
    assert!(
        panics.starts_with("a message of two lines (benches/examples/troubled.rs:"),
        "{panics}"
    );
    let aborts = detail("aborts");
    assert!(
        aborts.starts_with("something is very wrong (signal: 6"),
        "{aborts}"
    );
    assert_eq!(detail("no number"), "efficiency is NaN");
    let no_tool = Trouble::NotInstalled("a-tool".to_owned());
    assert_eq!(*trouble(&record, "no tool"), no_tool);
    let cells = line(&said, &["panics", "1", "time per operation"]);
    assert_eq!(
        cells[4..],
        ["failed [1]", "100 ns", "not offered", "–", "–"]
    );
    let note = "- [1] troubled, panics, 1 worker: a sample failed: a message of two lines";
    assert!(said.contains(note), "{said}");
    assert!(said.contains("no a-tool here"), "{said}");
}

#[test]
fn a_peer_of_ones_own_is_measured_beside_the_others() {
    let folder = Folder::new("own");
    let file = folder.file("record.json");
    let arguments = "run --quick --rounds 1 --peers tokio,plain --only ping-pong,_2_tasks --json";
    let arguments = arguments.split(' ').map(|part| part.replace('_', " "));
    let said = well(
        example("custom_peer"),
        arguments.chain([file.to_str().unwrap().to_owned()]),
    );
    assert!(said.contains("plain/tokio"), "{said}");
    for row in store::read(&file).unwrap().rows {
        for result in row.results {
            assert_eq!(result.trouble, None, "{}", result.peer);
            assert!(matches!(result.samples[..], [Some(figure)] if figure > 0.0));
        }
    }
}

#[test]
fn a_service_has_its_server_in_another_process() {
    let (record, _) = measured("service", &["--only", "service", "--rounds", "1"]);
    // "good day" from a server that is not pinned, and from one that is.
    assert_eq!(result(&record.rows[0], "sound").samples, [Some(16.0)]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_pinned_sample_has_one_processor() {
    let (record, _) = measured("pinned", &["--only", "pinned", "--rounds", "1"]);
    assert_eq!(result(&record.rows[0], "sound").samples, [Some(1.0)]);
}
