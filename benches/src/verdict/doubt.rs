//! What weakens a use's verdict, in words.

use super::{Choice, Outcome, Pair, UseVerdict};
use crate::record::Trouble;
use crate::statistics::{FEWEST_ROUNDS, Verdict};
use crate::table::{interval, told};

/// More names than these are counted and not listed.
const LISTED: usize = 4;

impl UseVerdict<'_> {
    /// What is to be doubted in it: sentences without a full stop, the weightiest first.
    pub fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        if self.lines.is_empty() {
            return doubts;
        }
        doubts.extend(self.failures());
        for pair in self.shown() {
            doubts.extend(self.contradictions(pair));
        }
        for pair in self.shown() {
            doubts.extend(slight(pair));
        }
        if !self.missing.is_empty() {
            let all = self.missing.len() + self.lines.len();
            let names = list(self.missing.iter().map(String::as_str));
            doubts.push(format!(
                "{} of {all} rows were not measured: {names}",
                self.missing.len()
            ));
        }
        if !self.unmeasured.is_empty() {
            let names = self.unmeasured.join(" and ");
            doubts.push(format!("{names} was not measured on any of these rows"));
        }
        doubts
    }

    /// The rows that say the opposite of the pair's outcome, or of each other.
    fn contradictions(&self, pair: &Pair<'_>) -> Option<String> {
        let rows = |verdict| {
            let rows = pair.rows_of(verdict, &self.lines);
            let rows: Vec<String> = rows
                .map(|(line, ratio)| format!("{} {}", line.name, interval(&ratio)))
                .collect();
            list(rows.iter().map(String::as_str))
        };
        let (of, to) = (pair.of, pair.to);
        let tally = &pair.tally;
        match pair.outcome {
            Outcome::Better if tally.worse > 0 => {
                Some(format!("{of}/{to} is worse on {}", rows(Verdict::Worse)))
            }
            Outcome::Worse if tally.better > 0 => {
                Some(format!("{of}/{to} is better on {}", rows(Verdict::Better)))
            }
            Outcome::Contradictory | Outcome::Same | Outcome::Undecided
                if tally.better + tally.worse > 0 =>
            {
                let sides = [("better", Verdict::Better), ("worse", Verdict::Worse)];
                let sides = sides.map(|(word, verdict)| (word, rows(verdict)));
                let sides = sides.iter().filter(|(_, rows)| !rows.is_empty());
                let sides: Vec<String> = sides
                    .map(|(word, rows)| format!("{word} on {rows}"))
                    .collect();
                Some(format!("{of}/{to} is {}", sides.join("; and ")))
            }
            _ => None,
        }
    }

    /// Peers that failed on a row: it does not count against them, and should be known.
    fn failures(&self) -> Option<String> {
        let mut failed: Vec<String> = Vec::new();
        for line in &self.lines {
            for result in &line.row.results {
                let known = self.peers.iter().chain(&self.unmeasured);
                if !known.into_iter().any(|name| *name == result.peer) {
                    continue;
                }
                if let Some(trouble @ (Trouble::Deadline(_) | Trouble::Failed(_))) = &result.trouble
                {
                    failed.push(format!("{}, {}: {}", result.peer, line.name, told(trouble)));
                }
            }
        }
        (!failed.is_empty()).then(|| list(failed.iter().map(String::as_str)))
    }

    /// Whether nothing is decided only because of too few rounds.
    pub(super) fn too_few_rounds(&self) -> bool {
        let tallies = || self.pairs.iter().map(|pair| pair.tally);
        matches!(self.choice, Choice::Undecided(_))
            && tallies().any(|tally| tally.compared() > 0)
            && tallies().all(|tally| tally.too_few_rounds == tally.compared())
    }
}

/// What is little to go by.
fn slight(pair: &Pair<'_>) -> Option<String> {
    let (of, to, tally) = (pair.of, pair.to, &pair.tally);
    if tally.too_few_rounds > 0 {
        return Some(format!(
            "{of}/{to}: {} of {} rows have fewer than {FEWEST_ROUNDS} rounds and decide nothing",
            tally.too_few_rounds,
            tally.compared()
        ));
    }
    let weighed = matches!(pair.outcome, Outcome::Better | Outcome::Worse);
    // Half of the rows say nothing.
    let silent = tally.undecided * 2 >= tally.compared() && tally.compared() > 0;
    (weighed && silent).then(|| {
        format!(
            "{of}/{to}: {} of {} rows are undecided",
            tally.undecided,
            tally.compared()
        )
    })
}

/// The first few, and how many more there are.
fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown = names.iter().take(LISTED).copied();
    let mut text = shown.collect::<Vec<_>>().join("; ");
    if names.len() > LISTED {
        text += &format!("; and {} more", names.len() - LISTED);
    }
    text
}
