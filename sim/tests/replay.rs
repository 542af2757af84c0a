//! Traces are done again: on the same program exactly, on one that has changed as far as they go.

mod toys;

use leno_sim::{Because, Budget, Explorer, Failed, FailureKind, Run, Settings, Summary, Trace};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::{TempDir, tempdir};
use toys::{Op, Toy, dining, lock_inversion, lost_update, walk};

fn found(toy: &Toy) -> (TempDir, PathBuf, String) {
    let folder = tempdir().unwrap();
    let mut explorer = walk("toy", folder.path());
    // Runs are counted, and how fast they are does not matter here.
    explorer.settings_mut().shrink = Some(Budget {
        time: Duration::MAX,
        ..Budget::default()
    });
    let failed = explorer
        .explore(&mut |run: &mut Run| toy.run(run))
        .unwrap_err();
    let file = failed.found[0].trace.clone().unwrap();
    (folder, file, failed.found[0].fingerprint.clone())
}

fn replay(toy: &Toy, file: &Path) -> Result<Summary, Box<Failed>> {
    Explorer::new(Settings::new("toy"))
        .replay(file)
        .explore(&mut |run: &mut Run| toy.run(run))
}

#[test]
fn the_same_program_fails_in_the_same_way() {
    for toy in [lock_inversion(), dining(), lost_update()] {
        let (_folder, file, print) = found(&toy);
        let failed = replay(&toy, &file).unwrap_err();
        assert_eq!(failed.found[0].fingerprint, print);
        assert_eq!(failed.found[0].trace.as_deref(), Some(&*file));
        for said in ["the run is the trace's, to the last of ", "replayed from "] {
            assert!(failed.report.contains(said), "{said:?} is not in\n{failed}");
        }
        let trace = Trace::read(&file).unwrap();
        assert!(!trace.why.is_empty() && !trace.record.choices.is_empty());
        assert!(
            failed.report.contains(&trace.why[0].to_string()),
            "{failed}"
        );
    }
}

#[test]
fn a_long_run_is_replayed_exactly() {
    let mut toy = lock_inversion();
    for script in &mut toy.scripts {
        let busy = [
            Op::Draw(9, 9),
            Op::Lock(5),
            Op::Unlock(5),
            Op::Tick(7),
            Op::Yield,
        ];
        let busy = busy.repeat(400);
        script.splice(0..0, busy);
    }
    let (_folder, file, print) = found(&toy);
    let trace = Trace::read(&file).unwrap();
    assert!(trace.record.checkpoints.len() > 3);
    assert_eq!(trace.why.len(), 1);
    let failed = replay(&toy, &file).unwrap_err();
    assert_eq!(failed.found[0].fingerprint, print);
    assert!(failed.report.contains("to the last of 2,"), "{failed}");
}

#[test]
fn what_was_fixed_passes_and_says_so() {
    let toy = lock_inversion();
    let (_folder, file, _) = found(&toy);
    let mut fixed = toy.clone();
    fixed.scripts[1] = fixed.scripts[0].clone();
    let summary = replay(&fixed, &file).unwrap();
    assert_eq!(summary.because(), Because::Seeds);
    let notes = summary.notes().join("\n");
    assert!(notes.contains("then departs"), "{notes}");
    assert!(notes.contains("1 of 1 decision applied"), "{notes}");
    assert!(notes.contains("(deadlock "), "{notes}");
    assert!(notes.contains(") does not fail any more"), "{notes}");
    assert!(
        summary.to_string().contains("does not fail any more"),
        "{summary}"
    );
}

#[test]
fn a_changed_program_is_followed_by_keys() {
    let toy = lock_inversion();
    let (_folder, file, print) = found(&toy);
    // Others are there now, and do something before it: positions are of no use, keys are.
    let mut changed = toy.clone();
    let busy = [Op::Lock(6), Op::Unlock(6), Op::Draw(3, 3), Op::Yield];
    changed.scripts.push(busy.repeat(3));
    let failed = replay(&changed, &file).unwrap_err();
    assert_eq!(failed.found[0].fingerprint, print);
    assert!(
        failed.report.contains("1 of 1 decision applied"),
        "{failed}"
    );
}

#[test]
fn says_what_does_not_apply_any_more() {
    let toy = dining();
    let (_folder, file, _) = found(&toy);
    let applied = |toy: &Toy| {
        let summary = replay(toy, &file).unwrap();
        summary
            .notes()
            .iter()
            .find(|note| note.contains("applied"))
            .unwrap()
            .clone()
    };
    let trace = Trace::read(&file).unwrap();
    assert_eq!(trace.why.len(), 2, "{trace}");
    let mut shorter = toy.clone();
    for script in &mut shorter.scripts {
        script.truncate(1);
        script.push(Op::Unlock(7));
    }
    let note = applied(&shorter);
    assert!(note.starts_with("1 of 2 decisions applied; `"), "{note}");
    assert!(note.contains("` has no 3rd turn any more"), "{note}");
    let nobody = Toy::new(&[]);
    let note = applied(&nobody);
    assert!(note.contains("is not there any more"), "{note}");
}

#[test]
fn a_trace_of_another_test_is_done_and_named() {
    let toy = lock_inversion();
    let (_folder, file, _) = found(&toy);
    let summary = Explorer::new(Settings::new("other"))
        .replay(&file)
        .explore(&mut |run: &mut Run| Toy::new(&[]).run(run))
        .unwrap();
    let notes = summary.notes().join("\n");
    assert!(
        notes.contains("the trace is of the test `toy`, not of this one"),
        "{notes}"
    );
}

#[test]
fn another_failure_is_a_failure() {
    let toy = lock_inversion();
    let (_folder, file, _) = found(&toy);
    let other = Toy::new(&[&[Op::Draw(2, 0)]]);
    let failed = replay(&other, &file).unwrap_err();
    assert_eq!(failed.found[0].failure.kind, FailureKind::Panic);
    assert!(
        failed
            .report
            .contains("this is another failure than the trace's, which was: deadlock"),
        "{failed}"
    );
}

#[test]
fn a_program_that_differs_from_run_to_run_is_named() {
    let toy = lock_inversion();
    let (_folder, file, _) = found(&toy);
    let failed = Explorer::new(Settings::new("toy"))
        .replay(&file)
        .explore(&mut |run: &mut Run| {
            run.draw(leno_sim::Point::Choice, 2);
            toy.run(run)
        })
        .unwrap_err();
    assert!(
        failed
            .report
            .contains("this is the trace's own build, so something decides here"),
        "{failed}"
    );
}

#[test]
fn a_trace_that_cannot_be_read_is_an_error_with_its_line() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("x.trace");
    let toy = lock_inversion();
    let missing = replay(&toy, &file).unwrap_err();
    assert!(
        missing.found.is_empty()
            && missing
                .to_string()
                .contains("x.trace: the trace cannot be read"),
        "{missing}"
    );
    std::fs::write(&file, "leno-trace 2\n").unwrap();
    let newer = replay(&toy, &file).unwrap_err();
    assert!(
        newer
            .to_string()
            .contains("x.trace:1: this trace is of version 2"),
        "{newer}"
    );
}

#[test]
fn shrinking_what_was_shrunk_changes_nothing() {
    for toy in [lock_inversion(), dining(), lost_update()] {
        let (_folder, file, _) = found(&toy);
        let trace = Trace::read(&file).unwrap();
        // The shrunk run is all that this chooser has, so it is what is found, and shrunk again.
        let folder = tempdir().unwrap();
        let mut settings = Settings::new("toy");
        settings.traces = Some(folder.path().to_owned());
        let choices = trace.record.choices.clone();
        let again = Explorer::new(settings)
            .chooser("exact", move || Box::new(leno_sim::Exact::new(&choices)))
            .explore(&mut |run: &mut Run| toy.run(run))
            .unwrap_err();
        assert_eq!(again.found[0].why, trace.why);
        let shrunk = Trace::read(again.found[0].trace.as_ref().unwrap()).unwrap();
        assert_eq!(shrunk.record, trace.record);
    }
}

#[test]
fn no_budget_means_as_it_was_found() {
    let toy = dining();
    let folder = tempdir().unwrap();
    let mut explorer = walk("toy", folder.path());
    explorer.settings_mut().shrink = None;
    let failed = explorer
        .explore(&mut |run: &mut Run| toy.run(run))
        .unwrap_err();
    assert_eq!(failed.found[0].shrunk_in, 0);
    assert!(
        failed
            .report
            .contains("this run differs from the calm one in"),
        "{failed}"
    );
    let file = failed.found[0].trace.as_ref().unwrap();
    assert!(replay(&toy, file).is_err());
    assert!(replay(&Toy::new(&[]), file).is_ok());
}
