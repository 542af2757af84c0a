//! Workloads that run on leno and, from the same source, on other runtimes.
//!
//! A [`Peer`] is a runtime under measurement: one file in [`peers`]. A workload is a function that is generic over
//! the peer, does its work a given number of times, and returns how long that took; what each isolates, and what it
//! cannot show, is in its documentation. `cargo bench -p leno-bench` runs them under criterion;
//! `cargo run --profile bench -p leno-bench --bin rounds` takes turns between the peers and prints medians and ratios, which
//! is the fairer comparison on a machine whose speed drifts.

pub mod peers;
pub mod workloads;

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

/// A runtime under measurement.
pub trait Peer: Send + Sync + 'static {
    /// What a table calls it.
    const NAME: &'static str;

    /// Waits for a spawned task; panics if the task failed.
    type Join<T: Send + 'static>: Future<Output = T> + Send;

    /// A fresh runtime with `workers` worker threads; 0 asks for a current-thread runtime.
    fn start(workers: usize) -> Self;

    /// Waits for `future` on the calling thread.
    fn block_on<F: Future>(&self, future: F) -> F::Output;

    /// Spawns from inside a task.
    fn spawn<F>(future: F) -> Self::Join<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// Spawns from any thread.
    fn spawn_from_outside<F>(&self, future: F) -> Self::Join<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// The peer's own way to let others run.
    fn yield_now() -> impl Future<Output = ()> + Send;

    /// The peer's TCP listener.
    type Listener: Send + Sync + 'static;

    /// The peer's TCP stream, with Nagle's algorithm off.
    type Stream: Send + 'static;

    /// Listens on a free port of this machine.
    fn listen() -> impl Future<Output = (Self::Listener, SocketAddr)> + Send;

    /// The next connection.
    fn accept(listener: &Self::Listener) -> impl Future<Output = Self::Stream> + Send;

    /// A connection to `address`.
    fn connect(address: SocketAddr) -> impl Future<Output = Self::Stream> + Send;

    /// Reads what is there, at most a buffer full; 0 at the end.
    fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> impl Future<Output = usize> + Send;

    /// Writes all of `data`.
    fn write_all(stream: &mut Self::Stream, data: &[u8]) -> impl Future<Output = ()> + Send;

    /// The peer's sleep.
    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send;
}

/// Runs `future` as a task of `peer` and waits for it, so that the workload runs where tasks run and not on the
/// thread that blocks.
pub fn on_worker<P: Peer, F>(peer: &P, future: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let join = peer.spawn_from_outside(future);
    peer.block_on(join)
}
