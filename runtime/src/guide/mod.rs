//! The guide: asynchronous programs with leno, for who learns it, from the first coroutine to a service that is tuned.
//!
//! Each chapter is a page. They build on each other, but each can be read alone. Every program in them is compiled and run by leno's
//! tests as it stands there, and what they quote was printed by leno, or by rustc 1.95. You should know Rust: ownership, closures,
//! traits, threads. Nothing is assumed of asynchronous code.
//!
//! # The language
//!
//! | | | |
//! | ---: | --- | --- |
//! | 1 | [What a coroutine is](chapter_01_coroutines) | a value that holds a computation: its size, its states, polled by hand |
//! | 2 | [Awaiting and chaining](chapter_02_awaiting) | `.await`, coroutines that call coroutines, closures, traits, recursion |
//! | 3 | [Errors and panics](chapter_03_errors_and_panics) | how a failure reaches whoever awaits |
//! | 4 | [Sequential against concurrent](chapter_04_concurrency) | what runs at the same time, and the measured difference |
//! | 5 | [Tasks, `Send` and `'static`](chapter_05_tasks) | what the compiler refuses, what it means, how to mend it |
//! | 6 | [The pitfalls](chapter_06_pitfalls) | the classic mistakes, and what leno says of each |
//!
//! # Programs
//!
//! | | | |
//! | ---: | --- | --- |
//! | 7 | [Channels](chapter_07_channels) | which one, with an example of each |
//! | 8 | [Shared state](chapter_08_shared_state) | which lock, and guards across an `.await` |
//! | 9 | [`select!` and cancel safety](chapter_09_select) | the first of several, and what becomes of the others |
//! | 10 | [Timeouts and deadlines](chapter_10_timeouts) | for one operation, and for all that belongs to a request |
//! | 11 | [Streams of work](chapter_11_streams_of_work) | back-pressure: bounded channels, semaphores, groups with a limit |
//! | 12 | [Blocking and computing code](chapter_12_blocking) | what to do with code that does not await |
//! | 13 | [Graceful shutdown](chapter_13_graceful_shutdown) | a complete server that drains |
//!
//! # Tests, diagnosis, speed
//!
//! | | | |
//! | ---: | --- | --- |
//! | 14 | [Testing](chapter_14_testing) | a clock that stands still, and schedules that are searched |
//! | 15 | [A program that is stuck](chapter_15_diagnosing) | where everything stands, who waits for whom |
//! | 16 | [Tuning](chapter_16_tuning) | what can be set, what it is worth, and how to measure it |
//!
//! # From elsewhere
//!
//! | | | |
//! | ---: | --- | --- |
//! | 17 | [Moving from tokio](chapter_17_moving_from_tokio) | what is the same, what differs, how to rename |
//! | 18 | [Coming from asyncio](chapter_18_coming_from_asyncio) | tables of equivalents and differences |
//! | 19 | [Coming from Go](chapter_19_coming_from_go) | tables of equivalents and differences |
//!
//! # To try it
//!
//! ```toml
//! [dependencies]
//! leno = { path = "../leno/runtime", features = ["full", "diagnostics"] }
//! ```
//!
//! with the path of a checkout. Each example that has a `fn main` is a program: put it in `src/main.rs`, and `cargo run`. The chapters
//! leave out what is no part of their subject; the reference of a module has all of it. Beside this guide there are a tour in
//! the same order that prints the code it runs (`cargo run --example coroutines`), the chapter on [tasks and groups](crate::task), and
//! that on simulation (`leno::sim`).

pub mod chapter_01_coroutines {
    #![doc = include_str!("chapter_01_coroutines.md")]
}
pub mod chapter_02_awaiting {
    #![doc = include_str!("chapter_02_awaiting.md")]
}
pub mod chapter_03_errors_and_panics {
    #![doc = include_str!("chapter_03_errors_and_panics.md")]
}
pub mod chapter_04_concurrency {
    #![doc = include_str!("chapter_04_concurrency.md")]
}
pub mod chapter_05_tasks {
    #![doc = include_str!("chapter_05_tasks.md")]
}
pub mod chapter_06_pitfalls {
    #![doc = include_str!("chapter_06_pitfalls.md")]
}
pub mod chapter_07_channels {
    #![doc = include_str!("chapter_07_channels.md")]
}
pub mod chapter_08_shared_state {
    #![doc = include_str!("chapter_08_shared_state.md")]
}
pub mod chapter_09_select {
    #![doc = include_str!("chapter_09_select.md")]
}
pub mod chapter_10_timeouts {
    #![doc = include_str!("chapter_10_timeouts.md")]
}
pub mod chapter_11_streams_of_work {
    #![doc = include_str!("chapter_11_streams_of_work.md")]
}
pub mod chapter_12_blocking {
    #![doc = include_str!("chapter_12_blocking.md")]
}
pub mod chapter_13_graceful_shutdown {
    #![doc = include_str!("chapter_13_graceful_shutdown.md")]
}
pub mod chapter_14_testing {
    #![doc = include_str!("chapter_14_testing.md")]
}
pub mod chapter_15_diagnosing {
    #![doc = include_str!("chapter_15_diagnosing.md")]
}
pub mod chapter_16_tuning {
    #![doc = include_str!("chapter_16_tuning.md")]
}
pub mod chapter_17_moving_from_tokio {
    #![doc = include_str!("chapter_17_moving_from_tokio.md")]
}
pub mod chapter_18_coming_from_asyncio {
    #![doc = include_str!("chapter_18_coming_from_asyncio.md")]
}
pub mod chapter_19_coming_from_go {
    #![doc = include_str!("chapter_19_coming_from_go.md")]
}
