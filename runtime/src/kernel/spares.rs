//! Spare workers: whoever comes when all workers are stuck, and what the watcher sees to.
//!
//! A pool of w workers has room for some spares: places without a thread. A spare is a worker like the others, with a deque, a
//! slot and a seat of its own; but timers that are made on it go to the wheel of a worker, which stays when the spare leaves, and
//! it is no worker that users count. The watcher decides who comes and who goes:
//!
//! - *Come.* All that are active are stuck: none has moved for some milliseconds, nor taken a task, and none sleeps. The next
//!   spare's loop goes to the threads for blocking closures, as a core does in `block_in_place`. It steals, fires timers, waits
//!   in the reactor. If it gets stuck too, the next one comes a millisecond later; what it has stolen by then does not count as a
//!   task that those have taken who are stuck.
//! - *Go.* For [`CALM`] more workers than w were free. The youngest spare is told, and leaves between two tasks: it gives what it
//!   has to the injector, and wakes somebody in its place ([`Idle::leave`](super::idle::Idle::leave)).
//!
//! So the spares that are there are always the first ones, and `idle.active()` says how many workers to look at.
//!
//! # Orderings
//!
//! `active` grows before the spare starts and shrinks after it has gone, both by the watcher; [`idle`](super::idle) tells why
//! nobody misses a spare. `told` has three states, so that the watcher can take its word back when all are stuck again:
//!
//! ```text
//!   NOBODY ──tell──▶ index ──claim (the spare)──▶ LEAVING ──gone──▶ NOBODY
//!             ◀──withdraw──┘
//! ```
//!
//! The steps out of `index` are compare-exchanges, so one of the two wins. The watcher starts nobody while somebody leaves.
//!
//! *The end.* A core that is out is counted under the lock of the pool's end, where the last to retire is found. A start that
//! comes before that is waited for; one that comes later finds that the callbacks, which go with the last core, are gone.
//!
//! What it promises is a row of the table "What waits for how long" in ARCHITECTURE.md.
//!
//! The models are `loom-tests/src/models/spares.rs`.

use crate::kernel::driver::Driver;
use crate::kernel::pool::{Pool, Remote};
use crate::kernel::slow::Slow;
use crate::kernel::stuck::{Observed, Seen, is_shorter};
use crate::kernel::task::Runnable;
use crate::kernel::watcher::{self, NAP, NEXT};
use crate::kernel::wheel::{self, NEVER};
use crate::kernel::worker::{Core, Handed};
use crate::prim::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::prim::deque::Worker;
use crate::prim::{self, Arc, Mutex};
use std::cell::Cell;
use std::time::Duration;

/// The most spares that a pool can have.
pub(crate) const MAX_SPARES: usize = 64;

/// For how long, in nanoseconds, more workers than there should be must be free before a spare leaves: a pool whose workers are
/// stuck again and again does not start one each time.
const CALM: u64 = 50_000_000;

/// How many of the looks after a start follow each other closely.
const SOON: u32 = 20;

/// Nobody is told to leave.
const NOBODY: usize = usize::MAX;

/// Who was told is about to go.
const LEAVING: usize = usize::MAX - 1;

/// A worker's number, and its deque.
pub(super) type Place = (usize, Worker<Runnable>);

/// The spare workers of one pool.
pub(super) struct Spares {
    /// The places of those that are not there, and their deques: the next one to come takes the last.
    places: Mutex<Vec<Place>>,
    /// How many are there: from before one starts until it has gone.
    there: AtomicUsize,
    /// Which worker is to leave, or one of the two above.
    told: AtomicUsize,
    /// How many have started so far.
    started: AtomicU64,
}

impl Spares {
    /// As many as there are places, the last one for the first to come.
    pub(super) fn new(places: Vec<Place>) -> Self {
        Self {
            places: Mutex::new(places),
            there: AtomicUsize::new(0),
            told: AtomicUsize::new(NOBODY),
            started: AtomicU64::new(0),
        }
    }

    /// For worker `index`, between two tasks: true if it was told to leave, and does so now.
    #[inline]
    pub(super) fn claim(&self, index: usize) -> bool {
        // Ordering: Relaxed. Who is told is poked too; and what it leaves is published by the idle protocol.
        self.told.load(Ordering::Relaxed) == index && self.take_told(index, LEAVING)
    }

    /// Takes the word back; false if somebody leaves just now.
    fn withdraw(&self) -> bool {
        // Ordering: Acquire, the partner of `gone`: who has left is not counted any more.
        let told = self.told.load(Ordering::Acquire);
        told == NOBODY || told != LEAVING && self.take_told(told, NOBODY)
    }

    #[cold]
    fn take_told(&self, told: usize, next: usize) -> bool {
        // Ordering: Relaxed; only one of the spare and the watcher gets it.
        self.told
            .compare_exchange(told, next, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }

    /// A spare has gone, and its place is free.
    pub(super) fn gone(&self, place: Option<Place>) {
        self.places.lock().extend(place);
        // Ordering: Relaxed. What was done with the place came with it, by the lock; that it is not counted any more comes with
        // the word, below.
        self.there.fetch_sub(1, Ordering::Relaxed);
        // Last, or the watcher would take the place again while it is still counted. Ordering: Relaxed, only the spare leaves this
        // state (if it was not told, it never ran, or the pool ends); Release, the partner of `withdraw`.
        if self.told.load(Ordering::Relaxed) == LEAVING {
            self.told.store(NOBODY, Ordering::Release);
        }
    }
}

/// What the watcher remembers from look to look.
struct Memory {
    observed: Vec<Observed>,
    /// Until when it is counted that they were stuck.
    stuck_until: Vec<u64>,
    /// How many tasks were in the injector.
    injected: usize,
    /// So many of the next looks come soon.
    soon: u32,
    /// Since when more workers have been free than there should be.
    calm_since: Option<u64>,
    /// Polls that take long, if somebody wants to know of them.
    slow: Option<Slow>,
}

impl Pool {
    /// Looks after workers that are stuck, until the pool is closed. For a thread of its own. `start` brings a spare worker to a
    /// thread, or [ends](Handed::leave) it and says that there is none.
    pub(crate) fn watch(pool: &Arc<Self>, start: impl Fn(Handed) -> bool) {
        let mut memory = Memory {
            observed: vec![Observed::new(prim::now()); pool.remotes.len()],
            stuck_until: vec![0; pool.remotes.len()],
            injected: 0,
            soon: 0,
            calm_since: None,
            slow: Slow::new(&pool.register.wanted, pool.remotes.len()),
        };
        // A thread has been asked for its stack, and has not answered.
        let awaits_answer = Cell::new(false);
        pool.watcher.run(
            watcher::QUIET,
            || !pool.idle.is_closed(),
            || {
                pool.idle.all_sleep()
                    && pool.idle.active() == pool.workers()
                    && !awaits_answer.get()
            },
            || {
                let nap = Self::look(pool, &mut memory, &start);
                awaits_answer.set(memory.slow.as_ref().is_some_and(Slow::awaits_answer));
                nap
            },
        );
        if let Some(slow) = memory.slow {
            slow.end();
        }
    }

    /// Looks at all workers, and does what has to be done; says when to look again.
    fn look(pool: &Arc<Self>, memory: &mut Memory, start: impl Fn(Handed) -> bool) -> Duration {
        pool.settle();
        if let Some(slow) = &mut memory.slow {
            pool.look_for_slow_polls(slow);
        }
        let now = prim::now();
        let unattended =
            has_reactor(&pool.driver) && !pool.active().any(|remote| remote.seat.is_polling());
        let mut free = 0;
        let mut held_up = false;
        for (index, remote) in pool.active().enumerate() {
            let patience = if index < pool.workers() { NAP } else { NEXT };
            let position = remote.counters.position();
            let queued = remote.stealer.len();
            if memory.soon > 0 {
                // A spare has come just now, and takes from those that are stuck.
                memory.observed[index].is_robbed(queued);
            }
            match memory.observed[index].look(position, queued, now, patience) {
                Seen::Free => free += 1,
                Seen::Stuck { since } => {
                    let counted = &mut memory.stuck_until[index];
                    remote.counters.count_stuck(now - since.max(*counted));
                    *counted = now;
                    held_up |= pool.stuck(index, since) || unattended;
                }
            }
        }
        // Whoever has taken a task from there gets on, though it may not have looked around since, and filled its own queue.
        // (Just after a start that is the spare.)
        let is_shorter = is_shorter(&mut memory.injected, pool.injector.len());
        let somebody_moves = is_shorter && memory.soon == 0;
        memory.soon = memory.soon.saturating_sub(1);
        if free > pool.workers() {
            let since = *memory.calm_since.get_or_insert(now);
            if now.saturating_sub(since) >= CALM {
                pool.tell_youngest();
            }
        } else {
            memory.calm_since = None;
            pool.spares.withdraw();
            if free > 0 || somebody_moves {
                if held_up {
                    pool.rouse();
                }
            } else if pool.something_may_wait() {
                let core = Self::start_spare(pool);
                let started = core.is_some_and(|core| {
                    // Ordering: Relaxed, a statistic.
                    let has_thread = start(core);
                    let started = u64::from(has_thread);
                    pool.spares.started.fetch_add(started, Ordering::Relaxed);
                    has_thread
                });
                memory.soon = if started { SOON } else { 0 };
            }
        }
        if memory.soon > 0 { NEXT } else { NAP }
    }

    /// Worker `index` is in one poll, or one destructor, and has been at least since then, in real time. True if something that
    /// others can see to waits for it.
    fn stuck(&self, index: usize, _since: u64) -> bool {
        let remote = &self.remotes[index];
        !remote.slot.peek().is_null()
            || !remote.stealer.is_empty()
            || remote.wheel.overdue(self.clock.now())
    }

    /// All workers are stuck: true unless nothing can wait for one, nor come to be ready.
    fn something_may_wait(&self) -> bool {
        has_reactor(&self.driver)
            || self.has_work()
            || self.active().any(|remote| !remote.slot.peek().is_null())
            || self.wheels().any(|wheel| wheel.earliest() != NEVER)
    }

    /// Wakes a worker that sleeps, if none looks for work.
    pub(crate) fn rouse(&self) {
        self.idle.rouse();
    }

    // ----- who comes and goes -------------------------------------------------------------------------

    /// The next spare worker, to be [run](Handed::run) by a thread; `None` if there is none, or if somebody is leaving just now.
    /// For the watcher.
    pub(crate) fn start_spare(pool: &Arc<Self>) -> Option<Handed> {
        let spares = &pool.spares;
        if !spares.withdraw() {
            return None;
        }
        let active = pool.settle();
        let (index, deque) = spares.places.lock().pop()?;
        debug_assert_eq!(index, active, "those that are there come first");
        let Some(hooks) = pool.count_core() else {
            spares.places.lock().push((index, deque));
            return None;
        };
        // Ordering: Relaxed, only this thread adds.
        spares.there.fetch_add(1, Ordering::Relaxed);
        // Before anybody can hear of the spare.
        pool.idle.set_active(index + 1);
        pool.register.observe.spare_from_outside(index, false);
        Some(Handed::new(Core::new(
            Arc::clone(pool),
            index,
            deque,
            hooks,
        )))
    }

    /// Tells the youngest spare worker that it is not needed. For the watcher.
    pub(crate) fn tell_youngest(&self) {
        // Nobody leaves from here on who has not been told, so the youngest is the youngest.
        if !self.spares.withdraw() {
            return;
        }
        let youngest = self.settle() - 1;
        if youngest >= self.workers() {
            // Ordering: Relaxed; the poke releases it to a spare that sleeps, others look again and again.
            self.spares.told.store(youngest, Ordering::Relaxed);
            self.remotes[youngest].seat.poke();
        }
    }

    /// Counts those that have gone no more; returns how many workers are active. For the watcher.
    pub(crate) fn settle(&self) -> usize {
        // Ordering: Relaxed, see `Spares::gone`.
        let active = self.workers() + self.spares.there.load(Ordering::Relaxed);
        let counted = self.idle.active();
        if active != counted {
            self.idle.set_active(active);
            for worker in active..counted {
                self.register.observe.spare_from_outside(worker, true);
            }
        }
        active
    }

    /// The workers that are there, spares included.
    #[inline]
    pub(super) fn active(&self) -> impl Iterator<Item = &Arc<Remote>> {
        self.remotes.iter().take(self.idle.active())
    }

    /// The wheels: one for each worker that stays.
    pub(crate) fn wheels(&self) -> impl Iterator<Item = &wheel::Handle> {
        self.remotes[..self.workers()]
            .iter()
            .map(|remote| &remote.wheel)
    }

    /// Spare workers that are there, and how often one has been started.
    pub(crate) fn spares(&self) -> (usize, u64) {
        // Ordering: Relaxed, statistics.
        let there = self.spares.there.load(Ordering::Relaxed);
        (there, self.spares.started.load(Ordering::Relaxed))
    }
}

fn has_reactor(driver: &Driver) -> bool {
    driver.handle().is_some()
}
