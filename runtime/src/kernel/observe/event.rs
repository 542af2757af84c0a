//! What is recorded: events of 16 bytes, and what is told of tasks, in 40.
//!
//! ```text
//!   event:   │ time 64, 0: not stamped │ id 48 · kind 4 · the ring's 2 · peer or outcome 10 │
//!   life:    │ time 64, 0: not stamped │ id 48 · kind 4 · 0 · outcome 10 │ place 32 · type 32 │ name 32 · size 32 │ parent │
//! ```
//!
//! Place, type and name are offsets in the [table of strings](super::strings). The format is that of the files too
//! (`trace/format.rs` says the rest).

/// Words of an event.
pub(crate) const EVENT: usize = 2;

/// How many events a writer begins together. Fewer are too dear, and of more the clock would be read too seldom.
pub(crate) const BLOCK: usize = 16;

/// Words of what is told of a task.
pub(crate) const LIFE: usize = 5;

// The id is what a poll brings along: with all that is fixed below it, one shift and one `or` make the word.
const ID_SHIFT: u32 = 16;
const KIND_SHIFT: u32 = 12;
const KIND: u64 = 15;
const PEER: u64 = (1 << 10) - 1;

/// What happened. The numbers are the file's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// A poll of task `id` has ended. It began where the event before it that belongs to no poll ended.
    PollEnd = 1,
    /// Task `id` was woken; by the task that is being polled, or by what the next `Io`, `Timers` or `Unpark` says.
    Wake = 2,
    /// Task `id` was spawned, by the task that is being polled.
    Spawn = 3,
    /// Task `id` has ended. (Among lives.)
    End = 4,
    /// Task `id` was taken from worker `peer`.
    Steal = 5,
    /// The worker goes to sleep,
    Park = 6,
    /// and is awake again.
    Unpark = 7,
    /// The worker looks around, between polls,
    Look = 8,
    /// has looked for events, which have woken `id` tasks,
    Io = 9,
    /// has fired timers, which have woken `id` tasks.
    Timers = 10,
    /// Task `id` waits in place: its thread has handed the worker on.
    BlockInPlace = 11,
    /// A poll of task `id` has lasted for long, on worker `peer`.
    Slow = 12,
    /// Spare worker `peer` starts (`id` is 0) or leaves (1).
    Spare = 13,
    /// The program has marked the moment; `id` is the offset of the label.
    Mark = 14,
    /// What task `id` is. (Among lives.)
    Known = 15,
}

/// What became of a task that was polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Outcome {
    /// It sleeps.
    Asleep = 0,
    /// It was woken meanwhile, and is queued again.
    Woken = 1,
    /// It is done: its future was ready, or has panicked.
    Done = 2,
    /// Its future was dropped.
    Cancelled = 3,
}

/// The second word of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) u64);

impl Word {
    #[inline]
    pub(crate) const fn new(kind: Kind, id: u64) -> Self {
        Self(id << ID_SHIFT | (kind as u64) << KIND_SHIFT)
    }

    #[inline]
    pub(crate) const fn outcome(self, outcome: Outcome) -> Self {
        Self(self.0 | outcome as u64)
    }

    /// With another worker; the last number there is stands for all from there on.
    #[inline]
    pub(crate) const fn peer(self, peer: usize) -> Self {
        let peer = if peer as u64 > PEER {
            PEER
        } else {
            peer as u64
        };
        Self(self.0 | peer)
    }

    /// The kind, if it is one.
    pub(crate) fn kind(self) -> Option<Kind> {
        use Kind::*;
        const KINDS: [Kind; 15] = [
            PollEnd,
            Wake,
            Spawn,
            End,
            Steal,
            Park,
            Unpark,
            Look,
            Io,
            Timers,
            BlockInPlace,
            Slow,
            Spare,
            Mark,
            Known,
        ];
        KINDS
            .get(((self.0 >> KIND_SHIFT & KIND) as usize).wrapping_sub(1))
            .copied()
    }

    pub(crate) fn id(self) -> u64 {
        self.0 >> ID_SHIFT
    }

    pub(crate) fn of_outcome(self) -> Outcome {
        match self.0 & 3 {
            0 => Outcome::Asleep,
            1 => Outcome::Woken,
            2 => Outcome::Done,
            _ => Outcome::Cancelled,
        }
    }

    pub(crate) fn of_peer(self) -> usize {
        (self.0 & PEER) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::observe::ring::OWN;

    #[test]
    fn a_word_keeps_what_it_is_made_of() {
        const ID: u64 = (1 << 48) - 1;
        for number in 1..=15 {
            let kind = Word(number << KIND_SHIFT).kind().unwrap();
            assert_eq!(kind as u64, number);
            let word = Word::new(kind, ID).peer(1023);
            assert_eq!(word.kind(), Some(kind));
            assert_eq!((word.id(), word.of_peer()), (ID, 1023));
            assert_eq!(word.0 & OWN, 0);
            let word = Word::new(kind, ID).outcome(Outcome::Cancelled);
            assert_eq!((word.id(), word.of_outcome()), (ID, Outcome::Cancelled));
            assert_eq!(word.0 & OWN, 0);
        }
        assert_eq!(Word(0).kind(), None);
        let word = Word::new(Kind::Wake, ID + 6).outcome(Outcome::Woken);
        assert_eq!((word.id(), word.of_outcome()), (5, Outcome::Woken));
        assert_eq!(Word::new(Kind::Steal, 1).peer(65_000).of_peer(), 1023);
    }
}
