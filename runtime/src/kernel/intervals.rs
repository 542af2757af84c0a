//! How often a scheduler looks at what is not a task that is at hand.

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
    pub(crate) fn count(&self, ticks: &std::cell::Cell<u32>) -> bool {
        let count = ticks.get().saturating_add(self.step());
        let is_time = count >= self.events;
        ticks.set(if is_time { 0 } else { count });
        is_time
    }
}
