//! Toy programs: actors that are scripts, and a scheduler of a page that runs them.

#![allow(dead_code, reason = "each test uses some of it")]

use leno_sim::{
    Access, Actor, Actors, Chooser, Ended, Explorer, Failure, FailureKind, Kind, Place, Point,
    Resource, Run, Settings, Site,
};
use std::collections::VecDeque;
use std::panic::Location;
use std::path::Path;

/// One step of a script. What is in brackets is a leaf, where the actor may be held.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// [Takes a lock, or waits for it.]
    Lock(usize),
    /// Gives it back.
    Unlock(usize),
    /// Goes to the end of the queue.
    Yield,
    /// Looks at the counter.
    Load,
    /// Writes what it saw, and one more.
    Store,
    /// Draws a number below the first, and panics if it is the second.
    Draw(u32, u32),
    /// Time goes on.
    Tick(u64),
}

/// Several scripts, and what the counter should come to.
#[derive(Clone, Debug)]
pub struct Toy {
    pub scripts: Vec<Vec<Op>>,
    pub counter: Option<u64>,
}

fn failure(kind: FailureKind, actors: Vec<leno_sim::Key>, message: &str) -> Ended {
    Ended::Failed(Failure {
        kind,
        place: Some("toy.rs:1".to_owned()),
        actors,
        message: message.to_owned(),
        details: String::new(),
    })
}

impl Toy {
    pub fn new(scripts: &[&[Op]]) -> Self {
        Self {
            scripts: scripts.iter().map(|script| script.to_vec()).collect(),
            counter: None,
        }
    }

    pub fn run(&self, run: &mut Run) -> Ended {
        run.next(&[Actor::ROOT]);
        let mut ready: Vec<Actor> = Vec::new();
        for at in 0..self.scripts.len() {
            let actor = Actor(at as u32 + 1);
            let place = Place {
                name: Some(format!("actor{at}")),
                location: Some(Location::caller()),
            };
            run.born(actor, Kind::Task, place);
            ready.push(actor);
        }
        let mut at = vec![0; self.scripts.len()];
        let mut seen = vec![0; self.scripts.len()];
        let mut counter = 0;
        let mut owners: Vec<Option<Actor>> = vec![None; 8];
        let mut waiting: Vec<VecDeque<Actor>> = vec![VecDeque::new(); 8];
        let mut now = 0;
        while !ready.is_empty() {
            let actor = ready.remove(run.next(&ready));
            let me = actor.0 as usize - 1;
            run.note(|| format!("poll of actor{me}"));
            while let Some(&op) = self.scripts[me].get(at[me]) {
                match op {
                    Op::Lock(lock) => {
                        if !run.leaf_at(Site::of("lock")) {
                            ready.push(actor);
                            break;
                        }
                        run.touch(Resource(lock as u32), Access::Write);
                        if owners[lock].is_some() {
                            waiting[lock].push_back(actor);
                            break;
                        }
                        owners[lock] = Some(actor);
                    }
                    Op::Unlock(lock) => {
                        run.touch(Resource(lock as u32), Access::Write);
                        owners[lock] = None;
                        if let Some(next) = waiting[lock].pop_front() {
                            run.woke(next);
                            ready.push(next);
                        }
                    }
                    Op::Yield => {
                        at[me] += 1;
                        run.yielded();
                        ready.push(actor);
                        break;
                    }
                    Op::Load => seen[me] = counter,
                    Op::Store => counter = seen[me] + 1,
                    Op::Draw(below, bad) => {
                        if run.draw(Point::Choice, below) == bad {
                            let keys = run.keys([actor]);
                            return failure(FailureKind::Panic, keys, "a bad draw");
                        }
                    }
                    Op::Tick(by) => {
                        now += by;
                        run.time_is(now);
                    }
                }
                at[me] += 1;
            }
        }
        let stuck = (0..at.len()).filter(|&me| at[me] < self.scripts[me].len());
        let stuck: Vec<Actor> = stuck.map(|me| Actor(me as u32 + 1)).collect();
        if !stuck.is_empty() {
            return failure(FailureKind::Deadlock, run.keys(stuck), "nobody can go on");
        }
        if self.counter.is_some_and(|should| should != counter) {
            return failure(FailureKind::Broken, Vec::new(), "an update is lost");
        }
        Ended::Passed
    }
}

use Op::*;

pub fn lock_inversion() -> Toy {
    Toy::new(&[
        &[Lock(0), Lock(1), Unlock(1), Unlock(0)],
        &[Lock(1), Lock(0), Unlock(0), Unlock(1)],
    ])
}

pub fn dining() -> Toy {
    Toy::new(&[
        &[Lock(0), Lock(1), Unlock(1), Unlock(0)],
        &[Lock(1), Lock(2), Unlock(2), Unlock(1)],
        &[Lock(2), Lock(0), Unlock(0), Unlock(2)],
    ])
}

pub fn lost_update() -> Toy {
    let script = [Lock(0), Load, Unlock(0), Lock(0), Store, Unlock(0)];
    let mut toy = Toy::new(&[&script, &script]);
    toy.counter = Some(2);
    toy
}

/// Uniform among the ready, and held every other time.
#[derive(Clone, Debug, Default)]
pub struct Walk(u64);

impl Walk {
    pub fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^= mixed >> 29;
        (mixed >> 16) as usize % count
    }
}

impl Chooser for Walk {
    fn begin(&mut self, seed: u64) -> bool {
        self.0 = seed.wrapping_mul(0x94d0_49bb_1331_11eb) ^ 0x5bd1_e995;
        true
    }

    fn next(&mut self, _: &Actors, ready: &[Actor]) -> usize {
        self.below(ready.len())
    }

    fn hold(&mut self, _: &Actors, _: Actor) -> bool {
        self.below(2) == 1
    }

    fn draw(&mut self, _: &Actors, _: Point, _: Actor, count: u32) -> u32 {
        self.below(count as usize) as u32
    }

    fn describe(&self) -> Option<String> {
        Some("walk 1/2".to_owned())
    }
}

/// 1,000 seeds of a walk, whose traces go to `folder`.
pub fn walk(test: &str, folder: &Path) -> Explorer {
    let mut settings = Settings::new(test);
    settings.traces = Some(folder.to_owned());
    Explorer::new(settings).chooser("walk", || Box::<Walk>::default())
}
