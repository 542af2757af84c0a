//! Runs models, each in a process of its own: one that aborts, or does not end, takes no other with it.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How a model ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// It has looked at all there is within its bound on preemptions.
    Complete,
    /// It was stopped by its time limit, and has not failed so far.
    Stopped,
    /// It failed, or its process ended in another way than by success; and what it said.
    Failed(String),
}

/// A model's run.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) end: End,
    pub(crate) time: Duration,
    pub(crate) executions: u64,
    /// The numbers of the places that it came to.
    pub(crate) reached: Vec<usize>,
}

/// What a model is run with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct With<'a> {
    /// `LENO_MUTATION`.
    pub(crate) mutation: Option<&'a str>,
    /// How long it may explore, if not as long as it wants to.
    pub(crate) seconds: Option<u64>,
    /// When its process is ended.
    pub(crate) limit: Duration,
}

/// The models of a binary, in its order.
pub(crate) fn models(binary: &Path) -> Result<Vec<String>, String> {
    let output = Command::new(binary)
        .arg("--list")
        .output()
        .map_err(|error| format!("{}: {error}", binary.display()))?;
    let told = String::from_utf8_lossy(&output.stdout);
    let names = told
        .lines()
        .filter_map(|line| line.strip_suffix(": test")?.strip_prefix("models::"));
    Ok(names.map(str::to_owned).collect())
}

/// Runs a model.
pub(crate) fn run(binary: &Path, model: &str, with: With<'_>) -> Result<Run, String> {
    let mut command = Command::new(binary);
    command.args([
        &format!("models::{model}"),
        "--exact",
        "--nocapture",
        "--test-threads=1",
    ]);
    command
        .env_remove("LENO_MUTATION")
        .env_remove("LENO_LOOM_SECONDS");
    command.env("LENO_LOOM_REACHED", "1");
    command.envs(with.mutation.map(|mutation| ("LENO_MUTATION", mutation)));
    command.envs(
        with.seconds
            .map(|seconds| ("LENO_LOOM_SECONDS", seconds.to_string())),
    );
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let start = Instant::now();
    let mut child = command
        .spawn()
        .map_err(|error| format!("{}: {error}", binary.display()))?;
    let told = reader(child.stdout.take().expect("a pipe"));
    let complained = reader(child.stderr.take().expect("a pipe"));
    let status = wait(&mut child, start, with.limit)?;
    let time = start.elapsed();
    let told = told.join().expect("a reader does not panic");
    let complained = complained.join().expect("a reader does not panic");
    let end = match status {
        None => End::Stopped,
        Some(status) if !status.success() => End::Failed(cause(&told, &complained, status)),
        Some(_) if !told.contains("1 passed") => {
            return Err(format!(
                "there is no model `{model}`; `mutations models --list` names all"
            ));
        }
        Some(_) if told.contains(", stopped by its bound") => End::Stopped,
        Some(_) => End::Complete,
    };
    Ok(Run {
        end,
        time,
        executions: executions(&told),
        reached: reached(&told),
    })
}

/// Waits for the end, or for the limit: then the process is ended, and there is none.
fn wait(
    child: &mut Child,
    start: Instant,
    limit: Duration,
) -> Result<Option<std::process::ExitStatus>, String> {
    let mut pause = Duration::from_micros(500);
    loop {
        if let Some(status) = child
            .try_wait()
            .map_err(|error| format!("a model's process: {error}"))?
        {
            return Ok(Some(status));
        }
        if start.elapsed() >= limit {
            let _ = child.kill();
            child
                .wait()
                .map_err(|error| format!("a model's process: {error}"))?;
            return Ok(None);
        }
        thread::sleep(pause);
        pause = (2 * pause).min(Duration::from_millis(20));
    }
}

fn reader(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// What a failing model says first, in a line.
fn cause(told: &str, complained: &str, status: std::process::ExitStatus) -> String {
    let mut lines = complained.lines().chain(told.lines());
    let first = lines.by_ref().find(|line| line.contains("panicked at"));
    match first.and_then(|_| lines.find(|line| !line.trim().is_empty())) {
        Some(line) => line.trim().chars().take(100).collect(),
        None => format!("its process ended: {status}"),
    }
}

/// The sum of what the explorations of a model say.
fn executions(told: &str) -> u64 {
    let before = told
        .match_indices(" executions in ")
        .map(|(at, _)| &told[..at]);
    let counts = before.filter_map(|before| before.rsplit(' ').next()?.parse::<u64>().ok());
    counts.sum()
}

fn reached(told: &str) -> Vec<usize> {
    let lines = told
        .lines()
        .filter_map(|line| line.split_once("reached: ").map(|(_, numbers)| numbers));
    let mut numbers: Vec<_> = lines
        .flat_map(str::split_whitespace)
        .filter_map(|number| number.parse().ok())
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_says_is_read() {
        let told = "test models::m::x ... src/m.rs:5:5: 83 executions in 4ms\nreached: 3 17\nsrc/m.rs:9:5: 2 executions in 1ms, \
                    stopped by its bound\nreached: 17 4\nok\n";
        assert_eq!(executions(told), 85);
        assert_eq!(reached(told), [3, 4, 17]);
    }

    #[test]
    fn a_process_that_does_not_end_is_ended() {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let status = wait(&mut child, Instant::now(), Duration::ZERO).unwrap();
        assert_eq!(status, None);
    }
}
