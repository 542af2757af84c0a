//! Two runs compared: what became slower, and whether they agree.
//!
//! A peer's own median changes with the machine's mood; its ratio to the reference, measured in the same minutes, does so
//! much less. So where both runs have the reference, it is the ratio's change that decides, and the median's where not.

use crate::record::{PeerResult, Record, Row, Trouble};
use crate::statistics::{self, Estimate, FEWEST_ROUNDS, Verdict};
use crate::table::{interval, layout, told};
use crate::units::{human, with_workers, workers};
use crate::workload::Unit;
use std::fmt::Write;

/// What came of a comparison.
#[derive(Debug)]
pub struct Difference {
    /// For people: a table and a summary.
    pub text: String,
    /// How many rows became worse by more than the limit.
    pub regressions: usize,
}

/// One row that is in both records, for one peer.
struct Pair<'a> {
    old: &'a Row,
    new: &'a Row,
    peer: (&'a PeerResult, &'a PeerResult),
    /// The peer's ratio to the reference in each run.
    ratios: Option<(Estimate, Estimate)>,
    /// The new median by the old.
    change: Option<Estimate>,
    /// The new ratio by the old.
    change_of_ratio: Option<Estimate>,
}

/// Compares what `peer` (the old record's subject if it is not said) did in two runs; it may become worse by `limit`, 0.05 being 5 %.
///
/// The error is a line for people.
pub fn compare(
    old: &Record,
    new: &Record,
    peer: Option<&str>,
    limit: f64,
) -> Result<Difference, String> {
    let peer = peer
        .or_else(|| statistics::subject_of(old))
        .unwrap_or("leno");
    for (record, which) in [(old, "old"), (new, "new")] {
        let rows = record.rows.iter();
        let mut names: Vec<&str> = Vec::new();
        for result in rows.flat_map(|row| &row.results) {
            if !names.contains(&result.peer.as_str()) {
                names.push(&result.peer);
            }
        }
        if !names.contains(&peer) {
            let names = names.join(", ");
            return Err(format!(
                "the {which} record has no peer {peer:?}; it has: {names}"
            ));
        }
    }
    let pairs: Vec<Pair<'_>> = old
        .rows
        .iter()
        .filter_map(|row| Pair::new(row, new.rows.iter().find(|new| same_row(row, new))?, peer))
        .collect();
    if pairs.is_empty() {
        return Err("the two records have no row in common".to_owned());
    }
    let regressed: Vec<&Pair<'_>> = pairs.iter().filter(|pair| pair.regressed(limit)).collect();
    let mut text = table(&pairs, peer, limit);
    text.push('\n');
    if old.quick != new.quick {
        text += "One of the runs was a quick one: they did not do the same.\n";
    }
    let (before, after) = (&old.environment.processor, &new.environment.processor);
    if before != after {
        let _ = writeln!(
            text,
            "They ran on different machines: {before} and {after}."
        );
    }
    let missing = |from: &Record, of: &Record| {
        let rows = of.rows.iter();
        let absent = rows.filter(|row| !from.rows.iter().any(|other| same_row(row, other)));
        absent.count()
    };
    for (count, which) in [(missing(new, old), "old"), (missing(old, new), "new")] {
        if count > 0 {
            let _ = writeln!(text, "Only in the {which} record: {}.", rows(count));
        }
    }
    text += &agreement(&pairs);
    for pair in &regressed {
        let _ = writeln!(text, "Worse: {}.", pair.told());
    }
    let percent = limit * 100.0;
    let _ = match regressed.len() {
        0 => writeln!(text, "No row is worse by more than {percent} %."),
        1 => writeln!(text, "1 row is worse by more than {percent} %."),
        count => writeln!(text, "{count} rows are worse by more than {percent} %."),
    };
    Ok(Difference {
        text,
        regressions: regressed.len(),
    })
}

fn same_row(one: &Row, other: &Row) -> bool {
    let key = |row: &Row| (row.workers, row.unit);
    key(one) == key(other)
        && one.workload == other.workload
        && one.quantity == other.quantity
        && one.group == other.group
}

fn rows(count: usize) -> String {
    match count {
        1 => "1 row".to_owned(),
        count => format!("{count} rows"),
    }
}

/// Which rows' ratio intervals have nothing in common, and how many have.
fn agreement(pairs: &[Pair<'_>]) -> String {
    let mut text = String::new();
    let (mut agree, mut of) = (0, 0);
    for pair in pairs {
        let Some((old, new)) = pair.ratios else {
            continue;
        };
        of += 1;
        if old.agrees_with(&new) {
            agree += 1;
        } else {
            let (name, old, new) = (pair.name(), interval(&old), interval(&new));
            let _ = writeln!(text, "Disagree: {name}: {old} and {new}.");
        }
    }
    let _ = match of {
        0 => writeln!(
            text,
            "No row has ratios of {FEWEST_ROUNDS} rounds or more in both records."
        ),
        of => writeln!(text, "{agree} of {of} rows agree within their intervals."),
    };
    text
}

fn table(pairs: &[Pair<'_>], peer: &str, limit: f64) -> String {
    let (of_old, of_new) = (format!("{peer}, old"), format!("{peer}, new"));
    let reference = pairs.iter().find_map(|pair| pair.reference());
    let to = reference.map_or("reference", |(old, _)| &old.peer);
    let (to_old, to_new) = (format!("{peer}/{to}, old"), format!("{peer}/{to}, new"));
    let head = [
        "workload", "workers", "quantity", &of_old, &of_new, "change", &to_old, &to_new, "change",
        "agree", "verdict",
    ];
    let dash = || "–".to_owned();
    let body: Vec<Vec<String>> = pairs
        .iter()
        .map(|pair| {
            let figure = |result: &PeerResult| match statistics::peer_median(result) {
                Some(median) => human(median, pair.old.unit),
                None => dash(),
            };
            let change = |estimate: Option<Estimate>| estimate.map_or(dash(), |e| interval(&e));
            let ratios = pair
                .ratios
                .map(|(old, new)| (interval(&old), interval(&new)));
            let (old_ratio, new_ratio) = ratios.unwrap_or((dash(), dash()));
            vec![
                pair.old.workload.clone(),
                workers(pair.old.workers),
                pair.old.quantity.clone(),
                figure(pair.peer.0),
                figure(pair.peer.1),
                change(pair.change),
                old_ratio,
                new_ratio,
                change(pair.change_of_ratio),
                match pair.ratios {
                    Some((old, new)) if old.agrees_with(&new) => "yes".to_owned(),
                    Some(_) => "no".to_owned(),
                    None => dash(),
                },
                pair.verdict(limit).to_owned(),
            ]
        })
        .collect();
    layout(&head, &body)
}

impl<'a> Pair<'a> {
    fn new(old: &'a Row, new: &'a Row, peer: &str) -> Option<Self> {
        let both = (statistics::find(old, peer)?, statistics::find(new, peer)?);
        let mut pair = Self {
            old,
            new,
            peer: both,
            ratios: None,
            change: statistics::change(both.0, both.1),
            change_of_ratio: None,
        };
        if let Some(to) = pair.reference() {
            let ratios = (
                statistics::ratio(both.0, to.0),
                statistics::ratio(both.1, to.1),
            );
            if let (Some(old), Some(new)) = ratios {
                // The interval of a few rounds is no reason to speak of agreement, or of its lack.
                let enough = old.rounds.min(new.rounds) >= FEWEST_ROUNDS;
                pair.ratios = enough.then_some((old, new));
                pair.change_of_ratio = statistics::change_of_ratio((both.0, to.0), (both.1, to.1));
            }
        }
        Some(pair)
    }

    /// The reference's results, if both runs have it and it is another peer.
    fn reference(&self) -> Option<(&'a PeerResult, &'a PeerResult)> {
        let old = statistics::reference(self.old)?;
        let new = statistics::find(self.new, &old.peer)?;
        (old.peer != self.peer.0.peer).then_some((old, new))
    }

    /// How it was before and does not any more.
    fn broke(&self) -> Option<&Trouble> {
        let had = self.peer.0.trouble.is_none() && statistics::peer_median(self.peer.0).is_some();
        let trouble = self.peer.1.trouble.as_ref().filter(|_| had)?;
        matches!(trouble, Trouble::Deadline(_) | Trouble::Failed(_)).then_some(trouble)
    }

    /// The change that decides, as a factor by which it became worse: its least, its median.
    fn worse_by(&self, estimate: Estimate) -> (f64, f64) {
        match self.old.unit.more_is_better() {
            true => (1.0 / estimate.high, 1.0 / estimate.median),
            false => (estimate.low, estimate.median),
        }
    }

    /// Whether it is worse by more than the limit, and surely worse at all.
    fn regressed(&self, limit: f64) -> bool {
        if self.broke().is_some() {
            return true;
        }
        self.deciding().is_some_and(|estimate| {
            let (least, median) = self.worse_by(estimate);
            estimate.rounds >= FEWEST_ROUNDS && least > 1.0 && median > 1.0 + limit
        })
    }

    fn deciding(&self) -> Option<Estimate> {
        self.change_of_ratio.or(self.change)
    }

    fn verdict(&self, limit: f64) -> &'static str {
        let Some(estimate) = self.deciding() else {
            return if self.broke().is_some() {
                Verdict::Worse.word()
            } else {
                "–"
            };
        };
        if self.regressed(limit) {
            return Verdict::Worse.word();
        }
        // The other way round by the same measure.
        let (high, median) = match self.old.unit.more_is_better() {
            true => (1.0 / estimate.low, 1.0 / estimate.median),
            false => (estimate.high, estimate.median),
        };
        let enough = estimate.rounds >= FEWEST_ROUNDS;
        if enough && high < 1.0 && median < 1.0 / (1.0 + limit) {
            return Verdict::Better.word();
        }
        match estimate.verdict(self.old.unit) {
            // It changed, but by no more than it may.
            Verdict::Better | Verdict::Worse => "within the limit",
            other => other.word(),
        }
    }

    fn name(&self) -> String {
        let with = with_workers(self.old.workers);
        format!("{}, {with}, {}", self.old.workload, self.old.quantity)
    }

    fn told(&self) -> String {
        if let Some(trouble) = self.broke() {
            return format!("{}: {}", self.name(), told(trouble));
        }
        let what = match self.change_of_ratio {
            Some(_) => "the ratio",
            None => "the median",
        };
        let by = self
            .deciding()
            .map_or("–".to_owned(), |estimate| interval(&estimate));
        let direction = match self.old.unit {
            Unit::PerSecond | Unit::Percent => "more is better",
            Unit::Nanoseconds | Unit::Bytes | Unit::Count => "less is better",
        };
        format!("{}: {what} changed by {by}, {direction}", self.name())
    }
}
