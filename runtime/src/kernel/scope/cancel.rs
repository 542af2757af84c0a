//! Cancelling a node, and those within it; who has failed; and who waits to learn of it.

use super::{AT_A_TIME, CANCELLED, ENROLLED, Node};
use crate::kernel::findings::{self, Finding};
use crate::kernel::foreign;
use crate::kernel::task::{AbortHandle, Header, Reason, TaskInfo};
use crate::prim::atomic::Ordering;
use crate::prim::{self, SelfArc, asked};
use std::any::Any;
use std::task::{Context, Poll};

/// A member that has failed.
pub(crate) struct Failure {
    pub(crate) failed: Failed,
    /// `None` for the body.
    pub(crate) task: Option<TaskInfo>,
    /// What is known of it.
    pub(crate) text: Option<String>,
}

/// How it has.
pub(crate) enum Failed {
    /// It has returned an error, of the type that the group says.
    Error(Box<dyn Any + Send>),
    Panic(Box<dyn Any + Send>),
    /// It was cancelled, and not by its group: its runtime has ended.
    Lost,
}

impl Node {
    /// Who is in is to end. A hint; the lock decides.
    #[inline]
    pub(crate) fn is_cancelled(&self) -> bool {
        // Ordering: Relaxed: who sees it and wants to know why asks the lock.
        self.word.load(Ordering::Relaxed) & CANCELLED != 0
    }

    /// Why it is cancelled, if it is: it, or one around it.
    #[inline]
    pub(crate) fn reason(&self) -> Option<Reason> {
        self.reason_up_to(0)
    }

    /// As [`reason`](Self::reason), for a node that begins within this one. Those around are asked up to the first that is in the
    /// list of the next: a cancel that comes from further out, or is on its way, reaches the new one too, and its beginning takes
    /// no longer for being deep within.
    #[inline]
    pub(super) fn reason_at_hand(&self) -> Option<Reason> {
        self.reason_up_to(ENROLLED)
    }

    fn reason_up_to(&self, last: usize) -> Option<Reason> {
        let mut node = self;
        loop {
            asked::looks(node);
            // Ordering: Relaxed; see `is_cancelled`.
            let word = node.word.load(Ordering::Relaxed);
            if word & CANCELLED != 0 {
                return node.state.lock().reason.clone();
            }
            if word & last != 0 {
                return None;
            }
            node = node.outer()?;
        }
    }

    /// Cancels the node and those within it, unless it has been, for that reason. True if it had not been.
    #[inline]
    pub(crate) fn cancel(&self, reason: &Reason) -> bool {
        self.cancel_for(reason, None)
    }

    #[inline]
    fn cancel_for(&self, reason: &Reason, failure: Option<Failure>) -> bool {
        let mut within = Vec::new();
        if !self.cancel_alone(reason, failure, &mut within) {
            return false;
        }
        while let Some(node) = within.pop() {
            node.cancel_alone(reason, None, &mut within);
        }
        true
    }

    #[inline]
    fn cancel_alone(
        &self,
        reason: &Reason,
        failure: Option<Failure>,
        within: &mut Vec<SelfArc<Self>>,
    ) -> bool {
        asked::changes(self);
        let mut state = self.state.lock();
        // Under one lock: the first that has failed is the one that the others end for.
        state.failures.extend(failure);
        if state.reason.is_some() {
            return false;
        }
        state.reason = Some(reason.clone());
        state.cancelled_at = prim::now();
        // Ordering: Relaxed; see `is_cancelled`. Under the lock, so that who sees it finds a reason.
        self.word.fetch_or(CANCELLED, Ordering::Relaxed);
        let waiters = std::mem::take(&mut state.waiters);
        while let Some(node) = state.within.pop_front() {
            // SAFETY: it is in the list: whoever leaves it last, or fails to attach it, has still to take this lock, and has a
            // count that keeps it.
            within.push(unsafe { Self::counted(node) });
        }
        loop {
            let mut batch = Vec::new();
            while batch.len() < AT_A_TIME {
                let Some(member) = state.members.pop_front() else {
                    break;
                };
                // SAFETY: it was in the list, so its task is not complete: its poller has still to take this lock. Hence it is
                // alive, and the handle keeps it when the lock is gone.
                let task = unsafe { Header::of_member(member).as_ref() };
                batch.push((AbortHandle::of(task), task.is_told()));
            }
            let done = batch.len() < AT_A_TIME;
            drop(state);
            for (task, told) in batch {
                // The task's home may be a set, which is woken in turn.
                foreign::call(|| task.abort_for(told.then_some(reason)));
            }
            if done {
                break;
            }
            state = self.state.lock();
        }
        foreign::call(|| self.owner.wake());
        for (_, waker) in waiters {
            foreign::call(|| waker.wake());
        }
        true
    }

    /// A member has failed, or the body, and the others end for it.
    #[inline]
    pub(crate) fn fail(&self, task: Option<&Header>, failed: Failed, text: Option<String>) {
        let info = task.map(TaskInfo::look);
        let place = info.as_ref().map_or(self.place, TaskInfo::spawned_at);
        let by = info.as_ref().map(TaskInfo::id);
        let reason = match failed {
            Failed::Error(_) => Reason::sibling(false, place, by, text.clone()),
            Failed::Panic(_) => Reason::sibling(true, place, by, text.clone()),
            Failed::Lost => Reason::shutdown(),
        };
        let failure = Failure {
            failed,
            task: info,
            text,
        };
        self.cancel_for(&reason, Some(failure));
    }

    /// Nobody is in its lists.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.state.lock();
        state.members.is_empty() && state.within.is_empty()
    }

    /// What members have failed with so far.
    #[inline]
    pub(crate) fn take_failures(&self) -> Vec<Failure> {
        std::mem::take(&mut self.state.lock().failures)
    }

    /// Waits for the node to be cancelled, as `key` says or a new one.
    #[inline]
    pub(crate) fn poll_reason(
        self: &SelfArc<Self>,
        key: &mut Option<u64>,
        cx: &Context<'_>,
    ) -> Poll<Reason> {
        let mut waker = cx.waker().clone();
        let mut state = self.state.lock();
        if let Some(reason) = state.reason.clone() {
            *key = None;
            return Poll::Ready(reason);
        }
        let key = *key.get_or_insert_with(|| {
            state.next_waiter += 1;
            state.next_waiter
        });
        match state.waiters.iter_mut().find(|(of, _)| *of == key) {
            Some((_, registered)) => std::mem::swap(registered, &mut waker),
            None => state.waiters.push((key, waker.clone())),
        }
        drop(state);
        drop(waker);
        // The one around is to find this one. If it has not begun it attaches itself when it does, since it has a waiter.
        if self.has_begun() {
            self.attach();
        }
        Poll::Pending
    }

    /// Who has waited does not any more.
    #[inline]
    pub(crate) fn forget_waiter(&self, key: u64) {
        let mut state = self.state.lock();
        let position = state.waiters.iter().position(|(of, _)| *of == key);
        let removed = position.map(|position| state.waiters.swap_remove(position));
        drop(state);
        drop(removed);
    }
}

/// Tells of failures that nobody has taken.
pub(crate) fn tell_of(failures: Vec<Failure>) {
    for failure in failures {
        // Each alone, since what it has failed with is dropped here.
        foreign::call(|| failure.tell());
    }
}

impl Failure {
    fn tell(self) {
        let Some(task) = self.task else { return };
        match self.failed {
            Failed::Error(_) => findings::tell(match self.text {
                Some(error) => Finding::LostError { task, error },
                None => Finding::UnreadResult { task },
            }),
            Failed::Panic(_) => findings::tell(Finding::LostPanic {
                task,
                message: self.text,
            }),
            Failed::Lost => {}
        }
    }
}
