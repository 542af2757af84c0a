//! Bugs of asynchronous programs, as they occur in practice: what a simulation has to find.
//!
//! Each program is small, is wrong under some schedules only (or under the calm one, where that is what happens in practice), and
//! stands beside its mended version, which is right under all of them. The tests of this package hold the strategies of
//! [`leno_sim`] to what they are said to find, and `versus sim` (in `benches/`) compares them with others on the same programs.
//!
//! A program is a function that makes a future; it tells what it [`Came`] to. So the outcomes that a simulation brings about
//! can be compared with those of the runtime itself.

mod came;
pub mod programs;
mod row;
pub mod speed;

pub use came::{Came, Log};
pub use row::{Needs, ROWS, Row, row};

use std::future::Future;
use std::pin::Pin;

/// A program, made once for each run.
pub type Program = fn() -> Pin<Box<dyn Future<Output = Came> + Send>>;
