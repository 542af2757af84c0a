//! How often tasks may yield until their thread looks for events, with nothing else to run.
//!
//! Tasks that do nothing but yield wait for what has not come yet. So the thread looks at once, and less often the longer
//! that goes on.
//!
//! What it promises is a row of the table "What waits for how long" in ARCHITECTURE.md.

use std::cell::Cell;

/// How often the tasks of a thread may yield, with nothing else to do, between two looks for events, each of which costs
/// some 200 ns.
const YIELDS: u8 = 8;

/// The tasks of one thread that yield.
#[derive(Debug)]
pub(crate) struct Yields {
    /// How often they may until the next look.
    left: Cell<u8>,
    /// How often they could before this.
    interval: Cell<u8>,
}

impl Yields {
    pub(crate) const fn new() -> Self {
        Self {
            left: Cell::new(1),
            interval: Cell::new(1),
        }
    }

    /// The thread has slept, and looked for events.
    pub(crate) fn restart(&self) {
        self.left.set(1);
        self.interval.set(1);
    }

    /// Counts one; true if it is time for a look, unless there are other tasks to run.
    ///
    /// That is at once, then after 2, 4 and 8 more, then after every [`YIELDS`]: who has just been woken and yields often
    /// waits for what is on its way.
    #[inline]
    pub(crate) fn count(&self) -> bool {
        let left = self.left.get() - 1;
        self.left.set(left);
        left == 0 && self.lengthen()
    }

    #[cold]
    fn lengthen(&self) -> bool {
        let interval = YIELDS.min(2 * self.interval.get());
        self.interval.set(interval);
        self.left.set(interval);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_for_who_yields_grow_rarer_until_one_in_eight() {
        let yields = Yields::new();
        let looks: Vec<u8> = (1..=40).filter(|_| yields.count()).collect();
        assert_eq!(looks, [1, 3, 7, 15, 23, 31, 39]);
        yields.restart();
        assert!(yields.count());
    }
}
