//! The page at a glance: a line for each group with all its ratios, and the filter of the tables below.

use super::facts::{Compared, Facts, Group, Line, Standing};
use super::marks::{legend, mark};
use super::scale::Scale;
use super::{anchor, format, ratios};
use crate::units::with_workers;
use maud::{Markup, PreEscaped, html};

/// Pixels of a group's strip.
const HEIGHT: f64 = 24.0;

/// The groups with their tallies. Only the subject's ratios are drawn: those of all peers would hide each other.
pub(super) fn overview(facts: &Facts<'_>) -> Markup {
    let Some(subject) = facts.subject else {
        return legend(facts);
    };
    let costs = facts.lines().filter_map(|line| cost(line, subject));
    let scale = ratios::around(costs.map(|(cost, _)| cost));
    let columns: Vec<Standing> = Standing::ALL
        .into_iter()
        .filter(|standing| tally(facts.lines(), subject, *standing) > 0)
        .collect();
    html! {
        section.overview {
            h2 { "At a glance" }
            p.hint {
                "Each mark is a row: " (facts.subject_name()) " / " (facts.reference_name())
                ", turned over where more is better, so that left is better everywhere."
            }
            table.figures.glance {
                caption.unseen { "Groups of workloads, and where " (facts.subject_name()) " stands in them" }
                thead {
                    tr {
                        th.setting scope="col" { "group" }
                        th.chart scope="col" { (ratios::axis(facts, scale, true)) }
                        @for standing in &columns { th.number scope="col" { (standing.name()) } }
                    }
                }
                tbody {
                    @for (place, group) in facts.groups.iter().enumerate() {
                        tr {
                            th.setting scope="row" { a href={ "#" (anchor(place)) } { (group.name) } }
                            td.chart { (strip(facts, group, subject, scale)) }
                            @for standing in &columns {
                                td.number data-of=(standing.name()) {
                                    @match tally(group.lines(), subject, *standing) {
                                        0 => span.zero { "0" },
                                        count => { (count) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            (legend(facts))
            (filter(&columns, facts.lines().count()))
        }
    }
}

fn strip(facts: &Facts<'_>, group: &Group<'_>, subject: usize, scale: Scale) -> Markup {
    html! {
        svg.strip width="100%" height=(HEIGHT) role="img" {
            title { (words(group, subject)) }
            (ratios::ground(scale, false, HEIGHT))
            @for (cost, compared) in group.lines().filter_map(|line| cost(line, subject)) {
                @let undecided = compared.standing == Standing::Undecided;
                (mark(facts.peers[subject], scale.percent(cost), HEIGHT / 2.0, undecided))
            }
        }
    }
}

/// The ratio as a cost: less than 1 is better whatever the unit.
fn cost(line: &Line<'_>, subject: usize) -> Option<(f64, Compared)> {
    let compared = line.compared(subject)?;
    let cost = if line.row.unit.more_is_better() {
        compared.ratio.recip()
    } else {
        compared.ratio
    };
    Some((cost, compared))
}

fn tally<'a>(
    lines: impl Iterator<Item = &'a Line<'a>>,
    subject: usize,
    standing: Standing,
) -> usize {
    lines
        .filter(|line| line.standing(Some(subject)) == standing)
        .count()
}

fn words(group: &Group<'_>, subject: usize) -> String {
    let each: Vec<String> = group
        .lines()
        .filter_map(|line| Some((line, line.compared(subject)?)))
        .map(|(line, compared)| {
            let workers = with_workers(line.row.workers);
            let (row, ratio) = (line.row, format::ratio(compared.ratio));
            format!("{}, {workers}, {}: {ratio}", row.workload, row.quantity)
        })
        .collect();
    format!("{}\n{}", group.name, each.join("\n"))
}

/// The choice of rows. The style sheet does the choosing, so that it works without a script.
fn filter(standings: &[Standing], all: usize) -> Markup {
    html! {
        fieldset.switch.filter {
            legend { "Show rows" }
            (choice("all", &format!("all {all}"), true))
            @for standing in standings { (choice(standing.class(), standing.name(), false)) }
        }
    }
}

/// A radio button, closed as XML wants it; both texts are of this program and need no escaping.
fn choice(class: &str, name: &str, chosen: bool) -> Markup {
    let chosen = if chosen { r#" checked="checked""# } else { "" };
    PreEscaped(format!(
        r#"<label><input type="radio" name="show" id="show-{class}"{chosen}/>{name}</label>"#
    ))
}
