//! Which runtime to take for a use: computed from a record's rows, never beyond what they say.
//!
//! A row's [`Verdict`] between two peers is that of its ratio's interval. A use's verdict between them
//! counts its rows ([`Tally`]): one peer is better if enough rows say so, and far fewer say the opposite; rows whose interval
//! holds 1, and rows of too few rounds, count for neither. Who is better than every other peer is to be taken. Everything that
//! weakens that is listed beside it: rows that contradict, that are missing, that decide nothing, and peers that failed.
//!
//! The rows count alike. To weigh them would be to know the reader's program, whose own figure decides anyway.

mod doubt;
pub mod markdown;
mod tally;
pub mod uses;

pub use tally::{AGAINST_ONE, FEWEST_ROWS, Outcome, SHARE, Tally};

use crate::peers;
use crate::record::{BuildCost, PeerResult, Record, Row};
use crate::statistics::{self, Estimate, Verdict};
use crate::units::with_workers;
use crate::workload::{TIME_PER_OPERATION, Unit};
use std::borrow::Cow;
use uses::{RestsOn, USES, Use};

/// What a record says of one use.
#[derive(Debug)]
pub struct UseVerdict<'a> {
    /// Of which.
    pub of: &'static Use,
    /// The runtimes that were measured on any of its rows: the subject first, then as they were named.
    pub peers: Vec<&'a str>,
    /// The runtimes of the record that were measured on none of them.
    pub unmeasured: Vec<&'a str>,
    /// Its rows that are in the record.
    pub lines: Vec<Line<'a>>,
    /// The names of those that are not.
    pub missing: Vec<String>,
    /// Each two of [`peers`](Self::peers), in their order.
    pub pairs: Vec<Pair<'a>>,
    /// Who is to be taken.
    pub choice: Choice<'a>,
}

/// A row that a verdict rests on.
#[derive(Debug)]
pub struct Line<'a> {
    /// Workload, workers and quantity.
    pub name: String,
    /// What was measured.
    pub row: Cow<'a, Row>,
}

/// Two runtimes on a use's rows.
#[derive(Debug)]
pub struct Pair<'a> {
    /// The one.
    pub of: &'a str,
    /// The other.
    pub to: &'a str,
    /// The ratio of the one to the other on each of the lines; `None` where no round has both.
    pub ratios: Vec<Option<Estimate>>,
    /// How many rows say what.
    pub tally: Tally,
    /// What that amounts to.
    pub outcome: Outcome,
    /// The median of the rows' ratios, less than 1 being better for `of`.
    pub median: Option<Estimate>,
}

/// Who is to be taken for a use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice<'a> {
    /// It is better than each other.
    Take(&'a str),
    /// Any of these: they are the same, and the others worse.
    Any(Vec<&'a str>),
    /// The rows do not decide between these.
    Undecided(Vec<&'a str>),
    /// The rows contradict each other about these.
    Contradictory(Vec<&'a str>),
    /// There is nobody to compare it with.
    Alone(&'a str),
    /// Nobody was measured.
    NotMeasured,
}

/// The verdict of each use, in the order of [`USES`]; `peer` comes first, or the record's subject if it is not said.
pub fn verdicts<'a>(record: &'a Record, peer: Option<&'a str>) -> Vec<UseVerdict<'a>> {
    let runtimes = runtimes(record, peer);
    let each = USES.iter();
    each.map(|of| UseVerdict::new(of, record, &runtimes))
        .collect()
}

/// The record's peers that can be taken, the subject first.
fn runtimes<'a>(record: &'a Record, peer: Option<&'a str>) -> Vec<&'a str> {
    let mut runtimes: Vec<&str> = Vec::new();
    let measured = record.rows.iter().flat_map(|row| &row.results);
    let measured = measured.map(|result| result.peer.as_str());
    let built = record.build.iter().map(|cost| cost.peer.as_str());
    for name in measured.chain(built) {
        if !runtimes.contains(&name) && !peers::NOT_TO_BE_TAKEN.contains(&name) {
            runtimes.push(name);
        }
    }
    let subject = peer.or_else(|| statistics::subject_of(record));
    runtimes.sort_by_key(|name| Some(*name) != subject);
    runtimes
}

impl<'a> UseVerdict<'a> {
    fn new(of: &'static Use, record: &'a Record, runtimes: &[&'a str]) -> Self {
        let (lines, missing) = lines(of, record);
        let measured = |name: &str| {
            let mut results = lines
                .iter()
                .filter_map(|line| statistics::find(&line.row, name));
            results.any(|result| statistics::peer_median(result).is_some())
        };
        let (peers, unmeasured): (Vec<&str>, Vec<&str>) =
            runtimes.iter().partition(|name| measured(name));
        let mut pairs = Vec::new();
        for (place, one) in peers.iter().enumerate() {
            for other in &peers[place + 1..] {
                pairs.push(Pair::new(one, other, &lines));
            }
        }
        let choice = choose(&peers, &pairs);
        Self {
            of,
            peers,
            unmeasured,
            lines,
            missing,
            pairs,
            choice,
        }
    }

    /// The runtimes that come into question: those taken, or between which it is not decided.
    pub fn chosen(&self) -> &[&'a str] {
        match &self.choice {
            Choice::Take(one) | Choice::Alone(one) => std::slice::from_ref(one),
            Choice::Any(some) | Choice::Undecided(some) | Choice::Contradictory(some) => some,
            Choice::NotMeasured => &[],
        }
    }

    /// The pairs that a reader wants: the subject's first, then those of who comes into question.
    pub fn shown(&self) -> impl Iterator<Item = &Pair<'a>> {
        let subject = self.peers.first().copied();
        let wanted = move |pair: &&Pair<'a>| {
            let chosen = self.chosen();
            Some(pair.of) == subject || chosen.contains(&pair.of) || chosen.contains(&pair.to)
        };
        self.pairs.iter().filter(wanted)
    }
}

impl<'a> Pair<'a> {
    fn new(of: &'a str, to: &'a str, lines: &[Line<'a>]) -> Self {
        let ratio = |line: &Line<'_>| {
            let (one, other) = (
                statistics::find(&line.row, of)?,
                statistics::find(&line.row, to)?,
            );
            statistics::ratio(one, other)
        };
        let ratios: Vec<Option<Estimate>> = lines.iter().map(ratio).collect();
        let mut tally = Tally::default();
        for (line, ratio) in lines.iter().zip(&ratios) {
            if let Some(ratio) = ratio {
                tally.count(ratio, line.row.unit);
            }
        }
        let rows = lines.iter().map(|line| &*line.row);
        Self {
            of,
            to,
            ratios,
            tally,
            outcome: tally.outcome(),
            median: statistics::median_of_rows(rows, of, to),
        }
    }

    /// The lines with this verdict, each with its ratio.
    pub fn rows_of<'l>(
        &'l self,
        verdict: Verdict,
        lines: &'l [Line<'a>],
    ) -> impl Iterator<Item = (&'l Line<'a>, Estimate)> {
        let each = lines.iter().zip(&self.ratios);
        each.filter_map(move |(line, ratio)| {
            let ratio = (*ratio)?;
            (ratio.verdict(line.row.unit) == verdict).then_some((line, ratio))
        })
    }
}

/// Who is to be taken of these.
fn choose<'a>(peers: &[&'a str], pairs: &[Pair<'a>]) -> Choice<'a> {
    let outcome = |one: &str, other: &str| {
        pairs.iter().find_map(|pair| match (pair.of, pair.to) {
            (of, to) if (of, to) == (one, other) => Some(pair.outcome),
            (of, to) if (of, to) == (other, one) => Some(pair.outcome.turned()),
            _ => None,
        })
    };
    let better = |one: &str, other: &str| outcome(one, other) == Some(Outcome::Better);
    match peers {
        [] => return Choice::NotMeasured,
        [one] => return Choice::Alone(one),
        _ => {}
    }
    let unbeaten = |name: &&&str| !peers.iter().any(|other| better(other, name));
    let mut best: Vec<&'a str> = peers.iter().filter(unbeaten).copied().collect();
    match best[..] {
        // Each is worse than some other.
        [] => return Choice::Contradictory(peers.to_vec()),
        [one] => {
            let open = |other: &&&str| **other != one && !better(one, other);
            let open: Vec<&str> = peers.iter().filter(open).copied().collect();
            if open.is_empty() {
                return Choice::Take(one);
            }
            // Somebody is worse than a third, but not surely than the one that is left.
            best = peers
                .iter()
                .filter(|name| **name == one || open.contains(name))
                .copied()
                .collect();
        }
        _ => {}
    }
    let inside = |pair: &&Pair<'_>| best.contains(&pair.of) && best.contains(&pair.to);
    let between = || pairs.iter().filter(inside).map(|pair| pair.outcome);
    if between().all(|outcome| outcome == Outcome::Same) {
        Choice::Any(best)
    } else if between().any(|outcome| outcome == Outcome::Contradictory) {
        Choice::Contradictory(best)
    } else {
        Choice::Undecided(best)
    }
}

/// The use's rows in the record, and the names of those that are missing.
fn lines<'a>(of: &Use, record: &'a Record) -> (Vec<Line<'a>>, Vec<String>) {
    let (mut lines, mut missing) = (Vec::new(), Vec::new());
    let mut add = |name: String, row: Option<Cow<'a, Row>>| match row {
        Some(row) => lines.push(Line { name, row }),
        None => missing.push(name),
    };
    match of.rests_on {
        RestsOn::Rows(all) => {
            for rows in all {
                for workers in rows.workers {
                    for quantity in rows.quantities {
                        let mut found = record.rows.iter();
                        let found = found.find(|row| {
                            row.workload == rows.workload
                                && row.workers == *workers
                                && row.quantity == *quantity
                        });
                        let name =
                            format!("{}, {}, {quantity}", rows.workload, with_workers(*workers));
                        add(name, found.map(Cow::Borrowed));
                    }
                }
            }
        }
        RestsOn::BuildCost => {
            for quantity in &BUILD {
                let row = build_row(quantity, &record.build);
                add(quantity.name.to_owned(), row.map(Cow::Owned));
            }
        }
    }
    (lines, missing)
}

/// One of the quantities of a build.
struct BuildQuantity {
    name: &'static str,
    unit: Unit,
    of: fn(&BuildCost) -> Vec<f64>,
}

const BUILD: [BuildQuantity; 3] = [
    BuildQuantity {
        name: "clean release build",
        unit: Unit::Nanoseconds,
        of: |cost| cost.seconds.iter().map(|seconds| seconds * 1e9).collect(),
    },
    BuildQuantity {
        name: "dependencies",
        unit: Unit::Count,
        of: |cost| {
            cost.dependencies
                .iter()
                .map(|count| *count as f64)
                .collect()
        },
    },
    BuildQuantity {
        name: "stripped program",
        unit: Unit::Bytes,
        of: |cost| cost.bytes.iter().map(|bytes| *bytes as f64).collect(),
    },
];

/// The builds as a row: their rounds are compared like any others.
fn build_row(quantity: &BuildQuantity, costs: &[BuildCost]) -> Option<Row> {
    let result = |cost: &BuildCost| PeerResult {
        peer: cost.peer.clone(),
        samples: (quantity.of)(cost).into_iter().map(Some).collect(),
        histogram: Vec::new(),
        trouble: None,
    };
    (!costs.is_empty()).then(|| Row {
        group: "build".to_owned(),
        workload: quantity.name.to_owned(),
        workers: 0,
        quantity: match quantity.unit {
            Unit::Nanoseconds => TIME_PER_OPERATION.to_owned(),
            _ => quantity.name.to_owned(),
        },
        unit: quantity.unit,
        floor: None,
        results: costs.iter().map(result).collect(),
    })
}

#[cfg(test)]
mod tests;
