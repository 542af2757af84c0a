//! No false alarm: whatever a simulation brings about, the runtime itself can.
//!
//! All outcomes of a bounded search in the simulation are looked for on workers, whose polls begin with budgets that are drawn.

mod support;

use leno::runtime::{Builder, Runtime};
use leno::sim::FailureKind;
use leno::time::timeout;
use leno_sim::Delays;
use leno_sim_corpus::{Needs, Program, ROWS};
use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::builder;

/// What nobody can say who is stuck.
const STUCK: &str = "nobody can go on";

/// So long the outcomes of one program are looked for: it takes a fraction of that, unless one is alien.
const AT_MOST: Duration = Duration::from_secs(120);

/// All outcomes of the schedules with two delays at most, and how many schedules these are.
fn simulated(program: Program) -> (BTreeSet<String>, u64) {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let see = Arc::clone(&seen);
    let (builder, _traces) = builder(0..1_000_000, ("delays(2)", || Box::new(Delays::new(2))));
    let result = builder.shrink(None).failures(usize::MAX).run(move || {
        let see = Arc::clone(&see);
        async move {
            let came = program().await;
            see.lock().unwrap().insert(came.to_string());
        }
    });
    let mut seen = std::mem::take(&mut *seen.lock().unwrap());
    let runs = match result {
        Ok(summary) => summary.runs(),
        Err(failed) => {
            for found in &failed.found {
                assert_eq!(found.failure.kind, FailureKind::Deadlock, "{failed}");
            }
            seen.insert(STUCK.to_owned());
            failed.summary.as_ref().unwrap().runs()
        }
    };
    (seen, runs)
}

/// Two workers and four take turns, since what one of them shows in a moment may take the other one long.
fn runtimes() -> [Runtime; 2] {
    [2, 4].map(|workers| {
        Builder::new_multi_thread()
            .worker_threads(workers)
            .enable_time()
            .build()
            .unwrap()
    })
}

/// What the runtime comes to once; `None` if that has been seen to be stuck, and may be so again.
fn once(runtime: &Runtime, program: Program, stuck_is_known: bool) -> Option<String> {
    runtime.block_on(async {
        // The program is a task as well, so that it is polled by workers like the rest.
        let mut running = pin!(leno::spawn(run(program)));
        if let Ok(came) = timeout(Duration::from_millis(20), &mut running).await {
            return Some(came.unwrap());
        }
        if stuck_is_known {
            running.abort();
            return None;
        }
        // A machine that is busy is slow; only what takes very much longer is stuck.
        match timeout(Duration::from_secs(3), &mut running).await {
            Ok(came) => Some(came.unwrap()),
            Err(_) => {
                running.abort();
                Some(STUCK.to_owned())
            }
        }
    })
}

async fn run(program: Program) -> String {
    program().await.to_string()
}

#[test]
fn what_simulations_come_to_the_runtime_comes_to() {
    let _random = leno::sim::random_budgets();
    let mut alien = Vec::new();
    for row in ROWS.iter().filter(|row| row.needs != Needs::Inside) {
        for (version, program) in [("broken", row.broken), ("mended", row.mended)] {
            let (simulated, schedules) = simulated(program);
            let mut seen = BTreeSet::new();
            let runtimes = runtimes();
            let (start, mut runs) = (Instant::now(), 0);
            while !simulated.is_subset(&seen) && start.elapsed() < AT_MOST {
                let runtime = &runtimes[runs % runtimes.len()];
                seen.extend(once(runtime, program, seen.contains(STUCK)));
                runs += 1;
            }
            println!(
                "{:>20} {version}: {} outcomes of {schedules} schedules; {} of {runs} runs on workers, in {:.1} s",
                row.name,
                simulated.len(),
                seen.len(),
                start.elapsed().as_secs_f64()
            );
            alien.extend(
                simulated
                    .difference(&seen)
                    .map(|outcome| format!("{} {version}: {outcome}", row.name)),
            );
            for runtime in runtimes {
                runtime.shutdown_background();
            }
        }
    }
    assert!(alien.is_empty(), "no run on workers came to {alien:#?}");
}
