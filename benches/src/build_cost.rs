//! What a runtime costs whoever builds a program on it: time, dependencies, size.
//!
//! The same hello-world over TCP, with a task, a timer and a channel, is built on leno and on tokio, each as a package of
//! its own in a temporary folder, in release and from nothing.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// `versus build-cost`.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// How often to build; the fastest counts
    #[arg(long, default_value_t = 1, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub builds: u32,
}

/// A runtime to build on: its name and what a manifest says of it.
struct Subject {
    runtime: &'static str,
    /// What it is built with, in the table.
    with: &'static str,
    dependency: String,
}

/// What was found.
struct Cost {
    build: Duration,
    dependencies: usize,
    bytes: u64,
}

/// What the program needs, in a manifest.
const FEATURES: &str = r#""io-util", "macros", "net", "rt-multi-thread", "sync", "time""#;

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
    let subjects = [
        Subject {
            runtime: "leno",
            with: "its default",
            dependency: format!("{{ path = {path:?} }}"),
        },
        Subject {
            runtime: "leno",
            with: "the same",
            dependency: format!(
                "{{ path = {path:?}, default-features = false, features = [{FEATURES}] }}"
            ),
        },
        Subject {
            runtime: "tokio",
            with: "the same",
            dependency: format!("{{ version = \"1\", features = [{FEATURES}] }}"),
        },
        Subject {
            runtime: "leno",
            with: "full",
            dependency: format!(
                "{{ path = {path:?}, default-features = false, features = [\"full\"] }}"
            ),
        },
        Subject {
            runtime: "tokio",
            with: "full",
            dependency: "{ version = \"1\", features = [\"full\"] }".to_owned(),
        },
    ];
    let folder = Folder::new()?;
    let mut table = String::from(
        "| runtime | features | clean release build, s | dependencies | stripped program, bytes |\n\
         | --- | --- | ---: | ---: | ---: |\n",
    );
    for subject in subjects {
        let cost = measure(&folder.0, &subject, options.builds)?;
        writeln!(
            table,
            "| {} | {} | {:.1} | {} | {} |",
            subject.runtime,
            subject.with,
            cost.build.as_secs_f64(),
            cost.dependencies,
            cost.bytes
        )
        .expect("a string takes it");
    }
    print!("{table}");
    Ok(())
}

fn measure(folder: &Path, subject: &Subject, builds: u32) -> Result<Cost, String> {
    let package = folder.join(subject.runtime);
    let unwritable = |error| format!("cannot write {}: {error}", package.display());
    fs::create_dir_all(package.join("src")).map_err(unwritable)?;
    // A workspace of its own, wherever the temporary folder is.
    let manifest = format!(
        "[package]\nname = \"hello\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n{} = {}\n\n[profile.release]\nstrip = true\n\n[workspace]\n",
        subject.runtime, subject.dependency
    );
    fs::write(package.join("Cargo.toml"), manifest).map_err(unwritable)?;
    let program = PROGRAM.replace("RUNTIME", subject.runtime);
    fs::write(package.join("src/main.rs"), program).map_err(unwritable)?;

    // The download is not measured.
    cargo(&package, &["fetch"])?;
    let mut build = Duration::MAX;
    for _ in 0..builds {
        // Nothing is there the first time.
        let _ = fs::remove_dir_all(package.join("target"));
        let start = Instant::now();
        cargo(&package, &["build", "--release", "--offline"])?;
        build = build.min(start.elapsed());
    }
    let program = package.join("target/release/hello");
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    let said = Command::new(&program)
        .output()
        .map_err(|error| format!("the program of {} did not start: {error}", subject.runtime))?;
    if said.stdout != b"hello world\n" {
        return Err(format!("the program of {} is broken", subject.runtime));
    }
    let bytes = fs::metadata(&program).map_err(|error| error.to_string())?;
    // Each crate once, as long as its line is the same: the name, the version, and where it is from.
    let tree = cargo(
        &package,
        &[
            "tree",
            "--offline",
            "--prefix=none",
            "--edges=normal,build",
            "--no-dedupe",
        ],
    )?;
    Ok(Cost {
        build,
        dependencies: crates(&tree).saturating_sub(1),
        bytes: bytes.len(),
    })
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
    use super::crates;

    #[test]
    fn crates_count_once() {
        let tree = "hello v0.1.0 (/tmp/hello)\nmio v1.0.0\nlibc v0.2.0\nlibc v0.2.0\n\
            macros v0.1.0 (proc-macro)\nmacros v0.1.0\n";
        assert_eq!(crates(tree), 4);
    }
}
