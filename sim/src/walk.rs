//! The random walk: at each point any answer, with equal odds.
//!
//! It has no bound that is worth telling, and yet finds most bugs of short programs soon (Thomson, Donaldson and Betts,
//! "Concurrency testing using controlled schedulers: an empirical study", TOPC 2016). How often an actor is held up at a leaf
//! matters: short programs want ½, in long ones everything would be held up all the time. So it changes from seed to seed, unless
//! it is given.

use crate::actor::{Actor, Actors};
use crate::chooser::{Chooser, Point};
use crate::random::{Odds, Random};
use crate::strategy::Strategy;

/// Picks any of those that are ready, and holds up with one probability at each leaf.
///
/// A decision costs about two nanoseconds, however many are ready.
#[derive(Clone, Debug)]
pub struct Walk {
    given: Option<f64>,
    odds: Odds,
    /// The probability that `odds` are.
    hold: f64,
    random: Random,
}

/// The probabilities of a hold that seeds take in turn, if none is given.
const TURNS: [f64; 3] = [1.0 / 16.0, 1.0 / 4.0, 1.0 / 2.0];

impl Walk {
    /// Holds up with probability `hold`; by seed with one of 1/16, 1/4 and 1/2 if it is not given.
    ///
    /// # Panics
    ///
    /// If `hold` is not from 0 to 1.
    pub fn new(hold: Option<f64>) -> Self {
        if let Some(hold) = hold {
            assert!(
                (0.0..=1.0).contains(&hold),
                "a walk holds up with a probability from 0 to 1, and {hold} is none"
            );
        }
        Self {
            given: hold,
            odds: Odds::new(0.0),
            hold: hold.unwrap_or(0.0),
            random: Random::new(0),
        }
    }
}

impl Chooser for Walk {
    fn begin(&mut self, seed: u64) -> bool {
        self.random = Random::new(seed);
        if self.given.is_none() {
            self.hold = TURNS[self.random.below(3) as usize];
        }
        self.odds = Odds::new(self.hold);
        true
    }

    #[inline]
    fn next(&mut self, _actors: &Actors, ready: &[Actor]) -> usize {
        self.random.below(ready.len() as u32) as usize
    }

    #[inline]
    fn hold(&mut self, _actors: &Actors, _actor: Actor) -> bool {
        self.random.happens(self.odds)
    }

    fn draw(&mut self, _actors: &Actors, point: Point, _actor: Actor, count: u32) -> u32 {
        self.random.answer(point, count, self.odds)
    }

    /// `walk(1/16)`.
    fn describe(&self) -> Option<String> {
        Some(Strategy::walk(self.hold).to_string())
    }
}
