//! What the machine itself takes.

use crate::record::Limit;
use crate::statistics;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Measures the machine's own costs; `quick` takes fewer samples.
pub fn measure(quick: bool) -> Vec<Limit> {
    let rounds = if quick { 5 } else { 25 };
    let counter = AtomicU64::new(0);
    vec![
        limit("atomic read-modify-write", rounds, || {
            // It orders nothing: the cost is what is asked for.
            black_box(&counter).fetch_add(1, Ordering::Relaxed);
        }),
        limit("Instant::now", rounds, || {
            black_box(Instant::now());
        }),
    ]
}

fn limit(name: &str, rounds: usize, mut operation: impl FnMut()) -> Limit {
    const TIMES: u32 = 100_000;
    let mut samples: Vec<f64> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            (0..TIMES).for_each(|_| operation());
            start.elapsed().as_nanos() as f64 / f64::from(TIMES)
        })
        .collect();
    Limit {
        name: name.to_owned(),
        nanoseconds: statistics::median(&mut samples).unwrap_or(0.0),
    }
}
