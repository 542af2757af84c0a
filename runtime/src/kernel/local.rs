//! The current-thread scheduler: one queue, and whoever calls `block_on` drives it.
//!
//! Tasks that are woken on the driving thread go to the core's queue, first in, first out; those of other threads, or of
//! nobody who drives, go to the injected queue behind a mutex, and poke the seat that the driver sleeps on. The seat keeps a
//! poke until the next park, so a task that is injected between the driver's look and its park ends the park at once. The
//! driver takes the whole injected queue at once, to its inbox, and from that one task at a time.
//!
//! Several threads may call `block_on` at a time. One holds the core and drives; the others wait for their own
//! future to be woken, or for the core ([`handover`]).
//!
//! # The order of turns
//!
//! An injected task has its turn when no other is ready, and after every so many polls before all others: what it sets off
//! comes before the next injected one. So does tokio.
//!
//! A root that is woken has its turn when nothing is ready any more, or when so many tasks have run as there may be between
//! two looks for events: what is ready comes first, and what that sets off. Then come those that have yielded, tasks and
//! roots (see [`deferred`](super::deferred)). A root's turn is over when it has been polled once, so nobody starves.
//!
//! Every so many polls the driver turns the reactor without waiting and fires timers, and also when all that is left has
//! yielded.

mod closing;
mod counters;
#[cfg_attr(not(feature = "sim"), path = "local/drawn_absent.rs")]
pub(crate) mod drawn;
mod handover;
mod home;
mod observed;
mod paused;

use crate::kernel::budget;
use crate::kernel::clock::Clock;
use crate::kernel::deferred::Deferred;
use crate::kernel::driver::Driver;
use crate::kernel::foreign;
use crate::kernel::here;
use crate::kernel::hooks::{Callback, ParkHooks};
use crate::kernel::intervals::{Fixed, Intervals};
use crate::kernel::late;
use crate::kernel::observe::{Pen, turns};
use crate::kernel::register::Register;
use crate::kernel::root::Root;
use crate::kernel::seat::{Called, Seat};
use crate::kernel::slow::Timed;
use crate::kernel::task::Runnable;
use crate::kernel::waiting::waiting;
use crate::kernel::wanted::{LOOKED_INTO, Wanted};
use crate::kernel::wheel::{self, Wheel};
use crate::prim::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use crate::prim::{self, Arc, Condvar, Mutex, asked};
use handover::{CoreSlot, Part};
pub(crate) use paused::ClockHold;
use paused::Patience;
use std::cell::{Cell, UnsafeCell};
use std::collections::VecDeque;
use std::fmt;
use std::ops::Deref;
use std::ptr::NonNull;
use std::task::Poll;
use std::time::Duration;

/// The shared half of a current-thread scheduler.
pub(crate) struct Local {
    injected: Mutex<Injected>,
    /// How many are injected, so that an empty queue costs no lock.
    injected_len: AtomicUsize,
    /// How many of them are in the driver's inbox.
    inbox_len: AtomicUsize,
    seat: Arc<Seat>,
    register: Register,
    driver: Driver,
    clock: Arc<Clock>,
    wheel: wheel::Handle,
    intervals: Fixed,
    /// If slow polls are wanted.
    timed: Option<Timed>,
    /// Its tasks need not be `Send`: they are run and dropped by the thread that closes it, and by no other.
    bound: bool,
    core: Mutex<CoreSlot>,
    /// The driver is a helper, and is to give the core back.
    wanted: AtomicBool,
    /// The driver is to record what it does.
    observed: AtomicBool,
    spawned: AtomicU64,
    finished: AtomicU64,
    /// As in a worker's counters.
    sleeps: AtomicU64,
    busy: AtomicU64,
    /// Blocking closures that are alive: the paused clock does not move by itself meanwhile.
    clock_holds: AtomicUsize,
    /// A thread outside has cancelled the last tasks; with `injected`.
    ended: Condvar,
}

struct Injected {
    queue: VecDeque<Runnable>,
    closed: Closed,
}

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closed {
    No,
    /// The closing thread still looks at the queue: what is not `Send` waits for it there.
    Closing,
    /// Nobody does, and all tasks that there are now are `Send`.
    Yes,
}

/// What belongs to the driving thread.
struct Core {
    /// Used through `Driven::queues` alone, on the thread that holds the core, and never across foreign code.
    queues: UnsafeCell<Queues>,
    /// Who has yielded.
    deferred: Deferred,
    /// Tasks are being polled, and not the root.
    polling: Cell<bool>,
    patience: Patience,
    /// How many tasks may still run before the root has its turn.
    left: Cell<usize>,
    /// The driver is to end the scheduler.
    ending: Cell<bool>,
    /// Ticks since an injected task came first.
    tick: Cell<u32>,
    /// Ticks since the last look for events.
    unlooked: Cell<u32>,
    /// What they own goes at the end: freeing a scheduler runs no user code.
    hooks: Cell<Option<Arc<ParkHooks>>>,
    /// Since when the driver has been awake, in real time.
    awake_since: Cell<u64>,
    pen: Pen,
}

struct Queues {
    ready: VecDeque<Runnable>,
    /// Those that were injected first.
    inbox: VecDeque<Runnable>,
}

/// A thread drives, from when it takes the core to when this is dropped and gives it back.
///
/// A pointer and not a box, since `here.local` points there as well.
struct Driving(NonNull<Driven>);

/// What `here.local` points to while a thread drives: the core, and whose it is.
struct Driven {
    local: Arc<Local>,
    core: Box<Core>,
    /// What `here.local` and `here.deferred` were before.
    outer: *const (),
    outer_deferred: *const (),
    outer_recorder: *const (),
}

impl Local {
    /// A scheduler; if it is `bound`, its tasks need not be `Send`, and whoever spawns those, drives it and closes it is on
    /// one thread.
    pub(crate) fn new(
        driver: Driver,
        clock: Arc<Clock>,
        hooks: ParkHooks,
        intervals: Intervals,
        bound: bool,
        diagnostics: Wanted,
    ) -> Arc<Self> {
        let seat = Arc::new(Seat::new(driver.handle().cloned()));
        if let Some(reactor) = driver.handle() {
            reactor.count_tries();
        }
        Arc::new(Self {
            injected: Mutex::new(Injected {
                queue: VecDeque::new(),
                closed: Closed::No,
            }),
            injected_len: AtomicUsize::new(0),
            inbox_len: AtomicUsize::new(0),
            wheel: Wheel::new(Arc::clone(&seat), Arc::clone(&clock)),
            seat,
            driver,
            clock,
            intervals: Fixed::new(intervals),
            timed: Timed::new(&diagnostics),
            register: Register::new(1, diagnostics),
            bound,
            core: Mutex::new(CoreSlot::new(Core::new(hooks))),
            wanted: AtomicBool::new(false),
            observed: AtomicBool::new(false),
            spawned: AtomicU64::new(0),
            finished: AtomicU64::new(0),
            sleeps: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            clock_holds: AtomicUsize::new(0),
            ended: Condvar::new(),
        })
    }

    /// Tasks that were injected, and have not been polled.
    pub(crate) fn injected(&self) -> usize {
        let injected = self.injected.lock();
        // Ordering: Relaxed, a statistic; the lock is held where tasks go from there to here.
        injected.queue.len() + self.inbox_len.load(Ordering::Relaxed)
    }

    pub(crate) fn driver(&self) -> &Driver {
        &self.driver
    }

    pub(crate) fn clock(&self) -> &Arc<Clock> {
        &self.clock
    }

    pub(crate) fn wheel(&self) -> &wheel::Handle {
        &self.wheel
    }

    fn inject(&self, task: Runnable) {
        let mut injected = self.injected.lock();
        if injected.closed == Closed::Yes || injected.closed == Closed::Closing && !self.bound {
            injected.queue.push_back(task);
            drop(injected);
            late::cancel_all(self, || self.injected.lock().queue.pop_front());
            // The last task may have ended here, and somebody may be waiting for that.
            drop(self.injected.lock());
            self.ended.notify_all();
            return;
        }
        injected.queue.push_back(task);
        // Ordering: Relaxed, the poke below orders it for a driver that sleeps; one that is awake comes by again.
        self.injected_len
            .store(injected.queue.len(), Ordering::Relaxed);
        let closing = injected.closed == Closed::Closing;
        drop(injected);
        if closing {
            self.ended.notify_all();
        } else {
            self.seat.poke();
        }
    }
}

impl Core {
    fn new(hooks: ParkHooks) -> Self {
        Self {
            hooks: Cell::new(Some(Arc::new(hooks))),
            queues: UnsafeCell::new(Queues {
                ready: VecDeque::new(),
                inbox: VecDeque::new(),
            }),
            deferred: Deferred::new(),
            polling: Cell::new(false),
            patience: Patience::new(),
            left: Cell::new(0),
            ending: Cell::new(false),
            tick: Cell::new(0),
            unlooked: Cell::new(0),
            awake_since: Cell::new(0),
            pen: Pen::new(),
        }
    }
}

impl Driven {
    /// Takes the core for this thread; if that is not to be had, `root` will be poked when it is.
    fn take(local: &Arc<Local>, root: &Arc<Root>, part: Part) -> Option<Driving> {
        let core = local.take_core(root, part)?;
        let (outer, outer_deferred, outer_recorder) =
            here::with(|here| (here.local.get(), here.deferred.get(), here.recorder.get()));
        let driving = Driving(NonNull::from(Box::leak(Box::new(Self {
            local: Arc::clone(local),
            core,
            outer,
            outer_deferred,
            outer_recorder,
        }))));
        here::with(|here| {
            here.local.set(driving.0.as_ptr().cast_const().cast());
            here.deferred.set((&raw const driving.core.deferred).cast());
            here.recorder.set(driving.core.pen.address());
        });
        if !asked::asks() {
            driving.core.awake_since.set(prim::now());
        }
        // SAFETY: the core is this thread's, and with it the wheel; the core's mutex has handed both over.
        unsafe { driving.local.wheel.own() };
        Some(driving)
    }

    /// The driver's loop.
    fn drive<T>(&self, root: &Root, mut poll_root: impl FnMut() -> Poll<T>) -> T {
        loop {
            self.begin_round();
            if let Poll::Ready(output) = poll_root() {
                return output;
            }
            self.round(root);
        }
    }

    fn begin_round(&self) {
        self.core().left.set(self.local.intervals.events() as usize);
    }

    /// All that comes between two turns of the root.
    fn round(&self, root: &Root) {
        let observed = self.begins_observed();
        let (dry, any) = match &self.local.timed {
            Some(timed) if LOOKED_INTO => self.run_timed(timed, observed),
            None if LOOKED_INTO && observed => self.run_observed(),
            _ => self.run_tasks(Runnable::run),
        };
        self.look_around();
        if !dry {
            self.resume();
        } else if self.has_yielded() {
            // All that is left may be waiting for what is not a task.
            self.core().unlooked.set(0);
            self.look_and_fire();
            self.resume();
        } else if !root.is_woken() {
            if !self.local.is_wanted() {
                self.sleep();
            }
        } else if !any {
            // A root that has woken itself, with nothing to run, has left the turn to what is not a task.
            self.look_and_fire();
        }
    }

    // These two are functions of their own, so that the usual loop has the registers to itself.

    #[inline(never)]
    fn run_observed(&self) -> (bool, bool) {
        self.run_tasks(turns::run)
    }

    #[inline(never)]
    fn run_timed(&self, timed: &Timed, observed: bool) -> (bool, bool) {
        self.run_tasks(|task| {
            let ready = || self.queues(|queues| queues.ready.len() + queues.inbox.len());
            let run = if observed { turns::run } else { Runnable::run };
            timed.run(task, run, ready)
        })
    }

    /// Runs what is ready, and what that sets off, as long as the round lasts. Says whether nothing is left, and whether there
    /// was anything.
    #[inline(always)]
    fn run_tasks(&self, run: impl Fn(Runnable) -> Option<Runnable>) -> (bool, bool) {
        let core = self.core();
        let (left, mut dry) = (core.left.get(), false);
        core.polling.set(true);
        while core.left.get() > 0 && !self.local.is_wanted() {
            let Some(task) = self.next() else {
                dry = true;
                break;
            };
            core.left.set(core.left.get() - 1);
            here::with(|here| here.budget.set(budget::of_a_turn()));
            if let Some(task) = run(task) {
                self.push(task);
            }
            self.look_around();
        }
        core.polling.set(false);
        here::with(|here| here.budget.set(budget::UNLIMITED));
        (dry, core.left.get() != left)
    }

    fn has_yielded(&self) -> bool {
        self.core().deferred.any()
    }

    /// Those that have yielded get their turn.
    fn resume(&self) {
        self.core().deferred.resume();
    }

    /// Counts what has been polled; every so often what is not a task gets its turn, whatever is queued.
    fn look_around(&self) {
        if Fixed::count(&self.core().unlooked, self.local.intervals.events()) {
            self.look_and_fire();
        }
    }

    fn look_and_fire(&self) {
        self.look();
        if self.core().pen.records() {
            turns::end_io();
        }
        self.fire();
    }

    /// The next task: the core's queue first, and an injected one when it is empty, or every so often.
    fn next(&self) -> Option<Runnable> {
        if Fixed::count(&self.core().tick, self.local.intervals.injected()) {
            self.pop_injected().or_else(|| self.pop())
        } else {
            self.pop().or_else(|| self.pop_injected())
        }
    }

    fn core(&self) -> &Core {
        &self.core
    }

    /// The last that a driver does.
    fn leave(&self) {
        if self.core.ending.replace(false) {
            self.close();
        }
        // What is not this root's is not to wait for the next driver.
        self.resume();
        self.count_busy();
        here::with(|here| {
            here.local.set(self.outer);
            here.deferred.set(self.outer_deferred);
            here.recorder.set(self.outer_recorder);
            here.budget.set(budget::UNLIMITED);
        });
        self.local.wheel.disown();
    }

    fn pop(&self) -> Option<Runnable> {
        self.queues(|queues| queues.ready.pop_front())
    }

    fn push(&self, task: Runnable) {
        self.queues(|queues| queues.ready.push_back(task));
    }

    /// True if no task is ready.
    fn is_empty(&self) -> bool {
        self.queues(|queues| queues.ready.is_empty() && queues.inbox.is_empty())
    }

    #[inline]
    fn queues<R>(&self, f: impl FnOnce(&mut Queues) -> R) -> R {
        // SAFETY: only the thread that holds the core comes here, and `f` is a line of this module's, which calls no
        // foreign code, so the reference is the only one.
        f(unsafe { &mut *self.core().queues.get() })
    }

    /// The task that was injected first.
    fn pop_injected(&self) -> Option<Runnable> {
        let pop = |queues: &mut Queues| {
            let task = queues.inbox.pop_front()?;
            // Ordering: Relaxed, see `Local::injected`.
            let left = queues.inbox.len();
            self.local.inbox_len.store(left, Ordering::Relaxed);
            Some(task)
        };
        let task = self.queues(pop);
        // Ordering: Relaxed, see `inject`.
        if task.is_some() || self.local.injected_len.load(Ordering::Relaxed) == 0 {
            return task;
        }
        let mut injected = self.local.injected.lock();
        self.local.injected_len.store(0, Ordering::Relaxed);
        self.queues(|queues| {
            std::mem::swap(&mut queues.inbox, &mut injected.queue);
            pop(queues)
        })
    }

    fn fire(&self) {
        let now = self.local.clock.now();
        if self.local.wheel.overdue(now) {
            foreign::call(|| {
                self.local.wheel.fire(now);
            });
            if self.core().pen.records() {
                turns::end_timers();
            }
        }
    }

    /// Looks for events, or for pokes if there is no reactor.
    fn look(&self) -> Called {
        match self.local.driver.try_lock() {
            Some(mut turn) => self.local.seat.poll(|_| foreign::call(|| turn.look())),
            None => self.local.seat.park(Some(Duration::ZERO)),
        }
    }

    /// Waits in the reactor, or just waits if there is none, until the clock shows `deadline`.
    fn wait(&self, deadline: Option<u64>) {
        waiting(|| self.wait_here(deadline));
    }

    fn wait_here(&self, deadline: Option<u64>) {
        let local = &*self.local;
        let Some(mut turn) = local.driver.try_lock() else {
            local
                .seat
                .park(deadline.map(|deadline| local.clock.until(deadline)));
            return;
        };
        local.seat.poll(|may_wait| {
            foreign::call(|| {
                if may_wait {
                    turn.wait(deadline, &local.clock);
                } else {
                    turn.look();
                }
            });
        });
    }

    /// Nothing to run: wait for an event, a poke or the next deadline.
    fn sleep(&self) {
        let local = &*self.local;
        let hooks = self.hooks();
        Callback::call(hooks.as_ref().and_then(|hooks| hooks.on_park.as_ref()));
        // The callback may have spawned or woken something, or yielded.
        if self.is_empty() && !self.has_yielded() {
            self.count_sleep();
            self.count_busy();
            if self.core().pen.records() {
                turns::park();
            }
            if local.clock.is_paused() {
                self.sleep_paused(local.wheel.prepare_sleep());
            } else {
                self.wait(local.wheel.prepare_shared_sleep());
            }
            local.wheel.awake();
            if self.core().pen.records() {
                turns::unpark();
            }
            self.core().awake_since.set(prim::now());
            self.count_sleep();
        }
        self.fire();
        Callback::call(hooks.as_ref().and_then(|hooks| hooks.on_unpark.as_ref()));
    }

    fn hooks(&self) -> Option<Arc<ParkHooks>> {
        let hooks = self.core.hooks.take();
        self.core.hooks.set(hooks.clone());
        hooks
    }

    fn count_sleep(&self) {
        // Ordering: Relaxed, a statistic.
        self.local.sleeps.fetch_add(1, Ordering::Relaxed);
    }

    fn count_busy(&self) {
        if asked::asks() {
            // No time passes in a simulation while tasks have their turns.
            return;
        }
        let awake = prim::now().saturating_sub(self.core().awake_since.get());
        // Ordering: Relaxed, a statistic.
        self.local.busy.fetch_add(awake, Ordering::Relaxed);
    }
}

impl Deref for Driving {
    type Target = Driven;

    fn deref(&self) -> &Driven {
        // SAFETY: made by `Box::leak` in `Driven::take`, and freed by `drop`.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Driving {
    fn drop(&mut self) {
        self.leave();
        // SAFETY: as above; `here.local` does not point there any more.
        let driven = unsafe { Box::from_raw(self.0.as_ptr()) };
        let Driven { local, core, .. } = *driven;
        Local::give_core(&local, core);
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local")
            .field("live_tasks", &self.live_tasks())
            .finish_non_exhaustive()
    }
}
