//! The future that is dropped: polled with so little budget that it stops at each of its awaits.
//!
//! # The budget
//!
//! A leaf that keeps to the budget asks for a unit before it does anything. A poll begins with none, so the first leaf is
//! stopped, and is pending: that is a place to drop the future at. The next poll has one unit, with which that leaf may get on,
//! and the leaf after it is stopped. A leaf that has to wait gives its unit back, and waits; when it is woken the poll has none
//! again, so that it stands at the same leaf once more, or at the one behind a leaf that knows of no budget.
//!
//! Something may need more than one unit to get on at all, as a copy does. So each poll in which leaves are stopped, and none
//! gets on, is followed by one that has a unit more. What spends its unit and yet comes no further cannot be told from what gets
//! on: after half of the places that there may be, polls have the budget that they have in any runtime.
//!
//! # What is one await
//!
//! | this poll | after it was | is |
//! | --- | --- | --- |
//! | spent a unit | anything | another await |
//! | stopped, or waits without a unit | stopped | the same, which has to wait |
//! | | waiting, where a unit was asked for | the same, which was woken |
//! | | waiting, where none was | another: leaves that know of no budget are ready when they are woken |

use super::cut::{Cut, Moment};
use super::failure::Trouble;
use super::watch::Watch;
use crate::diagnostics::{Leaf, leaves_of};
use crate::kernel::budget::{self, Spent};
use crate::kernel::here::Refused;
use crate::kernel::task;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// How many places to be dropped at there may be.
const MOST: usize = 1_000;

/// How often what is left alone may be pending.
const MOST_POLLS: usize = 100_000;

/// What a future is polled with by a `check`, as by any runtime.
const ORDINARY: u8 = budget::PER_POLL;

/// The waker of the future, which tells whether it was really woken.
#[derive(Debug)]
struct Bell {
    rung: AtomicBool,
    outer: Mutex<Waker>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Ordering: Release pairs with the Acquire of `Drive::poll`: what was done before the wake is seen by the poll.
        self.rung.store(true, Ordering::Release);
        let outer = self.outer.lock().unwrap_or_else(PoisonError::into_inner);
        outer.wake_by_ref();
    }
}

impl Bell {
    fn set_outer(&self, waker: &Waker) {
        let mut outer = self.outer.lock().unwrap_or_else(PoisonError::into_inner);
        outer.clone_from(waker);
    }
}

/// How the last poll ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    /// There was none.
    Unpolled,
    /// A leaf was stopped.
    Stopped,
    /// It waits, and keeps to the budget.
    Waits,
    /// It waits, and knows of no budget.
    WaitsWithout,
}

/// Polls a future up to the place at which it is to be dropped.
pub(super) struct Drive<'a, F> {
    future: Pin<&'a mut F>,
    watch: &'a Watch,
    bell: Arc<Bell>,
    /// At which place it is to be dropped: 0 is before the first poll.
    at: Option<usize>,
    /// How many places it has come to.
    places: usize,
    /// How many awaits.
    awaits: usize,
    last: Last,
    units: u8,
    /// Where it was pending last.
    leaves: Vec<Leaf>,
}

impl<'a, F: Future<Output = ()>> Drive<'a, F> {
    pub(super) fn new(future: Pin<&'a mut F>, at: Option<usize>, watch: &'a Watch) -> Self {
        let bell = Bell {
            rung: AtomicBool::new(true),
            outer: Mutex::new(Waker::noop().clone()),
        };
        Self {
            future,
            watch,
            bell: Arc::new(bell),
            at,
            places: 0,
            awaits: 0,
            last: Last::Unpolled,
            units: 0,
            leaves: Vec::new(),
        }
    }

    fn cut(&mut self, moment: Moment) -> Cut {
        Cut {
            number: self.awaits,
            awaits: None,
            moment,
            leaves: std::mem::take(&mut self.leaves),
        }
    }

    /// Polls once, and notes the leaves if somebody will ask for them.
    fn poll_once(&mut self) -> (Poll<()>, Spent) {
        let waker = Waker::from(Arc::clone(&self.bell));
        let units = self.units;
        // The place itself may be one after this poll, when it has been woken.
        if self.at.is_some_and(|at| at > self.places + 2) {
            let mut cx = Context::from_waker(&waker);
            return budget::counted(units, || self.future.as_mut().poll(&mut cx));
        }
        let (polled, answer) = task::tells(&waker, |cx| {
            budget::counted(units, || self.future.as_mut().poll(cx))
        });
        self.leaves = leaves_of(answer);
        polled
    }

    /// What a poll has come to that is pending.
    fn pending(&mut self, spent: Spent) -> Moment {
        let was = self.last;
        let is_another = spent.any || matches!(was, Last::Unpolled | Last::WaitsWithout);
        if is_another {
            self.awaits += 1;
        }
        self.places += 1;
        self.last = match spent.refused {
            Refused::Yields => Last::Stopped,
            Refused::Waits => Last::Waits,
            Refused::Nobody if !is_another => Last::Waits,
            Refused::Nobody => Last::WaitsWithout,
        };
        let stuck = was == Last::Stopped && self.last == Last::Stopped && !spent.any;
        self.units = match self.last {
            Last::Stopped if stuck => (self.units + 1).min(budget::PER_POLL),
            Last::Stopped if self.places > MOST / 2 => budget::PER_POLL,
            Last::Stopped => 1,
            _ => 0,
        };
        match self.last {
            Last::Stopped if is_another || was == Last::Stopped => Moment::Untried,
            Last::Stopped => Moment::Woken,
            _ => Moment::Waiting,
        }
    }

    fn is_at(&self, place: usize) -> bool {
        self.at == Some(place)
    }

    /// It has slept for too long: where is that?
    fn hangs(&mut self) -> Trouble {
        let waker = Waker::from(Arc::clone(&self.bell));
        let (_, answer) = task::tells(&waker, |cx| {
            budget::with_budget(0, || self.future.as_mut().poll(cx))
        });
        Trouble::Hangs(leaves_of(answer))
    }

    fn step(&mut self, cx: &Context<'_>) -> Poll<Result<Cut, Trouble>> {
        self.bell.set_outer(cx.waker());
        // Ordering: see `Bell::wake_by_ref`.
        if !self.bell.rung.swap(false, Ordering::Acquire) {
            if self.watch.hangs() {
                return Poll::Ready(Err(self.hangs()));
            }
            return Poll::Pending;
        }
        if self.last == Last::Unpolled && self.is_at(0) {
            return Poll::Ready(Ok(self.cut(Moment::Unpolled)));
        }
        if matches!(self.last, Last::Waits | Last::WaitsWithout) {
            self.places += 1;
            if self.is_at(self.places) {
                return Poll::Ready(Ok(self.cut(Moment::Woken)));
            }
        }
        let (polled, spent) = self.poll_once();
        if polled.is_ready() {
            return Poll::Ready(Ok(self.cut(Moment::Completed)));
        }
        let moment = self.pending(spent);
        if self.is_at(self.places) {
            return Poll::Ready(Ok(self.cut(moment)));
        }
        if self.places > MOST {
            let leaves = std::mem::take(&mut self.leaves);
            return Poll::Ready(Err(Trouble::Endless(MOST, leaves)));
        }
        self.watch.sleeps(cx.waker());
        Poll::Pending
    }
}

impl<F: Future<Output = ()>> Future for Drive<'_, F> {
    type Output = Result<Cut, Trouble>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let step = catch_unwind(AssertUnwindSafe(|| self.step(cx)));
        step.unwrap_or_else(|payload| {
            Poll::Ready(Err(Trouble::panicked(
                payload,
                std::mem::take(&mut self.leaves),
            )))
        })
    }
}

/// A future that is left alone, but for that its panics are caught, and that it is noticed if it hangs.
pub(super) struct Watched<'a, F> {
    future: Pin<&'a mut F>,
    watch: &'a Watch,
    polls: usize,
}

impl<'a, F: Future> Watched<'a, F> {
    pub(super) fn new(future: Pin<&'a mut F>, watch: &'a Watch) -> Self {
        Self {
            future,
            watch,
            polls: 0,
        }
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Result<F::Output, Trouble>> {
        let future = &mut self.future;
        let hangs = self.polls > 0 && self.watch.hangs();
        let is_last = self.polls == MOST_POLLS;
        self.polls += 1;
        let (polled, answer) = if hangs || is_last {
            let (polled, answer) = task::tells(cx.waker(), |cx| {
                budget::with_budget(ORDINARY, || future.as_mut().poll(cx))
            });
            (polled, Some(answer))
        } else {
            (future.as_mut().poll(cx), None)
        };
        match (polled, answer) {
            (Poll::Ready(output), _) => Poll::Ready(Ok(output)),
            (Poll::Pending, Some(answer)) => {
                let leaves = leaves_of(answer);
                Poll::Ready(Err(if hangs {
                    Trouble::Hangs(leaves)
                } else {
                    Trouble::Endless(MOST_POLLS, leaves)
                }))
            }
            (Poll::Pending, None) => {
                self.watch.sleeps(cx.waker());
                Poll::Pending
            }
        }
    }
}

impl<F: Future> Future for Watched<'_, F> {
    type Output = Result<F::Output, Trouble>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let step = catch_unwind(AssertUnwindSafe(|| self.step(cx)));
        step.unwrap_or_else(|payload| Poll::Ready(Err(Trouble::panicked(payload, Vec::new()))))
    }
}
