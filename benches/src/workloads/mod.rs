//! The workloads, one file a group.

pub mod echo;
pub mod spawn;
pub mod switch;
pub mod wake;

use crate::peer::{Blocking, Channels, Http, Network, Peer, Timers};
use crate::workload::Case;

/// What needs nothing but tasks.
pub fn tasks<P: Peer>() -> Vec<Case> {
    Vec::new()
}

/// What needs timers.
pub fn timers<P: Timers>() -> Vec<Case> {
    Vec::new()
}

/// What needs threads for blocking closures.
pub fn blocking<P: Blocking>() -> Vec<Case> {
    Vec::new()
}

/// What needs channels and locks.
pub fn channels<P: Channels>() -> Vec<Case> {
    Vec::new()
}

/// What needs TCP.
pub fn network<P: Network>() -> Vec<Case> {
    Vec::new()
}

/// What needs hyper.
pub fn http<P: Http>() -> Vec<Case> {
    Vec::new()
}
