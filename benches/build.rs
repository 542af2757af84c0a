//! Hands the build's own circumstances to `environment`: compiler, flags, and the versions of the peers.
//!
//! A program cannot ask for these when it runs. Whatever cannot be found is left out, and `environment` says "unknown".

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The packages whose versions a reader of a record wants to know: the peers, and what they stand on.
const PACKAGES: [&str; 7] = [
    "leno",
    "tokio",
    "smol",
    "async-executor",
    "async-io",
    "mio",
    "hyper",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC");
    if let Some(compiler) = compiler() {
        println!("cargo::rustc-env=LENO_BENCH_COMPILER={compiler}");
    }
    println!("cargo::rustc-env=LENO_BENCH_FLAGS={}", flags());
    if let Some(lock) = lock_file() {
        println!("cargo::rerun-if-changed={}", lock.display());
        if let Ok(text) = fs::read_to_string(&lock) {
            println!("cargo::rustc-env=LENO_BENCH_VERSIONS={}", versions(&text));
        }
    }
}

/// What `rustc --version` says.
fn compiler() -> Option<String> {
    let output = Command::new(env::var_os("RUSTC")?)
        .arg("--version")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().map(str::to_owned)
}

/// The flags that change what code the compiler makes. Cargo does not tell a build script the profile's codegen units
/// and link-time optimisation, so these are known only where `RUSTFLAGS` sets them.
fn flags() -> String {
    let mut flags = Vec::new();
    if let Ok(level) = env::var("OPT_LEVEL") {
        flags.push(format!("opt-level {level}"));
    }
    if let Ok(target) = env::var("TARGET") {
        flags.push(format!("target {target}"));
    }
    if let Ok(features) = env::var("CARGO_CFG_TARGET_FEATURE") {
        flags.push(format!("features {}", features.replace(',', " ")));
    }
    // The flags are separated by a character that shows as nothing.
    match env::var("CARGO_ENCODED_RUSTFLAGS") {
        Ok(given) if !given.is_empty() => {
            flags.push(format!("RUSTFLAGS {}", given.replace('\u{1f}', " ")));
        }
        _ => flags.push("no RUSTFLAGS".to_owned()),
    }
    flags.join(", ").replace('\n', " ")
}

/// The `Cargo.lock` of the workspace, which is this package's folder or one above.
fn lock_file() -> Option<PathBuf> {
    let package = env::var_os("CARGO_MANIFEST_DIR")?;
    Path::new(&package)
        .ancestors()
        .map(|folder| folder.join("Cargo.lock"))
        .find(|lock| lock.is_file())
}

/// "tokio 1.54.1;smol 2.0.2": the versions of [`PACKAGES`] that the lock file's text has. It is written by cargo, one
/// `name` and then one `version` to a package, so that lines are all that need be understood.
fn versions(lock: &str) -> String {
    let mut name = "";
    let mut found = [None; PACKAGES.len()];
    for line in lock.lines() {
        if let Some(value) = quoted(line, "name") {
            name = value;
        } else if let Some(version) = quoted(line, "version") {
            if let Some(place) = PACKAGES.iter().position(|package| *package == name) {
                // Of several versions the last, which is the newest: an optional peer may want an old one.
                found[place] = Some(version);
            }
            name = "";
        }
    }
    let found: Vec<_> = (PACKAGES.iter().zip(found))
        .filter_map(|(package, version)| Some(format!("{package} {}", version?)))
        .collect();
    found.join(";")
}

/// `value` of the line `key = "value"`.
fn quoted<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.strip_prefix(key)?
        .trim_start()
        .strip_prefix('=')?
        .trim()
        .strip_prefix('"')?
        .strip_suffix('"')
}
