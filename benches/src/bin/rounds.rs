//! Takes turns between the peers, and prints the median of each workload on each of them.
//!
//! `cargo run --profile bench -p leno-bench --bin rounds [-- NAME] [ROUNDS]` runs the workloads whose name contains NAME.

use leno_bench::peers;
use leno_bench::workload::{Sample, Setting};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let only = arguments.next().unwrap_or_default();
    let rounds: usize = arguments
        .next()
        .map_or(7, |rounds| rounds.parse().expect("ROUNDS is a number"));
    let peers = peers::all();
    let names: Vec<_> = peers.iter().map(|peer| peer.name).collect();
    println!("| workload | workers | quantity | {} |", names.join(" | "));
    println!("| --- | ---: | --- |{}", " ---: |".repeat(peers.len()));
    for case in &peers[0].cases {
        let workload = case.workload;
        if !workload.name.contains(&only) {
            continue;
        }
        for &workers in workload.workers {
            let mut results = vec![Vec::new(); peers.len()];
            for round in 0..rounds {
                for turn in 0..peers.len() {
                    // Each round begins with another peer.
                    let peer = (round + turn) % peers.len();
                    let same =
                        |case: &&leno_bench::workload::Case| std::ptr::eq(case.workload, workload);
                    if let Some(case) = peers[peer].cases.iter().find(same) {
                        let operations = workload.operations;
                        results[peer].push(quantities(&(case.run)(Setting {
                            workers,
                            operations,
                        })));
                    }
                }
            }
            for (nth, (quantity, _)) in results[0][0].iter().enumerate() {
                let medians: Vec<_> = results
                    .iter()
                    .map(|of_peer| median(of_peer.iter().map(|sample| sample[nth].1).collect()))
                    .collect();
                let name = workload.name;
                println!(
                    "| {name} | {workers} | {quantity} | {} |",
                    medians.join(" | ")
                );
            }
        }
    }
}

fn quantities(sample: &Sample) -> Vec<(&'static str, f64)> {
    let latencies = sample.latency.iter().flat_map(|histogram| {
        [("p50 latency", 0.5), ("p99 latency", 0.99)]
            .map(|(name, quantile)| (name, histogram.value_at_quantile(quantile) as f64))
    });
    let figures = sample
        .figures
        .iter()
        .map(|figure| (figure.quantity, figure.value));
    latencies.chain(figures).collect()
}

fn median(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    values
        .get(values.len() / 2)
        .map_or_else(String::new, |median| format!("{median:.1}"))
}
