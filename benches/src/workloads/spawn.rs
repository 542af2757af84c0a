//! Spawning tasks and waiting for them.

use crate::peer::{Peer, on_worker};
use std::time::{Duration, Instant};

/// How many tasks live at a time.
const BATCH: u64 = 1000;

/// `tasks` tasks that do nothing, spawned from a task in batches of 1000 and awaited.
///
/// Isolates allocation, the queue and the join handle. Floor: malloc and free in batches (52 ns), the queue (13 ns),
/// six read-modify-writes (7 ns each).
pub fn batches<P: Peer>(peer: &P, tasks: u64) -> Duration {
    on_worker(peer, async move {
        let mut handles = Vec::with_capacity(BATCH as usize);
        let start = Instant::now();
        for _ in 0..tasks.div_ceil(BATCH) {
            handles.extend((0..BATCH).map(|_| P::spawn(async {})));
            for handle in handles.drain(..) {
                handle.await;
            }
        }
        start.elapsed()
    })
}

/// `tasks` tasks that do nothing, each awaited before the next is spawned.
pub fn one_at_a_time<P: Peer>(peer: &P, tasks: u64) -> Duration {
    on_worker(peer, async move {
        let start = Instant::now();
        for _ in 0..tasks {
            P::spawn(async {}).await;
        }
        start.elapsed()
    })
}

/// As [`batches`], spawned and awaited by a thread that is no worker.
pub fn from_outside<P: Peer>(peer: &P, tasks: u64) -> Duration {
    let mut handles = Vec::with_capacity(BATCH as usize);
    let start = Instant::now();
    for _ in 0..tasks.div_ceil(BATCH) {
        handles.extend((0..BATCH).map(|_| peer.spawn_from_outside(async {})));
        peer.block_on(async {
            for handle in handles.drain(..) {
                handle.await;
            }
        });
    }
    start.elapsed()
}
