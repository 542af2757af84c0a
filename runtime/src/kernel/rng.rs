//! A small random number generator, one per thread.
//!
//! xorshift64* (Marsaglia, "Xorshift RNGs", 2003; the multiplier from Vigna, "An experimental exploration
//! of Marsaglia's xorshift generators, scrambled", 2016). Good enough to choose a victim or a branch, and
//! for nothing that needs secrecy.

use crate::prim::asked;
use std::cell::Cell;

/// The state; 0 means that it has not been seeded yet.
#[derive(Debug)]
pub(crate) struct Rng(pub(crate) Cell<u64>);

impl Rng {
    /// A generator that seeds itself at its first use.
    pub(crate) const fn unseeded() -> Self {
        Self(Cell::new(0))
    }

    /// Starts the sequence that belongs to `seed`.
    pub(crate) fn seed(&self, seed: u64) {
        // The finaliser of SplitMix64 spreads neighbouring seeds; `| 1` keeps the state from being 0.
        let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        self.0.set((z ^ (z >> 31)) | 1);
    }

    /// A number below `bound`, which must not be 0.
    #[inline]
    pub(crate) fn below(&self, bound: u32) -> u32 {
        if self.0.get() == 0 {
            // A simulation keeps it unseeded.
            if let Some(drawn) = asked::draw(bound) {
                return drawn;
            }
        }
        // Lemire's multiplication instead of a division.
        (((self.next() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// Any number.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        if self.0.get() == 0 {
            // A simulation draws what decides anything; here is something that only has to differ, so it is counted there.
            // Seeded, the generator would be asked no more, and the rest of the run would be chance.
            if let Some(number) = asked::another() {
                return number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            }
            self.seed(crate::prim::seed());
        }
        let mut x = self.0.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.0.set(x);
        x.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;
    use std::cell::Cell;

    #[test]
    fn it_is_the_generator_of_the_paper() {
        // The published sequence from state 1.
        let rng = Rng(Cell::new(1));
        let numbers = [(); 3].map(|()| rng.next());
        assert_eq!(
            numbers,
            [
                5_180_492_295_206_395_165,
                12_380_297_144_915_551_517,
                13_389_498_078_930_870_103,
            ]
        );
    }

    #[test]
    fn a_seed_is_spread_by_splitmix64() {
        let rng = Rng::unseeded();
        // The published first number from state 0; it is odd.
        rng.seed(0);
        assert_eq!(rng.0.get(), 0xe220_a839_7b1d_cdaf);
        rng.seed(1);
        assert_eq!(rng.0.get(), 0x910a_2dec_8902_5cc1);
    }
}
