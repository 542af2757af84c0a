//! One sample in a process of its own, so that a peer that hangs or crashes costs its figure and nothing else.

use crate::interrupt::Interrupt;
use crate::process;
use crate::record::Trouble;
use crate::workload::{Figure, Pinning, Runtime, Sample, Setting, Unit, Workload};
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::panic::PanicHookInfo;
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::Instant;

/// The quantities that a sample with a latency has, and their quantiles.
pub const LATENCIES: [(&str, f64); 3] = [
    ("p50 latency", 0.5),
    ("p99 latency", 0.99),
    ("p99.9 latency", 0.999),
];

/// What a sample's process writes: one line of JSON, its last.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Taken(Taken),
    NotInstalled(String),
}

/// A sample that was taken.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Taken {
    /// Its quantities, those of the latency among them.
    pub(crate) figures: Vec<TakenFigure>,
    /// Latencies as (nanoseconds, count), ascending.
    pub(crate) latency: Vec<(u64, u64)>,
}

/// One quantity of a sample that was taken.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TakenFigure {
    /// What it is.
    pub(crate) quantity: String,
    /// In what unit.
    pub(crate) unit: Unit,
    /// How much; a finite number.
    pub(crate) value: f64,
}

/// What happens to a sample's process.
#[derive(Debug)]
pub(crate) enum Event {
    /// It closed its output; what it wrote there last.
    Closed(String),
    /// The run is to stop.
    Interrupted,
}

/// Why there is no sample.
#[derive(Debug)]
pub(crate) enum Missing {
    /// Something is wrong with it.
    Trouble(Trouble),
    /// The run is to stop.
    Interrupted,
}

/// Ends a sample whose workload needs a program that is not there, so that the table says so.
///
/// For workloads that `versus` runs: it ends the process.
pub fn not_installed(tool: &str) -> ! {
    let said = say(&Answer::NotInstalled(tool.to_owned()));
    std::process::exit(i32::from(said.is_err()))
}

/// Takes a sample in a child.
pub(crate) fn take(
    peer: &str,
    workload: &Workload,
    setting: Setting,
    interrupt: &Interrupt,
) -> Result<Taken, Missing> {
    let mut command = process::child(process::SAMPLE);
    command
        .args(["--peer", peer, "--workload", workload.name])
        .args(["--workers", &setting.workers.to_string()])
        .args(["--operations", &setting.operations.to_string()])
        .stderr(Stdio::piped());
    let (sender, events) = interrupt.listen();
    let started = Instant::now();
    let mut child = process::child_group(&mut command)
        .spawn()
        .map_err(|error| failed(format!("cannot start a process: {error}")))?;
    let output = child.stdout.take().expect("it is piped");
    let errors = child.stderr.take().expect("it is piped");
    // The send fails if nobody waits any more.
    thread::spawn(move || sender.send(Event::Closed(last_line(output))));
    let errors = thread::spawn(move || last_line(errors));

    let event = events.recv_timeout(workload.deadline);
    // What closed its output is about to exit, unless it hangs in doing so.
    let left = workload.deadline.saturating_sub(started.elapsed());
    let ended = matches!(event, Ok(Event::Closed(_))) && process::ends_within(&child, left);
    process::kill_group(&child);
    let status = child
        .wait()
        .map_err(|error| failed(format!("cannot wait for a process: {error}")))?;
    match event {
        Ok(Event::Interrupted) => Err(Missing::Interrupted),
        Ok(Event::Closed(line)) if ended => {
            // The group is dead, and with it whoever could hold the pipe open.
            let complaint = errors.join().unwrap_or_default();
            read(&line, status, &complaint)
        }
        Ok(Event::Closed(_)) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            let deadline = workload.deadline.as_secs();
            Err(Missing::Trouble(Trouble::Deadline(deadline)))
        }
    }
}

fn failed(line: String) -> Missing {
    Missing::Trouble(Trouble::Failed(line))
}

/// Makes sense of what a child left.
fn read(line: &str, status: ExitStatus, complaint: &str) -> Result<Taken, Missing> {
    if !status.success() {
        return Err(failed(match (complaint, status.code()) {
            ("", _) => status.to_string(),
            (complaint, Some(_)) => complaint.to_owned(),
            (complaint, None) => format!("{complaint} ({status})"),
        }));
    }
    match serde_json::from_str(line) {
        Ok(Answer::Taken(taken)) => Ok(taken),
        Ok(Answer::NotInstalled(tool)) => Err(Missing::Trouble(Trouble::NotInstalled(tool))),
        Err(_) => Err(failed("the sample's process gave no sample".to_owned())),
    }
}

/// The last line with something in it, of at most so much text that a child cannot fill the memory.
fn last_line(mut from: impl Read) -> String {
    const MOST: usize = 1 << 24;
    let mut tail = Vec::new();
    let mut chunk = vec![0; 1 << 16];
    // An error ends the text as its end does.
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        tail.extend_from_slice(&chunk[..length]);
        if tail.len() > 2 * MOST {
            tail.drain(..tail.len() - MOST);
        }
    }
    let text = String::from_utf8_lossy(&tail);
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty());
    line.unwrap_or_default().to_owned()
}

/// The child's side of [`take`]: takes the sample and writes it.
///
/// The error is a line for people.
pub(crate) fn give(
    runtimes: &[Runtime],
    peer: &str,
    workload: &str,
    setting: Setting,
) -> Result<(), String> {
    let runtime = runtimes.iter().find(|runtime| runtime.name == peer);
    let case = runtime
        .and_then(|runtime| {
            let mut cases = runtime.cases.iter();
            cases.find(|case| case.workload.name == workload)
        })
        .ok_or_else(|| format!("no workload {workload} of a peer {peer}"))?;
    process::end_with_parent(process::end_group);
    if case.workload.pinning == Pinning::OneProcessor {
        process::confine_to_one()
            .map_err(|error| format!("cannot pin to one processor: {error}"))?;
    }
    process::processors();
    let taken = taken((case.run)(setting))?;
    say(&Answer::Taken(taken)).map_err(|error| format!("cannot write the sample: {error}"))
}

fn taken(sample: Sample) -> Result<Taken, String> {
    let mut taken = Taken::default();
    let mut figures = sample.figures;
    if let Some(histogram) = sample.latency {
        if histogram.is_empty() {
            return Err("the sample has no latencies".to_owned());
        }
        figures.extend(LATENCIES.map(|(quantity, quantile)| Figure {
            quantity,
            unit: Unit::Nanoseconds,
            value: histogram.value_at_quantile(quantile) as f64,
        }));
        taken.latency = histogram
            .iter_recorded()
            .map(|bucket| {
                (
                    bucket.value_iterated_to(),
                    bucket.count_since_last_iteration(),
                )
            })
            .collect();
    }
    for figure in figures {
        if !figure.value.is_finite() {
            return Err(format!("{} is {}", figure.quantity, figure.value));
        }
        taken.figures.push(TakenFigure {
            quantity: figure.quantity.to_owned(),
            unit: figure.unit,
            value: figure.value,
        });
    }
    if taken.figures.is_empty() {
        return Err("the sample has no figures".to_owned());
    }
    Ok(taken)
}

fn say(answer: &Answer) -> io::Result<()> {
    let mut output = io::stdout().lock();
    serde_json::to_writer(&mut output, answer)?;
    output.write_all(b"\n")?;
    output.flush()
}

/// Has panics say what they have to say in one line, which is what becomes of it in a table.
pub(crate) fn panic_in_one_line() {
    std::panic::set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
        let said = panic.payload();
        let message = match said.downcast_ref::<&str>() {
            Some(message) => message,
            None => said
                .downcast_ref::<String>()
                .map_or("a panic without a message", String::as_str),
        };
        let message: Vec<&str> = message.split_whitespace().collect();
        let place = match panic.location() {
            Some(place) => format!(" ({}:{})", place.file(), place.line()),
            None => String::new(),
        };
        // There is nobody else to tell.
        let _ = writeln!(io::stderr(), "{}{place}", message.join(" "));
    }));
}
