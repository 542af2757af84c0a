//! The drawers of a wheel: which one an entry belongs in, and which one comes first.
//!
//! A tick is 2¹⁵ ns, and a deadline's tick is read as a number in base 64: one level of 64 slots per
//! digit, nine of them for the 49 bits of a tick. An entry is filed *relative to an origin*, in the level
//! of the highest digit in which its tick differs from the origin's, in the slot of that digit (level 0 if
//! none differs). From that follow the three properties everything rests on, for entries at or after the
//! origin:
//!
//! 1. what is in a lower level comes before what is in a higher one: it agrees with the origin in a digit
//!    in which the other is larger already;
//! 2. within a level, a lower slot comes before a higher one, and all agree in the digits above. So the
//!    first entry is in the first occupied slot of the first occupied level;
//! 3. moving the origin forward, but not into or past an occupied slot, changes no entry's place.
//!
//! Every slot keeps a lower bound of its deadlines. It is exact until its earliest entry is cancelled, so
//! a wheel can be told to the nanosecond how long it may sleep, whatever the width of the slot.

use super::entry::Entry;
use crate::kernel::list::List;
use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

/// Nanoseconds to ticks: a shift.
const TICK_SHIFT: u32 = 15;
/// Ticks to digits: six bits each.
const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
/// So many ticks, 131 µs, make one wake-up if deadlines come that thick.
const CROWD: u32 = 4;
const LEVELS: usize = (u64::BITS - TICK_SHIFT).div_ceil(DIGIT_BITS) as usize;

/// Where an entry is: the level times [`SLOTS`], and the slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(u16);

impl Place {
    /// In no level, but among those that are about to be fired.
    pub(super) const DUE: Self = Self(u16::MAX);

    /// The place of `deadline`, relative to `origin` (both in nanoseconds, the origin not later).
    #[inline]
    fn relative(origin: u64, deadline: u64) -> Self {
        let tick = deadline >> TICK_SHIFT;
        let differing = (origin >> TICK_SHIFT) ^ tick;
        // `| 1`: no difference is level 0 too.
        let level = (u64::BITS - 1 - (differing | 1).leading_zeros()) / DIGIT_BITS;
        let slot = (tick >> (level * DIGIT_BITS)) as usize % SLOTS;
        Self((level as usize * SLOTS + slot) as u16)
    }

    fn index(self) -> usize {
        usize::from(self.0)
    }

    fn level(self) -> usize {
        self.index() / SLOTS
    }

    fn slot(self) -> usize {
        self.index() % SLOTS
    }

    /// The slot's bit in its level's word.
    fn bit(self) -> u64 {
        1 << self.slot()
    }

    /// The first moment of the slot: the digits above are the origin's, those below are 0.
    fn start(self, origin: u64) -> u64 {
        let shift = self.level() as u32 * DIGIT_BITS + TICK_SHIFT;
        let digits_above = (origin >> shift) & !(SLOTS as u64 - 1);
        (digits_above | self.slot() as u64) << shift
    }
}

struct Slot {
    entries: List<Entry>,
    /// No entry's deadline is earlier. Meaningless while the slot is empty.
    earliest: u64,
}

/// All levels, and the origin they are relative to.
///
/// Invariant: every entry's deadline is at or after the origin, and its `Place` is the one relative to it.
pub(super) struct Levels {
    origin: u64,
    /// Bit n of word l: slot n of level l is not empty.
    occupied: [u64; LEVELS],
    /// Level after level. On the heap from the start: 14 kB are too much for some stacks. There until the levels are dropped.
    slots: ManuallyDrop<Slots>,
}

type Slots = Box<[Slot; LEVELS * SLOTS]>;

thread_local! {
    /// The slots of levels that this thread has dropped, all of them empty. To make them is a good part of what it costs to make a
    /// runtime, which a simulation does for each of its runs.
    static SPARE: Cell<Option<Slots>> = const { Cell::new(None) };
}

impl Levels {
    /// Empty, for deadlines that are not before `origin`.
    pub(super) fn new(origin: u64) -> Self {
        let spare = SPARE.try_with(Cell::take).ok().flatten();
        Self {
            origin,
            occupied: [0; LEVELS],
            slots: ManuallyDrop::new(spare.unwrap_or_else(empty)),
        }
    }

    /// Puts empty ones back to how they were made; false, and they are as before, if they are not empty.
    #[allow(dead_code, reason = "there may be no simulation")]
    pub(super) fn renew(&mut self, origin: u64) -> bool {
        let is_empty = self.occupied == [0; LEVELS];
        if is_empty {
            self.origin = origin;
        }
        is_empty
    }

    /// The moment all places are relative to.
    pub(super) fn origin(&self) -> u64 {
        self.origin
    }

    /// No entry's deadline is earlier; `u64::MAX` if there is none.
    pub(super) fn earliest(&self) -> u64 {
        self.first()
            .map_or(u64::MAX, |place| self.slots[place.index()].earliest)
    }

    /// When it is convenient to look: at the first deadline; at the end of its tick if others come in the same; and if
    /// nearly every one of the next [`CROWD`] ticks has deadlines, at the end of the last of these. Until then all of them
    /// wait, for little longer than a wake-up takes, and share one: else a crowd would keep a processor busy waking up.
    pub(super) fn convenient(&self) -> u64 {
        let Some(place) = self.first() else {
            return u64::MAX;
        };
        let slot = &self.slots[place.index()];
        if place.level() > 0 {
            return slot.earliest;
        }
        let first = place.slot();
        let next = self.occupied[0] >> first & ((1 << CROWD) - 1);
        let last = if next.count_ones() + 1 >= CROWD {
            (first + CROWD as usize - 1).min(SLOTS - 1)
        } else if slot.entries.has_one() {
            return slot.earliest;
        } else {
            first
        };
        Place(last as u16).start(self.origin) | ((1 << TICK_SHIFT) - 1)
    }

    /// The slot whose entries come before all others (properties 1 and 2).
    fn first(&self) -> Option<Place> {
        let level = self.occupied.iter().position(|&occupied| occupied != 0)?;
        let slot = self.occupied[level].trailing_zeros() as usize;
        Some(Place((level * SLOTS + slot) as u16))
    }

    /// Files an entry, whose deadline must not be before the origin.
    ///
    /// # Safety
    ///
    /// `node` is live, in no list, and stays in place until it is removed; the caller holds the wheel.
    #[inline]
    pub(super) unsafe fn insert(&mut self, node: NonNull<Entry>) {
        // SAFETY: live, and the wheel is held (caller).
        let deadline = unsafe { Entry::deadline_of(node) };
        let place = Place::relative(self.origin, deadline);
        // SAFETY: as above.
        unsafe { Entry::set_place(node, place) };
        let slot = &mut self.slots[place.index()];
        let occupied = &mut self.occupied[place.level()];
        if *occupied & place.bit() == 0 {
            *occupied |= place.bit();
            slot.earliest = deadline;
        } else {
            slot.earliest = slot.earliest.min(deadline);
        }
        // SAFETY: the caller's promise.
        unsafe { slot.entries.push_back(node) };
    }

    /// Takes an entry out.
    ///
    /// # Safety
    ///
    /// `node` is filed here, at `place`.
    #[inline]
    pub(super) unsafe fn remove(&mut self, node: NonNull<Entry>, place: Place) {
        let entries = &mut self.slots[place.index()].entries;
        // SAFETY: `node` is in this list, hence live (caller).
        unsafe { entries.remove(node) };
        if entries.is_empty() {
            self.occupied[place.level()] &= !place.bit();
        }
    }

    /// Takes all entries out of the first slot, due or not.
    pub(super) fn take_first(&mut self) -> Option<List<Entry>> {
        let mut entries = self.take(self.first()?);
        let mut all = List::new();
        while let Some(node) = entries.pop_front() {
            // SAFETY: as in `take_due`.
            unsafe {
                Entry::set_place(node, Place::DUE);
                all.push_back(node);
            }
        }
        Some(all)
    }

    fn take(&mut self, place: Place) -> List<Entry> {
        self.occupied[place.level()] &= !place.bit();
        std::mem::replace(&mut self.slots[place.index()].entries, List::new())
    }

    /// Takes the entries whose deadline is not after `now` out of the first slot, in order; none if no
    /// entry is due. To be called again while there are any.
    ///
    /// A slot of a higher level is spread over the levels below it first, relative to its own start. So an
    /// entry moves once per level at most, never if it is cancelled before, and what has to be sorted is
    /// what is due within one tick.
    pub(super) fn take_due(&mut self, now: u64) -> Option<List<Entry>> {
        while self.earliest() <= now {
            // `earliest` was not MAX, so there is a first slot.
            let place = self.first()?;
            let mut entries = self.take(place);
            if place.level() > 0 {
                // The slot was the first and is empty now: the origin passes no occupied one (3).
                self.origin = place.start(self.origin);
            }
            let mut due = List::new();
            let mut latest = 0;
            let mut is_ordered = true;
            while let Some(node) = entries.pop_front() {
                // SAFETY: `node` was in a list of this wheel until just now, so it is live as long as the
                // wheel is held, which is until it is back in a list. Due or filed, it is in no other.
                unsafe {
                    let deadline = Entry::deadline_of(node);
                    if place.level() == 0 && deadline <= now {
                        is_ordered &= latest <= deadline;
                        latest = deadline;
                        Entry::set_place(node, Place::DUE);
                        due.push_back(node);
                    } else {
                        self.insert(node);
                    }
                }
            }
            if !due.is_empty() {
                return Some(if is_ordered { due } else { sorted(due) });
            }
            // A slot was spread, or the bound was that of a cancelled entry and is now exact.
        }
        None
    }
}

impl Drop for Levels {
    fn drop(&mut self) {
        // SAFETY: this is their end, and nothing below looks at them.
        let slots = unsafe { ManuallyDrop::take(&mut self.slots) };
        if self.occupied == [0; LEVELS] {
            // A thread that is about to end keeps nothing.
            let _ = SPARE.try_with(|spare| spare.set(Some(slots)));
        }
    }
}

fn empty() -> Slots {
    let slot = || Slot {
        entries: List::new(),
        earliest: u64::MAX,
    };
    let slots: Box<[Slot]> = std::iter::repeat_with(slot).take(LEVELS * SLOTS).collect();
    let Ok(slots) = slots.try_into() else {
        unreachable!("as many as were taken");
    };
    slots
}

/// Sorts by deadline; equal ones stay in the order in which they came. A merge sort from below.
fn sorted(mut entries: List<Entry>) -> List<Entry> {
    // Run n is empty, or sorted and 2ⁿ long. What is in a higher run came earlier.
    let mut runs = [const { List::new() }; usize::BITS as usize];
    while let Some(node) = entries.pop_front() {
        let mut run = List::new();
        // SAFETY: `node` has just left its list; it is live, as in `take_due`.
        unsafe { run.push_back(node) };
        for earlier in &mut runs {
            let earlier_run = std::mem::replace(earlier, List::new());
            if earlier_run.is_empty() {
                *earlier = run;
                break;
            }
            run = merged(earlier_run, run);
        }
    }
    let mut all = List::new();
    for earlier in runs {
        all = merged(earlier, all);
    }
    all
}

/// Merges two sorted lists; of equal ones, the former's come first.
fn merged(mut earlier: List<Entry>, mut later: List<Entry>) -> List<Entry> {
    let mut all = List::new();
    loop {
        let from = match (earlier.front(), later.front()) {
            // SAFETY: both are in a list of the wheel, hence live, and the wheel is held.
            (Some(a), Some(b)) if unsafe { Entry::deadline_of(b) < Entry::deadline_of(a) } => {
                &mut later
            }
            (Some(_), _) => &mut earlier,
            (None, _) => &mut later,
        };
        let Some(node) = from.pop_front() else {
            return all;
        };
        // SAFETY: `node` has just left its list; it is live, as above.
        unsafe { all.push_back(node) };
    }
}
