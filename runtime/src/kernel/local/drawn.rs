//! A current-thread scheduler in a simulation: another loop for its driver, in which every decision is asked for.
//!
//! What there is to run stands in one line, in the order in which it became ready: tasks, the root, and closures that may block.
//! Who goes next is asked ([`asked`]). Each poll begins without budget, so every leaf asks whether it may go on. Nothing else differs:
//! tasks, their words, wheels, locks and the end are the scheduler's.
//!
//! Time stands still, and moves to the next deadline when nothing is ready (or when it is asked to). The reactor, if there is one, is
//! not turned: what comes from outside comes in no order that could be repeated.
//!
//! # What waits on this thread
//!
//! A closure that waits (in a `block_on`, or for a channel) would wait for others that only this thread runs. So it runs them, on its own
//! stack, until it is woken ([`Simulation::run_until`]). Those waits end in the opposite order to that in which they began: if the innermost cannot
//! go on, nobody can, even if one further out has been woken meanwhile. Then it unwinds with a panic that says which of both it is.
//!
//! # Who is on this thread
//!
//! `here.simulation` points to the loop, on the stack of [`Local::run_drawn`], for as long as that runs. No other thread knows of it; what
//! another one wakes is injected, and ends the run.

use super::handover::Part;
use super::{Driven, Local};
use crate::kernel::budget;
use crate::kernel::context::Within;
use crate::kernel::foreign;
use crate::kernel::here::{self, Blocking, Hold, Simulation};
use crate::kernel::root::{Driving, Root, WOKEN_OUTSIDE};
use crate::kernel::task::Runnable;
use crate::prim::atomic::Ordering;
use crate::prim::{Arc, asked};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::mem;
use std::pin::pin;
use std::ptr::{self, NonNull};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

const TWO_STACKS: &str = "two blocking calls wait at a time, and the one that began later waits for the other one to go on. In a \
     simulation they share one stack: let one of them be asynchronous";

/// How far a run may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Turns in all.
    pub(crate) turns: u64,
    /// Turns without time moving.
    pub(crate) turns_at_once: u64,
    /// Nanoseconds after the start.
    pub(crate) time: u64,
    /// Time may move while somebody is ready.
    pub(crate) stalls: bool,
    /// So long in real time a thread outside may take to wake somebody, before it is said that nobody can go on.
    pub(crate) patience: Duration,
}

/// Why a run has ended without an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stuck {
    /// Nobody can go on.
    Deadlock,
    /// Too many turns.
    Livelock,
    /// Too many turns at one moment.
    LivelockAtOnce,
    /// Time would go too far: to this many nanoseconds after the start.
    TooLate(u64),
    /// Another thread has woken a task.
    Alien,
}

/// How often it is looked whether a thread outside has woken a closure.
const STEP: Duration = Duration::from_millis(5);

/// Something to run.
enum Ready {
    Root,
    Task(Runnable),
    Closure(Runnable),
}

/// One run: what `here.simulation` points to.
struct Drawn<'a> {
    driven: &'a Driven,
    bounds: Bounds,
    start: u64,
    /// Whoever is asked has the numbers of those that stand here. Never borrowed across foreign code.
    line: RefCell<Vec<Ready>>,
    closures: RefCell<Vec<Runnable>>,
    root: &'a Root,
    /// The root stands in the line, or is being polled: then it comes into the line, if it has been woken, when that is over.
    root_is_claimed: Cell<bool>,
    /// Polls the root; true if it is done. Taken out while it is being polled.
    poll_root: Cell<Option<&'a mut dyn FnMut() -> bool>>,
    done: Cell<bool>,
    turns: Cell<u64>,
    turns_at_once: Cell<u64>,
    /// Nobody is held up or passed over any more.
    is_fair: Cell<bool>,
    /// Waits further out on this stack.
    waits: RefCell<Vec<&'static dyn Fn() -> bool>>,
}

/// The loop as its owner may use it while it is stuck: see [`Local::run_drawn`].
pub(crate) struct Still<'a, 'b>(&'a Drawn<'b>);

impl Local {
    /// Runs `future` as the root of a simulation that this thread has [entered](asked::enter), until it is done or nobody can go on:
    /// `stuck` is called then, before anything is dropped.
    pub(crate) fn run_drawn<F: Future>(
        local: &Arc<Self>,
        future: F,
        bounds: Bounds,
        stuck: impl FnOnce(Stuck, &Still<'_, '_>),
    ) -> Option<F::Output> {
        let _driving = Driving::enter_runtime(Blocking::InPlace);
        let mut future = pin!(future);
        let root = Root::new(Some(Arc::clone(&local.seat)));
        let waker = Root::waker(&root);
        let mut output = None;
        let nothing = Within::nothing();
        let mut poll_root = || {
            let _within = nothing.outside();
            let mut cx = Context::from_waker(&waker);
            match future.as_mut().poll(&mut cx) {
                Poll::Ready(ready) => {
                    output = Some(ready);
                    true
                }
                Poll::Pending => false,
            }
        };
        let driven = Driven::take(local, &root, Part::Claims)
            .expect("nobody else knows the scheduler of a simulation");
        // Nobody defers: who yields is woken at once, and is the last in the line.
        here::with(|here| here.deferred.set(ptr::null()));
        let drawn = Drawn {
            driven: &driven,
            bounds,
            start: local.clock.now(),
            line: RefCell::default(),
            closures: RefCell::default(),
            root: &root,
            root_is_claimed: Cell::new(false),
            poll_root: Cell::new(Some(&mut poll_root)),
            done: Cell::new(false),
            turns: Cell::new(0),
            turns_at_once: Cell::new(0),
            is_fair: Cell::new(false),
            waits: RefCell::default(),
        };
        drawn.run(stuck);
        drop(drawn);
        drop(driven);
        output
    }
}

/// Takes a closure that may block: it has its turn like a task. Gives it back if this thread is in no simulation.
pub(crate) fn take_closure(closure: Runnable) -> Result<(), Runnable> {
    let Some(simulation) = here::with(|here| here.simulation.get()) else {
        return Err(closure);
    };
    // SAFETY: set by `Drawn::run` on this thread to what is further up its stack, and put back before that goes; nobody else sets it.
    let drawn = unsafe { simulation.cast::<Drawn<'_>>().as_ref() };
    drawn.closures.borrow_mut().push(closure);
    Ok(())
}

impl Simulation for Drawn<'_> {
    fn run_until(&self, woken: &dyn Fn() -> bool) {
        // SAFETY: it is in the list for as long as `wait` lives, which is the length of this call.
        let woken =
            unsafe { mem::transmute::<&dyn Fn() -> bool, &'static dyn Fn() -> bool>(woken) };
        self.waits.borrow_mut().push(woken);
        let wait = Wait::begin(self, true);
        while !woken() {
            if let Err(why) = self.turn() {
                drop(wait);
                self.cannot_go_on(why);
            }
        }
    }

    fn give_way(&self) {
        let wait = Wait::begin(self, false);
        // Time does not move for it, since somebody can go on: who waits.
        let turn = if self.gather() {
            self.turn()
        } else {
            self.count()
        };
        drop(wait);
        if let Err(why) = turn {
            self.cannot_go_on(why);
        }
    }

    fn lends(&self, waker: &Waker) -> bool {
        // A task's waker points to the task, and the root's to the root. (`Waker::noop` points to nothing.)
        let running = here::with(|here| here.running.get());
        let lent = if running.is_null() {
            ptr::from_ref(self.root).cast()
        } else {
            running
        };
        waker.data() == lent
    }
}

/// Others have their turns, on the stack of one that waits, until this is dropped.
struct Wait<'a, 'b> {
    drawn: &'a Drawn<'b>,
    is_listed: bool,
    outer: Outer,
}

impl<'a, 'b> Wait<'a, 'b> {
    fn begin(drawn: &'a Drawn<'b>, is_listed: bool) -> Self {
        asked::waits();
        Self {
            drawn,
            is_listed,
            outer: Outer::put_aside(),
        }
    }
}

impl Drop for Wait<'_, '_> {
    fn drop(&mut self) {
        if self.is_listed {
            self.drawn.waits.borrow_mut().pop();
        }
        self.outer.put_back();
        asked::resumes();
    }
}

impl Drawn<'_> {
    fn run(&self, stuck: impl FnOnce(Stuck, &Still<'_, '_>)) {
        struct Leave(Option<NonNull<dyn Simulation>>);
        impl Drop for Leave {
            fn drop(&mut self) {
                here::with(|here| {
                    here.simulation.set(self.0);
                    here.budget.set(budget::UNLIMITED);
                });
            }
        }
        let simulation: NonNull<dyn Simulation + '_> = NonNull::from(self);
        // SAFETY: only the lifetime differs: `_leave` takes it out again before `self` goes.
        let simulation: NonNull<dyn Simulation> = unsafe { mem::transmute(simulation) };
        let _leave = Leave(here::with(|here| here.simulation.replace(Some(simulation))));
        while !self.done.get() {
            if let Err(why) = self.turn() {
                stuck(why, &Still(self));
                break;
            }
        }
        // What is left is cancelled as the end cancels what is ready.
        for ready in self.line.take() {
            match ready {
                Ready::Root => {}
                Ready::Task(task) => self.driven.push(task),
                Ready::Closure(task) => drop(task),
            }
        }
        let closures = self.closures.take();
        drop(closures);
    }

    /// One step: somebody has a turn, or time moves.
    fn turn(&self) -> Result<(), Stuck> {
        let local = &*self.driven.local;
        // Ordering: Relaxed. It is found in one of the next turns, or when nobody is ready.
        if local.injected_len.load(Ordering::Relaxed) != 0 || self.root.is_woken_outside() {
            return Err(Stuck::Alien);
        }
        self.count()?;
        if !self.gather() {
            return match local.wheel.prepare_sleep() {
                Some(deadline) => self.let_time_pass(deadline),
                None => self.wait_for_threads(),
            };
        }
        let may_stall = self.bounds.stalls && !local.clock.is_paused_by_program();
        if may_stall && local.wheel.earliest() != u64::MAX && asked::stalls() {
            // `earliest` is no later than the first timer, but it may be that of one that is gone. And no machine stalls for longer than a
            // run may take.
            if let Some(deadline) = local.wheel.prepare_sleep() {
                if self.is_within_bounds(deadline) {
                    return self.let_time_pass(deadline);
                }
                local.wheel.awake();
            }
        }
        let chosen = asked::next();
        let chosen = self.line.borrow_mut().remove(chosen);
        self.poll(chosen, 0);
        Ok(())
    }

    fn count(&self) -> Result<(), Stuck> {
        let turns = self.turns.get() + 1;
        let at_once = self.turns_at_once.get() + 1;
        self.turns.set(turns);
        self.turns_at_once.set(at_once);
        if turns > self.bounds.turns {
            return Err(Stuck::Livelock);
        }
        if at_once > self.bounds.turns_at_once {
            return Err(Stuck::LivelockAtOnce);
        }
        // Whoever decides may starve somebody for ever, as no scheduler does. So it is no livelock before all have had their turns in order,
        // for as long as they have not.
        let is_half = turns > self.bounds.turns / 2 || at_once > self.bounds.turns_at_once / 2;
        if is_half != self.is_fair.get() {
            self.is_fair.set(is_half);
            asked::be_fair(is_half);
        }
        Ok(())
    }

    /// Brings what has become ready into the line. True if anybody stands there.
    fn gather(&self) -> bool {
        let mut line = self.line.borrow_mut();
        while let Some(task) = self.driven.queues(|queues| queues.ready.pop_front()) {
            asked::woke(asked::number(task.id().get()));
            line.push(Ready::Task(task));
        }
        let mut closures = self.closures.borrow_mut();
        if !closures.is_empty() {
            for closure in closures.drain(..) {
                asked::woke(asked::number(closure.id().get()));
                line.push(Ready::Closure(closure));
            }
        }
        if !self.root_is_claimed.get() && !self.done.get() && self.root.is_woken() {
            self.root_is_claimed.set(true);
            asked::woke(0);
            line.push(Ready::Root);
        }
        !line.is_empty()
    }

    fn poll(&self, ready: Ready, budget: u8) {
        // Whoever waits further out on this stack may be within something.
        let _nothing = Within::nothing();
        here::with(|here| here.budget.set(budget));
        match ready {
            Ready::Task(task) => {
                let core = self.driven.core();
                core.polling.set(true);
                let woken = task.run();
                core.polling.set(false);
                if let Some(task) = woken {
                    self.driven.push(task);
                }
            }
            Ready::Closure(closure) => {
                let _driving = Driving::replace(Blocking::Allowed);
                let _hold = Hold::Nothing.replace();
                let again = closure.run();
                debug_assert!(again.is_none(), "a closure is done when it has been polled");
            }
            Ready::Root => {
                self.root.take_woken();
                let poll = self.poll_root.take();
                let poll = poll.expect("who is being polled does not stand in the line");
                let done = poll();
                self.done.set(done);
                self.poll_root.set(Some(poll));
                self.root_is_claimed.set(false);
            }
        }
    }

    fn is_within_bounds(&self, deadline: u64) -> bool {
        deadline.saturating_sub(self.start) <= self.bounds.time
    }

    /// Nobody is to have a turn: time moves to the next deadline, for which the wheel is prepared.
    fn let_time_pass(&self, deadline: u64) -> Result<(), Stuck> {
        let local = &*self.driven.local;
        local.wheel.awake();
        if !self.is_within_bounds(deadline) {
            return Err(Stuck::TooLate(deadline.saturating_sub(self.start)));
        }
        local.clock.advance_to(deadline);
        self.turns_at_once.set(0);
        let now = local.clock.now();
        asked::clock(now - self.start);
        foreign::call(|| {
            local.wheel.fire(now);
        });
        Ok(())
    }

    /// Nobody can go on, unless another thread is about to wake somebody: that is no deadlock, but nothing to go on with either.
    fn wait_for_threads(&self) -> Result<(), Stuck> {
        let local = &*self.driven.local;
        let end = Instant::now() + self.bounds.patience;
        loop {
            // Ordering: Relaxed, the poke of the seat orders it.
            let injected = local.injected_len.load(Ordering::Relaxed) != 0;
            if injected || self.root.is_woken_outside() {
                return Err(Stuck::Alien);
            }
            // Who waits further in finds out itself.
            let innermost = self.waits.borrow().last().copied();
            if innermost.is_some_and(|woken| woken()) {
                return Ok(());
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Stuck::Deadlock);
            }
            // A closure's wait has a seat of its own, which does not poke this one.
            local.seat.park(Some(left.min(STEP)));
        }
    }

    fn cannot_go_on(&self, why: Stuck) -> ! {
        let others = self.waits.borrow().iter().any(|woken| woken());
        match why {
            Stuck::Deadlock if others => {
                asked::refuse(TWO_STACKS);
                panic!("{TWO_STACKS}");
            }
            Stuck::Deadlock => panic!(
                "this blocking call never ends: nobody can go on, and no timer is due. (In a simulation it has been tried.)"
            ),
            Stuck::Livelock | Stuck::LivelockAtOnce | Stuck::TooLate(_) => panic!(
                "this blocking call has not ended within what the simulation allows (turns, or virtual time)"
            ),
            Stuck::Alien => {
                asked::refuse(WOKEN_OUTSIDE);
                panic!("{WOKEN_OUTSIDE}")
            }
        }
    }
}

/// What this thread was doing when it began to wait: its cells, as they have to be found again.
struct Outer {
    running: *const (),
    woken_itself: bool,
    task_id: u64,
    budget: u8,
    local_set: *const (),
    hold: Hold,
    blocking: Blocking,
}

impl Outer {
    fn put_aside() -> Self {
        here::with(|here| Self {
            running: here.running.replace(ptr::null()),
            woken_itself: here.woken_itself.replace(false),
            task_id: here.task_id.replace(0),
            budget: here.budget.get(),
            local_set: here.local_set.replace(ptr::null()),
            hold: here.hold.replace(Hold::Nothing),
            blocking: here.blocking.replace(Blocking::Forbidden),
        })
    }

    fn put_back(&self) {
        here::with(|here| {
            here.running.set(self.running);
            here.woken_itself.set(self.woken_itself);
            here.task_id.set(self.task_id);
            here.budget.set(self.budget);
            here.local_set.set(self.local_set);
            here.hold.set(self.hold);
            here.blocking.set(self.blocking);
        });
    }
}

impl Still<'_, '_> {
    /// Lets everybody have its turns who is ready, without asking: so those that are asked where they stand can answer. Says whether
    /// there was anybody.
    pub(crate) fn answer(&self) -> bool {
        asked::in_order(|| self.answer_in_order())
    }

    fn answer_in_order(&self) -> bool {
        let drawn = self.0;
        let mut any = false;
        drawn.gather();
        // A request from outside is a wake from outside.
        while let Some(task) = drawn.driven.pop_injected() {
            drawn.poll(Ready::Task(task), budget::PER_POLL);
            any = true;
        }
        for ready in drawn.line.take() {
            drawn.poll(ready, budget::PER_POLL);
            any = true;
        }
        any
    }

    /// Nanoseconds since the start.
    pub(crate) fn now(&self) -> u64 {
        self.0.driven.local.clock.now() - self.0.start
    }
}
