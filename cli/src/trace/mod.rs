//! `leno trace`: makes of a trace, or of a black box, what a viewer opens.
//!
//! Both formats show the same: a track for each worker, on which the polls are, named for their tasks; arrows from who wakes or
//! spawns a task to its next poll; and moments, such as marks and steals.

#[cfg(unix)]
mod base64;
pub mod chrome;
pub mod perfetto;
mod timeline;

#[cfg(unix)]
use crate::answer::{TracedRuntime, Traces};
use clap::ValueEnum;
use leno::trace::Snapshot;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::time::Duration;

/// Makes a trace for Perfetto or Chrome of what leno has recorded
///
/// FILE is what `leno::trace::Snapshot::save` has written, or a black box (`LENO_BLACKBOX`), of a program that still runs, too. Of a
/// process PID it is what its recorder holds, or with --for what it does from now on; there is a file for each of its runtimes.
/// Open what comes of it at <https://ui.perfetto.dev>, or in chrome://tracing.
#[derive(Debug, clap::Args)]
#[command(
    after_long_help = "EXAMPLES:\n  leno trace slow-checkout.trace\n  leno trace 2817 --for 5\n  \
    leno trace 2817 --format chrome -o - | gzip > trace.json.gz"
)]
pub struct Arguments {
    /// A trace, a black box or a process
    #[arg(value_name = "FILE|PID")]
    source: PathBuf,
    /// For so many seconds the process is traced from now on
    #[cfg(unix)]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    r#for: Option<Duration>,
    /// Where to write; `-` is the standard output. Without this it is FILE with another ending, or leno-PID-RUNTIME
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// For which viewer
    #[arg(long, value_enum, default_value_t = Format::Perfetto)]
    format: Format,
}

/// A format that viewers open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Perfetto's own, small
    Perfetto,
    /// JSON, which Chrome and Perfetto open
    Chrome,
}

impl Format {
    fn ending(self) -> &'static str {
        match self {
            Self::Perfetto => "pftrace",
            Self::Chrome => "json",
        }
    }

    /// A snapshot in this format.
    pub fn encode(self, snapshot: &Snapshot) -> Vec<u8> {
        match self {
            Self::Perfetto => perfetto::encode(snapshot),
            Self::Chrome => chrome::encode(snapshot),
        }
    }
}

/// Converts a file, or what a process has recorded.
///
/// # Errors
///
/// If it cannot be read or is no trace, or the other cannot be written.
pub fn run(arguments: &Arguments) -> io::Result<()> {
    let source = &arguments.source;
    #[cfg(unix)]
    if let Some(pid) = process(source) {
        let recorded = recorded(pid, arguments.r#for)?;
        let several = recorded.len() > 1;
        for (runtime, snapshot) in recorded {
            let output = match &arguments.output {
                Some(output) if several && output != Path::new("-") => {
                    let ending = output.extension().unwrap_or_default().to_string_lossy();
                    output.with_extension(format!("{runtime}.{ending}"))
                }
                Some(output) => output.clone(),
                None => PathBuf::from(format!(
                    "leno-{pid}-{runtime}.{}",
                    arguments.format.ending()
                )),
            };
            write(&snapshot, arguments.format, &output)?;
        }
        return Ok(());
    }
    #[cfg(unix)]
    if arguments.r#for.is_some() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{} is no process, and --for is for those", source.display()),
        ));
    }
    let snapshot = Snapshot::load(source).map_err(|error| about(source, &error))?;
    let output = arguments.output.clone();
    let output = output.unwrap_or_else(|| source.with_extension(arguments.format.ending()));
    write(&snapshot, arguments.format, &output)
}

/// The process that is meant, if it is no file.
#[cfg(unix)]
fn process(source: &Path) -> Option<u32> {
    let pid = source.to_str()?.parse().ok()?;
    (!source.exists()).then_some(pid)
}

/// What each of its runtimes has recorded, by the runtime's id.
#[cfg(unix)]
fn recorded(pid: u32, time: Option<Duration>) -> io::Result<Vec<(String, Snapshot)>> {
    let answer = crate::client::trace::<Traces>(pid, time.unwrap_or_default());
    let runtimes = answer.map_err(io::Error::other)?.content.runtimes;
    let read = |runtime: TracedRuntime| {
        let bytes = base64::decode(&runtime.trace).ok_or(io::ErrorKind::InvalidData)?;
        Ok((runtime.title.id, Snapshot::from_bytes(&bytes)?))
    };
    runtimes.into_iter().map(read).collect()
}

fn write(snapshot: &Snapshot, format: Format, output: &Path) -> io::Result<()> {
    let bytes = format.encode(snapshot);
    if output == Path::new("-") {
        return io::stdout().write_all(&bytes);
    }
    std::fs::write(output, bytes).map_err(|error| about(output, &error))?;
    println!(
        "{}: {} events of {} tasks",
        output.display(),
        snapshot.events().count(),
        snapshot.tasks().count()
    );
    Ok(())
}

#[cfg(unix)]
fn seconds(text: &str) -> Result<Duration, String> {
    crate::command::seconds(text)
}

fn about(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
