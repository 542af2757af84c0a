//! What becomes of a thread of the pool while it waits: somebody else does what it would have done.
//!
//! A worker in the middle of a task hands its core on, which another thread goes on with, and makes room for one more.
//!
//! # When closures stall
//!
//! A thread that waits in a closure does not, or a program that has thousands of them wait would have as many threads. But if
//! *all* that run closures wait, and jobs are there that nobody is coming for, these may be what is waited for. So a thread is
//! started that *stands by*: if nothing has moved when it has been patient for a while it takes a job. If that waits too,
//! the next one stands by, for longer the more there are of them: with some hundred they come so slowly that a program whose
//! closures just take long gets no more of them to speak of, and one whose closures do depend on each other goes on.

use super::{Job, Main, Refused, Shared, State};
use crate::kernel::budget;
use crate::kernel::here::{self, Crew};
use crate::kernel::root::Driving;
use crate::kernel::waiting::{Waiting, waiting};
use crate::kernel::worker;
use crate::prim::{MutexGuard, SelfArc};
use std::time::{Duration, Instant};

impl Crew for Main {
    fn begin_to_wait(&self) {
        let mut state = self.shared.state.lock();
        state.waiting += 1;
        state.waiting_in_closures += usize::from(self.in_closure.get());
        let coming = state.told + state.starting;
        let has_room = state.threads < self.shared.limit_at_once(&state);
        if state.is_stalled() || has_room && state.queue.len() > coming {
            // If the system has no thread, whoever goes on first takes the job.
            let _ = Shared::start(&self.shared, state, &|| SelfArc::clone(&self.surroundings));
        }
    }

    fn go_on(&self) {
        let mut state = self.shared.state.lock();
        state.waiting -= 1;
        state.waiting_in_closures -= usize::from(self.in_closure.get());
    }
}

impl Main {
    /// Waits as long as nothing moves; then this thread is one like the others, and is one too many if anything has moved.
    pub(super) fn stand_by<'a>(&self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let shared = &*self.shared;
        let surplus = state.threads.saturating_sub(shared.config.max_threads);
        let end = Instant::now() + patience(shared.config.patience, surplus);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if state.closed || left.is_zero() {
                break;
            }
            state = shared.stalled.wait_timeout(state, left).0;
        }
        state.has_standby = false;
        state
    }
}

/// How long a thread stands by where there are so many more than there may be.
fn patience(least: Duration, surplus: usize) -> Duration {
    let times = surplus.saturating_mul(surplus) / 1000;
    let times = u32::try_from(times).unwrap_or(u32::MAX);
    least.saturating_add(least.saturating_mul(times))
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
        match Shared::submit(&main.shared, Job::Worker(core), &surroundings) {
            Err(Refused::NoThread(Job::Worker(core), _)) => {
                drop(waiting);
                core.give_back();
                None
            }
            _ => Some(waiting),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_threads_there_are_the_longer_the_next_one_stands_by() {
        let least = Duration::from_millis(10);
        for (surplus, times) in [(0, 1), (1, 1), (31, 1), (32, 2), (100, 11), (1000, 1001)] {
            assert_eq!(patience(least, surplus), times * least, "{surplus}");
        }
        assert!(patience(least, usize::MAX) > patience(least, 1000));
        assert_eq!(patience(Duration::MAX, 32), Duration::MAX);
    }
}
