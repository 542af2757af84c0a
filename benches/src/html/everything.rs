//! All figures in one table: a line for each peer of each row, for those who want to check or to copy.

use super::facts::{Entry, Facts, Line, Peer};
use super::{format, marks, ratios};
use crate::units::with_workers;
use maud::{Markup, html};

/// The table, folded away.
pub(super) fn everything(facts: &Facts<'_>) -> Markup {
    html! {
        section.everything {
            h2 { "All figures" }
            details {
                summary { "Every peer of every row: " (format::counted(entries(facts).count(), "line")) }
                div.wide-table {
                    table.figures.flat {
                        thead {
                            tr {
                                th scope="col" { "workload" }
                                th scope="col" { "workers" }
                                th scope="col" { "quantity" }
                                th scope="col" { "peer" }
                                th.number scope="col" { "median" }
                                th.number scope="col" { "least – most" }
                                th.number scope="col" { "ratio to " (facts.reference_name()) }
                                th scope="col" { "verdict" }
                                th.number scope="col" { "rounds" }
                                th scope="col" { "note" }
                            }
                        }
                        tbody {
                            @for (line, peer, entry) in entries(facts) { (row(line, peer, entry)) }
                        }
                    }
                }
            }
        }
    }
}

fn entries<'f>(
    facts: &'f Facts<'_>,
) -> impl Iterator<Item = (&'f Line<'f>, Peer<'f>, &'f Entry<'f>)> {
    facts.lines().flat_map(|line| {
        let entries = facts.peers.iter().zip(&line.entries);
        entries.filter_map(move |(peer, entry)| Some((line, *peer, entry.as_ref()?)))
    })
}

fn row(line: &Line<'_>, peer: Peer<'_>, entry: &Entry<'_>) -> Markup {
    let unit = line.row.unit;
    let samples = || entry.result.samples.iter().copied().flatten();
    let least = samples().min_by(f64::total_cmp);
    let most = samples().max_by(f64::total_cmp);
    html! {
        tr {
            td { (line.row.workload) }
            td { (with_workers(line.row.workers)) }
            td { (line.row.quantity) }
            td { (marks::key(peer)) }
            td.number { (entry.median.map_or("–".to_owned(), |median| format::figure(unit, median))) }
            td.number {
                @if let Some((least, most)) = least.zip(most) {
                    (format::figure(unit, least)) " – " (format::figure(unit, most))
                } @else { "–" }
            }
            td.number { (ratios::ratio(entry.compared)) }
            td { (entry.compared.map_or("–", |compared| compared.standing.name())) }
            td.number { (samples().count()) }
            td { @if let Some(trouble) = &entry.result.trouble { (ratios::in_full(trouble)) } }
        }
    }
}
