//! What a driver with nothing to do does while the clock stands still: it moves the clock to the next deadline.
//!
//! Not while a blocking closure is alive, since what that does takes real time (see [`Local::hold_clock`]).
//!
//! # What comes from outside
//!
//! What a task waits for at its socket takes real time too, even on this machine: a timeout around it would strike at once. So
//! if there has been any traffic since the clock last moved, an event is waited for, up to [`PATIENCE`]. Nobody knows whether
//! there is one to come. If there is none that was in vain, and half as long is waited the next time, down to [`LEAST`]; one
//! that comes restores the patience. So a listener that nobody connects to costs one such wait and a test that goes on
//! talking to itself a millisecond for each time that the clock moves, and a test without IO nothing.
//!
//! Who is on this thread needs no patience: what it has sent has arrived, and is found by looking.

use super::{Driven, Local};
use crate::kernel::foreign;
use crate::prim;
use crate::prim::Arc;
use crate::prim::atomic::Ordering;
use std::cell::Cell;
use std::time::Duration;

/// How long an event is waited for, in nanoseconds of real time, at first and after one has come.
const PATIENCE: u64 = 32_000_000;

/// And when many have been waited for in vain.
const LEAST: u64 = 1_000_000;

/// How long the driver waits for what may come from outside.
pub(super) struct Patience {
    /// The reactor's count when the clock last moved.
    tries: Cell<u64>,
    /// Nanoseconds.
    next: Cell<u64>,
}

impl Patience {
    pub(super) const fn new() -> Self {
        Self {
            tries: Cell::new(0),
            next: Cell::new(PATIENCE),
        }
    }
}

/// The clock does not move by itself while this lives.
pub(crate) struct ClockHold(Arc<Local>);

impl Drop for ClockHold {
    fn drop(&mut self) {
        // Ordering: Release, so that what the closure did is visible before the clock moves.
        self.0.clock_holds.fetch_sub(1, Ordering::Release);
        self.0.seat.poke();
    }
}

impl Local {
    /// Keeps a paused clock from moving by itself.
    pub(crate) fn hold_clock(local: &Arc<Self>) -> ClockHold {
        // Ordering: Relaxed; the driver that has to see it is on this thread or will be told by what this does.
        local.clock_holds.fetch_add(1, Ordering::Relaxed);
        ClockHold(Arc::clone(local))
    }
}

impl Driven {
    /// The clock stands still: look for events, and move it to the next deadline if there are none.
    pub(super) fn sleep_paused(&self, deadline: Option<u64>) {
        let local = &*self.local;
        // Ordering: Acquire, the partner of the Release in `ClockHold::drop`, which pokes the seat.
        let held = local.clock_holds.load(Ordering::Acquire) > 0;
        match deadline {
            Some(deadline) if !held => {
                let called = self.look();
                if !called.any && self.is_empty() && !self.wait_for_traffic() {
                    local.clock.advance_to(deadline);
                }
            }
            _ => self.wait(None),
        }
    }

    /// True if there is something to do.
    fn wait_for_traffic(&self) -> bool {
        let Some(reactor) = self.local.driver.handle() else {
            return false;
        };
        let patience = &self.core().patience;
        let tries = reactor.tries();
        if tries == patience.tries.get() {
            return false;
        }
        let end = prim::now() + patience.next.get();
        loop {
            let left = end.saturating_sub(prim::now());
            if left == 0 {
                patience.tries.set(tries);
                patience.next.set(LEAST.max(patience.next.get() / 2));
                return false;
            }
            if self.wait_for(Duration::from_nanos(left)) || !self.is_empty() {
                patience.next.set(PATIENCE);
                return true;
            }
            // An event that concerned nobody.
        }
    }

    /// Waits for events for some real time; true if somebody has called.
    fn wait_for(&self, time: Duration) -> bool {
        let Some(mut turn) = self.local.driver.try_lock() else {
            return true;
        };
        let called = self.local.seat.poll(|may_wait| {
            if may_wait {
                foreign::call(|| turn.wait_for(time));
            }
        });
        called.any
    }
}
