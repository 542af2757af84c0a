//! The workloads under criterion: the same cases that `versus` runs, by group.

use criterion::{BenchmarkId, Criterion, Throughput};
use leno_bench::peers;
use leno_bench::workload::{Case, Sample, Setting, TIME_PER_OPERATION};
use std::time::Duration;

/// Runs the workloads of `groups` on every peer, and whatever else criterion's `main` does.
pub fn run(groups: &[&str]) {
    let mut criterion = Criterion::default().configure_from_args();
    let peers = peers::all();
    // The first peer has every workload.
    for Case { workload, .. } in &peers[0].cases {
        if !groups.contains(&workload.group) {
            continue;
        }
        for &workers in workload.workers {
            let kind = match workers {
                0 => "current-thread".to_owned(),
                1 => "1 worker".to_owned(),
                more => format!("{more} workers"),
            };
            let mut group = criterion.benchmark_group(format!("{}/{kind}", workload.name));
            group
                .throughput(Throughput::Elements(1))
                .sample_size(20)
                .warm_up_time(Duration::from_millis(300))
                .measurement_time(Duration::from_secs(1));
            for peer in &peers {
                let mut cases = peer.cases.iter();
                let Some(case) = cases.find(|case| std::ptr::eq(case.workload, *workload)) else {
                    continue;
                };
                group.bench_function(BenchmarkId::from_parameter(peer.name), |bencher| {
                    bencher.iter_custom(|iterations| measure(case, workers, iterations));
                });
            }
            group.finish();
        }
    }
    criterion.final_summary();
}

/// The time of `iterations` operations.
///
/// Each sample is a runtime of its own, so few iterations are taken from a sample that is large enough to be one, and
/// many from one that is no larger than `versus` takes.
fn measure(case: &Case, workers: usize, iterations: u64) -> Duration {
    let usual = case.workload.operations;
    let operations = iterations.clamp(usual.div_ceil(20), usual);
    let sample = (case.run)(Setting {
        workers,
        operations,
    });
    Duration::from_nanos((time_per_operation(&sample) * iterations as f64) as u64)
}

/// The time per operation; or else the mean latency; or else the only figure that there is.
fn time_per_operation(sample: &Sample) -> f64 {
    let latency = sample.latency.as_ref().map(|latency| latency.mean());
    let mut figures = sample.figures.iter();
    let time = figures.find(|figure| figure.quantity == TIME_PER_OPERATION);
    let time = time.map(|figure| figure.value);
    let any = sample.figures.first().map(|figure| figure.value);
    time.or(latency).or(any).expect("a sample has figures")
}
