//! Runs tokio's own integration tests against a package that calls itself tokio.
//!
//! ```text
//! cargo run --manifest-path compat/suite/Cargo.toml -- [options]
//! ```
//!
//! The tests of tokio, tokio-util, tokio-stream and tokio-test are taken from their published packages at run time;
//! none of them is kept here. They are built in a scratch workspace that replaces tokio by the package under test,
//! each file as a program of its own, so that one that does not compile stops no other. Each program then runs in a
//! process group of its own, with a timeout.
//!
//! A test passes if it passes at once. One that fails and then passes alone is flaky, which is not passed; nor are those
//! of a file that does not compile, and those that are missing although the real tokio has them (`expected.toml`).

mod arguments;
mod compile;
mod expected;
#[cfg(test)]
mod features;
mod gates;
mod group;
mod harness;
mod known;
mod modules;
mod outcome;
mod packages;
mod report;
mod run;
mod scratch;
mod tally;

use anyhow::Result;
use arguments::Arguments;
use clap::Parser;
use clap::error::ErrorKind;
use expected::Expected;
use known::KnownFailures;
use outcome::FileReport;
use packages::Published;
use scratch::{Scratch, TestFile};
use std::process::ExitCode;
use tally::Tally;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    group::without_core_files();
    arguments.check();
    match suite(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(1)
        }
    }
}

/// Does what is asked for; whether everything passed but for the known failures.
fn suite(arguments: &Arguments) -> Result<bool> {
    let published = packages::fetch(&arguments.folder().join("sources"))?;
    let tokio = arguments.tokio(&published);
    let scratches = arguments.folder().join("scratch");
    let scratch = Scratch::prepare(&scratches, &published, tokio.as_deref())?;
    let asked_for = |package: &Published| {
        let files = scratch.files.iter();
        let files = files.filter(|file| file.package == package.name && arguments.wants(file));
        files.collect::<Vec<_>>()
    };
    if published
        .iter()
        .all(|package| asked_for(package).is_empty())
    {
        arguments::fail(ErrorKind::InvalidValue, "there is no such test file");
    }
    eprintln!("{}", scratch.describe());

    let expected = Expected::read()?;
    let mut reports = Vec::new();
    for package in &published {
        reports.extend(run_package(
            arguments,
            &scratch,
            &expected,
            package.name,
            &asked_for(package),
        )?);
    }
    if arguments.write_expected {
        Expected::of(&reports)?.write()?;
        // The versions that were chosen, and then those of what only leno depends on.
        scratch.keep_lock()?;
        Scratch::prepare(&scratches, &published, Some(&arguments::shim()))?.keep_lock()?;
    }

    let known = KnownFailures::read()?;
    let verdict = known.judge(&reports);
    if arguments.markdown {
        print!("{}", report::markdown(&reports));
    } else {
        print!("{}", report::text(&reports, &verdict, arguments.errors));
    }
    Ok(verdict.is_success())
}

/// Builds a package's test files and runs each as often as asked for.
fn run_package(
    arguments: &Arguments,
    scratch: &Scratch,
    expected: &Expected,
    package: &'static str,
    files: &[&TestFile],
) -> Result<Vec<FileReport>> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    eprintln!("building {} test files of {package}", files.len());
    let mut builds = compile::build(scratch, package, files)?;
    let mut reports = Vec::new();
    for file in files {
        let count = expected.tests(package, &file.name);
        let report = match builds.remove(&file.name) {
            Some(Ok(program)) => run::file(&program, &scratch.folder_of(package), file, arguments)?,
            Some(Err(message)) => FileReport::not_compiled(file, message),
            None => {
                FileReport::not_compiled(file, "cargo did not say why it was not built".to_owned())
            }
        };
        let report = match arguments.write_expected {
            true => report,
            false => report.compared_with(count),
        };
        let tally = Tally::of(&report);
        if tally.passed() < tally.total() {
            eprintln!(
                "{}: {} of {} pass",
                file.name,
                tally.passed(),
                tally.total()
            );
        }
        reports.push(report);
    }
    Ok(reports)
}
