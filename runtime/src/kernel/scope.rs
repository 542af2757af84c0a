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
//! | enter | who spawns | entered + 1, unless it is CANCELLED, or 0; *then* the task is made |
//! | link | the member, as it goes to sleep for the first time | lock; reason there? → refused, it ends instead of sleeping; else into the list |
//! | leave | the member, as the last thing: after its future, its output and COMPLETE | unlink, if it ever was linked (lock); entered − 1 (AcqRel); the last one wakes the owner |
//! | cancel | anyone; a deadline's timer | lock: the reason, if there is none yet, and CANCELLED; take members out, 32 at a time; abort them outside of the lock; then the nodes within |
//! | end | the owner | leave; register in `owner`; entered = 0 (Acquire) → done |
//!
//! **Nothing slips through.** A member that is asleep is in the list. One that has never slept is queued, or in its first poll: it looks at
//! CANCELLED whenever it is started, and asks for the lock before it sleeps. So either its link comes before the cancel's lock,
//! and it is taken out of the list and aborted, or after it, and it is refused. (As with a scheduler's owned list: what has never slept
//! needs no list, so a task that is ready at once takes no lock here.)
//!
//! **Nothing is left.** `entered` counts the owner too until its body is done, so it is 0 once and for ever: who enters counts for
//! somebody who has entered and not left (or is refused). The last leave's AcqRel joins the release sequence of all leaves, and the owner's
//! Acquire takes over what they did, the drops of their futures and outputs included.
//!
//! **Memory.** A member's pointer to its node is not counted. ATTACHED is set (under the lock) with the first who enters besides the owner,
//! and counts once for all; the last who leaves gives that back after it has woken the owner. A node within another enters that one
//! in the same step (ENROLLED), and is in its list of nodes until it is left: so a node whose owner was dropped is waited for by the
//! one around it. A node that never has a member costs the one around it nothing.
//!
//! No two locks are held at a time but in one case, from the inside outwards: a node that attaches itself enrols in the one around
//! it, which has attached itself before. Cancelling goes inwards, and takes the nodes within out of the lock before it goes on to them. No foreign code runs under a lock.
//!
//! The models are `loom-tests/src/models/scope.rs`.

use crate::kernel::atomic_waker::AtomicWaker;
use crate::kernel::context::Within;
use crate::kernel::findings::{self, Finding};
use crate::kernel::foreign;
use crate::kernel::here;
use crate::kernel::list::{Linked, Links, List};
use crate::kernel::task::{AbortHandle, Header, Member, Reason, TaskInfo};
use crate::prim::atomic::{AtomicUsize, Ordering};
use crate::prim::{Mutex, OnceLock, SelfArc};
use std::any::Any;
use std::collections::BTreeMap;
use std::panic::Location;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

const CANCELLED: usize = 1;
/// Somebody besides the owner has entered: the node counts for itself.
const ATTACHED: usize = 1 << 1;
/// It is in the list of the node around it, and has entered that.
const ENROLLED: usize = 1 << 2;
const ONE: usize = 1 << 3;

/// So many members are taken out of the list under one lock.
const AT_A_TIME: usize = 32;

/// A group, or a scope; see the module's header.
pub(crate) struct Node {
    word: AtomicUsize,
    owner: AtomicWaker,
    /// Where it was made.
    place: &'static Location<'static>,
    kind: NodeKind,
    /// What the owner's first poll finds: the node around, and when this one is to have ended.
    around: OnceLock<Option<SelfArc<Node>>>,
    /// In nanoseconds of the clock, `u64::MAX` for never.
    deadline: OnceLock<u64>,
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
    /// It goes on when the one around it is cancelled, which waits for it.
    Shield,
}

struct State {
    reason: Option<Reason>,
    members: List<Member>,
    within: List<Node>,
    /// What members have failed with, in the order in which they did.
    failures: Vec<Failure>,
    /// Who waits for the node to be cancelled.
    waiters: BTreeMap<u64, Waker>,
    next_waiter: u64,
}

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
    pub(crate) fn new(kind: NodeKind, place: &'static Location<'static>) -> SelfArc<Self> {
        SelfArc::new(Self {
            word: AtomicUsize::new(ONE),
            owner: AtomicWaker::new(),
            place,
            kind,
            around: OnceLock::new(),
            deadline: OnceLock::new(),
            state: Mutex::new(State {
                reason: None,
                members: List::new(),
                within: List::new(),
                failures: Vec::new(),
                waiters: BTreeMap::new(),
                next_waiter: 0,
            }),
            links: Links::new(),
        })
    }

    /// The innermost node that this thread is within.
    pub(crate) fn current() -> Option<SelfArc<Self>> {
        let node = here::with(|here| here.scope.get()).cast::<Self>();
        if node.is_null() {
            return None;
        }
        // SAFETY: whoever has written it keeps it for as long as it is there; made by `Arc::new`.
        unsafe { SelfArc::increment_strong_count(node) };
        // SAFETY: as above; the count is this one's.
        Some(unsafe { SelfArc::from_raw(node) })
    }

    /// The owner begins: where it is, and until when. It is then within the node.
    pub(crate) fn begin(self: &SelfArc<Self>, deadline: Option<u64>) {
        let around = Self::current();
        let reason = around.as_ref().and_then(|around| around.reason());
        let _ = self.deadline.set(deadline.unwrap_or(u64::MAX));
        let _ = self.around.set(around);
        match reason {
            Some(reason) if self.kind != NodeKind::Shield => {
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

    /// This thread is within the node until what is returned is dropped, which comes before the node goes.
    #[inline]
    pub(crate) fn inside(self: &SelfArc<Self>) -> Within {
        Within::scope(SelfArc::as_ptr(self).cast())
    }

    /// Where it is, for who [leaves](Self::leave) it. From this, and not from a reference, a count can be made again.
    pub(crate) fn pointer(this: &SelfArc<Self>) -> NonNull<Self> {
        // SAFETY: what is counted has an address.
        unsafe { NonNull::new_unchecked(SelfArc::as_ptr(this).cast_mut()) }
    }

    pub(crate) fn place(&self) -> &'static Location<'static> {
        self.place
    }

    pub(crate) fn kind(&self) -> NodeKind {
        self.kind
    }

    pub(crate) fn around(&self) -> Option<&SelfArc<Self>> {
        self.around.get()?.as_ref()
    }

    /// The node that this one is cancelled with.
    fn outer(&self) -> Option<&SelfArc<Self>> {
        self.around().filter(|_| self.kind != NodeKind::Shield)
    }

    /// The earliest deadline of this node and those around it.
    pub(crate) fn deadline(&self) -> Option<u64> {
        let own = |node: &Self| node.deadline.get().copied().unwrap_or(u64::MAX);
        let mut earliest = own(self);
        let mut node = self;
        while let Some(outer) = node.outer() {
            node = outer;
            earliest = earliest.min(own(node));
        }
        (earliest != u64::MAX).then_some(earliest)
    }

    // ----- who is in it ------------------------------------------------------------------------------

    /// One more has entered, or is refused: the node has ended, or is cancelled.
    #[inline]
    pub(crate) fn enter(self: &SelfArc<Self>) -> bool {
        // Ordering: Relaxed, here and below. Who enters counts for one who is in, so nothing is handed over; that the node is
        // cancelled is seen again at each start and, under the lock, at the link.
        if self.word.load(Ordering::Relaxed) & ATTACHED == 0 {
            self.attach();
        }
        self.enter_unless(CANCELLED)
    }

    /// As [`enter`](Self::enter), a node that is attached, if it has not ended.
    #[inline]
    fn enter_unless(&self, refused: usize) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        while word >= ONE && word & (ATTACHED | refused) == ATTACHED {
            match self.word.compare_exchange_weak(
                word,
                word + ONE,
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
    /// The nodes around come first, from the outermost on: if one of them turns out to be cancelled, who is told of that is told under
    /// no lock of a node within.
    #[cold]
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
    fn is_alone(&self) -> bool {
        let word = self.word.load(Ordering::Relaxed);
        word >= ONE && word & ATTACHED == 0
    }

    /// As [`attach`](Self::attach), when the node around is attached, or has ended.
    fn attach_alone(self: &SelfArc<Self>) {
        let state = self.state.lock();
        // Under the lock nobody else attaches; and while it is not attached only the owner is in, so the exchange below fails for a cancel
        // or the owner's leaving alone.
        let mut word = self.word.load(Ordering::Relaxed);
        if word & ATTACHED != 0 {
            return;
        }
        let around = self.around();
        let enrolled = around.map_or(Enrolled::Ended, |around| around.enrol(self));
        let (bit, reason) = match enrolled {
            Enrolled::Ended => (0, None),
            Enrolled::In(reason) => (ENROLLED, reason),
        };
        let attached = loop {
            if word < ONE {
                break false;
            }
            // Ordering: Relaxed. The bits are looked at by those who enter and leave, whose accesses are to the same word.
            match self.word.compare_exchange(
                word,
                word | ATTACHED | bit,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => break true,
                Err(now) => word = now,
            }
        };
        if attached {
            // The count of those who are in, as long as there are any.
            std::mem::forget(SelfArc::clone(self));
        }
        drop(state);
        if let (false, true, Some(around)) = (attached, bit != 0, around) {
            around.dismiss(self);
            // SAFETY: it was entered by `enrol`.
            unsafe { Self::leave(Self::pointer(around)) };
        }
        if let Some(reason) = reason {
            self.cancel(&reason);
        }
    }

    /// The node `within` enters this one, also if it is cancelled: what is in there still is waited for.
    fn enrol(&self, within: &SelfArc<Self>) -> Enrolled {
        if !self.enter_unless(0) {
            return Enrolled::Ended;
        }
        let mut state = self.state.lock();
        if within.kind == NodeKind::Shield {
            return Enrolled::In(None);
        }
        if let Some(reason) = state.reason.clone() {
            return Enrolled::In(Some(reason));
        }
        // SAFETY: in no list; it is `dismiss`ed before it goes, by whoever leaves it last.
        unsafe { state.within.push_back(Self::pointer(within)) };
        Enrolled::In(None)
    }

    /// The node `within` leaves the list. A cancel may have taken it out.
    fn dismiss(&self, within: &Self) {
        // SAFETY: in this list, or in none.
        unsafe { self.state.lock().within.remove(NonNull::from(within)) };
    }

    /// One less is in the node; the last one wakes the owner. What the caller has of the node may be gone after this.
    ///
    /// # Safety
    ///
    /// The caller has entered it, or is the owner, and has not left so far.
    pub(crate) unsafe fn leave(node: NonNull<Self>) {
        let mut node = node;
        loop {
            // SAFETY: it counts for those who are in, of whom the caller is one.
            // Ordering: Release hands over what this one did to the last one, and to the owner; Acquire, as the last one, takes it over.
            let before = unsafe { node.as_ref() }
                .word
                .fetch_sub(ONE, Ordering::AcqRel);
            if before >= 2 * ONE || before & ATTACHED == 0 {
                return;
            }
            // SAFETY: ATTACHED: the count that `attach` forgot, which is ours as the last one.
            let ended = unsafe { SelfArc::from_raw(node.as_ptr().cast_const()) };
            foreign::call(|| ended.owner.wake());
            let around = ended.around().filter(|_| before & ENROLLED != 0);
            let Some(around) = around else { return };
            around.dismiss(&ended);
            // It counts for those who are in, of whom this node was one.
            node = Self::pointer(around);
        }
    }

    /// The owner has left; has everybody?
    pub(crate) fn poll_end(&self, cx: &Context<'_>) -> Poll<()> {
        if self.has_ended() {
            return Poll::Ready(());
        }
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
    pub(crate) fn poll_cancelled(&self, cx: &Context<'_>) -> bool {
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
        this.linked().set(true);
        // SAFETY: it is in no list, and stays in its task's memory until `unlink`, which comes before the task is complete.
        unsafe { state.members.push_back(member) };
        true
    }

    /// The member is about to complete. For its poller. The node, which it is still in.
    pub(crate) fn unlink(member: NonNull<Member>) -> NonNull<Self> {
        // SAFETY: the poller's.
        let this = unsafe { member.as_ref() };
        if this.linked().get() {
            // SAFETY: the member is in it; and it is in its list, or in none.
            unsafe { this.node().as_ref().state.lock().members.remove(member) };
        }
        this.node()
    }

    // ----- cancelling --------------------------------------------------------------------------------

    /// Who is in is to end. A hint; the lock decides.
    #[inline]
    pub(crate) fn is_cancelled(&self) -> bool {
        // Ordering: Relaxed: who sees it and wants to know why asks the lock.
        self.word.load(Ordering::Relaxed) & CANCELLED != 0
    }

    /// Why it is cancelled, if it is: it, or one around it.
    pub(crate) fn reason(&self) -> Option<Reason> {
        let mut node = self;
        loop {
            if node.is_cancelled() {
                return node.state.lock().reason.clone();
            }
            node = node.outer()?;
        }
    }

    /// Cancels the node and those within it, unless it has been, for that reason. True if it had not been.
    pub(crate) fn cancel(&self, reason: &Reason) -> bool {
        self.cancel_for(reason, None)
    }

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

    fn cancel_alone(
        &self,
        reason: &Reason,
        failure: Option<Failure>,
        within: &mut Vec<SelfArc<Self>>,
    ) -> bool {
        let mut state = self.state.lock();
        // Under one lock: the first that has failed is the one that the others end for.
        state.failures.extend(failure);
        if state.reason.is_some() {
            return false;
        }
        state.reason = Some(reason.clone());
        // Ordering: Relaxed; see `is_cancelled`. Under the lock, so that who sees it finds a reason.
        self.word.fetch_or(CANCELLED, Ordering::Relaxed);
        let waiters = std::mem::take(&mut state.waiters);
        while let Some(node) = state.within.pop_front() {
            // SAFETY: it is in the list: whoever leaves it last, or fails to attach it, has still to take this lock, and has a count that
            // keeps it.
            unsafe { SelfArc::increment_strong_count(node.as_ptr()) };
            // SAFETY: as above; the count is this one's.
            within.push(unsafe { SelfArc::from_raw(node.as_ptr()) });
        }
        loop {
            let mut batch = Vec::new();
            while batch.len() < AT_A_TIME {
                let Some(member) = state.members.pop_front() else {
                    break;
                };
                // SAFETY: it was in the list, so its task is not complete: its poller has still to take this lock. Hence it is alive, and
                // the handle keeps it when the lock is gone.
                let (task, told) = unsafe {
                    let task = Header::of_member(member);
                    (AbortHandle::of(task.as_ref()), member.as_ref().is_told())
                };
                batch.push((task, told));
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
        for waker in waiters.into_values() {
            foreign::call(|| waker.wake());
        }
        true
    }

    /// A member has failed, or the body, and the others end for it.
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
    fn is_empty(&self) -> bool {
        let state = self.state.lock();
        state.members.is_empty() && state.within.is_empty()
    }

    /// What members have failed with so far.
    pub(crate) fn take_failures(&self) -> Vec<Failure> {
        std::mem::take(&mut self.state.lock().failures)
    }

    // ----- who waits for a cancel --------------------------------------------------------------------

    /// Waits for the node to be cancelled, as `key` says or a new one.
    pub(crate) fn poll_reason(
        self: &SelfArc<Self>,
        key: &mut Option<u64>,
        cx: &Context<'_>,
    ) -> Poll<Reason> {
        if self.around.get().is_some() {
            self.attach();
        }
        let waker = cx.waker().clone();
        let mut state = self.state.lock();
        if let Some(reason) = state.reason.clone() {
            *key = None;
            return Poll::Ready(reason);
        }
        let key = *key.get_or_insert_with(|| {
            state.next_waiter += 1;
            state.next_waiter
        });
        let replaced = state.waiters.insert(key, waker);
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    /// Who has waited does not any more.
    pub(crate) fn forget_waiter(&self, key: u64) {
        let removed = self.state.lock().waiters.remove(&key);
        drop(removed);
    }
}

enum Enrolled {
    /// The node around is cancelled, if there is a reason.
    In(Option<Reason>),
    /// The node around has ended: this one has none.
    Ended,
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
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node")
            .field("kind", &self.kind)
            .field("place", &format_args!("{}", self.place))
            .field("is_cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}
