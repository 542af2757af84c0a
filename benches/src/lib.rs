//! A comparison of async runtimes: workloads that run on leno, tokio, smol and any other from the same source.
//!
//! Each thing has one word, in the tables, the page and the code:
//!
//! * a [`peer`] is what is measured: a runtime, or something beside them, as the bare threads are;
//! * a [`workload`] is what it is measured by; a *sample* is one measurement of it, in a process of its own;
//! * a *round* is one sample of each peer, one after the other; a run takes several of each workload, and leaves a
//!   [`record`];
//! * a *row* is one quantity of one workload with one number of workers, for all peers;
//! * a *ratio* is one peer's figure by another's in the same round, the *reference*'s if nothing else is said; the *subject* is
//!   the peer whose ratios are shown: one's own, or leno;
//! * a row's *verdict* is what its ratio's interval says ([`statistics`]): better, worse, the same, undecided;
//! * a *use* is what a runtime is taken for, and its verdict ([`verdict`]) says which to take, by the rows that it rests on;
//! * a *limit* is what the machine itself takes, and a *floor* a sum of limits that no peer can do without.
//!
//! `cargo bench -p leno-bench` runs the workloads under criterion; `versus` takes turns between the peers,
//! which is the fairer comparison on a machine whose speed drifts.

pub mod allocator;
pub mod build_cost;
pub mod cli;
pub mod count;
pub mod diff;
pub mod environment;
pub mod gate;
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
pub mod soak;
pub mod statistics;
pub mod store;
pub mod table;
pub mod units;
pub mod verdict;
pub mod workload;
pub mod workloads;

pub use peer::{Peer, on_worker};
