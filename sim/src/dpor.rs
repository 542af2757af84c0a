//! Dynamic partial order reduction: source sets and sleep sets, as in Abdulla, Aronis, Jonsson and Sagonas, "Optimal dynamic
//! partial order reduction" (POPL 2014, algorithm 1), stateless: each run follows the path of the last one up to where it should
//! differ.
//!
//! **Steps** go from boundary to boundary: a poll begins, or comes to a leaf. At a leaf the one that runs is a candidate beside
//! those that wait, and is held up only if another one is chosen. A step in which nothing was touched, nobody woken and nothing
//! drawn is none: so the poll of one that was held comes back to its leaf unseen, and what it does there is the step it would
//! have made at first.
//!
//! **Races.** After each run, two steps of different actors that conflict, with nothing in between that orders them, are tried
//! the other way round: where the first was chosen, one is added that can begin what the second needs ([`Order::initials`]). Who
//! was tried at a place sleeps in what comes after it there, until a step conflicts with what it did.
//!
//! **What depends on the state.** The theory wants a step to touch the same wherever it is made. Here a step ends early if its
//! lock is not free. One that sleeps has shown its races where it was tried, further up; if it then makes another step, nobody
//! looks for those below. So where that is seen, all that could go on there are tried.
//!
//! **The end.** The root's end is the end of the run, and cuts off who could still go on. So all of those are tried in the place
//! of its last step, and the class is made of what happened before that one.
//!
//! **Careful.** That the step after a hold is the one before it does not hold for `select!`: its poll begins with its first
//! branch again, which may be ready by now. And of two that could wake it, one does. A poll that touches something on its way
//! back to where it was held shows that; then the search begins anew, takes a step for touching all that its poll has touched,
//! and does not take a wake for an order.
//!
//! **The audit.** All of this is right only if what tasks share is told. So now and then a run is drawn at random, without
//! reduction, and in the end each must be of a class that was explored. One that is not ends the claim, and all schedules with at
//! most two delays are tried instead.

mod now;
mod path;

use crate::actor::{Actor, Actors, Kind};
use crate::chooser::{Access, Chooser, Point, Resource};
use crate::claim::{Claim, Extent};
use crate::classes::{Order, class};
use crate::delays::Delays;
use crate::footprint::Footprint;
use crate::random::mix;
use crate::run::Run;
use now::Now;
use path::{Node, Tried};
use std::collections::HashSet;

/// One of each class of schedules.
///
/// It wants touches, and is right only if tasks share nothing that is not told: no `std` locks, atomics or statics. It looks for
/// lies at random, and says so if it finds one. It has to be driven by one program only.
#[derive(Clone, Debug)]
pub struct Dpor {
    path: Vec<Node>,
    sleeping: bool,
    /// How many runs are drawn at random, at least.
    audits: usize,
    careful: bool,
    /// The careful search has to begin.
    anew: bool,
    mode: Mode,
    now: Now,
    classes: HashSet<u64>,
    schedules: u64,
    runs: u64,
    failed: u64,
    /// The classes of runs that were drawn at random.
    audited: Vec<u64>,
    explored: bool,
    done: bool,
    not_all: Option<String>,
    /// What goes on when the claim has ended.
    instead: Option<Delays>,
    order: Order,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Search,
    /// All that could go on sleep: whatever comes was seen elsewhere. The run goes on calmly, since nobody can end it from here.
    Cut,
    Audit,
}

/// Every so many runs, one is drawn at random; but so many at least.
const AUDIT_EVERY: u64 = 100;
const AUDITS: usize = 16;

impl Dpor {
    /// Begins with the calm run.
    pub fn new() -> Self {
        Self {
            path: Vec::new(),
            sleeping: true,
            audits: AUDITS,
            careful: false,
            anew: false,
            mode: Mode::Search,
            now: Now::new(),
            classes: HashSet::new(),
            schedules: 0,
            runs: 0,
            failed: 0,
            audited: Vec::new(),
            explored: false,
            done: false,
            not_all: None,
            instead: None,
            order: Order::default(),
        }
    }

    /// Without sleep sets: the same classes, and more schedules of each. For comparisons.
    pub fn without_sleep_sets() -> Self {
        Self {
            sleeping: false,
            ..Self::new()
        }
    }

    /// Without the audit: the claim is taken on trust. For comparisons, where each run should be one of the search.
    pub fn without_audit() -> Self {
        Self {
            audits: 0,
            ..Self::new()
        }
    }

    /// How many schedules were run to their end, and how many classes they were of.
    pub fn counts(&self) -> (u64, u64) {
        (self.schedules, self.classes.len() as u64)
    }

    /// A step is over, and one of `enabled` makes the next one. `at_leaf` the first of them is the one that runs.
    fn boundary(&mut self, enabled: &[Actor], at_leaf: bool) -> Actor {
        let chosen = match self.mode {
            Mode::Cut => enabled[0],
            Mode::Audit => enabled[self.now.random.below(enabled.len() as u32) as usize],
            Mode::Search => self.search(enabled),
        };
        let node = if self.mode == Mode::Search {
            self.now.at
        } else {
            usize::MAX
        };
        if node != usize::MAX {
            self.now.at += 1;
        }
        self.now.draw = 0;
        self.now
            .step(chosen, node, !at_leaf || chosen != enabled[0]);
        chosen
    }

    fn search(&mut self, enabled: &[Actor]) -> Actor {
        if let Some(node) = self.path.get(self.now.at) {
            if enabled.contains(&node.taken) {
                return node.taken;
            }
            self.stray("who could go on at a place could not when it was reached again");
            self.path.truncate(self.now.at);
        }
        let sleep = self.sleepers();
        let awake = enabled
            .iter()
            .find(|&&actor| !sleep.iter().any(|tried| tried.actor == actor));
        let Some(&taken) = awake else {
            self.mode = Mode::Cut;
            return enabled[0];
        };
        self.path.push(Node {
            enabled: enabled.to_vec(),
            taken,
            backtrack: vec![taken],
            done: Vec::new(),
            sleep,
            draws: Vec::new(),
        });
        taken
    }

    /// Who sleeps after the last step: who slept before it or was tried in its place, if that does not conflict with it.
    fn sleepers(&self) -> Vec<Tried> {
        let (Some(node), Some(step)) = (self.path.last(), self.now.steps.last()) else {
            return Vec::new();
        };
        if !self.sleeping {
            return Vec::new();
        }
        node.sleep
            .iter()
            .chain(&node.done)
            .filter(|tried| {
                tried.actor != step.actor && !tried.touches.may_meet(&step.wide, tried.common)
            })
            .cloned()
            .collect()
    }

    fn stray(&mut self, how: &str) {
        self.not_all
            .get_or_insert_with(|| format!("the program did not repeat itself: {how}"));
    }

    /// Moves the path on to what is to be tried next. False if there is nothing.
    fn advance(&mut self) -> bool {
        while let Some(node) = self.path.last_mut() {
            while let Some((count, taken)) = node.draws.pop() {
                if taken + 1 < count {
                    node.draws.push((count, taken + 1));
                    return true;
                }
            }
            let next = node.backtrack.iter().find(|&&actor| {
                let known = |list: &[Tried]| list.iter().any(|tried| tried.actor == actor);
                !known(&node.done) && !known(&node.sleep)
            });
            if let Some(&next) = next {
                node.taken = next;
                return true;
            }
            self.path.pop();
        }
        false
    }

    fn begin_anew(&mut self) {
        self.anew = false;
        self.careful = true;
        self.path.clear();
        self.classes.clear();
        self.audited.clear();
        self.explored = false;
        self.schedules = 0;
        self.failed = 0;
    }

    fn verdict(&mut self) {
        self.done = true;
        let unseen = self
            .audited
            .iter()
            .any(|class| !self.classes.contains(class));
        if unseen && self.failed == 0 && self.not_all.is_none() {
            self.not_all = Some(
                "a run took a path that no explored one took; it is likely that tasks share state that the simulation does not see (std \
                 locks, atomics, statics), else one waits for what it looks at twice in a poll (a `oneshot`, a `select!`), which this \
                 search does not always follow. Explored without reduction up to 2 delays instead"
                    .to_owned(),
            );
        }
        if self.not_all.is_some() {
            self.instead = Some(Delays::new(2));
        }
    }
}

impl Default for Dpor {
    fn default() -> Self {
        Self::new()
    }
}

impl Chooser for Dpor {
    fn begin(&mut self, seed: u64) -> bool {
        if self.anew {
            self.begin_anew();
        }
        if !self.done {
            if self.not_all.is_some() {
                self.verdict();
                return self.begin(seed);
            }
            self.now.clear(mix(self.runs ^ seed));
            // The second run is the first audit: it may show at once that the search has to be careful.
            let due = self.audits > 0 && self.audited.len() as u64 * AUDIT_EVERY < self.runs;
            if due {
                self.mode = Mode::Audit;
                return true;
            }
            self.mode = Mode::Search;
            if self.schedules + self.failed == 0 && self.path.is_empty() && !self.explored {
                return true;
            }
            if !self.explored && self.advance() {
                return true;
            }
            self.explored = true;
            if self.audited.len() < self.audits {
                self.mode = Mode::Audit;
                return true;
            }
            self.verdict();
        }
        self.instead
            .as_mut()
            .is_some_and(|delays| delays.begin(seed))
    }

    fn next(&mut self, actors: &Actors, ready: &[Actor]) -> usize {
        if let Some(delays) = &mut self.instead {
            return delays.next(actors, ready);
        }
        self.now.poll = Footprint::default();
        let chosen = match self.now.chosen.take() {
            Some(chosen) if ready.contains(&chosen) => {
                if let Some(step) = self.now.steps.last_mut() {
                    step.wide = Footprint::default();
                }
                chosen
            }
            Some(_) => {
                self.stray(
                    "one that was ready was not any more when another had been held up for it",
                );
                ready[0]
            }
            None => self.boundary(ready, false),
        };
        self.now.wait(ready, chosen);
        ready.iter().position(|&actor| actor == chosen).unwrap_or(0)
    }

    fn only(&mut self, actors: &Actors, actor: Actor) {
        match &mut self.instead {
            Some(delays) => delays.only(actors, actor),
            None => {
                self.next(actors, &[actor]);
            }
        }
    }

    fn hold(&mut self, actors: &Actors, actor: Actor) -> bool {
        if let Some(delays) = &mut self.instead {
            return delays.hold(actors, actor);
        }
        let coming_back = std::mem::take(&mut self.now.coming_back);
        if self.now.is_idle() {
            return false;
        }
        if coming_back && !self.careful {
            self.anew = true;
        }
        let mut enabled = Vec::with_capacity(1 + self.now.waiting.len());
        enabled.push(actor);
        enabled.extend_from_slice(&self.now.waiting);
        let chosen = self.boundary(&enabled, true);
        if chosen == actor {
            return false;
        }
        self.now.chosen = Some(chosen);
        self.now.held[actor.0 as usize] = true;
        true
    }

    fn draw(&mut self, actors: &Actors, point: Point, actor: Actor, count: u32) -> u32 {
        if let Some(delays) = &mut self.instead {
            return delays.draw(actors, point, actor, count);
        }
        let at = self.now.draw;
        self.now.draw += 1;
        let node = self.now.steps.last().map_or(usize::MAX, |step| step.node);
        let taken = match (self.mode, self.path.get_mut(node)) {
            (Mode::Audit, _) => self.now.random.below(count),
            (Mode::Search, Some(node)) => match node.draws.get(at) {
                Some(&(known, taken)) if known == count => taken,
                known => {
                    let strayed = known.is_some();
                    node.draws.truncate(at);
                    node.draws.push((count, 0));
                    if strayed {
                        self.stray("a draw had another number of answers when it was made again");
                    }
                    0
                }
            },
            _ => 0,
        };
        if let Some(step) = self.now.steps.last_mut() {
            step.drawn = mix(step.drawn ^ mix(u64::from(taken) + 1)) | 1;
        }
        taken
    }

    fn born(&mut self, actors: &Actors, actor: Actor, by: Actor) {
        let (child, by) = (self.now.know(actor), self.now.know(by));
        self.now.children[by] += 1;
        self.now.keys[child] = mix(self.now.keys[by] ^ mix(self.now.children[by]));
        self.now.born_in[child] = self.now.current();
        self.now.enables();
        if matches!(actors.kind(actor), Kind::Task | Kind::Closure)
            && !self.now.waiting.contains(&actor)
        {
            self.now.waiting.push(actor);
        }
    }

    fn woke(&mut self, _actors: &Actors, actor: Actor, _by: Actor) {
        let index = self.now.know(actor);
        if actor == self.now.running || self.now.waiting.contains(&actor) {
            return;
        }
        self.now.waiting.push(actor);
        self.now.woken_by[index] = self.now.current();
        self.now.enables();
    }

    fn wants_touches(&self) -> bool {
        self.instead.is_none()
    }

    fn touch(&mut self, _actors: &Actors, _actor: Actor, resource: Resource, access: Access) {
        let name = self.now.names.of(resource);
        if self.careful {
            self.now.poll.add(name, access);
        }
        if let Some(current) = self.now.current() {
            self.now.steps[current].touched.add(name, access);
            self.now.steps[current].wide.add(name, access);
        }
    }

    fn end(&mut self, run: &Run, failed: bool) {
        if let Some(delays) = &mut self.instead {
            return delays.end(run, failed);
        }
        self.runs += 1;
        let by_root = !failed && run.running() == Actor::ROOT;
        let class = class(&self.now.steps, &self.now.keys, failed, by_root);
        match self.mode {
            Mode::Audit => self.audited.push(class),
            mode => {
                if self.now.at < self.path.len() {
                    self.stray("a run was shorter when it was made again");
                    self.path.truncate(self.now.at);
                }
                self.look_for_races();
                if by_root {
                    self.look_beyond_the_end();
                }
                self.note_steps();
                if mode == Mode::Search {
                    self.schedules += 1;
                    self.classes.insert(class);
                    self.failed += u64::from(failed);
                }
            }
        }
    }

    fn claim(&self) -> Option<Claim> {
        if let Some(delays) = &self.instead {
            let mut claim = delays.claim()?;
            claim.runs += self.runs;
            claim.not_all.clone_from(&self.not_all);
            return Some(claim);
        }
        let failure = "a run failed, and what it would have gone on to do is not known";
        let not_all = self
            .not_all
            .clone()
            .or_else(|| (self.failed > 0).then(|| failure.to_owned()));
        let whole = self.done && not_all.is_none();
        Some(Claim {
            extent: if whole { Extent::Classes } else { Extent::Some },
            covered: if whole { self.classes.len() as u64 } else { 0 },
            runs: self.runs,
            part: None,
            not_all,
        })
    }
}
