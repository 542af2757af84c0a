//! The checked-in counts: reading, writing and comparing them.

use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::path::Path;

/// By how much a count may be off, in either direction.
pub const TOLERANCE: f64 = 0.02;

/// A file of counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// The compiler that made the program; another one makes other instructions.
    pub compiler: String,
    /// What was counted.
    pub counts: Vec<Count>,
}

/// One count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Count {
    /// The subject's name.
    pub subject: String,
    /// Worker threads; 0 is the current-thread runtime.
    pub workers: usize,
    /// What is counted, per operation.
    pub quantity: Quantity,
    /// How many.
    pub value: f64,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Instructions of the processor.
    Instructions,
    /// Calls of the allocator that ask for memory.
    Allocations,
    /// Bytes that were asked for and not given back.
    Bytes,
}

impl Quantity {
    /// What the table calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::Allocations => "allocations",
            Self::Bytes => "bytes",
        }
    }
}

/// What two runs, of `fewer` and of `more` operations, say of one operation: what both share cancels out.
pub fn per_operation(fewer: (u64, i64), more: (u64, i64)) -> f64 {
    (more.1 - fewer.1) as f64 / (more.0 - fewer.0) as f64
}

/// Reads a file of counts; the error is a line for people.
pub fn read(path: &Path) -> Result<Counts, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    serde_json::from_str(&text)
        .map_err(|error| format!("{} is no file of counts: {error}", path.display()))
}

/// Writes a file of counts; the error is a line for people.
pub fn write(path: &Path, counts: &Counts) -> Result<(), String> {
    let mut text = serde_json::to_string_pretty(counts).map_err(|error| error.to_string())?;
    text.push('\n');
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Compares `now` with `before`: the differences as a table, empty if nothing is off.
///
/// A count that only one of them has is off too: a subject that was renamed or removed must not go unnoticed.
pub fn differences(before: &[Count], now: &[Count]) -> String {
    let mut rows = String::new();
    let mut row = |count: &Count, before: Option<f64>, now: Option<f64>, verdict: &str| {
        let show =
            |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.2}"));
        writeln!(
            rows,
            "| {} | {} | {} | {} | {} | {verdict} |",
            count.subject,
            super::workers(count.workers),
            count.quantity.name(),
            show(before),
            show(now),
        )
        .expect("a string takes it");
    };
    for count in now {
        match find(before, count) {
            None => row(count, None, Some(count.value), "not in the file"),
            Some(old) if is_off(old.value, count.value) => {
                let percent = (count.value / old.value - 1.0) * 100.0;
                let verdict = format!("{percent:+.1} %");
                row(count, Some(old.value), Some(count.value), &verdict);
            }
            Some(_) => {}
        }
    }
    for old in before.iter().filter(|old| find(now, old).is_none()) {
        row(old, Some(old.value), None, "no longer counted");
    }
    if rows.is_empty() {
        return rows;
    }
    format!(
        "| subject | workers | quantity | before | now | difference |\n\
         | --- | --- | --- | ---: | ---: | ---: |\n{rows}"
    )
}

fn find<'a>(counts: &'a [Count], like: &Count) -> Option<&'a Count> {
    counts.iter().find(|count| {
        count.subject == like.subject
            && count.workers == like.workers
            && count.quantity == like.quantity
    })
}

/// Whether `now` is further from `before` than the tolerance, of which a hundredth of an operation is always forgiven:
/// "no allocation" is a few blocks per hundred thousand operations.
fn is_off(before: f64, now: f64) -> bool {
    (now - before).abs() > (before.abs() * TOLERANCE).max(0.01)
}
