//! A multi-threaded work-stealing async runtime: small enough to read in a weekend, proved in parts by models.
//!
//! A call of an `async fn` makes a *coroutine*, a value that does nothing until it is awaited or spawned. It suspends
//! without holding a thread, goes on where it left off, chains with others, and its failures reach whoever awaits it.
//! leno runs coroutines on all cores (or on one thread), with timers, sockets and channels.
//!
//! ```
//! use leno::time::{Duration, sleep};
//!
//! async fn double(number: u32) -> u32 {
//!     sleep(Duration::from_millis(1)).await;
//!     number * 2
//! }
//!
//! #[leno::main]
//! async fn main() {
//!     // Two tasks run at the same time; awaiting a handle gives what its task returned.
//!     let (a, b) = (leno::spawn(double(10)), leno::spawn(double(11)));
//!     assert_eq!(a.await.unwrap() + b.await.unwrap(), 42);
//! }
//! ```
//!
//! The names, signatures and semantics are those of tokio's stable API, so a program moves by renaming one dependency:
//! `tokio = { package = "leno", features = ["full"] }`. All of tokio's features are there, so that a manifest may go on naming
//! them; they switch nothing off yet.
//!
//! # Where to look
//!
//! | for | see |
//! | --- | --- |
//! | learning it, chapter by chapter | the [`guide`] |
//! | starting a runtime | [`#[leno::main]`](macro@main), [`runtime`] |
//! | tasks | [`spawn`], [`task`] |
//! | calls that nobody awaits | [`#[leno::coroutine]`](macro@coroutine), [`diagnostics`] |
//! | waiting for several things | [`select!`], [`join!`], [`try_join!`], [`task::race`], [`task::local_group`] |
//! | what may be dropped while it waits | [`task::CancelSafe`], [`#[leno::cancel_safe]`](macro@cancel_safe) |
//! | time | [`time`] |
//! | channels and locks | [`sync`] |
//! | sockets and signals | [`net`], [`signal`] |
//! | reading and writing | [`io`] |
//! | files, other programs | [`fs`], [`process`] |
//! | code that waits without `.await` | [`task::spawn_blocking`], [`task::block_in_place`] |
//! | what becomes of state when a future is dropped halfway | `test::cancel_at_every_await`, with the feature `test-util` |
//! | hyper on leno | `hyper`, with the feature of that name |
//!
//! # What it promises
//!
//! - A task is one allocation, of 72 bytes more than its future and what tells it from its output.
//! - A panic in a task reaches whoever awaits it, and nobody else.
//! - Dropping a runtime cancels its tasks, and returns when their futures are gone and its threads have ended.
//! - A task that is always ready yields to the others after 128 steps of progress.
//! - Misuse (no runtime, waiting in asynchronous code, a runtime without timers) panics at the caller's line, with a text that
//!   says what to do. For a future that is the line of its `.await`. Where leno itself polls it, as it was given to `spawn` or
//!   `block_on`, the text says where it was made, and that of a runtime that ends in a destructor says where that was built.
//!   Only [`io::copy`] and its kin, over a file outside of a runtime, name their own.

#![warn(missing_docs)]

#[doc(hidden)]
pub mod attribute;
mod coroutine;
pub mod diagnostics;
pub mod fs;
#[cfg(any(doc, doctest))]
pub mod guide;
#[cfg(feature = "hyper")]
pub mod hyper;
pub mod io;
mod kernel;
#[doc(hidden)]
pub mod macros;
pub mod net;
mod prim;
#[cfg(unix)]
pub mod process;
pub mod runtime;
#[cfg(unix)]
pub mod signal;
#[cfg(feature = "sim")]
pub mod sim;
mod symbols;
pub mod sync;
pub mod task;
#[cfg(feature = "test-util")]
pub mod test;
pub mod time;
pub mod trace;

pub use coroutine::Coroutine;
pub use leno_macros::{cancel_safe, coroutine, main, test};
pub use task::spawn;

/// The examples of the README, as tests.
#[cfg(all(doctest, unix))]
#[doc = include_str!("../README.md")]
struct Readme;
