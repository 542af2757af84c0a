//! How long a decision takes, by chooser: `cargo run --release -p leno-sim --example decisions`.
//!
//! Ten actors of a hundred turns each, with one leaf a turn, then two actors of three turns, which is what a run itself costs.
//! The program does nothing else, so this is the chooser and the run that writes it down.

use leno_sim::{Access, Actor, Calm, Kind, Place, Resource, Run, Strategy};
use std::time::Instant;

/// Runs `actors` actors for `turns` turns each.
fn program(run: &mut Run, ready: &mut Vec<Actor>, left: &mut Vec<u32>, actors: u32, turns: u32) {
    ready.clear();
    left.clear();
    left.resize(actors as usize + 1, turns);
    for actor in 1..=actors {
        run.born(Actor(actor), Kind::Task, Place::default());
        ready.push(Actor(actor));
    }
    while !ready.is_empty() {
        let taken = run.next(ready);
        let actor = ready.remove(taken);
        if run.leaf() {
            run.touch(Resource(actor.0 % 4), Access::Write);
            let left = &mut left[actor.0 as usize];
            *left -= 1;
            if *left == 0 {
                continue;
            }
        }
        ready.push(actor);
        run.woke(actor);
    }
}

/// Nanoseconds that this thread has had a processor; of the clock where the system does not tell.
fn processor_time(start: Instant) -> u64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse().ok())
        .unwrap_or_else(|| start.elapsed().as_nanos() as u64)
}

fn measure(name: &str, strategy: &Strategy, actors: u32, turns: u32, budget: u64) {
    let mut run = Run::new(strategy.chooser());
    let (mut ready, mut left) = (Vec::new(), Vec::new());
    let (mut decisions, mut runs) = (0, 0);
    let clock = Instant::now();
    let start = processor_time(clock);
    while decisions < budget {
        if !run.begin(runs + 1) {
            // It is through: once more from the start.
            run.replace_chooser(strategy.chooser());
            continue;
        }
        program(&mut run, &mut ready, &mut left, actors, turns);
        run.end(false);
        decisions += run.decisions().len() as u64;
        runs += 1;
    }
    let nanoseconds = (processor_time(clock) - start) as f64;
    println!(
        "{name:12} {actors:>3} actors, {turns:>3} turns: {:>7.1} ns a decision, {:>9.0} ns a run, {runs} runs",
        nanoseconds / decisions as f64,
        nanoseconds / runs as f64
    );
}

fn main() {
    let strategies = [
        "walk(1/16)",
        "pct(3)",
        "pos",
        "portfolio",
        "delays(2)",
        "exhaustive",
        "dpor",
    ];
    for (actors, turns) in [(10, 100), (2, 3)] {
        let calm = Strategy::custom("calm", || Box::new(Calm));
        measure("calm", &calm, actors, turns, 20_000_000);
        for name in strategies {
            let strategy: Strategy = name.parse().expect("it is one");
            let budget = if name == "dpor" { 200_000 } else { 20_000_000 };
            measure(name, &strategy, actors, turns, budget);
        }
    }
}
