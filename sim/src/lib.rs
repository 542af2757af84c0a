//! Choosing, recording, replaying and shrinking the decisions of a scheduler.
//!
//! A *program* is run many times. Whatever runs it asks a [`Run`] at each point where the schedule could go either way, and the run
//! asks a [`Chooser`]: which [`Actor`] goes next, whether one is held up where it could suspend, what a draw comes to. The run
//! writes down what was chosen, so a run that failed can be done again, told, and made small.
//!
//! leno's simulation (`leno::sim`) is built on this, but nothing in here knows of leno: actors are numbers, and so are the
//! things that they touch.

#![forbid(unsafe_code)]

mod actor;
mod chooser;
mod claim;
mod classes;
mod delays;
mod dpor;
mod exhaustive;
mod footprint;
mod pct;
mod portfolio;
mod pos;
mod program;
mod random;
mod run;
mod strategy;
mod tree;
mod walk;

pub use actor::{Actor, Actors, Key, Kind, Place};
pub use chooser::{Access, Calm, Chooser, Point, Resource};
pub use claim::{Claim, Extent, NotAPrefix, Prefix};
pub use delays::Delays;
pub use dpor::Dpor;
pub use exhaustive::Exhaustive;
pub use pct::Pct;
pub use portfolio::Portfolio;
pub use pos::Pos;
pub use program::{Ended, Failure, FailureKind, Program};
pub use random::Random;
pub use run::{Checkpoint, Decision, Run};
pub use strategy::{NotAStrategy, Strategy};
pub use walk::Walk;
