//! The flight recorder: what the workers of a runtime have done last, polls, wakes, spawns, and when.
//!
//! It is for the question *what was going on just now*, asked after something went wrong: the record is there already. Each
//! worker writes to a ring of its own, which holds its last 16,384 events; nothing is sent anywhere, and nothing grows.
//!
//! ```
//! use leno::trace;
//!
//! let runtime = leno::runtime::Builder::new_multi_thread()
//!     .diagnostics(leno::diagnostics::Diagnostics::default().recorder(true))
//!     .enable_all()
//!     .build()?;
//! runtime.block_on(async {
//!     let task = leno::task::Builder::new().name("checkout").spawn(async {
//!         trace::mark("paid");
//!     })?;
//!     task.await?;
//!
//!     let snapshot = trace::snapshot()?;
//!     for event in snapshot.events() {
//!         println!("{:?} on {:?}: {:?}", event.time, event.worker, event.kind);
//!     }
//! #   let folder = tempfile::tempdir()?;
//! #   std::env::set_current_dir(folder.path())?;
//!     snapshot.save("slow-checkout.trace")?;
//! #   std::env::set_current_dir("/")?;
//!     Ok::<(), std::io::Error>(())
//! })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The program `leno` shows it: `leno trace slow-checkout.trace` makes a file that [Perfetto](https://ui.perfetto.dev) opens,
//! with a track for each worker, and arrows from who wakes to who is woken.
//!
//! # How closely
//!
//! - **Not at all**: the usual state, which costs nothing.
//! - **Recording**, to be always on: [`Diagnostics::recorder`](crate::diagnostics::Diagnostics::recorder), or the environment variable
//!   `LENO_DIAGNOSTICS=recorder`. The clock is read for each event while polls last more than a microsecond, and for one of sixteen
//!   while they do not. It costs 2 ns for each poll (of 12, if the task does nothing but wake itself), or 11 where the clock is read.
//! - **Tracing**, for as long as somebody looks: [`start`], until the guard is dropped. The clock is read for each event, some 10 ns.
//!
//! Tasks of a [`LocalSet`](crate::task::LocalSet), the future of a `block_on`, and blocking closures are not recorded.
//!
//! # When something is found
//!
//! [`Diagnostics::record_to`](crate::diagnostics::Diagnostics::record_to) names a directory, and so does `LENO_DIAGNOSTICS=record-to=DIRECTORY`:
//! when a slow poll, a deadlock or a panic that nobody sees is reported, what was recorded up to then is saved there, and the
//! report says where.
//!
//! # A black box
//!
//! With the environment variable `LENO_BLACKBOX=DIRECTORY` all runtimes of the process are recorded, and the rings are in a file,
//! `DIRECTORY/leno-PID.blackbox`. It is there when the process is gone, by `kill -9` too, and [`Snapshot::load`] and `leno trace`
//! read it. It takes some 512 KiB, and as much again for each worker, whose room is asked for at once; if there is none, or no
//! such directory, that is told on the standard error, and the program goes on. A forked child leaves its parent's file alone, if it was
//! forked by libc's `fork`: a child that is made by the bare system call, and goes on running tasks, writes to the same file.
//! Files stay until somebody deletes them; a process that finds one of its own number, which an earlier one has left, makes
//! `leno-PID-2.blackbox`, and so on up to 16, after which there is none until somebody has tidied up. Not on Windows.
//!
//! # The file's format
//!
//! Little-endian words of 64 bits: a head of 16, `lenotrac` and the version first; then a table of strings, and for each worker its
//! rings. The file `runtime/src/trace/format.rs` describes it in full.

mod black_box;
mod events;
mod format;
mod of_reports;
mod recording;
mod snapshot;
mod tasks;
#[cfg(test)]
mod tests;

pub use events::{Cause, Event, EventKind, Outcome, Worker};
pub use snapshot::Snapshot;
pub use tasks::TracedTask;

pub(crate) use of_reports::{record_to, write};
pub(crate) use recording::begin;

use crate::kernel::observe::{self, Change};
use crate::runtime::Handle;
use std::io;

/// Copies what the current runtime's recorder holds, while the runtime goes on.
///
/// It may be called anywhere in the runtime, in a panic hook too. Besides the rings it looks at the tasks that are there
/// ([`Handle::tasks`]), so that it knows those that were spawned before anything was recorded; if there are more than some
/// 16,000, those only that events speak of.
///
/// # Errors
///
/// Outside of a runtime, and if nothing has been recorded of it: [`NotFound`](io::ErrorKind::NotFound).
///
/// # Cost
///
/// Some hundred microseconds for each worker, on the calling thread.
pub fn snapshot() -> io::Result<Snapshot> {
    snapshot_of(&current()?)
}

/// As [`snapshot`], of another runtime than the current one.
///
/// # Errors
///
/// If nothing has been recorded of it: [`NotFound`](io::ErrorKind::NotFound).
pub fn snapshot_of(handle: &Handle) -> io::Result<Snapshot> {
    Snapshot::take(handle)
}

/// Traces the current runtime until the guard is dropped: every event, with its time.
///
/// Workers begin when they next look around, within 100 µs or so, or wake up.
///
/// # Errors
///
/// Outside of a runtime.
///
/// # Example
///
/// ```
/// # leno::runtime::Builder::new_multi_thread().build()?.block_on(async {
/// let tracing = leno::trace::start()?;
/// leno::spawn(async { leno::trace::mark("hello") }).await?;
/// let snapshot = tracing.finish()?;
/// # let _ = snapshot;
/// # std::io::Result::Ok(())
/// # })?;
/// # std::io::Result::Ok(())
/// ```
pub fn start() -> io::Result<Tracing> {
    Ok(start_of(&current()?))
}

/// As [`start`], for another runtime than the current one.
pub fn start_of(handle: &Handle) -> Tracing {
    recording::change(handle.inner(), Change::BeginTrace);
    Tracing {
        handle: handle.clone(),
    }
}

/// Has a runtime recorded from now on, or not any more, as [`Diagnostics::recorder`](crate::diagnostics::Diagnostics::recorder) has it
/// from its start. What has been recorded stays.
pub fn record(handle: &Handle, on: bool) {
    recording::change(handle.inner(), Change::Record(on));
}

/// A runtime is traced as long as this is there; see [`start`].
#[derive(Debug)]
#[must_use = "tracing ends when this is dropped"]
pub struct Tracing {
    handle: Handle,
}

impl Tracing {
    /// Ends it, and copies what has been traced, or the last of it.
    ///
    /// # Errors
    ///
    /// None as it is; see [`snapshot`].
    pub fn finish(self) -> io::Result<Snapshot> {
        snapshot_of(&self.handle)
    }
}

impl Drop for Tracing {
    fn drop(&mut self) {
        recording::change(self.handle.inner(), Change::EndTrace);
    }
}

/// Marks this moment in the record of the current runtime, if there is one: an event of the program's own.
///
/// # Cost
///
/// Some nanoseconds if nothing is recorded, some 50 if it is.
pub fn mark(label: &'static str) {
    if !observe::with_recorder(|recorder| recorder.mark(label)) {
        mark_outside(label);
    }
}

#[cold]
fn mark_outside(label: &'static str) {
    if let Ok(handle) = Handle::try_current() {
        handle.inner().observation().mark_from_outside(label);
    }
}

fn current() -> io::Result<Handle> {
    Handle::try_current().map_err(io::Error::other)
}
