//! Bug: three services take two of three connections each, in a circle; if all have their first one, none gets its second.
//! Blind: a lock that is free does not suspend, so a task that is not held up has both before anybody else runs.
//! Mended: everybody takes the connection of the lower number first.

use crate::{Came, Log};
use leno::sync::Mutex;
use leno::task::yield_now;
use std::sync::Arc;

/// Each takes its left one first.
pub async fn broken() -> Came {
    dine(|left, right| (left, right)).await
}

/// Each takes the lower one first.
pub async fn mended() -> Came {
    dine(|left, right| (left.min(right), left.max(right))).await
}

async fn dine(order: fn(usize, usize) -> (usize, usize)) -> Came {
    let forks: [Arc<Mutex<()>>; 3] = Default::default();
    let log = Log::default();
    let philosophers: Vec<_> = (0..3)
        .map(|seat| {
            let (first, second) = order(seat, (seat + 1) % 3);
            let (first, second) = (Arc::clone(&forks[first]), Arc::clone(&forks[second]));
            let log = log.clone();
            leno::spawn(async move {
                let _first = first.lock().await;
                let _second = second.lock().await;
                log.push(seat);
                yield_now().await;
            })
        })
        .collect();
    for philosopher in philosophers {
        philosopher.await.unwrap();
    }
    Came::to(log.text())
}
