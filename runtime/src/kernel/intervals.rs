//! How often a scheduler looks at what is not a task that is at hand.
//!
//! Every so many tasks, which costs little beside so many. But if the tasks are long, what waits outside waits long; and if
//! they are short, the looks take a share of the time that is worth saving: a look is a system call, a switch some 25 ns. So a
//! worker measures how long its tasks take, and looks about every [`LATE`], after [`LONGEST`] tasks at most. A worker that
//! has just woken up knows nothing of its tasks yet, and begins with [`USUAL`]; from there a step is at most twice the last.
//!
//! What it promises is a row of the table "What waits for how long" in ARCHITECTURE.md.

use std::cell::Cell;

/// How late, in nanoseconds, a worker may be for what comes from outside, if its tasks allow: a look costs less than a
/// hundredth of that.
pub(crate) const LATE: u64 = 100_000;

/// Ticks between two looks of who does not measure. A prime, so that it falls into step with nothing.
const USUAL: u32 = 61;

/// Ticks between two looks of who measures, at most: what comes from outside waits for so many tasks if they turn long just
/// now.
const LONGEST: u32 = 4 * USUAL;

/// What the user wants, counted in ticks: one for each task that was run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Intervals {
    /// Between two looks for events and timers.
    pub(crate) events: Option<u32>,
    /// Between two looks at the queue for what comes from other threads, at most.
    pub(crate) injected: Option<u32>,
}

impl Intervals {
    /// Ticks between two exceptional steps of who measures, if what the user leaves open is `default`. Each of them looks at
    /// the injected tasks.
    fn step_or(&self, default: u32) -> u32 {
        let events = self.events.unwrap_or(default);
        events.min(self.injected.unwrap_or(default))
    }
}

/// How often an injected task comes first, where the user leaves that open and who does not measure. A prime too, and
/// tokio's, so that tasks have the same order.
const INJECTED: u32 = 31;

/// The intervals of a scheduler that does not measure its tasks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fixed {
    events: u32,
    injected: u32,
}

impl Fixed {
    pub(crate) fn new(wanted: Intervals) -> Self {
        Self {
            events: wanted.events.unwrap_or(USUAL),
            injected: wanted.injected.unwrap_or(INJECTED),
        }
    }

    /// Ticks between two looks for events.
    #[inline]
    pub(crate) fn events(&self) -> u32 {
        self.events
    }

    /// Ticks from one injected task that comes first to the next.
    #[inline]
    pub(crate) fn injected(&self) -> u32 {
        self.injected
    }

    /// Counts a tick; true after every `interval`.
    #[inline]
    pub(crate) fn count(ticks: &Cell<u32>, interval: u32) -> bool {
        let count = ticks.get() + 1;
        let is_time = count >= interval;
        ticks.set(if is_time { 0 } else { count });
        is_time
    }
}

/// The intervals of one worker, as its tasks are long or short.
pub(crate) struct Adapted {
    /// Ticks between two looks for events, and between two exceptional steps, at most.
    longest_unlooked: u32,
    longest_step: u32,
    /// Ticks from the last exceptional step to the next.
    step: Cell<u32>,
    /// When the last exceptional step was, in real time, and when the last look for events.
    stepped: Cell<u64>,
    looked: Cell<u64>,
    /// Ticks since then.
    unlooked: Cell<u32>,
}

impl Adapted {
    pub(crate) fn new(wanted: Intervals, now: u64) -> Self {
        Self {
            longest_unlooked: wanted.events.unwrap_or(LONGEST),
            longest_step: wanted.step_or(LONGEST),
            step: Cell::new(wanted.step_or(USUAL)),
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
        self.step.set(USUAL.min(self.longest_step));
        self.stepped.set(now);
        self.looked.set(now);
        self.unlooked.set(0);
    }

    /// Looks for events are overdue.
    pub(crate) fn hurry(&self) {
        self.unlooked.set(self.longest_unlooked);
    }

    /// Measures the tasks of a step that ends now; true if it is time to look for events.
    pub(crate) fn end_step(&self, now: u64) -> bool {
        let ticks = self.step.get();
        let mean = now.saturating_sub(self.stepped.replace(now)) / u64::from(ticks);
        let in_time = u32::try_from(LATE / mean.max(1)).unwrap_or(u32::MAX);
        let most = self.longest_step.min(ticks.saturating_mul(2));
        self.step.set(in_time.clamp(1, most));
        let unlooked = self.unlooked.get().saturating_add(ticks);
        // Half of it, since another step may take as much again.
        let late = now.saturating_sub(self.looked.get()) >= LATE / 2;
        let is_time = late || unlooked >= self.longest_unlooked;
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
    fn long_tasks_shorten_the_step_and_short_ones_lengthen_it() {
        let adapted = Adapted::new(Intervals::default(), 0);
        assert_eq!(adapted.step(), 61);
        let mut now = 0;
        let lengths = [1_000, 50, 50, 50, 50_000, 1_000_000, 1_000, 1_000];
        let steps = [100, 200, 244, 244, 2, 1, 2, 4];
        for (length, step) in lengths.into_iter().zip(steps) {
            now += length * u64::from(adapted.step());
            adapted.end_step(now);
            assert_eq!(adapted.step(), step, "after tasks of {length} ns");
        }
    }

    #[test]
    fn who_has_slept_begins_as_usual() {
        let adapted = Adapted::new(Intervals::default(), 0);
        adapted.end_step(61);
        assert_eq!(adapted.step(), 122);
        adapted.restart(100);
        assert_eq!(adapted.step(), 61);
    }

    #[test]
    fn a_step_is_never_longer_than_the_user_wants() {
        let wanted = Intervals {
            events: None,
            injected: Some(10),
        };
        let adapted = Adapted::new(wanted, 0);
        for now in 0..10 {
            assert_eq!(adapted.step(), 10);
            adapted.end_step(now);
        }
    }

    #[test]
    fn events_are_looked_for_after_so_many_tasks_or_so_much_time() {
        let wanted = Intervals {
            events: Some(61),
            injected: Some(10),
        };
        let adapted = Adapted::new(wanted, 0);
        let looks: Vec<bool> = (1..=7).map(|step| adapted.end_step(step * 100)).collect();
        assert_eq!(looks, [false, false, false, false, false, false, true]);
        assert!(!adapted.end_step(800));
        assert!(adapted.end_step(800 + LATE));
    }
}
