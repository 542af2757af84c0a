//! How far a run may go, and how far it has gone.
//!
//! Turns are counted down to the next one after which anything may change, so that a turn costs one look at one number.

use crate::prim::asked;
use std::cell::Cell;
use std::time::Duration;

/// How far a run may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Turns in all.
    pub(crate) turns: u64,
    /// Turns without time moving.
    pub(crate) turns_at_once: u64,
    /// Nanoseconds after the start.
    pub(crate) time: u64,
    /// Time may move while somebody is ready.
    pub(crate) stalls: bool,
    /// So long in real time a thread outside may take to wake somebody, before it is said that nobody can go on.
    pub(crate) patience: Duration,
}

/// Why a run has ended without an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stuck {
    /// Nobody can go on.
    Deadlock,
    /// Too many turns.
    Livelock,
    /// Too many turns at one moment.
    LivelockAtOnce,
    /// Time would go too far: to this many nanoseconds after the start.
    TooLate(u64),
    /// Another thread has woken a task.
    Alien,
}

/// How many turns a run has taken.
#[derive(Debug, Default)]
pub(super) struct Count {
    /// So many more may be taken before the bounds are looked at.
    unbounded: Cell<u64>,
    /// How many there will have been then.
    turns: Cell<u64>,
    /// And since time has moved.
    at_once: Cell<u64>,
    /// Nobody is held up or passed over any more.
    is_fair: Cell<bool>,
}

impl Count {
    /// Counts a turn.
    #[inline(always)]
    pub(super) fn turn(&self, bounds: &Bounds) -> Result<(), Stuck> {
        match self.unbounded.get().checked_sub(1) {
            Some(left) => {
                self.unbounded.set(left);
                Ok(())
            }
            None => self.look(bounds),
        }
    }

    /// Counts a turn after which something may change.
    #[cold]
    fn look(&self, bounds: &Bounds) -> Result<(), Stuck> {
        let (most, most_at_once) = (bounds.turns, bounds.turns_at_once);
        let (turns, at_once) = (self.turns.get() + 1, self.at_once.get() + 1);
        self.turns.set(turns);
        self.at_once.set(at_once);
        if turns > most {
            return Err(Stuck::Livelock);
        }
        if at_once > most_at_once {
            return Err(Stuck::LivelockAtOnce);
        }
        // Whoever decides may starve somebody for ever, as no scheduler does. So it is no livelock before all have had their
        // turns in order, for as long as they have not.
        let is_half = turns > most / 2 || at_once > most_at_once / 2;
        if is_half != self.is_fair.replace(is_half) {
            asked::be_fair(is_half);
        }
        let until = |bound: u64, count: u64| bound.checked_sub(count).unwrap_or(u64::MAX);
        let unbounded = (most - turns)
            .min(most_at_once - at_once)
            .min(until(most / 2, turns))
            .min(until(most_at_once / 2, at_once));
        self.turns.set(turns + unbounded);
        self.at_once.set(at_once + unbounded);
        self.unbounded.set(unbounded);
        Ok(())
    }

    /// Time has moved.
    pub(super) fn begin_moment(&self) {
        self.turns.set(self.turns.get() - self.unbounded.take());
        self.at_once.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of each of `moments`, so many turns each, by one that looks at each turn.
    fn naive(bounds: &Bounds, moments: &[u64]) -> Vec<(Result<(), Stuck>, bool)> {
        let (mut turns, mut said) = (0, Vec::new());
        for &moment in moments {
            for at_once in 1..=moment {
                turns += 1;
                let ended = if turns > bounds.turns {
                    Err(Stuck::Livelock)
                } else if at_once > bounds.turns_at_once {
                    Err(Stuck::LivelockAtOnce)
                } else {
                    Ok(())
                };
                let is_half = turns > bounds.turns / 2 || at_once > bounds.turns_at_once / 2;
                said.push((ended, is_half));
                if ended.is_err() {
                    return said;
                }
            }
        }
        said
    }

    #[test]
    fn what_is_counted_down_is_what_counting_up_says() {
        let patterns: [&[u64]; 6] = [
            &[50],
            &[1, 1, 1, 40],
            &[3; 20],
            &[4, 2, 5, 1, 6, 2, 30],
            &[0, 5, 0, 0, 7],
            &[6, 1, 6, 1, 6, 1, 6],
        ];
        for moments in patterns {
            for turns in 0..24 {
                for turns_at_once in 0..10 {
                    let bounds = Bounds {
                        turns,
                        turns_at_once,
                        time: 0,
                        stalls: false,
                        patience: Duration::ZERO,
                    };
                    let count = Count::default();
                    let mut said = Vec::new();
                    'all: for &moment in moments {
                        for _ in 0..moment {
                            let ended = count.turn(&bounds);
                            // What ends it is told by itself.
                            let is_half = count.is_fair.get();
                            said.push((ended, is_half || ended.is_err()));
                            if ended.is_err() {
                                break 'all;
                            }
                        }
                        count.begin_moment();
                    }
                    assert_eq!(said, naive(&bounds, moments), "{bounds:?}, {moments:?}");
                }
            }
        }
    }
}
