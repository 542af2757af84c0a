//! What a worker does while it sleeps in the reactor: it looks after those that are awake.
//!
//! While it is in here it is announced as sleeping, and has looked at the queues since: a push that comes later wakes it by
//! a token. So it may wait again and again without going through the idle protocol.
//!
//! What it promises is a row of the table "What waits for how long" in ARCHITECTURE.md.
//!
//! The model is in `loom-tests/src/models/pool.rs`: a stuck worker's timers are fired.

use super::Core;
use super::search::is_neglected;
use crate::kernel::driver::Turn;
use crate::kernel::intervals::LATE;
use crate::kernel::seat::Called;
use crate::kernel::wheel::NEVER;

/// For how long, in nanoseconds, those that are awake are trusted with their timers at least: where timers are due all the
/// time, whoever waits would be woken for each of them. (Without it 10k sleeps take a quarter more processor time.)
const PATIENCE: u64 = 1_000_000;

impl Core {
    /// Waits in the reactor until somebody calls, or until there is something to do here: what an event has woken, or a
    /// timer that is due. Whoever waits in the reactor looks after the timers of workers that are awake, too.
    ///
    /// `deadline` is what this worker's wheel said, which holds for the first wait only: another worker may fire this one's
    /// timers, and then the deadline is one that has passed for nothing.
    pub(super) fn attend(&self, mut turn: Turn<'_>, mut deadline: Option<u64>) -> Called {
        let pool = &*self.pool;
        let seat = &*pool.remotes[self.index].seat;
        loop {
            let called = seat.poll(|may_wait| {
                self.quietly(|| {
                    if may_wait {
                        turn.wait(self.until(deadline), &pool.clock);
                    } else {
                        turn.look();
                    }
                });
            });
            if called.any || !self.deque.is_empty() || !self.slot().peek().is_null() {
                return called;
            }
            // Else it was an obsolete alarm, or a timer that its owner has fired by now.
            let now = pool.clock.now();
            let is_any_neglected = pool.wheels().any(|wheel| is_neglected(wheel, now));
            if is_any_neglected || !self.is_spare && self.wheel().overdue(now) {
                return called;
            }
            deadline = self.prepare_sleep();
        }
    }

    /// Until when to sleep, for a worker that has nothing to do before `deadline`.
    ///
    /// A worker that is awake fires its own timers, unless it is stuck in a poll: so whoever waits here wakes up when the first
    /// of them is neglected. Those that are filed from now on are not known here: if it comes to that, the
    /// [watcher](crate::kernel::watcher) calls. (A nap of a millisecond, again and again while anybody was awake, made up for
    /// that too, and took 3 % of the requests of a busy server.)
    pub(super) fn until(&self, deadline: Option<u64>) -> Option<u64> {
        let pool = &*self.pool;
        let awake = pool.remotes[..pool.workers()]
            .iter()
            .filter(|remote| !remote.counters.position().is_asleep());
        let earliest = awake.map(|remote| remote.wheel.earliest()).min();
        let Some(earliest) = earliest.filter(|&earliest| earliest != NEVER) else {
            return deadline;
        };
        let soon = pool.clock.now().saturating_add(PATIENCE);
        let neglected = earliest.saturating_add(LATE).max(soon);
        Some(deadline.map_or(neglected, |deadline| deadline.min(neglected)))
    }
}
