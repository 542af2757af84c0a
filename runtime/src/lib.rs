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
//! `tokio = { package = "leno", features = ["full"] }`.
//!
//! # Features
//!
//! Each switches code and dependencies on. Those with tokio's names mean what they do there; unlike tokio's, the default is not
//! empty. Where one is missing the compiler names it, of modules, functions and types; for methods the documentation does.
//!
//! | feature | brings | by default |
//! | --- | --- | --- |
//! | `rt` | the current-thread runtime, tasks | yes, by others |
//! | `rt-multi-thread` | the multi-threaded runtime, `block_in_place` | yes |
//! | `time` | [`time`] | yes |
//! | `sync` | [`sync`] | yes |
//! | `net` | [`net`], `io::unix::AsyncFd` | yes |
//! | `io-util` | the extension traits of [`io`], buffers, copies, pipes in memory | yes |
//! | `macros` | `#[leno::main]`, `#[leno::test]`, `select!`, `join!`, `try_join!` | yes |
//! | `coroutine` | `#[leno::coroutine]`, `#[leno::cancel_safe]` | yes |
//! | `introspection` | `diagnostics`, `trace`, what the program `leno` asks | yes |
//! | `structured` | structured concurrency: [`task::group`], [`task::supervise`], [`task::local_group`], [`task::race`], [`task::Scope`] | yes |
//! | `fs`, `io-std`, `process`, `signal` | the modules of these names; the standard streams | no |
//! | `full` | all of the above but `coroutine`, `introspection` and `structured` | no |
//! | `test-util` | `time::{pause, resume, advance}`; with `introspection`, `test::cancel_at_every_await` | no |
//! | `diagnostics` | names, files and lines in reports | no |
//! | `hyper`, `sim`, `tracing` | see `hyper`, `sim`, `diagnostics` | no |
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
#![cfg_attr(docsrs, feature(doc_cfg))]
// Parts have more inside than a build without their users calls; what nobody calls is not compiled to code.
// The documentation is whole with all features, as docs.rs has it.
#![cfg_attr(
    not(all(
        feature = "full",
        feature = "introspection",
        feature = "structured",
        feature = "test-util"
    )),
    allow(
        dead_code,
        unreachable_code,
        unused_imports,
        unused_macros,
        unused_variables,
        rustdoc::broken_intra_doc_links
    )
)]

#[cfg(feature = "rt")]
#[doc(hidden)]
pub mod attribute;
#[cfg(feature = "rt")]
mod coroutine;
#[cfg(feature = "introspection")]
#[cfg_attr(docsrs, doc(cfg(feature = "introspection")))]
pub mod diagnostics;
#[cfg(feature = "fs")]
#[cfg_attr(docsrs, doc(cfg(feature = "fs")))]
pub mod fs;
#[cfg(any(doc, all(doctest, feature = "full")))]
pub mod guide;
#[cfg(feature = "hyper")]
#[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
pub mod hyper;
#[cfg(feature = "rt")]
mod introspection;
pub mod io;
mod kernel;
#[doc(hidden)]
pub mod macros;
#[cfg(feature = "net")]
#[cfg_attr(docsrs, doc(cfg(feature = "net")))]
pub mod net;
mod prim;
#[cfg(all(unix, feature = "process"))]
#[cfg_attr(docsrs, doc(cfg(feature = "process")))]
pub mod process;
#[cfg(feature = "rt")]
#[cfg_attr(docsrs, doc(cfg(feature = "rt")))]
pub mod runtime;
#[cfg(all(unix, feature = "signal"))]
#[cfg_attr(docsrs, doc(cfg(feature = "signal")))]
pub mod signal;
#[cfg(feature = "sim")]
#[cfg_attr(docsrs, doc(cfg(feature = "sim")))]
pub mod sim;
#[cfg(feature = "introspection")]
mod symbols;
#[cfg(feature = "sync")]
#[cfg_attr(docsrs, doc(cfg(feature = "sync")))]
pub mod sync;
#[cfg(feature = "rt")]
#[cfg_attr(docsrs, doc(cfg(feature = "rt")))]
pub mod task;
#[cfg(all(feature = "introspection", feature = "test-util"))]
#[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
pub mod test;
#[cfg(feature = "time")]
#[cfg_attr(docsrs, doc(cfg(feature = "time")))]
pub mod time;
#[cfg(feature = "introspection")]
#[cfg_attr(docsrs, doc(cfg(feature = "introspection")))]
pub mod trace;

// The runtime's own waits, which are there without the features too. They have other names here, so that the compiler tells of
// the feature whoever looks for the public ones in vain.
#[cfg(feature = "sync")]
use sync as locks;
#[cfg(not(feature = "sync"))]
#[path = "sync/mod.rs"]
mod locks;
#[cfg(feature = "time")]
use time as timers;
#[cfg(all(feature = "rt", not(feature = "time")))]
#[path = "time/mod.rs"]
mod timers;

#[cfg(feature = "rt")]
#[cfg_attr(docsrs, doc(cfg(feature = "rt")))]
pub use coroutine::Coroutine;
#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
pub use leno_macros::{main, test};
// There without the feature too, to say which one it is.
#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "coroutine")))]
pub use leno_macros::{cancel_safe, coroutine};
#[cfg(feature = "rt")]
#[cfg_attr(docsrs, doc(cfg(feature = "rt")))]
pub use task::spawn;

/// The examples of the README, as tests.
#[cfg(all(doctest, unix, feature = "full"))]
#[doc = include_str!("../README.md")]
struct Readme;
