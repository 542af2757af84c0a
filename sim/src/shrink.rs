//! Making a failure small: the fewest decisions in which a run that fails differs from the calm one.
//!
//! *Upward* from the calm run: with 1, 2, 3 decisions of {hold an actor at its n-th turn; a draw of the failing run}, breadth first over
//! the turns that the parent run had. The first that fails is the smallest of its kind. What was held or passed over in the failing
//! run is tried first, then whoever is part of the failure. A run that is the same as an earlier one has no children of its own.
//!
//! *Downward* from the failing run: ddmin (Zeller and Hildebrandt, 2002) over the choices that are not 0, then lower values.
//!
//! One decision is looked for upward. If there is none, the search goes downward, which long programs need: there two of a thousand
//! turns are half a million pairs, and ddmin needs a few dozen runs. What it leaves is tried as holds, two and three at a time, since a hold
//! says more than the three answers that it comes to. Only what is still longer than two is searched for upward in full.
//!
//! Only the same fingerprint counts, and the shorter wins; among equals the one that is told in holds. All of it is deterministic, but
//! for the limit of time. A run that was made small is made to the same again: all that it did is its holds, and they are tried first.

use crate::actor::{Actor, Key};
use crate::again::Again;
use crate::cause::Cause;
use crate::check::failure_of;
use crate::chooser::{Calm, Chooser};
use crate::program::{Ended, Failure};
use crate::record::{Choice, Record};
use crate::replay::{Exact, Guided};
use crate::settings::Budget;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

/// Up to how many decisions the search upward goes.
const DEPTH: usize = 3;

/// Of how many decisions all twos and threes are tried.
const FEW: usize = 8;

/// What a failing run was made small to.
#[derive(Clone, Debug)]
pub(crate) struct Shrunk {
    /// In what it differs from the calm run.
    pub(crate) causes: Vec<Cause>,
    /// The answers of it, if it was found downward: causes are less exact then.
    pub(crate) choices: Option<Vec<Choice>>,
    /// What the calm run came to.
    pub(crate) calm: Ended,
    /// In how many runs it was found.
    pub(crate) runs: u64,
}

impl Shrunk {
    /// Does it once more: how that ended, and the causes in the order in which they came about.
    pub(crate) fn again(&self, again: &mut Again<'_>) -> (Ended, Vec<Cause>) {
        if let Some(choices) = &self.choices {
            let ended = again.with(Box::new(Exact::new(choices)));
            return (ended, self.causes.clone());
        }
        let (guided, fates) = Guided::telling(self.causes.iter().cloned());
        let ended = again.with(Box::new(guided));
        let fates = fates.take();
        let mut causes: Vec<_> = self.causes.iter().zip(&fates).collect();
        causes.sort_by_key(|(_, fate)| fate.order);
        let causes = causes.into_iter().map(|(cause, _)| cause.clone());
        (ended, causes.collect())
    }
}

/// A search for what is smaller than a run that fails with `target`.
struct Search<'a, 'b> {
    again: &'a mut Again<'b>,
    target: &'a str,
    began: Instant,
    budget: Budget,
    runs: u64,
}

/// A run that did not fail, of which others are made by one more decision.
struct Parent {
    causes: Vec<Cause>,
    /// How many turns each actor had.
    turns: Vec<(Key, u32)>,
}

/// Makes the failure of `record` small, which is `failure`.
///
/// The run that is there at the end is any of those that were tried.
pub(crate) fn shrink(
    again: &mut Again<'_>,
    record: &Record,
    failure: &Failure,
    budget: Budget,
) -> Shrunk {
    let target = failure.fingerprint();
    let mut search = Search {
        again,
        target: &target,
        began: Instant::now(),
        budget,
        runs: 0,
    };
    let calm = search.run(Calm);
    let mut shrunk = Shrunk {
        causes: Vec::new(),
        choices: None,
        calm,
        runs: 0,
    };
    if !search.fails(&shrunk.calm) {
        (shrunk.causes, shrunk.choices) = search.smallest(record, failure);
    }
    shrunk.runs = search.runs;
    shrunk
}

impl Search<'_, '_> {
    fn run(&mut self, chooser: impl Chooser + 'static) -> Ended {
        self.runs += 1;
        self.again.with(Box::new(chooser))
    }

    fn fails(&self, ended: &Ended) -> bool {
        failure_of(ended).is_some_and(|failure| failure.fingerprint() == self.target)
    }

    fn may_go_on(&self) -> bool {
        self.runs < self.budget.runs && self.began.elapsed() < self.budget.time
    }

    /// True if the search for one decision, which is as long as the program is, has used its half of the budget.
    fn half_is_used(&self) -> bool {
        self.runs >= self.budget.runs / 2 || self.began.elapsed() >= self.budget.time / 2
    }

    /// The smallest that is found, after the calm run has passed; with its answers if they say it better.
    fn smallest(
        &mut self,
        record: &Record,
        failure: &Failure,
    ) -> (Vec<Cause>, Option<Vec<Choice>>) {
        let calm_hash = self.again.run.hash();
        let calm_turns = self.turns();
        let (telling, told) = Exact::telling(&record.choices);
        self.run(telling);
        let of_failing = as_holds(told.take());
        let mut upward = Upward {
            parents: vec![Parent {
                causes: Vec::new(),
                turns: calm_turns,
            }],
            candidates: Candidates::new(of_failing.clone(), &failure.actors),
            seen: HashSet::from([calm_hash]),
            tried: HashSet::new(),
        };
        let found = upward
            .level(self)
            .or_else(|| self.among(&of_failing, DEPTH));
        if let Some(found) = found {
            return (found, None);
        }
        let (choices, causes) = self.downward(&record.choices);
        let mut best = (causes.len(), (causes.clone(), Some(choices)));
        let kept = as_holds(causes);
        if let Some(found) = self.among(&kept, best.0) {
            best = (found.len(), (found, None));
        }
        for depth in 2..=DEPTH {
            if best.0 <= depth {
                break;
            }
            if let Some(found) = upward.level(self) {
                return (found, None);
            }
        }
        best.1
    }

    /// The first two or three of `causes` that fail, and no more than `most`. Nothing if they are too many to try all.
    fn among(&mut self, causes: &[Cause], most: usize) -> Option<Vec<Cause>> {
        if causes.len() > FEW {
            return None;
        }
        (2..=most.min(DEPTH)).find_map(|size| {
            (0..1_u32 << causes.len())
                .filter(|set| set.count_ones() as usize == size)
                .find_map(|set| {
                    let chosen = (0..).zip(causes).filter(|(at, _)| set >> at & 1 == 1);
                    let chosen: Vec<Cause> = chosen.map(|(_, cause)| cause.clone()).collect();
                    let ended = self
                        .may_go_on()
                        .then(|| self.run(Guided::new(chosen.iter().cloned())))?;
                    self.fails(&ended).then_some(chosen)
                })
        })
    }

    /// How many turns each actor had in the run that has just ended.
    fn turns(&self) -> Vec<(Key, u32)> {
        let actors = self.again.run.actors();
        (0..actors.len() as u32)
            .map(Actor)
            .filter(|&actor| actors.place(actor).is_some())
            .map(|actor| (actors.key(actor), actors.turns(actor)))
            .collect()
    }

    /// The fewest of `choices` that still fail, and what they are by keys.
    fn downward(&mut self, choices: &[Choice]) -> (Vec<Choice>, Vec<Cause>) {
        let mut choices = choices.to_vec();
        let mut span = choices.len().div_ceil(2);
        while span != 0 && self.may_go_on() {
            let mut from = 0;
            let mut any = false;
            while from < choices.len() && self.may_go_on() {
                let to = (from + span).min(choices.len());
                let fewer = [&choices[..from], &choices[to..]].concat();
                if self.still_fails(&fewer) {
                    choices = fewer;
                    any = true;
                } else {
                    from = to;
                }
            }
            // Taking one away can make another superfluous, so the last round is repeated until it does nothing.
            span = match (any, span) {
                (true, 1) => 1,
                (_, 1) => 0,
                _ => span.div_ceil(2),
            };
        }
        for at in 0..choices.len() {
            while choices[at].taken > 1 && self.may_go_on() {
                let taken = choices[at].taken;
                let lowers = [1, taken / 2, taken - 1];
                let lower = lowers.into_iter().find(|&lower| {
                    let mut with_lower = choices.clone();
                    with_lower[at].taken = lower;
                    lower < taken && self.may_go_on() && self.still_fails(&with_lower)
                });
                match lower {
                    Some(lower) => choices[at].taken = lower,
                    None => break,
                }
            }
        }
        let (telling, told) = Exact::telling(&choices);
        self.run(telling);
        (choices, told.take())
    }

    fn still_fails(&mut self, choices: &[Choice]) -> bool {
        let ended = self.run(Exact::new(choices));
        self.fails(&ended)
    }
}

/// What may be decided otherwise, and in which order it is tried.
struct Candidates {
    /// What the failing run did, as holds and draws, in its order.
    of_failing: Vec<Cause>,
    known: HashSet<Cause>,
    involved: Vec<Key>,
}

impl Candidates {
    /// The failing run's own come first, the last of them before all: what matters is rarely far from the failure.
    fn new(mut of_failing: Vec<Cause>, involved: &[Key]) -> Self {
        of_failing.reverse();
        Self {
            known: of_failing.iter().cloned().collect(),
            of_failing,
            involved: involved.to_vec(),
        }
    }

    /// The first `most` that can be decided in a run like `parent`, but for what is decided in it already.
    fn of(&self, parent: &Parent, most: usize) -> Vec<Cause> {
        let turns: HashMap<&Key, u32> = parent
            .turns
            .iter()
            .map(|(key, turns)| (key, *turns))
            .collect();
        let happens = |cause: &&Cause| match cause {
            Cause::Hold { key, turn } | Cause::Draw { key, turn, .. } => {
                turns.get(key).is_some_and(|turns| turn <= turns)
            }
            _ => false,
        };
        let mut holds: Vec<(bool, u32, &Key)> = turns
            .iter()
            .flat_map(|(key, turns)| (1..=*turns).map(move |turn| (turn, *key)))
            .map(|(turn, key)| (!self.involved.contains(key), turn, key))
            .collect();
        holds.sort_unstable();
        let holds = holds
            .into_iter()
            .map(|(_, turn, key)| Cause::Hold {
                key: key.clone(),
                turn,
            })
            .filter(|hold| !self.known.contains(hold));
        let of_failing = self.of_failing.iter().filter(happens);
        of_failing
            .cloned()
            .chain(holds)
            .filter(|cause| !parent.causes.contains(cause))
            .take(most)
            .collect()
    }
}

/// `causes` as what is searched for: each once, in their order.
fn as_holds(causes: Vec<Cause>) -> Vec<Cause> {
    let mut known = HashSet::new();
    let mut at_leaf = HashSet::new();
    let mut holds = Vec::new();
    for cause in causes {
        let hold = match cause {
            Cause::Leaf { key, turn } => {
                at_leaf.insert((key.clone(), turn));
                Cause::Hold { key, turn }
            }
            // It is passed over since it was held at the leaf before: one hold does both.
            Cause::Ahead { of, turn, .. }
                if at_leaf.contains(&(of.clone(), turn.saturating_sub(1))) =>
            {
                continue;
            }
            // Whoever was passed over was held up before that turn.
            Cause::Ahead { of, turn, .. } => Cause::Hold { key: of, turn },
            other => other,
        };
        if known.insert(hold.clone()) {
            holds.push(hold);
        }
    }
    holds
}

struct Upward {
    candidates: Candidates,
    parents: Vec<Parent>,
    /// The hashes of all runs so far: one that is the same as another has nothing new below it.
    seen: HashSet<u64>,
    /// Sets of causes that were tried, in any order.
    tried: HashSet<u64>,
}

impl Upward {
    /// Tries one more decision for each of the parents: the first that fails, or none and the next parents are there.
    ///
    /// All parents take turns, and what ranks first in each is tried first.
    fn level(&mut self, search: &mut Search<'_, '_>) -> Option<Vec<Cause>> {
        let mut children = Vec::new();
        // No more than what is left of the budget can be tried, so of thousands of parents only a corner is looked at.
        let left = search.budget.runs.saturating_sub(search.runs);
        let reach = match self.parents.len() {
            1 => usize::MAX,
            _ => 2 * (2 * left as usize).isqrt() + 16,
        };
        let parents: Vec<(&Parent, Vec<Cause>)> = (0..reach)
            .zip(&self.parents)
            .map(|(at, parent)| (parent, self.candidates.of(parent, reach - at)))
            .collect();
        let widest = parents.iter().map(|(_, candidates)| candidates.len());
        let diagonals = widest.max().unwrap_or(0) + parents.len();
        for diagonal in 0..diagonals {
            for (at, (parent, candidates)) in parents.iter().enumerate().take(diagonal + 1) {
                let Some(cause) = candidates.get(diagonal - at) else {
                    continue;
                };
                let mut causes = parent.causes.clone();
                causes.push(cause.clone());
                if !self.tried.insert(of_set(&causes)) {
                    continue;
                }
                let is_first = parent.causes.is_empty();
                if !search.may_go_on() || (is_first && search.half_is_used()) {
                    return None;
                }
                let ended = search.run(Guided::new(causes.iter().cloned()));
                if search.fails(&ended) {
                    return Some(causes);
                }
                if ended == Ended::Passed && self.seen.insert(search.again.run.hash()) {
                    let turns = search.turns();
                    children.push(Parent { causes, turns });
                }
            }
        }
        self.parents = children;
        None
    }
}

/// A hash of a set of causes, whatever their order.
fn of_set(causes: &[Cause]) -> u64 {
    causes.iter().fold(0, |sum: u64, cause| {
        let mut hasher = DefaultHasher::new();
        cause.hash(&mut hasher);
        sum.wrapping_add(hasher.finish())
    })
}
