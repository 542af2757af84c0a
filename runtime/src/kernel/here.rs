//! What this thread is doing right now, in one thread-local.
//!
//! Plain cells, no behaviour and no ownership: a worker writes them around each poll, wakers and leaf
//! futures read them. Nothing here has a destructor, so it works inside the destructors of other
//! thread-locals too, and a guard that is forgotten leaks instead of leaving something dangling.
//! Pointers are untyped, because their types live on floors above this one: whoever stores one names the
//! type in the method it wraps around the cell.

use crate::kernel::rng::Rng;
use crate::kernel::yields::Yields;
use crate::prim::thread_local_cells;
use std::cell::Cell;
use std::ptr::{self, NonNull};
use std::task::Waker;

/// May code on this thread wait for something without returning to a scheduler?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blocking {
    /// No runtime drives tasks here (or it says that waiting is fine, as on a blocking thread).
    Allowed,
    /// This thread drives tasks: waiting would hold them all up.
    Forbidden,
    /// The same, but `block_in_place` can move the other tasks elsewhere first.
    InPlace,
}

/// What leaves have done that asked for a unit of budget when there was none left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refused {
    /// None has asked.
    Nobody,
    /// They wait for what there is not, and do so without a unit.
    Waits,
    /// They yield: what they want may be there.
    Yields,
}

/// What this thread has of the pool that started it, and so what has to happen before it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// It belongs to no pool, and holds nobody up but itself.
    Nothing,
    /// It holds a worker's core in the middle of a task (a poll, or a destructor), and copes without: the core goes to
    /// another thread first.
    Core,
    /// It holds a worker's core which the code further up expects to find again, so it keeps it whatever happens.
    Kept,
    /// It has no core (it runs a blocking closure, or has handed its core on), and counts against the pool's limit of
    /// threads, which it must not while it waits; see [`super::waiting`].
    Counted,
    /// It has no core and waits: it does not count.
    Waits,
}

/// A pool of threads, as one of its own threads sees it.
pub(crate) trait Crew {
    /// This thread waits, and does not count: another one may take its place.
    fn begin_to_wait(&self);

    /// It goes on, and counts.
    fn go_on(&self);
}

/// A simulation, as a thread sees it that is in one.
pub(crate) trait Simulation {
    /// Runs what there is until `woken` says true.
    fn run_until(&self, woken: &dyn Fn() -> bool);
    /// Who waits is polled once more without having slept: others have a turn first, if there are any.
    fn give_way(&self);
    /// True of the waker that is lent for the poll that is under way. Who polls by hand, or has many futures in one task, has
    /// others.
    fn lends(&self, waker: &Waker) -> bool;
}

/// The cells of one thread.
#[derive(Debug)]
pub(crate) struct Here {
    /// Header of the task that this thread is polling, or null.
    pub(crate) running: Cell<*const ()>,
    /// The running task was woken by its own poll: no other thread knows of it.
    pub(crate) woken_itself: Cell<bool>,
    /// What the leaves of the running task tell, or null; see [`super::captures`].
    pub(crate) capture: Cell<*const ()>,
    /// What the running task may still do before it has to yield; see [`super::budget`].
    pub(crate) budget: Cell<u8>,
    /// What leaves have done that found it over, since somebody last wanted to know.
    pub(crate) refused: Cell<Refused>,
    /// When to look for events because of tasks that yield.
    pub(crate) yields: Yields,
    /// The innermost scope that what runs is within, or null; see [`super::scope`].
    pub(crate) scope: Cell<*const ()>,
    /// The scope that this thread has entered in what it polls, or null: for the spare entries; see [`super::scope`].
    pub(crate) entered: Cell<*const ()>,
    /// So many of its entries are spare.
    pub(crate) spare_entries: Cell<usize>,
    /// For so many it was entered at once, the last time.
    pub(crate) many_entries: Cell<usize>,
    /// The values that a task spawned here inherits, or null; see [`super::context`].
    pub(crate) context: Cell<*const ()>,
    /// Id of the running task, 0 for none.
    pub(crate) task_id: Cell<u64>,
    /// The pool's core that this thread holds, or null.
    pub(crate) core: Cell<*const ()>,
    /// What writes down what this thread does, or null; see [`super::observe`].
    pub(crate) recorder: Cell<*const ()>,
    /// The current-thread scheduler that this thread drives, or null.
    pub(crate) local: Cell<*const ()>,
    /// What runs the simulation that this thread is in; see [`super::local`].
    pub(crate) simulation: Cell<Option<NonNull<dyn Simulation>>>,
    /// Where who yields on this thread waits for the others, or null; see [`super::deferred`].
    pub(crate) deferred: Cell<*const ()>,
    /// The wheel that this thread counts timers on without atomics, or null; see [`super::wheel`].
    pub(crate) wheel: Cell<*const ()>,
    /// The `LocalSet` that is polling on this thread, or null.
    pub(crate) local_set: Cell<*const ()>,
    /// The pool of threads that this one belongs to, seen from it.
    pub(crate) crew: Cell<Option<NonNull<dyn Crew>>>,
    /// What it has of that.
    pub(crate) hold: Cell<Hold>,
    /// The scheduler whose injected tasks this thread cancels, since it is closed, or null.
    pub(crate) draining: Cell<*const ()>,
    /// What this thread runs is the destructor of a future or an output.
    pub(crate) drops: Cell<bool>,
    /// What this thread drops has been given up on purpose: what has not been awaited in there was not forgotten.
    pub(crate) abandons: Cell<bool>,
    /// It has handed its core on in a destructor: the pool, counted, whose end waits for it, or null.
    pub(crate) lingers: Cell<*const ()>,
    /// The runtime that is entered on this thread, or null.
    pub(crate) runtime: Cell<*const ()>,
    /// How many runtimes are entered, one within the other: guards must leave in the opposite order.
    pub(crate) depth: Cell<usize>,
    /// Whether this thread may wait.
    pub(crate) blocking: Cell<Blocking>,
    /// Random numbers: steal starts, `select!` order.
    pub(crate) rng: Rng,
    /// Task ids set aside for this thread: the next one, and the end of the block.
    pub(crate) ids: Cell<(u64, u64)>,
}

thread_local_cells! {
    static HERE: Here = Here::new();
}

impl Here {
    const fn new() -> Self {
        Self {
            running: Cell::new(ptr::null()),
            woken_itself: Cell::new(false),
            capture: Cell::new(ptr::null()),
            budget: Cell::new(super::budget::UNLIMITED),
            refused: Cell::new(Refused::Nobody),
            yields: Yields::new(),
            scope: Cell::new(ptr::null()),
            entered: Cell::new(ptr::null()),
            spare_entries: Cell::new(0),
            many_entries: Cell::new(0),
            context: Cell::new(ptr::null()),
            task_id: Cell::new(0),
            core: Cell::new(ptr::null()),
            recorder: Cell::new(ptr::null()),
            local: Cell::new(ptr::null()),
            simulation: Cell::new(None),
            deferred: Cell::new(ptr::null()),
            wheel: Cell::new(ptr::null()),
            local_set: Cell::new(ptr::null()),
            crew: Cell::new(None),
            hold: Cell::new(Hold::Nothing),
            draining: Cell::new(ptr::null()),
            drops: Cell::new(false),
            abandons: Cell::new(false),
            lingers: Cell::new(ptr::null()),
            runtime: Cell::new(ptr::null()),
            depth: Cell::new(0),
            blocking: Cell::new(Blocking::Allowed),
            rng: Rng::unseeded(),
            ids: Cell::new((0, 0)),
        }
    }

    /// Takes the next of this thread's task ids, or sets a new block of them aside.
    #[inline]
    pub(crate) fn next_task_id(&self) -> u64 {
        const BLOCK: u64 = 1024;
        let (mut next, mut end) = self.ids.get();
        if next == end {
            next = crate::prim::reserve_ids(BLOCK);
            end = next + BLOCK;
        }
        self.ids.set((next + 1, end));
        next
    }
}

/// Calls `f` with this thread's cells.
// Std's accessor is compiled once this way, and not once for each `f`, of which there are hundreds.
#[inline(always)]
pub(crate) fn with<R>(f: impl FnOnce(&Here) -> R) -> R {
    let here = HERE.with(ptr::from_ref);
    // SAFETY: the cells have no destructor, so they are there as long as their thread, on which `f` runs; it cannot keep the
    // reference.
    f(unsafe { &*here })
}
