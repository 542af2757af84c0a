//! Timers: a hierarchical timing wheel per worker.
//!
//! After Varghese and Lauck, "Hashed and hierarchical timing wheels" (1987): filing and cancelling cost
//! the same few instructions however many timers there are. [`level`] tells where an entry is filed and
//! [`entry`] whose it is when. This file is the wheel that workers and futures share.
//!
//! *Deadlines decide, ticks only file.* An entry is due when its own deadline, in nanoseconds, is not
//! after the `now` given, also in the middle of a slot. The wheel reads no clock to fire: time is an
//! argument.
//!
//! # Protocol
//!
//! One mutex guards everything but two hints, so all of it is ordered:
//!
//! ```text
//!  the owner goes to sleep                        anyone files an entry (or moves it to another deadline)
//!  O1  lock; read the earliest deadline;          I1  lock; file it; is its deadline before `until`?
//!      publish it as `until`; unlock              I2  unlock; if so, poke the owner's seat
//!  O2  sleep until then, or until poked
//!  O3  lock; `until` = 0; unlock
//! ```
//!
//! If I1 comes before O1, the owner has read the deadline; else the inserter has read `until`, and pokes
//! (a poke that comes before the sleep makes it end at once: the seat's promise). So the owner never
//! sleeps past a deadline. While it is awake, `until` is 0 and nobody pokes: it looks again at O1.
//!
//! (On a real clock it may sleep on to the end of that deadline's tick, or of the next few, if more deadlines come in them.
//! `until` stays what it is, so one that is filed for the rest of them pokes nobody, and is looked at with the others.)
//!
//! Firing unlinks the due entries and takes their wakers under the lock, at most 32 at a time, and wakes
//! them without it. Marking an entry as fired is the last touch of it: from then on its future may be
//! polled, reset or freed by its owner without any lock. Cancelling an entry that is not marked takes the
//! lock, so that nobody points at it when its destructor returns.
//!
//! Several workers may fire one wheel. Who finds it locked leaves off ([`Wheel::try_fire`]) rather than wait: the other goes
//! on as long as anything is due. It may leave off itself, between two batches, when it meets somebody who files an entry;
//! then the rest is still due, and the owner finds a moment that has passed at O1, and comes again.
//!
//! The hints (`earliest`, `seen`) are Relaxed: they save a look under the lock, and a wrong answer is put
//! right by the next one. `earliest` only changes under the lock. A worker that reads an old value of its
//! own wheel's does not fire now, and finds the deadline at O1.
//!
//! Rejected: one wheel for all workers (its lock is where they would meet); entries in an `Arc` with a
//! mailbox for cancellations (an allocation per timer, and cancelled timeouts keep their memory until the
//! owner looks); a heap (cancelling costs a search or an index that every move must keep up to date).

mod entry;
mod handle;
mod level;
#[cfg(test)]
mod tests;

pub(crate) use self::entry::{Closed, Entry};
pub(crate) use self::handle::Handle;

use self::entry::Verdict;
use self::handle::Count;
use self::level::{Levels, Place};
use crate::kernel::clock::Clock;
use crate::kernel::foreign;
use crate::kernel::list::List;
use crate::kernel::seat::Seat;
use crate::kernel::wake_list::WakeList;
use crate::prim::atomic::{AtomicU64, Note, Ordering};
use crate::prim::{self, Arc, CachePadded, Mutex, MutexGuard};
use std::fmt;
use std::ptr::NonNull;

/// A time that never comes.
pub(crate) const NEVER: u64 = u64::MAX;

/// The timers of one worker.
pub(crate) struct Wheel {
    state: Mutex<State>,
    hints: CachePadded<Hints>,
    /// Where the owner sleeps.
    seat: Arc<Seat>,
    clock: Arc<Clock>,
    count: Count,
}

/// What may be looked at without the lock.
struct Hints {
    /// No entry's deadline is earlier. Written under the lock.
    earliest: AtomicU64,
    /// The time that whoever fires was last told.
    seen: AtomicU64,
    /// How many entries have been fired. Written under the lock.
    fired: Note,
}

/// What the lock guards. It also guards the links, the place and the deadline of every entry in it.
struct State {
    levels: Levels,
    /// Unlinked from the levels because they are due, in order; to be fired by whoever holds the lock.
    due: List<Entry>,
    /// The owner sleeps until then: 0 while it is awake, [`NEVER`] while it waits for nothing.
    until: u64,
    closed: bool,
}

impl Wheel {
    /// An empty wheel, whose owner is awake and sleeps on `seat`.
    #[expect(
        clippy::new_ret_no_self,
        reason = "a wheel is only ever reached through counted handles"
    )]
    pub(crate) fn new(seat: Arc<Seat>, clock: Arc<Clock>) -> Handle {
        Handle::new(Self {
            state: Mutex::new(State {
                levels: Levels::new(clock.now()),
                due: List::new(),
                until: 0,
                closed: false,
            }),
            hints: CachePadded::new(Hints {
                earliest: AtomicU64::new(NEVER),
                seen: AtomicU64::new(0),
                fired: Note::new(0),
            }),
            seat,
            clock,
            count: Count::new(),
        })
    }

    /// As [`Handle::renew`].
    #[allow(dead_code, reason = "there may be no simulation")]
    fn renew(&mut self, now: u64) -> bool {
        let Self {
            state,
            hints,
            seat: _,
            clock: _,
            count: _,
        } = self;
        let State {
            levels,
            due,
            until,
            closed,
        } = state.get_mut();
        if *closed || !due.is_empty() || !levels.renew(now) {
            return false;
        }
        *until = 0;
        let Hints {
            earliest,
            seen,
            fired,
        } = &**hints;
        // Ordering: Relaxed, nobody else knows it.
        earliest.store(NEVER, Ordering::Relaxed);
        seen.store(0, Ordering::Relaxed);
        fired.store(0, Ordering::Relaxed);
        true
    }

    /// Wakes everybody whose deadline is not after `now`, the earliest first; returns how many.
    pub(crate) fn fire(&self, now: u64) -> usize {
        // Ordering: Relaxed, a hint (see the module's header).
        self.hints.seen.store(now, Ordering::Relaxed);
        if !self.overdue(now) {
            return 0;
        }
        self.fire_locked(now, || Some(self.state.lock()))
    }

    /// As [`fire`](Self::fire), but leaves off where somebody else is busy with this wheel.
    pub(crate) fn try_fire(&self, now: u64) -> usize {
        // Ordering: Relaxed, a hint.
        self.hints.seen.store(now, Ordering::Relaxed);
        self.fire_locked(now, || self.state.try_lock())
    }

    fn fire_locked<'a>(
        &'a self,
        now: u64,
        lock: impl Fn() -> Option<MutexGuard<'a, State>>,
    ) -> usize {
        let mut fired = 0;
        while let Some(mut state) = lock() {
            let before = fired;
            let mut wakers = WakeList::new();
            while wakers.can_push() {
                if state.due.is_empty() {
                    match state.levels.take_due(now) {
                        Some(due) => state.due = due,
                        None => break,
                    }
                }
                fired += state.finish_due(&mut wakers, Verdict::Fired);
            }
            let is_done = state.earliest() > now;
            self.publish(&state);
            // Ordering: Relaxed, a statistic.
            let all = self.fired() + (fired - before) as u64;
            self.hints.fired.store(all, Ordering::Relaxed);
            drop(state);
            wakers.wake_all();
            if is_done {
                break;
            }
        }
        fired
    }

    /// Brings the hint up to date.
    fn publish(&self, state: &State) {
        // Ordering: Relaxed, a hint.
        self.hints
            .earliest
            .store(state.earliest(), Ordering::Relaxed);
    }

    /// How many entries have been fired.
    pub(crate) fn fired(&self) -> u64 {
        // Ordering: Relaxed, a statistic.
        self.hints.fired.load(Ordering::Relaxed)
    }

    /// True if an entry may be due: worth a [`try_fire`](Self::try_fire) by another worker.
    #[inline]
    pub(crate) fn overdue(&self, now: u64) -> bool {
        self.earliest() <= now
    }

    /// No entry's deadline is earlier, as far as this thread has heard; `u64::MAX` if there is none.
    #[inline]
    pub(crate) fn earliest(&self) -> u64 {
        // Ordering: Relaxed, a hint.
        self.hints.earliest.load(Ordering::Relaxed)
    }

    /// The owner is about to sleep: returns until when, `None` for as long as it takes (O1).
    ///
    /// Whoever files something earlier from now on pokes the owner's seat.
    pub(crate) fn prepare_sleep(&self) -> Option<u64> {
        let state = self.publish_until();
        (state.until != NEVER).then_some(state.until)
    }

    /// As [`prepare_sleep`](Self::prepare_sleep), but where several deadlines come within a tick, or a few, this is the end
    /// of them: not on a clock that goes by what is returned here.
    pub(crate) fn prepare_shared_sleep(&self) -> Option<u64> {
        let state = self.publish_until();
        let until = if state.due.is_empty() {
            state.levels.convenient()
        } else {
            state.until
        };
        (until != NEVER).then_some(until)
    }

    fn publish_until(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock();
        state.until = state.earliest();
        state
    }

    /// The owner is awake again: nobody needs to poke it (O3).
    pub(crate) fn awake(&self) {
        self.state.lock().until = 0;
    }

    /// Ends the wheel: wakes all entries, which will tell their futures that it is closed. A waker that panics does not keep
    /// the others from being told, nor the caller from going on.
    pub(crate) fn close(&self) {
        loop {
            let mut wakers = WakeList::new();
            let mut state = self.state.lock();
            state.closed = true;
            while wakers.can_push() {
                if state.due.is_empty() {
                    match state.levels.take_first() {
                        Some(entries) => state.due = entries,
                        None => break,
                    }
                }
                state.finish_due(&mut wakers, Verdict::Closed);
            }
            let is_empty = state.earliest() == NEVER;
            self.publish(&state);
            drop(state);
            foreign::call(|| wakers.wake_all());
            if is_empty {
                return;
            }
        }
    }

    /// The time by which deadlines are meant.
    pub(crate) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// The time, as far as it is known without reading a clock; a paused clock costs nothing to read.
    fn known_now(&self, state: &State) -> u64 {
        if prim::a_clock_was_paused() && self.clock.is_paused() {
            return self.clock.now().max(state.levels.origin());
        }
        // Ordering: Relaxed, a hint.
        let seen = self.hints.seen.load(Ordering::Relaxed);
        seen.max(state.levels.origin())
    }

    /// I1: files an entry. Returns true if the caller has to poke the seat, once the lock is released.
    ///
    /// # Safety
    ///
    /// `node` is live, in no list, stays in place until it is unlinked, and its deadline is not before
    /// [`known_now`](Self::known_now).
    #[must_use]
    unsafe fn link(&self, state: &mut State, node: NonNull<Entry>, deadline: u64) -> bool {
        // SAFETY: the caller's promise; `state` shows that the wheel is held.
        unsafe { state.levels.insert(node) };
        if deadline < self.earliest() {
            // Ordering: Relaxed, a hint.
            self.hints.earliest.store(deadline, Ordering::Relaxed);
        }
        if deadline < state.until {
            // The owner will be awake soon: only something earlier still needs another poke.
            state.until = deadline;
            return true;
        }
        false
    }
}

impl State {
    fn earliest(&self) -> u64 {
        if self.due.is_empty() {
            self.levels.earliest()
        } else {
            // Somebody is on its way, between two batches.
            0
        }
    }

    /// Marks due entries and takes their wakers, as many as there is room for; returns how many.
    fn finish_due(&mut self, wakers: &mut WakeList, verdict: Verdict) -> usize {
        let mut count = 0;
        while wakers.can_push() {
            let Some(node) = self.due.pop_front() else {
                break;
            };
            // SAFETY: the entry was in a list of this wheel, so it is live and linked; it has just been
            // unlinked, and nobody else has touched it since.
            wakers.push(unsafe { Entry::finish(node, verdict) });
            count += 1;
        }
        count
    }

    /// Takes an entry out of whatever list it is in.
    ///
    /// # Safety
    ///
    /// `node` is linked in this wheel.
    unsafe fn unlink(&mut self, node: NonNull<Entry>) {
        // SAFETY: live, since it is linked; `self` shows that the wheel is held.
        let place = unsafe { Entry::place(node) };
        if place == Place::DUE {
            // SAFETY: an entry with this place is in `due`.
            unsafe { self.due.remove(node) };
        } else {
            // SAFETY: an entry with any other place is filed there.
            unsafe { self.levels.remove(node, place) };
        }
    }
}

impl fmt::Debug for Wheel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel")
            .field("earliest", &self.earliest())
            .finish_non_exhaustive()
    }
}
