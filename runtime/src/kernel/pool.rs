//! What the workers of a multi-threaded runtime share, and how it ends.
//!
//! Tasks reach a worker through its own deque and next slot (see [`worker`](super::worker)) or, from any other
//! thread, through the injector. Whoever pushes runs W2–W5 of the [idle protocol](super::idle).
//!
//! # Shutdown
//!
//! 1. [`Pool::close`]: the idle word is closed, everyone is woken. A push that finds it closed after its fence
//!    drains the injector itself, so nothing is left there by a race.
//! 2. Each worker leaves its loop at the next tick, closes the owned lists (tasks that are asleep are cancelled
//!    in place, others are told), and drains its own queues until they stay empty: dropping a `Runnable` cancels
//!    it.
//!    A destructor that waits in place hands its worker's core on, as ever, and whoever takes that goes on with the end.
//! 3. The last worker to retire *lingers* while such destructors wait: it fires timers and turns the reactor for them. Then
//!    it closes the wheels and the reactor: futures that have been moved out of the runtime get an error instead of waiting
//!    for ever.
//! 4. Whoever waits for the end waits for the threads and then for the last tasks: one that is between a waker's
//!    `or` and its push can be claimed by nobody, so its waker's thread cancels it and says so.

mod counters;
mod observed;

use crate::kernel::clock::Clock;
use crate::kernel::driver::Driver;
use crate::kernel::foreign;
use crate::kernel::here;
use crate::kernel::hooks::ParkHooks;
use crate::kernel::idle::Idle;
use crate::kernel::intervals::Intervals;
use crate::kernel::late;
use crate::kernel::register::Register;
use crate::kernel::seat::Seat;
use crate::kernel::slot::Slot;
use crate::kernel::slow::{Slow, Watched};
use crate::kernel::spares::Spares;
use crate::kernel::task::{Header, Home, Runnable, Scheduler};
use crate::kernel::wanted::Wanted;
use crate::kernel::watcher::Watcher;
use crate::kernel::wheel::{self, Wheel};
use crate::kernel::worker::{self, Core, Handed};
use crate::prim::atomic::Ordering;
use crate::prim::deque::{Injector, Steal, Stealer, Worker};
use crate::prim::{Arc, CachePadded, Condvar, Mutex};
pub(super) use counters::Counters;
pub(crate) use observed::Homes;
use std::fmt;
use std::ptr::NonNull;
use std::time::Duration;

/// The shared half of a multi-threaded scheduler.
pub(crate) struct Pool {
    pub(super) idle: Idle,
    pub(super) watcher: Watcher,
    pub(super) spares: Spares,
    pub(super) injector: Injector<Runnable>,
    /// Of the workers, and then of the spares.
    pub(super) remotes: Box<[Arc<Remote>]>,
    workers: usize,
    pub(super) register: Register,
    pub(super) driver: Driver,
    pub(super) clock: Arc<Clock>,
    pub(super) intervals: Intervals,
    /// Tasks that were spawned and that finished on threads which are not the pool's.
    outside: CachePadded<Counters>,
    end: Mutex<End>,
    /// A core has retired, nobody lingers any more, or a thread outside has cancelled the last tasks.
    ended: Condvar,
}

/// How far the end has come.
struct End {
    /// Cores that are not gone, spare workers' included.
    cores: usize,
    /// What a core needs that comes later. They are the user's, so they go with the last core.
    hooks: Option<Arc<ParkHooks>>,
    /// Threads with destructors that wait, or did, and whose core has been handed on.
    lingering: usize,
}

/// How often, in nanoseconds, who lingers looks at the timers of all workers, at least. Their owners, who would be told of
/// those that are filed, are gone.
const LINGER: u64 = 5_000_000;

/// What the others see of a worker.
pub(super) struct Remote {
    pub(super) slot: CachePadded<Slot>,
    pub(super) stealer: Stealer<Runnable>,
    /// A spare worker has that of a worker.
    pub(super) wheel: wheel::Handle,
    pub(super) seat: Arc<Seat>,
    pub(super) counters: CachePadded<Counters>,
    /// If its polls are watched.
    pub(super) watched: Option<Box<Watched>>,
}

/// A pool as its tasks see it. Each worker has one of its own, so that counting tasks in and out of it stays on
/// the worker's cache line; threads outside share another.
pub(crate) struct PoolHome(pub(super) Arc<Pool>);

impl Pool {
    /// A pool of `workers` workers, and their cores, each to be [run](Handed::run) by a thread; `spares` more may come later.
    pub(crate) fn new(
        workers: usize,
        spares: usize,
        driver: Driver,
        clock: Arc<Clock>,
        hooks: ParkHooks,
        intervals: Intervals,
        wanted: Wanted,
    ) -> (Arc<Self>, Vec<Handed>) {
        let mut deques = Vec::with_capacity(workers + spares);
        let mut seats = Vec::with_capacity(workers + spares);
        let mut remotes: Vec<Arc<Remote>> = Vec::with_capacity(workers + spares);
        for index in 0..workers + spares {
            let deque = Worker::new_fifo();
            let seat = Arc::new(Seat::new(driver.handle().cloned()));
            let counters = Counters::new();
            let wheel = if index < workers {
                Wheel::new(Arc::clone(&seat), Arc::clone(&clock))
            } else {
                // A spare that is not there counts as asleep.
                counters.count_sleep();
                remotes[index % workers].wheel.clone()
            };
            remotes.push(Arc::new(Remote {
                slot: CachePadded::new(Slot::new()),
                stealer: deque.stealer(),
                wheel,
                seat: Arc::clone(&seat),
                counters: CachePadded::new(counters),
                watched: Watched::new(&wanted),
            }));
            seats.push(seat);
            deques.push(deque);
        }
        let hooks = Arc::new(hooks);
        let places = (workers..).zip(deques.split_off(workers));
        let places: Vec<_> = places.collect();
        // The deque's memory collector is the process's, and made by whoever first steals. A child that was forked while a worker
        // is at that could never use it: so it is made here, by the thread that builds the pool.
        let thief = Worker::new_fifo();
        let _nothing = remotes
            .first()
            .map(|remote| remote.stealer.steal_batch_and_pop(&thief));
        let pool = Arc::new(Self {
            idle: Idle::new(seats.into_boxed_slice(), workers),
            watcher: Watcher::new(),
            spares: Spares::new(places.into_iter().rev().collect()),
            injector: Injector::new(),
            remotes: remotes.into_boxed_slice(),
            workers,
            register: Register::new(workers, wanted),
            driver,
            clock,
            intervals,
            outside: CachePadded::new(Counters::new()),
            end: Mutex::new(End {
                cores: workers,
                hooks: Some(Arc::clone(&hooks)),
                lingering: 0,
            }),
            ended: Condvar::new(),
        });
        let cores = deques
            .into_iter()
            .enumerate()
            .map(|(index, deque)| {
                let core = Core::new(Arc::clone(&pool), index, deque, Arc::clone(&hooks));
                Handed::new(core)
            })
            .collect();
        (pool, cores)
    }

    /// The homes for tasks that are spawned by threads outside.
    pub(crate) fn homes(pool: &Arc<Self>) -> Homes {
        Homes::new(pool)
    }

    /// How many workers there are, without spares.
    pub(crate) fn workers(&self) -> usize {
        self.workers
    }

    /// True if somebody may come to the help of a worker that is stuck, another one or a spare: then somebody has to
    /// [watch](Self::watch).
    pub(crate) fn can_be_helped(&self) -> bool {
        self.remotes.len() > 1
    }

    /// Tasks in the injector.
    pub(crate) fn injected(&self) -> usize {
        self.injector.len()
    }

    pub(crate) fn driver(&self) -> &Driver {
        &self.driver
    }

    pub(crate) fn clock(&self) -> &Arc<Clock> {
        &self.clock
    }

    /// The wheel of this worker, or one by chance for a thread outside.
    #[inline]
    pub(crate) fn wheel(&self) -> &wheel::Handle {
        let own = worker::with_core(self, |core| core.map(Core::index));
        let index = own.unwrap_or_else(|| self.any_worker());
        &self.remotes[index].wheel
    }

    #[cold]
    fn any_worker(&self) -> usize {
        here::with(|here| here.rng.below(self.workers as u32)) as usize
    }

    /// Counts a new task, and says which home it gets; `outside` is the home for threads outside.
    pub(crate) fn count_spawned(&self, outside: &Homes) -> Home {
        worker::with_core(self, |core| match core {
            Some(core) => {
                let spawned = &core.remote().counters.spawned;
                // Ordering: Relaxed; only this worker writes it, and whoever needs an exact sum has waited for
                // the worker.
                spawned.store(spawned.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
                core.home()
            }
            None => {
                // Ordering: Relaxed, a statistic until the shutdown, where Release (below) counts.
                self.outside.spawned.fetch_add(1, Ordering::Relaxed);
                if self.idle.is_observed() {
                    outside.observed.clone()
                } else {
                    outside.plain.clone()
                }
            }
        })
    }

    /// Tasks that were spawned and have not finished. Approximate while workers run.
    pub(crate) fn live_tasks(&self) -> u64 {
        let mut live = 0u64;
        let counters = self.remotes.iter().map(|remote| &remote.counters);
        for counters in counters.chain([&self.outside]) {
            // Ordering: Acquire for `finished`, the partner of the Release in `Scheduler::finished`: a task that
            // is counted out has dropped its future. Read first, so that the difference errs upwards.
            live = live.wrapping_sub(counters.finished.load(Ordering::Acquire));
            live = live.wrapping_add(counters.spawned.load(Ordering::Relaxed));
        }
        // A task may have been counted out by another worker than counted it in, so that a sum taken meanwhile can
        // be off either way.
        (live as i64).max(0) as u64
    }

    /// The tasks, for who asks.
    pub(crate) fn register(&self) -> &Register {
        &self.register
    }

    /// Queues a task from outside.
    pub(super) fn inject(&self, task: Runnable) {
        self.injector.push(task);
        if self.idle.pushed() {
            self.drain_late();
        }
    }

    /// Cancels what has come to a pool that is closed.
    pub(super) fn drain_late(&self) {
        self.drain_injector();
        // The last tasks may have ended here, and somebody may be waiting for that.
        drop(self.end.lock());
        self.ended.notify_all();
    }

    /// True if there is a task that a thief could have.
    pub(super) fn has_work(&self) -> bool {
        !self.injector.is_empty() || self.active().any(|remote| !remote.stealer.is_empty())
    }

    // ----- the watcher --------------------------------------------------------------------------------

    /// Looks for polls that take long.
    pub(super) fn look_for_slow_polls(&self, slow: &mut Slow) {
        for (worker, remote) in self.active().enumerate() {
            if let Some(watched) = &remote.watched {
                let behind = || remote.stealer.len() + usize::from(!remote.slot.peek().is_null());
                let number = (worker < self.workers).then_some(worker);
                slow.look(worker, number, watched, behind, &self.register.observe);
            }
        }
    }

    /// True if somebody has to [watch](Self::watch): others may come to the help of a worker that is stuck, or it is to be told of.
    pub(crate) fn is_watched(&self) -> bool {
        self.can_be_helped() || self.register.wanted.slow_polls.is_some()
    }

    // ----- shutdown -----------------------------------------------------------------------------------

    /// The end has begun.
    pub(crate) fn is_closed(&self) -> bool {
        self.idle.is_closed()
    }

    /// Begins the end: no new tasks, everyone is told.
    pub(crate) fn close(&self) {
        self.idle.close();
        self.watcher.close();
    }

    /// Cancels what is in the injector.
    fn drain_injector(&self) {
        late::cancel_all(self, || {
            loop {
                match self.injector.steal() {
                    Steal::Success(task) => return Some(task),
                    Steal::Retry => {}
                    Steal::Empty => return None,
                }
            }
        });
    }

    /// A worker that has left its loop ends its part. `drain_own` empties the queues that only it can reach, and
    /// says whether there was anything.
    pub(super) fn end_worker(&self, drain_own: impl Fn() -> bool) {
        self.register.owned.close();
        while drain_own() {}
        self.drain_injector();
        while drain_own() {}
    }

    /// Counts a core that comes later, and says what it needs; `None` if the last one has gone, or the end has begun.
    pub(super) fn count_core(&self) -> Option<Arc<ParkHooks>> {
        let mut end = self.end.lock();
        if self.idle.is_closed() {
            return None;
        }
        let hooks = end.hooks.clone()?;
        end.cores += 1;
        Some(hooks)
    }

    /// A core is gone for good; the last one, for which this is true, ends what the pool has besides tasks.
    pub(super) fn retire(&self) -> bool {
        let mut end = self.end.lock();
        end.cores -= 1;
        let last = end.cores == 0;
        let hooks = if last { end.hooks.take() } else { None };
        drop(end);
        foreign::call(|| drop(hooks));
        if last {
            self.drain_injector();
            self.wait_for_lingering();
            for wheel in self.wheels() {
                wheel.close();
            }
            self.driver.close();
        }
        self.ended.notify_all();
        last
    }

    /// This thread hands a core on in the middle of its end, and comes back to the end.
    pub(super) fn linger(&self) {
        self.end.lock().lingering += 1;
    }

    /// It has come back.
    pub(super) fn linger_no_more(&self) {
        self.end.lock().lingering -= 1;
        self.ended.notify_all();
        if let Some(reactor) = self.driver.handle() {
            // If it cannot be woken, who waits in it looks again anyway.
            let _ = reactor.wake();
        }
    }

    /// Keeps timers and IO going while destructors wait for them.
    fn wait_for_lingering(&self) {
        loop {
            let end = self.end.lock();
            if end.lingering == 0 {
                return;
            }
            let now = self.clock.now();
            let earliest = self.wheels().map(|wheel| wheel.earliest()).min();
            let soon = earliest.unwrap_or(u64::MAX).min(now.saturating_add(LINGER));
            match self.driver.try_lock() {
                Some(mut turn) => {
                    drop(end);
                    foreign::call(|| turn.wait(Some(soon), &self.clock));
                }
                None => {
                    let time = Duration::from_nanos(soon.saturating_sub(now));
                    drop(self.ended.wait_timeout(end, time));
                }
            }
            let now = self.clock.now();
            for wheel in self.wheels() {
                foreign::call(|| {
                    wheel.fire(now);
                });
            }
        }
    }

    /// Waits until no task is left. All workers have ended.
    pub(crate) fn wait_for_tasks(&self) {
        let mut guard = self.end.lock();
        while self.live_tasks() != 0 {
            guard = self.ended.wait(guard);
        }
    }
}

impl Scheduler for PoolHome {
    // Always inlined, as what it is made of: it is on the way of each wake.
    #[inline(always)]
    fn schedule(&self, task: Runnable) {
        worker::with_core(
            &self.0,
            #[inline(always)]
            |core| match core {
                Some(core) => core.push_woken(task),
                None => self.0.inject(task),
            },
        );
    }

    #[inline(always)]
    unsafe fn schedule_unheld(this: NonNull<Self>, task: Runnable) {
        // SAFETY: alive until the task is pushed (the caller's), and not used after that.
        let pool = unsafe { &(*this.as_ptr()).0 };
        let task = worker::with_core(
            pool,
            #[inline(always)]
            |core| match core {
                // The core holds the pool.
                Some(core) => {
                    core.push_woken(task);
                    None
                }
                None => Some(task),
            },
        );
        if let Some(task) = task {
            let pool = Arc::clone(pool);
            pool.inject(task);
        }
    }

    unsafe fn link(&self, task: NonNull<Header>) -> Option<u16> {
        // A thread that has handed its core on puts the task anywhere.
        let shard = worker::with_core(&self.0, |core| core.map_or(0, Core::shard)) as u16;
        // SAFETY: the caller's; it is unlinked in `finished`.
        unsafe { self.0.register.owned.link(shard, task) }.then_some(shard)
    }

    unsafe fn finished(&self, task: NonNull<Header>, shard: Option<u16>) {
        if let Some(shard) = shard {
            // SAFETY: the caller's: `link` put it into this shard.
            unsafe { self.0.register.owned.unlink(shard, task) };
        }
        worker::with_core(&self.0, |core| match core {
            Some(core) => {
                let finished = &core.remote().counters.finished;
                // Ordering: Release, see `live_tasks`; only this worker writes it.
                finished.store(finished.load(Ordering::Relaxed) + 1, Ordering::Release);
            }
            None => {
                // Ordering: as above, but with several writers.
                self.0.outside.finished.fetch_add(1, Ordering::Release);
            }
        });
    }

    fn register(&self) -> Option<&Register> {
        Some(&self.0.register)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("workers", &self.workers())
            .field("live_tasks", &self.live_tasks())
            .field("idle", &self.idle)
            .finish_non_exhaustive()
    }
}
