//! Calling `versus`, and the example `troubled`, which is the same program with other peers.

#![allow(dead_code, reason = "no test file uses all of it")]

use leno_bench::record::{Environment, FORMAT, PeerResult, Record, Row};
use leno_bench::workload::Unit;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A directory that goes when this does.
pub struct Folder(PathBuf);

impl Folder {
    /// One of the test's own, by its name.
    pub fn new(test: &str) -> Self {
        let name = format!("leno-bench-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file in it with something in it.
    pub fn with(&self, name: &str, text: &str) -> PathBuf {
        let path = self.file(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// What is in it.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// The example `troubled`.
pub fn troubled() -> Command {
    example("troubled")
}

/// One of the package's examples.
pub fn example(name: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let program = profile.join("examples").join(file);
    assert!(
        program.exists(),
        "{} is missing: build it with `cargo build -p leno-bench --examples` \
         (`cargo test` without a choice of targets does)",
        program.display()
    );
    quiet(Command::new(program))
}

/// The program itself.
pub fn versus() -> Command {
    quiet(Command::new(env!("CARGO_BIN_EXE_versus")))
}

fn quiet(mut command: Command) -> Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// How a call ended.
pub struct Ended {
    pub code: Option<i32>,
    pub said: String,
    pub complained: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            said: String::from_utf8(output.stdout).unwrap(),
            complained: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Calls it and waits.
pub fn call<I, S>(mut program: Command, arguments: I) -> Ended
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    program.args(arguments).output().unwrap().into()
}

/// A call that must end well; what it said.
pub fn well<I, S>(program: Command, arguments: I) -> String
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let ended = call(program, arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.complained);
    ended.said
}

/// A table's line that begins with these cells, without its padding.
pub fn line(text: &str, cells: &[&str]) -> Vec<String> {
    let split = |line: &str| -> Vec<String> {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    let mut lines = text.lines().map(split);
    lines
        .find(|line| line.iter().zip(cells).filter(|(a, b)| a == b).count() == cells.len())
        .unwrap_or_else(|| panic!("no line {cells:?} in:\n{text}"))
}

/// A record of these rows.
pub fn record(rows: Vec<Row>) -> Record {
    Record {
        format: FORMAT,
        environment: Environment::default(),
        rounds: 7,
        quick: false,
        interrupted: false,
        limits: Vec::new(),
        rows,
        sim: None,
        build: Vec::new(),
    }
}

/// A row of a workload with 2 workers.
pub fn row(workload: &str, unit: Unit, peers: &[(&str, f64)]) -> Row {
    // So much do the rounds differ from each other.
    const NOISE: [f64; 7] = [1.0, 0.98, 1.02, 0.99, 1.01, 0.97, 1.03];
    Row {
        group: "a group".to_owned(),
        workload: workload.to_owned(),
        workers: 2,
        quantity: "a quantity".to_owned(),
        unit,
        floor: None,
        results: peers
            .iter()
            .enumerate()
            .map(|(turn, (peer, value))| PeerResult {
                peer: (*peer).to_owned(),
                samples: (0..NOISE.len())
                    .map(|round| Some(value * NOISE[(round + 3 * turn) % NOISE.len()]))
                    .collect(),
                histogram: Vec::new(),
                trouble: None,
            })
            .collect(),
    }
}

/// Writes it where `diff` and `report` can read it.
pub fn written(folder: &Folder, name: &str, record: &Record) -> PathBuf {
    folder.with(name, &serde_json::to_string(record).unwrap())
}

/// Waits until no process has that number; it may take a moment to be dead.
pub fn assert_ends(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    let start = Instant::now();
    while rustix::process::test_kill_process(pid).is_ok() {
        // What init has not yet waited for is as good as gone.
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid()));
        if stat.is_ok_and(|stat| stat.contains(") Z ")) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "it lives");
        thread::sleep(Duration::from_millis(10));
    }
}
