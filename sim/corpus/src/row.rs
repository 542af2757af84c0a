//! The list of programs, and what is expected of the strategies on each.

use crate::{Program, programs};

/// What a program's bug needs to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: the calm run fails.
    Calm,
    /// A schedule of polls: another order, or somebody who is held up.
    Schedule,
    /// A switch in the middle of a poll, which a simulation does not have.
    Inside,
}

/// A program of the corpus.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// The program with the bug.
    pub broken: Program,
    /// The program without it.
    pub mended: Program,
    /// What its bug needs to be found.
    pub needs: Needs,
    /// In so many runs a walk that holds every other time finds it, 95 times of 100.
    pub walk: u64,
    /// In so many runs PCT of depth 3 does.
    pub pct: u64,
    /// How many delays are needed, and in how many runs the search finds it that goes up to them.
    pub delays: (u32, u64),
}

macro_rules! rows {
    ($($name:ident, $needs:ident, walk $walk:literal, pct $pct:literal, delays $bound:literal in $runs:literal;)*) => {
        /// All programs.
        pub const ROWS: &[Row] = &[$(Row {
            name: stringify!($name),
            broken: || Box::pin(programs::$name::broken()),
            mended: || Box::pin(programs::$name::mended()),
            needs: Needs::$needs,
            walk: $walk,
            pct: $pct,
            delays: ($bound, $runs),
        }),*];
    };
}

rows! {
    dining_3, Schedule, walk 22, pct 64, delays 2 in 190;
    lock_inversion, Schedule, walk 11, pct 24, delays 1 in 9;
    rmw_across_await, Schedule, walk 12, pct 25, delays 1 in 9;
    semaphore_upgrade, Schedule, walk 12, pct 24, delays 1 in 8;
    lost_notify_await, Schedule, walk 15, pct 20, delays 1 in 5;
    select_loses_half, Schedule, walk 54, pct 73, delays 2 in 73;
    futurelock, Schedule, walk 20, pct 31, delays 1 in 13;
    check_then_act, Calm, walk 1, pct 1, delays 0 in 1;
    shutdown_drops_work, Calm, walk 1, pct 1, delays 0 in 1;
    channel_cycle, Calm, walk 1, pct 1, delays 0 in 1;
    lease_look_then_take, Calm, walk 3, pct 5, delays 0 in 1;
    six_switches, Calm, walk 90, pct 90, delays 0 in 1;
    lost_notify, Inside, walk 0, pct 0, delays 0 in 0;
}

/// The program called `name`, if there is one.
pub fn row(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}
