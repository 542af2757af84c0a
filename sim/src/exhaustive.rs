//! All schedules, none left out, each once: depth first through every answer to every question.
//!
//! **Holding for ever.** One that was held comes back to its leaf, and could be held again, so that there would be schedules
//! without end in which nothing happens. So who was held at its n-th leaf in a poll is held at the first of the next poll no
//! more, since it might as well not have been chosen; and at no leaf up to the n-th, unless another one has come further
//! meanwhile. What is left out are schedules that end as one does that is not.
//!
//! It is what the others are measured by. Their number grows as fast as that of interleavings, so it is for programs of two or
//! three actors with a few steps; a program that can go on for ever has no end here.

use crate::actor::{Actor, Actors};
use crate::chooser::{Chooser, Point};
use crate::claim::{Claim, Extent, Prefix};
use crate::run::Run;
use crate::tree::{Cost, Tree};

/// Every schedule there is.
#[derive(Clone, Debug)]
pub struct Exhaustive {
    tree: Tree,
    /// At which leaf of its poll the running actor is, from 1.
    leaf: u32,
    running: Actor,
    /// The running actor has been held up in this poll.
    held: bool,
    /// By actor: at which leaf it was held in its last poll, and whether another one has come further since.
    holds: Vec<(u32, bool)>,
    part: Option<u64>,
    sharded: bool,
    schedules: u64,
    runs: u64,
    done: bool,
}

impl Exhaustive {
    /// Begins with the calm run.
    pub fn new() -> Self {
        Self::over(Tree::new([Prefix::default()], None))
    }

    /// The `index`-th of `of` shards, which share all schedules among them. All of them make the calm run.
    ///
    /// # Panics
    ///
    /// If `index` is not below `of`.
    pub fn shard(index: u32, of: u32) -> Self {
        assert!(
            index < of,
            "there is no shard {index} of {of}: they are counted from 0"
        );
        let mut all = Self::over(Tree::new(
            [Prefix::default()],
            (of > 1).then_some((index, of)),
        ));
        all.sharded = of > 1;
        all
    }

    /// Goes through what is left of another search.
    pub fn resume(prefixes: impl IntoIterator<Item = Prefix>) -> Self {
        let prefixes: Vec<_> = prefixes.into_iter().collect();
        let part = Some(prefixes.len() as u64);
        let mut all = Self::over(Tree::new(prefixes, None));
        all.part = part;
        all
    }

    fn over(tree: Tree) -> Self {
        Self {
            tree,
            leaf: 0,
            running: Actor::ROOT,
            held: false,
            holds: Vec::new(),
            part: None,
            sharded: false,
            schedules: 0,
            runs: 0,
            done: false,
        }
    }

    /// The running actor has done something that it had not done when it was held.
    fn comes_further(&mut self) {
        let running = self.running.0 as usize;
        for (index, hold) in self.holds.iter_mut().enumerate() {
            hold.1 |= index != running;
        }
    }

    fn poll_begins(&mut self, actor: Actor) {
        if !self.held {
            self.comes_further();
            if let Some(hold) = self.holds.get_mut(self.running.0 as usize) {
                *hold = (0, false);
            }
        }
        self.held = false;
        self.leaf = 0;
        self.running = actor;
    }
}

impl Default for Exhaustive {
    fn default() -> Self {
        Self::new()
    }
}

impl Chooser for Exhaustive {
    fn begin(&mut self, _seed: u64) -> bool {
        self.holds.clear();
        self.running = Actor::ROOT;
        self.held = false;
        self.done = self.done || !self.tree.advance() || self.tree.strayed.is_some();
        !self.done
    }

    fn next(&mut self, _actors: &Actors, ready: &[Actor]) -> usize {
        let taken = self.tree.ask(ready.len() as u32, Cost::Index) as usize;
        self.poll_begins(ready[taken]);
        taken
    }

    fn only(&mut self, _actors: &Actors, actor: Actor) {
        self.poll_begins(actor);
    }

    fn hold(&mut self, _actors: &Actors, actor: Actor) -> bool {
        let index = actor.0 as usize;
        if index >= self.holds.len() {
            self.holds.resize(index + 1, (0, false));
        }
        self.leaf += 1;
        let (last, others) = self.holds[index];
        if last > 0 && (self.leaf == 1 || self.leaf <= last && !others) {
            return false;
        }
        self.held = self.tree.ask(2, Cost::One) == 1;
        if self.held {
            self.holds[index] = (self.leaf, false);
        } else {
            self.comes_further();
        }
        self.held
    }

    fn draw(&mut self, _actors: &Actors, _point: Point, _actor: Actor, count: u32) -> u32 {
        self.tree.ask(count, Cost::One)
    }

    fn end(&mut self, _run: &Run, _failed: bool) {
        self.runs += 1;
        self.schedules += u64::from(self.tree.counts());
    }

    fn claim(&self) -> Option<Claim> {
        // A prefix may come with a bound from another search: then it is not all that lies below it.
        let whole = self.done && self.tree.strayed.is_none() && !self.tree.cut;
        let not_all = self
            .tree
            .strayed
            .as_ref()
            .map(|how| format!("the program did not repeat itself: {how}"));
        Some(Claim {
            extent: if whole { Extent::All } else { Extent::Some },
            covered: if whole { self.schedules } else { 0 },
            runs: self.runs,
            part: self.part.or(self.sharded.then_some(1)),
            not_all,
        })
    }

    fn unexplored(&self) -> Vec<Prefix> {
        if self.done {
            return Vec::new();
        }
        self.tree.unexplored()
    }
}
