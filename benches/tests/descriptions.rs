//! What is said of the workloads, and that the runtimes run the same ones.

use leno_bench::peers;
use leno_bench::workload::Case;
use std::collections::HashSet;
use std::time::Duration;

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
    // smol's tasks can be put into no group.
    let ungrouped: Vec<_> = peers[0]
        .cases
        .iter()
        .filter(|case| case.workload.group != "groups")
        .map(|case| case.workload.name)
        .collect();
    assert_eq!(ungrouped, of(2), "smol");
    for name in of(3) {
        assert!(leno.contains(&name), "{name} is a bare thread's only");
    }
}

#[test]
fn a_peer_of_this_program_is_nobodys_own() {
    for peer in peers::all() {
        assert!(peers::NAMES.contains(&peer.name), "{}", peer.name);
    }
    for name in peers::NOT_TO_BE_TAKEN {
        assert!(peers::NAMES.contains(&name), "{name}");
    }
}
