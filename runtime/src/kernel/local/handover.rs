//! Who drives a current-thread scheduler: the core's way from thread to thread.
//!
//! Several threads may want to. Those in `Runtime::block_on`, or at the runtime's end, have a *claim* to the core: they keep it
//! until they are done. Those in `Handle::block_on` *help*: they drive while nobody with a claim wants to. The core's slot and
//! the lists of who waits for it are under one mutex:
//!
//! - whoever finds no core is in a list before it comes back, and the first of those who wait, claims before helpers, is
//!   poked then. Who has been poked and gives up leaves the list, and pokes the next;
//! - a helper that polls its own future has left the list meanwhile: that may take long, and the core would lie idle. A claim
//!   stays there, as it would keep the core;
//! - a helper does not take the core while a claim is in the list, so there is no race for it. If a claim finds that a
//!   helper has it, it sets `wanted` and pokes the scheduler's seat: the helper looks at `wanted` after each task and before it sleeps, and the seat keeps
//!   the poke for a sleep that has begun in between.
//!
//! A helper polls its own future *without* the core. So that future may do whatever it may where nobody drives: block in
//! place, wait for the runtime by another `block_on`, or end the runtime.
//!
//! # The end
//!
//! Whoever ends the scheduler has a claim too. If it cannot wait for a helper, whose task may be standing still, it leaves the
//! end to it: the mark is made where there is no core, and found where that is given back. A helper may also find itself
//! ending what it drives, when a task that it polls owns the runtime: that end comes when it is about to give the core back.

use super::{Core, Driven, Local};
use crate::kernel::budget;
use crate::kernel::context::Within;
use crate::kernel::here::{self, Blocking};
use crate::kernel::root::{Driving, Root};
use crate::kernel::waiting::{Polls, waiting};
use crate::prim::Arc;
use crate::prim::atomic::Ordering;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Why a thread drives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Claims,
    Helps,
}

/// The core, while nobody drives, and who waits for it.
pub(super) struct CoreSlot {
    pub(super) core: Option<Box<Core>>,
    /// A helper has it.
    pub(super) lent: bool,
    /// That helper is to end the scheduler.
    pub(super) ends: bool,
    pub(super) claims: VecDeque<Arc<Root>>,
    pub(super) helpers: VecDeque<Arc<Root>>,
}

impl CoreSlot {
    pub(super) fn new(core: Core) -> Self {
        Self {
            core: Some(Box::new(core)),
            lent: false,
            ends: false,
            claims: VecDeque::new(),
            helpers: VecDeque::new(),
        }
    }

    fn take(&mut self, part: Part) -> Option<Box<Core>> {
        if part == Part::Helps && !self.claims.is_empty() {
            return None;
        }
        let core = self.core.take()?;
        self.lent = part == Part::Helps;
        Some(core)
    }

    fn wait(&mut self, root: &Arc<Root>, part: Part) {
        let list = match part {
            Part::Claims => &mut self.claims,
            Part::Helps => &mut self.helpers,
        };
        if !list.iter().any(|waiter| Arc::ptr_eq(waiter, root)) {
            list.push_back(Arc::clone(root));
        }
    }

    fn forget(&mut self, root: &Arc<Root>) {
        for list in [&mut self.claims, &mut self.helpers] {
            list.retain(|waiter| !Arc::ptr_eq(waiter, root));
        }
    }

    /// Who is to be poked, if the core is there.
    fn next(&self) -> Option<Arc<Root>> {
        self.core.as_ref()?;
        let next = self.claims.front().or_else(|| self.helpers.front());
        next.cloned()
    }
}

/// A thread with a claim that waits for the core, until it has it or does not want it any more, also because its future
/// panics.
struct Waiting<'a> {
    local: &'a Local,
    root: &'a Arc<Root>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.local.forget_waiter(self.root);
    }
}

impl Local {
    /// Waits for `future` on this thread, which drives the scheduler unless another one with a claim does. The caller holds a
    /// [`Driving`].
    pub(crate) fn block_on<F: Future>(local: &Arc<Self>, future: F) -> F::Output {
        let mut future = pin!(future);
        let root = Root::new(Some(Arc::clone(&local.seat)));
        let waker = Root::waker(&root);
        let mut cx = Context::from_waker(&waker);
        // The future is within what its caller is, and the tasks are not.
        let nothing = Within::nothing();
        let mut poll = || {
            if !root.take_woken() {
                return Poll::Pending;
            }
            let _within = nothing.outside();
            budget::with_budget(budget::PER_POLL, || future.as_mut().poll(&mut cx))
        };
        let mut in_line = None;
        let driven = loop {
            if let Some(driven) = Driven::take(local, &root, Part::Claims) {
                break driven;
            }
            // Another thread drives: wait for this future, or for the core.
            in_line.get_or_insert_with(|| Waiting { local, root: &root });
            if let Poll::Ready(output) = poll() {
                return output;
            }
            root.sleep();
        };
        drop(in_line);
        driven.drive(&root, poll)
    }

    /// Waits for `future` on this thread, and drives the scheduler as long as nobody else wants to. The caller holds a
    /// [`Driving`], and if the scheduler is bound this is its thread.
    pub(crate) fn help<F: Future>(local: &Arc<Self>, future: F) -> F::Output {
        let mut future = pin!(future);
        let root = Root::new(Some(Arc::clone(&local.seat)));
        let waker = Root::waker(&root);
        let mut cx = Context::from_waker(&waker);
        // Not while the future is polled, and not when that is over.
        let mut in_line = false;
        let mut polls = Polls::default();
        loop {
            if root.take_woken() {
                polls.begin();
                if std::mem::take(&mut in_line) {
                    local.forget_waiter(&root);
                }
                let polled =
                    budget::with_budget(budget::PER_POLL, || future.as_mut().poll(&mut cx));
                if let Poll::Ready(output) = polled {
                    return output;
                }
            }
            match Driven::take(local, &root, Part::Helps) {
                Some(driven) => {
                    in_line = false;
                    // As in `block_on`.
                    let _nothing = Within::nothing();
                    driven.help(&root);
                }
                None => {
                    in_line = true;
                    if !root.is_woken() {
                        root.sleep();
                        polls.slept();
                    }
                }
            }
        }
    }

    /// Ends the scheduler: cancels all tasks, on this thread, once no other one drives. False if that takes longer than
    /// `patience`, or if this thread drives itself: then whoever drives ends it when it is about to stop that.
    pub(crate) fn close(local: &Arc<Self>, patience: Option<Duration>) -> bool {
        if Driven::end_here(local) {
            return false;
        }
        let root = Root::new(None);
        let mut start = None;
        let driven = loop {
            if let Some(driven) = Driven::take(local, &root, Part::Claims) {
                break driven;
            }
            let start = start.get_or_insert_with(Instant::now);
            let left = patience.map(|patience| patience.saturating_sub(start.elapsed()));
            // It is poked for the core, and for nothing else.
            if !waiting(|| root.seat.park(left)).any && local.leave_end(&root) {
                return false;
            }
        };
        driven.close();
        true
    }

    fn forget_waiter(&self, root: &Arc<Root>) {
        let next = {
            let mut slot = self.core.lock();
            slot.forget(root);
            // It may have been poked for the core just now, which it does not want for the moment.
            slot.next()
        };
        if let Some(next) = next {
            next.seat.poke();
        }
    }

    /// Leaves the end to the helper that has the core. False if nobody has it.
    fn leave_end(&self, root: &Arc<Root>) -> bool {
        let mut slot = self.core.lock();
        slot.ends = slot.core.is_none();
        if slot.ends {
            slot.forget(root);
        }
        slot.ends
    }

    /// Takes the core for this thread; if that is not to be had, `root` will be poked when it is.
    pub(super) fn take_core(&self, root: &Arc<Root>, part: Part) -> Option<Box<Core>> {
        let mut slot = self.core.lock();
        if let Some(core) = slot.take(part) {
            slot.forget(root);
            // Ordering: Relaxed, see `is_wanted`; the lock orders it after the store below.
            self.wanted.store(false, Ordering::Relaxed);
            return Some(core);
        }
        slot.wait(root, part);
        let asks = part == Part::Claims && slot.lent;
        if asks {
            // Ordering: Relaxed, see `is_wanted`.
            self.wanted.store(true, Ordering::Relaxed);
        }
        drop(slot);
        if asks {
            self.seat.poke();
        }
        None
    }

    /// Gives the core back, and ends the scheduler if that has been left to this thread.
    pub(super) fn give_core(local: &Arc<Self>, core: Box<Core>) {
        let (next, ends) = {
            let mut slot = local.core.lock();
            slot.core = Some(core);
            slot.lent = false;
            (slot.next(), std::mem::take(&mut slot.ends))
        };
        if let Some(next) = next {
            next.seat.poke();
        }
        if ends {
            Self::close(local, Some(Duration::ZERO));
        }
    }

    /// True if this thread, which drives, helps and is to give the core back.
    #[inline]
    pub(super) fn is_wanted(&self) -> bool {
        // Ordering: Relaxed. The store is followed by a poke, which orders it for a driver that sleeps, or is about to; one
        // that is awake comes by again.
        self.wanted.load(Ordering::Relaxed)
    }
}

impl Driven {
    /// A helper's loop: until `root` is woken and has its turn, or somebody with a claim comes.
    fn help(&self, root: &Root) {
        let _driving = Driving::replace(Blocking::Forbidden);
        loop {
            self.begin_round();
            self.round(root);
            if root.is_woken() || self.local.is_wanted() || self.core().ending.get() {
                return;
            }
        }
    }

    /// If this thread drives the scheduler, it will end it. False if it does not.
    fn end_here(local: &Arc<Local>) -> bool {
        let mut next = here::with(|here| here.local.get()).cast::<Self>();
        // SAFETY: as in `LocalHome::driven`; and what was there before is further up the stack, and alive as well.
        while let Some(driven) = unsafe { next.as_ref() } {
            if Arc::ptr_eq(&driven.local, local) {
                driven.core().ending.set(true);
                driven.core().left.set(0);
                return true;
            }
            next = driven.outer.cast();
        }
        false
    }
}
