//! What is measured: workloads, their samples, and who can run them.
//!
//! A [`Workload`] says what it isolates; a [`Case`] is that workload on one peer; a [`Runtime`] is a peer with all its
//! cases, which is what `versus` and the criterion suites are given.

use crate::peer::{Blocking, Channels, Groups, Http, Network, Peer, Timers};
use crate::statistics::FEWEST_ROUNDS;
use crate::{services, workloads};
use hdrhistogram::Histogram;
use std::net::TcpListener;
use std::time::Duration;

/// One workload: its description, and how much of it makes a sample.
#[derive(Debug)]
pub struct Workload {
    /// What tables and `--only` call it: "self-wake, 100 tasks".
    pub name: &'static str,
    /// The heading that it stands under: "task switch".
    pub group: &'static str,
    /// What it isolates: one sentence.
    pub isolates: &'static str,
    /// What it cannot show: one sentence.
    pub cannot_show: &'static str,
    /// What the machine itself needs for one operation, if that can be said.
    pub floor: Option<Floor>,
    /// The numbers of worker threads it is run with; 0 is the current-thread runtime.
    pub workers: &'static [usize],
    /// The operations of one sample: enough for 50 ms or more on a slow peer.
    pub operations: u64,
    /// The most rounds that are worth their time, if there are such: [`REPEATS`].
    pub most_rounds: Option<u32>,
    /// A sample that takes longer has failed.
    pub deadline: Duration,
    /// Whether the client, or the thread outside, and the workers are pinned, and where.
    pub pinning: Pinning,
}

/// The most rounds of a workload whose figures repeat, as counts and memory do: as many as a verdict needs.
pub const REPEATS: Option<u32> = Some(FEWEST_ROUNDS as u32);

/// The least that a workload's operation can take: a sum of what `versus limits` measures.
#[derive(Debug, Clone, Copy)]
pub struct Floor {
    /// How often each limit is paid, by the limit's name.
    pub parts: &'static [(&'static str, f64)],
    /// The quantity of the workload that this is the floor of.
    pub quantity: &'static str,
}

/// Which processors a sample may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pinning {
    /// All of them.
    None,
    /// Only the first: no wake crosses processors.
    OneProcessor,
    /// The server (or the workers) on the first, the client (or the thread outside) on the second.
    Apart,
}

/// How a sample is to be taken.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Worker threads; 0 is the current-thread runtime.
    pub workers: usize,
    /// How many operations.
    pub operations: u64,
}

/// What a sample gave.
#[derive(Debug, Default)]
pub struct Sample {
    /// Single figures: time per operation, processor time, efficiency.
    pub figures: Vec<Figure>,
    /// Nanoseconds of single operations, if the workload takes them one by one.
    pub latency: Option<Histogram<u64>>,
}

/// A quantity of a sample.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// What it is: "time per operation".
    pub quantity: &'static str,
    /// In what unit.
    pub unit: Unit,
    /// How much.
    pub value: f64,
}

/// The unit of a figure, which also says whether more is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Less is better.
    Nanoseconds,
    /// Less is better.
    Bytes,
    /// Less is better.
    Count,
    /// More is better.
    PerSecond,
    /// More is better.
    Percent,
}

impl Unit {
    /// Whether a larger figure is a better one.
    pub fn more_is_better(self) -> bool {
        matches!(self, Self::PerSecond | Self::Percent)
    }
}

/// The quantity that most workloads have.
pub const TIME_PER_OPERATION: &str = "time per operation";

impl Sample {
    /// The time of `operations` operations.
    pub fn time(elapsed: Duration, operations: u64) -> Self {
        Self {
            figures: vec![Figure {
                quantity: TIME_PER_OPERATION,
                unit: Unit::Nanoseconds,
                value: elapsed.as_nanos() as f64 / operations as f64,
            }],
            latency: None,
        }
    }

    /// Latencies of single operations.
    pub fn latency(histogram: Histogram<u64>) -> Self {
        Self {
            figures: Vec::new(),
            latency: Some(histogram),
        }
    }

    /// The same with one more figure.
    #[must_use]
    pub fn with(mut self, quantity: &'static str, unit: Unit, value: f64) -> Self {
        self.figures.push(Figure {
            quantity,
            unit,
            value,
        });
        self
    }
}

/// A workload on one peer.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Which workload.
    pub workload: &'static Workload,
    /// Takes one sample, the runtime's start not counted.
    pub run: fn(Setting) -> Sample,
}

/// A program that a service workload puts under load. It gets a process of its own, the measuring program started anew.
#[derive(Debug, Clone, Copy)]
pub struct Server {
    /// What its workloads call it: "echo".
    pub name: &'static str,
    /// Serves with so many worker threads on a listener that is bound, until the process is killed.
    pub serve: fn(usize, TcpListener),
}

/// A peer and all that it can run.
#[derive(Debug, Clone)]
pub struct Runtime {
    /// [`Peer::NAME`].
    pub name: &'static str,
    /// Its cases, in the order of the tables.
    pub cases: Vec<Case>,
    /// The programs that its service workloads need.
    pub servers: Vec<Server>,
}

impl Runtime {
    /// A runtime that can spawn, wake and join.
    pub fn new<P: Peer>() -> Self {
        Self {
            name: P::NAME,
            cases: workloads::tasks::<P>(),
            servers: Vec::new(),
        }
    }

    fn and(mut self, cases: Vec<Case>) -> Self {
        self.cases.extend(cases);
        self
    }

    fn serving(mut self, servers: Vec<Server>) -> Self {
        self.servers.extend(servers);
        self
    }

    /// It has timers too.
    #[must_use]
    pub fn timers<P: Timers>(self) -> Self {
        self.and(workloads::timers::<P>())
    }

    /// It has groups of tasks too.
    #[must_use]
    pub fn groups<P: Groups>(self) -> Self {
        self.and(workloads::groups::<P>())
    }

    /// It has threads for blocking closures too.
    #[must_use]
    pub fn blocking<P: Blocking>(self) -> Self {
        self.and(workloads::blocking::<P>())
    }

    /// It has channels and a lock too.
    #[must_use]
    pub fn channels<P: Channels>(self) -> Self {
        self.and(workloads::channels::<P>())
    }

    /// It has TCP too.
    #[must_use]
    pub fn network<P: Network>(self) -> Self {
        self.and(workloads::network::<P>())
            .serving(services::servers::network::<P>())
    }

    /// It has both timers and TCP.
    #[must_use]
    pub fn timers_and_network<P: Timers + Network>(self) -> Self {
        self.and(workloads::timers_and_network::<P>())
    }

    /// It can serve hyper too.
    #[must_use]
    pub fn http<P: Http>(self) -> Self {
        self.and(workloads::http::<P>())
            .serving(services::servers::http::<P>())
    }
}
