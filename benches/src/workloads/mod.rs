//! The workloads, one file a group.

pub mod blocking;
pub mod busy;
pub mod channels;
pub mod echo;
pub mod groups;
pub mod idle;
pub mod lateness;
pub mod locks;
pub mod memory;
pub mod ping_pong;
pub mod place;
pub mod rescue;
pub mod sampling;
pub mod skew;
pub mod spawn;
pub mod switch;
pub mod timers;
pub mod turn;
pub mod wake;
pub mod wake_many;

use crate::peer::{Blocking, Channels, Groups, Http, Network, Peer, Timers};
use crate::services;
use crate::workload::Case;

/// What needs nothing but tasks.
pub fn tasks<P: Peer>() -> Vec<Case> {
    [
        switch::cases::<P>(),
        ping_pong::cases::<P>(),
        wake::cases::<P>(),
        busy::wakes::<P>(),
        spawn::cases::<P>(),
        busy::spawns::<P>(),
        skew::cases::<P>(),
        wake_many::cases::<P>(),
        memory::cases::<P>(),
    ]
    .concat()
}

/// What needs timers.
pub fn timers<P: Timers>() -> Vec<Case> {
    [
        timers::cases::<P>(),
        lateness::cases::<P>(),
        idle::cases::<P>(),
    ]
    .concat()
}

/// What needs groups.
pub fn groups<P: Groups>() -> Vec<Case> {
    groups::cases::<P>()
}

/// What needs timers and TCP.
pub fn timers_and_network<P: Timers + Network>() -> Vec<Case> {
    rescue::cases::<P>()
}

/// What needs threads for blocking closures.
pub fn blocking<P: Blocking>() -> Vec<Case> {
    blocking::cases::<P>()
}

/// What needs channels and locks.
pub fn channels<P: Channels>() -> Vec<Case> {
    [channels::cases::<P>(), locks::cases::<P>()].concat()
}

/// What needs TCP.
pub fn network<P: Network>() -> Vec<Case> {
    [echo::cases::<P>(), services::network::<P>()].concat()
}

/// What needs hyper.
pub fn http<P: Http>() -> Vec<Case> {
    services::http::<P>()
}
