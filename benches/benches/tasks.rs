//! Tasks and sockets under criterion: switching, spawning, waking, echoing, on leno, tokio and smol.

use criterion::{BenchmarkId, Criterion, Throughput};
use leno_bench::Peer;
use leno_bench::peers::{Leno, Smol, Tokio};
use leno_bench::workloads::{echo, spawn, switch, wake};
use std::time::Duration;

/// Adds one workload on one peer: the same function for each, with the runtime started once.
fn add<P: Peer>(
    criterion: &mut Criterion,
    name: &str,
    workers: usize,
    work: impl Fn(&P, u64) -> Duration,
) {
    let peer = P::start(workers);
    let kind = match workers {
        0 => "current-thread".to_owned(),
        workers => format!("{workers} workers"),
    };
    let mut group = criterion.benchmark_group(format!("{name}/{kind}"));
    group
        .throughput(Throughput::Elements(1))
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    group.bench_function(BenchmarkId::from_parameter(P::NAME), |bencher| {
        bencher.iter_custom(|times| work(&peer, times));
    });
    group.finish();
}

/// The same workload on every peer.
macro_rules! on_all {
    ($criterion:expr, $name:literal, $workers:expr, $work:expr) => {
        for workers in $workers {
            add::<Leno>($criterion, $name, workers, $work);
            add::<Tokio>($criterion, $name, workers, $work);
            add::<Smol>($criterion, $name, workers, $work);
        }
    };
}

fn switches(c: &mut Criterion) {
    on_all!(c, "self-wake, 1 task", [1, 2, 0], |peer, n| {
        switch::self_waking(peer, 1, n)
    });
    on_all!(c, "self-wake, 100 tasks", [1, 2, 0], |peer, n| {
        switch::self_waking(peer, 100, n)
    });
    on_all!(c, "yield_now, 1 task", [1, 2, 0], |peer, n| {
        switch::yielding(peer, 1, n)
    });
    on_all!(c, "ping-pong", [1, 2, 0], switch::ping_pong);
}

fn spawns(c: &mut Criterion) {
    on_all!(c, "spawn+join, batches of 1000", [1, 2, 0], spawn::batches);
    on_all!(
        c,
        "spawn+join, one at a time",
        [1, 2, 0],
        spawn::one_at_a_time
    );
    on_all!(c, "spawn+join from outside", [1, 2], spawn::from_outside);
}

fn wakes(c: &mut Criterion) {
    on_all!(c, "wake from outside", [1, 2], wake::from_outside);
}

fn sockets(c: &mut Criterion) {
    on_all!(c, "TCP echo, 1 connection", [1, 2, 0], |peer, n| {
        echo::echo(peer, 1, n)
    });
    on_all!(c, "TCP echo, 50 connections", [1, 2, 0], |peer, n| {
        echo::echo(peer, 50, n)
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    switches(&mut criterion);
    spawns(&mut criterion);
    wakes(&mut criterion);
    sockets(&mut criterion);
    criterion.final_summary();
}
