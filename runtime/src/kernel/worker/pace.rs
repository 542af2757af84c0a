//! How long a worker's polls go on after they have woken a task, and what follows for its slot.
//!
//! Of every [`SAMPLE`] tasks that a worker puts into its slot it times one, from there to the end of the poll. While the
//! mean of such times is above [`SLOW`], the worker leaves its slot alone, so that its wakes are offered to others, and
//! times each. An outlier costs a dozen wake-ups of a sleeping worker; and one slow poll among eight short ones is
//! enough to go on, if it is slow enough to pay for that.
//!
//! Nothing here is shared between threads.
//!
//! What it promises is a row of the table "What waits for how long" in ARCHITECTURE.md.

use crate::kernel::clock::Clock;
use std::cell::Cell;

/// How long, in nanoseconds, polls may go on after they have woken a task, on average: above that a task is better
/// offered to others than kept in the slot. About the time that a sleeping worker takes to come.
const SLOW: u64 = 20_000;

/// The weight of the last time in the mean is one of so many.
const MEMORY: u64 = 8;

/// However slow a poll was, a dozen short ones make up for it.
const MOST: u64 = 4 * MEMORY * SLOW;

/// One of so many tasks that go to the slot is timed: two looks at the clock are then 2 ns a task.
const SAMPLE: u8 = 32;

/// What a worker has learnt.
pub(super) struct Pace {
    /// The mean, in nanoseconds.
    mean: Cell<u64>,
    /// Tasks that may go to the slot until one is timed.
    left: Cell<u8>,
    /// The poll that is timed: since when, and the worker's tick at that time.
    timed: Cell<Option<(u64, u32)>>,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self {
            mean: Cell::new(0),
            left: Cell::new(SAMPLE),
            timed: Cell::new(None),
        }
    }

    /// Whether polls go on for so long that the slot should not be used.
    #[inline]
    pub(super) fn is_slow(&self) -> bool {
        self.mean.get() > SLOW
    }

    /// Counts a task that went to the slot; true if it is to be timed.
    #[inline]
    pub(super) fn is_sample(&self) -> bool {
        let left = self.left.get() - 1;
        self.left.set(if left == 0 { SAMPLE } else { left });
        left == 0
    }

    /// Times from here on, unless that goes on already.
    pub(super) fn start(&self, clock: &Clock, tick: u32) -> bool {
        let starts = self.timed.get().is_none();
        if starts {
            self.timed.set(Some((clock.now(), tick)));
        }
        starts
    }

    /// The poll has ended: returns the tick at the start, if it was timed.
    pub(super) fn end(&self, clock: &Clock) -> Option<u32> {
        let (started, tick) = self.timed.take()?;
        self.learn(clock.now().saturating_sub(started));
        Some(tick)
    }

    fn learn(&self, time: u64) {
        let mean = self.mean.get();
        self.mean
            .set(mean - mean / MEMORY + time.min(MOST) / MEMORY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_poll_is_enough_and_a_dozen_short_ones_make_up_for_it() {
        let pace = Pace::new();
        assert!(!pace.is_slow());
        pace.learn(10_000_000);
        assert!(pace.is_slow());
        let short = (0..).take_while(|_| {
            pace.learn(500);
            pace.is_slow()
        });
        assert!((8..12).contains(&short.count()));
    }

    #[test]
    fn polls_that_are_slow_in_turn_with_short_ones_count_as_slow() {
        let pace = Pace::new();
        for _ in 0..100 {
            pace.learn(500_000);
            assert!(pace.is_slow());
            pace.learn(1000);
            assert!(pace.is_slow());
        }
    }

    #[test]
    fn polls_as_usual_never_do() {
        let pace = Pace::new();
        for _ in 0..1000 {
            pace.learn(SLOW);
            assert!(!pace.is_slow());
        }
    }

    #[test]
    fn one_in_so_many_is_timed() {
        let pace = Pace::new();
        let timed = (0..10 * u32::from(SAMPLE)).filter(|_| pace.is_sample());
        assert_eq!(timed.count(), 10);
    }
}
