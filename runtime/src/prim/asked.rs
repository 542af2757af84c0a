//! What the kernel asks where a schedule could go either way: a simulation, if this thread is in one.
//!
//! Without the feature `sim` all of it is empty, and the kernel is compiled as if it did not ask. With it, what is asked lies on
//! branches that are cold in production: a budget that is over, a generator without a seed, a thread that is about to sleep.
//!
//! Who is asked is a value of this thread: nothing is shared (but whether a test wants budgets to be drawn), and nothing in here has
//! an ordering.

#[cfg(not(feature = "sim"))]
mod nobody;
#[cfg(feature = "sim")]
mod simulation;

#[cfg(not(feature = "sim"))]
pub(crate) use nobody::*;
#[cfg(feature = "sim")]
pub(crate) use simulation::*;
#[cfg(feature = "sim")]
pub use simulation::{RandomBudgets, random_budgets};
