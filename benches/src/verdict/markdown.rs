//! The verdicts as Markdown: one table of all uses, then each with its rows and its doubt.

use super::tally::{AGAINST_ONE, FEWEST_ROWS, SHARE};
use super::{Choice, Line, Outcome, Pair, UseVerdict, verdicts};
use crate::record::Record;
use crate::statistics::FEWEST_ROUNDS;
use crate::table::{interval, layout};
use std::fmt::Write;

/// The verdict of each use that the record has a row of; `peer` comes first, or the record's subject if it is not said.
pub fn markdown(record: &Record, peer: Option<&str>) -> String {
    let all = verdicts(record, peer);
    let mut text = "## Which runtime to take\n\n".to_owned();
    let (measured, unmeasured): (Vec<_>, Vec<_>) =
        all.iter().partition(|verdict| !verdict.lines.is_empty());
    if measured.is_empty() {
        text += "No verdict: the record has no row that one rests on. `versus list` names them.\n";
        return text;
    }
    text += &summary(&measured);
    text.push('\n');
    if let Some(not) = not_measured(&unmeasured) {
        let _ = writeln!(text, "{not}\n");
    }
    text += &legend(record);
    for verdict in measured {
        text += &one_use(verdict);
    }
    text
}

/// A line a use, the subject's ratios first.
fn summary(all: &[&UseVerdict<'_>]) -> String {
    let columns = columns(all);
    let names: Vec<String> = columns
        .iter()
        .map(|(of, to)| format!("{of}/{to}"))
        .collect();
    let mut head = vec!["use", "verdict"];
    head.extend(names.iter().map(String::as_str));
    head.push("doubts");
    let body: Vec<Vec<String>> = all
        .iter()
        .map(|verdict| {
            let mut cells = vec![verdict.of.name.to_owned(), verdict.told()];
            cells.extend(columns.iter().map(|column| verdict.in_short(*column)));
            cells.push(verdict.doubts().len().to_string());
            cells
        })
        .collect();
    layout(&head, &body)
}

/// The subject beside each other runtime: the pairs that a table of all uses has.
pub(crate) fn columns<'a>(all: &[&UseVerdict<'a>]) -> Vec<(&'a str, &'a str)> {
    let mut columns = Vec::new();
    let subject = all.iter().find_map(|verdict| verdict.peers.first());
    for pair in all.iter().flat_map(|verdict| &verdict.pairs) {
        let column = (pair.of, pair.to);
        if Some(&pair.of) == subject && !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

/// "better on 20 of 26, median 0.45 [0.43–0.47]".
fn in_short(pair: &Pair<'_>) -> String {
    let tally = &pair.tally;
    let median = pair.median.map_or(String::new(), |median| {
        format!(", median {}", interval(&median))
    });
    let rows = match pair.outcome {
        Outcome::Better => format!(" on {} of {}", tally.better, tally.compared()),
        Outcome::Worse => format!(" on {} of {}", tally.worse, tally.compared()),
        Outcome::Same => format!(" on {} of {}", tally.same, tally.compared()),
        Outcome::Contradictory => {
            format!(": better on {}, worse on {}", tally.better, tally.worse)
        }
        Outcome::Undecided => format!(" on {} of {}", tally.undecided, tally.compared()),
        Outcome::NotCompared => String::new(),
    };
    format!("{}{rows}{median}", pair.outcome.word())
}

/// "Not measured: timers, build (`versus build-cost --into` adds it)."
fn not_measured(unmeasured: &[&UseVerdict<'_>]) -> Option<String> {
    let names: Vec<&str> = unmeasured.iter().map(|verdict| verdict.of.name).collect();
    let build = match names.contains(&"build") {
        true => " `versus build-cost --into RECORD` adds the build.",
        false => "",
    };
    (!names.is_empty()).then(|| format!("Not measured: {}.{build}", names.join(", ")))
}

/// How a verdict is reached, and what holds for all of them.
pub(crate) fn legend(record: &Record) -> String {
    let mut text = format!(
        "A peer is better than another on a use if {FEWEST_ROWS} rows at least say so, of {SHARE} rows one or more, and \
         {AGAINST_ONE} times as many as say the opposite; who is better than every other is to be taken. The median is that of the rows' ratios, turned over where \
         more is better, so that less than 1 is better. Rows whose interval includes 1, and rows of fewer than {FEWEST_ROUNDS} \
         rounds, decide nothing. Rows count alike, and those of one workload hang together; all of it holds for this machine \
         and these versions."
    );
    if record.environment.flags.starts_with("opt-level 0") {
        text += " The program was built without optimisation: its figures mean nothing.";
    }
    if record.quick {
        text += " This was a quick run: its figures are rough.";
    }
    if record.interrupted {
        text += " The run was interrupted: what it had measured by then is here.";
    }
    text.push('\n');
    text
}

fn one_use(verdict: &UseVerdict<'_>) -> String {
    let mut text = format!("\n### {}\n\n", verdict.of.name);
    let _ = writeln!(text, "{}\n", verdict.of.meant);
    let _ = writeln!(text, "**Verdict: {}.**\n", verdict.told());
    for pair in verdict.shown() {
        let _ = writeln!(text, "- {}.", pair.told());
    }
    for doubt in verdict.doubts() {
        let _ = writeln!(text, "- Doubt: {doubt}.");
    }
    if verdict.peers.len() > 1 {
        text.push('\n');
        text += &rows(verdict);
    }
    text
}

/// The rows that it rests on.
fn rows(verdict: &UseVerdict<'_>) -> String {
    let names: Vec<String> = verdict
        .shown()
        .map(|pair| format!("{}/{}", pair.of, pair.to))
        .collect();
    let mut head = vec!["row"];
    for name in &names {
        head.extend([name.as_str(), "verdict"]);
    }
    let cells = |(place, line): (usize, &Line<'_>)| {
        let mut cells = vec![line.name.clone()];
        for pair in verdict.shown() {
            let ratio = pair.ratios[place];
            cells.push(ratio.map_or("–".to_owned(), |ratio| interval(&ratio)));
            let verdict = ratio.map(|ratio| ratio.verdict(line.row.unit).word());
            cells.push(verdict.unwrap_or("–").to_owned());
        }
        cells
    };
    let body: Vec<Vec<String>> = verdict.lines.iter().enumerate().map(cells).collect();
    layout(&head, &body)
}

impl Pair<'_> {
    /// "leno/tokio: better; of 26 rows 20 better, 6 undecided; median of the rows 0.45 [0.43–0.47]".
    pub fn told(&self) -> String {
        let median = self.median.map_or(String::new(), |median| {
            format!("; median of the rows {}", interval(&median))
        });
        let (of, to, word) = (self.of, self.to, self.outcome.word());
        match self.outcome {
            Outcome::NotCompared => format!("{of}/{to}: {word}"),
            _ => format!("{of}/{to}: {word}; {}{median}", self.tally.told()),
        }
    }
}

impl UseVerdict<'_> {
    /// What the use's rows say of two of its runtimes, as a table of all uses has it.
    pub(crate) fn in_short(&self, (of, to): (&str, &str)) -> String {
        let mut pairs = self.pairs.iter();
        let pair = pairs.find(|pair| (pair.of, pair.to) == (of, to));
        pair.map_or("–".to_owned(), in_short)
    }

    /// Who is to be taken, in a few words: "take leno".
    pub fn told(&self) -> String {
        match &self.choice {
            Choice::Take(one) => format!("take {one}"),
            Choice::Any(some) => format!("take {}", joined(some, "or")),
            Choice::Undecided(some) if self.too_few_rounds() => format!(
                "not decided between {}: verdicts need {FEWEST_ROUNDS} rounds at least",
                joined(some, "and")
            ),
            Choice::Undecided(some) => format!("not decided between {}", joined(some, "and")),
            Choice::Contradictory(some) => format!(
                "it depends: the rows contradict each other about {}",
                joined(some, "and")
            ),
            Choice::Alone(one) => format!("only {one} was measured"),
            Choice::NotMeasured => "not measured".to_owned(),
        }
    }
}

/// "leno, tokio or smol".
fn joined(names: &[&str], word: &str) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}
