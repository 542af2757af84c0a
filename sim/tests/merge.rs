//! What several processes found is put together by the program `leno-sim`.

mod toys;

use leno_sim::{Explorer, Run, Shard};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::tempdir;
use toys::{Toy, lock_inversion, walk};

/// Each shard as its own file, as if each were a process.
fn shards(toy: &Toy, which: &[u64], of: u64, folder: &Path) {
    for &index in which {
        let out = folder.join("line");
        let mut explorer: Explorer = walk("locks::order", folder);
        let settings = explorer.settings_mut();
        settings.seeds = 0..400;
        settings.shard = Shard::new(index, of).unwrap();
        settings.out = Some(out.clone());
        let _ = explorer.explore(&mut |run: &mut Run| toy.run(run));
        for entry in fs::read_dir(&out).unwrap() {
            let name = folder.join(format!("out-{index}.jsonl"));
            fs::rename(entry.unwrap().path(), name).unwrap();
        }
    }
}

fn merge(arguments: &[&Path]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_leno-sim"))
        .arg("merge")
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

fn passing() -> Toy {
    let mut toy = lock_inversion();
    toy.scripts.truncate(1);
    toy
}

#[test]
fn all_shards_are_the_whole() {
    let folder = tempdir().unwrap();
    shards(&passing(), &[0, 1, 2, 3], 4, folder.path());
    let (status, out, _) = merge(&[folder.path()]);
    assert_eq!(status, 0, "{out}");
    assert!(out.starts_with("locks::order: 400 runs (walk), "), "{out}");
    assert!(out.contains("by 4 explorations\n"), "{out}");
    // One process sees as many different runs as all of them together.
    let mut whole = walk("locks::order", folder.path());
    whole.settings_mut().seeds = 0..400;
    let toy = passing();
    let (distinct, _) = whole
        .explore(&mut |run: &mut Run| toy.run(run))
        .unwrap()
        .distinct();
    assert!(
        out.contains(&format!("about {distinct} different ones")),
        "{out}"
    );
}

#[test]
fn a_missing_shard_is_named() {
    let folder = tempdir().unwrap();
    shards(&passing(), &[0, 1, 3], 4, folder.path());
    let (status, out, _) = merge(&[folder.path()]);
    assert_eq!(status, 2, "{out}");
    assert!(
        out.contains(
            "shard 2 of 4 is missing, of the seeds 0..400 (LENO_SIM_SHARD=2/4 makes it up)"
        ),
        "{out}"
    );
}

#[test]
fn one_bug_is_told_once_with_its_shortest_trace() {
    let folder = tempdir().unwrap();
    shards(&lock_inversion(), &[0, 1, 2], 3, folder.path());
    let files: Vec<_> = (0..3)
        .map(|index| folder.path().join(format!("out-{index}.jsonl")))
        .collect();
    let files: Vec<&Path> = files.iter().map(|file| &**file).collect();
    let (status, out, _) = merge(&files);
    assert_eq!(status, 1, "{out}");
    assert_eq!(out.matches("failure ").count(), 1, "{out}");
    assert!(
        out.contains(" deadlock nobody can go on (3 times)"),
        "{out}"
    );
    assert!(out.contains(", 1 decision, "), "{out}");
    assert!(out.contains("locks.order-"), "{out}");
}

#[test]
fn what_ended_early_or_was_left_out_is_not_whole() {
    let folder = tempdir().unwrap();
    let toy = passing();
    for seeds in [0..100, 200..300] {
        let mut explorer = walk("gap", folder.path());
        let settings = explorer.settings_mut();
        settings.seeds = seeds;
        settings.runs = Some(100);
        settings.out = Some(folder.path().to_owned());
        explorer.explore(&mut |run: &mut Run| toy.run(run)).unwrap();
    }
    let (status, out, _) = merge(&[folder.path()]);
    assert_eq!(status, 2);
    assert!(out.contains("the seeds 100..200 are missing"), "{out}");
    let mut explorer = walk("early", folder.path());
    explorer.settings_mut().runs = Some(7);
    explorer.settings_mut().out = Some(folder.path().to_owned());
    explorer.explore(&mut |run: &mut Run| toy.run(run)).unwrap();
    let (_, out, _) = merge(&[folder.path()]);
    assert!(
        out.contains("shard 0 of 1 ended early, at its limit of runs: it made 7 of 1,000 runs"),
        "{out}"
    );
}

#[test]
fn what_no_shard_has_seen_is_a_failure() {
    let place = std::panic::Location::caller();
    let merged = |below: u32| {
        let folder = tempdir().unwrap();
        for index in 0..2 {
            let mut explorer = walk("never", folder.path());
            explorer.settings_mut().shard = Shard::new(index, 2).unwrap();
            explorer.settings_mut().out = Some(folder.path().to_owned());
            let mut program = |run: &mut Run| {
                let drawn = run.draw(leno_sim::Point::Choice, below);
                run.sometimes("it is 4", place, drawn == 4);
                leno_sim::Ended::Passed
            };
            explorer.explore(&mut program).unwrap();
        }
        merge(&[folder.path()])
    };
    let (status, out, _) = merged(4);
    assert_eq!(status, 1, "{out}");
    assert!(
        out.contains("never: `it is 4` (sim/tests/merge.rs:"),
        "{out}"
    );
    assert_eq!(merged(5).0, 0);
}

#[test]
fn misuse_is_told() {
    let folder = tempdir().unwrap();
    let (status, _, error) = merge(&[folder.path()]);
    assert_eq!(status, 2);
    assert!(error.contains("LENO_SIM_OUT"), "{error}");
    assert!(merge(&[]).2.contains("merge what?"));
    let missing = folder.path().join("none.jsonl");
    assert!(merge(&[&missing]).2.contains("none.jsonl: cannot be read"));
    let file = folder.path().join("a.jsonl");
    for (text, says) in [
        (
            "{\"v\":1}\n",
            "a.jsonl:1: this line is broken: missing field",
        ),
        (
            "\n{\"v\":2,\"x\":[]}\n",
            "a.jsonl:2: this line is of version 2",
        ),
        ("hello\n", "a.jsonl:1: this is no line of an exploration"),
        (
            "{\"v\":1,\"test\":\"t\",\"strategy\":\"s\",\"seeds\":[0,9,3,3],\"ended\":\"seeds\",\"runs\":1,\"decisions\":1,\"classes\":\"\"}",
            "shard 3 of 3",
        ),
        (
            "{\"v\":1,\"test\":\"t\",\"strategy\":\"s\",\"seeds\":[0,9,0,3],\"ended\":\"seeds\",\"runs\":1,\"decisions\":1,\"classes\":\"A\"}",
            "`classes` is broken",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let (status, _, error) = merge(&[&file]);
        assert_eq!(status, 2);
        assert!(error.contains(says), "{text}: {error}");
    }
    let usage = Command::new(env!("CARGO_BIN_EXE_leno-sim"))
        .arg("split")
        .output()
        .unwrap();
    assert!(
        String::from_utf8(usage.stderr)
            .unwrap()
            .contains("there is no command \"split\"")
    );
}

#[test]
fn a_huge_number_of_shards_is_counted_and_not_listed() {
    let folder = tempdir().unwrap();
    let mut explorer = walk("huge", folder.path());
    let settings = explorer.settings_mut();
    settings.seeds = 0..u64::MAX;
    settings.shard = Shard::new(1, u64::MAX).unwrap();
    settings.out = Some(folder.path().to_owned());
    let toy = passing();
    explorer.explore(&mut |run: &mut Run| toy.run(run)).unwrap();
    let (status, out, _) = merge(&[folder.path()]);
    assert_eq!(status, 2);
    assert!(
        out.contains("shard 0 of 18446744073709551615 is missing"),
        "{out}"
    );
    assert!(
        out.contains("18,446,744,073,709,551,604 more of its shards"),
        "{out}"
    );
}

#[test]
fn who_has_all_seeds_ends_at_another_limit() {
    let folder = tempdir().unwrap();
    let mut explorer = walk("timed", folder.path());
    let settings = explorer.settings_mut();
    settings.seeds = 0..u64::MAX;
    settings.runs = Some(100);
    settings.out = Some(folder.path().to_owned());
    let toy = passing();
    explorer.explore(&mut |run: &mut Run| toy.run(run)).unwrap();
    let (status, out, _) = merge(&[folder.path()]);
    assert_eq!(status, 0, "{out}");
}

#[test]
fn a_line_that_cannot_be_written_fails_the_exploration() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("a file");
    fs::write(&file, "").unwrap();
    let mut explorer = walk("unwritten", folder.path());
    explorer.settings_mut().out = Some(file);
    let toy = passing();
    let failed = explorer
        .explore(&mut |run: &mut Run| toy.run(run))
        .unwrap_err();
    assert!(
        failed.to_string().contains("no line was written to "),
        "{failed}"
    );
    assert!(failed.summary.is_some());
}
