//! A failure, told.

use crate::cause::{Called, Named, Why};
use crate::check::failure_of;
use crate::program::{Ended, Failure};
use crate::run::Run;
use crate::settings::{Settings, Wording};
use crate::trace::shown;
use std::fmt::{Display, Write};
use std::ops::Range;
use std::path::Path;

/// `number` with a comma between each three digits.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at != 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `seed`, as one of `seeds`. Whoever takes all that there are has set another limit.
pub(crate) fn of_seeds(seed: u64, seeds: &Range<u64>) -> String {
    match (seeds.start, seeds.end) {
        (_, u64::MAX) => grouped(seed),
        (0, end) => format!("{} of {}", grouped(seed), grouped(end)),
        (start, end) => format!("{} of {}..{}", grouped(seed), grouped(start), grouped(end)),
    }
}

/// Nanoseconds, in the unit that they are read in.
pub(crate) fn moment(nanoseconds: u64) -> String {
    let (unit, name) = match nanoseconds {
        0..10_000 => return format!("{} ns", grouped(nanoseconds)),
        10_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    let (whole, part) = (nanoseconds / unit, nanoseconds % unit * 1000 / unit);
    match format!("{part:03}").trim_end_matches('0') {
        "" => format!("{} {name}", grouped(whole)),
        part => format!("{}.{part} {name}", grouped(whole)),
    }
}

/// `1 run`, `2 runs`.
pub(crate) fn counted(count: u64, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {what}{ending}", grouped(count))
}

/// How many decisions are shown, if they could not be made few.
const SHOWN: usize = 20;

/// What is told of a failure that repeats.
pub(crate) struct Told<'a> {
    pub(crate) settings: &'a Settings,
    /// Which seed found it, of how many, and how.
    pub(crate) found_by: String,
    /// The failure as the told run had it.
    pub(crate) failure: &'a Failure,
    /// How many answers were not calm in the run that was found.
    pub(crate) from: u64,
    pub(crate) why: &'a [Why],
    /// Runs that shrinking took, if there was any.
    pub(crate) shrunk_in: Option<u64>,
    /// What the calm run came to, if it was made.
    pub(crate) calm: Option<&'a Ended>,
    pub(crate) trace: Result<&'a Path, String>,
    /// Lines that stand before all else.
    pub(crate) notes: &'a [String],
}

impl Told<'_> {
    /// The report, with the steps that `run` noted.
    pub(crate) fn text(&self, run: &Run) -> String {
        let mut text = String::new();
        self.head(run, &mut text);
        self.differs(&mut text);
        indented(&mut text, "", &self.failure.details);
        let steps: Vec<&str> = run.notes().collect();
        indented(&mut text, "the last steps", &steps.join("\n"));
        self.tail(&mut text);
        text
    }

    fn head(&self, run: &Run, text: &mut String) {
        let Failure { kind, .. } = self.failure;
        let when = moment(run.now());
        let test = &self.settings.test;
        say(
            text,
            format_args!("{test}: {kind} at {when}, {}", self.found_by),
        );
        match self.shrunk_in {
            Some(runs) if self.calm_is_it() => {
                say(
                    text,
                    format_args!(", no decision is needed ({})", counted(runs, "run")),
                );
            }
            Some(runs) => {
                let from = counted(self.from, "decision");
                let to = grouped(self.why.len() as u64);
                say(
                    text,
                    format_args!(", shrunk from {from} to {to} in {}", counted(runs, "run")),
                );
            }
            None => {}
        }
        text.push('\n');
        for note in self.notes {
            indented(text, "", note);
        }
        let place = self.failure.place.as_ref();
        let place = place.map_or_else(String::new, |place| format!(" ({place})"));
        indented(text, "", &format!("{}{place}", self.failure.message));
    }

    fn calm_is_it(&self) -> bool {
        let print = |ended| failure_of(ended).map(Failure::fingerprint);
        self.why.is_empty()
            && self
                .calm
                .is_some_and(|calm| print(calm) == Some(self.failure.fingerprint()))
    }

    fn differs(&self, text: &mut String) {
        let lead = match self.calm {
            Some(_) if self.calm_is_it() => {
                return indented(
                    text,
                    "",
                    "the calm run fails: first come, first served, and nobody is held up",
                );
            }
            Some(Ended::Passed) => "the calm run passes. This one differs in".to_owned(),
            Some(Ended::Failed(other)) => format!(
                "the calm run fails with something else: {} {}. This one differs in",
                other.kind, other.message
            ),
            None if self.why.is_empty() => return,
            None => "this run differs from the calm one in".to_owned(),
        };
        say(text, format_args!("  {lead}\n"));
        for (number, why) in (1..).zip(self.why).take(SHOWN) {
            let why = why.to_string();
            let why = with_root(&why, &self.settings.wording);
            say(text, format_args!("  {number:>3}  {why}\n"));
        }
        if let Some(more @ 1..) = self.why.len().checked_sub(SHOWN) {
            let more = grouped(more as u64);
            indented(
                text,
                "",
                &format!("  … and {more} more, which the trace has"),
            );
        }
    }

    fn tail(&self, text: &mut String) {
        let Wording { again, keep, .. } = &self.settings.wording;
        match &self.trace {
            Err(error) => indented(
                text,
                "",
                &format!("the trace could not be written: {error}"),
            ),
            Ok(trace) => {
                for (lead, wording) in [("run it again:", again), ("keep it:", keep)] {
                    if !wording.is_empty() {
                        let line = wording
                            .replace("{trace}", &shown(trace).display().to_string())
                            .replace("{test}", &self.settings.test);
                        say(text, format_args!("  {lead:14} {line}\n"));
                    }
                }
            }
        }
    }
}

/// `text`, with the root called as `wording` has it.
fn with_root(text: &str, wording: &Wording) -> String {
    let called = Called(&Default::default(), &Named::default()).to_string();
    text.replace(&called, &wording.root)
}

/// Appends; a `String` takes all.
fn say(text: &mut String, what: impl Display) {
    let _ = write!(text, "{what}");
}

/// Appends `block` line by line, under a heading if there is one; nothing if it is empty.
pub(crate) fn indented(text: &mut String, heading: &str, block: &str) {
    if block.trim().is_empty() {
        return;
    }
    let deeper = if heading.is_empty() {
        ""
    } else {
        say(text, format_args!("  {heading}\n"));
        "  "
    };
    for line in block.lines() {
        say(
            text,
            format_args!("{}\n", format!("  {deeper}{line}").trim_end()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_easily() {
        let numbers = [0, 999, 1000, 18_231, 1_234_567].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "18,231", "1,234,567"]);
        let moments = [
            0,
            9_999,
            12_400,
            12_400_000,
            12_004_000_000,
            3_600_000_000_000,
        ];
        assert_eq!(
            moments.map(moment),
            [
                "0 ns", "9,999 ns", "12.4 µs", "12.4 ms", "12.004 s", "3,600 s"
            ]
        );
    }
}
