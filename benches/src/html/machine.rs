//! Where it was measured: the environment, and what the machine itself needs.

use super::facts::Facts;
use super::format;
use crate::record::{Environment, Limit};
use crate::statistics::{CONFIDENCE, FEWEST_ROUNDS, SAME};
use crate::workload::Unit;
use maud::{Markup, html};

/// The machine, the system and the build.
pub(super) fn environment(environment: &Environment, rounds: u32) -> Markup {
    let versions: Vec<String> = environment
        .versions
        .iter()
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    let processors = match environment.processors {
        0 => "an unknown number usable".to_owned(),
        count => format!("{count} usable"),
    };
    let memory = match environment.memory {
        0 => String::new(),
        bytes => format::figure(Unit::Bytes, bytes as f64),
    };
    let started = match environment.started {
        0 => String::new(),
        seconds => format::date(seconds),
    };
    html! {
        dl.environment {
            (entry("started", &started))
            (entry("rounds", &rounds.to_string()))
            (entry("processor", &format!("{} ({processors})", known(&environment.processor))))
            (entry("memory", &memory))
            (entry("system", &environment.system))
            (entry("governor", &environment.governor))
            (entry("commit", &environment.commit))
            (entry("compiler", &environment.compiler))
            (entry("build", &environment.flags))
            (entry("versions", &versions.join(", ")))
        }
    }
}

fn entry(name: &str, text: &str) -> Markup {
    html! { div { dt { (name) } dd { (known(text)) } } }
}

fn known(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}

/// What the machine itself takes.
pub(super) fn limits(limits: &[Limit]) -> Markup {
    html! {
        @if !limits.is_empty() {
            section.limits {
                h2 { "Limits of the machine" }
                p.hint { "What no runtime can do without, measured alone. Floors are sums of these." }
                table.figures {
                    caption.unseen { "Limits of the machine" }
                    thead { tr { th scope="col" { "limit" } th.number scope="col" { "median" } } }
                    tbody {
                        @for limit in limits {
                            tr {
                                th scope="row" { (limit.name) }
                                td.number { (format::figure(Unit::Nanoseconds, limit.nanoseconds)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// How the figures came about, in short.
pub(super) fn method(facts: &Facts<'_>) -> Markup {
    let (low, high) = SAME;
    html! {
        section.method {
            h2 { "How to read this" }
            p {
                "Peers take turns, so that each round sees all of them on the same machine in the same state. "
                "A ratio is the median of the rounds’ ratios, and its interval holds the middle "
                (format!("{:.0} %", CONFIDENCE * 100.0)) " of the medians of rounds drawn anew (bootstrap). "
                b { "The same" } " means that the whole interval lies from " (low) " to " (high) "; "
                b { "better" } " or " b { "worse" } ", that it lies on one side of 1; "
                b { "undecided" } ", that it does neither, or that there are fewer than " (FEWEST_ROUNDS) " rounds. "
                "A ratio of medians need not be the median of ratios, so that columns may differ a little."
            }
            p {
                "Every interval is for its row alone: among " (format::counted(facts.lines().count(), "row"))
                " some verdicts are expected to be wrong by chance. "
                "All of it holds for this machine, this build and these workloads."
            }
        }
    }
}
