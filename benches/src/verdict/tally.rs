//! How many rows say what of two peers, and what that amounts to.

use crate::statistics::{Estimate, FEWEST_ROUNDS, Verdict};
use crate::workload::Unit;

/// A peer is better on a use only if one row in so many of those compared says so. With intervals of 95 %, one row in forty is
/// on the one side by chance: a few such among many decide nothing.
pub const SHARE: usize = 4;

/// Nor does one row alone say that a peer is better on a use: it is these at least.
pub const FEWEST_ROWS: usize = 2;

/// It is better only if so many rows say so for each that says the opposite.
pub const AGAINST_ONE: usize = 3;

/// How many rows say what of one peer beside another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows on which it is better.
    pub better: usize,
    /// Rows on which it is worse.
    pub worse: usize,
    /// Rows on which the two are the same.
    pub same: usize,
    /// Rows that do not say.
    pub undecided: usize,
    /// Those of [`undecided`](Self::undecided) that have too few rounds to say anything.
    pub too_few_rounds: usize,
}

/// What a use's rows say of one peer beside another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is better.
    Better,
    /// It is worse.
    Worse,
    /// More than half of the rows say that they are the same, and few anything else.
    Same,
    /// Rows say the one thing, and too many others the opposite.
    Contradictory,
    /// Too few rows say anything.
    Undecided,
    /// No row has both.
    NotCompared,
}

impl Outcome {
    /// Its word: rows' verdicts have the same ones.
    pub fn word(self) -> &'static str {
        match self {
            Self::Better => Verdict::Better.word(),
            Self::Worse => Verdict::Worse.word(),
            Self::Same => Verdict::Same.word(),
            Self::Undecided => Verdict::Undecided.word(),
            Self::Contradictory => "contradictory",
            Self::NotCompared => "not compared",
        }
    }

    /// The same of the other peer beside the one.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Self::Better => Self::Worse,
            Self::Worse => Self::Better,
            other => other,
        }
    }
}

impl Tally {
    pub(super) fn count(&mut self, ratio: &Estimate, unit: Unit) {
        match ratio.verdict(unit) {
            Verdict::Better => self.better += 1,
            Verdict::Worse => self.worse += 1,
            Verdict::Same => self.same += 1,
            Verdict::Undecided => self.undecided += 1,
        }
        self.too_few_rounds += usize::from(ratio.rounds < FEWEST_ROUNDS);
    }

    /// The rows that have both peers.
    pub fn compared(&self) -> usize {
        self.better + self.worse + self.same + self.undecided
    }

    /// What the rows amount to.
    pub fn outcome(&self) -> Outcome {
        let enough = |rows: usize| rows >= FEWEST_ROWS && rows * SHARE >= self.compared();
        let outweighs = |rows: usize, others: usize| enough(rows) && rows >= others * AGAINST_ONE;
        if self.compared() == 0 {
            Outcome::NotCompared
        } else if outweighs(self.better, self.worse) {
            Outcome::Better
        } else if outweighs(self.worse, self.better) {
            Outcome::Worse
        } else if self.better > 0 && self.worse > 0 && enough(self.better + self.worse) {
            Outcome::Contradictory
        } else if self.same * 2 > self.compared() {
            Outcome::Same
        } else {
            Outcome::Undecided
        }
    }

    /// "of 26 rows 20 better, 2 worse, 3 the same, 1 undecided"; what no row says is left out.
    pub fn told(&self) -> String {
        let parts = [
            (self.better, Verdict::Better),
            (self.worse, Verdict::Worse),
            (self.same, Verdict::Same),
            (self.undecided, Verdict::Undecided),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(rows, _)| *rows > 0)
            .map(|(rows, verdict)| format!("{rows} {}", verdict.word()))
            .collect();
        let all = match self.compared() {
            1 => "1 row".to_owned(),
            all => format!("{all} rows"),
        };
        format!("of {all} {}", parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_weighed() {
        let cases = [
            ([0, 0, 0, 0], Outcome::NotCompared),
            // One row alone does not say it.
            ([1, 0, 0, 0], Outcome::Undecided),
            ([1, 0, 3, 0], Outcome::Same),
            ([2, 0, 0, 0], Outcome::Better),
            ([0, 2, 6, 0], Outcome::Worse),
            ([5, 0, 10, 5], Outcome::Better),
            // One row of five is one too few.
            ([1, 0, 4, 0], Outcome::Same),
            ([1, 0, 2, 2], Outcome::Undecided),
            ([0, 1, 0, 4], Outcome::Undecided),
            ([3, 1, 0, 0], Outcome::Better),
            ([1, 3, 0, 0], Outcome::Worse),
            ([5, 2, 0, 0], Outcome::Contradictory),
            ([1, 1, 0, 0], Outcome::Contradictory),
            // Neither has a quarter, both together have.
            ([1, 1, 6, 0], Outcome::Contradictory),
            ([1, 1, 7, 0], Outcome::Same),
            ([0, 0, 3, 3], Outcome::Undecided),
            ([0, 0, 4, 3], Outcome::Same),
        ];
        for ([better, worse, same, undecided], outcome) in cases {
            let tally = Tally {
                better,
                worse,
                same,
                undecided,
                too_few_rounds: 0,
            };
            assert_eq!(tally.outcome(), outcome, "{tally:?}");
            let turned = Tally {
                better: worse,
                worse: better,
                ..tally
            };
            assert_eq!(turned.outcome(), outcome.turned(), "{turned:?}");
        }
    }
}
