//! Choosing, recording, replaying and shrinking the decisions of a scheduler.
//!
//! A *program* is run many times. Whatever runs it asks a [`Run`] at each point where the schedule could go either way, and the
//! run asks a [`Chooser`]: which [`Actor`] goes next, whether one is held up where it could suspend, what a draw comes to. The
//! run writes down what was chosen, so a run that failed can be done again, told, and made small.
//!
//! leno's simulation (`leno::sim`) is built on this, but nothing in here knows of leno: actors are numbers, and so are the
//! things that they touch.
//!
//! # Which policy
//!
//! | [`Strategy`] | what it is | what it can say |
//! | --- | --- | --- |
//! | `portfolio` | the next three in turn, by seed; the default | nothing, but finds most |
//! | `walk`, `walk(1/4)` | any that is ready; held up with a probability | nothing; finds what is shallow soonest |
//! | `pct(3)` | random priorities and d − 1 changes | a bug of depth d is met with ≥ 1/(n·k^(d−1)) a run |
//! | `pos` | random priorities of steps, drawn again where they conflict | nothing; draws orders of conflicts, not of steps |
//! | `delays(2)` | all schedules with few delays | "all 153 schedules with ≤ 2 delays" |
//! | `exhaustive` | all schedules | "all 9,328 schedules" |
//! | `dpor` | one of each class, if all that is shared is told | "all 46 classes of schedules", or why not |
//! | [`Strategy::custom`] | a [`Chooser`] of one's own | what its [`claim`](Chooser::claim) says |

#![forbid(unsafe_code)]

mod actor;
mod again;
mod base64;
mod cause;
mod check;
mod chooser;
mod claim;
mod classes;
mod delays;
mod distinct;
mod dpor;
mod examine;
mod exhaustive;
mod explore;
mod footprint;
mod lines;
#[cfg(feature = "merge")]
mod merge;
mod pct;
mod portfolio;
mod pos;
mod program;
mod random;
mod record;
mod replay;
mod replayed;
mod report;
mod run;
mod settings;
mod shard;
mod shrink;
mod strategy;
mod summary;
mod tally;
mod trace;
mod tree;
mod walk;

pub use actor::{Actor, Actors, Key, Kind, NotAKey, Place};
pub use cause::{Cause, Named, Why};
pub use check::Difference;
pub use chooser::{Access, Calm, Chooser, Point, Resource};
pub use claim::{Claim, Extent, NotAPrefix, Prefix};
pub use delays::Delays;
pub use dpor::Dpor;
pub use examine::Found;
pub use exhaustive::Exhaustive;
pub use explore::{Explorer, Failed};
#[cfg(feature = "merge")]
pub use merge::{Merged, NotMerged};
pub use pct::Pct;
pub use portfolio::Portfolio;
pub use pos::Pos;
pub use program::{Ended, Failure, FailureKind, Program};
pub use random::Random;
pub use record::{Choice, Record};
pub use replay::{Exact, Guided};
pub use run::{Checkpoint, Decision, Run};
pub use settings::{Budget, NotASetting, Settings, Wording};
pub use shard::{NotAShard, Shard};
pub use strategy::{NotAStrategy, Strategy};
pub use summary::{Because, PointSeen, SometimesSeen, Summary};
pub use tally::Site;
pub use trace::{NotATrace, Trace};
pub use walk::Walk;

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
