//! How long something took, counted in buckets that double.
//!
//! One thread at a time counts (the worker, or who holds a lock), others read. What they read may be a count ahead in one place
//! and not in another: a sum of what is going on, not a moment of it.

use crate::prim::atomic::{AtomicU64, Ordering};

/// Buckets: the first is for less than [`FIRST`] nanoseconds, each further one for up to twice as much, the last for all else.
pub(crate) const BUCKETS: usize = 32;

/// The upper end of the first bucket.
pub(crate) const FIRST: u64 = 64;

/// Counts of durations.
#[derive(Debug)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    nanoseconds: AtomicU64,
}

/// What a histogram showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counted {
    pub(crate) buckets: [u64; BUCKETS],
    /// Of all that was counted.
    pub(crate) nanoseconds: u64,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self {
            buckets: std::array::from_fn(|_| AtomicU64::new(0)),
            nanoseconds: AtomicU64::new(0),
        }
    }

    /// Counts something that took so long, so many times, and this together.
    pub(crate) fn count(&self, nanoseconds: u64, together: u64, times: u64) {
        let add = |counter: &AtomicU64, value: u64| {
            // Ordering: Relaxed, a statistic that one thread at a time writes.
            let sum = counter.load(Ordering::Relaxed).wrapping_add(value);
            counter.store(sum, Ordering::Relaxed);
        };
        add(&self.buckets[bucket(nanoseconds)], times);
        add(&self.nanoseconds, together);
    }

    /// Adds what is counted here.
    pub(crate) fn add_to(&self, sum: &mut Counted) {
        for (to, from) in sum.buckets.iter_mut().zip(&self.buckets) {
            *to += from.load(Ordering::Relaxed);
        }
        let nanoseconds = self.nanoseconds.load(Ordering::Relaxed);
        sum.nanoseconds = sum.nanoseconds.wrapping_add(nanoseconds);
    }
}

/// Where a duration is counted.
fn bucket(nanoseconds: u64) -> usize {
    let doublings = (nanoseconds / FIRST).checked_ilog2();
    doublings.map_or(0, |doublings| (doublings as usize + 1).min(BUCKETS - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_ends_where_the_next_begins() {
        assert_eq!(bucket(0), 0);
        for number in 0..BUCKETS - 1 {
            let end = FIRST << number;
            assert_eq!((bucket(end - 1), bucket(end)), (number, number + 1));
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }
}
