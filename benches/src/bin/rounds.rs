//! Takes turns between the peers, and prints the median of each workload and its ratio to tokio.
//!
//! `cargo run --profile bench -p leno-bench --bin rounds [-- NAME] [ROUNDS]` runs the workloads whose name contains NAME.

use leno_bench::Peer;
use leno_bench::peers::{Leno, Smol, Tokio};
use leno_bench::workloads::{echo, spawn, switch, wake};
use std::time::Duration;

/// A workload on one peer: does its work a number of times, and returns the time.
type Run = fn(usize, u64) -> Duration;

struct Row {
    name: &'static str,
    workers: usize,
    times: u64,
    /// leno, tokio, smol.
    runs: [Run; 3],
}

/// One row per number of workers, with the same closure for each peer.
macro_rules! rows {
    ($($name:literal, $times:literal, [$($workers:literal),*], |$peer:ident, $n:ident| $work:expr;)*) => {{
        let mut rows = Vec::new();
        $($(
            rows.push(Row {
                name: $name,
                workers: $workers,
                times: $times,
                runs: [
                    |workers, $n| { let $peer = &Leno::start(workers); let _ = $work; $work },
                    |workers, $n| { let $peer = &Tokio::start(workers); let _ = $work; $work },
                    |workers, $n| { let $peer = &Smol::start(workers); let _ = $work; $work },
                ],
            });
        )*)*
        rows
    }};
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let only = arguments.next().unwrap_or_default();
    let rounds: usize = arguments
        .next()
        .map_or(7, |rounds| rounds.parse().expect("ROUNDS is a number"));
    let rows = rows! {
        "self-wake, 1 task", 300_000, [1, 2, 0], |peer, n| switch::self_waking(peer, 1, n);
        "self-wake, 100 tasks", 300_000, [1, 2, 0], |peer, n| switch::self_waking(peer, 100, n);
        "yield_now, 1 task", 100_000, [1, 2, 0], |peer, n| switch::yielding(peer, 1, n);
        "yield_now, 100 tasks", 300_000, [1, 2, 0], |peer, n| switch::yielding(peer, 100, n);
        "ping-pong", 100_000, [1, 2, 0], |peer, n| switch::ping_pong(peer, n);
        "spawn+join, batches of 1000", 200_000, [1, 2, 0], |peer, n| spawn::batches(peer, n);
        "spawn+join, one at a time", 100_000, [1, 2, 0], |peer, n| spawn::one_at_a_time(peer, n);
        "spawn+join from outside", 100_000, [1, 2], |peer, n| spawn::from_outside(peer, n);
        "TCP echo, 1 connection", 20_000, [1, 2, 0], |peer, n| echo::echo(peer, 1, n);
        "TCP echo, 50 connections", 50_000, [1, 2, 0], |peer, n| echo::echo(peer, 50, n);
        "wake from outside", 500, [1, 2], |peer, n| wake::from_outside(peer, n);
    };
    println!("| workload | workers | leno ns | tokio ns | smol ns | leno/tokio | leno/smol |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for row in rows.iter().filter(|row| row.name.contains(&only)) {
        let mut results = [const { Vec::new() }; 3];
        for round in 0..rounds {
            for turn in 0..3 {
                // Each round begins with another peer.
                let peer = (round + turn) % 3;
                let time = (row.runs[peer])(row.workers, row.times);
                results[peer].push(time.as_nanos() as f64 / row.times as f64);
            }
        }
        let ratio = |of: usize, to: usize| {
            median(
                results[of]
                    .iter()
                    .zip(&results[to])
                    .map(|(a, b)| a / b)
                    .collect(),
            )
        };
        let (to_tokio, to_smol) = (ratio(0, 1), ratio(0, 2));
        let [leno, tokio, smol] = results.map(median);
        let workers = match row.workers {
            0 => "current-thread".to_owned(),
            workers => workers.to_string(),
        };
        println!(
            "| {} | {workers} | {leno:.1} | {tokio:.1} | {smol:.1} | {to_tokio:.2} | {to_smol:.2} |",
            row.name
        );
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
