//! A core's way from thread to thread: handed to one, handed on by it in the middle of a task, ended by the last.
//!
//! The core that a thread holds is `here.core`, a box as a pointer, and the claim to it. It is handed on where the thread
//! copes without ([`Hold::Core`]): then the task that is polled or dropped goes on without a core, and the thread leaves the
//! loop after it.
//!
//! # The end
//!
//! A worker that finds its pool closed cancels what is left, with the core in place: tasks that the dying ones wake come to its
//! own queues. A destructor may hand that core on as well. Whoever gets it goes on with the end, and this thread *lingers*
//! until it has come back to its own (see [`pool`](super::super::pool)).

use super::{Core, Step, current, observed, run, run_watched, with_core};
use crate::kernel::budget;
use crate::kernel::here::{self, Blocking, Hold};
use crate::kernel::pool::Pool;
use crate::kernel::root::Driving;
use crate::kernel::wanted::LOOKED_INTO;
use crate::prim::Arc;
use std::ptr;

/// A core on its way to a thread.
pub(crate) struct Handed(Option<Box<Core>>);

/// Takes the core away from this thread, for another thread to go on with. `None` if it holds none, or has to keep it: the
/// worker's loop expects to find its core again after foreign wakers and callbacks.
pub(crate) fn hand_off() -> Option<Handed> {
    if here::with(|here| here.hold.get()) != Hold::Core {
        return None;
    }
    observed::block_in_place();
    let core = take()?;
    here::with(|here| here.hold.set(Hold::Counted));
    // A task in the slot has been promised to run right after this one, which may now take long.
    if let Some(task) = core.slot().take() {
        core.push(task);
    }
    if here::with(|here| here.drops.get()) {
        core.pool.linger();
        let pool = Arc::into_raw(Arc::clone(&core.pool));
        here::with(|here| here.lingers.set(pool.cast()));
    }
    Some(Handed(Some(core)))
}

/// Takes the core away from this thread.
fn take() -> Option<Box<Core>> {
    let core = here::with(|here| here.core.replace(ptr::null())) as *mut Core;
    if core.is_null() {
        return None;
    }
    // It was this core's.
    here::with(|here| here.recorder.set(ptr::null()));
    // SAFETY: `here.core` came from `Box::into_raw` in `Handed::install` or `Handed::retire`, and was this thread's claim to it.
    let core = unsafe { Box::from_raw(core) };
    core.wheel().disown();
    if let Some(watched) = &core.remote.watched {
        watched.leaves_its_thread();
    }
    Some(core)
}

impl Handed {
    pub(in crate::kernel) fn new(core: Core) -> Self {
        Self(Some(Box::new(core)))
    }

    /// Gives the core to this thread. The claim to it is `here.core` from now on.
    pub(crate) fn install(mut self) {
        if let Some(core) = self.0.take() {
            if !core.is_spare {
                // SAFETY: the wheel goes with the core, which has just been handed to this thread.
                unsafe { core.wheel().own() };
            }
            if let Some(watched) = &core.remote.watched {
                watched.is_on_this_thread();
            }
            here::with(|here| {
                here.recorder.set(core.pen.address());
                let before = here.core.replace(Box::into_raw(core).cast_const().cast());
                debug_assert!(before.is_null(), "a thread cannot hold two cores");
                here.hold.set(Hold::Core);
            });
        }
    }

    /// As [`install`](Self::install), for who has [handed it off](hand_off), and found nobody.
    pub(crate) fn give_back(self) {
        come_back();
        self.install();
    }

    /// Runs the worker's loop on this thread until the pool is closed, the core is handed on, or a spare worker leaves.
    pub(crate) fn run(self) -> Outcome {
        let _driving = Driving::replace(Blocking::InPlace);
        let _holding = Hold::Core.replace();
        let (is_spare, is_watched) = (self.is_spare(), self.is_watched());
        self.install();
        if is_spare {
            current(Core::arrive);
        }
        // Until the pool is closed, a spare worker is told, or the core is gone with a task.
        while let Some(records) = current(Core::next_loop).flatten() {
            let looks_again = match (records, is_spare, is_watched) {
                (true, true, true) if LOOKED_INTO => run_all::<true, true, true>(),
                (true, true, false) if LOOKED_INTO => run_all::<true, true, false>(),
                (true, false, true) if LOOKED_INTO => run_all::<true, false, true>(),
                (true, false, false) if LOOKED_INTO => run_all::<true, false, false>(),
                (_, true, true) if LOOKED_INTO => run_all::<false, true, true>(),
                (_, false, true) if LOOKED_INTO => run_all::<false, false, true>(),
                (_, true, _) => run_all::<false, true, false>(),
                (_, false, _) => run_all::<false, false, false>(),
            };
            if !looks_again {
                break;
            }
        }
        here::with(|here| here.budget.set(budget::UNLIMITED));
        if let Some(core) = take() {
            let core = Handed(Some(core));
            return if is_spare && !core.is_closed() {
                core.leave()
            } else {
                core.retire(Hold::Core)
            };
        }
        come_back();
        Outcome::HandedOn
    }

    /// Where the core is, which tells it from others.
    pub(crate) fn address(&self) -> *const () {
        self.0
            .as_ref()
            .map_or(ptr::null(), |core| ptr::from_ref(&**core).cast())
    }

    /// True for the core of a [spare worker](crate::kernel::spares).
    pub(crate) fn is_spare(&self) -> bool {
        self.0.as_ref().is_some_and(|core| core.is_spare)
    }

    /// True if somebody wants to know of its slow polls.
    fn is_watched(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|core| core.remote.watched.is_some())
    }

    fn is_closed(&self) -> bool {
        self.0
            .as_ref()
            .is_none_or(|core| core.pool.idle.is_closed())
    }

    /// Ends a spare worker, while the others go on; or one for which there was no thread.
    pub(crate) fn leave(mut self) -> Outcome {
        let Some(core) = self.0.take() else {
            return Outcome::HandedOn;
        };
        let pool = Arc::clone(&core.pool);
        let mut had_tasks = false;
        while let Some(task) = core.take_any() {
            pool.injector.push(task);
            had_tasks = true;
        }
        if pool.idle.leave(core.searching.get()) && had_tasks {
            pool.drain_late();
        }
        // Whoever has the place next must not find a token of this one's.
        if core.owes.get() {
            core.remote.seat.collect();
        }
        let counters = &core.remote.counters;
        if !counters.position().is_asleep() {
            counters.count_busy(core.awake_since.get());
            counters.count_sleep();
        }
        let Core {
            index,
            deque,
            hooks,
            ..
        } = *core;
        // What the callbacks own goes with the last core, where foreign code may.
        drop(hooks);
        pool.spares.gone(Some((index, deque)));
        Outcome::left(pool.retire())
    }

    /// Ends the worker: the pool is closed. What the thread holds meanwhile is `hold`.
    fn retire(mut self, hold: Hold) -> Outcome {
        let Some(core) = self.0.take() else {
            return Outcome::HandedOn;
        };
        let pool = Arc::clone(&core.pool);
        // If a destructor hands it on, whoever gets it sees at once that the pool is closed.
        core.tick.set(core.intervals.step());
        let core = Box::into_raw(core).cast_const().cast();
        // With the core in place, tasks that the dying ones wake come to this worker's own queues. The thread may
        // be holding a core of another pool, if this one was never run.
        let before = here::with(|here| here.core.replace(core));
        let holding = hold.replace();
        pool.end_worker(|| drain_own(&pool));
        let core = take();
        drop(holding);
        here::with(|here| here.core.set(before));
        match core {
            Some(core) => {
                core.remote.counters.count_busy(core.awake_since.get());
                if core.is_spare {
                    pool.spares.gone(None);
                }
                drop(core);
                Outcome::left(pool.retire())
            }
            // A destructor that waits has handed it on, and it is ended elsewhere.
            None => {
                come_back();
                Outcome::HandedOn
            }
        }
    }
}

/// What has become of a core when a thread is done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Another thread has it, or will.
    HandedOn,
    /// It is gone; others are there.
    Left,
    /// It was the last of the pool.
    Last,
}

impl Outcome {
    fn left(was_last: bool) -> Self {
        if was_last { Self::Last } else { Self::Left }
    }
}

/// Runs tasks as long as this thread holds the core, and there is a next step. True if there is another loop to go on with.
///
/// Each kind of worker has a copy of its own, in which nothing is left of what the others do.
#[inline(never)]
fn run_all<const OBSERVED: bool, const SPARE: bool, const WATCHED: bool>() -> bool {
    loop {
        let step = current(
            #[inline(always)]
            |core| {
                if SPARE {
                    core.step_unless_told::<OBSERVED>()
                } else {
                    core.step::<OBSERVED>()
                }
            },
        );
        match step {
            Some(Step::Task(task)) if WATCHED => run_watched::<OBSERVED>(task),
            Some(Step::Task(task)) => run::<OBSERVED>(task),
            Some(Step::Rested) => {}
            Some(Step::Leave) => return true,
            // Ended, or gone with the task.
            Some(Step::Ended) | None => return false,
        }
    }
}

impl Core {
    /// A spare worker is there: it does not count as asleep any more. (If it has come from another thread, it never did.)
    fn arrive(&self) {
        let counters = &self.remote.counters;
        if counters.position().is_asleep() {
            counters.count_sleep();
        }
    }

    #[inline(never)]
    fn step_unless_told<const OBSERVED: bool>(&self) -> Step {
        if self.pool.spares.claim(self.index) {
            return Step::Ended;
        }
        self.step::<OBSERVED>()
    }
}

/// This thread is out of the destructor in which it has handed its core on, if it did.
fn come_back() {
    let pool = here::with(|here| here.lingers.replace(ptr::null())).cast::<Pool>();
    if !pool.is_null() {
        // SAFETY: `hand_off` has put it there by `Arc::into_raw`, and it has just been taken out.
        unsafe { Arc::from_raw(pool) }.linger_no_more();
    }
}

/// Cancels what is in the queues of the core of `pool` that this thread holds; true if there was anything.
fn drain_own(pool: &Pool) -> bool {
    let mut any = false;
    while let Some(task) = with_core(pool, |core| core.and_then(Core::take_any)) {
        task.cancel();
        any = true;
    }
    any
}

impl Drop for Handed {
    fn drop(&mut self) {
        // A core that no thread has taken: it could not be started, or the runtime is closed.
        if self.is_spare() {
            Self(self.0.take()).leave();
        } else if let Some(core) = self.0.take() {
            core.pool.close();
            Self(Some(core)).retire(Hold::Kept);
        }
    }
}
