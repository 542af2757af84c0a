//! Running a task: the claim to poll it, one poll, and what follows from it.

use super::capture::Capture;
use super::cell::{Header, Polled};
use super::member;
use super::state::{Completed, Idle, Start, Word};
use super::surroundings;
use super::waker;
use crate::kernel::captures::Captures;
use crate::kernel::context::Within;
use crate::kernel::observe::event::Outcome;
use crate::kernel::scope::{Inside, Node};
use crate::kernel::{foreign, here, observe};
use crate::prim::asked;
use std::ptr::NonNull;
use std::task::{Context, Waker};

/// The one claim to poll a task (invariant 3). Dropping it unrun cancels the task.
///
/// It is `Send` whatever the future is: a scheduler of tasks that are not opens and drops their claims only
/// on the thread they were spawned on.
#[derive(Debug)]
pub(crate) struct Runnable(NonNull<Header>);

// SAFETY: the task's state word makes the claim exclusive, wherever it is; whether the *future* may be
// touched on a thread is the promise of `super::new`'s caller.
unsafe impl Send for Runnable {}

impl Runnable {
    /// # Safety
    ///
    /// The caller was handed the claim by a transition of the task's word, or had it from `into_raw`.
    #[inline]
    pub(crate) unsafe fn from_raw(task: NonNull<Header>) -> Self {
        Self(task)
    }

    /// The claim as a pointer, to be stored in an atomic.
    #[inline]
    pub(crate) fn into_raw(self) -> NonNull<Header> {
        std::mem::ManuallyDrop::new(self).0
    }

    pub(crate) fn id(&self) -> super::Id {
        self.header().mark.id()
    }

    /// Where the task comes from.
    pub(crate) fn origin(&self) -> &super::Origin {
        &self.header().origin
    }

    /// Polls the task once; it sleeps then, or is complete, or was woken meanwhile: then the claim comes back, and the
    /// caller queues it.
    // Always inlined: a scheduler's loop polls in one place, and this is the body of that loop.
    #[inline(always)]
    #[must_use = "the task was woken: it has to be queued again"]
    pub(crate) fn run(self) -> Option<Self> {
        self.run_as::<false>()
    }

    /// As [`run`](Self::run); if it is `OBSERVED`, what became of the task is recorded, and the wakers that it gets tell of their
    /// wakes.
    #[inline(always)]
    #[must_use = "the task was woken: it has to be queued again"]
    pub(crate) fn run_as<const OBSERVED: bool>(self) -> Option<Self> {
        match self.header().state.start() {
            Start::Poll(word) => {
                // One that was requeued was met in the poll before, and a new one when it was spawned.
                if OBSERVED && !word.is_running() {
                    observe::meet(self.header());
                }
                let waker = waker::borrowed::<OBSERVED>(self.0);
                self.poll::<OBSERVED>(word, &waker)
            }
            Start::Look(word) => self.look::<OBSERVED>(word),
        }
    }

    /// Polls the task with what it inherits, or does what the word asks for besides. The task is running.
    // For the caller it is cold, so that its loop is laid out for tasks that have none.
    #[cold]
    #[inline(never)]
    fn look<const OBSERVED: bool>(self, word: Word) -> Option<Self> {
        if !word.is_to_be_polled() {
            return self.look_further::<OBSERVED>(word);
        }
        // SAFETY: this is the poller; what follows is within this function, and puts it back also for the next task.
        let _inherited = unsafe { surroundings::inherited(self.0) };
        if OBSERVED && !word.is_running() {
            observe::meet(self.header());
        }
        let waker = waker::borrowed::<OBSERVED>(self.0);
        self.poll::<OBSERVED>(word, &waker)
    }

    /// Does what the word asks for besides a poll. The task is running.
    #[cold]
    #[inline(never)]
    fn look_further<const OBSERVED: bool>(self, word: Word) -> Option<Self> {
        let header = self.header();
        let mark = header.mark.word();
        // SAFETY: this is the poller; what follows is within this function, and puts it back also for the next task.
        let _inherited = word
            .inherits()
            .then(|| unsafe { surroundings::inherited(self.0) });
        if OBSERVED {
            observe::look(header);
        }
        if word.is_cancelled() {
            self.cancel_started(word);
            if OBSERVED {
                observe::polled(mark, Outcome::Cancelled);
            }
            return None;
        }
        header.state.see_request();
        // The home may go with the task.
        let home = header.home.clone();
        let Some(rounds) = home.captures().and_then(Captures::rounds) else {
            // Whoever asked waits no longer.
            let waker = waker::borrowed::<OBSERVED>(self.0);
            return self.poll::<OBSERVED>(word, &waker);
        };
        // SAFETY: this is the poller.
        let capture = unsafe { Capture::new(self.0, rounds) };
        let waker = capture.waker();
        let again = capture.within(|| self.poll::<OBSERVED>(word, &waker));
        capture.answer(again.is_some(), mark);
        again
    }

    /// Queues the task at its scheduler, for a poller that is none (any more).
    #[cold]
    pub(crate) fn reschedule(self) {
        let home = self.header().home.lend();
        // SAFETY: its own home.
        unsafe { home.schedule(self) }
    }

    // No function from here on is given a reference to the task: its memory may go before the function returns. References
    // are made where they are used, and not used after a transition that ends the claim.

    #[inline(always)]
    fn poll<const OBSERVED: bool>(self, word: Word, waker: &Waker) -> Option<Self> {
        let task = self.0;
        // SAFETY: the claim keeps the task incomplete, hence alive, until a transition below ends it.
        let header = unsafe { &*task.as_ptr() };
        let mut cx = Context::from_waker(waker);
        let (polled, woken, id) = here::with(|here| {
            let running = here.running.replace(task.as_ptr() as *const ());
            let woken = here.woken_itself.replace(false);
            let outer_mark = here.task_id.replace(header.mark.word());
            // SAFETY: this is the poller: it holds the claim, and `start` said to poll. It does not unwind.
            let polled = unsafe { (header.vtable.poll)(task, &mut cx) };
            // The task's own, which need not be kept elsewhere meanwhile. (What it counts above the id is shifted out where that is
            // written down.)
            let id = here.task_id.replace(outer_mark);
            here.running.set(running);
            (polled, here.woken_itself.replace(woken), id)
        });
        // Those that were not met before, since they come from no sleep: while the task is at hand.
        let meet = || {
            if OBSERVED && word.is_running() {
                observe::meet(header);
            }
        };
        let ended = |outcome| {
            if OBSERVED {
                observe::polled(id, outcome);
            }
        };
        if polled != Polled::Pending {
            meet();
            // SAFETY: the output is stored, and the claim ends here.
            unsafe { complete(self.into_raw(), word) };
            // It ends of itself, or with its scope.
            ended(match polled {
                Polled::Cancelled => Outcome::Cancelled,
                _ => Outcome::Done,
            });
            None
        } else if woken {
            // Requeued: RUNNING goes into the queue with the claim, the word is not touched.
            if OBSERVED {
                observe::polled_and_woken(id, header);
            }
            Some(self)
        } else {
            meet();
            let woken = self.idle(word);
            // Each in a place of its own: then the compiler knows what is written.
            match woken {
                None => ended(Outcome::Asleep),
                Some(_) => ended(Outcome::Woken),
            }
            woken
        }
    }

    /// The poll was pending, and nobody on this thread has woken the task.
    #[inline]
    fn idle(self, word: Word) -> Option<Self> {
        // SAFETY: as in `poll`.
        let header = unsafe { &*self.0.as_ptr() };
        let mut linked = None;
        if word.shard().is_none() {
            // SAFETY: this is the poller.
            if word.is_surrounded() && !unsafe { surroundings::link(self.0) } {
                self.cancel_started(word);
                return None;
            }
            // SAFETY: the task stays alive until it has completed, which calls `finished` first.
            linked = unsafe { header.home.link(self.0) };
            if linked.is_none() {
                self.refused(word);
                return None;
            }
        }
        match header.state.idle(linked) {
            Idle::Requeue => Some(self),
            // The claim is spent; the task may be running elsewhere or be gone already.
            Idle::Asleep => {
                self.into_raw();
                None
            }
        }
    }

    /// Ends the task after its first poll: its scheduler closed meanwhile, and nobody would come for one that sleeps. It was linked
    /// to its scope, if it is in one.
    #[cold]
    fn refused(self, word: Word) {
        if word.is_surrounded() {
            // LINKED, which would tell later that it is in the scope's list, is not set.
            // SAFETY: this is the poller, and it was linked.
            unsafe { surroundings::unlink(self.0) };
        }
        self.cancel_started(word);
    }

    /// Drops the future instead of polling it. The task is running.
    #[cold]
    fn cancel_started(self, word: Word) {
        let task = self.into_raw();
        // SAFETY: the claim, which goes to `complete` below, keeps the task until then.
        let header = unsafe { &*task.as_ptr() };
        // One that has no surroundings of its own does not see those of whoever ends it.
        let _nothing = Within::nothing();
        let entered = word
            .is_surrounded()
            // SAFETY: this is the poller, and drops it before the task completes.
            .then(|| unsafe { surroundings::enter(task) });
        // SAFETY: this is the poller, and the future is still there. It does not unwind.
        dropping(|| header.within(|| unsafe { (header.vtable.cancel)(task) }));
        // What completing runs besides is within nothing.
        drop(entered);
        // SAFETY: the output (the failure) is stored, and the claim ends here.
        unsafe { complete(task, word) };
    }

    /// Drops the future, wherever the task stands.
    pub(crate) fn cancel(self) {
        drop(self);
    }

    pub(crate) fn header(&self) -> &Header {
        // SAFETY: the claim keeps the task incomplete, hence alive.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Runnable {
    fn drop(&mut self) {
        // SAFETY: as in `run`; the claim passes to the value below.
        let claim = unsafe { Self::from_raw(self.0) };
        let (Start::Poll(word) | Start::Look(word)) = claim.header().state.start();
        claim.cancel_started(word);
    }
}

/// Drops the output, within the node if there is one.
///
/// # Safety
///
/// The caller owns the output of the task, which is alive, and in the node.
#[cold]
#[inline(never)]
unsafe fn drop_output(task: NonNull<Header>, node: Option<NonNull<Node>>) {
    let _inside = node.map(Inside::of);
    // SAFETY: the caller's. It does not unwind.
    dropping(|| unsafe { (task.as_ref().vtable.drop_output)(task) });
}

/// Calls `f`, which runs a task's destructors: a pool's end waits for those.
#[cold]
#[inline(never)]
pub(super) fn dropping(f: impl FnOnce()) {
    let outer = here::with(|here| here.drops.replace(true));
    f();
    here::with(|here| here.drops.set(outer));
}

/// running → complete; `word` is what `start` returned.
///
/// # Safety
///
/// The caller is the poller, whose claim ends here, and the stage holds the output.
#[inline(always)]
unsafe fn complete(task: NonNull<Header>, word: Word) {
    if !word.is_surrounded() {
        // SAFETY: the caller's.
        unsafe { complete_plain(task, word) }
    } else if member::EXIST && !word.inherits() {
        // SAFETY: the caller's; it has surroundings, and they are not what it inherits.
        unsafe { complete_member(task, word) }
    } else {
        // SAFETY: the caller's.
        unsafe { complete_heir(task, word) }
    }
}

/// As [`complete`], of a task that is within nothing.
///
/// # Safety
///
/// As [`complete`].
#[inline(never)]
unsafe fn complete_plain(task: NonNull<Header>, word: Word) {
    // SAFETY: the caller's.
    unsafe { complete_alone(task, word, None) }
}

/// As [`complete`], of a member of a scope, which it leaves after that.
///
/// # Safety
///
/// As [`complete`], and the task is a member.
#[inline(never)]
unsafe fn complete_member(task: NonNull<Header>, word: Word) {
    // SAFETY: a member (caller).
    let member = unsafe { Header::as_member(task) };
    if word.shard().is_some() {
        // SAFETY: this is the poller, and it has gone to sleep before, so it was linked.
        unsafe { Node::unlink(member) };
    }
    // SAFETY: alive (caller).
    let node = unsafe { member.as_ref() }.node();
    // SAFETY: the caller's.
    unsafe { complete_alone(task, word, Some(node)) };
    // SAFETY: the member has entered it, and leaves it here, once.
    unsafe { Node::leave(node) };
}

/// As [`complete`], of a task that has inherited values, and may be a member besides.
///
/// # Safety
///
/// As [`complete`].
#[cold]
#[inline(never)]
unsafe fn complete_heir(task: NonNull<Header>, word: Word) {
    // SAFETY: the caller is the poller, and completes the task now.
    let inheritance = unsafe { surroundings::leave_behind(task) };
    if word.shard().is_some() {
        // SAFETY: this is the poller, and it has gone to sleep before, so it was linked.
        unsafe { surroundings::unlink(task) };
    }
    // SAFETY: alive (caller), and its member with it.
    let node = unsafe { Header::member(task).map(|member| member.as_ref().node()) };
    // SAFETY: the caller's.
    unsafe { complete_alone(task, word, node) };
    drop(inheritance);
    if let Some(node) = node {
        // SAFETY: the member has entered it, and leaves it here, once.
        unsafe { Node::leave(node) };
    }
}

/// As [`complete`], of a task that is within nothing, or in the `node`, which its caller leaves.
///
/// # Safety
///
/// As [`complete`].
#[inline(always)]
unsafe fn complete_alone(task: NonNull<Header>, word: Word, node: Option<NonNull<Node>>) {
    asked::changes(task.as_ptr());
    // SAFETY: the task is alive until the transition below.
    let header = unsafe { &*task.as_ptr() };
    // Before COMPLETE: afterwards the memory, and with it the home, may go at any time.
    // SAFETY: invariant 7.
    unsafe { header.home.finished(task, word.shard()) };
    let mut word = header.state.load();
    let mut dropped = false;
    loop {
        if !word.is_joined() && !dropped {
            // JOIN never comes back, so the output is ours.
            // SAFETY: the owner of the output, of a task that is alive, and in the node.
            unsafe { drop_output(task, node) };
            dropped = true;
        }
        match header.state.complete(word) {
            Err(now) => word = now,
            Ok(Completed::Kept) => return,
            // SAFETY: nobody else is left (invariant 2).
            Ok(Completed::Free) => return unsafe { (header.vtable.free)(task) },
            Ok(Completed::WakeJoiner) => break,
        }
    }
    // SAFETY: COMPLETE was set with J_WAKER, so the cell is ours (invariant 5).
    let waker = header.join_waker.with_mut(|cell| unsafe { (*cell).take() });
    if let Some(waker) = waker {
        // A foreign waker may panic; the poller's caller is a worker's loop and must not see it.
        foreign::call(|| waker.wake());
    }
    // SAFETY: the task's own reference, which `complete` left to us.
    unsafe { release(task) };
}

/// Gives a reference back.
///
/// # Safety
///
/// The caller holds one, and does not use the task afterwards.
pub(super) unsafe fn release(task: NonNull<Header>) {
    // SAFETY: the reference keeps the task alive until the transition.
    let header = unsafe { &*task.as_ptr() };
    if header.state.release() {
        // SAFETY: nobody else is left (invariant 2).
        unsafe { free(task) };
    }
}

/// Frees a task.
///
/// # Safety
///
/// The caller is the last one to know it (invariant 2).
pub(super) unsafe fn free(task: NonNull<Header>) {
    // SAFETY: the caller's.
    unsafe { ((*task.as_ptr()).vtable.free)(task) }
}
