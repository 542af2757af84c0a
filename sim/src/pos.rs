//! Partial order sampling: Yuan, Yang and Gu, "Partial order aware concurrency sampling" (CAV 2018).
//!
//! Each step that could be made has a random priority, and the highest one is made. Then its actor's next step gets a new one,
//! and so does each waiting step that conflicts with it: that one has lost once, and would lose for ever by a low priority
//! otherwise. What is sampled are orders of conflicting steps, nearly evenly, and not orders of all steps.
//!
//! The paper knows what a step will touch before it is made. Here that is seen only when it has been: so the next step of an
//! actor is taken to touch what the actor has touched before in this run. Resources fall into 64 buckets, of which two bit sets
//! per actor are kept; two resources in one bucket cause a priority to be drawn again too often, which does no harm.
//!
//! Yields are as in [`Pct`](crate::Pct): by a coin for each run they are nothing, or put the next step below all others, which is
//! a turn for everybody; and after many polls that all ended in a yield they always do.

use crate::actor::{Actor, Actors};
use crate::chooser::{Access, Chooser, Point, Resource};
use crate::pct::PATIENCE;
use crate::random::{Odds, Random};

/// Random priorities for steps, drawn again where steps conflict.
///
/// It wants touches; without them it draws a priority for each step and no more. A decision costs about two nanoseconds for each
/// actor that is ready.
#[derive(Clone, Debug)]
pub struct Pos {
    random: Random,
    /// By actor; 0 is one that was not seen yet.
    entries: Vec<Entry>,
    /// Who could go on, beside the one that runs.
    waiting: Vec<Actor>,
    running: Actor,
    /// What the step that is being made has touched.
    step: Touched,
    /// The running actor has been held up: its next step has its priority already.
    held: bool,
    /// In this run, who yields goes below the others.
    gives_way: bool,
    /// The running actor has yielded.
    yielded: bool,
    /// How many polls in a row have.
    yields: u32,
    /// The priority of the last one that gave way.
    lowest: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Touched {
    read: u64,
    written: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    priority: u64,
    touched: Touched,
}

impl Touched {
    fn conflicts(self, other: Self) -> bool {
        self.written & (other.read | other.written) | self.read & other.written != 0
    }
}

/// Below it are those that gave way, the latest lowest.
const LOW: u64 = 1 << 32;

/// How often a stall, or a slow closure.
const RARE: f64 = 1.0 / 16.0;

impl Pos {
    /// Draws priorities for steps.
    pub fn new() -> Self {
        Self {
            random: Random::new(0),
            entries: Vec::new(),
            waiting: Vec::new(),
            running: Actor::ROOT,
            step: Touched::default(),
            held: false,
            gives_way: false,
            yielded: false,
            yields: 0,
            lowest: LOW,
        }
    }

    fn entry(&mut self, actor: Actor) -> &mut Entry {
        let index = actor.0 as usize;
        if index >= self.entries.len() {
            self.entries.resize(index + 1, Entry::default());
        }
        &mut self.entries[index]
    }

    fn draw_priority(&mut self, actor: Actor) -> u64 {
        let priority = self.random.word() | LOW;
        self.entry(actor).priority = priority;
        priority
    }

    fn priority(&mut self, actor: Actor) -> u64 {
        match self.entry(actor).priority {
            0 => self.draw_priority(actor),
            priority => priority,
        }
    }

    /// The running actor's step is over: who waits for a step that conflicts with it draws again.
    fn step_ends(&mut self) {
        let step = std::mem::take(&mut self.step);
        if step.read | step.written == 0 {
            return;
        }
        for index in 0..self.waiting.len() {
            let actor = self.waiting[index];
            if self.entry(actor).touched.conflicts(step) {
                self.draw_priority(actor);
            }
        }
        let entry = &mut self.entry(self.running).touched;
        entry.read |= step.read;
        entry.written |= step.written;
    }

    /// A poll is over, and another begins.
    fn poll_ends(&mut self) {
        self.step_ends();
        // Who waits by yielding comes to leaves too, and being held up there is no sign that the waiting is over.
        if !self.yielded && !self.held {
            self.yields = 0;
        }
        if self.yielded && (self.gives_way || self.yields > PATIENCE) {
            self.lowest -= 1;
            self.entry(self.running).priority = self.lowest;
        } else if !self.held {
            self.draw_priority(self.running);
        }
        self.held = false;
        self.yielded = false;
    }
}

impl Default for Pos {
    fn default() -> Self {
        Self::new()
    }
}

impl Chooser for Pos {
    fn begin(&mut self, seed: u64) -> bool {
        self.random = Random::new(seed);
        self.entries.clear();
        self.waiting.clear();
        self.running = Actor::ROOT;
        self.step = Touched::default();
        self.held = false;
        self.gives_way = self.random.below(2) == 1;
        self.yielded = false;
        self.yields = 0;
        self.lowest = LOW;
        true
    }

    fn next(&mut self, _actors: &Actors, ready: &[Actor]) -> usize {
        self.poll_ends();
        let (mut best, mut top) = (0, 0);
        for (index, &actor) in ready.iter().enumerate() {
            let priority = self.priority(actor);
            if priority > top {
                (best, top) = (index, priority);
            }
        }
        self.waiting.clear();
        self.waiting.extend_from_slice(ready);
        self.waiting.swap_remove(best);
        self.running = ready[best];
        best
    }

    fn only(&mut self, _actors: &Actors, actor: Actor) {
        self.poll_ends();
        self.waiting.clear();
        self.running = actor;
    }

    fn hold(&mut self, _actors: &Actors, actor: Actor) -> bool {
        self.step_ends();
        let own = self.draw_priority(actor);
        for index in 0..self.waiting.len() {
            let waiting = self.waiting[index];
            if self.priority(waiting) > own {
                self.held = true;
                return true;
            }
        }
        false
    }

    fn draw(&mut self, _actors: &Actors, point: Point, _actor: Actor, count: u32) -> u32 {
        self.random.answer(point, count, Odds::new(RARE))
    }

    fn born(&mut self, actors: &Actors, actor: Actor, by: Actor) {
        self.woke(actors, actor, by);
    }

    fn woke(&mut self, _actors: &Actors, actor: Actor, _by: Actor) {
        if actor != self.running && !self.waiting.contains(&actor) {
            self.draw_priority(actor);
            self.waiting.push(actor);
        }
    }

    fn yielded(&mut self, _actors: &Actors, _actor: Actor) {
        self.yielded = true;
        self.yields += 1;
    }

    fn wants_touches(&self) -> bool {
        true
    }

    fn touch(&mut self, _actors: &Actors, _actor: Actor, resource: Resource, access: Access) {
        let bit = 1 << (resource.0 % 64);
        match access {
            Access::Read => self.step.read |= bit,
            Access::Write => self.step.written |= bit,
        }
    }
}
