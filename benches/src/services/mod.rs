//! Workloads of a server in a process of its own under load from this one, as a service meets them.
//!
//! Server and client share nothing but the system: the figures are the server's throughput, the latencies that its
//! clients see, and the processor time that its process used. The client is the same for all peers and runs on none of
//! them (`load`). With one worker the server has the first processor and the client the second; with two, nothing is
//! pinned. The `bare` peer's servers (`bare`) are the floor that stands beside the runtimes.

pub mod bare;
mod connections;
mod echo;
mod http;
pub mod load;
pub(crate) mod process_figures;
pub mod servers;
mod wrk;

use crate::peer::Peer;
use crate::process::{self, RunningServer};
use crate::workload::{Case, Setting};
use std::time::Duration;

/// The heading of all of them in the tables.
const GROUP: &str = "services";

/// A sample that takes longer has failed.
const DEADLINE: Duration = Duration::from_secs(60);

/// Who has servers: every [`Peer`], and the bare one, which is none.
pub trait Named: 'static {
    /// As [`Peer::NAME`].
    const NAME: &'static str;
}

impl<P: Peer> Named for P {
    const NAME: &'static str = P::NAME;
}

/// The workloads of a peer that has the server "echo".
pub fn network<N: Named>() -> Vec<Case> {
    [echo::cases::<N>(), connections::cases::<N>()].concat()
}

/// The workloads of a peer that has the servers of [`servers::http`].
pub fn http<N: Named>() -> Vec<Case> {
    [http::hello::<N>(), wrk::cases::<N>(), http::services::<N>()].concat()
}

/// The workloads of a peer that has the server "hello" only.
pub fn hello<N: Named>() -> Vec<Case> {
    [http::hello::<N>(), wrk::cases::<N>()].concat()
}

/// Starts a server, and pins it and this thread if it has one worker and there are two processors.
fn start(peer: &str, server: &str, setting: Setting) -> RunningServer {
    let apart = setting.workers == 1 && process::processors().len() > 1;
    if apart {
        process::pin(1).expect("there are two processors");
    }
    process::start_server(peer, server, setting.workers, apart.then_some(0))
}
