//! The top of the page: what it is, what came out, what to beware of, where it was measured.

use super::facts::{Facts, Standing};
use super::{format, machine};
use crate::statistics::FEWEST_ROUNDS;
use maud::{Markup, PreEscaped, html};

/// Fewer rounds than these are enough for verdicts, but leave wide intervals.
const FEW_ROUNDS: u32 = 10;

/// The switch of the theme: fixed text, closed as XML wants it.
const THEMES: &str = r#"<label><input type="radio" name="theme" id="theme-system" checked="checked"/>system</label><label><input type="radio" name="theme" id="theme-light"/>light</label><label><input type="radio" name="theme" id="theme-dark"/>dark</label>"#;

/// The page's title.
pub(super) fn title(facts: &Facts<'_>) -> String {
    let names: Vec<&str> = facts.peers.iter().map(|peer| peer.name).collect();
    if names.is_empty() {
        "Comparison of async runtimes".to_owned()
    } else {
        format!("Async runtimes compared: {}", names.join(", "))
    }
}

/// Everything above the figures.
pub(super) fn header(facts: &Facts<'_>) -> Markup {
    html! {
        header {
            fieldset.switch.themes { legend.unseen { "Theme" } (PreEscaped(THEMES)) }
            h1 { (title(facts)) }
            (summary(facts))
            (warnings(facts))
            (machine::environment(&facts.record.environment, facts.record.rounds))
        }
    }
}

fn summary(facts: &Facts<'_>) -> Markup {
    let Some(subject) = facts.subject else {
        return html! {
            @if let Some(only) = facts.peers.first() {
                p.summary { "Only " b { (only.name) } " was measured: there is nothing to compare it with." }
            }
        };
    };
    let others = facts
        .contenders()
        .into_iter()
        .filter(|peer| *peer != subject);
    html! {
        p.summary { (sentence(facts, subject)) "." }
        @for other in others { p.summary.other { (sentence(facts, other)) "." } }
    }
}

/// "leno is better than tokio on 34 of 41 rows, the same on 5, worse on 1, undecided on 1".
fn sentence(facts: &Facts<'_>, peer: usize) -> Markup {
    let count = |standing| {
        let lines = facts.lines();
        lines
            .filter(|line| line.standing(Some(peer)) == standing)
            .count()
    };
    let all = facts.lines().count();
    html! {
        b { (facts.peers[peer].name) } " is " b { (Standing::Better.name()) } " than " (facts.reference_name()) " on "
        b { (count(Standing::Better)) " of " (format::counted(all, "row")) }
        @for standing in [Standing::Same, Standing::Worse, Standing::Undecided] {
            ", " (standing.name()) " on " b { (count(standing)) }
        }
        @if count(Standing::NotCompared) > 0 {
            ", " (Standing::NotCompared.name()) " on " b { (count(Standing::NotCompared)) }
        }
    }
}

fn warnings(facts: &Facts<'_>) -> Markup {
    let record = facts.record;
    let rounds = format::counted(record.rounds as usize, "round");
    html! {
        @if record.interrupted {
            p.warning role="note" {
                b { "Interrupted. " }
                "The run was stopped before its end: rows may have fewer samples than rounds, or be missing."
            }
        }
        @if record.quick {
            p.warning role="note" {
                b { "Quick run. " }
                "It shows that everything works. Its figures are rough; quote none of them."
            }
        }
        @if (record.rounds as usize) < FEWEST_ROUNDS {
            p.warning role="note" {
                b { "Too few rounds. " }
                (rounds) " cannot decide anything: verdicts need " (FEWEST_ROUNDS) " at least."
            }
        } @else if record.rounds < FEW_ROUNDS {
            p.warning role="note" {
                b { "Few rounds. " }
                (rounds) " give verdicts, but wide intervals: " (FEW_ROUNDS) " or more are better."
            }
        }
    }
}
