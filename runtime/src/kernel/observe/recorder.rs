//! The pen of one worker: what it writes to its [track](super::store), and when it reads the clock for it.
//!
//! It belongs to whoever holds the worker's core. `here.recorder` points to it while that thread records, so that wakers, which
//! know nothing of cores, find it.
//!
//! # Stamps
//!
//! Reading the clock is most of what an event costs. A *trace* stamps every event. The *recorder* stamps what comes between
//! polls, and of polls, wakes and spawns the first, then each eighth, and each one while they last long: while the time since
//! the last stamp was more than [`LONG`]. So tiny polls pay little, long ones hardly anything, and a long poll cannot hide but
//! among the seven next to it.
//!
//! # Who is told of
//!
//! An event has a task's number. What else there is to know of it goes to the ring of lives when the worker first polls it, and
//! again when that ring has gone round: so whoever reads the ring knows the tasks that are at work, however long ago they were
//! spawned, and by whom. A small table says which the worker has told of.

use super::event::{Kind, LIFE, Outcome, Word};
use super::mode::Shared;
use super::ring::Ring;
use super::store::{OUTSIDE, Store, Track};
use crate::kernel::here;
use crate::kernel::task::Header;
use crate::prim::{SelfArc, tick};
use std::cell::Cell;
use std::fmt;

/// Nanoseconds between two stamps from which on each event is stamped.
const LONG: u64 = 1_000;

/// How many events go without a stamp after one that has.
const SPARSE: u32 = 7;

/// Tasks that a worker knows it has told of, by the end of their numbers.
const KNOWN: usize = 1024;

/// Kinds of task whose names it has at hand.
const NAMES: usize = 64;

/// One wake of so many is timed until the poll.
const SAMPLED: u32 = 64;

/// Writes a track.
pub(crate) struct Recorder {
    shared: SelfArc<Shared>,
    store: SelfArc<Store>,
    track: SelfArc<Track>,
    events: Ring<2>,
    lives: Ring<LIFE>,
    /// Indices of the next records.
    next: Cell<u64>,
    next_life: Cell<u64>,
    /// How many more events go without a stamp, and how many do after a stamp.
    left: Cell<u32>,
    sparse: Cell<u32>,
    /// The last stamp.
    stamped: Cell<u64>,
    /// [`LONG`] in ticks.
    long: u64,
    /// Polls since the moment up to which they are counted in the histogram, and that moment.
    polls: Cell<u32>,
    counted: Cell<u64>,
    /// Nanoseconds of 2³² ticks.
    scale: u64,
    /// Wakes since the last that was counted out, and until the next that is timed.
    woken: Cell<u32>,
    until_sample: Cell<u32>,
    known: Box<[Cell<u64>; KNOWN]>,
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
        let scale = (1_000_000_000u128 << 32) / per_second;
        let long = u128::from(LONG) * per_second / 1_000_000_000;
        let now = tick::now();
        let this = Self {
            events: track.events.clone(),
            lives: track.lives.clone(),
            next: Cell::new(track.events.end()),
            next_life: Cell::new(track.lives.end()),
            shared,
            store,
            track,
            left: Cell::new(0),
            sparse: Cell::new(0),
            stamped: Cell::new(now),
            long: u64::try_from(long).unwrap_or(u64::MAX),
            polls: Cell::new(0),
            counted: Cell::new(now),
            scale: u64::try_from(scale).unwrap_or(u64::MAX),
            woken: Cell::new(0),
            until_sample: Cell::new(SAMPLED),
            known: Box::new([const { Cell::new(0) }; KNOWN]),
            names: Box::new(std::array::from_fn(|_| Cell::new(Names::default()))),
        };
        this.look_at_mode();
        this
    }

    /// Sees whether to stamp everything.
    pub(crate) fn look_at_mode(&self) {
        let sparse = if self.shared.is_tracing() || self.track.worker == OUTSIDE {
            0
        } else {
            SPARSE
        };
        if sparse != self.sparse.replace(sparse) {
            self.left.set(0);
        }
    }

    /// It goes on after a while in which nothing was recorded, for which it does not account.
    pub(crate) fn resume(&self) {
        self.look_at_mode();
        self.forget_known();
        let now = tick::now();
        self.stamped.set(now);
        self.counted.set(now);
        self.polls.set(0);
        self.left.set(0);
    }

    // ----- polls --------------------------------------------------------------------------------------

    /// Before a poll: the task is at hand.
    #[inline(always)]
    pub(crate) fn begin(&self, task: &Header) -> u64 {
        let id = task.id();
        if self.known[id as usize % KNOWN].get() != id {
            self.tell_of(task, Kind::Known, 0);
        }
        if self.shared.sample.is_of(id) {
            self.count_delay(id);
        }
        id
    }

    /// After it: the task may be gone.
    #[inline(always)]
    pub(crate) fn end(&self, id: u64, outcome: Outcome) {
        self.polls.set(self.polls.get() + 1);
        let word = Word::new(Kind::PollEnd, id).outcome(outcome);
        let left = self.left.get();
        let time = if left == 0 {
            let now = self.stamp();
            self.account(now);
            now
        } else {
            self.left.set(left - 1);
            0
        };
        self.write(time, word);
        if matches!(outcome, Outcome::Done | Outcome::Cancelled) {
            self.told_last(id, outcome);
        }
    }

    // ----- what happens in a poll, or in between --------------------------------------------------------

    /// A task is woken by this thread.
    pub(crate) fn wake(&self, id: u64) {
        self.woken.set(self.woken.get() + 1);
        self.push(Word::new(Kind::Wake, id));
        let left = self.until_sample.get() - 1;
        self.until_sample.set(left);
        if left == 0 {
            self.until_sample.set(SAMPLED);
            self.shared
                .sample
                .start(id, tick::now(), self.store.calibration.ticks_per_second);
        }
    }

    /// A task is spawned by this thread.
    pub(crate) fn spawn(&self, task: &Header) {
        self.push(Word::new(Kind::Spawn, task.id()));
        let parent = here::with(|here| here.task_id.get());
        self.tell_of(task, Kind::Spawn, parent);
    }

    /// The program marks the moment.
    pub(crate) fn mark(&self, label: &str) {
        let number = self.store.strings.number(label);
        self.push(Word::new(Kind::Mark, u64::from(number)));
    }

    /// Something happens between two polls, or is worth a stamp anyway.
    pub(crate) fn between(&self, word: Word) {
        let now = self.stamp();
        self.account(now);
        self.write(now, word);
    }

    /// As [`between`](Self::between), within a poll.
    pub(crate) fn within(&self, word: Word) {
        let now = self.stamp();
        self.write(now, word);
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

    #[inline(always)]
    fn push(&self, word: Word) {
        let left = self.left.get();
        let time = if left == 0 {
            self.stamp()
        } else {
            self.left.set(left - 1);
            0
        };
        self.write(time, word);
    }

    #[inline(always)]
    fn write(&self, time: u64, word: Word) {
        let index = self.next.get();
        self.next.set(index + 1);
        self.events.write(index, [time, word.0]);
    }

    /// Reads the clock, and decides when to do so next.
    fn stamp(&self) -> u64 {
        let now = tick::now();
        let since = now.wrapping_sub(self.stamped.replace(now));
        // A counter that is not quite the same on all processors may go back a little.
        let is_long = since > self.long && since < u64::MAX / 2;
        self.left.set(if is_long { 0 } else { self.sparse.get() });
        now
    }

    /// Counts the polls that have ended since the last time, as if each had taken as long.
    fn account(&self, now: u64) {
        let since = now.saturating_sub(self.counted.replace(now));
        let polls = u64::from(self.polls.replace(0));
        if let Some(ticks) = since.checked_div(polls) {
            self.track.poll_time.count(self.nanoseconds(ticks), polls);
        }
    }

    fn nanoseconds(&self, ticks: u64) -> u64 {
        let nanoseconds = (u128::from(ticks) * u128::from(self.scale)) >> 32;
        u64::try_from(nanoseconds).unwrap_or(u64::MAX)
    }

    #[cold]
    #[inline(never)]
    fn count_delay(&self, id: u64) {
        if let Some(woken) = self.shared.sample.end(id) {
            let ticks = tick::now().saturating_sub(woken);
            self.track.schedule_delay.count(self.nanoseconds(ticks), 1);
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
        let index = self.next_life.get();
        self.next_life.set(index + 1);
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

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("track", &self.track)
            .finish_non_exhaustive()
    }
}
