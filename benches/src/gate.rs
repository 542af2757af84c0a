//! The gate for changes: shapes of load in which a runtime that hangs, or loses a wake, or lets somebody starve, is many times
//! slower than another one, on any machine.
//!
//! It is no comparison. Both runtimes take turns on the same machine, so what slows it slows both, and the limit is so far off that
//! noise does not reach it: a row has failed if its ratio is above [`LIMIT`] twice, measured anew the second time.

use crate::record::{PeerResult, Row, Trouble};
use crate::statistics;
use crate::workload::Unit;
use std::fmt::Write;

/// The shapes, by the names of their workloads: connections, timers, channels, blockers, churn, and who could starve.
pub const SHAPES: &[&str] = &[
    "TCP echo, 50 connections",
    "10k sleeps due within 100 ms",
    "mpsc bounded 128, 4P1C",
    "w blockers among 10k timers",
    "spawn+join from outside, batches of 1000",
    "woken by a task that stays busy",
    "ping-pong pair must not starve others",
];

/// So many times the other's figure is too much.
pub const LIMIT: f64 = 5.0;

/// A tail that is shorter than this, in nanoseconds, is left to comparisons: so much is a turn of the system's scheduler.
const TAIL: f64 = 10e6;

/// What became of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Judged {
    /// The ratio, which is within the limit.
    Passed(f64),
    /// The ratio, which is not.
    TooSlow(f64),
    /// It did not end, or failed: in these words.
    Failed(String),
    /// There is nothing to compare with, or the quantity is none of time.
    NotJudged,
}

/// Judges the row of `peer` beside that of `reference`.
pub fn judge(row: &Row, peer: &str, reference: &str) -> Judged {
    let of = |name: &str| statistics::find(row, name);
    let Some(result) = of(peer) else {
        return Judged::NotJudged;
    };
    match &result.trouble {
        None | Some(Trouble::NotOffered | Trouble::NotInstalled(_)) => {}
        Some(Trouble::Deadline(seconds)) => {
            return Judged::Failed(format!("it did not end within {seconds} s"));
        }
        Some(Trouble::Failed(line)) => return Judged::Failed(line.clone()),
    }
    let is_short = row.quantity.starts_with("p99")
        && statistics::peer_median(result).is_some_and(|median| median < TAIL);
    match of(reference).and_then(|reference| slower(row.unit, result, reference)) {
        Some(ratio) if ratio > LIMIT && !is_short => Judged::TooSlow(ratio),
        Some(ratio) => Judged::Passed(ratio),
        None => Judged::NotJudged,
    }
}

/// How many times slower it is, if the unit is one of time.
fn slower(unit: Unit, result: &PeerResult, reference: &PeerResult) -> Option<f64> {
    let ratio = match unit {
        Unit::Nanoseconds => statistics::ratio(result, reference)?,
        Unit::PerSecond => statistics::ratio(reference, result)?,
        Unit::Bytes | Unit::Count | Unit::Percent => return None,
    };
    Some(ratio.median)
}

/// A line for people.
pub fn line(row: &Row, judged: &Judged) -> String {
    let mut line = format!(
        "{}, {} workers, {}: ",
        row.workload, row.workers, row.quantity
    );
    let _ = match judged {
        Judged::Passed(ratio) => write!(line, "{ratio:.2} times the other's, passed"),
        Judged::TooSlow(ratio) => write!(line, "{ratio:.2} times the other's, TOO SLOW"),
        Judged::Failed(why) => write!(line, "FAILED: {why}"),
        Judged::NotJudged => write!(line, "not judged"),
    };
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(unit: Unit, leno: (&[f64], Option<Trouble>), tokio: &[f64]) -> Row {
        let result = |peer: &str, samples: &[f64], trouble| PeerResult {
            peer: peer.to_owned(),
            samples: samples.iter().copied().map(Some).collect(),
            histogram: Vec::new(),
            trouble,
        };
        Row {
            group: "group".to_owned(),
            workload: "workload".to_owned(),
            workers: 2,
            quantity: "quantity".to_owned(),
            unit,
            floor: None,
            results: vec![result("leno", leno.0, leno.1), result("tokio", tokio, None)],
        }
    }

    fn judged(unit: Unit, leno: &[f64], tokio: &[f64]) -> Judged {
        judge(&row(unit, (leno, None), tokio), "leno", "tokio")
    }

    #[test]
    fn what_is_many_times_slower_fails() {
        let slow = judged(Unit::Nanoseconds, &[60.0, 70.0, 600.0], &[10.0, 10.0, 10.0]);
        assert_eq!(slow, Judged::TooSlow(7.0));
        let few = judged(Unit::PerSecond, &[1.0, 1.0, 1.0], &[7.0, 7.0, 7.0]);
        assert_eq!(few, Judged::TooSlow(7.0));
    }

    #[test]
    fn noise_passes() {
        // One round of three may be anything.
        let noisy = judged(Unit::Nanoseconds, &[9.0, 20.0, 900.0], &[10.0, 10.0, 10.0]);
        assert_eq!(noisy, Judged::Passed(2.0));
        let fast = judged(Unit::PerSecond, &[10.0; 3], &[5.0; 3]);
        assert_eq!(fast, Judged::Passed(0.5));
    }

    #[test]
    fn of_a_tail_only_what_is_long_counts() {
        let tail = |leno: f64| {
            let mut row = row(Unit::Nanoseconds, (&[leno; 3], None), &[1e6; 3]);
            row.quantity = "p99 latency".to_owned();
            judge(&row, "leno", "tokio")
        };
        assert_eq!(tail(9e6), Judged::Passed(9.0));
        assert_eq!(tail(20e6), Judged::TooSlow(20.0));
    }

    #[test]
    fn what_does_not_end_fails_whatever_the_other_does() {
        let hangs = row(Unit::Nanoseconds, (&[], Some(Trouble::Deadline(60))), &[]);
        let judged = judge(&hangs, "leno", "tokio");
        assert_eq!(
            judged,
            Judged::Failed("it did not end within 60 s".to_owned())
        );
        assert!(line(&hangs, &judged).contains("FAILED"));
    }

    #[test]
    fn what_is_not_time_or_has_no_counterpart_is_not_judged() {
        assert_eq!(judged(Unit::Bytes, &[600.0], &[1.0]), Judged::NotJudged);
        assert_eq!(judged(Unit::Nanoseconds, &[600.0], &[]), Judged::NotJudged);
    }
}
