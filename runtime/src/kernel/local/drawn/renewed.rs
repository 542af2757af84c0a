//! A scheduler that is used for the next run.
//!
//! A run takes a microsecond, and to make a scheduler and free it took another: some twenty pieces of memory. So one in which
//! nothing is left, and which nobody else knows, is put back to how it was made, and not ended: there is nothing that could see
//! its end.
//!
//! Each part says itself how it is put back, and takes itself apart for that without leaving a field out: one that is added is not
//! forgotten here. What cannot be put back says so, and the scheduler ends as all do.

use super::super::handover::CoreSlot;
use super::super::{Closed, Core, Injected, Local, Queues};
use crate::kernel::clock::SIMULATED;
use crate::kernel::task::Home;
use crate::prim::Arc;
use crate::prim::atomic::{Ordering, fence};

impl Local {
    /// Puts a scheduler back to how it was made, for a simulation; false if it cannot be, and has to be ended. `home` is its home.
    pub(crate) fn renew(local: &mut Arc<Self>, home: &mut Home) -> bool {
        // All that there may be: whoever made it has one, and its home another.
        if !home.is_unshared() || !is_known_to(2, local) {
            return false;
        }
        // SAFETY: the counts say that there are two pointers to it. `local` is one, and borrowed here. The other is in the home,
        // which this is the only pointer to, and which is borrowed, too.
        let local = unsafe { &mut *Arc::as_ptr(local).cast_mut() };
        local.renew_parts()
    }

    fn renew_parts(&mut self) -> bool {
        let Self {
            injected,
            injected_len,
            inbox_len,
            seat,
            register,
            driver,
            clock,
            wheel,
            // They are made once.
            intervals: _,
            timed,
            bound: _,
            core,
            wanted,
            observed,
            spawned,
            finished,
            sleeps,
            busy,
            clock_holds,
            // Nobody waits on it.
            ended: _,
        } = self;
        let Injected { queue, closed } = injected.get_mut();
        let core = core.get_mut();
        // The wheel has the other pointer to each.
        let are_unshared = is_known_to(2, seat) && is_known_to(2, clock);
        let is_open = queue.is_empty() && *closed == Closed::No;
        let is_bare = driver.handle().is_none() && timed.is_none();
        let is_idle = core.is_idle() && register.is_as_new();
        // The last one, since it changes something.
        if !(are_unshared && is_open && is_bare && is_idle && wheel.renew(SIMULATED)) {
            return false;
        }
        clock.begin_simulated();
        core.reset();
        seat.forget();
        // Ordering: Relaxed, nobody else knows it.
        for count in [injected_len, inbox_len, clock_holds] {
            count.store(0, Ordering::Relaxed);
        }
        for count in [spawned, finished, sleeps, busy] {
            count.store(0, Ordering::Relaxed);
        }
        for flag in [wanted, observed] {
            flag.store(false, Ordering::Relaxed);
        }
        true
    }
}

impl CoreSlot {
    /// The core is there, with nothing in it, and nobody wants it.
    fn is_idle(&mut self) -> bool {
        let Self {
            core,
            lent,
            ends,
            claims,
            helpers,
        } = self;
        let is_wanted = *lent || *ends || !claims.is_empty() || !helpers.is_empty();
        core.as_mut().is_some_and(|core| core.is_idle()) && !is_wanted
    }

    fn reset(&mut self) {
        if let Some(core) = &self.core {
            core.reset();
        }
    }
}

impl Core {
    fn is_idle(&mut self) -> bool {
        let Queues { ready, inbox } = self.queues.get_mut();
        let is_empty = ready.is_empty() && inbox.is_empty() && !self.deferred.any();
        is_empty && !self.ending.get() && !self.pen.has_recorded()
    }

    fn reset(&self) {
        let Self {
            // They are empty.
            queues: _,
            deferred: _,
            polling,
            // Only where there is a reactor.
            patience: _,
            left,
            ending: _,
            tick,
            unlooked,
            // For drivers that sleep, and taken out at the end.
            hooks: _,
            // Set by the next driver.
            awake_since: _,
            // It has never recorded.
            pen: _,
        } = self;
        polling.set(false);
        left.set(0);
        tick.set(0);
        unlooked.set(0);
    }
}

/// True if there are so many pointers to it, and no weak ones. Who has given up another has done so before all that follows.
fn is_known_to<T>(count: usize, known: &Arc<T>) -> bool {
    let is_so = Arc::strong_count(known) == count && Arc::weak_count(known) == 0;
    // Ordering: Acquire, partner of the Release by which a pointer is given up.
    fence(Ordering::Acquire);
    is_so
}
