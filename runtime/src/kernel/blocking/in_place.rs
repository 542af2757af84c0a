//! What becomes of a thread of the pool while it waits: somebody else does what it would have done.
//!
//! A worker in the middle of a task hands its core on, which another thread goes on with. Any other thread that counts makes
//! room for one more, which comes at once if there is a job that nobody is coming for: what is waited for may need it.

use super::{Job, Main, Refused, Shared};
use crate::kernel::budget;
use crate::kernel::here::{self, Crew};
use crate::kernel::root::Driving;
use crate::kernel::waiting::{Waiting, waiting};
use crate::kernel::worker;
use crate::prim::SelfArc;

impl Crew for Main {
    fn begin_to_wait(&self) {
        let mut state = self.shared.state.lock();
        state.waiting += 1;
        let coming = state.told + state.starting;
        if state.queue.len() > coming && state.threads < self.shared.limit(&state) {
            // If the system has no thread, whoever goes on first takes the job.
            let _ = Shared::start(&self.shared, state, || SelfArc::clone(&self.surroundings));
        }
    }

    fn go_on(&self) {
        self.shared.state.lock().waiting -= 1;
    }
}

/// Calls `f` with what this thread runs, if it belongs to a pool.
pub(super) fn with_main<R>(f: impl FnOnce(Option<&Main>) -> R) -> R {
    let main = here::with(|here| here.crew.get());
    // SAFETY: `Main::run` sets `here.crew` to its own `Main`, the only type that there is, and `Ended` takes it out before
    // that goes; `f` cannot keep the reference.
    f(main.map(|main| unsafe { main.cast::<Main>().as_ref() }))
}

/// Calls `closure`, which waits by whatever means; a worker's core, if this thread can do without the one that it holds,
/// goes to another thread first. If the system has none, the core stays, and its tasks wait.
pub(crate) fn in_place<R>(closure: impl FnOnce() -> R) -> R {
    let _handed = hand_on();
    waiting(|| {
        let _driving = Driving::replace(here::Blocking::Allowed);
        budget::with_budget(budget::UNLIMITED, closure)
    })
}

/// Hands this thread's core on, if it copes without: then it waits, until the guard is dropped.
fn hand_on() -> Option<Waiting> {
    with_main(|main| {
        let main = main?;
        let core = worker::hand_off()?;
        // The new thread is for the core, which comes next.
        let waiting = Waiting::begin(|_| main.shared.state.lock().waiting += 1);
        let surroundings = || SelfArc::clone(&main.surroundings);
        match Shared::submit(&main.shared, Job::Worker(core), surroundings) {
            Err(Refused::NoThread(Job::Worker(core), _)) => {
                drop(waiting);
                core.give_back();
                None
            }
            _ => Some(waiting),
        }
    })
}
