//! Every workload of every peer does its work: each runs once, with few operations, and checks its own results.
//!
//! Those with a server in a process of its own are in `services.rs`. There is one test here, since some workloads count what
//! is allocated in this process: another test beside it would be counted too.

use leno_bench::allocator::Counting;
use leno_bench::workload::{Pinning, Sample, Setting, Unit};
use leno_bench::{peers, process};

/// As in `versus`, for the workloads that measure memory.
#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Enough for each of a workload's tasks to have something to do, few enough for a test.
const OPERATIONS: u64 = 40;

/// Enough for the memory of tasks to outweigh what threads of the case before give back meanwhile, as they end.
const TASKS_IN_MEMORY: u64 = 4000;

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
                let most = match case.workload.group {
                    "memory" => TASKS_IN_MEMORY,
                    _ => OPERATIONS,
                };
                let operations = case.workload.operations.min(most);
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
