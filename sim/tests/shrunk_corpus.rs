//! What each strategy finds in the corpus becomes few decisions, in few runs, and is found again by its trace.

mod support;

use leno_sim::{Budget, Ended, Explorer, Failure, FailureKind, Run, Settings, Strategy};
use std::time::Duration;
use support::corpus::{
    dining_3, lock_inversion, lost_notify_await, rmw_across_await, semaphore_upgrade, six_switches,
};
use support::{Outcome, Toy};
use tempfile::tempdir;

fn run(toy: &Toy, run: &mut Run) -> Ended {
    let kind = match toy.run(run, 0).0 {
        Outcome::Passed => return Ended::Passed,
        Outcome::Failed => FailureKind::Panic,
        Outcome::Deadlock => FailureKind::Deadlock,
        Outcome::Livelock => FailureKind::Livelock,
    };
    Ended::Failed(Failure {
        kind,
        place: None,
        actors: Vec::new(),
        message: "it failed".to_owned(),
        details: String::new(),
    })
}

#[test]
fn the_corpus_shrinks_to_three_decisions_in_2000_runs() {
    // The most decisions that the smallest may be told in: that of the plan's table, and of `six_switches` that the calm run fails.
    type Row = (&'static str, fn() -> Toy, usize);
    let rows: [Row; 6] = [
        ("dining_3", dining_3, 2),
        ("lock_inversion", lock_inversion, 1),
        ("rmw_across_await", rmw_across_await, 1),
        ("semaphore_upgrade", semaphore_upgrade, 1),
        ("lost_notify_await", lost_notify_await, 1),
        ("six_switches", six_switches, 0),
    ];
    let strategies = [
        Strategy::walk(0.5),
        Strategy::pct(3),
        Strategy::pos(),
        Strategy::portfolio(),
        Strategy::delays(2),
    ];
    for (name, toy, most) in rows {
        let toy = toy();
        for strategy in &strategies {
            let folder = tempdir().unwrap();
            let mut settings = Settings::new(name);
            settings.traces = Some(folder.path().to_owned());
            settings.shrink = Some(Budget {
                runs: 2000,
                time: Duration::MAX,
            });
            let mut explorer = Explorer::new(settings.clone()).strategy(strategy.clone());
            let failed = explorer
                .explore(&mut |it: &mut Run| run(&toy, it))
                .unwrap_err();
            let found = &failed.found[0];
            assert!(found.repeats, "{strategy}: {failed}");
            assert!(found.why.len() <= most, "{strategy}: {failed}");
            assert!(found.shrunk_in < 2000, "{strategy}: {failed}");
            let again = Explorer::new(settings)
                .replay(found.trace.as_ref().unwrap())
                .explore(&mut |it: &mut Run| run(&toy, it))
                .unwrap_err();
            assert_eq!(again.found[0].fingerprint, found.fingerprint);
            assert!(again.report.contains("the run is the trace's"), "{again}");
        }
    }
}
