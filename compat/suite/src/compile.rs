//! Builds files of tests, each as a program of its own.

use crate::scratch::{Scratch, TestFile, member};
use anyhow::{Context, Result};
use cargo_metadata::Message;
use cargo_metadata::diagnostic::DiagnosticLevel;
use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// For each file its program, or why there is none.
pub type Builds = BTreeMap<String, Result<PathBuf, String>>;

/// Builds files of one package. It is an error if cargo does not run; that a file does not compile is a result.
pub fn build(scratch: &Scratch, package: &str, files: &[&TestFile]) -> Result<Builds> {
    // `cargo test` knows no --keep-going.
    let mut command = Command::new("cargo");
    command.args([
        "build",
        "--quiet",
        "--keep-going",
        "--message-format=json",
        "--package",
        &member(package),
    ]);
    for file in files {
        command.args(["--test", &file.name]);
    }
    command
        .current_dir(&scratch.folder)
        .env("CARGO_TARGET_DIR", scratch.target());
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut cargo = command.spawn().context("cargo does not run")?;
    let output = cargo.stdout.take().context("cargo's output is piped")?;

    let mut programs = BTreeMap::new();
    let mut errors = BTreeMap::<_, String>::new();
    for message in Message::parse_stream(BufReader::new(output)) {
        match message.context("cargo's output cannot be read")? {
            Message::CompilerArtifact(artifact) => {
                if let (Some(program), true) = (artifact.executable, artifact.target.is_test()) {
                    programs.insert(artifact.target.name, program.into_std_path_buf());
                }
            }
            Message::CompilerMessage(message)
                if message.message.level == DiagnosticLevel::Error =>
            {
                let text = message.message.rendered.unwrap_or(message.message.message);
                *errors
                    .entry((message.target.is_test(), message.target.name))
                    .or_default() += &text;
            }
            _ => {}
        }
    }
    cargo.wait()?;

    let of_others = errors.iter().find(|((is_test, _), _)| !is_test);
    let of_others = of_others.map(|((_, name), text)| {
        format!("error: {name}, which it needs, does not compile\n{text}")
    });
    let mut builds = BTreeMap::new();
    for file in files {
        let build = match (
            programs.remove(&file.name),
            errors.remove(&(true, file.name.clone())),
        ) {
            (Some(program), _) => Ok(program),
            (None, Some(error)) => Err(error),
            (None, None) => Err(of_others
                .clone()
                .unwrap_or_else(|| "error: cargo did not build it".to_owned())),
        };
        builds.insert(file.name.clone(), build);
    }
    Ok(builds)
}
