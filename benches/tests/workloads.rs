//! Every workload of every peer does its work: each runs once, with few operations, and checks its own results.
//!
//! Those with a server in a process of its own are in `services.rs`.

use leno_bench::allocator::Counting;
use leno_bench::workload::{Case, Pinning, Sample, Setting, Unit};
use leno_bench::{peers, process};
use std::collections::HashSet;
use std::time::Duration;

/// As in `versus`, for the workloads that measure memory.
#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Enough for each of a workload's tasks to have something to do, few enough for a test.
const OPERATIONS: u64 = 40;

#[test]
fn every_case_of_every_peer_works() {
    for peer in peers::all() {
        for case in &peer.cases {
            if case.workload.group == "services" {
                continue;
            }
            // What needs two processors cannot be tested on one.
            if case.workload.pinning == Pinning::Apart && process::processors().len() < 2 {
                continue;
            }
            for &workers in case.workload.workers {
                let name = format!("{} on {} with {workers}", case.workload.name, peer.name);
                println!("{name}");
                let operations = case.workload.operations.min(OPERATIONS);
                check(
                    &name,
                    &(case.run)(Setting {
                        workers,
                        operations,
                    }),
                );
            }
        }
    }
}

/// There are figures, and they are numbers.
fn check(name: &str, sample: &Sample) {
    assert!(
        !sample.figures.is_empty() || sample.latency.is_some(),
        "{name}: nothing was measured"
    );
    for figure in &sample.figures {
        let value = figure.value;
        // So few tasks may find room in memory that is there.
        let may_be_none = figure.quantity == "resident bytes per task";
        assert!(value.is_finite(), "{name}: {figure:?}");
        assert!(value > 0.0 || may_be_none, "{name}: {figure:?}");
        assert!(
            figure.unit != Unit::Percent || value < 10_000.0,
            "{name}: {figure:?}"
        );
    }
    if let Some(latency) = &sample.latency {
        assert!(!latency.is_empty(), "{name}: no operation was measured");
        assert!(latency.max() < 60_000_000_000, "{name}: {}", latency.max());
    }
}

#[test]
fn the_workloads_are_described() {
    for peer in peers::all() {
        let mut names = HashSet::new();
        for Case { workload, .. } in &peer.cases {
            let name = workload.name;
            assert!(names.insert(name), "{name} is there twice");
            assert!(!workload.group.is_empty(), "{name} has no group");
            assert!(workload.isolates.ends_with('.'), "{name} isolates what?");
            assert!(workload.cannot_show.ends_with('.'), "{name} shows all?");
            assert!(workload.operations > 0, "{name} does nothing");
            assert!(!workload.workers.is_empty(), "{name} is never run");
            assert!(workload.deadline >= Duration::from_secs(1), "{name}");
        }
    }
}

#[test]
fn runtimes_run_the_same_workloads() {
    let peers = peers::all();
    let of = |nth: usize| -> Vec<_> {
        peers[nth]
            .cases
            .iter()
            .map(|case| case.workload.name)
            .collect()
    };
    let leno = of(0);
    assert_eq!(leno, of(1), "tokio");
    assert_eq!(leno, of(2), "smol");
    for name in of(3) {
        assert!(leno.contains(&name), "{name} is a bare thread's only");
    }
}
