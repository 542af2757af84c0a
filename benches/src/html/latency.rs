//! Latencies in full: for every percentile, what it was.
//!
//! The axis across is of "nines": 90 %, 99 %, 99.9 % are as far from each other, for the tail is what differs.

use super::facts::{Entry, Facts, Group, Line};
use super::format;
use super::plot::{Curve, Plot};
use super::scale::Scale;
use crate::units::with_workers;
use maud::{Markup, html};

/// The labels of the axis across: the share that is slower, and the percentile's name.
const PERCENTILES: [(f64, &str); 8] = [
    (1.0, "0"),
    (0.5, "50"),
    (0.1, "90"),
    (0.01, "99"),
    (1e-3, "99.9"),
    (1e-4, "99.99"),
    (1e-5, "99.999"),
    (1e-6, "99.9999"),
];

/// Fewer samples than these beyond a percentile are no ground for a claim.
const FEW: f64 = 10.0;

/// The distributions of all lines of `group` that have one.
pub(super) fn distributions(facts: &Facts<'_>, group: &Group<'_>) -> Markup {
    let lines: Vec<_> = group
        .lines()
        .filter_map(|line| Some((line, plot(facts, line)?)))
        .collect();
    html! {
        @if !lines.is_empty() {
            h3 { "Latency by percentile" }
            p.hint {
                "Both axes are logarithmic; lower is better. In the shaded part fewer than ten operations of a peer "
                "were slower: there the curve is single events."
            }
            div.plots {
                @for (line, plot) in lines {
                    figure {
                        figcaption {
                            b { (line.row.workload) } ", " (with_workers(line.row.workers))
                            span.quantity { (counts(facts, line)) }
                        }
                        (plot.draw())
                    }
                }
            }
        }
    }
}

fn count(entry: &Entry<'_>) -> u64 {
    let bins = &entry.result.histogram;
    bins.iter()
        .fold(0, |sum: u64, (_, count)| sum.saturating_add(*count))
}

/// "100,000 operations a peer", or as many as each has.
fn counts(facts: &Facts<'_>, line: &Line<'_>) -> String {
    let measured: Vec<(&str, u64)> = facts
        .peers
        .iter()
        .zip(&line.entries)
        .filter_map(|(peer, entry)| Some((peer.name, count(entry.as_ref()?))))
        .filter(|(_, count)| *count > 0)
        .collect();
    let first = measured.first().map_or(0, |(_, count)| *count);
    if measured.iter().all(|(_, count)| *count == first) {
        return format!("{} operations a peer", format::digits(first as f64));
    }
    let each: Vec<String> = measured
        .iter()
        .map(|(name, count)| format!("{name} {}", format::digits(*count as f64)))
        .collect();
    format!("operations: {}", each.join(", "))
}

fn plot<'a>(facts: &Facts<'a>, line: &Line<'_>) -> Option<Plot<'a>> {
    let measured: Vec<_> = facts
        .peers
        .iter()
        .zip(&line.entries)
        .filter_map(|(peer, entry)| Some((*peer, entry.as_ref()?)))
        .map(|(peer, entry)| (peer, entry, count(entry) as f64))
        .filter(|(_, _, count)| *count > 0.0)
        .collect();
    let most = measured.iter().map(|(_, _, count)| *count);
    let most = most.fold(f64::NEG_INFINITY, f64::max);
    if most < 1.0 {
        return None;
    }
    // The axis ends where the largest sample stands.
    let across = Scale::around([most], (1.0, 10.0));
    let place = |slower: f64| across.percent(1.0 / slower);
    let curves = measured.iter().map(|(peer, entry, count)| Curve {
        peer: *peer,
        points: steps(&entry.result.histogram, *count, place),
        marked: false,
    });
    let curves: Vec<Curve<'a>> = curves.collect();
    let values = curves.iter().flat_map(|curve| &curve.points);
    let values = values.map(|(_, value)| *value);
    let least = measured.iter().map(|(_, _, count)| *count);
    let least = least.fold(f64::INFINITY, f64::min);
    Some(Plot {
        title: format!(
            "Latency by percentile of {}, {}",
            line.row.workload,
            with_workers(line.row.workers)
        ),
        height: 220.0,
        across: PERCENTILES
            .iter()
            .filter(|(slower, _)| across.holds(1.0 / slower))
            .map(|(slower, name)| (place(*slower), (*name).to_owned()))
            .collect(),
        up: Scale::of(values.chain(line.row.floor))?,
        labels: 7,
        unit: crate::workload::Unit::Nanoseconds,
        floor: line.row.floor,
        doubtful: Some(place(FEW / least.max(FEW))),
        curves,
    })
}

/// The corners of the staircase that a histogram is: each value from the share of what is faster to that of what is not
/// slower. Steps too small to see are taken together.
fn steps(bins: &[(u64, u64)], count: f64, place: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    const VISIBLE: f64 = 0.15;
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut slower = count;
    for (value, here) in bins.iter().filter(|(_, here)| *here > 0) {
        // Nothing has a logarithm of its own; less than a nanosecond is not measured.
        let value = (*value as f64).max(1.0);
        let from = place(slower / count);
        slower -= *here as f64;
        // The slowest of all has none beyond it: its step ends where one in all would be.
        let to = place(slower.max(1.0) / count);
        if points.last().is_none_or(|last| from - last.0 >= VISIBLE) || to - from >= VISIBLE {
            points.push((from, value));
        }
        points.push((to, value));
        if points.len() >= 3 && to - points[points.len() - 3].0 < VISIBLE {
            let last = points.len() - 1;
            points.remove(last - 1);
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_staircase_begins_at_the_fastest_and_ends_at_the_slowest() {
        let across = Scale::around([], (1.0, 100.0));
        let bins = [(10, 50), (20, 40), (1000, 10)];
        let points = steps(&bins, 100.0, |slower| across.percent(1.0 / slower));
        assert_eq!(points.len(), 6);
        assert_eq!(points[0].1, 10.0);
        assert_eq!(points[5].1, 1000.0);
        // A half is not faster than 20, a tenth is slower.
        assert_eq!(points[2], (across.percent(2.0), 20.0));
        assert!((points[3].0 - across.percent(10.0)).abs() < 1e-9);
    }

    #[test]
    fn many_small_steps_become_few_and_none_goes_back() {
        let across = Scale::around([], (1.0, 1e5));
        let bins: Vec<(u64, u64)> = (0..50_000).map(|value| (value, 2)).collect();
        let points = steps(&bins, 1e5, |slower| across.percent(1.0 / slower));
        assert!(points.len() < 2000, "{}", points.len());
        let ordered = points
            .windows(2)
            .all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 <= pair[1].1);
        assert!(ordered);
        assert_eq!(points.last().map(|point| point.1), Some(49_999.0));
    }
}
