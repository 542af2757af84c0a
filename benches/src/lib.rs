//! A comparison of async runtimes: workloads that run on leno, tokio, smol and any other from the same source.
//!
//! A runtime under measurement is a [`peer`], what it is measured by a [`workload`], and what a run leaves a
//! [`record`]. `cargo bench -p leno-bench` runs the workloads under criterion; `versus` takes turns between the peers,
//! which is the fairer comparison on a machine whose speed drifts.

pub mod cli;
pub mod environment;
pub mod html;
mod interrupt;
pub mod peer;
pub mod peers;
pub mod process;
pub mod record;
pub mod sample;
pub mod statistics;
pub mod workload;
pub mod workloads;

pub use peer::{Peer, on_worker};
