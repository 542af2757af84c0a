//! Toy programs are explored: what is found, how it is told, and what is said of a program that is not deterministic.

mod toys;

use leno_sim::{
    Actor, Actors, Because, Cause, Chooser, Ended, Explorer, Failure, FailureKind, Kind, Place,
    Point, Program, Run, Settings, Shard,
};
use std::cell::Cell;
use std::panic::Location;
use std::rc::Rc;
use std::time::Duration;
use tempfile::tempdir;
use toys::{Op, Toy, dining, lock_inversion, lost_update, walk};

#[test]
fn two_locks_in_two_orders_are_one_decision() {
    let folder = tempdir().unwrap();
    let toy = lock_inversion();
    let failed = walk("lock_order", folder.path())
        .explore(&mut |run: &mut Run| toy.run(run))
        .unwrap_err();
    let [found] = &failed.found[..] else {
        panic!("one failure: {failed}")
    };
    assert_eq!(found.failure.kind, FailureKind::Deadlock);
    assert!(found.repeats);
    assert_eq!(found.why.len(), 1, "{failed}");
    assert!(
        matches!(found.why[0].cause, Cause::Hold { turn: 3, .. }),
        "{failed}"
    );
    for said in [
        "lock_order: deadlock at 0 ns, seed ",
        "(walk 1/2), shrunk from ",
        " to 1 in ",
        "the calm run passes. This one differs in\n",
        "    1  task `actor0` (sim/tests/toys/mod.rs:",
        "is held up before its 3rd turn, until nobody else can go on\n",
        "the last steps\n    poll of actor",
        "run it again:  LENO_SIM_REPLAY=",
        "cargo test lock_order\n",
    ] {
        assert!(failed.report.contains(said), "{said:?} is not in\n{failed}");
    }
    let summary = failed.summary.as_ref().unwrap();
    assert_eq!(summary.because(), Because::Found);
}

#[test]
fn the_corpus_shrinks_to_few_decisions_in_few_runs() {
    let folder = tempdir().unwrap();
    for (name, toy, most) in [
        ("lock_inversion", lock_inversion(), 1),
        ("dining", dining(), 2),
        ("lost_update", lost_update(), 1),
    ] {
        let failed = walk(name, folder.path())
            .explore(&mut |run: &mut Run| toy.run(run))
            .unwrap_err();
        let found = &failed.found[0];
        assert!(found.why.len() <= most, "{failed}");
        assert!(found.shrunk_in <= 2000, "{failed}");
    }
}

#[test]
fn a_calm_run_that_fails_needs_no_decision() {
    let folder = tempdir().unwrap();
    let toy = Toy::new(&[&[Op::Lock(0), Op::Lock(0)]]);
    let failed = walk("always_stuck", folder.path())
        .explore(&mut |run: &mut Run| toy.run(run))
        .unwrap_err();
    assert!(failed.found[0].why.is_empty());
    assert!(
        failed.report.contains("no decision is needed (1 run)"),
        "{failed}"
    );
    assert!(
        failed.report.contains("the calm run fails: first come"),
        "{failed}"
    );
}

#[test]
fn a_draw_is_a_decision() {
    let folder = tempdir().unwrap();
    let toy = Toy::new(&[
        &[
            Op::Draw(50, 50),
            Op::Yield,
            Op::Draw(50, 50),
            Op::Draw(50, 7),
        ],
        &[Op::Lock(0), Op::Unlock(0), Op::Lock(1), Op::Unlock(1)],
    ]);
    let failed = walk("draws", folder.path())
        .explore(&mut |run: &mut Run| toy.run(run))
        .unwrap_err();
    let [why] = &failed.found[0].why[..] else {
        panic!("one decision: {failed}")
    };
    assert!(
        matches!(
            why.cause,
            Cause::Draw {
                point: Point::Choice,
                turn: 2,
                nth: 2,
                value: 7,
                ..
            }
        ),
        "{why:?}"
    );
}

#[test]
fn what_no_hold_can_do_is_found_downward() {
    let folder = tempdir().unwrap();
    // The third must go first, then the second: holds of three others would do, but four are in the way of the third.
    let mut program = |run: &mut Run| {
        run.next(&[Actor::ROOT]);
        let mut ready: Vec<Actor> = (1..=6).map(Actor).collect();
        for &actor in &ready {
            run.born(actor, Kind::Task, Place::default());
        }
        let mut order = Vec::new();
        while !ready.is_empty() {
            order.push(ready.remove(run.next(&ready)).0);
        }
        if order[0] != 5 {
            return Ended::Passed;
        }
        Ended::Failed(Failure {
            kind: FailureKind::Broken,
            place: None,
            actors: Vec::new(),
            message: "5 goes first".to_owned(),
            details: String::new(),
        })
    };
    let failed = walk("downward", folder.path())
        .explore(&mut program)
        .unwrap_err();
    let [why] = &failed.found[0].why[..] else {
        panic!("one decision: {failed}")
    };
    assert!(matches!(why.cause, Cause::Ahead { turn: 1, .. }), "{why:?}");
    assert!(
        why.to_string()
            .contains("goes ahead of task 0, before the 1st turn"),
        "{why}"
    );
}

#[test]
fn a_static_that_decides_is_found_in_the_first_run() {
    let count = Cell::new(0);
    let mut program = |run: &mut Run| {
        count.set(count.get() + 1);
        for _ in 0..300 {
            run.draw(Point::Choice, 2);
        }
        run.draw(Point::Choice, 2 + count.get());
        Ended::Passed
    };
    let folder = tempdir().unwrap();
    let failed = walk("counts", folder.path())
        .explore(&mut program)
        .unwrap_err();
    let found = &failed.found[0];
    assert_eq!(
        (found.failure.kind, found.repeats),
        (FailureKind::Differs, false)
    );
    for said in [
        "counts: seed 0 is not deterministic: two runs agree on 300 decisions, then differ",
        "first run    the root draws ",
        " of 3 for `choice`",
        "second run   the root draws ",
        " of 4 for `choice`",
        "likely: a static",
    ] {
        assert!(failed.report.contains(said), "{said:?} is not in\n{failed}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn births_that_nobody_decides_are_found_too() {
    let count = Cell::new(0);
    let mut program = |run: &mut Run| {
        run.next(&[Actor::ROOT]);
        count.set(count.get() + 1);
        if count.get() == 2 {
            run.born(Actor(1), Kind::Task, Place::default());
        }
        run.draw(Point::Choice, 2);
        Ended::Passed
    };
    let folder = tempdir().unwrap();
    let failed = walk("births", folder.path())
        .explore(&mut program)
        .unwrap_err();
    assert!(
        failed.report.contains("it has 1 task and 0 closures"),
        "{failed}"
    );
}

#[test]
fn a_failure_that_does_not_repeat_is_reported_as_that() {
    let count = Cell::new(0);
    let mut program = |run: &mut Run| {
        run.draw(Point::Choice, 9);
        count.set(count.get() + 1);
        if count.get() != 5 {
            return Ended::Passed;
        }
        panic!("only once")
    };
    let folder = tempdir().unwrap();
    let failed = walk("once", folder.path())
        .explore(&mut program)
        .unwrap_err();
    let found = &failed.found[0];
    assert_eq!(found.failure.kind, FailureKind::Panic);
    assert_eq!(found.seed, Some(3), "the first seed is run twice");
    assert!(!found.repeats && found.trace.is_none());
    assert!(
        failed
            .report
            .starts_with("once: panic at seed 3, which does not repeat\n  only once"),
        "{failed}"
    );
}

/// Is alike only after it was asked to keep its runs apart.
struct Leaks {
    runs: u32,
    apart: Rc<Cell<bool>>,
}

impl Program for Leaks {
    fn run(&mut self, run: &mut Run) -> Ended {
        self.runs += 1;
        let leak = if self.apart.get() { 0 } else { self.runs };
        run.draw(Point::Choice, 2 + leak);
        Ended::Passed
    }

    fn isolate(&mut self) -> Option<String> {
        let was_apart = self.apart.replace(true);
        (!was_apart).then(|| "each run has a thread of its own, since runs differed".to_owned())
    }
}

#[test]
fn a_program_that_can_isolate_its_runs_is_asked_to() {
    let apart = Rc::new(Cell::new(false));
    let mut program = Leaks {
        runs: 0,
        apart: Rc::clone(&apart),
    };
    let folder = tempdir().unwrap();
    let summary = walk("leaks", folder.path()).explore(&mut program).unwrap();
    assert!(apart.get());
    assert_eq!(
        summary.notes(),
        ["each run has a thread of its own, since runs differed"]
    );
    assert_eq!(summary.runs(), 1000);
}

#[test]
fn what_should_be_true_sometimes_and_never_is() {
    let place = Location::caller();
    let mut program = |run: &mut Run| {
        let drawn = run.draw(Point::Choice, 4);
        run.sometimes("it is 3", place, drawn == 3);
        run.sometimes("it is 4", place, drawn == 4);
        Ended::Passed
    };
    let folder = tempdir().unwrap();
    let failed = walk("never", folder.path())
        .explore(&mut program)
        .unwrap_err();
    let [found] = &failed.found[..] else {
        panic!("{failed}")
    };
    assert_eq!(found.failure.kind, FailureKind::Never);
    assert!(
        failed
            .report
            .contains("`it is 4` should be true in some run, and was in none of 1,000"),
        "{failed}"
    );
    // One that was cut short has not looked everywhere, nor has one shard of several.
    let mut short = walk("never", folder.path());
    short.settings_mut().runs = Some(1);
    assert_eq!(
        short.explore(&mut program).unwrap().because(),
        Because::Runs
    );
    let mut shard = walk("never", folder.path());
    shard.settings_mut().shard = Shard::new(1, 2).unwrap();
    shard.explore(&mut program).unwrap();
}

#[test]
fn what_must_hold_always_fails_the_run() {
    let place = Location::caller();
    let mut program = |run: &mut Run| {
        let drawn = run.draw(Point::Choice, 4);
        run.always("it is small", place, drawn < 3);
        Ended::Passed
    };
    let folder = tempdir().unwrap();
    let failed = walk("always", folder.path())
        .explore(&mut program)
        .unwrap_err();
    assert_eq!(failed.found[0].failure.kind, FailureKind::Broken);
    assert!(
        failed
            .report
            .contains("`it is small` does not hold (sim/tests/explore.rs:"),
        "{failed}"
    );
}

/// Has three runs in it, whatever the seeds.
#[derive(Default)]
struct Three(u32);

impl Chooser for Three {
    fn begin(&mut self, _: u64) -> bool {
        self.0 += 1;
        self.0 <= 3
    }

    fn next(&mut self, _: &Actors, _: &[Actor]) -> usize {
        0
    }

    fn hold(&mut self, _: &Actors, _: Actor) -> bool {
        false
    }

    fn draw(&mut self, _: &Actors, _: Point, _: Actor, _: u32) -> u32 {
        self.0
    }
}

#[test]
fn a_chooser_that_comes_to_its_end_ends_it() {
    let mut program = |run: &mut Run| {
        // Looking closer at the first run takes none of the chooser's away.
        let drawn = run.draw(Point::Choice, 4);
        run.sometimes("it is 3", Location::caller(), drawn == 3);
        Ended::Passed
    };
    let summary = Explorer::new(Settings::new("three"))
        .chooser("three", || Box::<Three>::default())
        .explore(&mut program)
        .unwrap();
    assert_eq!((summary.runs(), summary.because()), (3, Because::Exhausted));
    assert_eq!(summary.distinct(), (3, true));
    assert_eq!(summary.sometimes()[0].so, 1);
}

/// A run can be lent to a thread, which is how a program keeps its runs apart.
struct OnThreads(Toy);

impl Program for OnThreads {
    fn run(&mut self, run: &mut Run) -> Ended {
        std::thread::scope(|scope| scope.spawn(|| self.0.run(run)).join().unwrap())
    }
}

#[test]
fn each_run_may_have_a_thread_of_its_own() {
    let folder = tempdir().unwrap();
    let there = walk("here", folder.path())
        .explore(&mut OnThreads(lock_inversion()))
        .unwrap_err();
    let toy = lock_inversion();
    let here = walk("here", folder.path())
        .explore(&mut |run: &mut Run| toy.run(run))
        .unwrap_err();
    assert_eq!(there.found[0].why, here.found[0].why);
}

#[test]
fn several_failures_are_collected_if_asked_for() {
    let toy = Toy::new(&[
        &[Op::Lock(0), Op::Lock(1), Op::Unlock(1), Op::Unlock(0)],
        &[Op::Lock(1), Op::Lock(0), Op::Unlock(0), Op::Unlock(1)],
        &[Op::Draw(4, 3)],
    ]);
    let folder = tempdir().unwrap();
    let mut explorer = walk("several", folder.path());
    explorer.settings_mut().failures = 10;
    let failed = explorer
        .explore(&mut |run: &mut Run| toy.run(run))
        .unwrap_err();
    assert_eq!(failed.found.len(), 2, "{failed}");
    let summary = failed.summary.as_ref().unwrap();
    assert_eq!((summary.runs(), summary.failures()), (1000, 2));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn the_summary_tells_what_was_met() {
    let toy = dining();
    let folder = tempdir().unwrap();
    let mut passing = toy.clone();
    passing.scripts.truncate(1);
    let mut explorer = walk("summary", folder.path());
    explorer.settings_mut().seeds = 100..300;
    let summary = explorer
        .explore(&mut |run: &mut Run| passing.run(run))
        .unwrap();
    assert_eq!((summary.runs(), summary.because()), (200, Because::Seeds));
    let [point] = summary.points() else {
        panic!("{summary}")
    };
    assert!(point.born.starts_with("sim/tests/toys/mod.rs:") && point.site == "lock");
    assert!(point.held > 0 && point.reached > point.held);
    let (distinct, exact) = summary.distinct();
    assert!(exact && (2..50).contains(&distinct), "{summary}");
    assert!(
        summary
            .last_new()
            .is_some_and(|seed| (100..300).contains(&seed))
    );
    let text = summary.to_string();
    assert!(text.starts_with("summary: 200 runs (walk), "), "{text}");
    assert!(
        text.contains("different runs; the last new one came at seed "),
        "{text}"
    );
    let mut explorer = walk("time", folder.path());
    explorer.settings_mut().time = Some(Duration::from_nanos(1));
    let summary = explorer
        .explore(&mut |run: &mut Run| passing.run(run))
        .unwrap();
    assert_eq!((summary.runs(), summary.because()), (0, Because::Time));
    explorer.settings_mut().time = Some(Duration::ZERO);
    let failed = explorer
        .explore(&mut |run: &mut Run| passing.run(run))
        .unwrap_err();
    assert!(
        failed.to_string().contains("nothing would be run"),
        "{failed}"
    );
}
