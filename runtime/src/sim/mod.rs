//! Running a program under many schedules, until one breaks it: seeds, exploration, replay, shrinking. With the feature `sim`.
//!
//! In production the order in which tasks have their turns is an accident of the machine. Here it is drawn, from a seed, so a run can be done
//! again; and thousands of orders are tried in a second. What fails is done once more to be sure, made small, and told as what
//! *differs* from a calm run that passes. The program is not changed, and needs no other types: it is leno that asks.
//!
//! # A first bug in five minutes
//!
//! ```toml
//! [dev-dependencies]
//! leno = { version = "0.1", features = ["sim", "diagnostics"] }    # `diagnostics`: reports name the lines that are awaited
//! ```
//!
//! ```
//! # // What `#[leno::test(sim)]` would do, but so that it can be seen to fail.
//! use leno::sync::Mutex;
//! use std::sync::Arc;
//!
//! /// Two accounts, and two transfers that take their locks in opposite orders.
//! async fn transfers() {
//!     let accounts = Arc::new((Mutex::new(10), Mutex::new(10)));
//!     let there = accounts.clone();
//!     let task = leno::spawn(async move {
//!         let mut from = there.0.lock().await;
//!         let mut to = there.1.lock().await;
//!         *from -= 1;
//!         *to += 1;
//!     });
//!     {
//!         let mut from = accounts.1.lock().await;
//!         let mut to = accounts.0.lock().await;
//!         *from -= 1;
//!         *to += 1;
//!     }
//!     task.await.unwrap();
//! }
//!
//! # let traces = std::env::temp_dir().join(format!("leno-sim-guide-{}", std::process::id()));
//! let failed = leno::sim::Builder::new()
//!     .name("transfers")
//! #   .traces(&traces)
//!     .run(transfers)
//!     .unwrap_err();
//! println!("{failed}");
//! assert!(failed.to_string().contains("deadlock"));
//! # assert_eq!(failed.found[0].why.len(), 1, "{failed}");
//! # std::fs::remove_dir_all(traces).unwrap();
//! ```
//!
//! Such a test passes in production nearly always: a lock that is free does not suspend whoever takes it, so both transfers are over before
//! the other begins. The report says
//!
//! ```text
//! transfers: deadlock at 0 ns, seed 1 of 1,000 (walk(1/2)), shrunk from 3 decisions to 1 in 5 runs
//!   nobody can go on, 0ns after the start
//!   the calm run passes. This one differs in
//!     1  the test's future is held up before its 3rd turn, until nobody else can go on
//!   task 0 (src/lib.rs:20)
//!     waits at src/lib.rs:22 for lock A, which is held by the test's future
//!   the test's future
//!     waits at src/lib.rs:28 for lock B, which is held by task 0 (src/lib.rs:20)   ← here it closes
//!   the last steps
//!     turn 1 of the test's future
//!       it is held up
//!     turn 1 of task 0 (src/lib.rs:20)
//!     turn 4 of the test's future
//!   run it again:  LENO_SIM_REPLAY=target/leno-sim/transfers-4ffc.trace cargo test transfers
//!   keep it:       #[leno::test(sim, replay = "target/leno-sim/transfers-4ffc.trace")]
//! ```
//!
//! # How to read a report
//!
//! - **The headline**: what kind of failure, at which virtual time, which seed and strategy found it, and how far it was shrunk.
//! - **What differs.** The calm run is first come, first served, and nobody is held up. A line names an actor, and at which of its *turns* it
//!   was held: a turn goes from one leaf (a lock, a channel, a timer that is awaited) to the next. A task is called by its name, if it has
//!   one ([`task::Builder`](crate::task::Builder)), its path (`0.1` is the second task that the first one has spawned) and the line of its
//!   spawn.
//! - **Who waits for whom**, if nobody can go on: the [wait-for graph](crate::diagnostics) of all tasks and of the test's future. "Promised to a
//!   future that has not been polled since" is the *futurelock*: a lock was handed to a future that its own task does not poll.
//! - **The last steps**, and how to run it again. The trace is a text file: commit it, and `replay` keeps it as a test.
//!
//! # What is found, and what is not
//!
//! A poll runs from leaf to leaf as one step. What goes wrong *between* two awaits is found here: check then act, lock order, half of a message
//! lost in a `select!`, a wake-up that comes too early. What goes wrong *inside* of one step (two atomics, `borrow` then `send` without an await)
//! is not, nor is a weak memory ordering: for that there is [loom](https://docs.rs/loom), with which leno itself is modelled.
//!
//! No alarm is false: each hold is one that production can bring about, since a task's budget may be over at any leaf; and each order of tasks
//! is one of stealing and waking. "All" is said only of what was all: a walk says how many runs it made, a systematic strategy what it has
//! covered.
//!
//! # What is simulated
//!
//! | | |
//! | --- | --- |
//! | tasks, locks, channels, `select!`, [`LocalSet`](crate::task::LocalSet) | every order |
//! | time | stands still, and moves to the next deadline when nobody can go on; an hour takes no time |
//! | [`spawn_blocking`](crate::task::spawn_blocking), blocking receives, `block_on` in a closure | steps with a place in the order like any other |
//! | files | real ones, in steps: what they hold outlives a run |
//! | sockets, pipes, signals, child processes | refused: use [`io::duplex`](crate::io::duplex) |
//! | another runtime | refused where it is built: spawn on the current one |
//! | `std::thread::spawn` | not seen; a wake that comes from there ends the run as refused |
//! | `std::time::Instant`, entropy, keys of a `HashMap`, statics | real: if they decide anything, the check of two equal runs finds it |
//! | a panic | fails the run if it ends a task, a closure or the test; one that the program catches itself does not |
//! | a loop that never awaits | a watchdog ends the process, and says so |
//!
//! # Strategies
//!
//! | | for |
//! | --- | --- |
//! | portfolio, the usual one | a bit of all that follow, by the seed |
//! | walk | whoever is ready may go, each leaf may hold: simple bugs in few runs |
//! | PCT | random priorities that change at few points: a bound on the probability to find a bug of a given depth (Burckhardt et al., 2010) |
//! | POS | a priority for each step, drawn anew where steps conflict (Yuan et al., 2018) |
//! | delays | *all* schedules in which somebody is passed over at most so often (Emmi et al., 2011): small tests, a claim in the end |
//! | exhaustive | all schedules: tests of few steps |
//! | DPOR | one schedule of each class (Abdulla et al., 2014), of tests that say `shared = "leno"`: their tasks share nothing that leno does not see |
//!
//! One of your own implements [`Chooser`]: see there, and [`Builder::chooser`].
//!
//! # Many machines
//!
//! Seeds are the unit. `LENO_SIM=seeds=0..1000000` widens a test without a change, `LENO_SIM_SHARD=3/16` takes a sixteenth of them, and
//! `LENO_SIM_OUT=dir` appends a line for each exploration, which `leno-sim merge dir/*.jsonl` adds up: distinct failures, with the shortest trace
//! of each, and shards that are missing. What cluster engines set is read too: see `leno-sim`'s README for a manifest of each.
//!

mod asking;
pub(crate) mod attribute;
mod builder;
mod environment;
mod line;
mod once;
mod panics;
mod program;
mod standing;
mod watchdog;

pub use builder::Builder;
pub use leno_sim::{
    Access, Actor, Actors, Because, Budget, Chooser, Decision, Ended, Failed, Failure, FailureKind,
    Found, Key, Kind, NotAStrategy, Point, Resource, Run, Strategy, Summary,
};
pub use program::Isolate;

/// For this project's own tests: budgets of workers are drawn. No part of the interface.
#[doc(hidden)]
pub use crate::prim::asked::{RandomBudgets, random_budgets};

use crate::prim::asked;
use std::panic::Location;

/// True on a thread that runs a simulation, in the middle of a run.
///
/// ```
/// assert!(!leno::sim::is_running());
/// ```
pub fn is_running() -> bool {
    asked::asks()
}

/// A number below `count` that the simulation draws, and writes down like all of its decisions; 0 is the calm choice, and the answer
/// outside of a simulation.
///
/// # Panics
///
/// If `count` is 0.
pub fn choose(count: u32) -> u32 {
    assert!(count != 0, "`choose(0)`: there is no number below 0");
    asked::chance(count).unwrap_or(0)
}

/// True with about this probability, as the simulation draws it; false is the calm choice, and the answer outside of a simulation.
///
/// # Panics
///
/// If `probability` is not in 0..=1.
pub fn chance(probability: f64) -> bool {
    assert!(
        (0.0..=1.0).contains(&probability),
        "`chance({probability})`: a probability is from 0 to 1"
    );
    const PARTS: u32 = 1 << 16;
    let parts = (probability * f64::from(PARTS)) as u32;
    // The highest numbers are yes, so that 0 is no.
    choose(PARTS) >= PARTS - parts && parts != 0
}

/// In some run of the exploration `is_so` should be true: if it never is, the exploration fails. So a test cannot pass without
/// having come to what it is about.
///
/// Does nothing outside of a simulation. Use [`sometimes!`](macro@crate::sometimes) if there is nothing to compute.
#[track_caller]
pub fn sometimes(is_so: bool, name: &'static str) {
    asked::sometimes(name, Location::caller(), is_so);
}

/// In all runs `is_so` should be true: the run in which it is not has failed, and goes on.
///
/// Does nothing outside of a simulation.
#[track_caller]
pub fn always(is_so: bool, name: &'static str) {
    asked::always(name, Location::caller(), is_so);
}

#[doc(inline)]
pub use crate::sometimes;

/// [`sim::sometimes`](crate::sim::sometimes()), that compiles to nothing in the program's way: it may stand in code that is not only for
/// tests if the feature `sim` is on there.
///
/// ```
/// use leno::sim::sometimes;
///
/// let retries = 1;
/// sometimes!(retries > 0, "a request was sent again");
/// ```
#[macro_export]
macro_rules! sometimes {
    ($is_so:expr, $name:expr $(,)?) => {
        $crate::sim::sometimes($is_so, $name)
    };
}
