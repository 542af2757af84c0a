//! Threads of a pool that wait do not count against its limit.
//!
//! A limit of threads bounds how many run at a time. If those that wait counted as well, they could all be waiting for what
//! only one more thread would do: a closure that waits for a file's operation, with as many like it as there may be threads.
//! So everything of leno's that puts a thread to sleep for somebody else's sake does so within [`waiting`]: `block_on`, in
//! whatever runtime, the blocking forms of channels and locks, the end of a runtime, and `block_in_place`, whose closure may
//! wait by any means. What the pool makes of that is told in `blocking/in_place.rs`. (How a closure waits that calls the
//! standard library nobody can see.)
//!
//! It costs the pool's lock twice, around a sleep. On threads that belong to no pool, and on workers that hold their core
//! (they have a share of their own in the limit), it is a look at the thread-local.

use crate::kernel::here::{self, Crew, Hold};
use crate::prim::asked;
use std::task::Waker;

/// Says what the thread holds until this is dropped.
#[derive(Debug)]
pub(crate) struct Holding {
    before: Hold,
}

impl Hold {
    /// So it is until the guard is dropped.
    pub(crate) fn replace(self) -> Holding {
        let before = here::with(|here| here.hold.replace(self));
        Holding { before }
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        here::with(|here| here.hold.set(self.before));
    }
}

/// Calls `wait`, which waits.
pub(crate) fn waiting<R>(wait: impl FnOnce() -> R) -> R {
    let _waiting = Waiting::begin(|crew| crew.begin_to_wait());
    wait()
}

/// If this thread is in a simulation, has that run what there is until `woken` says true, and is true.
#[inline]
pub(crate) fn in_simulation(woken: impl Fn() -> bool) -> bool {
    if !asked::asks() {
        return false;
    }
    match here::with(|here| here.simulation.get()) {
        // SAFETY: set by who runs the simulation, further up on this stack, and taken out before that goes.
        Some(simulation) => unsafe { simulation.as_ref() }.run_until(&woken),
        None => return false,
    }
    true
}

/// True of the waker that this thread's simulation lends for the poll that is under way.
pub(crate) fn is_lent(waker: &Waker) -> bool {
    match here::with(|here| here.simulation.get()) {
        // SAFETY: as in `in_simulation`.
        Some(simulation) => unsafe { simulation.as_ref() }.lends(waker),
        None => false,
    }
}

/// Polls of a future that a thread waits for. In a simulation each is a turn, as those of tasks are: else who was held up in one
/// would be in all that follow.
#[derive(Debug, Default)]
pub(crate) struct Polls {
    polled: bool,
}

impl Polls {
    /// The future is polled next.
    #[inline]
    pub(crate) fn begin(&mut self) {
        if asked::asks() && std::mem::replace(&mut self.polled, true) {
            if let Some(simulation) = here::with(|here| here.simulation.get()) {
                // SAFETY: as in `in_simulation`.
                unsafe { simulation.as_ref() }.give_way();
            }
        }
    }

    /// The thread has slept meanwhile.
    #[inline]
    pub(crate) fn slept(&mut self) {
        self.polled = false;
    }
}

/// This thread waits, until the guard is dropped. Does nothing unless the thread counted before.
#[derive(Debug)]
pub(crate) struct Waiting {
    counts: bool,
}

impl Waiting {
    /// `begin` tells the pool.
    pub(crate) fn begin(begin: impl FnOnce(&dyn Crew)) -> Self {
        let counts = here::with(|here| {
            let counts = here.hold.get() == Hold::Counted;
            if counts {
                here.hold.set(Hold::Waits);
            }
            counts
        });
        if counts {
            with_crew(begin);
        }
        Self { counts }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.counts {
            with_crew(|crew| crew.go_on());
            here::with(|here| here.hold.set(Hold::Counted));
        }
    }
}

/// Calls `f` with this thread's pool, if it belongs to one.
fn with_crew(f: impl FnOnce(&dyn Crew)) {
    if let Some(crew) = here::with(|here| here.crew.get()) {
        // SAFETY: a thread of a pool sets `here.crew` to a value further up on its own stack, and takes it out before that
        // goes (`blocking::Main::run`). `f` cannot keep the reference.
        f(unsafe { crew.as_ref() });
    }
}
