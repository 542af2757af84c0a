//! Random numbers for choosers: fast, and the same on every machine.

use crate::chooser::Point;

/// A generator of random numbers that is made from a seed: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
/// number generators", OOPSLA 2014).
///
/// Equal seeds give equal numbers, on every machine. A number costs about a nanosecond. No secret should hang on it.
///
/// # Examples
///
/// ```
/// let mut random = leno_sim::Random::new(7);
/// assert!(random.below(10) < 10);
/// ```
#[derive(Clone, Debug)]
pub struct Random(u64);

/// 2^64 divided by the golden ratio, made odd.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

#[inline]
pub(crate) fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// A probability as a number of 2^32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Odds(u64);

impl Odds {
    pub(crate) fn new(probability: f64) -> Self {
        Self((probability * 4_294_967_296.0) as u64)
    }
}

impl Random {
    /// A generator for `seed`.
    pub fn new(seed: u64) -> Self {
        // Seeds come in a row, and the states of a generator do too: unmixed, two seeds could be one sequence, shifted.
        Self(mix(seed.wrapping_add(STEP)))
    }

    /// The next 64 bits.
    #[inline]
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number below `count`; 0 if `count` is 0.
    #[inline]
    pub fn below(&mut self, count: u32) -> u32 {
        (((self.word() >> 32) * u64::from(count)) >> 32) as u32
    }

    #[inline]
    pub(crate) fn happens(&mut self, odds: Odds) -> bool {
        self.word() >> 32 < odds.0
    }

    /// The answer to a draw: any one where the program draws anyway, and only at times another than 0 where 0 is how things
    /// should be.
    pub(crate) fn answer(&mut self, point: Point, count: u32, odds: Odds) -> u32 {
        match point {
            Point::Stall | Point::Closure => {
                if self.happens(odds) {
                    1 + self.below(count.saturating_sub(1))
                } else {
                    0
                }
            }
            _ => self.below(count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spread_evenly() {
        let mut random = Random::new(1);
        let mut counts = [0; 10];
        for _ in 0..100_000 {
            counts[random.below(10) as usize] += 1;
        }
        assert!(
            counts.iter().all(|count| (9_500..10_500).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn neighbouring_seeds_have_nothing_in_common() {
        let words = |seed| {
            let mut random = Random::new(seed);
            (0..100)
                .map(|_| random.word())
                .collect::<std::collections::HashSet<_>>()
        };
        assert!(words(1).is_disjoint(&words(2)));
    }

    #[test]
    fn odds_are_kept_at_both_ends() {
        let mut random = Random::new(3);
        assert!((0..1000).all(|_| random.happens(Odds::new(1.0))));
        assert!((0..1000).all(|_| !random.happens(Odds::new(0.0))));
    }
}
