//! What a worker does while it sleeps in the reactor: it looks after those that are awake.
//!
//! While it is in here it is announced as sleeping, and has looked at the queues since: a push that comes later wakes it by
//! a token. So it may wait again and again without going through the idle protocol.
//!
//! The model is in `loom-tests/src/models/pool.rs`: a stuck worker's timers are fired.

use super::Core;
use super::search::is_neglected;
use crate::kernel::driver::Turn;
use crate::kernel::seat::Called;
use crate::prim::alarm;

impl Core {
    /// Waits in the reactor until somebody calls, or until there is something to do here: what an event has woken, or a
    /// timer that is due. Whoever waits in the reactor looks after the timers of workers that are awake, too.
    pub(super) fn attend(&self, mut turn: Turn<'_>, deadline: Option<u64>) -> Called {
        let pool = &*self.pool;
        let seat = &*pool.remotes[self.index].seat;
        loop {
            let called = seat.poll(|may_wait| {
                self.quietly(|| {
                    if may_wait {
                        turn.wait(self.nap(deadline), &pool.clock);
                    } else {
                        turn.look();
                    }
                });
            });
            if called.any || !self.deque.is_empty() || !self.slot().peek().is_null() {
                return called;
            }
            // Else it was an obsolete alarm, or a nap that nobody needed.
            let now = pool.clock.now();
            let mut wheels = pool.remotes.iter().map(|remote| &remote.wheel);
            if self.wheel().overdue(now) || wheels.any(|wheel| is_neglected(wheel, now)) {
                return called;
            }
        }
    }

    /// Until when to sleep, for a worker that has nothing to do before `deadline`.
    ///
    /// A worker that is awake fires its own timers, unless it is stuck in a poll, and one that is stuck may have filed
    /// some just before, when everyone else slept already. So nobody is left alone for longer than a nap.
    fn nap(&self, deadline: Option<u64>) -> Option<u64> {
        let pool = &*self.pool;
        match alarm::nap() {
            Some(nap) if !pool.idle.all_sleep() => {
                let nap = pool.clock.now().saturating_add(nap);
                Some(deadline.map_or(nap, |deadline| deadline.min(nap)))
            }
            _ => deadline,
        }
    }
}
