//! A current-thread scheduler in a simulation: another loop for its driver, in which every decision is asked for.
//!
//! What there is to run stands in one [`line`](mod@line): tasks, the root, and closures that may block. Whoever is asked who goes
//! next ([`asked`]) has the order in which they became ready. Each poll begins without budget, so every leaf asks whether it may
//! go on. Nothing else differs: tasks, their words, wheels, locks and the end are the scheduler's.
//!
//! Time stands still, and moves to the next deadline when nothing is ready (or when it is asked to). The reactor, if there is
//! one, is not turned: what comes from outside comes in no order that could be repeated. A closure that blocks is [another
//! matter](mod@waits).
//!
//! # Who is on this thread
//!
//! `here.simulation` points to the loop, on the stack of [`Local::run_drawn`], for as long as that runs. No other thread knows of
//! it; what another one wakes is injected, and ends the run.

mod bounds;
mod line;
mod renewed;
mod waits;

pub(crate) use bounds::{Bounds, Stuck};
pub(crate) use line::Line;

use super::handover::Part;
use super::{Driven, Local};
use crate::kernel::budget;
use crate::kernel::context::Within;
use crate::kernel::foreign;
use crate::kernel::here::{self, Blocking, Hold, Simulation};
use crate::kernel::root::{Driving, Root};
use crate::kernel::task::Runnable;
use crate::prim::Arc;
use crate::prim::asked::{self, Asked};
use crate::prim::atomic::Ordering;
use bounds::Count;
use line::Ready;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::mem;
use std::pin::pin;
use std::ptr::{self, NonNull};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// How often it is looked whether a thread outside has woken a closure.
const STEP: Duration = Duration::from_millis(5);

/// One run: what `here.simulation` points to.
struct Drawn<'a> {
    driven: &'a Driven,
    bounds: Bounds,
    start: u64,
    /// Whoever is asked has the numbers of those that stand here. Never borrowed across foreign code.
    line: RefCell<Box<Line>>,
    /// Closures that have not come into the line.
    closures: RefCell<Vec<Runnable>>,
    /// There are any.
    has_closures: Cell<bool>,
    root: &'a Root,
    /// The root stands in the line, or is being polled: then it comes into the line, if it has been woken, when that is over.
    root_is_claimed: Cell<bool>,
    /// Polls the root; true if it is done. Taken out while it is being polled.
    poll_root: Cell<Option<&'a mut dyn FnMut() -> bool>>,
    done: Cell<bool>,
    count: Count,
    /// Waits further out on this stack.
    waits: RefCell<Vec<&'static dyn Fn() -> bool>>,
}

/// The loop as its owner may use it while it is stuck: see [`Local::run_drawn`].
pub(crate) struct Still<'a, 'b>(&'a Drawn<'b>);

impl Local {
    /// Runs `future` as the root of a simulation that this thread has [entered](asked::enter), until it is done or nobody can go
    /// on: `stuck` is called then, before anything is dropped. `line` is an empty one, from the run before.
    pub(crate) fn run_drawn<F: Future>(
        local: &Arc<Self>,
        future: F,
        bounds: Bounds,
        line: &mut Option<Box<Line>>,
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
            start: local.clock.simulated_now(),
            line: RefCell::new(line.take().unwrap_or_default()),
            closures: RefCell::default(),
            has_closures: Cell::new(false),
            root: &root,
            root_is_claimed: Cell::new(false),
            poll_root: Cell::new(Some(&mut poll_root)),
            done: Cell::new(false),
            count: Count::default(),
            waits: RefCell::default(),
        };
        drawn.run(stuck);
        let mut left = drawn.line.into_inner();
        left.trim();
        *line = Some(left);
        drop(driven);
        output
    }
}

/// Takes a closure that may block: it has its turn like a task. Gives it back if this thread is in no simulation.
pub(crate) fn take_closure(closure: Runnable) -> Result<(), Runnable> {
    let Some(simulation) = here::with(|here| here.simulation.get()) else {
        return Err(closure);
    };
    // SAFETY: set by `Drawn::run` on this thread to what is further up its stack, and put back before that goes; nobody else sets
    // it.
    let drawn = unsafe { simulation.cast::<Drawn<'_>>().as_ref() };
    drawn.closures.borrow_mut().push(closure);
    drawn.has_closures.set(true);
    Ok(())
}

impl Drawn<'_> {
    fn run(&self, stuck: impl FnOnce(Stuck, &Still<'_, '_>)) {
        struct Leave(Option<NonNull<dyn Simulation>>, *const ());
        impl Drop for Leave {
            fn drop(&mut self) {
                asked::set_root(self.1);
                here::with(|here| {
                    here.simulation.set(self.0);
                    here.budget.set(budget::UNLIMITED);
                });
            }
        }
        let simulation: NonNull<dyn Simulation + '_> = NonNull::from(self);
        // SAFETY: only the lifetime differs: `_leave` takes it out again before `self` goes.
        let simulation: NonNull<dyn Simulation> = unsafe { mem::transmute(simulation) };
        let _leave = Leave(
            here::with(|here| here.simulation.replace(Some(simulation))),
            asked::set_root(ptr::from_ref(self.root).cast()),
        );
        if let Err(why) = self.take_turns() {
            stuck(why, &Still(self));
        }
        // What is left is cancelled as the end cancels what is ready.
        for ready in self.leave_line() {
            match ready {
                Ready::Root => {}
                Ready::Task(task) => self.driven.push(task),
                Ready::Closure(task) => drop(task),
            }
        }
        let closures = self.closures.take();
        drop(closures);
    }

    /// Until the root is done.
    // No generic function, so that it is compiled where all is that it calls.
    fn take_turns(&self) -> Result<(), Stuck> {
        while !self.done.get() {
            self.turn()?;
        }
        Ok(())
    }

    /// One step: somebody has a turn, or time moves.
    // Always inlined, and what it calls too: this is the body of the loop.
    #[inline(always)]
    fn turn(&self) -> Result<(), Stuck> {
        let local = &*self.driven.local;
        // Ordering: Relaxed. It is found in one of the next turns, or when nobody is ready.
        if local.injected_len.load(Ordering::Relaxed) != 0 || self.root.is_woken_outside() {
            return Err(Stuck::Alien);
        }
        self.count.turn(&self.bounds)?;
        if self.bounds.stalls {
            if let Some(deadline) = self.stalls_until() {
                return self.let_time_pass(deadline);
            }
        }
        let chosen = asked::ask(|asked| {
            let line = &mut **self.line.borrow_mut();
            self.gather_into(line, asked);
            let number = asked.next()?;
            Some(
                line.take(number)
                    .expect("whoever is chosen stands in the line"),
            )
        });
        match chosen.flatten() {
            Some(chosen) => {
                self.poll(chosen, 0);
                Ok(())
            }
            None => self.pause(),
        }
    }

    /// Nobody is ready.
    #[cold]
    fn pause(&self) -> Result<(), Stuck> {
        match self.driven.local.wheel.prepare_sleep() {
            Some(deadline) => self.let_time_pass(deadline),
            None => self.wait_for_threads(),
        }
    }

    /// The deadline to which time moves although somebody is ready, if it does. The wheel is prepared for it.
    fn stalls_until(&self) -> Option<u64> {
        let local = &*self.driven.local;
        let may_stall = self.gather() && !local.clock.is_paused_by_program();
        if !may_stall || local.wheel.earliest() == u64::MAX || !asked::stalls() {
            return None;
        }
        // `earliest` is no later than the first timer, but it may be that of one that is gone. And no machine stalls for longer
        // than a run may take.
        let deadline = local.wheel.prepare_sleep()?;
        if self.is_within_bounds(deadline) {
            return Some(deadline);
        }
        local.wheel.awake();
        None
    }

    /// Brings what has become ready into the line. True if anybody stands there.
    fn gather(&self) -> bool {
        let line = &mut **self.line.borrow_mut();
        asked::ask(|asked| self.gather_into(line, asked));
        !line.is_empty()
    }

    #[inline(always)]
    fn gather_into(&self, line: &mut Line, asked: &mut dyn Asked) {
        while let Some(task) = self.driven.pop() {
            let number = asked::number(task.id().get());
            asked.woke(number);
            line.put(number, Ready::Task(task));
        }
        if self.has_closures.get() {
            self.gather_closures(line, asked);
        }
        if self.root.is_woken() && !self.root_is_claimed.get() && !self.done.get() {
            self.root_is_claimed.set(true);
            asked.woke(0);
            line.put(0, Ready::Root);
        }
    }

    #[inline(never)]
    fn gather_closures(&self, line: &mut Line, asked: &mut dyn Asked) {
        self.has_closures.set(false);
        for closure in self.closures.borrow_mut().drain(..) {
            let number = asked::number(closure.id().get());
            asked.woke(number);
            line.put(number, Ready::Closure(closure));
        }
    }

    /// All take their leave from the line, the one first that has waited longest.
    fn leave_line(&self) -> Vec<Ready> {
        let mut line = self.line.borrow_mut();
        if line.is_empty() {
            return Vec::new();
        }
        let order = asked::ask(|asked| asked.leave_line()).unwrap_or_default();
        let order = order.into_iter();
        order.filter_map(|number| line.take(number)).collect()
    }

    #[inline(always)]
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
            Ready::Closure(closure) => Self::run_closure(closure),
            Ready::Root => self.poll_root(),
        }
    }

    #[inline(never)]
    fn run_closure(closure: Runnable) {
        let _driving = Driving::replace(Blocking::Allowed);
        let _hold = Hold::Nothing.replace();
        let again = closure.run();
        debug_assert!(again.is_none(), "a closure is done when it has been polled");
    }

    #[inline(never)]
    fn poll_root(&self) {
        self.root.take_woken();
        let poll = self.poll_root.take();
        let poll = poll.expect("who is being polled does not stand in the line");
        let done = poll();
        self.done.set(done);
        self.poll_root.set(Some(poll));
        self.root_is_claimed.set(false);
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
        self.count.begin_moment();
        let now = local.clock.simulated_now();
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
}

impl Still<'_, '_> {
    /// Lets everybody have its turns who is ready, without asking: so those that are asked where they stand can answer. Says
    /// whether there was anybody.
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
        for ready in drawn.leave_line() {
            drawn.poll(ready, budget::PER_POLL);
            any = true;
        }
        any
    }

    /// Nanoseconds since the start.
    pub(crate) fn now(&self) -> u64 {
        self.0.driven.local.clock.simulated_now() - self.0.start
    }
}
