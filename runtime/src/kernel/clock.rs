//! A runtime's clock: real time, unless a test has stopped it.
//!
//! Time is nanoseconds since a moment that is the same for the whole process ([`prim::now`]'s), so that
//! the readings of different clocks can be compared and converted alike. A clock that was never paused
//! shows real time; a paused one shows what it was set to; a resumed one goes on from there, and keeps
//! that distance from real time.
//!
//! Orderings: whoever changes the clock holds `changing`. A reader looks at `frozen` first: an Acquire
//! load of [`RUNNING`] that a `resume` has stored sees the `offset` that goes with it. A reader that is
//! on its way while another thread pauses the clock may still return real time from after the pause; the
//! threads of one paused runtime are ordered by what they do, not by such a race.
//!
//! [`prim::now`]: crate::prim::now

use crate::prim::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::prim::{self, Mutex};
use std::time::Duration;

/// The value of `frozen` that says that the clock is not paused.
const RUNNING: u64 = u64::MAX;

/// The last moment there is; one less than what stands for "never".
pub(crate) const LAST_MOMENT: u64 = u64::MAX - 1;

/// When simulations begin.
pub(crate) const SIMULATED: u64 = 1 << 60;

/// Why a clock cannot be advanced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AdvanceError {
    /// It is not paused.
    Running,
    /// It would be past the last moment.
    Overflow,
}

/// Who has stopped a clock that is not its program's to stop: see [`Clock::new_simulated`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeper {
    Program,
    /// The program may say that it stops and resumes it, and that changes nothing but what it may say next.
    Simulation,
}

/// The clock of one runtime.
#[derive(Debug)]
pub(crate) struct Clock {
    /// What a paused clock shows, or [`RUNNING`].
    frozen: AtomicU64,
    /// What is added to real time, wrapping, while the clock runs.
    offset: AtomicU64,
    keeper: Keeper,
    /// The program has stopped a clock that is a simulation's.
    is_stopped_too: AtomicBool,
    /// Held by whoever changes the others.
    changing: Mutex<()>,
}

impl Clock {
    /// A clock that shows real time.
    pub(crate) fn new() -> Self {
        Self {
            frozen: AtomicU64::new(RUNNING),
            offset: AtomicU64::new(0),
            keeper: Keeper::Program,
            is_stopped_too: AtomicBool::new(false),
            changing: Mutex::new(()),
        }
    }

    /// A clock that stands still for good, and is moved by a simulation. Its program may [pause](Self::pause) and
    /// [resume](Self::resume) it as if it ran.
    ///
    /// It begins at the same moment always, in the middle of what [`prim::now`] can tell, so that there are moments before it.
    /// (Which deadlines a wheel keeps together, and so to which moments time moves, depends on when they are and not only on how
    /// far away.) Real time is later than that, so what the program takes from a clock of its own lies ahead, and is not overdue.
    #[allow(dead_code, reason = "there may be no simulation")]
    pub(crate) fn new_simulated() -> Self {
        let mut clock = Self::new();
        clock.pause();
        clock.keeper = Keeper::Simulation;
        clock.begin_simulated();
        clock
    }

    /// Puts a simulation's clock to where it begins. Nobody else knows it.
    #[allow(dead_code, reason = "there may be no simulation")]
    pub(crate) fn begin_simulated(&self) {
        // Ordering: Relaxed, nobody else knows the clock.
        self.frozen.store(SIMULATED, Ordering::Relaxed);
        self.is_stopped_too.store(false, Ordering::Relaxed);
    }

    /// True if the program has stopped it, whoever else has.
    pub(crate) fn is_paused_by_program(&self) -> bool {
        match self.keeper {
            Keeper::Program => self.is_paused(),
            // Ordering: Relaxed, nothing is read on the strength of it.
            Keeper::Simulation => self.is_stopped_too.load(Ordering::Relaxed),
        }
    }

    /// The time.
    #[inline]
    pub(crate) fn now(&self) -> u64 {
        self.at(prim::now())
    }

    /// What a simulation's clock shows, for which no real one need be read.
    #[allow(dead_code, reason = "there may be no simulation")]
    pub(crate) fn simulated_now(&self) -> u64 {
        debug_assert_eq!(self.keeper, Keeper::Simulation);
        // Ordering: Relaxed, no other memory goes with a frozen value.
        self.frozen.load(Ordering::Relaxed)
    }

    /// What the clock shows at a moment of real time that has just been.
    #[inline]
    pub(crate) fn at(&self, real: u64) -> u64 {
        // Ordering: Acquire, partner of the Release in `resume`.
        match self.frozen.load(Ordering::Acquire) {
            // Ordering: Relaxed, the load above has ordered it.
            RUNNING => real.wrapping_add(self.offset.load(Ordering::Relaxed)),
            frozen => frozen,
        }
    }

    /// True while the clock stands still.
    #[inline]
    pub(crate) fn is_paused(&self) -> bool {
        // Ordering: Relaxed, nothing is read on the strength of it.
        self.frozen.load(Ordering::Relaxed) != RUNNING
    }

    /// The real time, and the real time when this clock will show `moment` (if it is running, and if that is still to
    /// come).
    pub(crate) fn real(&self, moment: u64) -> (u64, u64) {
        let now = prim::now();
        // Ordering: Relaxed; whoever waits has read the clock before.
        let shown = now.wrapping_add(self.offset.load(Ordering::Relaxed));
        (now, now.saturating_add(moment.saturating_sub(shown)))
    }

    /// How long it takes until the clock, if it is running, shows `moment`.
    pub(crate) fn until(&self, moment: u64) -> Duration {
        let (now, then) = self.real(moment);
        Duration::from_nanos(then - now)
    }

    /// Stops the clock; false if the program had done so already.
    pub(crate) fn pause(&self) -> bool {
        let _changing = self.changing.lock();
        if self.is_paused_by_program() {
            return false;
        }
        if self.keeper == Keeper::Simulation {
            // Ordering: Relaxed, a flag that no other memory goes with.
            self.is_stopped_too.store(true, Ordering::Relaxed);
            return true;
        }
        prim::note_paused_clock();
        let now = self.now().min(LAST_MOMENT);
        // Ordering: Relaxed, no other memory goes with a frozen value.
        self.frozen.store(now, Ordering::Relaxed);
        true
    }

    /// Lets the clock go on from what it shows; false if it was running already.
    pub(crate) fn resume(&self) -> bool {
        let _changing = self.changing.lock();
        if !self.is_paused_by_program() {
            return false;
        }
        if self.keeper == Keeper::Simulation {
            // Ordering: Relaxed, as in `pause`.
            self.is_stopped_too.store(false, Ordering::Relaxed);
            return true;
        }
        let offset = self.now().wrapping_sub(prim::now());
        // Ordering: Relaxed, published by the store below.
        self.offset.store(offset, Ordering::Relaxed);
        // Ordering: Release, partner of the Acquire in `now`.
        self.frozen.store(RUNNING, Ordering::Release);
        true
    }

    /// Moves a paused clock forward by `nanoseconds`.
    pub(crate) fn advance(&self, nanoseconds: u64) -> Result<(), AdvanceError> {
        let _changing = self.changing.lock();
        if !self.is_paused_by_program() {
            return Err(AdvanceError::Running);
        }
        match self.now().checked_add(nanoseconds) {
            Some(to) if to <= LAST_MOMENT => {
                // Ordering: Relaxed, as in `pause`.
                self.frozen.store(to, Ordering::Relaxed);
                Ok(())
            }
            _ => Err(AdvanceError::Overflow),
        }
    }

    /// Moves a paused clock forward to `to`. Does nothing if it runs, or shows a later time.
    pub(crate) fn advance_to(&self, to: u64) {
        let _changing = self.changing.lock();
        // Ordering: Relaxed, as in `pause`; who changes it holds the lock.
        let frozen = self.frozen.load(Ordering::Relaxed);
        if frozen != RUNNING && frozen < to {
            self.frozen.store(to.min(LAST_MOMENT), Ordering::Relaxed);
        }
    }
}
