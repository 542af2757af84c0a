//! Who is asked: what [`enter`] was given, for as long as its guard lives.
//!
//! It is asked some times a turn, so it is a pointer in a cell without a destructor, and whoever asks takes it out meanwhile: it is the only
//! reference then. The guard owns what it points to.

use std::any::Any;
use std::cell::Cell;
use std::marker::PhantomData;
use std::panic::Location;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Who decides, and is told. Tasks are numbers: their ids, 0 is the root.
pub(crate) trait Asked {
    /// Stands at the end of the line from now on.
    fn woke(&mut self, id: u32);
    /// Who of those in the line goes next, if anybody stands there; it stands there no more.
    fn next(&mut self) -> Option<u32>;
    /// Nobody stands in the line any more; who did, in order.
    fn leave_line(&mut self) -> Vec<u32>;
    /// Which of `ready`, that stand in a line of their own, goes next, as an index.
    fn pick(&mut self, ready: &[u32]) -> usize;
    /// The timers that are due are fired next.
    fn clock(&mut self, now: u64);
    /// Whether time moves on although somebody is ready.
    fn stalls(&mut self) -> bool;
    /// Whether the running one goes on at this leaf. `is_runtimes` says that it is not polled by hand, if that matters.
    fn go_on(&mut self, is_runtimes: bool) -> bool;
    /// It was not ready at the leaf at which it has gone on.
    fn gives_back(&mut self);
    /// Whether it has gone on so far in this turn.
    fn may_go_on(&mut self) -> bool;
    /// From now on whoever has waited longest goes next, and nobody is held up; or no longer so.
    fn be_fair(&mut self, is_fair: bool);
    /// Where a `select!` begins, and the like.
    fn draw(&mut self, count: u32) -> u32;
    /// The program's own draw.
    fn choose(&mut self, count: u32) -> u32;
    /// Made, by the running one.
    fn born(&mut self, id: u32, place: &'static Location<'static>, name: Option<String>);
    /// It is a closure that may block.
    fn is_closure(&mut self, id: u32);
    fn yielded(&mut self);
    fn wants_touches(&self) -> bool;
    /// Who polls by hand is not held up.
    fn spares_hand_polls(&self) -> bool;
    fn touch(&mut self, address: usize, changes: bool);
    fn sometimes(&mut self, name: &'static str, place: &'static Location<'static>, is_so: bool);
    fn always(&mut self, name: &'static str, place: &'static Location<'static>, is_so: bool);
    /// The running one waits, in the middle of its turn: others have theirs meanwhile.
    fn waits(&mut self);
    /// Who began to wait last goes on.
    fn resumes(&mut self);
    /// The program has done what no simulation can allow.
    fn refuse(&mut self, why: &'static str);
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

thread_local! {
    /// So that a thread that is in no simulation has to look at one byte.
    static ASKS: Cell<bool> = const { Cell::new(false) };
    static TOUCHES: Cell<bool> = const { Cell::new(false) };
    static SPARES_HAND_POLLS: Cell<bool> = const { Cell::new(false) };
    /// The root of the simulation that runs on this thread, or null.
    static ROOT: Cell<*const ()> = const { Cell::new(ptr::null()) };
    /// Sets of tasks go by their own order.
    static IN_ORDER: Cell<bool> = const { Cell::new(false) };
    /// The last number that was [`another`] one.
    static NUMBERS: Cell<u64> = const { Cell::new(0) };
    /// `None` while it is asked, too.
    static ASKED: Cell<Option<NonNull<dyn Asked>>> = const { Cell::new(None) };
    static ON_PANIC: Cell<Option<OnPanic>> = const { Cell::new(None) };
}

/// Is told what a task, or somebody's waker or destructor, has panicked with, where leno catches that.
pub(crate) type OnPanic = fn(&(dyn Any + Send));

/// Tells `on_panic` of this thread's panics from now on; who was told before.
pub(crate) fn tell_panics(on_panic: Option<OnPanic>) -> Option<OnPanic> {
    ON_PANIC.replace(on_panic)
}

/// A panic ends here, for leno has caught it.
#[cold]
pub(crate) fn panicked(payload: &(dyn Any + Send)) {
    if let Some(on_panic) = ON_PANIC.get() {
        on_panic(payload);
    }
}

/// This thread is in a simulation until this is dropped or [left](Self::leave).
#[derive(Debug)]
#[must_use = "the simulation is left when this is dropped"]
pub(crate) struct Entered(
    /// It is of this thread.
    PhantomData<*const ()>,
);

/// Asks `asked` from now on. `Err` if this thread is in a simulation already.
pub(crate) fn enter(asked: Box<dyn Asked>) -> Result<Entered, Box<dyn Asked>> {
    if ASKS.get() {
        return Err(asked);
    }
    TOUCHES.set(asked.wants_touches());
    SPARES_HAND_POLLS.set(asked.spares_hand_polls());
    NUMBERS.set(0);
    ASKED.set(Some(NonNull::from(Box::leak(asked))));
    ASKS.set(true);
    Ok(Entered(PhantomData))
}

impl Entered {
    /// Gives back who was asked.
    pub(crate) fn leave(self) -> Option<Box<dyn Asked>> {
        Self::end()
    }

    fn end() -> Option<Box<dyn Asked>> {
        ASKS.set(false);
        TOUCHES.set(false);
        // SAFETY: `enter` has leaked it, and this takes it out; who asks puts it back before it returns, to a guard that lives.
        ASKED
            .take()
            .map(|asked| unsafe { Box::from_raw(asked.as_ptr()) })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        drop(Self::end());
    }
}

/// True if this thread is in a simulation.
#[inline]
pub(crate) fn asks() -> bool {
    ASKS.get()
}

/// True if this thread is in none.
#[inline]
pub(crate) fn is_outside() -> bool {
    !asks()
}

/// The simulation of this thread has this root from now on; which one it had before.
pub(crate) fn set_root(root: *const ()) -> *const () {
    ROOT.replace(root)
}

/// True if this is the root of the simulation that runs on this thread.
#[inline]
pub(crate) fn is_root(root: *const ()) -> bool {
    ROOT.get() == root
}

/// The program has done what no simulation can allow: whatever becomes of the run, that is what it came to.
#[cold]
pub(crate) fn refuse(why: &'static str) {
    ask(|asked| asked.refuse(why));
}

/// Asks, if this thread is in a simulation. (Nothing that is asked asks again.)
#[inline(always)]
pub(crate) fn ask<R>(f: impl FnOnce(&mut dyn Asked) -> R) -> Option<R> {
    /// Puts back who was asked, also if that panics.
    struct Asking(NonNull<dyn Asked>);
    impl Drop for Asking {
        #[inline]
        fn drop(&mut self) {
            ASKED.set(Some(self.0));
        }
    }
    let Some(asked) = ASKED.take() else {
        nobody_to_ask();
        return None;
    };
    let mut asking = Asking(asked);
    // SAFETY: in memory until the guard of `enter` goes, which outlives this call, and taken out of where the others look for it.
    Some(f(unsafe { asking.0.as_mut() }))
}

/// This thread is in no simulation, or asks already.
#[inline]
fn nobody_to_ask() {
    #[cold]
    #[inline(never)]
    fn asks_again() -> ! {
        panic!(
            "a chooser has called leno, which would ask that chooser: it can only decide by what it is given"
        );
    }
    if ASKS.get() {
        asks_again();
    }
}

/// Which of these tasks goes next, if there is one.
pub(crate) fn choose(ready: impl Iterator<Item = u64>) -> Option<usize> {
    let ready: Vec<u32> = ready.map(number).collect();
    if IN_ORDER.get() {
        return (!ready.is_empty()).then_some(0);
    }
    (!ready.is_empty()).then(|| ask(|asked| asked.pick(&ready)).unwrap_or(0))
}

/// Calls `f`, within which tasks go in their order, and nobody is asked.
pub(crate) fn in_order<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            IN_ORDER.set(self.0);
        }
    }
    let _restore = Restore(IN_ORDER.replace(true));
    f()
}

pub(crate) fn clock(now: u64) {
    ask(|asked| asked.clock(now));
}

pub(crate) fn stalls() -> bool {
    ask(|asked| asked.stalls()).unwrap_or(false)
}

/// A leaf has found the budget at 0: true if it goes on nevertheless.
#[cold]
pub(crate) fn go_on(is_runtimes: impl FnOnce() -> bool) -> bool {
    ask(|asked| asked.go_on(!SPARES_HAND_POLLS.get() || is_runtimes())).unwrap_or(false)
}

/// There may be a simulation.
pub(crate) const IS_POSSIBLE: bool = true;

/// The leaf at which it has gone on was not ready, which costs production nothing.
#[cold]
pub(crate) fn gives_back() {
    ask(|asked| asked.gives_back());
}

/// As [`go_on`], but it decides nothing.
#[cold]
pub(crate) fn may_go_on() -> bool {
    ask(|asked| asked.may_go_on()).unwrap_or(false)
}

/// From now on whoever has waited longest goes next, and nobody is held up; or no longer so.
#[cold]
pub(crate) fn be_fair(is_fair: bool) {
    ask(|asked| asked.be_fair(is_fair));
}

/// How many want budgets to be drawn.
static DRAWN_BUDGETS: AtomicUsize = AtomicUsize::new(0);

/// Polls of workers begin with budgets that are drawn, in the whole process, until this is dropped: how a test compares what a
/// simulation holds up with what workers do.
#[derive(Debug)]
pub struct RandomBudgets(());

/// See [`RandomBudgets`].
pub fn random_budgets() -> RandomBudgets {
    // Ordering: Relaxed, here and below: it is looked at before each poll, and orders nothing.
    DRAWN_BUDGETS.fetch_add(1, Ordering::Relaxed);
    RandomBudgets(())
}

impl Drop for RandomBudgets {
    fn drop(&mut self) {
        DRAWN_BUDGETS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The budget that a poll of a worker begins with, if that is to be drawn: few units, so that it ends at the first leaves.
#[inline]
pub(crate) fn budget() -> Option<u8> {
    (DRAWN_BUDGETS.load(Ordering::Relaxed) != 0).then(drawn_budget)
}

#[cold]
fn drawn_budget() -> u8 {
    thread_local! {
        static STATE: Cell<u64> = const { Cell::new(0) };
    }
    // xorshift (Marsaglia, 2003).
    let mut state = STATE.get();
    if state == 0 {
        state = crate::prim::seed() | 1;
    }
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    STATE.set(state);
    (state >> 32) as u8 % 6
}

/// The running one waits on this thread's stack, and lets others have their turns.
pub(crate) fn waits() {
    ask(|asked| asked.waits());
}

/// The last one that has begun to wait goes on.
pub(crate) fn resumes() {
    ask(|asked| asked.resumes());
}

/// A number below `count`.
#[cold]
pub(crate) fn draw(count: u32) -> Option<u32> {
    ask(|asked| asked.draw(count))
}

/// A number that differs from those before it in this run, and is the same in each run that is the same; `None` if this thread is in no
/// simulation.
#[cold]
pub(crate) fn another() -> Option<u64> {
    asks().then(|| {
        NUMBERS.set(NUMBERS.get() + 1);
        NUMBERS.get()
    })
}

/// A number below `count` for the program; `None` if this thread is in no simulation.
pub(crate) fn chance(count: u32) -> Option<u32> {
    ask(|asked| asked.choose(count))
}

/// So it should be in some run.
pub(crate) fn sometimes(name: &'static str, place: &'static Location<'static>, is_so: bool) {
    ask(|asked| asked.sometimes(name, place, is_so));
}

/// So it should be in all.
pub(crate) fn always(name: &'static str, place: &'static Location<'static>, is_so: bool) {
    ask(|asked| asked.always(name, place, is_so));
}

/// A task was made.
pub(crate) fn born(id: u64, place: impl FnOnce() -> (&'static Location<'static>, Option<String>)) {
    ask(|asked| {
        let (place, name) = place();
        asked.born(number(id), place, name);
    });
}

/// What was made is a closure that may block.
pub(crate) fn is_closure(id: u64) {
    ask(|asked| asked.is_closure(number(id)));
}

/// The number of a task: its id, for those of a simulation start at 1.
pub(crate) fn number(id: u64) -> u32 {
    u32::try_from(id).unwrap_or(u32::MAX - 1)
}

/// The running one gives way of its own will.
pub(crate) fn yielded() {
    ask(|asked| asked.yielded());
}

/// The running one looks at what others may change.
#[inline]
pub(crate) fn looks<T: ?Sized>(what: *const T) {
    touch(what, false);
}

/// The running one changes what others may look at.
#[inline]
pub(crate) fn changes<T: ?Sized>(what: *const T) {
    touch(what, true);
}

#[inline]
fn touch<T: ?Sized>(what: *const T, changes: bool) {
    if TOUCHES.get() {
        ask(|asked| asked.touch(what.cast::<()>().addr(), changes));
    }
}
