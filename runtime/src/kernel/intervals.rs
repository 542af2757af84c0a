//! How often a scheduler looks at what is not a task that is at hand.
//!
//! Every so many tasks, which costs little beside so many. But if the tasks are long, what waits outside waits long: so a
//! worker measures how long its tasks take, and looks after fewer of them, about every [`LATE`].

use crate::kernel::here;
use std::cell::Cell;

/// How late, in nanoseconds, a worker may be for what comes from outside, if its tasks allow: a look costs less than a
/// hundredth of that.
pub(crate) const LATE: u64 = 100_000;

/// Counted in ticks: one for each task that was run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Intervals {
    /// Between two looks for events and timers.
    pub(crate) events: u32,
    /// Between two looks at the queue for what comes from other threads, at most.
    pub(crate) injected: u32,
}

impl Default for Intervals {
    fn default() -> Self {
        // A prime, so that it falls into step with nothing.
        Self {
            events: 61,
            injected: 61,
        }
    }
}

impl Intervals {
    /// Ticks between two exceptional steps, each of which looks at the injected tasks.
    pub(crate) fn step(&self) -> u32 {
        self.events.min(self.injected)
    }

    /// Counts an exceptional step, in `ticks` since the last look for events; true if it is time for one.
    pub(crate) fn count(&self, ticks: &Cell<u32>) -> bool {
        let count = ticks.get().saturating_add(self.step());
        let is_time = count >= self.events;
        ticks.set(if is_time { 0 } else { count });
        is_time
    }
}

/// The intervals of one worker, shortened as far as its tasks are long.
pub(crate) struct Adapted {
    longest: Intervals,
    /// Ticks from the last exceptional step to the next.
    step: Cell<u32>,
    /// When the last exceptional step was, in real time, and when the last look for events.
    stepped: Cell<u64>,
    looked: Cell<u64>,
    /// Ticks since then.
    unlooked: Cell<u32>,
}

impl Adapted {
    pub(crate) fn new(longest: Intervals, now: u64) -> Self {
        Self {
            longest,
            step: Cell::new(longest.step()),
            stepped: Cell::new(now),
            looked: Cell::new(now),
            unlooked: Cell::new(0),
        }
    }

    /// Ticks from the last exceptional step to the next.
    #[inline]
    pub(crate) fn step(&self) -> u32 {
        self.step.get()
    }

    /// The worker has slept until now, and looked at everything.
    pub(crate) fn restart(&self, now: u64) {
        here::with(|here| here.yields.restart());
        self.stepped.set(now);
        self.looked.set(now);
        self.unlooked.set(0);
    }

    /// Looks for events are overdue.
    pub(crate) fn hurry(&self) {
        self.unlooked.set(self.longest.events);
    }

    /// Measures the tasks of a step that ends now; true if it is time to look for events.
    pub(crate) fn end_step(&self, now: u64) -> bool {
        let ticks = self.step.get();
        let mean = now.saturating_sub(self.stepped.replace(now)) / u64::from(ticks);
        let in_time = u32::try_from(LATE / mean.max(1)).unwrap_or(u32::MAX);
        self.step.set(in_time.clamp(1, self.longest.step()));
        let unlooked = self.unlooked.get().saturating_add(ticks);
        let late = now.saturating_sub(self.looked.get()) >= LATE;
        let is_time = late || unlooked >= self.longest.events;
        if is_time {
            self.looked.set(now);
        }
        self.unlooked.set(if is_time { 0 } else { unlooked });
        is_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_tasks_shorten_the_step_and_short_ones_restore_it() {
        let adapted = Adapted::new(Intervals::default(), 0);
        assert_eq!(adapted.step(), 61);
        // A step of tasks of 1 µs, of 50 µs, of a millisecond, and of 1 µs again.
        let mut now = 0;
        for (length, step) in [(1_000, 61), (50_000, 2), (1_000_000, 1), (1_000, 61)] {
            now += length * u64::from(adapted.step());
            adapted.end_step(now);
            assert_eq!(adapted.step(), step, "after tasks of {length} ns");
        }
    }

    #[test]
    fn events_are_looked_for_after_so_many_tasks_or_so_much_time() {
        let longest = Intervals {
            events: 61,
            injected: 10,
        };
        let adapted = Adapted::new(longest, 0);
        let looks: Vec<bool> = (1..=7).map(|step| adapted.end_step(step * 100)).collect();
        assert_eq!(looks, [false, false, false, false, false, false, true]);
        assert!(!adapted.end_step(800));
        assert!(adapted.end_step(800 + LATE));
    }
}
