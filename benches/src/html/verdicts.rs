//! Which runtime to take for which use: a line each, and the rows that it rests on, folded away.

use super::format;
use crate::record::Record;
use crate::statistics::Estimate;
use crate::verdict::{self, Outcome, Pair, UseVerdict};
use maud::{Markup, html};

/// The section; nothing if the record has no row that a verdict rests on.
pub(super) fn verdicts(record: &Record, peer: Option<&str>) -> Markup {
    let all = verdict::verdicts(record, peer);
    let (measured, unmeasured): (Vec<_>, Vec<_>) =
        all.iter().partition(|verdict| !verdict.lines.is_empty());
    if measured.is_empty() {
        return html! {};
    }
    let names: Vec<&str> = unmeasured.iter().map(|verdict| verdict.of.name).collect();
    html! {
        section.verdicts {
            h2 { "Which runtime to take" }
            (summary(&measured))
            @if !names.is_empty() {
                p.hint { "Not measured: " (names.join(", ")) "." }
            }
            p.hint { (verdict::markdown::legend(record)) }
            @for verdict in measured { (one_use(verdict)) }
        }
    }
}

/// A line a use, the subject's ratios first.
fn summary(all: &[&UseVerdict<'_>]) -> Markup {
    let columns = verdict::markdown::columns(all);
    html! {
        div.wide-table {
            table.figures.flat {
                caption.unseen { "Uses, and which runtime to take for them" }
                thead {
                    tr {
                        th scope="col" { "use" }
                        th scope="col" { "verdict" }
                        @for (of, to) in &columns { th scope="col" { (of) " / " (to) } }
                    }
                }
                tbody {
                    @for verdict in all {
                        tr {
                            th scope="row" { (verdict.of.name) }
                            td { span.choice { (verdict.told()) } }
                            @for column in &columns { td { (verdict.in_short(*column)) } }
                        }
                    }
                }
            }
        }
    }
}

fn one_use(verdict: &UseVerdict<'_>) -> Markup {
    let doubts = verdict.doubts();
    html! {
        details.use {
            summary {
                b { (verdict.of.name) } ": rests on " (format::counted(verdict.lines.len(), "row"))
                @if !doubts.is_empty() { ", " (format::counted(doubts.len(), "doubt")) }
            }
            p.hint { (verdict.of.meant) }
            ul {
                @for pair in verdict.shown() { li { (pair.told()) "." } }
                @for doubt in doubts { li.doubt { b { "Doubt: " } (doubt) "." } }
            }
            @if verdict.peers.len() > 1 { div.wide-table { (rows(verdict)) } }
        }
    }
}

fn rows(verdict: &UseVerdict<'_>) -> Markup {
    html! {
        table.figures.flat {
            thead {
                tr {
                    th scope="col" { "row" }
                    @for pair in verdict.shown() {
                        th.number scope="col" { (pair.of) " / " (pair.to) }
                        th scope="col" { "verdict" }
                    }
                }
            }
            tbody {
                @for (place, line) in verdict.lines.iter().enumerate() {
                    tr {
                        td { (line.name) }
                        @for pair in verdict.shown() {
                            @let ratio = pair.ratios[place];
                            td.number { (told(ratio)) }
                            td { (ratio.map_or("–", |ratio| ratio.verdict(line.row.unit).word())) }
                        }
                    }
                }
            }
            tfoot {
                tr {
                    td { "median of the rows, less is better" }
                    @for pair in verdict.shown() {
                        td.number { (told(pair.median)) }
                        td { (word(pair)) }
                    }
                }
            }
        }
    }
}

fn word(pair: &Pair<'_>) -> &'static str {
    match pair.outcome {
        Outcome::NotCompared => "–",
        outcome => outcome.word(),
    }
}

/// "0.97 [0.95–0.99]".
fn told(ratio: Option<Estimate>) -> Markup {
    html! {
        @match ratio {
            Some(ratio) => {
                b { (format::ratio(ratio.median)) } " "
                span.range { "[" (format::ratio(ratio.low)) "–" (format::ratio(ratio.high)) "]" }
            }
            None => { "–" }
        }
    }
}
