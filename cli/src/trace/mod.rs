//! `leno trace`: makes of a trace, or of a black box, what a viewer opens.
//!
//! Both formats show the same: a track for each worker, on which the polls are, named for their tasks; arrows from who wakes or
//! spawns a task to its next poll; and moments, such as marks and steals.

pub mod chrome;
pub mod perfetto;
mod timeline;

use clap::ValueEnum;
use leno::trace::Snapshot;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Makes a trace for Perfetto or Chrome of what leno has recorded
///
/// FILE is what `leno::trace::Snapshot::save` has written, or a black box (`LENO_BLACKBOX`), of a program that still runs, too.
/// Open what comes of it at https://ui.perfetto.dev, or in chrome://tracing.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A trace or a black box
    file: PathBuf,
    /// Where to write; `-` is the standard output. Without this it is FILE with another ending
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

/// Converts a file.
///
/// # Errors
///
/// If it cannot be read or is no trace, or the other cannot be written.
pub fn run(arguments: &Arguments) -> io::Result<()> {
    let file = &arguments.file;
    let snapshot = Snapshot::load(file).map_err(|error| about(file, &error))?;
    let bytes = arguments.format.encode(&snapshot);
    let output = match &arguments.output {
        Some(output) if output == Path::new("-") => return io::stdout().write_all(&bytes),
        Some(output) => output.clone(),
        None => file.with_extension(arguments.format.ending()),
    };
    std::fs::write(&output, bytes).map_err(|error| about(&output, &error))?;
    println!(
        "{}: {} events of {} tasks",
        output.display(),
        snapshot.events().count(),
        snapshot.tasks().count()
    );
    Ok(())
}

fn about(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
