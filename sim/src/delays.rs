//! Delay bounding: Emmi, Qadeer and Rakamarić, "Delay-bounded scheduling" (POPL 2011).
//!
//! The calm schedule is the one without delays: first come, first served. Choosing the i-th of those that are ready passes over i
//! actors, which is i delays; holding one up is one, and so is any draw other than 0. All schedules with at most b delays are
//! polynomially many in the steps, and few delays are enough for most bugs.
//!
//! The bound grows: 0, 1, 2, … so that the simplest schedule that fails is found first. Each bound is gone through anew, and what
//! is told counts each schedule once. If nothing was left out for its cost, there are no schedules beyond the bound, and *all*
//! were tried.

use crate::actor::{Actor, Actors};
use crate::chooser::{Chooser, Point};
use crate::claim::{Claim, Extent, Prefix};
use crate::run::Run;
use crate::tree::{Cost, Tree};

/// All schedules with few delays, then those with more.
#[derive(Clone, Debug)]
pub struct Delays {
    bound: u32,
    /// The bound that is being gone through.
    level: u32,
    tree: Tree,
    shard: Option<(u32, u32)>,
    /// The prefixes that were given, if they were.
    part: Option<u64>,
    /// How many runs were made in the current level.
    level_runs: u64,
    runs: u64,
    /// The highest level that was gone through, and its schedules.
    covered: Option<(u32, u64)>,
    done: bool,
    all: bool,
}

impl Delays {
    /// Goes through the bounds from 0 to `bound`.
    pub fn new(bound: u32) -> Self {
        Self::begin_at(0, bound, None)
    }

    /// The `index`-th of `of` shards: they share all schedules with at most `bound` delays among them.
    ///
    /// All of them make the calm run, since it tells what is to be dealt out.
    ///
    /// # Panics
    ///
    /// If `index` is not below `of`.
    pub fn shard(bound: u32, index: u32, of: u32) -> Self {
        assert!(
            index < of,
            "there is no shard {index} of {of}: they are counted from 0"
        );
        Self::begin_at(bound, bound, (of > 1).then_some((index, of)))
    }

    /// Goes through what is left of another search, each prefix with its own bound, or with `bound` if it has none.
    pub fn resume(bound: u32, prefixes: impl IntoIterator<Item = Prefix>) -> Self {
        let prefixes: Vec<_> = prefixes
            .into_iter()
            .map(|mut prefix| {
                prefix.delays.get_or_insert(bound);
                prefix
            })
            .collect();
        let mut delays = Self::begin_at(bound, bound, None);
        delays.part = Some(prefixes.len() as u64);
        delays.tree = Tree::new(prefixes, None);
        delays
    }

    fn begin_at(level: u32, bound: u32, shard: Option<(u32, u32)>) -> Self {
        Self {
            bound,
            level,
            tree: Self::tree(level, shard),
            shard,
            part: None,
            level_runs: 0,
            runs: 0,
            covered: None,
            done: false,
            all: false,
        }
    }

    fn tree(level: u32, shard: Option<(u32, u32)>) -> Tree {
        let whole = Prefix {
            choices: Vec::new(),
            delays: Some(level),
        };
        Tree::new([whole], shard)
    }
}

impl Chooser for Delays {
    fn begin(&mut self, _seed: u64) -> bool {
        while !self.done {
            let moved = self.tree.advance();
            if moved && self.tree.strayed.is_none() {
                return true;
            }
            if self.tree.strayed.is_none() {
                self.covered = Some((self.level, self.level_runs));
                self.all = !self.tree.cut && self.shard.is_none() && self.part.is_none();
            }
            if self.all || self.level == self.bound || self.tree.strayed.is_some() {
                self.done = true;
            } else {
                self.level += 1;
                self.level_runs = 0;
                self.tree = Self::tree(self.level, self.shard);
            }
        }
        false
    }

    fn next(&mut self, _actors: &Actors, ready: &[Actor]) -> usize {
        self.tree.ask(ready.len() as u32, Cost::Index) as usize
    }

    fn hold(&mut self, _actors: &Actors, _actor: Actor) -> bool {
        self.tree.ask(2, Cost::One) == 1
    }

    fn draw(&mut self, _actors: &Actors, _point: Point, _actor: Actor, count: u32) -> u32 {
        self.tree.ask(count, Cost::One)
    }

    fn end(&mut self, _run: &Run, _failed: bool) {
        self.runs += 1;
        self.level_runs += u64::from(self.tree.counts());
    }

    fn claim(&self) -> Option<Claim> {
        let part = self
            .part
            .or(self.shard.map(|_| 1))
            .filter(|_| self.covered.is_some() || self.part.is_some());
        let (extent, covered) = match self.covered {
            _ if self.tree.strayed.is_some() => (Extent::Some, 0),
            None => (Extent::Some, 0),
            Some((_, covered)) if self.all => (Extent::All, covered),
            Some((level, covered)) => (Extent::Delays(level), covered),
        };
        let not_all = self
            .tree
            .strayed
            .as_ref()
            .map(|how| format!("the program did not repeat itself: {how}"));
        Some(Claim {
            extent,
            covered,
            runs: self.runs,
            part,
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
