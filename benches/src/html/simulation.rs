//! Simulations: what a run costs, and in how many runs bugs are found.

use crate::sim::{self, Comparison, Cost};
use crate::units::thousands;
use maud::{Markup, html};

/// The section, if simulations were measured.
pub(super) fn simulation(comparison: Option<&Comparison>) -> Markup {
    html! {
        @if let Some(comparison) = comparison {
            section.simulation {
                h2 { "Simulation" }
                div.wide-table { (costs(comparison)) }
                div.wide-table { (programs(comparison)) }
                p.hint { (sim::legend(comparison)) }
            }
        }
    }
}

fn costs(comparison: &Comparison) -> Markup {
    html! {
        table.figures.flat {
            thead {
                tr {
                    th scope="col" { "cost" }
                    th.number scope="col" { "leno" }
                    th.number scope="col" { "shuttle" }
                    th.number scope="col" { "leno/shuttle" }
                }
            }
            tbody {
                @for cost in &comparison.costs {
                    tr {
                        td { (cost.what) }
                        td.number { (Cost::figure(cost.leno)) }
                        td.number { (Cost::figure(cost.shuttle)) }
                        td.number { (cost.ratio()) }
                    }
                }
            }
        }
    }
}

fn programs(comparison: &Comparison) -> Markup {
    html! {
        table.figures.flat {
            thead {
                tr {
                    th scope="col" { "program" }
                    th scope="col" { "strategy" }
                    th.number scope="col" { "runs to find" }
                    th.number scope="col" { "schedules/s" }
                    th.number scope="col" { "decisions, shrunk" }
                }
            }
            tbody {
                @for program in &comparison.programs {
                    @for search in &program.searches {
                        tr {
                            td { (program.name) }
                            td { (search.strategy) }
                            td.number { (search.found()) }
                            td.number { (thousands(search.rate.round() as u64)) }
                            td.number { (search.shrunk()) }
                        }
                    }
                }
            }
        }
    }
}
