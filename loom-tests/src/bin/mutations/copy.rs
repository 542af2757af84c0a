//! The copy of the sources that the mutations are built from. The checkout is only read.
//!
//! One build holds them all: around every ordering stands a call that may make it weaker, and beside every step stands what
//! replaces it (`mutation.rs` of the models decides, when they run). What cannot stand beside the other is built alone.

use crate::folders::{bring, bring_lock, occupy, put, target};
use crate::list::{Change, List, Mutation};
use crate::pieces::{Piece, surround};
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why there are no models to run.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The compiler, or cargo, has said why.
    DoesNotBuild,
    Other(String),
}

impl From<String> for Failure {
    fn from(error: String) -> Self {
        Self::Other(error)
    }
}

impl From<Failure> for String {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::DoesNotBuild => "the models do not build: cargo's own words are above".into(),
            Failure::Other(error) => error,
        }
    }
}

/// What the models need of the repository.
const FOLDERS: [&str; 3] = ["runtime/src", "reactor/src", "loom-tests"];

/// Brings the copy up to date and builds its models: with the switches of all mutations that have one, or with one step alone, or,
/// for an ordering, with those of the orderings alone.
pub(crate) fn build(root: &Path, list: &List, alone: Option<&Mutation>) -> Result<Models, Failure> {
    let target = target(root);
    let copy = target.join("mutations").join("copy");
    // Until what was built of it is somewhere else.
    let _occupied = occupy(&target.join("mutations"))?;
    let manifest = fs::read_to_string(root.join("Cargo.toml"))
        .map_err(|error| format!("Cargo.toml: {error}"))?;
    put(&copy.join("Cargo.toml"), &only_the_models(&manifest)?)?;
    bring_lock(root, &copy)?;
    for folder in FOLDERS {
        bring(root, &copy, Path::new(folder), None, &|file, bytes| {
            let text = String::from_utf8(bytes).map_err(|error| format!("{file}: {error}"))?;
            changed(list, alone, file, text).map(|text| Some(text.into_bytes()))
        })?;
    }
    models(&copy, &target)
}

/// Builds the checkout's own models.
pub(crate) fn checkout_models(root: &Path) -> Result<Models, Failure> {
    models(root, &target(root))
}

/// The built models: a file of this process alone, which goes with it. The next build replaces cargo's.
#[derive(Debug)]
pub(crate) struct Models(PathBuf);

impl Deref for Models {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Models {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Builds the models of a workspace.
fn models(workspace: &Path, target: &Path) -> Result<Models, Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "test",
            "--package",
            "leno-loom-tests",
            "--lib",
            "--no-run",
            "--message-format=json-render-diagnostics",
        ])
        .arg("--manifest-path")
        .arg(workspace.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_INCREMENTAL", "0")
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    match output.status.code() {
        Some(0) => {}
        Some(101) => return Err(Failure::DoesNotBuild),
        _ => return Err(Failure::Other(format!("cargo ended: {}", output.status))),
    }
    let told = String::from_utf8_lossy(&output.stdout);
    let mut executables = told
        .lines()
        .filter_map(|line| line.split_once("\"executable\":\"")?.1.split('"').next());
    let executable = executables
        .next_back()
        .ok_or_else(|| "cargo names no executable of the models".to_owned())?;
    let folder = target.join("mutations");
    let own = folder.join(format!("models-{}", std::process::id()));
    let copied = fs::create_dir_all(&folder).and_then(|()| fs::copy(executable, &own));
    copied
        .map(|_| Models(own.clone()))
        .map_err(|error| Failure::Other(format!("{}: {error}", own.display())))
}

/// The workspace's manifest with the models as the only member.
fn only_the_models(manifest: &str) -> Result<String, String> {
    let keeps = |line: &&str| !line.starts_with("exclude = ");
    let lines = manifest.lines().filter(keeps).map(|line| match line {
        _ if line.starts_with("members = [") => "members = [\"loom-tests\"]",
        // Most mutations take milliseconds: what is optimised less is there sooner.
        "opt-level = 2" => "opt-level = 1",
        _ => line,
    });
    let made: Vec<_> = lines.collect();
    if !made.contains(&"members = [\"loom-tests\"]") {
        return Err("Cargo.toml has no line that begins with `members = [`".into());
    }
    Ok(made.join("\n") + "\n")
}

/// The text of a file as the copy has it.
fn changed(
    list: &List,
    alone: Option<&Mutation>,
    file: &str,
    text: String,
) -> Result<String, String> {
    if file == "loom-tests/src/lib.rs" {
        // What the switches bring along, braces and branches that are never taken, is no news.
        return Ok(format!("#![allow(warnings)]\n{text}"));
    }
    if let Some(Mutation {
        file: its,
        change: Change::Step(step),
        ..
    }) = alone
    {
        return Ok(if its == file {
            text.replacen(&step.find, &step.replace, 1)
        } else {
            text
        });
    }
    let of_file = || {
        list.mutations
            .iter()
            .filter(|mutation| mutation.file == file)
    };
    let mut pieces = Vec::new();
    for mutation in of_file() {
        let number = mutation.number;
        pieces.push(match &mutation.change {
            Change::Ordering { site, .. } => Piece {
                start: site.range.start,
                end: site.range.end,
                before: format!("crate::mutation::ordering({number}, "),
                after: ")".into(),
            },
            Change::Step(step) if !step.alone && alone.is_none() => {
                let start = text
                    .find(&step.find)
                    .expect("the list was read from this text");
                let replace = &step.replace;
                Piece {
                    start,
                    end: start + step.find.len(),
                    before: format!(
                        "{{ if crate::mutation::applies({number}) {{ {replace} }} else {{ "
                    ),
                    after: " } }".into(),
                }
            }
            Change::Step(_) => continue,
        });
    }
    // The two weaker ones of one ordering have the same place.
    pieces.dedup_by(|a, b| (a.start, &a.before) == (b.start, &b.before));
    let made = surround(&text, pieces).map_err(|error| format!("{file}: {error}"))?;
    Ok(made.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_are_the_copys_only_member() {
        let manifest =
            "[workspace]\nmembers = [\"a\", \"loom-tests\"]\nexclude = [\"compat\"]\n[package]\n";
        let made = only_the_models(manifest).unwrap();
        assert_eq!(made, "[workspace]\nmembers = [\"loom-tests\"]\n[package]\n");
        assert!(only_the_models("[workspace]\n").is_err());
    }
}
