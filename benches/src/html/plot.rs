//! A plot of one curve per peer: ticks, floor, curves, and the peers' names where the curves end.

use super::facts::Peer;
use super::format;
use super::marks::{mark, percent};
use super::scale::Scale;
use crate::workload::Unit;
use maud::{Markup, html};
use std::fmt::Write;

/// A plot, ready to be drawn. Across, everything is in percent of the width, so that it fits every screen while its
/// letters keep their size; down, in pixels.
#[derive(Debug)]
pub(super) struct Plot<'a> {
    /// What it shows, for those who cannot see it.
    pub(super) title: String,
    /// Pixels from the top to the axis.
    pub(super) height: f64,
    /// Labels of the axis across, and where they stand.
    pub(super) across: Vec<(f64, String)>,
    /// The axis upwards.
    pub(super) up: Scale,
    /// How many labels it has at most.
    pub(super) labels: usize,
    /// In what unit it is.
    pub(super) unit: Unit,
    /// The least possible.
    pub(super) floor: Option<f64>,
    /// Where what is drawn begins to be a matter of a few samples.
    pub(super) doubtful: Option<f64>,
    /// The curves.
    pub(super) curves: Vec<Curve<'a>>,
}

/// What one peer did.
#[derive(Debug)]
pub(super) struct Curve<'a> {
    /// Whose it is.
    pub(super) peer: Peer<'a>,
    /// Percent across, and the value.
    pub(super) points: Vec<(f64, f64)>,
    /// Whether a mark stands on each point.
    pub(super) marked: bool,
}

/// The least distance of two names in pixels.
const LINE: f64 = 13.0;

impl Plot<'_> {
    /// Draws it.
    pub(super) fn draw(&self) -> Markup {
        let height = self.height;
        html! {
            div.plot {
                svg width="100%" height=(height) role="img" {
                    title { (self.title) }
                    @if let Some(from) = self.doubtful {
                        rect.doubtful x=(percent(from)) width=(percent(100.0 - from)) y="0" height=(height) {}
                    }
                    @for tick in self.up.ticks(self.labels) {
                        line.grid x1="0" x2="100%" y1=(self.down(tick)) y2=(self.down(tick)) {}
                        text x="0" dx="-6" y=(self.down(tick)) dy="4" text-anchor="end" {
                            (format::figure_tick(self.unit, tick))
                        }
                    }
                    @for (place, label) in &self.across {
                        line.grid x1=(percent(*place)) x2=(percent(*place)) y1="0" y2=(height) {}
                        text x=(percent(*place)) y=(height + 16.0) text-anchor="middle" { (label) }
                    }
                    line.base x1="0" x2="100%" y1=(height) y2=(height) {}
                    @if let Some(floor) = self.floor.filter(|floor| self.up.holds(*floor)) {
                        line.floor x1="0" x2="100%" y1=(self.down(floor)) y2=(self.down(floor)) {}
                        @let (side, from, anchor) = self.free_side(floor);
                        text.note x=(side) dx=(from) y=(self.down(floor)) dy="-4" text-anchor=(anchor) { "floor" }
                    }
                    // A drawing that is stretched, since a path cannot be in percent.
                    svg width="100%" height=(height) viewBox="0 0 100 100" preserveAspectRatio="none" {
                        // The first peer is drawn last, and lies on top.
                        @for curve in self.curves.iter().rev() {
                            path.curve.{ "p" (curve.peer.style) } d=(self.path(curve)) {}
                        }
                    }
                    @for curve in self.curves.iter().rev().filter(|curve| curve.marked) {
                        @for (across, value) in &curve.points {
                            (mark(curve.peer, *across, self.down(*value), false))
                        }
                    }
                    @for (name, top) in self.names() {
                        text.name.{ "p" (name.style) } x="100%" dx="8" y=(format!("{top:.1}")) dy="4" { (name.name) }
                    }
                }
            }
        }
    }

    /// Pixels from the top.
    fn down(&self, value: f64) -> f64 {
        let down = self.height * (1.0 - self.up.percent(value) / 100.0);
        (down * 10.0).round() / 10.0
    }

    /// The side on which the curves leave more room beside the floor: where, how far from it, and anchored how.
    fn free_side(&self, floor: f64) -> (&'static str, &'static str, &'static str) {
        let room = |ends: &mut dyn Iterator<Item = &(f64, f64)>| {
            ends.map(|(_, value)| (self.down(*value) - self.down(floor)).abs())
                .fold(f64::INFINITY, f64::min)
        };
        let curves = || self.curves.iter().map(|curve| &curve.points);
        let left = room(&mut curves().filter_map(|points| points.first()));
        let right = room(&mut curves().filter_map(|points| points.last()));
        if right > left {
            ("100%", "-4", "end")
        } else {
            ("0", "4", "start")
        }
    }

    fn path(&self, curve: &Curve<'_>) -> String {
        let mut path = String::new();
        for (place, (across, value)) in curve.points.iter().enumerate() {
            let command = if place == 0 { 'M' } else { 'L' };
            let down = 100.0 - self.up.percent(*value);
            // Writing to a string cannot fail.
            let _ = write!(path, "{command}{across:.2},{down:.2}");
        }
        path
    }

    /// The peers' names where their curves end, moved apart so that each can be read.
    fn names(&self) -> Vec<(Peer<'_>, f64)> {
        let mut names: Vec<(Peer<'_>, f64)> = Vec::new();
        for curve in &self.curves {
            let Some((_, value)) = curve.points.last() else {
                continue;
            };
            // A peer with several curves has its name at the last.
            names.retain(|(peer, _)| *peer != curve.peer);
            names.push((curve.peer, self.down(*value)));
        }
        names.sort_by(|one, other| one.1.total_cmp(&other.1));
        let mut least = f64::NEG_INFINITY;
        for (_, top) in &mut names {
            *top = top.max(least);
            least = *top + LINE;
        }
        // What was pushed below the axis goes up again, and pushes others.
        let mut most = self.height;
        for (_, top) in names.iter_mut().rev() {
            *top = top.min(most);
            most = *top - LINE;
        }
        names
    }
}
