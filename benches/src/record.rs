//! What a run leaves: the file that `versus run --json` writes, and `report` and `diff` read.
//!
//! It holds what was measured and nothing that can be computed from it: medians, ratios, intervals and verdicts are made
//! anew by whoever shows them (`statistics`).

use crate::sim::Comparison;
use crate::workload::Unit;
use serde::{Deserialize, Serialize};

/// The number of this format; a reader refuses any other.
pub const FORMAT: u32 = 1;

/// A whole run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// [`FORMAT`].
    pub format: u32,
    /// Where and how it was run.
    pub environment: Environment,
    /// Rounds that were asked for.
    pub rounds: u32,
    /// Whether it was a `--quick` run.
    pub quick: bool,
    /// Whether it was stopped before its end; then rows may have fewer samples than rounds, or be missing.
    pub interrupted: bool,
    /// What the machine itself takes, nanoseconds each, if it was measured.
    pub limits: Vec<Limit>,
    /// What was measured, in the order of the tables.
    pub rows: Vec<Row>,
    /// Simulations, if `versus sim` has added them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sim: Option<Comparison>,
    /// What it takes to build a program on a peer, if `versus build-cost` has added it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub build: Vec<BuildCost>,
}

/// What it takes to build a program on one peer: one value per round in each list, the peers of a round built one after the
/// other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BuildCost {
    /// The peer's name.
    pub peer: String,
    /// The time of a clean release build.
    pub seconds: Vec<f64>,
    /// The crates that the program depends on.
    pub dependencies: Vec<u64>,
    /// The stripped program's size.
    pub bytes: Vec<u64>,
}

/// The machine and the build.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Seconds since 1970, UTC, of the start.
    pub started: u64,
    /// The processor's name.
    pub processor: String,
    /// How many processors this process may use.
    pub processors: u32,
    /// Bytes of memory.
    pub memory: u64,
    /// The system's name and version.
    pub system: String,
    /// The frequency governor, "unknown" where there is none to read.
    pub governor: String,
    /// The compiler's version.
    pub compiler: String,
    /// Optimisation level, codegen units, link-time optimisation, target features.
    pub flags: String,
    /// leno's commit, "unknown" outside a repository, with "+" if the tree was changed.
    pub commit: String,
    /// The peers' versions: ("tokio", "1.54.1").
    pub versions: Vec<(String, String)>,
}

/// One of the machine's own costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// Its name: "atomic read-modify-write".
    pub name: String,
    /// Nanoseconds, the median.
    pub nanoseconds: f64,
}

/// One quantity of one workload with one number of workers, for all peers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The workload's group.
    pub group: String,
    /// The workload's name.
    pub workload: String,
    /// Worker threads; 0 is the current-thread runtime.
    pub workers: usize,
    /// "time per operation", "p99 latency", …
    pub quantity: String,
    /// Its unit.
    pub unit: Unit,
    /// The least possible, from the limits, in the same unit.
    pub floor: Option<f64>,
    /// What each peer did, in the order the peers were named.
    pub results: Vec<PeerResult>,
}

/// What one peer did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeerResult {
    /// The peer's name.
    pub peer: String,
    /// One value per round, `None` for a round without one. Values of the same index are of the same round.
    pub samples: Vec<Option<f64>>,
    /// All rounds' latencies as (nanoseconds, count), ascending; on the p50 row only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub histogram: Vec<(u64, u64)>,
    /// Why there is nothing, or less than there should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
}

/// Why a peer has no figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "detail", rename_all = "snake_case")]
pub enum Trouble {
    /// The peer does not offer what the workload needs.
    NotOffered,
    /// A tool that the workload needs is not installed: its name.
    NotInstalled(String),
    /// A sample did not end within its deadline, in seconds.
    Deadline(u64),
    /// A sample failed: the last line it wrote.
    Failed(String),
}
