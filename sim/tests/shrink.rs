//! Failures of random toy programs are made small: few decisions, few runs, and the same if they are made small again.

mod toys;

use leno_sim::{Budget, Chooser, Exact, Explorer, Found, Run, Settings, Trace};
use std::path::Path;
use std::time::Duration;
use tempfile::tempdir;
use toys::{Op, Toy, Walk, walk};

/// Three or four actors, each of which takes two or three of four locks, with yields and other locks in between.
fn random(seed: u64) -> Toy {
    let mut walk = Walk::default();
    walk.begin(seed);
    let mut below = |count: usize| walk.below(count);
    let scripts = (0..3 + below(2))
        .map(|_| {
            let mut script = Vec::new();
            let mut held = Vec::new();
            for _ in 0..2 + below(2) {
                for _ in 0..below(3) {
                    script.push(Op::Yield);
                    script.extend([Op::Lock(4), Op::Unlock(4)]);
                }
                let lock = below(4);
                if !held.contains(&lock) {
                    held.push(lock);
                    script.push(Op::Lock(lock));
                }
            }
            script.extend(held.into_iter().map(Op::Unlock));
            script
        })
        .collect();
    Toy {
        scripts,
        counter: None,
    }
}

fn find(
    toy: &Toy,
    folder: &Path,
    chooser: impl Fn() -> Box<dyn Chooser> + Send + Sync + 'static,
) -> Option<Found> {
    let mut settings = Settings::new("random");
    settings.traces = Some(folder.to_owned());
    settings.shrink = Some(Budget {
        runs: 2000,
        time: Duration::MAX,
    });
    let failed = Explorer::new(settings)
        .chooser("chooser", chooser)
        .explore(&mut |run: &mut Run| toy.run(run))
        .err()?;
    failed.found.into_iter().next()
}

#[test]
fn deadlocks_of_random_programs_become_few_decisions() {
    let mut sizes = [0; 4];
    for seed in 0..160 {
        let toy = random(seed);
        let folder = tempdir().unwrap();
        let Some(found) = find(&toy, folder.path(), || Box::<Walk>::default()) else {
            continue;
        };
        assert!(found.repeats, "{}", found.report);
        assert!(found.why.len() <= 3, "{seed}: {toy:?}\n{}", found.report);
        assert!(found.shrunk_in <= 2000);
        sizes[found.why.len()] += 1;
        // The run of the trace is all that the next one finds, and is small already.
        let trace = Trace::read(found.trace.unwrap()).unwrap();
        let choices = trace.record.choices.clone();
        let again = tempdir().unwrap();
        let exact = move || -> Box<dyn Chooser> { Box::new(Exact::new(&choices)) };
        let again = find(&toy, again.path(), exact).unwrap();
        assert_eq!(again.why, trace.why, "{seed}: {toy:?}");
    }
    // None of these is empty, or the test has not seen what it is about.
    assert!(sizes[1] > 10 && sizes[2] > 2, "{sizes:?}");
}

/// All that is claimed of the smallest, seen by trying everything that is smaller.
#[test]
fn nothing_smaller_fails() {
    use leno_sim::{Cause, Ended, Guided};
    let mut twos = 0;
    for seed in 0..160 {
        let toy = random(seed);
        let folder = tempdir().unwrap();
        let Some(found) = find(&toy, folder.path(), || Box::<Walk>::default()) else {
            continue;
        };
        if found.why.len() != 2 {
            continue;
        }
        twos += 1;
        let names = (0..toy.scripts.len()).map(|at| at.to_string());
        for key in names.chain(["root".to_owned()]) {
            for turn in 1..40 {
                let hold = Cause::Hold {
                    key: key.parse().unwrap(),
                    turn,
                };
                let mut run = Run::new(Box::new(Guided::new([hold.clone()])));
                run.begin(0);
                if let Ended::Failed(failure) = toy.run(&mut run) {
                    assert_ne!(
                        failure.fingerprint(),
                        found.fingerprint,
                        "{hold:?} would do"
                    );
                }
            }
        }
    }
    assert!(twos > 2);
}

#[test]
fn a_budget_of_little_is_kept_to() {
    for runs in [1, 2, 5, 20] {
        let folder = tempdir().unwrap();
        let toy = toys::dining();
        let mut explorer = walk("little", folder.path());
        explorer.settings_mut().shrink = Some(Budget {
            runs,
            time: Duration::MAX,
        });
        let failed = explorer
            .explore(&mut |run: &mut Run| toy.run(run))
            .unwrap_err();
        let found = &failed.found[0];
        // The calm run, the failing one and the telling of what is left are made in any case.
        assert!(found.shrunk_in <= runs + 3, "{runs}: {failed}");
        assert!(found.repeats && found.trace.is_some());
    }
}
