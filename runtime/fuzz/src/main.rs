//! `cargo run -p leno-fuzz`: runs the targets, or one input that has failed.

use clap::Parser;
use leno_fuzz::driver::{self, Failure, Until};
use leno_fuzz::{TARGETS, Target};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Gives leno random programs, and compares what they do with what simple models say.
#[derive(Parser)]
struct Options {
    /// The targets to run, all of them if none is named.
    targets: Vec<String>,
    /// How long to run each.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// What the inputs are made from: the same seed makes the same inputs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many targets to run at a time, as many as there are processors if it is not said.
    #[arg(long)]
    jobs: Option<NonZeroUsize>,
    /// Runs the one target that is named on this file only.
    #[arg(long)]
    input: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let mut chosen = Vec::new();
    for name in &options.targets {
        let names = || {
            TARGETS
                .iter()
                .map(|target| target.name)
                .collect::<Vec<_>>()
                .join(", ")
        };
        chosen.push(
            leno_fuzz::target(name)
                .ok_or_else(|| format!("no target is called {name}; there are {}", names()))?,
        );
    }
    if let Some(path) = &options.input {
        let [target] = chosen[..] else {
            return Err("--input needs the name of one target".to_owned());
        };
        let input = std::fs::read(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        driver::attempt(target.run, &input).map_err(|failure| told(target, &failure, path))?;
        println!("{}: passed", target.name);
        return Ok(());
    }
    if chosen.is_empty() {
        chosen = TARGETS.to_vec();
    }
    let until = Until::Elapsed(Duration::from_secs(options.seconds));
    let next = AtomicUsize::new(0);
    let jobs = options.jobs.map_or_else(thread::available_parallelism, Ok);
    let jobs = jobs.map_or(1, usize::from).min(chosen.len());
    thread::scope(|scope| {
        let job = || {
            // Ordering: Relaxed, for it is the number alone that counts.
            while let Some(target) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                run_one(*target, options.seed, until)?;
            }
            Ok(())
        };
        let jobs: Vec<_> = (0..jobs).map(|_| scope.spawn(job)).collect();
        jobs.into_iter()
            .try_for_each(|job| job.join().expect("a target's panic is caught"))
    })
}

fn run_one(target: Target, seed: u64, until: Until) -> Result<(), String> {
    let count = driver::run(target, seed, until).map_err(|failure| {
        match driver::keep(target.name, &failure.input) {
            Ok(path) => told(target, &failure, &path),
            Err(error) => format!(
                "{}: {} (cannot be kept: {error})",
                target.name, failure.message
            ),
        }
    })?;
    println!("{}: {count} inputs passed", target.name);
    Ok(())
}

fn told(target: Target, failure: &Failure, path: &Path) -> String {
    let Target { name, describe, .. } = target;
    format!(
        "{name} fails on {}\n{}: {}\nAgain: cargo run -p leno-fuzz -- {name} --input {}",
        describe(&failure.input),
        name,
        failure.message,
        path.display()
    )
}
