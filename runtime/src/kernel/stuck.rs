//! Which workers stand still: what somebody who looks again and again concludes from their counters.
//!
//! A worker counts how often it goes to sleep and comes back, and how often it looks around between tasks. It does so anyway, so
//! that it can be watched costs it nothing. While the counts stay the same it is in a few polls at most (it looks around after
//! every one that is long), or asleep, which the parity of one count tells.
//!
//! A worker that has just woken up looks around after some sixty tasks only, which may take a while. But then its queue tells that
//! it gets on: only who looks for a task makes that shorter, itself or a thief, and a poll that spawns makes it longer.

use std::time::Duration;

/// Where a worker was when somebody looked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Position {
    /// How often it went to sleep, and came back.
    pub(super) sleeps: u64,
    /// How often it has looked around.
    pub(super) looks: u64,
}

impl Position {
    pub(super) fn is_asleep(self) -> bool {
        self.sleeps % 2 == 1
    }
}

/// What a worker was seen to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// It sleeps, or has moved not long ago.
    Free,
    /// It has stood where it is at least since then, in real time.
    Stuck { since: u64 },
}

/// What the watcher remembers of one worker.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observed {
    position: Position,
    /// How many tasks were in its queue.
    queued: usize,
    /// When it was first seen there.
    since: u64,
}

impl Observed {
    /// The worker has been made at `now`, and has not moved.
    pub(super) fn new(now: u64) -> Self {
        Self {
            position: Position::default(),
            queued: 0,
            since: now,
        }
    }

    /// Thieves are about: that the queue is shorter now says nothing of its worker.
    pub(super) fn is_robbed(&mut self, queued: usize) {
        self.queued = self.queued.min(queued);
    }

    /// The worker is at `position` at `now`, with so many tasks in its queue. Who has been seen there for `patience`, awake, and
    /// whose queue nobody has taken from, is stuck.
    pub(super) fn look(
        &mut self,
        position: Position,
        queued: usize,
        now: u64,
        patience: Duration,
    ) -> Seen {
        let is_shorter = is_shorter(&mut self.queued, queued);
        if position != self.position || position.is_asleep() || is_shorter {
            self.position = position;
            self.since = now;
            return Seen::Free;
        }
        let time = Duration::from_nanos(now.saturating_sub(self.since));
        if time < patience {
            return Seen::Free;
        }
        Seen::Stuck { since: self.since }
    }
}

/// True if a queue has become shorter since the last look, as which this one is remembered: somebody has taken a task.
pub(super) fn is_shorter(before: &mut usize, queued: usize) -> bool {
    queued < std::mem::replace(before, queued)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_nanos(10);

    fn at(sleeps: u64, looks: u64) -> Position {
        Position { sleeps, looks }
    }

    #[test]
    fn who_stands_still_for_long_enough_is_stuck_since_it_was_first_seen_there() {
        let mut observed = Observed::new(50);
        assert_eq!(observed.look(at(2, 1), 0, 100, PATIENCE), Seen::Free);
        assert_eq!(observed.look(at(2, 1), 0, 109, PATIENCE), Seen::Free);
        let stuck = Seen::Stuck { since: 100 };
        assert_eq!(observed.look(at(2, 1), 0, 110, PATIENCE), stuck);
        assert_eq!(observed.look(at(2, 1), 0, 500, PATIENCE), stuck);
        assert_eq!(observed.look(at(2, 2), 0, 501, PATIENCE), Seen::Free);
        assert_eq!(observed.look(at(2, 2), 0, 510, PATIENCE), Seen::Free);
    }

    #[test]
    fn who_has_not_begun_has_time_to() {
        let mut observed = Observed::new(100);
        assert_eq!(observed.look(at(0, 0), 0, 109, PATIENCE), Seen::Free);
        let stuck = Seen::Stuck { since: 100 };
        assert_eq!(observed.look(at(0, 0), 0, 110, PATIENCE), stuck);
    }

    #[test]
    fn who_takes_from_its_queue_is_not_stuck() {
        let mut observed = Observed::new(50);
        assert_eq!(observed.look(at(2, 1), 9, 100, PATIENCE), Seen::Free);
        assert_eq!(observed.look(at(2, 1), 8, 110, PATIENCE), Seen::Free);
        assert_eq!(observed.look(at(2, 1), 7, 120, PATIENCE), Seen::Free);
        let stuck = Seen::Stuck { since: 120 };
        assert_eq!(observed.look(at(2, 1), 7, 130, PATIENCE), stuck);
        // A poll that goes on spawning is one poll.
        assert_eq!(observed.look(at(2, 1), 9, 140, PATIENCE), stuck);
        assert_eq!(observed.look(at(2, 1), 8, 150, PATIENCE), Seen::Free);
    }

    #[test]
    fn who_is_robbed_does_not_get_on() {
        let mut observed = Observed::new(50);
        assert_eq!(observed.look(at(2, 1), 9, 100, PATIENCE), Seen::Free);
        let stuck = Seen::Stuck { since: 100 };
        assert_eq!(observed.look(at(2, 1), 9, 110, PATIENCE), stuck);
        observed.is_robbed(5);
        assert_eq!(observed.look(at(2, 1), 5, 120, PATIENCE), stuck);
        assert_eq!(observed.look(at(2, 1), 4, 130, PATIENCE), Seen::Free);
    }

    #[test]
    fn who_sleeps_is_not_stuck_nor_who_has_slept_meanwhile() {
        let mut observed = Observed::new(50);
        for now in [100, 200, 300] {
            assert_eq!(observed.look(at(1, 0), 0, now, PATIENCE), Seen::Free);
        }
        assert_eq!(observed.look(at(2, 0), 0, 301, PATIENCE), Seen::Free);
        assert_eq!(observed.look(at(4, 0), 0, 400, PATIENCE), Seen::Free);
        let stuck = Seen::Stuck { since: 400 };
        assert_eq!(observed.look(at(4, 0), 0, 410, PATIENCE), stuck);
    }
}
