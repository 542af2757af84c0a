//! The pen of one worker: what it writes to its [track](super::store), and when it reads the clock for it.
//!
//! It belongs to whoever holds the worker's core. `here.recorder` points to it while that thread records, so that wakers, which
//! know nothing of cores, find it.
//!
//! # Stamps
//!
//! Reading the clock is most of what an event costs. A *trace* stamps every event. The *recorder* stamps what comes between
//! polls, and of polls, wakes and spawns the first after that, the first of each [`BLOCK`], and each one while they last long:
//! while the time since the last stamp was more than [`LONG`]. So tiny polls pay little, long ones hardly anything, and a long
//! poll cannot hide but among the fifteen next to it.
//!
//! All that is done for an event without a stamp is to write one word ([`Writer::put`]); everything else, such as a new block, is
//! done by the events that have one.
//!
//! # Who is told of
//!
//! An event has a task's number. What else there is to know of it goes to the ring of lives when it is spawned, when the worker
//! first polls it, and again when that ring has gone round: so whoever reads the ring knows the tasks that are at work, however
//! long ago they were spawned, and by whom. A small table says which the worker has told of.
//!
//! Whether it has is asked ([`Recorder::meet`]) before a poll of a task that has slept, and at the end of one of a new task that
//! sleeps then, or is done. Not in each poll of a task that wakes itself again and again, for which that would be much: only in
//! those with a stamp.

use super::event::{BLOCK, EVENT, Kind, LIFE, Outcome, Word};
use super::mode::Shared;
use super::ring::{Ring, Writer};
use super::store::{OUTSIDE, Store, Track};
use crate::kernel::task::{Header, Id};
use crate::prim::{SelfArc, tick};
use std::cell::Cell;

/// Nanoseconds between two stamps from which on each event is stamped.
const LONG: u64 = 1_000;

/// Tasks that a worker knows it has told of, by the end of their numbers.
const KNOWN: usize = 1024;

/// Kinds of task whose names it has at hand.
const NAMES: usize = 64;

/// By how many bits ticks are multiplied up to be converted.
const SCALE: u32 = 20;

/// One wake of so many is timed until the poll.
const SAMPLED: u32 = 64;

/// Writes a track.
pub(crate) struct Recorder {
    shared: SelfArc<Shared>,
    store: SelfArc<Store>,
    track: SelfArc<Track>,
    events: Writer<EVENT, BLOCK>,
    lives: Ring<LIFE>,
    /// While polls are short, not each event is stamped.
    is_sparse: Cell<bool>,
    /// The last stamp.
    stamped: Cell<u64>,
    /// [`LONG`] in ticks.
    long: u64,
    /// Up to when, and which event, polls are counted in the histogram; and how many events since then are no polls.
    counted: Cell<u64>,
    counted_to: Cell<u64>,
    others: Cell<u64>,
    /// Nanoseconds of 2²⁰ ticks.
    scale: u64,
    /// Wakes since the last that was counted out, and until the next that is timed.
    woken: Cell<u32>,
    until_sample: Cell<u32>,
    /// In place: most polls look here.
    known: [Cell<u64>; KNOWN],
    names: Box<[Cell<Names>; NAMES]>,
}

/// What the strings of a kind of task are: tasks of one origin word and one type are of one kind.
#[derive(Clone, Copy, Default)]
struct Names {
    origin: usize,
    type_name: usize,
    place: u32,
    of_type: u32,
}

impl Recorder {
    /// Goes on with a track. For one thread at a time, and one recorder.
    pub(super) fn new(
        shared: SelfArc<Shared>,
        store: SelfArc<Store>,
        track: SelfArc<Track>,
    ) -> Self {
        let per_second = u128::from(store.calibration.ticks_per_second);
        let scale = (1_000_000_000u128 << SCALE) / per_second;
        let long = u128::from(LONG) * per_second / 1_000_000_000;
        let now = tick::now();
        let events = Writer::new(track.events.clone());
        let this = Self {
            counted_to: Cell::new(events.index()),
            events,
            lives: track.lives.clone(),
            shared,
            store,
            track,
            is_sparse: Cell::new(false),
            stamped: Cell::new(now),
            long: u64::try_from(long).unwrap_or(u64::MAX),
            others: Cell::new(0),
            counted: Cell::new(now),
            scale: u64::try_from(scale).unwrap_or(u64::MAX),
            woken: Cell::new(0),
            until_sample: Cell::new(SAMPLED),
            known: [const { Cell::new(0) }; KNOWN],
            names: Box::new(std::array::from_fn(|_| Cell::new(Names::default()))),
        };
        this.look_at_mode();
        this
    }

    /// Sees whether to stamp everything.
    pub(crate) fn look_at_mode(&self) {
        let is_sparse = !self.shared.is_tracing() && self.track.worker != OUTSIDE;
        self.is_sparse.set(is_sparse);
        // The next event is stamped, and the others as that says.
        self.events.write_next();
    }

    /// It goes on after a while in which nothing was recorded, for which it does not account.
    pub(crate) fn resume(&self) {
        self.look_at_mode();
        self.forget_known();
        let now = tick::now();
        self.stamped.set(now);
        self.counted.set(now);
        self.others.set(0);
        self.counted_to.set(self.events.index());
        // Where the first poll begins, which is not where the last event before the pause was.
        self.begin_turn(Word::new(Kind::Look, 0));
    }

    // ----- polls --------------------------------------------------------------------------------------

    /// Tells what a task is, unless that has been told.
    #[inline(always)]
    pub(crate) fn meet(&self, task: &Header) {
        let id = task.id();
        if self.known[id as usize % KNOWN].get() != id {
            self.tell_of(task, Kind::Known, 0);
        }
    }

    /// After a poll: the task may be gone.
    #[inline(always)]
    pub(crate) fn end(&self, id: u64, outcome: Outcome) {
        let word = Word::new(Kind::PollEnd, id).outcome(outcome);
        if !self.events.put(word.0) {
            self.end_stamped(word);
        }
        if matches!(outcome, Outcome::Done | Outcome::Cancelled) {
            self.told_last(id, outcome);
        }
    }

    /// After a poll in which the task was woken.
    #[inline(always)]
    pub(crate) fn end_woken(&self, id: u64, task: &Header) {
        let word = Word::new(Kind::PollEnd, id).outcome(Outcome::Woken);
        if !self.events.put(word.0) {
            self.end_stamped(word);
            self.meet(task);
        }
    }

    // ----- what happens in a poll, or in between --------------------------------------------------------

    /// A task is woken by this thread. True if the wake is timed: then its poller has to [count](Self::count_delay) that.
    #[must_use]
    pub(crate) fn wake(&self, id: u64) -> bool {
        self.woken.set(self.woken.get() + 1);
        self.push(Word::new(Kind::Wake, id));
        let left = self.until_sample.get() - 1;
        self.until_sample.set(left);
        if left != 0 {
            return false;
        }
        self.until_sample.set(SAMPLED);
        self.shared
            .sample
            .start(id, tick::now(), self.store.calibration.ticks_per_second)
    }

    /// A task is spawned by this thread.
    pub(crate) fn spawn(&self, task: &Header) {
        self.push(Word::new(Kind::Spawn, task.id()));
        let parent = Id::current().map_or(0, Id::get);
        self.tell_of(task, Kind::Spawn, parent);
    }

    /// The program marks the moment.
    pub(crate) fn mark(&self, label: &str) {
        let number = self.store.strings.number(label);
        self.push(Word::new(Kind::Mark, u64::from(number)));
    }

    /// Something happens between two polls.
    pub(crate) fn between(&self, word: Word) {
        let now = self.stamp(word);
        let index = self.events.index();
        self.account(now, index - 1);
        // This one is no poll.
        self.counted_to.set(index);
        // The next one is: of a worker that sleeps after it, all polls are stamped.
        self.events.write_next();
    }

    /// Something happens within a poll that is worth a stamp anyway.
    pub(crate) fn within(&self, word: Word) {
        self.others.set(self.others.get() + 1);
        self.stamp(word);
    }

    /// The turn of something that wakes tasks between polls is over: says how many it has woken, if `always` or any.
    pub(crate) fn turn(&self, kind: Kind, always: bool) {
        let woken = self.woken.replace(0);
        if always || woken > 0 {
            self.between(Word::new(kind, u64::from(woken)));
        }
    }

    /// What has been woken from here on is by what comes now.
    pub(crate) fn begin_turn(&self, word: Word) {
        self.woken.set(0);
        self.between(word);
    }

    // ----- writing ------------------------------------------------------------------------------------

    /// Something happens within a poll.
    #[inline]
    fn push(&self, word: Word) {
        self.others.set(self.others.get() + 1);
        if !self.events.put(word.0) {
            self.stamp(word);
        }
    }

    /// A poll has ended that is to be stamped.
    #[cold]
    #[inline(never)]
    fn end_stamped(&self, word: Word) {
        let time = self.stamp(word);
        self.account(time, self.events.index());
    }

    /// Writes an event with its time, and decides whether to do so with the next.
    fn stamp(&self, word: Word) -> u64 {
        let now = tick::now();
        let since = now.wrapping_sub(self.stamped.replace(now));
        self.events.write([now, word.0]);
        // A counter that is not quite the same on all processors may go back a little.
        let is_long = since > self.long && since < u64::MAX / 2;
        if self.is_sparse.get() && !is_long {
            self.events.rest();
        }
        now
    }

    /// Counts the polls that have ended since the last time and before event `to`, as if each had taken as long.
    fn account(&self, now: u64, to: u64) {
        const WHOLE: u64 = BLOCK as u64;
        let ticks = now.saturating_sub(self.counted.replace(now));
        let events = to.saturating_sub(self.counted_to.replace(to));
        let polls = events.saturating_sub(self.others.replace(0));
        let nanoseconds = self.nanoseconds(ticks);
        match polls {
            0 => {}
            // Most often it is one of these, and a division takes long.
            1 => self.track.poll_time.count(nanoseconds, nanoseconds, 1),
            WHOLE => self
                .track
                .poll_time
                .count(nanoseconds / WHOLE, nanoseconds, WHOLE),
            _ => self
                .track
                .poll_time
                .count(nanoseconds / polls, nanoseconds, polls),
        }
    }

    fn nanoseconds(&self, ticks: u64) -> u64 {
        // For more than some hours this says the longest that it can.
        ticks.saturating_mul(self.scale) >> SCALE
    }

    /// A task is about to be polled, whose last wake may be timed.
    pub(crate) fn count_delay(&self, id: u64) {
        if let Some(woken) = self.shared.sample.end(id) {
            let delay = self.nanoseconds(tick::now().saturating_sub(woken));
            self.track.schedule_delay.count(delay, delay, 1);
            self.shared.sample.free();
        }
    }

    // ----- lives --------------------------------------------------------------------------------------

    #[cold]
    #[inline(never)]
    fn tell_of(&self, task: &Header, kind: Kind, parent: u64) {
        let id = task.id();
        let names = self.names(task);
        let name = task.origin().name();
        let name = name.map_or(0, |name| self.store.strings.number(name));
        let size = u32::try_from(task.future_size()).unwrap_or(u32::MAX);
        self.write_life([
            self.stamped.get(),
            Word::new(kind, id).0,
            u64::from(names.place) << 32 | u64::from(names.of_type),
            u64::from(name) << 32 | u64::from(size),
            parent,
        ]);
        self.known[id as usize % KNOWN].set(id);
    }

    fn told_last(&self, id: u64, outcome: Outcome) {
        let word = Word::new(Kind::End, id).outcome(outcome);
        self.write_life([self.stamped.get(), word.0, 0, 0, 0]);
    }

    fn write_life(&self, life: [u64; LIFE]) {
        let index = self.lives.next();
        self.lives.begin(index + 1);
        self.lives.write(index, life);
        if (index + 1) % self.lives.capacity() == 0 {
            self.forget_known();
        }
    }

    #[cold]
    fn forget_known(&self) {
        for id in self.known.iter() {
            id.set(0);
        }
    }

    /// The strings of a task's kind.
    fn names(&self, task: &Header) -> Names {
        let type_name = task.type_name();
        let (origin, address) = (task.origin().key(), type_name.as_ptr().addr());
        let place = (origin >> 3 ^ address >> 4) % NAMES;
        let found = self.names[place].get();
        if found.origin == origin && found.type_name == address && origin != 0 {
            return found;
        }
        let strings = &self.store.strings;
        let names = Names {
            origin,
            type_name: address,
            place: strings.number(&task.origin().place().to_string()),
            of_type: strings.number(type_name),
        };
        self.names[place].set(names);
        names
    }
}
