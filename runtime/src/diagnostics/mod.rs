//! Diagnostics: what is wrong with the program that runs here.
//!
//! leno watches its tasks for the classic mistakes of asynchronous programs, and makes a [`Report`] of each that it finds:
//! what happened, to which task, where, and what to do about it. Reports are printed on the standard error, until the program
//! takes them over by [`on_report`].
//!
//! ```text
//! leno: task 903 "worker" panicked, and nobody will see it: its handle was dropped
//!       shop::worker::run::{{closure}}, spawned at src/worker.rs:30:5: "index out of bounds: the len is 3 but the index is 7"
//! ```
//!
//! # What is looked for
//!
//! A runtime's [`Builder`](crate::runtime::Builder::diagnostics) says it by a [`Diagnostics`]; without that it is what costs
//! nothing: see [`Diagnostics::default`]. Two environment variables add to what the program says, so that a program need not be
//! built anew:
//!
//! - `LENO_DEBUG=1`: everything (with `0`, `off`, `false`, `no` or nothing it says nothing);
//! - `LENO_DIAGNOSTICS`: a list of what to switch on or off, as in `slow-polls=20ms,socket,lost-failures=off`; see
//!   [`Diagnostics::with`]. With `abort` a test fails when anything is found.
//!
//! Each report has a [kind](ReportKind). Those of failures:
//!
//! | kind | what has happened | to say that it is meant |
//! | --- | --- | --- |
//! | `lost-panic`, `lost-error` | a task failed, and its handle was dropped before or after that | await the handle, or [detach](crate::task::JoinHandle::detach) it |
//! | `unread-result` | the same may be so: whether it is an error is not known | tell of the type by [`errors_of`] |
//! | `never-awaited` | a [`Coroutine`](crate::Coroutine) was dropped before anybody awaited it | [discard](crate::Coroutine::discard) it |
//! | `huge-future` | a task was made of a very large future | set the limit: [`Diagnostics::huge_futures`] |
//! | `cut-short` | a [`shield`](crate::task::shield) or a cleanup had not ended when its limit was up, or its runtime ended | give it a longer limit |
//! | `still-running` | a runtime was to end in a given time, and something did not | [`Runtime::shutdown`](crate::runtime::Runtime::shutdown) tells it the program alone |
//!
//! What is lost to somebody who unwinds is not reported, nor is an error of a task that was aborted, or told to end with its
//! runtime.
//!
//! # From outside
//!
//! The program `leno` (`cargo install leno-cli`) asks a running process which tasks it has, where they stand, and what it counts, if
//! the process has a [socket](Diagnostics::socket) for that; it answers while every worker is stuck. `leno ps` and `leno top` do
//! without: on Linux they read the memory of a process that nobody has prepared, or that is stopped.
//!
//! With the feature `tracing`, a report that nobody has taken over becomes an event (level `WARN`, target `leno::diagnostics`, fields
//! `kind`, `place` and `times`) instead of a line on the standard error, if the program has set a subscriber for all its threads.
//!
//! # Who runs what
//!
//! What is found on a worker is put into a queue, and a thread named `leno-diagnostics`, which is started for the first report,
//! makes the text, and prints it or calls the function of `on_report`. So a function that is slow or stuck holds up reports and
//! nothing else; if some thousand wait, further ones are only counted. A runtime that ends waits up to a second for reports that
//! have not been delivered, unless it ends without waiting for anything
//! ([`shutdown_background`](crate::runtime::Runtime::shutdown_background)). `std::process::exit` waits for none: [`flush`] does.

mod deliver;
mod dump;
mod errors;
pub(crate) mod graph;
mod json;
mod leaf;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod memory;
mod report;
mod scopes;
#[cfg(unix)]
mod server;
mod settings;
pub(crate) mod shutdown;
mod waits;

pub use deliver::{flush, on_report};
pub use dump::{Dump, Frame, RootDump, Stands, TaskDump};
pub use errors::errors_of;
pub use leaf::Leaf;
pub use report::{Report, ReportKind};
pub use settings::Diagnostics;

pub(crate) use deliver::{counts, flush_at_end};
pub(crate) use dump::take_elsewhere;
#[cfg(feature = "test-util")]
pub(crate) use leaf::leaves_of;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use memory::Found;
#[cfg(unix)]
pub(crate) use server::{HideAtEnd, show};
pub(crate) use settings::{prepare, tell_here};
pub(crate) use waits::start as watch_waits;
