//! The table of a group, with a drawing in each row: the ratios to the reference, on one axis down the table.

use super::facts::{Compared, Entry, Facts, Group, Line, Standing, Workload};
use super::format::{self, Measure};
use super::marks::{mark, percent};
use super::scale::{Scale, is_drawable};
use crate::record::Trouble;
use crate::units::with_workers;
use maud::{Markup, html};

/// Pixels between two peers of a row.
const LANE: f64 = 11.0;

/// Ratios beyond these stand at the edge of the chart: one outlier must not flatten all others.
const LIMITS: (f64, f64) = (0.02, 50.0);

/// Every axis shows this much at least, so that a chart of equals looks like one.
const LEAST: (f64, f64) = (0.7, 1.4);

/// The table of `group`.
pub(super) fn table(facts: &Facts<'_>, group: &Group<'_>) -> Markup {
    let columns = 2 + facts.peers.len() + if facts.subject.is_some() { 3 } else { 0 };
    let scale = scale(facts, group.lines());
    let less_is_better = group.lines().all(|line| !line.row.unit.more_is_better());
    html! {
        table.figures.compared[facts.subject.is_some()] {
            caption.unseen { "Figures of " (group.name) }
            thead {
                tr {
                    th.setting scope="col" { "workers, quantity" }
                    @if facts.subject.is_some() {
                        th.chart scope="col" { (axis(facts, scale, less_is_better)) }
                        th.number.ratio scope="col" { (facts.subject_name()) " / " (facts.reference_name()) }
                        th.verdict scope="col" { "verdict" }
                    }
                    @for peer in &facts.peers { th.number scope="col" { (peer.name) } }
                    th.number.floor scope="col" { "floor" }
                }
            }
            @for workload in &group.workloads {
                tbody {
                    tr.workload {
                        th scope="rowgroup" colspan=(columns) { (heading(workload)) }
                    }
                    @for line in &workload.lines { (row(facts, scale, line)) }
                }
            }
        }
    }
}

/// A workload's name, and what it can show.
fn heading(workload: &Workload<'_>) -> Markup {
    html! {
        span.name { (workload.name) }
        @if let Some(description) = workload.description {
            span.about {
                b { "Isolates " } (lowered(description.isolates))
                b { " Cannot show " } (lowered(description.cannot_show))
            }
        }
    }
}

/// A sentence to stand after a word: its first letter small, unless the first word is a name or an abbreviation.
fn lowered(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => sentence.to_owned(),
    }
}

fn row(facts: &Facts<'_>, scale: Scale, line: &Line<'_>) -> Markup {
    let standing = line.standing(facts.subject);
    let unit = line.row.unit;
    let measured = facts.reference.into_iter().chain(0..facts.peers.len());
    let size = measured.filter_map(|peer| line.median(peer)).next();
    let measure = Measure::fitting(unit, size.or(line.row.floor).unwrap_or(1.0));
    html! {
        tr data-standing=(standing.class()) {
            th.setting scope="row" {
                (with_workers(line.row.workers)) " "
                span.quantity {
                    (line.row.quantity)
                    @if unit.more_is_better() { ", more is better" }
                }
            }
            @if facts.subject.is_some() {
                td.chart { (strip(facts, scale, line)) }
                td.number.ratio data-of={ (facts.subject_name()) " / " (facts.reference_name()) } { (ratio(facts.subject.and_then(|subject| line.compared(subject)))) }
                td.verdict.{ "is-" (standing.class()) } {
                    span aria-hidden="true" { (standing.sign()) } " " (standing.name())
                }
            }
            @for (peer, entry) in facts.peers.iter().zip(&line.entries) {
                td.number data-of=(peer.name) { (figure(entry.as_ref(), measure)) }
            }
            td.number.floor data-of="floor" {
                @match line.row.floor {
                    Some(floor) => { (measured_number(measure, floor)) }
                    None => span.zero { "–" }
                }
            }
        }
    }
}

/// "0.97 [0.95, 0.99]".
pub(super) fn ratio(compared: Option<Compared>) -> Markup {
    html! {
        @match compared {
            Some(Compared { ratio, low, high, .. }) => {
                b { (format::ratio(ratio)) } " "
                span.range { "[" (format::ratio(low)) ", " (format::ratio(high)) "]" }
            }
            None => { "–" }
        }
    }
}

fn figure(entry: Option<&Entry<'_>>, measure: Measure) -> Markup {
    let trouble = entry.and_then(|entry| entry.result.trouble.as_ref());
    html! {
        @if let Some(median) = entry.and_then(|entry| entry.median) {
            (measured_number(measure, median))
            @if let Some(trouble) = trouble { " " (troubled(trouble)) }
        } @else if let Some(trouble) = trouble {
            (troubled(trouble))
        } @else {
            span.trouble { "not measured" }
        }
    }
}

fn measured_number(measure: Measure, value: f64) -> Markup {
    html! { (measure.number(value)) span.unit { " " (measure.name) } }
}

fn troubled(trouble: &Trouble) -> Markup {
    html! { span.trouble title=(in_full(trouble)) { (in_short(trouble)) } }
}

fn in_short(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::NotOffered => "not offered",
        Trouble::NotInstalled(_) => "not installed",
        Trouble::Deadline(_) => "deadline",
        Trouble::Failed(_) => "failed",
    }
}

/// Why there is nothing, or less than there should be.
pub(super) fn in_full(trouble: &Trouble) -> String {
    match trouble {
        Trouble::NotOffered => "does not offer what the workload needs".to_owned(),
        Trouble::NotInstalled(tool) => format!("needs {tool}, which is not installed"),
        Trouble::Deadline(seconds) => format!("took longer than the deadline of {seconds} s"),
        Trouble::Failed(message) => format!("failed: {message}"),
    }
}

/// The axis of all ratios of `lines`, with their intervals.
fn scale<'a>(facts: &Facts<'_>, lines: impl Iterator<Item = &'a Line<'a>>) -> Scale {
    let contenders = facts.contenders();
    let values = lines.flat_map(|line| {
        let compared = contenders.iter().filter_map(|peer| line.compared(*peer));
        compared.flat_map(|compared| [compared.ratio, compared.low, compared.high])
    });
    around(values)
}

/// An axis for ratios.
pub(super) fn around(ratios: impl IntoIterator<Item = f64>) -> Scale {
    Scale::around(ratios, LEAST).within(LIMITS.0, LIMITS.1)
}

/// The head of a column of drawings. "Better" stands over the left side only if it is so in all rows.
pub(super) fn axis(facts: &Facts<'_>, scale: Scale, less_is_better: bool) -> Markup {
    let one = scale.percent(1.0);
    // The words stay inside the drawing on both of its ends.
    let anchor = match one {
        ..20.0 => "start",
        ..80.0 => "middle",
        _ => "end",
    };
    html! {
        svg.axis width="100%" height="34" role="img" {
            title { "Logarithmic axis of ratios to " (facts.reference_name()) }
            text.side x=(percent(one)) y="11" text-anchor=(anchor) {
                @if less_is_better { "◂ better\u{2003}" }
                tspan.one { (facts.reference_name()) " = 1" }
            }
            @for tick in scale.ticks(8) {
                line.tick x1=(percent(scale.percent(tick))) x2=(percent(scale.percent(tick))) y1="30" y2="34" {}
                text x=(percent(scale.percent(tick))) y="27" text-anchor="middle" { (format::tick(tick)) }
            }
        }
    }
}

/// The drawing of one row: a lane for each peer that is compared.
fn strip(facts: &Facts<'_>, scale: Scale, line: &Line<'_>) -> Markup {
    let contenders = facts.contenders();
    let height = (6.0 + LANE * contenders.len() as f64).max(24.0);
    let first = height / 2.0 - LANE * (contenders.len() as f64 - 1.0) / 2.0;
    let reference = facts.reference.and_then(|peer| line.median(peer));
    let floor = line.row.floor.zip(reference).map(|(floor, of)| floor / of);
    html! {
        svg.strip width="100%" height=(height) role="img" {
            title { (in_words(facts, line)) }
            (ground(scale, line.row.unit.more_is_better(), height))
            @if let Some(floor) = floor.filter(|floor| scale.holds(*floor)) {
                line.floor x1=(percent(scale.percent(floor))) x2=(percent(scale.percent(floor)))
                    y1="0" y2=(height) {}
            }
            @for (lane, contender) in contenders.iter().enumerate() {
                (self::lane(facts, scale, line, *contender, first + LANE * lane as f64))
            }
        }
    }
}

/// The better side, the ticks' lines, and the line at 1.
pub(super) fn ground(scale: Scale, more_is_better: bool, height: f64) -> Markup {
    let one = scale.percent(1.0);
    let (from, wide) = if more_is_better {
        (one, 100.0 - one)
    } else {
        (0.0, one)
    };
    html! {
        rect.better x=(percent(from)) width=(percent(wide)) y="0" height=(height) {}
        @for tick in scale.ticks(8) {
            line.grid x1=(percent(scale.percent(tick))) x2=(percent(scale.percent(tick))) y1="0" y2=(height) {}
        }
        line.one x1=(percent(one)) x2=(percent(one)) y1="0" y2=(height) {}
    }
}

fn lane(facts: &Facts<'_>, scale: Scale, line: &Line<'_>, contender: usize, top: f64) -> Markup {
    let peer = facts.peers[contender];
    let Some(compared) = line.compared(contender) else {
        return nothing(facts, line, contender, top);
    };
    let undecided = compared.standing == Standing::Undecided;
    let (low, high) = (scale.percent(compared.low), scale.percent(compared.high));
    let place = scale.percent(compared.ratio);
    let off = !(is_drawable(compared.ratio) && scale.holds(compared.ratio));
    html! {
        line.interval.undecided[undecided].{ "p" (peer.style) } x1=(percent(low)) x2=(percent(high)) y1=(top) y2=(top) {}
        @if off {
            // A number tells what the edge of the chart cannot.
            text.note x=(percent(place)) y=(top + 4.0) dx=(if place > 50.0 { -9 } else { 9 })
                text-anchor=(if place > 50.0 { "end" } else { "start" }) {
                (format::ratio(compared.ratio))
            }
        }
        (mark(peer, place, top, undecided))
    }
}

/// Why a lane is empty, where it would be read.
fn nothing(facts: &Facts<'_>, line: &Line<'_>, peer: usize, top: f64) -> Markup {
    let reason = match (reason(line, peer), facts.reference) {
        (Some(reason), _) => format!("{} {reason}", facts.peers[peer].name),
        (None, Some(reference)) => {
            let reason =
                reason(line, reference).unwrap_or_else(|| "has no common round".to_owned());
            format!("{} {reason}", facts.reference_name())
        }
        _ => return html! {},
    };
    html! { text.note x="6" y=(top + 4.0) { (shortened(&reason)) } }
}

fn reason(line: &Line<'_>, peer: usize) -> Option<String> {
    let Some(entry) = &line.entries[peer] else {
        return Some("was not measured".to_owned());
    };
    match &entry.result.trouble {
        Some(trouble) if entry.median.is_none() => Some(in_full(trouble)),
        _ => entry
            .median
            .is_none()
            .then(|| "was not measured".to_owned()),
    }
}

/// What fits a strip; the table of all figures has the whole of it.
fn shortened(text: &str) -> String {
    const MOST: usize = 48;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let start: String = text.chars().take(MOST - 1).collect();
    start + "…"
}

/// The row for those who cannot see it, and for the pointer that rests on it.
fn in_words(facts: &Facts<'_>, line: &Line<'_>) -> String {
    let mut words = format!(
        "{}, {}, {}",
        line.row.workload,
        with_workers(line.row.workers),
        line.row.quantity
    );
    for contender in facts.contenders() {
        let name = facts.peers[contender].name;
        if let Some(compared) = line.compared(contender) {
            words += &format!(
                "\n{name} / {}: {} [{}, {}], {}",
                facts.reference_name(),
                format::ratio(compared.ratio),
                format::ratio(compared.low),
                format::ratio(compared.high),
                compared.standing.name()
            );
        } else if let Some(reason) = reason(line, contender) {
            words += &format!("\n{name} {reason}");
        }
    }
    words
}
