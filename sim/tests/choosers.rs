//! What holds for all choosers: they repeat themselves, take any answer that is asked for, and starve nobody who is waited for by
//! yielding.

mod support;

use leno_sim::{Actor, Kind, Place, Point, Run, Strategy};
use support::corpus::{dining_3, lost_notify_await, six_switches};
use support::{Outcome, drive};

fn all() -> Vec<Strategy> {
    [
        "walk",
        "walk(1/2)",
        "pct(1)",
        "pct(3)",
        "pos",
        "portfolio",
        "delays(2)",
        "exhaustive",
        "dpor",
    ]
    .iter()
    .map(|text| text.parse().unwrap())
    .collect()
}

#[test]
fn equal_seeds_give_equal_runs() {
    for strategy in all() {
        for toy in [dining_3(), lost_notify_await(), six_switches()] {
            let hashes = || {
                let mut run = Run::new(strategy.chooser());
                let mut hashes = Vec::new();
                for seed in 0..200 {
                    if !run.begin(seed) {
                        break;
                    }
                    let (outcome, _) = toy.run(&mut run, 0);
                    run.end(outcome != Outcome::Passed);
                    hashes.push(run.hash());
                }
                hashes
            };
            assert_eq!(hashes(), hashes(), "{strategy}");
        }
    }
}

#[test]
fn a_seed_twice_in_a_row_is_one_run_twice() {
    for strategy in all()
        .into_iter()
        .filter(|strategy| !strategy.is_systematic())
    {
        let mut run = Run::new(strategy.chooser());
        for seed in 0..500 {
            let mut hash = || {
                assert!(run.begin(seed));
                let (outcome, _) = dining_3().run(&mut run, 0);
                run.end(outcome != Outcome::Passed);
                run.hash()
            };
            assert_eq!(hash(), hash(), "{strategy}, seed {seed}");
        }
    }
}

#[test]
fn seeds_give_different_runs() {
    for strategy in all()
        .into_iter()
        .filter(|strategy| !strategy.is_systematic())
    {
        let mut hashes = std::collections::HashSet::new();
        let mut run = Run::new(strategy.chooser());
        for seed in 0..200 {
            assert!(run.begin(seed));
            dining_3().run(&mut run, 0);
            hashes.insert(run.hash());
            run.end(false);
        }
        // PCT of depth 1 has only as many as there are orders of four.
        assert!(hashes.len() >= 6, "{strategy}: {}", hashes.len());
    }
}

#[test]
fn who_waits_by_yielding_does_not_starve_who_is_waited_for() {
    // Two loop, giving way, until the third one has come to its end, which takes it three turns.
    for strategy in ["walk", "pct(1)", "pct(3)", "pct(5)", "pos", "portfolio"] {
        let strategy: Strategy = strategy.parse().unwrap();
        let mut run = Run::new(strategy.chooser());
        for seed in 0..2_000 {
            assert!(run.begin(seed));
            for actor in 1..=3 {
                run.born(Actor(actor), Kind::Task, Place::default());
            }
            let mut ready: Vec<_> = (1..=3).map(Actor).collect();
            let mut turns = 0;
            let mut polls = 0;
            while turns < 3 {
                polls += 1;
                assert!(polls < 1_000, "{strategy} starves actor 3 with seed {seed}");
                let taken = run.next(&ready);
                let actor = ready.remove(taken);
                ready.push(actor);
                if actor == Actor(3) {
                    turns += u32::from(run.leaf());
                } else if run.leaf() {
                    run.yielded();
                }
                run.woke(actor);
            }
            run.end(false);
        }
    }
}

#[test]
fn every_question_gets_an_answer_within_its_range() {
    for strategy in all() {
        let mut run = Run::new(strategy.chooser());
        for seed in 0..50 {
            if !run.begin(seed) {
                break;
            }
            // Actors that nobody has told of, draws of every kind, and a leaf before anybody was chosen.
            run.leaf();
            run.draw(Point::Start, 3);
            for point in [Point::Start, Point::Stall, Point::Closure, Point::Choice] {
                let ready = [Actor(9), Actor(2), Actor(40)];
                assert!(run.next(&ready) < 3);
                assert_eq!(run.draw(point, 1), 0);
                assert!(run.draw(point, 2) < 2);
                assert!(run.draw(point, u32::MAX) < u32::MAX);
                run.leaf();
                run.leaf();
                run.woke(Actor(5));
                run.yielded();
            }
            run.end(seed % 2 == 0);
            if seed == 20 {
                break;
            }
        }
    }
}

#[test]
fn the_portfolio_is_calm_once_in_eight() {
    let mut calm = 0;
    let mut run = Run::new(Strategy::portfolio().chooser());
    for seed in 0..80 {
        assert!(run.begin(seed));
        dining_3().run(&mut run, 0);
        let is_calm = run.decisions().iter().all(|decision| decision.taken == 0);
        assert!(is_calm || seed % 8 != 0);
        let name = run.chooser().describe().unwrap();
        let names = [
            "calm", "walk(1/", "walk(1/", "walk(1/", "pct(2)", "pct(3)", "pct(4)", "pos",
        ];
        assert!(name.starts_with(names[seed as usize % 8]), "{seed}: {name}");
        calm += u32::from(is_calm);
        run.end(false);
    }
    assert!((10..16).contains(&calm), "{calm} of 80");
}

#[test]
fn random_choosers_claim_nothing() {
    for strategy in all() {
        let run = drive(&dining_3(), strategy.chooser(), 0..10, |_, _, _| true);
        assert_eq!(
            run.chooser().claim().is_some(),
            strategy.is_systematic(),
            "{strategy}"
        );
    }
}

/// Nobody waits for anybody there, so there is no step to draw from.
#[test]
fn who_is_alone_draws_by_chance_all_the_same() {
    for strategy in ["walk", "pct(1)", "pct(3)", "pos", "portfolio"] {
        let strategy: Strategy = strategy.parse().unwrap();
        let mut run = Run::new(strategy.chooser());
        let mut drawn = [0; 3];
        for seed in 0..100 {
            assert!(run.begin(seed));
            drawn[run.draw(Point::Choice, 3) as usize] += 1;
            run.end(false);
        }
        assert!(
            drawn.iter().all(|&times| times > 10),
            "{strategy}: {drawn:?}"
        );
    }
}
