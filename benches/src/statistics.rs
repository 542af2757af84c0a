//! What samples say: medians, ratios to a reference, how sure they are, and the verdict.
//!
//! The machine's speed drifts, and all peers of a round drift with it. So peers are compared round by round: the ratio is
//! the median of the rounds' ratios, and its interval is the percentile bootstrap's (B. Efron and R. J. Tibshirani, *An
//! Introduction to the Bootstrap*, 1993, chapter 13): the rounds are drawn anew, with replacement, many times, and the
//! interval holds the middle 95 % of the medians that this gives. It assumes nothing about how the samples are spread.
//! The random numbers have a fixed seed: a record gives the same intervals whenever it is read.

use crate::peers;
use crate::record::{PeerResult, Record, Row};
use crate::workload::Unit;
use fastrand::Rng;

/// How often the rounds are drawn anew.
pub const RESAMPLES: usize = 2000;

/// The share of the resampled medians that an interval holds.
pub const CONFIDENCE: f64 = 0.95;

/// Fewer rounds decide nothing.
pub const FEWEST_ROUNDS: usize = 5;

/// Ratios from the one to the other are called the same: runs of one peer against itself differ by as much.
pub const SAME: (f64, f64) = (0.95, 1.05);

/// An estimate and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The median.
    pub median: f64,
    /// The interval's low end.
    pub low: f64,
    /// The interval's high end.
    pub high: f64,
    /// How many rounds it is from.
    pub rounds: usize,
}

/// What a ratio to the reference amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The whole interval is on the good side of 1.
    Better,
    /// The whole interval is on the bad side of 1.
    Worse,
    /// The whole interval is within [`SAME`].
    Same,
    /// The interval does not say, or there are too few rounds for one.
    Undecided,
}

impl Verdict {
    /// Its word in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Same => "the same",
            Self::Undecided => "undecided",
        }
    }
}

impl Estimate {
    /// What the ratio amounts to for a quantity in `unit`. Close to 1 is the same, though it may be surely beside it.
    pub fn verdict(&self, unit: Unit) -> Verdict {
        if self.rounds < FEWEST_ROUNDS {
            return Verdict::Undecided;
        }
        if SAME.0 <= self.low && self.high <= SAME.1 {
            return Verdict::Same;
        }
        match (self.high < 1.0, self.low > 1.0, unit.more_is_better()) {
            (true, _, false) | (_, true, true) => Verdict::Better,
            (true, _, true) | (_, true, false) => Verdict::Worse,
            (false, false, _) => Verdict::Undecided,
        }
    }

    /// Whether the two intervals have something in common.
    pub fn agrees_with(&self, other: &Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// The median of a peer's samples; `None` if there are none.
pub fn peer_median(result: &PeerResult) -> Option<f64> {
    median(&mut present(&result.samples))
}

/// The median of the rounds' ratios of `of` to `to`, with its interval; `None` if no round has both.
pub fn ratio(of: &PeerResult, to: &PeerResult) -> Option<Estimate> {
    let ratios = ratios(of, to);
    let (low, high) = interval(|random| median(&mut draw(&ratios, random)))?;
    Some(Estimate {
        median: median(&mut ratios.clone())?,
        low,
        high,
        rounds: ratios.len(),
    })
}

/// The median over `rows` of their ratios of `of` to `to`, turned over where more is better, so that less than 1 is better
/// everywhere; its interval comes from drawing the rounds of each row anew. Rows of too few rounds are left out: `None` if
/// there are no others.
///
/// It is the median and not a mean, so that neither one extreme row nor one whose ratio is none or infinite makes it.
pub fn median_of_rows<'a>(
    rows: impl Iterator<Item = &'a Row>,
    of: &str,
    to: &str,
) -> Option<Estimate> {
    let rows: Vec<Vec<f64>> = rows
        .filter_map(|row| {
            let (of, to) = (find(row, of)?, find(row, to)?);
            Some(match row.unit.more_is_better() {
                true => ratios(to, of),
                false => ratios(of, to),
            })
        })
        .filter(|ratios| ratios.len() >= FEWEST_ROUNDS)
        .collect();
    let middle = |each: &mut dyn FnMut(&[f64]) -> Option<f64>| {
        let mut medians: Vec<f64> = rows.iter().filter_map(|row| each(row)).collect();
        median(&mut medians)
    };
    let (low, high) = interval(|random| middle(&mut |ratios| median(&mut draw(ratios, random))))?;
    Some(Estimate {
        median: middle(&mut |ratios| median(&mut ratios.to_vec()))?,
        low,
        high,
        rounds: rows.iter().map(Vec::len).min()?,
    })
}

/// The median of `new` by that of `old`, two runs' samples of one peer, which share no rounds.
pub fn change(old: &PeerResult, new: &PeerResult) -> Option<Estimate> {
    let (old, new) = (present(&old.samples), present(&new.samples));
    change_of(&old, &new)
}

/// The same for the rounds' ratios of a peer to a reference: each argument is the peer's and the reference's samples.
pub fn change_of_ratio(
    old: (&PeerResult, &PeerResult),
    new: (&PeerResult, &PeerResult),
) -> Option<Estimate> {
    change_of(&ratios(old.0, old.1), &ratios(new.0, new.1))
}

fn change_of(old: &[f64], new: &[f64]) -> Option<Estimate> {
    let of = |old: &mut [f64], new: &mut [f64]| quotient(median(new)?, median(old)?);
    let (low, high) = interval(|random| of(&mut draw(old, random), &mut draw(new, random)))?;
    Some(Estimate {
        median: of(&mut old.to_vec(), &mut new.to_vec())?,
        low,
        high,
        rounds: old.len().min(new.len()),
    })
}

/// The peer that the others are compared with: tokio if it is there, otherwise the first.
pub fn reference(row: &Row) -> Option<&PeerResult> {
    find(row, "tokio").or(row.results.first())
}

/// The peer whose ratio tables show: somebody's own if there is one, leno if there is none, otherwise the first that is not
/// the reference.
pub fn subject(row: &Row) -> Option<&PeerResult> {
    let reference = reference(row)?;
    let others = || {
        let results = row.results.iter();
        results.filter(|result| result.peer != reference.peer)
    };
    let own = others().find(|result| !peers::NAMES.contains(&result.peer.as_str()));
    let leno = || others().find(|result| result.peer == "leno");
    own.or_else(leno).or_else(|| others().next())
}

/// The [`subject`] of the row that knows most peers.
pub fn subject_of(record: &Record) -> Option<&str> {
    let fullest = record.rows.iter().rev().max_by_key(|row| row.results.len());
    fullest
        .and_then(subject)
        .map(|subject| subject.peer.as_str())
}

/// Whose ratio to whom is shown: that of `peer`, or of the [`subject`], to the [`reference()`]. Where `peer` is the reference
/// itself, it is compared with the subject. `None` if there are no two.
pub fn roles<'a>(row: &'a Row, peer: Option<&str>) -> Option<(&'a PeerResult, &'a PeerResult)> {
    let (reference, subject) = (reference(row)?, subject(row)?);
    match peer {
        None => Some((subject, reference)),
        Some(peer) if peer == reference.peer => Some((reference, subject)),
        Some(peer) => Some((find(row, peer)?, reference)),
    }
}

/// What the peer did in that row.
pub fn find<'a>(row: &'a Row, peer: &str) -> Option<&'a PeerResult> {
    row.results.iter().find(|result| result.peer == peer)
}

fn present(samples: &[Option<f64>]) -> Vec<f64> {
    samples.iter().copied().flatten().collect()
}

/// One for each round that both have.
fn ratios(of: &PeerResult, to: &PeerResult) -> Vec<f64> {
    let rounds = of.samples.iter().zip(&to.samples);
    rounds
        .filter_map(|(of, to)| quotient((*of)?, (*to)?))
        .collect()
}

/// Nothing by nothing is the same; something by nothing is infinitely more. What is below nothing has no ratio.
fn quotient(of: f64, to: f64) -> Option<f64> {
    if !(of >= 0.0 && to >= 0.0) || of.is_infinite() && to.is_infinite() {
        None
    } else if of == to {
        Some(1.0)
    } else {
        Some(of / to)
    }
}

/// Two values in the middle are halved between; the values are left in another order.
pub(crate) fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    let even = values.len() % 2 == 0;
    if values.is_empty() {
        return None;
    }
    let (below, high, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let high = *high;
    if !even {
        return Some(high);
    }
    let low = below.iter().copied().max_by(f64::total_cmp)?;
    // Halves first: the sum of the two might overflow.
    Some(low / 2.0 + high / 2.0)
}

fn draw(values: &[f64], random: &mut Rng) -> Vec<f64> {
    let mut drawn = values.to_vec();
    for value in &mut drawn {
        *value = values[random.usize(..values.len())];
    }
    drawn
}

/// The middle [`CONFIDENCE`] of what `again` gives; `None` if it gives nothing.
fn interval(mut again: impl FnMut(&mut Rng) -> Option<f64>) -> Option<(f64, f64)> {
    let mut random = Rng::with_seed(0x1e_40);
    let mut estimates: Vec<f64> = (0..RESAMPLES).filter_map(|_| again(&mut random)).collect();
    estimates.sort_unstable_by(f64::total_cmp);
    let last = estimates.len().checked_sub(1)?;
    let beside = (1.0 - CONFIDENCE) / 2.0 * estimates.len() as f64;
    let beside = (beside as usize).min(last / 2);
    Some((estimates[beside], estimates[last - beside]))
}

#[cfg(test)]
mod tests;
