//! Who notices that a run hangs: a thread that looks whether anything has been polled for a while.
//!
//! A clock that is paused cannot tell: it stands still while a closure runs on another thread, and may go on for ever where a
//! task in the background sleeps again and again. So this is by real time, and only matters where something is wrong.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

/// What the thread of the runs tells the one that watches it.
#[derive(Debug, Default)]
pub(super) struct Watch {
    state: Mutex<State>,
    over: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// How often something went to sleep.
    sleeps: u64,
    waker: Option<Waker>,
    hangs: bool,
    is_over: bool,
}

impl Watch {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is watched goes to sleep, and is woken by `waker` if it sleeps for too long.
    pub(super) fn sleeps(&self, waker: &Waker) {
        let mut state = self.lock();
        state.sleeps += 1;
        state.hangs = false;
        if state.waker.as_ref().is_none_or(|old| !old.will_wake(waker)) {
            state.waker = Some(waker.clone());
        }
    }

    /// True if it has slept for too long.
    pub(super) fn hangs(&self) -> bool {
        self.lock().hangs
    }

    /// Watches until [`over`](Self::over).
    pub(super) fn look(&self, patience: Duration) {
        let mut state = self.lock();
        while !state.is_over {
            let before = state.sleeps;
            let waited = self.over.wait_timeout(state, patience);
            let (now, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = now;
            if timeout.timed_out() && state.sleeps == before && !state.hangs {
                state.hangs = true;
                let waker = state.waker.clone();
                drop(state);
                if let Some(waker) = waker {
                    waker.wake();
                }
                state = self.lock();
            }
        }
    }

    /// There is nothing left to watch.
    pub(super) fn over(&self) {
        self.lock().is_over = true;
        self.over.notify_all();
    }
}
