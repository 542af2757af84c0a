//! How a workload's time changes with the number of workers: one small plot a workload.

use super::facts::{Facts, Line, Workload};
use super::plot::{Curve, Plot};
use super::scale::{Scale, is_drawable};
use crate::workload::TIME_PER_OPERATION;
use maud::{Markup, html};

/// The plots of all workloads that ran with more than one number of workers.
pub(super) fn scaling(facts: &Facts<'_>) -> Markup {
    let plots: Vec<_> = facts
        .groups
        .iter()
        .flat_map(|group| &group.workloads)
        .filter_map(|workload| Some((workload, plot(facts, workload)?)))
        .collect();
    html! {
        @if !plots.is_empty() {
            section.scaling {
                h2 { "By workers" }
                p.hint {
                    "Medians; time per operation, and lower is better, unless it says otherwise. "
                    "“ct” is the current-thread runtime, which is not a number of workers."
                }
                div.plots.small {
                    @for (workload, plot) in plots {
                        figure {
                            figcaption { b { (workload.name) } (caption(workload)) }
                            (plot.draw())
                        }
                    }
                }
            }
        }
    }
}

/// The lines of the quantity that is plotted: the time per operation, or the first.
fn lines<'w, 'a>(workload: &'w Workload<'a>) -> Vec<&'w Line<'a>> {
    let has = |quantity: &str| {
        let lines = workload.lines.iter();
        lines
            .filter(|line| line.row.quantity == quantity)
            .collect::<Vec<_>>()
    };
    let times = has(TIME_PER_OPERATION);
    match workload.lines.first() {
        Some(first) if times.is_empty() => has(&first.row.quantity),
        _ => times,
    }
}

/// What is plotted, where it is not the time per operation.
fn caption(workload: &Workload<'_>) -> Markup {
    let first = lines(workload).first().map(|line| line.row);
    html! {
        @if let Some(row) = first.filter(|row| row.quantity != TIME_PER_OPERATION) {
            span.quantity {
                (row.quantity)
                @if row.unit.more_is_better() { ", more is better" }
            }
        }
    }
}

fn plot<'a>(facts: &Facts<'a>, workload: &Workload<'_>) -> Option<Plot<'a>> {
    let mut lines = lines(workload);
    lines.sort_by_key(|line| line.row.workers);
    lines.dedup_by_key(|line| line.row.workers);
    if lines.len() < 2 {
        return None;
    }
    let places: Vec<f64> = (0..lines.len())
        .map(|place| 8.0 + 84.0 * place as f64 / (lines.len() - 1) as f64)
        .collect();
    let mut curves = Vec::new();
    for (place, peer) in facts.peers.iter().enumerate() {
        let medians = places.iter().zip(&lines);
        let medians =
            medians.filter_map(|(across, line)| Some((*across, line, line.median(place)?)));
        let drawable = medians.filter(|(_, _, value)| is_drawable(*value));
        // The current-thread runtime is another runtime: no line leads from it.
        let (alone, curve): (Vec<_>, Vec<_>) =
            drawable.partition(|(_, line, _)| line.row.workers == 0);
        for points in [alone, curve] {
            let points: Vec<_> = points.into_iter().map(|point| (point.0, point.2)).collect();
            if !points.is_empty() {
                curves.push(Curve {
                    peer: *peer,
                    points,
                    marked: true,
                });
            }
        }
    }
    let floors: Vec<f64> = lines.iter().filter_map(|line| line.row.floor).collect();
    let floor = floors.first().copied();
    let values = curves.iter().flat_map(|curve| &curve.points);
    let values: Vec<f64> = values.map(|(_, value)| *value).chain(floor).collect();
    Some(Plot {
        title: format!("{} by the number of workers", workload.name),
        height: 110.0,
        across: places
            .iter()
            .zip(&lines)
            .map(|(place, line)| (*place, name(line.row.workers)))
            .collect(),
        up: Scale::of(values)?,
        labels: 5,
        unit: lines[0].row.unit,
        floor: floor.filter(|first| floors.iter().all(|floor| floor == first)),
        doubtful: None,
        curves,
    })
}

fn name(workers: usize) -> String {
    match workers {
        0 => "ct".to_owned(),
        _ => workers.to_string(),
    }
}
