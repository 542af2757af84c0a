//! Running a program under many schedules: seeds, exploration, replay.
//!
//! With the feature `sim`.

mod asking;
pub(crate) mod attribute;
mod builder;
mod environment;
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
/// Does nothing outside of a simulation. Use [`sometimes!`](crate::sim::sometimes) if there is nothing to compute.
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
