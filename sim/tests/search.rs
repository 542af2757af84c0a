//! The searches that go through schedules, against closed forms and against a brute force that knows nothing of them.

mod support;

use leno_sim::{
    Actor, Chooser, Claim, Delays, Dpor, Exhaustive, Extent, Kind, Place, Point, Prefix, Random,
    Run, Strategy,
};
use std::collections::BTreeSet;
use support::corpus::{dining_3, lock_inversion, rmw_across_await};
use support::{Op, Outcome, Toy, Trace, drive, random_program};

/// Runs `program` until the chooser has nothing left. Gives each run's choices, and what is claimed.
fn choices(chooser: Box<dyn Chooser>, mut program: impl FnMut(&mut Run)) -> (Vec<Vec<u32>>, Claim) {
    let mut run = Run::new(chooser);
    let mut all = Vec::new();
    while run.begin(0) {
        program(&mut run);
        all.push(
            run.decisions()
                .iter()
                .map(|decision| decision.taken)
                .collect(),
        );
        run.end(false);
    }
    let claim = run.chooser().claim().expect("a search has a claim");
    (all, claim)
}

fn distinct(all: &[Vec<u32>]) -> BTreeSet<Vec<u32>> {
    all.iter().cloned().collect()
}

fn binomial(n: u64, k: u64) -> u64 {
    (0..k).fold(1, |product, i| product * (n - i) / (i + 1))
}

#[test]
fn draws_are_counted_right() {
    // Of 8 draws, at most b are other than 0.
    for bound in 0..=4 {
        let (all, claim) = choices(Box::new(Delays::new(bound)), |run| {
            for _ in 0..8 {
                run.draw(Point::Choice, 2);
            }
        });
        let expected: u64 = (0..=bound.into()).map(|other| binomial(8, other)).sum();
        assert_eq!(distinct(&all).len() as u64, expected);
        assert_eq!(claim.covered, expected);
        assert_eq!(claim.extent, Extent::Delays(bound));
    }
}

#[test]
fn those_passed_over_are_counted_right() {
    // Five that take one turn each: orders with at most b inversions (the Mahonian numbers 1, 4, 9, 15, 20, 22, … summed up).
    for (bound, expected) in [1, 5, 14, 29, 49, 71, 91].into_iter().enumerate() {
        let bound = bound as u32;
        let (all, claim) = choices(Box::new(Delays::new(bound)), |run| {
            let mut ready: Vec<_> = (1..=5).map(Actor).collect();
            while !ready.is_empty() {
                let taken = run.next(&ready);
                ready.remove(taken);
            }
        });
        assert_eq!(distinct(&all).len(), expected);
        assert_eq!(
            (claim.covered, claim.extent),
            (expected as u64, Extent::Delays(bound))
        );
    }
}

#[test]
fn holds_are_counted_right() {
    // One actor with six leaves, which comes back to a leaf where it was held: at most b holds among six leaves, with repetition.
    for bound in 0..=4 {
        let (all, claim) = choices(Box::new(Delays::new(bound)), |run| {
            let mut leaves = 6;
            while leaves > 0 {
                run.next(&[Actor::ROOT]);
                while leaves > 0 && run.leaf() {
                    leaves -= 1;
                }
            }
        });
        let expected = binomial(6 + u64::from(bound), bound.into());
        assert_eq!(distinct(&all).len() as u64, expected);
        assert_eq!(claim.covered, expected);
    }
}

#[test]
fn a_bound_that_cuts_nothing_off_is_all() {
    let (all, claim) = choices(Box::new(Delays::new(100)), |run| {
        for _ in 0..3 {
            run.draw(Point::Choice, 2);
        }
    });
    assert_eq!(distinct(&all).len(), 8);
    assert_eq!(claim.to_string(), "all 8 schedules");
    assert!(claim.is_complete());
}

#[test]
fn what_was_left_is_taken_up_without_a_gap_or_a_repetition() {
    let program = |run: &mut Run| {
        let first = run.draw(Point::Choice, 3);
        for _ in 0..3 + first {
            run.draw(Point::Choice, 2);
        }
    };
    let (whole, _) = choices(Box::new(Exhaustive::new()), program);
    assert_eq!(whole.len(), 8 + 16 + 32);
    for stop in 0..whole.len() {
        let mut run = Run::new(Strategy::exhaustive().chooser());
        let mut all = Vec::new();
        for _ in 0..stop {
            assert!(run.begin(0));
            program(&mut run);
            all.push(
                run.decisions()
                    .iter()
                    .map(|decision| decision.taken)
                    .collect(),
            );
            run.end(false);
        }
        // As text, since that is how it travels.
        let rest: Vec<Prefix> = run
            .chooser()
            .unexplored()
            .iter()
            .map(|prefix| prefix.to_string().parse().unwrap())
            .collect();
        let claim = run.chooser().claim().unwrap();
        assert_eq!(claim.extent, Extent::Some);
        let (more, claim) = choices(Strategy::exhaustive().resume(rest).unwrap(), program);
        assert!(!claim.is_complete(), "a part is not all: {claim}");
        all.extend(more);
        assert_eq!(all.len(), whole.len());
        assert_eq!(distinct(&all), distinct(&whole));
    }
}

#[test]
fn shards_share_all_schedules() {
    let toy = dining_3();
    let schedules = |chooser: Box<dyn Chooser>| {
        let mut salt = 0;
        choices(chooser, |run| {
            salt += 1;
            toy.run(run, salt);
        })
    };
    let (whole, _) = schedules(Box::new(Delays::shard(2, 0, 1)));
    let mut all = Vec::new();
    let mut covered = 0;
    for index in 0..3 {
        let (part, claim) = schedules(Strategy::delays(2).shard(index, 3).unwrap());
        // All of them make the calm run.
        all.extend_from_slice(if index == 0 { &part } else { &part[1..] });
        covered += claim.covered;
        assert!(claim.to_string().contains("prefix"), "{claim}");
        assert!(
            part.len() > whole.len() / 6,
            "{} of {} are an uneven share",
            part.len(),
            whole.len()
        );
    }
    assert_eq!(all.len(), whole.len());
    assert_eq!(distinct(&all), distinct(&whole));
    assert_eq!(covered, whole.len() as u64);
}

#[test]
fn nothing_is_claimed_of_a_program_that_does_not_repeat() {
    for strategy in [
        Strategy::delays(3),
        Strategy::exhaustive(),
        Strategy::dpor(),
    ] {
        let mut time = 0;
        let mut run = Run::new(strategy.chooser());
        let mut runs = 0;
        while run.begin(0) {
            runs += 1;
            assert!(runs < 100, "{strategy} goes on for ever");
            time += 1;
            run.next(&[Actor::ROOT]);
            for _ in 0..3 {
                run.draw(Point::Choice, 2 + (time == 3) as u32);
            }
            run.end(false);
        }
        let claim = run.chooser().claim().unwrap();
        assert!(
            claim.to_string().contains("did not repeat itself"),
            "{strategy}: {claim}"
        );
        assert!(!claim.is_complete());
    }
}

#[test]
fn few_delays_find_the_corpus() {
    for (toy, bound) in [
        (dining_3(), 2),
        (lock_inversion(), 1),
        (rmw_across_await(), 1),
    ] {
        let mut found = None;
        let run = drive(
            &toy,
            Strategy::delays(bound).chooser(),
            0..10_000,
            |run, outcome, _| {
                if *outcome != Outcome::Passed {
                    found = Some(run);
                }
                found.is_none()
            },
        );
        assert!(found.is_some(), "{}", run.chooser().claim().unwrap());
        let claim = run.chooser().claim().unwrap();
        assert_eq!(
            claim.extent,
            Extent::Delays(bound - 1),
            "the bounds below were gone through: {claim}"
        );
    }
}

/// All ends of all runs.
fn ends(toy: &Toy, chooser: impl Chooser + 'static) -> (BTreeSet<(Outcome, Trace)>, Claim) {
    let mut found = BTreeSet::new();
    let run = drive(toy, Box::new(chooser), 0..2_000_000, |_, outcome, trace| {
        found.insert((outcome.clone(), trace.clone()));
        true
    });
    let claim = run.chooser().claim().unwrap();
    (found, claim)
}

#[test]
fn exhaustive_search_finds_what_brute_force_finds() {
    let mut random = Random::new(11);
    let mut classes = 0;
    for number in 0..60 {
        let mut toy = random_program(&mut random, 3);
        // Three of them have too many schedules.
        toy.actors.truncate(3);
        toy.actors[0] = vec![Op::Spawn(1), Op::Spawn(2), Op::Join(1), Op::Join(2)];
        let expected = toy.brute_force();
        let (found, claim) = ends(&toy, Exhaustive::new());
        assert!(claim.is_complete(), "{claim}: {toy:?}");
        assert_eq!(found, expected, "program {number}: {toy:?}");
        classes += expected.len();
    }
    assert!(
        classes > 150,
        "{classes} classes are too few to show anything"
    );
}

#[test]
fn dpor_explores_exactly_the_classes_of_brute_force() {
    let mut random = Random::new(12);
    let (mut classes, mut reduced, mut asleep_less) = (0, 0, 0);
    for number in 0..200 {
        let toy = random_program(&mut random, 4);
        let expected = toy.brute_force();
        let (found, claim) = ends(&toy, Dpor::without_audit());
        assert_eq!(found, expected, "program {number}: {claim}: {toy:?}");
        // A failed run has nothing behind it here, but a chooser cannot know that.
        if expected.iter().all(|end| end.0 == Outcome::Passed) {
            assert!(claim.is_complete(), "{claim}: {toy:?}");
            assert_eq!(claim.covered, expected.len() as u64, "{claim}: {toy:?}");
        } else {
            assert!(!claim.is_complete(), "{claim}: {toy:?}");
        }
        classes += expected.len() as u64;
        reduced += claim.runs;
        asleep_less += ends(&toy, Dpor::without_sleep_sets()).1.runs - 16;
    }
    // Mutation: without sleep sets, nearly twice as many.
    println!("{classes} classes in {reduced} runs, in {asleep_less} without sleep sets");
    assert!(classes > 1_500 && reduced < 3 * classes);
    assert!(asleep_less > reduced * 3 / 2);
}

#[test]
fn dpor_looks_beyond_the_end_of_the_root() {
    // The last task is not waited for. Whether it has come first is seen by the other one only if it was made to run.
    let mut toy = Toy::of(&[
        &[Op::Acquire(0), Op::Load(0), Op::Release(0)],
        &[Op::Acquire(1), Op::Set(0, 7), Op::Release(1)],
    ]);
    toy.actors[0].pop();
    toy.actors[0].extend([Op::Load(0), Op::CheckNot(0, 7)]);
    let expected = toy.brute_force();
    assert!(expected.iter().any(|end| end.0 == Outcome::Failed));
    assert_eq!(ends(&toy, Dpor::without_audit()).0, expected);
}

/// What the cells can be in the end.
fn outcomes(toy: &Toy, chooser: impl Chooser + 'static) -> (BTreeSet<(Outcome, Vec<i32>)>, Claim) {
    let mut run = Run::new(Box::new(chooser));
    let mut found = BTreeSet::new();
    for seed in 0..1_000_000 {
        if !run.begin(seed) {
            break;
        }
        let (outcome, machine) = toy.run_to_end(&mut run, seed as u32);
        run.end(outcome != Outcome::Passed);
        found.insert((outcome, machine.cells));
    }
    let claim = run.chooser().claim().unwrap();
    (found, claim)
}

/// Receives of one channel or another, and may be held between the two; then it comes to the first again.
fn select() -> Toy {
    let mut toy = Toy::of(&[
        &[
            Op::Select(0, 1),
            Op::Store(0),
            Op::Select(0, 1),
            Op::Store(1),
        ],
        &[Op::Send(0)],
        &[Op::Send(1)],
    ]);
    // The root has no part in it, and would make the tree too wide.
    toy.actors[0].truncate(4);
    toy
}

#[test]
fn a_select_that_is_held_ends_somewhere() {
    let toy = Toy::of(&[
        &[Op::Select(0, 1), Op::Store(0)],
        &[Op::Send(0), Op::Send(1)],
    ]);
    let (found, claim) = outcomes(&toy, Exhaustive::new());
    assert!(claim.is_complete(), "{claim}");
    assert_eq!(found, toy.brute_outcomes());
}

#[test]
fn dpor_is_careful_with_select() {
    let toy = select();
    let expected = toy.brute_outcomes();
    assert!(expected.len() > 1, "both orders can be");
    let (found, claim) = outcomes(&toy, Dpor::new());
    assert_eq!(found, expected, "{claim}");
    assert!(claim.is_complete(), "{claim}");
}

/// What one does hangs on something that the other does, and that nobody is told.
fn hidden() -> Toy {
    Toy::of(&[
        &[Op::Acquire(0), Op::HiddenSet(0, 1), Op::Release(0)],
        &[
            Op::Acquire(1),
            Op::HiddenLoad(0),
            Op::Release(1),
            Op::SkipIf(0, 3),
            Op::Acquire(2),
            Op::Set(1, 5),
            Op::Release(2),
        ],
    ])
    .then(&[Op::Load(1), Op::CheckNot(1, 5)])
}

#[test]
fn the_audit_catches_what_is_not_told() {
    // The calm order is the one that fails here, so its opposite is asked for.
    let mut toy = hidden();
    toy.actors[0].pop();
    let (_, claim) = ends(&toy, Dpor::without_audit());
    assert!(claim.is_complete(), "nobody looks for lies: {claim}");
    let (found, claim) = ends(&toy, Dpor::new());
    assert!(!claim.is_complete());
    let claim = claim.to_string();
    assert!(
        claim.starts_with("not all: a run took a path that no explored one took;"),
        "{claim}"
    );
    assert!(
        claim.contains("2 delays instead; all ") && claim.ends_with("schedules with ≤ 2 delays"),
        "{claim}"
    );
    assert_eq!(
        found,
        toy.brute_force(),
        "what was explored instead has the other path as well"
    );
}

#[test]
fn dpor_needs_fewer_schedules_than_there_are() {
    let (_, all) = ends(&lock_inversion(), Exhaustive::new());
    let (_, classes) = ends(&lock_inversion(), Dpor::without_audit());
    println!("{all}; {} runs for its classes", classes.runs);
    assert!(classes.runs * 5 < all.runs);
}

#[test]
fn dpor_draws_every_number() {
    let toy = Toy::of(&[
        &[Op::Acquire(0), Op::Draw(3), Op::Store(0), Op::Release(0)],
        &[Op::Acquire(0), Op::Draw(2), Op::Store(0), Op::Release(0)],
    ])
    .then(&[Op::CheckNot(0, 3)]);
    let expected = toy.brute_force();
    assert!(expected.iter().any(|end| end.0 == Outcome::Failed));
    assert_eq!(ends(&toy, Dpor::without_audit()).0, expected);
}

#[test]
fn a_panic_of_the_program_leaves_a_search_as_it_was() {
    // A run that is not ended, since its program has panicked and the driver has gone on with another run.
    let mut run = Run::new(Box::new(Exhaustive::new()));
    let mut seen = BTreeSet::new();
    let mut runs = 0;
    while run.begin(0) {
        runs += 1;
        run.born(Actor(1), Kind::Task, Place::default());
        let first = run.next(&[Actor(0), Actor(1)]);
        let second = run.draw(Point::Choice, 3);
        seen.insert((first, second));
        if second != 1 {
            run.end(false);
        }
    }
    assert_eq!(seen.len(), 6);
    assert_eq!(runs, 6);
}
