//! The tree of scopes: what contains tasks, ends when they have ended, and ends them when it is cancelled.
//!
//! A [`Node`] is a group, a scope with a deadline, whatever holds that nothing of it outlives it. Its *owner* is the future that
//! waits for it; its *members* are tasks, wherever they run; and nodes may be within a node. How it works:
//!
//! ```text
//!   word:  63 .. 3 │    2    │    1    │     0
//!          entered │ ENROLLED│ ATTACHED│ CANCELLED
//! ```
//!
//! | | by whom | |
//! | --- | --- | --- |
//! | enter | who spawns | entered + 1 (or more: [`entries`]), unless it is CANCELLED, or 0, and the same in each node around, whether that is cancelled or not; *then* the task is made |
//! | link | the member, as it goes to sleep for the first time | lock; reason there? → refused, it ends instead of sleeping; else into the list |
//! | leave | the member: out of the list before it completes, and the rest as the last thing, after its future, its output and COMPLETE | unlink, if it ever was linked (lock); entered − 1 (AcqRel), here and in each node around, from the inside outwards; the last one wakes the owner |
//! | cancel | anyone; a deadline's timer | lock: the reason, if there is none yet, and CANCELLED; take members out, 32 at a time; abort them outside of the lock; then the nodes within |
//! | end | the owner | leave; register in `owner`; entered = 0 (Acquire) → done |
//!
//! **Nothing slips through.** A member that is asleep is in the list. One that has never slept is queued, or in its first poll:
//! it looks at CANCELLED whenever it is started, and asks for the lock before it sleeps. So either its link comes before the
//! cancel's lock, and it is taken out of the list and aborted, or after it, and it is refused. (As with a scheduler's owned list:
//! what has never slept needs no list, so a task that is ready at once takes no lock here.)
//!
//! **Nothing is left.** `entered` counts the owner too until its body is done, so it is 0 once and for ever: who enters counts
//! for somebody who has entered and not left (or is refused). The last leave's AcqRel joins the release sequence of all leaves,
//! and the owner's Acquire takes over what they did, the drops of their futures and outputs included.
//!
//! **Memory.** A member's pointer to its node is not counted. ATTACHED is set (under the lock) with the first who enters besides
//! the owner, and counts once for all; the last who leaves gives that back after it has woken the owner. A node within another
//! enters the list of that one in the same step (ENROLLED), to be cancelled with it, until it is left. A node that never has a
//! member costs the one around it nothing.
//!
//! **Who waits for whom.** A member counts in its node and in all around it, so what is left of a node whose owner was dropped is
//! waited for by the one around. The owner counts in its own alone: it is part of the body around, or of a member; and one that
//! is neither, since somebody keeps the future elsewhere and does not poll it, holds nobody up. A node around that has ended is
//! not entered, nor is what is around that; it stays ended, so who leaves sees by that where the one who entered had stopped.
//!
//! No two locks are held at a time but in one case, from the inside outwards: a node that attaches itself enrols in the one around
//! it, which has attached itself before. Cancelling goes inwards, and takes the nodes within out of the lock before it goes on to
//! them. No foreign code runs under a lock.
//!
//! The models are `loom-tests/src/models/scope.rs`.

mod cancel;
mod deadline;
mod entries;
mod info;
mod owner;
mod seed;

pub(crate) use cancel::{Failed, Failure, tell_of};
pub(crate) use entries::Inside;
pub(crate) use info::{Looked, Looks};
pub use info::{ScopeInfo, ScopeKind};
pub(crate) use owner::Owner;
pub(crate) use seed::{Seed, look_here};

use crate::kernel::atomic_waker::AtomicWaker;
use crate::kernel::foreign;
use crate::kernel::here;
use crate::kernel::list::{Linked, Links, List};
use crate::kernel::task::{Id, Member, Reason, What, waits_in};
use crate::kernel::wheel;
use crate::prim::atomic::{AtomicUsize, Note, Ordering};
use crate::prim::{Mutex, OnceLock, SelfArc, asked};
use deadline::Timer;
use std::panic::Location;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

const CANCELLED: usize = 1;
/// Somebody besides the owner has entered: the node counts for itself.
const ATTACHED: usize = 1 << 1;
/// It is in the list of the node around it, and has entered that.
const ENROLLED: usize = 1 << 2;
const ONE: usize = 1 << 3;

/// Who has begun a node waits for it, and is no task.
const NO_TASK: u64 = 0;
/// Who has begun a node does not wait for it any more.
const NOBODY: u64 = u64::MAX;

/// So many members are taken out of the list under one lock.
const AT_A_TIME: usize = 32;

/// A group, or a scope; see the module's header.
pub(crate) struct Node {
    word: AtomicUsize,
    owner: AtomicWaker,
    /// Where it was made.
    place: &'static Location<'static>,
    kind: NodeKind,
    /// What tells it from others, from when somebody has looked at it; 0 before.
    number: Note,
    /// The id of the task that has begun it, as long as that waits for it; or [`NO_TASK`], or [`NOBODY`].
    begun_by: Note,
    /// What the owner's first poll finds around it.
    around: OnceLock<Option<SelfArc<Node>>>,
    /// When the body is to have ended, in nanoseconds of the clock; `u64::MAX` for never.
    deadline: Note,
    /// Where that is waited for.
    wheel: OnceLock<wheel::Handle>,
    /// It is: from when the body is pending, or somebody else is in.
    timer: Mutex<Timer>,
    state: Mutex<State>,
    /// In the list of the node around; under its lock.
    links: Links<Node>,
}

/// What a node is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeKind {
    Group,
    Supervisor,
    Scope,
    /// It goes on when the one around it is cancelled, which waits for it; no longer than this.
    Shield(Duration),
}

struct State {
    reason: Option<Reason>,
    /// When that was set, in nanoseconds of real time.
    cancelled_at: u64,
    members: List<Member>,
    within: List<Node>,
    /// What members have failed with, in the order in which they did.
    failures: Vec<Failure>,
    /// Who waits for the node to be cancelled.
    waiters: Vec<(u64, Waker)>,
    next_waiter: u64,
}

// SAFETY: the waker's place and the cells are atomics, a lock, and what is set once. The links are reached under a lock.
unsafe impl Send for Node {}
// SAFETY: as above.
unsafe impl Sync for Node {}

// SAFETY: the field is inside the node, and its address is computed without making a reference.
unsafe impl Linked for Node {
    unsafe fn links(node: NonNull<Self>) -> NonNull<Links<Self>> {
        // SAFETY: `node` is live (caller), so the field's address is in bounds and not null.
        unsafe { NonNull::new_unchecked(&raw mut (*node.as_ptr()).links) }
    }
}

impl Node {
    /// A node that its owner has entered.
    #[inline]
    pub(crate) fn new(kind: NodeKind, place: &'static Location<'static>) -> SelfArc<Self> {
        SelfArc::new(Self {
            word: AtomicUsize::new(ONE),
            owner: AtomicWaker::new(),
            place,
            kind,
            number: Note::new(0),
            begun_by: Note::new(NO_TASK),
            around: OnceLock::new(),
            deadline: Note::new(u64::MAX),
            wheel: OnceLock::new(),
            timer: Mutex::new(Timer::new()),
            state: Mutex::new(State {
                reason: None,
                cancelled_at: 0,
                members: List::new(),
                within: List::new(),
                failures: Vec::new(),
                waiters: Vec::new(),
                next_waiter: 0,
            }),
            links: Links::new(),
        })
    }

    /// The innermost node that this thread is within.
    #[inline]
    pub(crate) fn current() -> Option<SelfArc<Self>> {
        // SAFETY: whoever has written it keeps it for as long as it is there.
        unsafe { seed::node_at(here::with(|here| here.scope.get())) }
    }

    /// The owner begins, within another node perhaps.
    #[inline]
    pub(crate) fn begin(self: &SelfArc<Self>, around: Option<SelfArc<Self>>) {
        // Ordering: Relaxed; it is told to people.
        self.begun_by
            .store(Id::current().map_or(NO_TASK, Id::get), Ordering::Relaxed);
        let reason = around.as_ref().and_then(|around| around.reason_at_hand());
        let _ = self.around.set(around);
        match reason {
            Some(reason) if !self.is_shield() => {
                self.cancel(&reason);
            }
            _ => {}
        }
        // After the place is set: who begins to wait from now on attaches it itself.
        if !self.state.lock().waiters.is_empty() {
            // Who waits for a cancel since before is to learn of the one around too.
            self.attach();
        }
    }

    #[inline]
    fn has_begun(&self) -> bool {
        self.around.get().is_some()
    }

    /// This thread is within the node until what is returned is dropped, which comes before the node goes.
    #[inline]
    pub(crate) fn inside(self: &SelfArc<Self>) -> Inside {
        Inside::of(Self::pointer(self))
    }

    /// Where it is, for who [leaves](Self::leave) it. From this, and not from a reference, a count can be made again.
    pub(crate) fn pointer(this: &SelfArc<Self>) -> NonNull<Self> {
        // SAFETY: what is counted has an address.
        unsafe { NonNull::new_unchecked(SelfArc::as_ptr(this).cast_mut()) }
    }

    /// A count of it.
    ///
    /// # Safety
    ///
    /// It was got from [`pointer`](Self::pointer), and somebody is in, or counts it.
    #[inline]
    pub(crate) unsafe fn counted(node: NonNull<Self>) -> SelfArc<Self> {
        // SAFETY: the caller's.
        unsafe { SelfArc::increment_strong_count(node.as_ptr()) };
        // SAFETY: as above; the count is this one's.
        unsafe { SelfArc::from_raw(node.as_ptr()) }
    }

    pub(crate) fn place(&self) -> &'static Location<'static> {
        self.place
    }

    #[inline]
    pub(crate) fn around(&self) -> Option<&SelfArc<Self>> {
        self.around.get()?.as_ref()
    }

    /// The node that this one is cancelled with.
    #[inline]
    fn outer(&self) -> Option<&SelfArc<Self>> {
        self.around().filter(|_| !self.is_shield())
    }

    fn is_shield(&self) -> bool {
        matches!(self.kind, NodeKind::Shield(_))
    }

    // ----- who is in it ------------------------------------------------------------------------------

    /// One more has entered, or is refused: the node has ended, or is cancelled.
    #[inline]
    pub(crate) fn enter(self: &SelfArc<Self>) -> bool {
        asked::looks(self);
        // Ordering: Relaxed; if there is a spare entry, this thread has come by `enter_many` before.
        let word = self.word.load(Ordering::Relaxed);
        let taken = word & (ATTACHED | CANCELLED) == ATTACHED && entries::take(self);
        taken || self.enter_many()
    }

    /// As [`enter`](Self::enter), when there is no spare entry: for as many as there may be next.
    #[inline]
    fn enter_many(self: &SelfArc<Self>) -> bool {
        // Ordering: Acquire, the partner of the exchange that sets it: with it comes that those around are attached, so that one
        // which does not look so has ended. Relaxed below: who enters counts for one who is in, so nothing is handed over; that
        // the node is cancelled is seen again at each start and, under the lock, at the link.
        if self.word.load(Ordering::Acquire) & ATTACHED == 0 {
            self.attach();
        }
        let many = entries::many(self);
        if !self.enter_unless(CANCELLED, many) {
            return false;
        }
        let mut node = self;
        // Those around, cancelled or not: what is in here still is waited for.
        while let Some(around) = node.around().filter(|around| around.enter_unless(0, many)) {
            node = around;
        }
        if many > 1 {
            entries::keep(many - 1);
        }
        true
    }

    /// So many enter the node, which is attached, if it has not ended.
    #[inline]
    fn enter_unless(&self, refused: usize, many: usize) -> bool {
        asked::changes(self);
        let mut word = self.word.load(Ordering::Relaxed);
        while word >= ONE && word & (ATTACHED | refused) == ATTACHED {
            match self.word.compare_exchange_weak(
                word,
                word + many * ONE,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// The first one besides the owner is about to enter, or to wait for a cancel. It is attached after this, or has ended.
    ///
    /// The nodes around come first, from the outermost on: if one of them turns out to be cancelled, who is told of that is told
    /// under no lock of a node within.
    #[cold]
    #[inline]
    fn attach(self: &SelfArc<Self>) {
        loop {
            let mut node = self;
            while let Some(around) = node.around().filter(|around| around.is_alone()) {
                node = around;
            }
            node.attach_alone();
            if SelfArc::ptr_eq(node, self) {
                return;
            }
        }
    }

    /// Only the owner is in, and has been, so far.
    #[inline]
    fn is_alone(&self) -> bool {
        self.is_in_use() && self.word.load(Ordering::Relaxed) & ATTACHED == 0
    }

    /// As [`attach`](Self::attach), when the node around is attached, or has ended.
    #[inline]
    fn attach_alone(self: &SelfArc<Self>) {
        let state = self.state.lock();
        // Under the lock nobody else attaches; and while it is not attached only the owner is in, so the exchange below fails for
        // a cancel or the owner's leaving alone.
        let mut word = self.word.load(Ordering::Relaxed);
        if word & ATTACHED != 0 {
            return;
        }
        // One that has ended is told of no cancel any more, and its list is nobody's.
        let around = self.outer().filter(|around| around.is_in_use());
        let (bit, reason) = match around.map(|around| around.enrol(self)) {
            None => (0, None),
            Some(Ok(())) => (ENROLLED, None),
            Some(Err(reason)) => (0, Some(reason)),
        };
        let attached = loop {
            if word < ONE {
                break false;
            }
            // Ordering: Release, for `enter`.
            match self.word.compare_exchange(
                word,
                word | ATTACHED | bit,
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => break true,
                Err(now) => word = now,
            }
        };
        if attached {
            // The count of those who are in, as long as there are any.
            let _counts = SelfArc::into_raw(SelfArc::clone(self));
        }
        drop(state);
        self.arm();
        if let (false, true, Some(around)) = (attached, bit != 0, around) {
            around.dismiss(self);
        }
        if let Some(reason) = reason {
            self.cancel(&reason);
        }
    }

    /// The node `within` is to be cancelled with this one. `Err` if this one is cancelled.
    fn enrol(&self, within: &SelfArc<Self>) -> Result<(), Reason> {
        let mut state = self.state.lock();
        if let Some(reason) = state.reason.clone() {
            return Err(reason);
        }
        // SAFETY: in no list; it is `dismiss`ed before it goes, by whoever leaves it last.
        unsafe { state.within.push_back(Self::pointer(within)) };
        Ok(())
    }

    /// The node `within` leaves the list. A cancel may have taken it out.
    fn dismiss(&self, within: &Self) {
        // SAFETY: in this list, or in none.
        unsafe { self.state.lock().within.remove(NonNull::from(within)) };
    }

    /// One less is in the node, and in those around; the last one wakes the owner. What the caller has of the node may be gone
    /// after this.
    ///
    /// # Safety
    ///
    /// The caller has [entered](Self::enter) it, and has not left so far.
    #[inline(always)]
    pub(crate) unsafe fn leave(node: NonNull<Self>) {
        // SAFETY: the caller's.
        unsafe { Self::leave_many(node, 1) }
    }

    /// As [`leave`](Self::leave), of so many who have entered.
    ///
    /// # Safety
    ///
    /// As there, and they are one at least.
    #[inline(always)]
    unsafe fn leave_many(node: NonNull<Self>, many: usize) {
        // SAFETY: the caller is in it.
        let around = unsafe { Self::left_with(node) };
        // SAFETY: the caller's.
        unsafe { Self::leave_alone(node, many) };
        if let Some(around) = around {
            // SAFETY: who has entered the one has entered this.
            unsafe { Self::leave_around(around, many) };
        }
    }

    /// The one around that whoever leaves the node leaves too.
    ///
    /// # Safety
    ///
    /// The caller is one of those who are in.
    #[inline(always)]
    unsafe fn left_with(node: NonNull<Self>) -> Option<NonNull<Self>> {
        // SAFETY: it counts for those who are in.
        let around = unsafe { node.as_ref() }.around()?;
        // One that has not ended was entered too, and is kept by that.
        // Ordering: Relaxed, in `is_in_use`: if it was entered, that is the caller's own doing, or was handed to it.
        around.is_in_use().then(|| Self::pointer(around))
    }

    /// Leaves the rest of the nodes around.
    ///
    /// # Safety
    ///
    /// As [`leave_many`](Self::leave_many).
    #[cold]
    #[inline(never)]
    unsafe fn leave_around(mut node: NonNull<Self>, many: usize) {
        loop {
            // SAFETY: the caller is in it.
            let around = unsafe { Self::left_with(node) };
            // SAFETY: the caller's.
            unsafe { Self::leave_alone(node, many) };
            match around {
                Some(around) => node = around,
                None => return,
            }
        }
    }

    /// As [`leave_many`](Self::leave_many), the node alone.
    ///
    /// # Safety
    ///
    /// The caller has so many entries, one at least, and none of them has left so far.
    #[inline(always)]
    unsafe fn leave_alone(node: NonNull<Self>, many: usize) {
        asked::changes(node.as_ptr());
        // SAFETY: it counts for those who are in, of whom the caller is one.
        // Ordering: Release hands over what this one did to the last one, and to the owner; Acquire, as the last one, takes it over.
        let before = unsafe { node.as_ref() }
            .word
            .fetch_sub(many * ONE, Ordering::AcqRel);
        if before < (many + 1) * ONE && before & ATTACHED != 0 {
            // SAFETY: the caller was the last one.
            unsafe { Self::end(node, before) };
        }
    }

    /// Nobody is in any more.
    ///
    /// # Safety
    ///
    /// The caller has just been the last to leave, and has seen the word.
    #[cold]
    #[inline(never)]
    unsafe fn end(node: NonNull<Self>, before: usize) {
        // SAFETY: ATTACHED: the count that `attach` forgot, which is ours as the last one.
        let ended = unsafe { SelfArc::from_raw(node.as_ptr().cast_const()) };
        foreign::call(|| ended.owner.wake());
        if let (true, Some(around)) = (before & ENROLLED != 0, ended.around()) {
            around.dismiss(&ended);
        }
    }

    /// The owner leaves, which is in no node around.
    ///
    /// # Safety
    ///
    /// The caller is the owner, and has not left so far.
    #[inline]
    pub(crate) unsafe fn leave_as_owner(node: &SelfArc<Self>) {
        // SAFETY: the caller's.
        unsafe { Self::leave_alone(Self::pointer(node), 1) };
    }

    /// Somebody is in.
    #[inline]
    fn is_in_use(&self) -> bool {
        self.word.load(Ordering::Relaxed) >= ONE
    }

    /// The owner has left; has everybody?
    #[inline]
    pub(crate) fn poll_end(&self, cx: &Context<'_>) -> Poll<()> {
        asked::looks(self);
        if self.has_ended() {
            return Poll::Ready(());
        }
        waits_in(cx.waker(), What::End, self);
        self.owner.register(cx.waker());
        if self.has_ended() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Nobody is in, nor will be.
    pub(crate) fn has_ended(&self) -> bool {
        // Ordering: Acquire, the partner of the leaves.
        self.word.load(Ordering::Acquire) < ONE
    }

    /// The owner waits for its body: it is to be woken by a cancel. True if there is one.
    #[inline]
    pub(crate) fn poll_cancelled(&self, cx: &Context<'_>) -> bool {
        asked::looks(self);
        waits_in(cx.waker(), What::Cancel, self);
        self.owner.register(cx.waker());
        self.is_cancelled()
    }

    // ----- members -----------------------------------------------------------------------------------

    /// The member goes to sleep for the first time; false if it is to end instead. For its poller.
    pub(crate) fn link(member: NonNull<Member>) -> bool {
        // SAFETY: the poller's.
        let this = unsafe { member.as_ref() };
        // SAFETY: the member is in it.
        let node = unsafe { this.node().as_ref() };
        let mut state = node.state.lock();
        if state.reason.is_some() {
            return false;
        }
        // SAFETY: it is in no list, and stays in its task's memory until `unlink`, which comes before the task is complete.
        unsafe { state.members.push_back(member) };
        true
    }

    /// The member is about to complete, or does not sleep after all.
    ///
    /// # Safety
    ///
    /// The caller is its poller, and has [linked](Self::link) it.
    #[cold]
    #[inline(never)]
    pub(crate) unsafe fn unlink(member: NonNull<Member>) {
        // SAFETY: the member is alive, and in the node; and it is in its list, or in none.
        unsafe {
            let node = member.as_ref().node();
            node.as_ref().state.lock().members.remove(member);
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Whoever was linked has left.
        debug_assert!(self.is_empty());
        // Of members whose owner was dropped.
        tell_of(self.take_failures());
        // One after the other: nodes may be within each other as deep as tasks spawn groups.
        let mut around = self.around.take().flatten();
        while let Some(mut node) = around.and_then(SelfArc::into_inner) {
            around = node.around.take().flatten();
        }
    }
}

impl std::fmt::Debug for Node {
    #[inline]
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node")
            .field("kind", &self.kind)
            .field("place", &format_args!("{}", self.place))
            .field("is_cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}
