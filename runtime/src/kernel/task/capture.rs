//! A poll that tells where its task stands: which leaves it comes to, by which chain of calls, and what they wait for.
//!
//! A future that goes to sleep keeps a waker: a clone of the one it is given, unless it has an equal one from before. So the
//! poller hands out a waker that equals no other ([`Capture::waker`]). Then every leaf, of any crate, calls [`clone`] to have one,
//! with the whole chain of awaits on the stack. What it gets is an ordinary waker: nothing is left of this.
//!
//! The poll is a real one, in the task's turn and on its thread, as after a wake that was for nothing, which any future must
//! bear. [`captures`](crate::kernel::captures) asks for it.
//!
//! A leaf of leno's says what it waits for before it clones ([`waits_for`]), if it was given this very waker, where it replaces
//! the waker of its last poll: so it costs nothing where it goes to sleep in an ordinary poll. A leaf that a combinator polls
//! with a waker of its own says nothing, and the combinator is the leaf. Leno's own ([`lanes`](crate::kernel::lanes)) see that a
//! poll tells, and hand this very waker on.

use super::cell::Header;
use super::id::{HandedOn, Id, Mark};
use super::waker;
use crate::kernel::captures::{Answer, Rounds};
use crate::kernel::here;
use crate::kernel::scope::{Looked, Node, look_here};
use crate::prim::stack::Frames;
use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::task::{Context, RawWaker, RawWakerVTable, Waker};

/// So many leaves of a task are told of.
const MOST_LEAVES: usize = 64;

/// So many clones are looked at: each costs a walk through the stack, and there may be one for each of thousands of futures in
/// a loop, which have the same.
const MOST_WALKS: usize = 256;

static VTABLE: RawWakerVTable =
    RawWakerVTable::new(clone, waker::wake, waker::wake_by_ref, waker::drop_waker);

/// Where a task has gone to sleep: one of the futures in it that will wake it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leaf {
    /// The stack at that moment, from the leaf outwards.
    pub(crate) stack: Box<[usize]>,
    /// What the leaf waits for, if it is leno's, and says so.
    pub(crate) waits_for: Option<WaitsFor>,
    /// The scopes in the task that it is in, from the innermost on. That of the task itself is not among them.
    pub(crate) scopes: Box<[Looked]>,
}

/// What a leaf waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WaitsFor {
    pub(crate) what: What,
    /// Which one it is: its address, or 0.
    pub(crate) address: usize,
}

/// A kind of thing to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Permits of a semaphore, or room in a channel.
    Permits,
    /// A lock.
    Lock {
        /// The task that holds it, if that is known.
        holder: Option<LockHolder>,
        /// What tells this turn in the lock's queue from all others.
        ticket: u64,
    },
    /// The end of a task.
    Task(Id),
    /// A moment: nanoseconds on the clock of the task's runtime.
    Deadline(u64),
    /// The end of all that is in the innermost scope, whose body is done.
    End,
    /// A cancel of the innermost scope, besides what its body waits for.
    Cancel,
}

/// The task that holds a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LockHolder {
    pub(crate) task: Id,
    /// The lock was handed to it, and it has not been polled since; or the future that waited for it has not.
    pub(crate) was_handed: bool,
    /// How often it had handed something on when it took the lock, or got in line for it.
    pub(crate) handed_on: HandedOn,
}

impl LockHolder {
    /// `mark` is its [`Mark`], or 0 for none.
    pub(crate) fn new(mark: u64, was_handed: bool) -> Option<Self> {
        Some(Self {
            task: Id::of_mark(mark)?,
            was_handed,
            handed_on: Mark::handed_on(mark),
        })
    }
}

/// What one poll has told so far. Lives on the poller's stack.
#[derive(Debug)]
pub(crate) struct Capture {
    /// Those to whom the task answers; none if it is no task.
    rounds: Option<Rounds>,
    /// The data of the waker that is handed out.
    task: *const (),
    leaves: RefCell<Vec<Leaf>>,
    /// How many clones there have been.
    walks: Cell<usize>,
    /// There were more than are told of.
    has_more: Cell<bool>,
    /// What the next leaf waits for.
    next: Cell<Option<WaitsFor>>,
    /// The scope whose owner that is.
    owned: RefCell<Option<Looked>>,
    /// The scope that the task is a member of, if it is one.
    member_of: *const Node,
}

/// Gives the thread back to the capture that it had before, also if the poll unwinds: that of something that is no task may.
struct Outer(*const ());

impl Drop for Outer {
    fn drop(&mut self) {
        here::with(|here| here.capture.set(self.0));
    }
}

impl Capture {
    /// # Safety
    ///
    /// The caller is the task's poller.
    pub(super) unsafe fn new(task: NonNull<Header>, rounds: Rounds) -> Self {
        // SAFETY: alive, as the caller polls it.
        let member = unsafe { Header::member(task) };
        // SAFETY: as above; the member lies in the task's memory.
        let member_of = member.map(|member| unsafe { member.as_ref() }.node());
        Self::of(task.as_ptr() as *const (), member_of, Some(rounds))
    }

    fn of(task: *const (), member_of: Option<NonNull<Node>>, rounds: Option<Rounds>) -> Self {
        Self {
            rounds,
            task,
            leaves: RefCell::new(Vec::new()),
            walks: Cell::new(0),
            has_more: Cell::new(false),
            next: Cell::new(None),
            owned: RefCell::new(None),
            member_of: member_of.map_or(ptr::null(), |node| node.as_ptr().cast_const()),
        }
    }

    /// Calls `f`, which polls the task; meanwhile its leaves tell this.
    pub(super) fn within<R>(&self, f: impl FnOnce() -> R) -> R {
        let _outer = Outer(here::with(|here| {
            here.capture.replace(ptr::from_ref(self).cast())
        }));
        f()
    }

    /// A waker of the task for the length of the poll that tells of its leaves. As the ordinary one, it is not counted.
    pub(super) fn waker(&self) -> ManuallyDrop<Waker> {
        let raw = RawWaker::new(self.task, &VTABLE);
        // SAFETY: the functions of `VTABLE` keep the contract of `RawWakerVTable`, as those of the ordinary waker do.
        ManuallyDrop::new(unsafe { Waker::from_raw(raw) })
    }

    /// The poll is over: the task, whose mark that is, answers those who ask.
    pub(super) fn answer(mut self, is_ready: bool, mark: u64) {
        if let Some((rounds, task)) = self.rounds.take().zip(Id::of_mark(mark)) {
            rounds.answer(task, &self.into_answer(is_ready, Mark::handed_on(mark)));
        }
    }

    fn into_answer(self, is_ready: bool, handed_on: HandedOn) -> Answer {
        Answer {
            leaves: self.leaves.into_inner(),
            has_more: self.has_more.get(),
            is_ready,
            handed_on,
        }
    }

    /// A leaf clones the waker.
    fn tell(&self) {
        let waits_for = self.next.take();
        let owned = self.owned.take();
        // One that is here already is being told of by its own walk: the unwinder, or the allocator, clones wakers.
        let Ok(mut leaves) = self.leaves.try_borrow_mut() else {
            return;
        };
        if leaves.len() == MOST_LEAVES || self.walks.get() == MOST_WALKS {
            self.has_more.set(true);
            return;
        }
        self.walks.set(self.walks.get() + 1);
        let stack = Frames::capture(0).addresses().into();
        let mut scopes = Vec::from_iter(owned);
        look_here(self.member_of, |node| scopes.push(node.look()));
        let leaf = Leaf {
            stack,
            waits_for,
            scopes: scopes.into(),
        };
        // Some register twice. (Two that are polled in one loop have one stack.)
        if !leaves.contains(&leaf) {
            leaves.push(leaf);
        }
    }
}

/// Calls `f` with the capture that this thread's poll tells, if it is of this task.
fn with_capture(task: *const (), f: impl FnOnce(&Capture)) {
    let capture = here::with(|here| here.capture.get()).cast::<Capture>();
    // SAFETY: set by `Capture::within`, further up the stack, for as long as that borrows it. (A poll within a poll finds the
    // inner one, whose waker is another.)
    if let Some(capture) = unsafe { capture.as_ref() }.filter(|capture| capture.task == task) {
        f(capture);
    }
}

unsafe fn clone(task: *const ()) -> RawWaker {
    with_capture(task, Capture::tell);
    // SAFETY: the caller's; the two kinds of waker have the same pointer.
    unsafe { waker::clone_as_here(task) }
}

/// A leaf is about to clone `waker`, and waits for something: if anybody wants to know, `what` tells.
#[inline]
pub(crate) fn waits_for(waker: &Waker, what: impl FnOnce() -> WaitsFor) {
    if is_telling(waker) {
        note(waker, what());
    }
}

/// Whether the poll for which `waker` is lent tells of its leaves.
#[inline]
pub(crate) fn is_telling(waker: &Waker) -> bool {
    let vtable = waker.vtable();
    ptr::eq(vtable, &VTABLE) || ptr::eq(vtable, &OF_ANOTHER)
}

/// As [`waits_for`], for the owner of a scope.
#[inline]
pub(crate) fn waits_in(waker: &Waker, what: What, scope: &Node) {
    if is_telling(waker) {
        with_capture(waker.data(), |capture| {
            capture.next.set(Some(WaitsFor { what, address: 0 }));
            // What a shield has left is a task of the shield, and its owner.
            let is_inner = !ptr::eq(scope, capture.member_of);
            capture.owned.replace(is_inner.then(|| scope.look()));
        });
    }
}

#[cold]
fn note(waker: &Waker, waits_for: WaitsFor) {
    with_capture(waker.data(), |capture| capture.next.set(Some(waits_for)));
}

// ----- what is no task --------------------------------------------------------------------------------

static OF_ANOTHER: RawWakerVTable = RawWakerVTable::new(
    clone_another,
    wake_another_by_ref,
    wake_another_by_ref,
    |_| (),
);

/// A waker that is handed out for the length of a poll in the place of another.
struct Instead<'a> {
    waker: &'a Waker,
}

/// Calls `poll`, which polls something that is no task and is woken by `waker`, and says at which leaves that waits.
pub(crate) fn tells<R>(waker: &Waker, poll: impl FnOnce(&mut Context<'_>) -> R) -> (R, Answer) {
    let instead = Instead { waker };
    let data = ptr::from_ref(&instead).cast();
    let capture = Capture::of(data, None, None);
    // SAFETY: the functions of `OF_ANOTHER` keep the contract of `RawWakerVTable`: what the pointer is to outlives the poll,
    // for which this waker is lent, and a clone is one of the other waker. It is not dropped, and would not mind.
    let waker = ManuallyDrop::new(unsafe { Waker::from_raw(RawWaker::new(data, &OF_ANOTHER)) });
    let mut cx = Context::from_waker(&waker);
    let result = capture.within(|| poll(&mut cx));
    (result, capture.into_answer(false, Mark::handed_on(0)))
}

unsafe fn clone_another(instead: *const ()) -> RawWaker {
    with_capture(instead, Capture::tell);
    // SAFETY: called through the waker that `tells` lends, so `instead` is alive.
    let waker = ManuallyDrop::new(unsafe { &*instead.cast::<Instead<'_>>() }.waker.clone());
    RawWaker::new(waker.data(), waker.vtable())
}

unsafe fn wake_another_by_ref(instead: *const ()) {
    // SAFETY: as above.
    unsafe { &*instead.cast::<Instead<'_>>() }
        .waker
        .wake_by_ref();
}
