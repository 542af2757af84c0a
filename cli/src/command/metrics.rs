//! `leno metrics`: what is counted.

use crate::answer::Metrics;
use crate::client;
use crate::fault::Fault;
use clap::Args;

/// Print the counters of a process, in the text format of Prometheus
#[derive(Debug, Args)]
#[command(
    after_long_help = "EXAMPLES:\n  leno metrics 2817\n  leno metrics 2817 | grep leno_tasks_alive\n  \
    leno metrics $(pgrep shop) > /var/lib/node_exporter/shop.prom"
)]
pub(super) struct Arguments {
    /// The process
    pid: u32,
    /// Print the answer as JSON, on one line: the text is in the field `metrics`
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<String, Fault> {
    let answer = client::metrics::<Metrics>(arguments.pid)?;
    Ok(if arguments.json {
        answer.line + "\n"
    } else {
        answer.content.metrics
    })
}
