//! What a runtime costs whoever builds a program on it: time, dependencies, size.
//!
//! The same hello-world over TCP, with a task, a timer and a channel, is built on leno and on tokio, each as a package of
//! its own in a temporary folder, in release and from nothing.

use crate::record::BuildCost;
use crate::statistics::FEWEST_ROUNDS;
use crate::store::{self, Output};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// `versus build-cost`.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// How many rounds, in each of which every peer is built once; the table has the fastest build
    #[arg(long, alias = "builds", default_value_t = 1, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Add what is measured to this record, that `run --json` wrote: its verdict on the build rests on it
    #[arg(long, value_name = "RECORD")]
    pub into: Option<PathBuf>,
}

/// A peer to build on: its name and what a manifest says of it.
struct Subject {
    peer: &'static str,
    /// What it is built with, in the table.
    with: &'static str,
    dependency: String,
    /// What its profile says besides.
    profile: &'static str,
}

impl Subject {
    fn new(peer: &'static str, with: &'static str, dependency: String) -> Self {
        Self {
            peer,
            with,
            dependency,
            profile: "",
        }
    }

    fn by(self, profile: &'static str) -> Self {
        Self { profile, ..self }
    }
}

/// What the program needs, in a manifest.
const FEATURES: &str = r#""io-util", "macros", "net", "rt-multi-thread", "sync", "time""#;

/// What it is called: the peers with it are compared.
const SAME: &str = "the same";

/// The same, by a profile for which a small program is all that counts.
const SMALL: &str = "the same, small";

/// That profile, which the guide's chapter on tuning has too.
const SMALL_PROFILE: &str =
    "lto = \"fat\"\ncodegen-units = 1\nopt-level = \"s\"\npanic = \"abort\"\n";

/// The program, for the runtime that stands for RUNTIME.
const PROGRAM: &str = r#"
use RUNTIME::io::{AsyncReadExt, AsyncWriteExt};
use RUNTIME::net::{TcpListener, TcpStream};

#[RUNTIME::main]
async fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let (sender, receiver) = RUNTIME::sync::oneshot::channel();
    RUNTIME::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        stream.write_all(b"hello").await.expect("somebody listens");
        sender.send("world").expect("somebody waits");
    });
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let mut word = [0; 5];
    let read = stream.read_exact(&mut word);
    let limit = std::time::Duration::from_secs(10);
    RUNTIME::time::timeout(limit, read).await.expect("in time").expect("five bytes");
    println!("{} {}", String::from_utf8_lossy(&word), receiver.await.expect("a word"));
}
"#;

/// Builds and prints the table.
///
/// The error is a line for people.
pub fn run(options: &Options) -> Result<(), String> {
    let leno = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime");
    let leno = leno
        .canonicalize()
        .map_err(|error| format!("leno's source is gone: {error}"))?;
    let path = leno.display().to_string();
    let leno = |with, features: &str| {
        let features = format!("default-features = false, features = [{features}]");
        Subject::new("leno", with, format!("{{ path = {path:?}, {features} }}"))
    };
    let tokio = |with, features: &str| {
        let dependency = format!("{{ version = \"1\", features = [{features}] }}");
        Subject::new("tokio", with, dependency)
    };
    let subjects = [
        Subject::new("leno", "its default", format!("{{ path = {path:?} }}")),
        leno(SAME, FEATURES),
        tokio(SAME, FEATURES),
        leno("full", "\"full\""),
        tokio("full", "\"full\""),
        leno(SMALL, FEATURES).by(SMALL_PROFILE),
        tokio(SMALL, FEATURES).by(SMALL_PROFILE),
    ];
    // What is wrong with the file is to be known before anything is built.
    let record = options.into.as_deref().map(store::read).transpose()?;
    let output = options.into.as_deref().map(Output::new).transpose()?;
    let folder = Folder::new()?;
    let costs = measure(&folder.0, &subjects, options.rounds)?;
    print!("{}", table(&subjects, &costs));
    if let Some((mut record, output)) = record.zip(output) {
        if (options.rounds as usize) < FEWEST_ROUNDS {
            eprintln!("fewer than {FEWEST_ROUNDS} rounds decide nothing: see --rounds");
        }
        record.build = (subjects.iter().zip(costs))
            .filter(|(subject, _)| subject.with == SAME)
            .map(|(_, cost)| cost)
            .collect();
        output.write_record(&record)?;
    }
    Ok(())
}

fn table(subjects: &[Subject], costs: &[BuildCost]) -> String {
    let mut table = String::from(
        "| peer | features | clean release build, s | dependencies | stripped program, bytes |\n\
         | --- | --- | ---: | ---: | ---: |\n",
    );
    for (subject, cost) in subjects.iter().zip(costs) {
        let fastest = cost.seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let last = |figures: &[u64]| figures.last().map_or("–".to_owned(), u64::to_string);
        let (dependencies, bytes) = (last(&cost.dependencies), last(&cost.bytes));
        writeln!(
            table,
            "| {} | {} | {fastest:.1} | {dependencies} | {bytes} |",
            cost.peer, subject.with
        )
        .expect("a string takes it");
    }
    table
}

/// Builds in turns, each round beginning with another peer.
fn measure(folder: &Path, subjects: &[Subject], rounds: u32) -> Result<Vec<BuildCost>, String> {
    let mut costs = Vec::new();
    let package = |number: usize| folder.join(number.to_string());
    for (number, subject) in subjects.iter().enumerate() {
        prepare(&package(number), subject)?;
        costs.push(BuildCost {
            peer: subject.peer.to_owned(),
            seconds: Vec::new(),
            dependencies: Vec::new(),
            bytes: Vec::new(),
        });
    }
    for round in 0..rounds as usize {
        for turn in 0..subjects.len() {
            let turn = (round + turn) % subjects.len();
            build(&package(turn), &subjects[turn], &mut costs[turn])?;
        }
    }
    Ok(costs)
}

/// Writes the package, and downloads what it needs: that is not measured.
fn prepare(package: &Path, subject: &Subject) -> Result<(), String> {
    let unwritable = |error| format!("cannot write {}: {error}", package.display());
    fs::create_dir_all(package.join("src")).map_err(unwritable)?;
    // A workspace of its own, wherever the temporary folder is.
    let manifest = format!(
        "[package]\nname = \"hello\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n{} = {}\n\n[profile.release]\nstrip = true\n{}\n[workspace]\n",
        subject.peer, subject.dependency, subject.profile
    );
    fs::write(package.join("Cargo.toml"), manifest).map_err(unwritable)?;
    let program = PROGRAM.replace("RUNTIME", subject.peer);
    fs::write(package.join("src/main.rs"), program).map_err(unwritable)?;
    cargo(package, &["fetch"])?;
    Ok(())
}

/// One clean build, and what came of it.
fn build(package: &Path, subject: &Subject, cost: &mut BuildCost) -> Result<(), String> {
    // Nothing is there the first time.
    let _ = fs::remove_dir_all(package.join("target"));
    let start = Instant::now();
    cargo(package, &["build", "--release", "--offline"])?;
    cost.seconds.push(start.elapsed().as_secs_f64());
    let program = package.join("target/release/hello");
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    let said = Command::new(&program)
        .output()
        .map_err(|error| format!("the program of {} did not start: {error}", subject.peer))?;
    if said.stdout != b"hello world\n" {
        return Err(format!("the program of {} is broken", subject.peer));
    }
    let bytes = fs::metadata(&program).map_err(|error| error.to_string())?;
    cost.bytes.push(bytes.len());
    // Each crate once, as long as its line is the same: the name, the version, and where it is from.
    let tree = cargo(
        package,
        &[
            "tree",
            "--offline",
            "--prefix=none",
            "--edges=normal,build",
            "--no-dedupe",
        ],
    )?;
    let dependencies = crates(&tree).saturating_sub(1);
    cost.dependencies.push(dependencies as u64);
    Ok(())
}

/// How many different crates cargo's tree names.
fn crates(tree: &str) -> usize {
    let mut lines: Vec<&str> = tree
        .lines()
        .map(|line| line.trim().trim_end_matches(" (proc-macro)"))
        .filter(|line| !line.is_empty())
        .collect();
    lines.sort_unstable();
    lines.dedup();
    lines.len()
}

/// Runs cargo in `package`, into that package's own folder, and returns what it wrote.
fn cargo(package: &Path, arguments: &[&str]) -> Result<String, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .current_dir(package)
        .env("CARGO_TARGET_DIR", package.join("target"))
        .env_remove("RUSTFLAGS")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cargo did not start: {error}"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(format!("cargo {} failed: {text}", arguments[0]));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A temporary folder that goes when this does.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, String> {
        let name = format!("leno-build-cost-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in a temporary folder goes with it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::{BuildCost, SAME, Subject, crates, table};

    #[test]
    fn crates_count_once() {
        let tree = "hello v0.1.0 (/tmp/hello)\nmio v1.0.0\nlibc v0.2.0\nlibc v0.2.0\n\
            macros v0.1.0 (proc-macro)\nmacros v0.1.0\n";
        assert_eq!(crates(tree), 4);
    }

    #[test]
    fn the_table_has_the_fastest_build() {
        let cost = BuildCost {
            peer: "leno".to_owned(),
            seconds: vec![12.0, 10.04, 11.0],
            dependencies: vec![14; 3],
            bytes: vec![500_000; 3],
        };
        let subject = Subject::new("leno", SAME, String::new());
        let said = table(&[subject], &[cost]);
        assert!(
            said.ends_with("| leno | the same | 10.0 | 14 | 500000 |\n"),
            "{said}"
        );
    }
}
