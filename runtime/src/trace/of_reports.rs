//! Files that are written when something is found: what the runtimes of this process did just before.
//!
//! [`Diagnostics::record_to`](crate::diagnostics::Diagnostics::record_to) enters a runtime here. Whoever delivers reports, the
//! thread `leno-diagnostics`, asks for a file; no task waits for that, nor does any lock that one could want. There is one table for
//! the process: a report does not say which runtime it is about, and what another one did at the same time belongs to the answer.
//!
//! A forked child has a table of its own, which is empty.

use super::Snapshot;
use crate::prim::process::PerProcess;
use crate::runtime::Handle;
use crate::runtime::inner::Inner;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The most files that a process writes: an hour of reports is not to fill the disk.
const MOST: usize = 16;

/// The largest number in a file's name.
const LAST: usize = 9999;

static RECORDED: PerProcess<Mutex<Recorded>> = PerProcess::new();

#[derive(Debug, Default)]
struct Recorded {
    runtimes: Vec<(Weak<Inner>, PathBuf)>,
    written: usize,
    /// That a file cannot be written has been said.
    warned: bool,
}

fn recorded() -> MutexGuard<'static, Recorded> {
    RECORDED
        .get()
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// What this runtime records goes to that directory when something is found.
pub(crate) fn record_to(runtime: &Arc<Inner>, directory: &Path) {
    let mut recorded = recorded();
    let alive = |(runtime, _): &(Weak<Inner>, _)| runtime.strong_count() > 0;
    recorded.runtimes.retain(alive);
    let entry = (Arc::downgrade(runtime), directory.to_owned());
    recorded.runtimes.push(entry);
}

/// Writes what is recorded, a file in each directory that somebody has named; returns where. What cannot be written is told once.
pub(crate) fn write() -> Vec<PathBuf> {
    let mut directories: Vec<(PathBuf, Vec<Handle>)> = Vec::new();
    {
        let recorded = recorded();
        if recorded.written >= MOST {
            return Vec::new();
        }
        for (runtime, directory) in &recorded.runtimes {
            let Some(runtime) = runtime.upgrade() else {
                continue;
            };
            let handle = Handle::from_inner(runtime);
            match directories.iter_mut().find(|(there, _)| there == directory) {
                Some((_, handles)) => handles.push(handle),
                None => directories.push((directory.clone(), vec![handle])),
            }
        }
    }
    // Out of the lock from here on, what is dropped included.
    let mut paths = Vec::new();
    for (directory, handles) in directories {
        // If nothing has been recorded there is nothing to write.
        let Ok(snapshot) = Snapshot::take_all(&handles) else {
            continue;
        };
        match write_new(&snapshot, &directory) {
            Ok(path) => paths.push(path),
            Err(error) => warn(&directory, &error),
        }
    }
    recorded().written += paths.len();
    paths
}

/// A file that is not there yet: the last process that had this number may have left some.
fn write_new(snapshot: &Snapshot, directory: &Path) -> io::Result<PathBuf> {
    let pid = std::process::id();
    for number in 1..=LAST {
        let path = directory.join(format!("leno-{pid}-{number}.trace"));
        match File::create_new(&path) {
            // The name is ours; what it stands for comes when it is whole.
            Ok(_) => {
                let saved = snapshot.save(&path);
                if saved.is_err() {
                    let _ = std::fs::remove_file(&path);
                }
                return saved.map(|()| path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn warn(directory: &Path, error: &io::Error) {
    if !std::mem::replace(&mut recorded().warned, true) {
        // Nobody is left to tell if this fails.
        let _ = writeln!(
            io::stderr(),
            "leno: what was recorded cannot be written to {}: {error}",
            directory.display()
        );
    }
}
