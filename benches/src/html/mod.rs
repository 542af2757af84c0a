//! A record as a page: one file that opens from disk, without a network and without a script.
//!
//! The page is XHTML-compatible HTML: drawings are SVG made here, colours are variables of the style sheet, so that they
//! follow the reader's light or dark theme; the theme's switch and the filter are radio buttons that the style sheet
//! looks at. `facts` holds what is shown, each other file draws one part of it.

mod everything;
mod facts;
mod format;
mod header;
mod latency;
mod machine;
mod marks;
mod overview;
mod plot;
mod ratios;
mod scale;
mod scaling;
mod simulation;
mod verdicts;

use crate::record::Record;
use crate::workload::Workload;
use facts::{Facts, Group};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// What a workload can show and what it cannot, which a record does not hold.
#[derive(Debug, Clone, Copy)]
pub struct Description<'a> {
    /// The workload's name.
    pub workload: &'a str,
    /// What it isolates: one sentence.
    pub isolates: &'a str,
    /// What it cannot show: one sentence.
    pub cannot_show: &'a str,
}

impl From<&Workload> for Description<'static> {
    fn from(workload: &Workload) -> Self {
        Self {
            workload: workload.name,
            isolates: workload.isolates,
            cannot_show: workload.cannot_show,
        }
    }
}

/// The style sheet, in which `@dark` stands for the dark theme's colours: they are needed twice.
const STYLE: &str = include_str!("style.css");

/// The dark theme's colours.
const DARK: &str = include_str!("dark.css");

/// What stands in the head but for the title and the style: fixed text, closed as XML wants it.
const META: &str = r#"<meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>"#;

/// The report of `record` as a whole HTML file. `peer` comes first, or the record's subject if it is not said. Workloads that `descriptions` has no entry for are shown without one.
pub fn page(record: &Record, descriptions: &[Description<'_>], peer: Option<&str>) -> String {
    let facts = Facts::of(record, descriptions, peer);
    let style = STYLE.replace("@dark;", DARK);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                (PreEscaped(META))
                title { (header::title(&facts)) }
                style { (PreEscaped(style)) }
            }
            body {
                (header::header(&facts))
                main {
                    @if facts.groups.is_empty() {
                        p.hint { "This record has no rows: nothing was measured." }
                    } @else {
                        (verdicts::verdicts(record, peer))
                        (overview::overview(&facts))
                        @for (place, group) in facts.groups.iter().enumerate() {
                            (section(&facts, group, place))
                        }
                        (scaling::scaling(&facts))
                        (everything::everything(&facts))
                    }
                    (simulation::simulation(facts.record.sim.as_ref()))
                    (machine::limits(&facts.record.limits))
                    (machine::method(&facts))
                }
            }
        }
    };
    markup.into_string()
}

fn section(facts: &Facts<'_>, group: &Group<'_>, place: usize) -> Markup {
    html! {
        section.group id=(anchor(place)) {
            h2 { (group.name) }
            (ratios::table(facts, group))
            (latency::distributions(facts, group))
        }
    }
}

/// The id of the group of index `place`.
fn anchor(place: usize) -> String {
    format!("group-{}", place + 1)
}
