//! A worker's loop.
//!
//! ```text
//!   every so often:  turn the reactor without waiting, fire the wheel, read the clock, take from the injector
//!   next task:       next slot (at most 3 in a row) → own deque → injector → steal → sleep
//! ```
//!
//! What a worker owns is its [`Core`]: the deque, counters, what it owes to the idle protocol. The core may move to
//! another thread in the middle of a task (`block_in_place` in a poll or in a destructor): then this thread finds that it
//! holds none when the task returns, and leaves the loop. So nothing here refers to a core across a task.
//!
//! # The two loops
//!
//! The loop is compiled twice: one of the two records what it does, the other knows nothing of that, and costs nothing. Where a
//! worker looks around, or has slept, it looks anyway whether its pool is closed; the same look says whether it is in the wrong
//! loop. Then it leaves that, and goes on in the other ([`handed`]).
//!
//! # Whom a push tells
//!
//! A task that is woken or spawned by the current poll goes to the next slot, and nobody is told: it runs when this
//! poll ends, on a warm cache. If the slot is taken it goes to the deque, which keeps the order, and W2–W5 of the
//! [idle protocol](super::idle) run. A task that its own poll has requeued onto an empty deque tells nobody either:
//! this worker runs it next. The tasks that one turn of the reactor wakes are told together, after it.
//!
//! A slot must not hold a task back for as long as the poll that filled it computes on. Three remedies. A searcher that
//! finds the same task in a slot twice, some microseconds apart, takes it. When everyone else sleeps, a worker whose polls
//! are often long learns not to use its slot ([`pace`]). And for the others there is the [watcher](super::watcher), who
//! wakes a searcher after some milliseconds.

mod attend;
mod handed;
#[cfg_attr(not(feature = "introspection"), path = "worker/no_observed.rs")]
mod observed;
mod pace;
mod relief;
mod search;
mod yielding;

use crate::kernel::budget;
use crate::kernel::foreign;
use crate::kernel::here::{self, Hold};
use crate::kernel::hooks::{Callback, ParkHooks};
use crate::kernel::intervals::Adapted;
use crate::kernel::observe::Pen;
use crate::kernel::pool::{Homes, Pool, Remote};
use crate::kernel::slot::Slot;
use crate::kernel::slow::Watched;
use crate::kernel::task::{Home, Lent, Runnable};
use crate::kernel::waiting::Holding;
use crate::kernel::wanted::LOOKED_INTO;
use crate::kernel::wheel;
use crate::prim::deque::{Steal, Worker};
use crate::prim::{self, Arc, hint};
pub(crate) use handed::{Handed, Outcome, hand_off};
use pace::Pace;
use relief::Relief;
use std::cell::Cell;
use std::ptr;
pub(crate) use yielding::{yield_now, yielded};

/// How many tasks may come from the next slot before the deque gets its turn: two tasks that wake each other must
/// not starve the rest.
const CHAIN: u8 = 3;

/// What belongs to one worker.
pub(crate) struct Core {
    pool: Arc<Pool>,
    index: usize,
    /// What the others see of this worker.
    remote: Arc<Remote>,
    /// There is no other worker to tell of anything. (If a spare is there, it comes to what this one does not; see `push`.)
    alone: bool,
    /// It comes and goes as it is needed.
    is_spare: bool,
    /// The worker whose list of sleeping tasks is used: this one, or for a spare one that stays.
    shard: usize,
    /// Somebody watches the pool.
    is_watched: bool,
    homes: Homes,
    /// Which of them the tasks get that are spawned here.
    home: Cell<Lent>,
    deque: Worker<Runnable>,
    /// Tasks since the last exceptional step.
    tick: Cell<u32>,
    /// When the next one comes.
    intervals: Adapted,
    /// Tasks from the slot in a row.
    chain: Cell<u8>,
    /// Counted as searching in the idle word.
    searching: Cell<bool>,
    /// A token is on its way to my seat.
    owes: Cell<bool>,
    /// Pushes tell nobody for now: they will be told together.
    quiet: Cell<bool>,
    /// Something was pushed quietly.
    untold: Cell<bool>,
    /// Whether to use the slot.
    pace: Pace,
    relief: Relief,
    pen: Pen,
    /// Since when this worker has been awake, in real time.
    awake_since: Cell<u64>,
    /// What they own goes with the last core: freeing a pool runs no user code.
    hooks: Arc<ParkHooks>,
}

/// Calls `f` with the core of `pool` that this thread holds, if it does.
#[inline(always)]
pub(super) fn with_core<R>(pool: &Pool, f: impl FnOnce(Option<&Core>) -> R) -> R {
    let core = here::with(|here| here.core.get()).cast::<Core>();
    // SAFETY: `here.core` is set by `Handed::install` and `Handed::retire` for as long as this thread holds the core, and cleared
    // by `handed::take` before that goes to another thread or is freed; `f` cannot keep the reference. A core is used through
    // shared references and cells only, on the one thread that holds it.
    let core = unsafe { core.as_ref() };
    f(core.filter(|core| ptr::eq(&*core.pool, pool)))
}

/// The number of the worker that this thread is; a spare has none.
pub(crate) fn index_here() -> Option<usize> {
    current(|core| (!core.is_spare).then_some(core.index)).flatten()
}

/// Calls `f` with the core that this thread holds, if it holds one.
#[inline(always)]
fn current<R>(f: impl FnOnce(&Core) -> R) -> Option<R> {
    let core = here::with(|here| here.core.get()).cast::<Core>();
    // SAFETY: as in `with_core`; no `f` runs a task, the one thing that can hand the core on.
    unsafe { core.as_ref() }.map(f)
}

/// Polls a task. This thread's core may be gone afterwards.
#[inline(always)]
fn run<const OBSERVED: bool>(task: Runnable) {
    // Each poll has a budget of its own.
    here::with(|here| here.budget.set(budget::of_a_turn()));
    let woken = if OBSERVED {
        task.run_as::<true>()
    } else {
        task.run()
    };
    if let Some(woken) = woken {
        let mut woken = Some(woken);
        current(|core| woken.take().map(|woken| core.requeue(woken)));
        if let Some(woken) = woken {
            woken.reschedule();
        }
    }
}

/// As [`run`], where others are to see what is polled.
fn run_watched<const OBSERVED: bool>(task: Runnable) {
    watched_here(|watched| task.announce(&watched.polling));
    run::<OBSERVED>(task);
    watched_here(|watched| watched.polling.end());
}

/// Calls `f` with what others see of the polls of this thread, if it holds a core whose polls are watched.
pub(super) fn watched_here(f: impl FnOnce(&Watched)) {
    if !LOOKED_INTO {
        return;
    }
    current(|core| core.remote.watched.as_deref().map(f));
}

/// What a worker does next.
enum Step {
    Task(Runnable),
    /// There was nothing to do; there may be now.
    Rested,
    /// The pool is closed, or the worker belongs into the other loop.
    Leave,
    /// This spare worker leaves.
    Ended,
}

impl Core {
    pub(super) fn new(
        pool: Arc<Pool>,
        index: usize,
        deque: Worker<Runnable>,
        hooks: Arc<ParkHooks>,
    ) -> Self {
        let intervals = Adapted::new(pool.intervals, prim::now());
        let homes = Homes::new(&pool);
        let is_spare = index >= pool.workers();
        Self {
            home: Cell::new(homes.plain.lend()),
            homes,
            remote: Arc::clone(&pool.remotes[index]),
            alone: pool.workers() == 1 && !is_spare,
            is_spare,
            shard: index % pool.workers(),
            is_watched: pool.is_watched(),
            pool,
            index,
            deque,
            tick: Cell::new(0),
            intervals,
            chain: Cell::new(0),
            searching: Cell::new(false),
            owes: Cell::new(false),
            quiet: Cell::new(false),
            untold: Cell::new(false),
            pace: Pace::new(),
            relief: Relief::new(),
            pen: Pen::new(),
            awake_since: Cell::new(prim::now()),
            hooks,
        }
    }

    pub(super) fn index(&self) -> usize {
        self.index
    }

    pub(super) fn shard(&self) -> usize {
        self.shard
    }

    pub(super) fn remote(&self) -> &Remote {
        &self.remote
    }

    /// The home of a task that is spawned here.
    pub(super) fn home(&self) -> Home {
        // SAFETY: it is one of `homes`.
        unsafe { self.home.get().to_home() }
    }

    fn slot(&self) -> &Slot {
        &self.remote.slot
    }

    fn wheel(&self) -> &wheel::Handle {
        &self.remote.wheel
    }

    // ----- pushing ------------------------------------------------------------------------------------

    /// Queues a task that was woken, spawned or aborted on this thread.
    #[inline]
    pub(super) fn push_woken(&self, task: Runnable) {
        if self.quiet.get() {
            return self.push(task);
        }
        if self.pace.is_slow() {
            self.start_sample();
            return self.push(task);
        }
        match self.slot().put(task) {
            Ok(()) => {
                if self.pace.is_sample() {
                    self.start_sample();
                }
            }
            Err(task) => self.push(task),
        }
    }

    /// Times from here to the end of the poll, if nothing is being timed and there are others to offer tasks to.
    #[cold]
    fn start_sample(&self) {
        if !self.alone && self.pace.start(&self.pool.clock, self.tick.get()) {
            // So the next step is an exceptional one.
            self.tick.set(self.intervals.step());
        }
    }

    /// Queues a task that was woken by its own poll.
    #[inline]
    fn requeue(&self, task: Runnable) {
        if self.alone || self.deque.is_empty() && self.slot().peek().is_null() {
            // This worker runs it next.
            self.deque.push(task);
        } else {
            self.push(task);
        }
    }

    #[inline]
    fn push(&self, task: Runnable) {
        self.deque.push(task);
        // A lone worker has nobody to tell: if it is here, it does not sleep. While it is stuck the watcher sees to it that
        // a spare comes, or wakes up, and finds what is here.
        if self.quiet.get() {
            self.untold.set(true);
        } else if !self.alone {
            // If the pool is closed this worker drains its own deque as it leaves.
            self.pool.idle.pushed();
        }
    }

    // ----- the loop -----------------------------------------------------------------------------------

    /// Finds a task to run, or sleeps.
    #[inline(always)]
    fn step<const OBSERVED: bool>(&self) -> Step {
        let tick = self.tick.get() + 1;
        self.tick.set(tick);
        let task = if tick >= self.intervals.step() {
            if self.pool.idle.must_leave(OBSERVED) {
                return Step::Leave;
            }
            self.exceptional_step::<OBSERVED>()
        } else {
            self.next()
        };
        let Some(task) = task.or_else(|| self.dry::<OBSERVED>()) else {
            return if self.pool.idle.must_leave(OBSERVED) {
                Step::Leave
            } else {
                Step::Rested
            };
        };
        if self.searching.get() {
            self.found();
        }
        Step::Task(task)
    }

    /// The next task that is at hand.
    #[inline]
    fn next(&self) -> Option<Runnable> {
        let chain = self.chain.get();
        if chain < CHAIN {
            if let Some(task) = self.slot().take() {
                self.chain.set(chain + 1);
                return Some(task);
            }
        }
        self.chain.set(0);
        self.deque.pop().or_else(|| self.slot().take())
    }

    /// Nothing at hand: look elsewhere, or sleep.
    #[cold]
    fn dry<const OBSERVED: bool>(&self) -> Option<Runnable> {
        if self.pool.idle.is_closed() {
            return None;
        }
        let injected = self.take_injected();
        if !self.searching.get() {
            // On their way from the injector the others of the batch were nowhere to be seen, so who looked meanwhile
            // may have gone to sleep. (A searcher tells when it runs what it has found.)
            self.untold.set(true);
            self.tell();
        }
        let task = injected.or_else(|| {
            if !self.searching.get() {
                self.searching.set(self.pool.idle.start_searching());
            }
            if self.searching.get() {
                self.search::<OBSERVED>()
            } else {
                None
            }
        });
        if task.is_none() {
            self.sleep::<OBSERVED>();
        }
        task
    }

    /// Ends a sample, or looks around, or both.
    #[cold]
    fn exceptional_step<const OBSERVED: bool>(&self) -> Option<Runnable> {
        if let Some(tick) = self.pace.end(&self.pool.clock) {
            self.tick.set(tick + 1);
            if tick + 1 < self.intervals.step() {
                return self.next();
            }
        }
        self.tick.set(0);
        self.look_around::<OBSERVED>()
    }

    /// What is not a task gets its turn, whatever is queued: a worker that never runs dry would otherwise starve IO
    /// and timers. Returns the next task, one from outside if there is one.
    fn look_around<const OBSERVED: bool>(&self) -> Option<Runnable> {
        self.remote.counters.count_look();
        if OBSERVED {
            observed::begin_look();
        }
        let now = prim::now();
        if self.intervals.end_step(now) {
            if self.pool.idle.active() > 1 {
                self.relieve(now);
            }
            let now = self.pool.clock.at(now);
            self.quietly(|| {
                if let Some(mut turn) = self.pool.driver.try_lock() {
                    turn.look();
                }
                if OBSERVED {
                    observed::end_io();
                }
                self.fire_overdue(now);
                if OBSERVED {
                    observed::end_timers();
                }
            });
        }
        let task = match self.take_injected() {
            Some(task) => {
                // On their way from the injector the others of the batch were nowhere to be seen.
                self.untold.set(true);
                Some(task)
            }
            None => self.next(),
        };
        self.tell();
        task
    }

    /// Tells the others of what has come to the deque quietly. This worker has taken out what it runs next: if that
    /// was all, there is nothing to tell.
    fn tell(&self) {
        if self.untold.replace(false) && !self.alone && !self.deque.is_empty() {
            self.pool.idle.pushed();
        }
    }

    /// Calls `f`; the tasks that it wakes go to the deque, and nobody is told yet. The wakers may be foreign: one
    /// that panics has been reported by the panic hook, and must not end the worker.
    fn quietly(&self, f: impl FnOnce()) {
        let _kept = self.keep();
        self.quiet.set(true);
        foreign::call(f);
        self.quiet.set(false);
    }

    /// Foreign code comes next: it finds the core kept, and is nobody's poll, so it has no budget to keep to.
    fn keep(&self) -> Holding {
        here::with(|here| here.budget.set(budget::UNLIMITED));
        Hold::Kept.replace()
    }

    /// Takes a task from outside, and a fair share of the others along.
    fn take_injected(&self) -> Option<Runnable> {
        let injector = &self.pool.injector;
        if injector.is_empty() {
            return None;
        }
        let share = injector.len() / self.pool.idle.active() + 1;
        retrying(|| injector.steal_batch_with_limit_and_pop(&self.deque, share))
    }

    // ----- sleeping -----------------------------------------------------------------------------------

    /// Sleeps, and tells the user's callbacks.
    fn sleep<const OBSERVED: bool>(&self) {
        let _kept = self.keep();
        Callback::call(self.hooks.on_park.as_ref());
        // The callback may have spawned or woken something, which nobody was told of.
        if self.deque.is_empty() && self.slot().peek().is_null() {
            let counters = &self.remote.counters;
            counters.count_sleep();
            counters.count_busy(self.awake_since.get());
            self.wait::<OBSERVED>();
        }
        Callback::call(self.hooks.on_unpark.as_ref());
    }

    /// S1 to S4 of the idle protocol; comes back searching.
    fn wait<const OBSERVED: bool>(&self) {
        let pool = &*self.pool;
        let seat = &*self.remote.seat;
        if self.owes.replace(false) {
            seat.collect();
        }
        let deadline = self.prepare_sleep();
        pool.idle.announce(self.index, self.searching.get());
        if pool.has_work() || pool.idle.is_closed() {
            self.end_sleep();
            self.owes.set(pool.idle.take_back(self.index));
            self.searching.set(true);
            self.count_awake();
            self.awake_since.set(prim::now());
            return;
        }
        if OBSERVED {
            observed::park();
        }
        let called = match pool.driver.try_lock() {
            Some(turn) => self.attend(turn, deadline),
            None => {
                let deadline = if self.is_spare {
                    self.until(deadline)
                } else {
                    deadline
                };
                seat.park(deadline.map(|deadline| pool.clock.until(deadline)))
            }
        };
        if OBSERVED {
            observed::unpark();
        }
        // With a token this worker has been counted as searching by whoever sent it.
        if !called.token {
            self.owes.set(pool.idle.take_back(self.index));
        }
        self.searching.set(true);
        self.count_awake();
        self.end_sleep();
        let now = prim::now();
        self.awake_since.set(now);
        self.intervals.restart(now);
        here::with(|here| here.yields.restart());
        let now = pool.clock.at(now);
        let wheel = self.wheel();
        if wheel.overdue(now) {
            self.quietly(|| {
                wheel.try_fire(now);
            });
            if OBSERVED {
                observed::end_timers();
            }
        }
        self.tick.set(0);
    }

    /// Until when to sleep for this worker's own timers. A spare has none: it shares a wheel whose owner may be asleep as well,
    /// and is told of what that is told.
    fn prepare_sleep(&self) -> Option<u64> {
        if self.is_spare {
            return None;
        }
        self.wheel().prepare_shared_sleep()
    }

    fn end_sleep(&self) {
        if !self.is_spare {
            self.wheel().awake();
        }
    }

    /// This worker is no longer counted as sleeping: what it fires next may keep it, as a task may.
    fn count_awake(&self) {
        self.remote.counters.count_sleep();
        if self.is_watched {
            self.pool.watcher.awake();
        }
    }

    // ----- the end ------------------------------------------------------------------------------------

    /// Whatever is left in this worker's own queues.
    fn take_any(&self) -> Option<Runnable> {
        self.slot().take().or_else(|| self.deque.pop())
    }
}

/// Steals until it is clear whether there is anything.
fn retrying<T>(mut steal: impl FnMut() -> Steal<T>) -> Option<T> {
    loop {
        match steal() {
            Steal::Success(task) => return Some(task),
            Steal::Empty => return None,
            Steal::Retry => hint::spin_loop(),
        }
    }
}
