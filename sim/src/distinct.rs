//! How many different runs there were, by their hashes: exactly while they are few, then by a sketch.
//!
//! The sketch is HyperLogLog (Flajolet, Fusy, Gandouet, Meunier, 2007) with 4,096 registers: its standard error is 1.6 %. Few are
//! counted by the registers that are still empty, as that paper says. Sketches of several processes merge without loss.

#[cfg(any(feature = "merge", test))]
use crate::base64::{decode, take_varint};
use crate::base64::{encode, push_varint};
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

const REGISTERS: usize = 1 << BITS;
const BITS: u32 = 12;

/// Up to here hashes are kept themselves: 1 MiB or so.
const EXACT: usize = 1 << 16;

/// A hash is a hash.
#[derive(Clone, Copy, Debug, Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0 << 8 | u64::from(byte);
        }
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// The different runs that were seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Distinct {
    exact: HashSet<u64, BuildHasherDefault<Identity>>,
    sketch: Sketch,
}

impl Distinct {
    /// Counts a run. True if it is a new one, as far as that is known: beyond what is kept, the sketch notices only some.
    #[inline]
    pub(crate) fn insert(&mut self, hash: u64) -> bool {
        // The multiplication of splitmix64 (Steele, Lea, Flood 2014), since registers look at the highest bits alone.
        let mut mixed = hash.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let grew = self.sketch.insert(mixed);
        if self.exact.len() < EXACT {
            self.exact.insert(mixed)
        } else {
            grew && !self.exact.contains(&mixed)
        }
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        if self.exact.len() < EXACT {
            self.exact.len() as u64
        } else {
            self.sketch.count().max(EXACT as u64)
        }
    }

    /// True if [`count`](Self::count) is exact.
    pub(crate) fn is_exact(&self) -> bool {
        self.exact.len() < EXACT
    }

    pub(crate) fn sketch(&self) -> &Sketch {
        &self.sketch
    }
}

/// The sketch alone, which is what processes hand on.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sketch(Box<[u8; REGISTERS]>);

impl std::fmt::Debug for Sketch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sketch(about {})", self.count())
    }
}

impl Default for Sketch {
    fn default() -> Self {
        Self(Box::new([0; REGISTERS]))
    }
}

impl Sketch {
    #[inline]
    fn insert(&mut self, hash: u64) -> bool {
        let register = &mut self.0[(hash >> (64 - BITS)) as usize];
        let rank = ((hash << BITS).leading_zeros().min(64 - BITS) + 1) as u8;
        let grows = rank > *register;
        if grows {
            *register = rank;
        }
        grows
    }

    /// About how many different hashes there were.
    pub(crate) fn count(&self) -> u64 {
        let registers = REGISTERS as f64;
        let sum: f64 = self.0.iter().map(|&rank| (-f64::from(rank)).exp2()).sum();
        let estimate = 0.7213 / (1.0 + 1.079 / registers) * registers * registers / sum;
        let empty = self.0.iter().filter(|&&rank| rank == 0).count();
        if estimate <= 2.5 * registers && empty != 0 {
            (registers * (registers / empty as f64).ln()).round() as u64
        } else {
            estimate.round() as u64
        }
    }

    #[cfg(any(feature = "merge", test))]
    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0[..]) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// As text: the registers that are not 0, as distances and ranks.
    pub(crate) fn to_text(&self) -> String {
        let mut bytes = Vec::new();
        let mut last = 0;
        for (at, &rank) in self.0.iter().enumerate().filter(|(_, rank)| **rank != 0) {
            push_varint(&mut bytes, (at - last) as u64);
            bytes.push(rank);
            last = at;
        }
        encode(&bytes)
    }

    /// The sketch of which `text` is the text. Nothing if it is that of none.
    #[cfg(any(feature = "merge", test))]
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let bytes = decode(text)?;
        let mut rest = &bytes[..];
        let mut this = Self::default();
        let mut at = 0_usize;
        while !rest.is_empty() {
            at = at.checked_add(usize::try_from(take_varint(&mut rest)?).ok()?)?;
            let (&rank, after) = rest.split_first()?;
            rest = after;
            let highest = (64 - BITS + 1) as u8;
            *this.0.get_mut(at)? = Some(rank).filter(|rank| (1..=highest).contains(rank))?;
        }
        Some(this)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(hashes: std::ops::Range<u64>) -> Distinct {
        let mut distinct = Distinct::default();
        for hash in hashes {
            distinct.insert(hash);
        }
        distinct
    }

    #[test]
    fn counts_exactly_then_roughly() {
        let few = of(0..1000);
        assert_eq!((few.count(), few.is_exact()), (1000, true));
        let many = of(0..300_000);
        assert!(!many.is_exact());
        assert!(many.count().abs_diff(300_000) < 300_000 / 20, "{many:?}");
        assert!(few.sketch().count().abs_diff(1000) < 50, "{few:?}");
    }

    #[test]
    fn says_what_is_new() {
        let mut distinct = of(0..10);
        assert!(!distinct.insert(5));
        assert!(distinct.insert(10));
        let mut many = of(0..100_000);
        assert!(!many.insert(77));
    }

    #[test]
    fn sketches_merge_and_travel() {
        let (a, b) = (of(0..20_000), of(10_000..30_000));
        let mut merged = Sketch::from_text(&a.sketch().to_text()).unwrap();
        assert_eq!(&merged, a.sketch());
        merged.merge(&Sketch::from_text(&b.sketch().to_text()).unwrap());
        assert_eq!(&merged, of(0..30_000).sketch(), "as if one had seen all");
        assert_eq!(Sketch::from_text(""), Some(Sketch::default()));
        for broken in ["A", "AA", "AAA", "//////8B", "AP8"] {
            assert_eq!(Sketch::from_text(broken), None, "{broken}");
        }
    }
}
