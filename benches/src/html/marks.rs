//! How peers are drawn: a shape and a colour each, so that one is enough.

use super::facts::{Facts, Peer};
use maud::{Markup, html};

/// The shapes, around the origin, by a peer's style.
const SHAPES: [&str; 4] = [
    "M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0z",
    "M-4,-4h8v8h-8z",
    "M0,-5L5,4h-10z",
    "M0,-5.5L5.5,0L0,5.5L-5.5,0z",
];

/// The shape of `peer` with its centre at `left` percent and `top` pixels; hollow and grey for what is undecided.
pub(super) fn mark(peer: Peer<'_>, left: f64, top: f64, undecided: bool) -> Markup {
    html! {
        // A drawing of its own is the way to place a path by percent.
        svg.mark.undecided[undecided].{ "p" (peer.style) } x=(percent(left)) y=(top) width="1" height="1" {
            path d=(SHAPES[peer.style % SHAPES.len()]) {}
        }
    }
}

/// The shape of `peer` and its name, on a line of text.
pub(super) fn key(peer: Peer<'_>) -> Markup {
    html! {
        span.key {
            svg.chip width="14" height="12" viewBox="-7 -6 14 12" aria-hidden="true" {
                g.mark.{ "p" (peer.style) } { path d=(SHAPES[peer.style % SHAPES.len()]) {} }
            }
            (peer.name)
        }
    }
}

/// All peers, and how to read the charts.
pub(super) fn legend(facts: &Facts<'_>) -> Markup {
    html! {
        p.legend {
            @for peer in &facts.peers { (key(*peer)) " " }
            @if facts.subject.is_some() {
                span.key {
                    svg.chip.wide width="34" height="12" viewBox="0 0 34 12" aria-hidden="true" {
                        line.interval.p0 x1="1" x2="33" y1="6" y2="6" {}
                        svg.mark.p0 x="17" y="6" width="1" height="1" { path d=(SHAPES[0]) {} }
                    }
                    "ratio to " (facts.reference_name()) " and its 95 % interval"
                }
                " "
                span.key {
                    svg.chip width="14" height="12" viewBox="-7 -6 14 12" aria-hidden="true" {
                        g.mark.undecided { path d=(SHAPES[0]) {} }
                    }
                    "undecided: noise hides the difference, if there is one"
                }
                " "
                span.key {
                    svg.chip width="14" height="12" viewBox="0 0 14 12" aria-hidden="true" {
                        rect.better width="14" height="12" {}
                    }
                    "the better side"
                }
                " "
                span.key {
                    svg.chip width="14" height="12" viewBox="0 0 14 12" aria-hidden="true" {
                        line.floor x1="7" x2="7" y1="0" y2="12" {}
                    }
                    "floor: what the machine itself needs"
                }
            }
        }
    }
}

/// A length in percent, short.
pub(super) fn percent(value: f64) -> String {
    format!("{value:.2}%")
}
