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

use super::{Core, Step, current, observed, run, with_core};
use crate::kernel::budget;
use crate::kernel::foreign;
use crate::kernel::here::{self, Blocking, Hold};
use crate::kernel::pool::Pool;
use crate::kernel::root::Driving;
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

/// Finds tasks and runs them, or sleeps, until there is a reason to leave.
// Not inlined: each of the two has its registers for itself.
#[inline(never)]
fn run_tasks<const OBSERVED: bool>() {
    loop {
        match current(Core::step::<OBSERVED>) {
            Some(Step::Task(task)) => run::<OBSERVED>(task),
            Some(Step::Rested) => {}
            Some(Step::Leave) | None => return,
        }
    }
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
    Some(core)
}

impl Handed {
    pub(in crate::kernel) fn new(core: Core) -> Self {
        Self(Some(Box::new(core)))
    }

    /// Gives the core to this thread. The claim to it is `here.core` from now on.
    pub(crate) fn install(mut self) {
        if let Some(core) = self.0.take() {
            // SAFETY: the wheel goes with the core, which has just been handed to this thread.
            unsafe { core.wheel().own() };
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

    /// Runs the worker's loop on this thread until the pool is closed or the core is handed on. True if it has ended the last
    /// core of the pool.
    pub(crate) fn run(self) -> bool {
        let _driving = Driving::replace(Blocking::InPlace);
        let _holding = Hold::Core.replace();
        self.install();
        // Until the pool is closed, or the core gone with a task.
        while let Some(observed) = current(Core::next_loop).flatten() {
            if observed {
                run_tasks::<true>();
            } else {
                run_tasks::<false>();
            }
        }
        here::with(|here| here.budget.set(budget::UNLIMITED));
        if let Some(core) = take() {
            return Handed(Some(core)).retire(Hold::Core);
        }
        come_back();
        false
    }

    /// Ends the worker: the pool is closed. What the thread holds meanwhile is `hold`. True if it was the last.
    fn retire(mut self, hold: Hold) -> bool {
        let Some(core) = self.0.take() else {
            return false;
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
                // With the last core go the user's callbacks, and what those own.
                foreign::call(|| drop(core));
                pool.retire()
            }
            // A destructor that waits has handed it on, and it is ended elsewhere.
            None => {
                come_back();
                false
            }
        }
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
        if let Some(core) = self.0.take() {
            core.pool.close();
            Self(Some(core)).retire(Hold::Kept);
        }
    }
}
