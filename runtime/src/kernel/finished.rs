//! Which of a set's tasks have completed, and who waits to hear of it.
//!
//! A task that completes pushes its number and takes the waker away; both under the one lock. Whoever waits looks, puts its
//! waker in place, and looks again: a task that completed in between has found the old waker or none. No waker is cloned,
//! woken or dropped under the lock, and an old one is dropped last, since what that runs must find the new one in place.
//!
//! A number is a hint where to look: the place may have been given to another task since it was pushed, or there was a
//! second reason to push it. So `take` says whether there is something behind a number, and numbers without are dropped.
//!
//! The model is `loom-tests/src/models/finished.rs`.

use crate::prim::{Mutex, asked};
use std::collections::VecDeque;
use std::task::{Poll, Waker};

/// The tasks of one set that have completed.
#[derive(Debug)]
pub(crate) struct Finished(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Numbers of tasks, in the order in which they have completed.
    numbers: VecDeque<usize>,
    /// Who looked last, and found nothing.
    waker: Option<Waker>,
}

impl Finished {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            numbers: VecDeque::new(),
            waker: None,
        }))
    }

    /// The task with this number has completed. Wakes who waits.
    #[inline]
    pub(crate) fn push(&self, number: usize) {
        asked::changes(self);
        let mut state = self.0.lock();
        state.numbers.push_back(number);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// What `take` finds behind the first number where there is anything.
    pub(crate) fn take<T>(&self, mut take: impl FnMut(usize) -> Option<T>) -> Option<T> {
        asked::changes(self);
        loop {
            let number = self.0.lock().numbers.pop_front()?;
            let taken = take(number);
            if taken.is_some() {
                return taken;
            }
        }
    }

    /// As [`take`](Self::take); if there is nothing, `waker` is woken by the next task that completes.
    pub(crate) fn poll_take<T>(
        &self,
        waker: &Waker,
        mut take: impl FnMut(usize) -> Option<T>,
    ) -> Poll<T> {
        if let Some(taken) = self.take(&mut take) {
            return Poll::Ready(taken);
        }
        if self.has_waker(waker) {
            return Poll::Pending;
        }
        let new = waker.clone();
        let old = self.0.lock().waker.replace(new);
        let taken = self.take(&mut take);
        drop(old);
        match taken {
            Some(taken) => Poll::Ready(taken),
            None => Poll::Pending,
        }
    }

    /// True if `waker` is in place already. A task that completes takes it away, so none has since it was put there.
    #[inline]
    fn has_waker(&self, waker: &Waker) -> bool {
        let state = self.0.lock();
        state.waker.as_ref().is_some_and(|old| old.will_wake(waker))
    }

    /// Forgets all numbers, and who waits.
    #[inline]
    pub(crate) fn clear(&self) {
        let mut state = self.0.lock();
        state.numbers.clear();
        let waker = state.waker.take();
        drop(state);
        drop(waker);
    }
}
