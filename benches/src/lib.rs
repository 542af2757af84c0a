//! A comparison of async runtimes: workloads that run on leno, tokio, smol and any other from the same source.
//!
//! A runtime under measurement is a [`peer`], what it is measured by a [`workload`], and what a run leaves a
//! [`record`]. `cargo bench -p leno-bench` runs the workloads under criterion; `versus` takes turns between the peers,
//! which is the fairer comparison on a machine whose speed drifts.

pub mod allocator;
pub mod build_cost;
pub mod cli;
pub mod count;
pub mod diff;
pub mod environment;
pub mod html;
mod interrupt;
pub mod limits;
pub mod peer;
pub mod peers;
mod plan;
pub mod process;
mod progress;
pub mod record;
mod run;
pub mod sample;
pub mod services;
pub mod sim;
pub mod statistics;
pub mod store;
pub mod table;
pub mod units;
pub mod verdict;
pub mod workload;
pub mod workloads;

pub use peer::{Peer, on_worker};
