//! What each strategy finds, in how many runs, how small it becomes, and that the mended programs pass.

mod support;

use leno::sim::{Actor, Actors, Budget, Builder, Chooser, Failed, Point, Run, Summary};
use leno_sim::{Delays, Pct, Portfolio, Pos, Walk};
use leno_sim_corpus::{Needs, Program, ROWS, Row, row};
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{Strategy, builder};

const WALK: Strategy = ("walk(1/2)", || Box::new(Walk::new(Some(0.5))));
const PCT: Strategy = ("pct(3)", || Box::new(Pct::new(3)));
const POS: Strategy = ("pos", || Box::new(Pos::new()));
const PORTFOLIO: Strategy = ("portfolio", || Box::new(Portfolio::new()));
const DELAYS: Strategy = ("delays(2)", || Box::new(Delays::new(2)));

/// Explores `program`: what it comes to has to be right.
fn explore(builder: Builder, program: Program) -> Result<Summary, Box<Failed>> {
    builder.run(|| async move { program().await.check() })
}

/// As `inner`, and keeps the hash of each of its runs.
struct Hashing {
    inner: Box<dyn Chooser>,
    hashes: Arc<Mutex<Vec<u64>>>,
}

impl Chooser for Hashing {
    fn begin(&mut self, seed: u64) -> bool {
        self.inner.begin(seed)
    }

    fn next(&mut self, actors: &Actors, ready: &[Actor]) -> usize {
        self.inner.next(actors, ready)
    }

    fn hold(&mut self, actors: &Actors, actor: Actor) -> bool {
        self.inner.hold(actors, actor)
    }

    fn draw(&mut self, actors: &Actors, point: Point, actor: Actor, count: u32) -> u32 {
        self.inner.draw(actors, point, actor, count)
    }

    fn only(&mut self, actors: &Actors, actor: Actor) {
        self.inner.only(actors, actor);
    }

    fn born(&mut self, actors: &Actors, actor: Actor, by: Actor) {
        self.inner.born(actors, actor, by);
    }

    fn woke(&mut self, actors: &Actors, actor: Actor, by: Actor) {
        self.inner.woke(actors, actor, by);
    }

    fn yielded(&mut self, actors: &Actors, actor: Actor) {
        self.inner.yielded(actors, actor);
    }

    fn end(&mut self, run: &Run, failed: bool) {
        self.hashes.lock().expect("nobody panics").push(run.hash());
        self.inner.end(run, failed);
    }
}

/// So many explorations are begun, each at other seeds: all but one of them have to find it in time, which is 95 %.
const STARTS: u64 = 20;

/// In how many runs `strategy` finds the bug, from each start; `None` if it takes more than `most`.
fn runs_to_find(row: &Row, strategy: Strategy, most: u64) -> Vec<Option<u64>> {
    let runs = (0..STARTS).map(|start| {
        let first = start * 1_000_000;
        let (builder, _traces) = builder(first..first + most, strategy);
        let failed = explore(builder.shrink(None), row.broken).err()?;
        assert!(failed.found[0].repeats, "{failed}");
        Some(failed.summary.as_ref()?.runs())
    });
    let mut runs: Vec<_> = runs.collect();
    runs.sort_by_key(|runs| runs.unwrap_or(u64::MAX));
    runs
}

fn scheduled() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(|row| row.needs != Needs::Inside)
}

#[test]
fn every_bug_is_found_in_time() {
    let mut late = String::new();
    for row in scheduled() {
        // These two are blends: of random orders and priorities, and of all strategies.
        let blends = 2 * row.walk.max(row.pct);
        for (strategy, most) in [
            (WALK, row.walk),
            (PCT, row.pct),
            (POS, blends),
            (PORTFOLIO, blends),
        ] {
            let runs = runs_to_find(row, strategy, 20 * most);
            let (median, tail) = (runs[STARTS as usize / 2], runs[STARTS as usize - 2]);
            let line = format!(
                "{:>20} {:>10}: median {median:?}, 95 % {tail:?} of {most}",
                row.name, strategy.0
            );
            println!("{line}");
            if tail.is_none_or(|tail| tail > most) {
                writeln!(late, "{line}").unwrap();
            }
        }
    }
    assert!(late.is_empty(), "found too late:\n{late}");
}

#[test]
fn delays_find_every_bug_with_as_many_as_the_rows_say() {
    let of = |bound| -> Strategy {
        match bound {
            0 => ("delays(0)", || Box::new(Delays::new(0))),
            1 => ("delays(1)", || Box::new(Delays::new(1))),
            _ => DELAYS,
        }
    };
    let runs = |row: &Row, bound| {
        let (builder, _traces) = builder(0..1_000_000, of(bound));
        let failed = explore(builder.shrink(None), row.broken).err()?;
        Some(failed.summary?.runs())
    };
    let mut late = String::new();
    for row in scheduled() {
        let (bound, most) = row.delays;
        let found = (0..=bound).find_map(|bound| Some((bound, runs(row, bound)?)));
        let line = format!(
            "{:>20}: {found:?} delays and runs, of {bound} and {most}",
            row.name
        );
        println!("{line}");
        if found.is_none_or(|(delays, runs)| delays != bound || runs > most) {
            writeln!(late, "{line}").unwrap();
        }
    }
    assert!(late.is_empty(), "not as the rows say:\n{late}");
}

#[test]
fn every_bug_becomes_three_decisions_at_most() {
    for row in scheduled() {
        let (builder, _traces) = builder(0..2_000, WALK);
        let budget = Budget {
            runs: 2_000,
            time: Duration::from_secs(120),
        };
        let failed = explore(builder.shrink(Some(budget)), row.broken).unwrap_err();
        let found = &failed.found[0];
        println!(
            "{:>20}: {} decisions in {} runs",
            row.name,
            found.why.len(),
            found.shrunk_in
        );
        assert!(found.why.len() <= 3 && found.shrunk_in <= 2_000, "{failed}");
        let is_calm = row.needs == Needs::Calm;
        assert_eq!(found.why.is_empty(), is_calm, "{failed}");
    }
}

#[test]
fn the_mended_programs_pass() {
    for row in ROWS {
        for (strategy, seeds) in [(PORTFOLIO, 2_000), (DELAYS, 1_000_000)] {
            let (builder, _traces) = builder(0..seeds, strategy);
            match explore(builder, row.mended) {
                Ok(summary) => println!(
                    "{:>20} {:>10}: {} runs",
                    row.name,
                    strategy.0,
                    summary.runs()
                ),
                Err(failed) => panic!("{}: {failed}", row.name),
            }
        }
    }
}

/// If this fails, simulations have learnt to switch in the middle of a poll: then the row is as the others.
#[test]
fn what_goes_wrong_inside_of_a_poll_is_not_found() {
    let row = row("lost_notify").unwrap();
    assert_eq!(row.needs, Needs::Inside);
    for (strategy, seeds) in [(PORTFOLIO, 2_000), (DELAYS, 1_000_000)] {
        let (builder, _traces) = builder(0..seeds, strategy);
        if let Err(failed) = explore(builder, row.broken) {
            panic!("{failed}");
        }
    }
}

#[test]
fn every_program_does_the_same_again() {
    let once = |program, strategy: Strategy| {
        let hashes = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&hashes);
        let (builder, _traces) = builder(0..1_000, strategy);
        let builder = builder
            .chooser(strategy.0, move || {
                Box::new(Hashing {
                    inner: strategy.1(),
                    hashes: Arc::clone(&kept),
                })
            })
            .shrink(None)
            .failures(usize::MAX);
        // Whether it fails is not what this is about; that it repeats is.
        if let Err(failed) = explore(builder, program) {
            assert!(failed.found.iter().all(|found| found.repeats), "{failed}");
        }
        std::mem::take(&mut *hashes.lock().unwrap())
    };
    for row in ROWS {
        for program in [row.broken, row.mended] {
            let first = once(program, PORTFOLIO);
            assert_eq!(first.len(), 1_000, "{}", row.name);
            assert_eq!(first, once(program, PORTFOLIO), "{}", row.name);
        }
    }
}
