//! Making a failure small: the fewest decisions in which a run that fails differs from the calm one.
//!
//! *Upward* from the calm run: with 1, 2, 3 decisions of {hold an actor at its n-th turn; a draw of the failing run}, breadth first over
//! the turns that the parent run had. The first that fails is the smallest of its kind. What was held or passed over in the failing
//! run is tried first, then whoever is part of the failure. A run that is the same as an earlier one has no children of its own.
//!
//! *Downward* from the failing run: ddmin (Zeller and Hildebrandt, 2002) over the choices that are not 0, then lower values.
//!
//! Only the same fingerprint counts, and the shorter wins. Both are deterministic, but for the limit of time.

use crate::actor::{Actor, Key};
use crate::again::Again;
use crate::cause::Cause;
use crate::check::failure_of;
use crate::chooser::{Calm, Chooser};
use crate::program::{Ended, Failure};
use crate::record::{Choice, Record};
use crate::replay::{Exact, Guided};
use crate::settings::Budget;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

/// Up to how many decisions the search upward goes.
const DEPTH: usize = 3;

/// How much of the budget the search upward may use before the one downward has had its turn: 1 in this.
const SHARE: u64 = 2;

/// How many runs the search downward may use if there is something small already.
const IN_DOUBT: u64 = 500;

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
    /// A chooser that does it once more.
    pub(crate) fn chooser(&self) -> Box<dyn Chooser> {
        match &self.choices {
            Some(choices) => Box::new(Exact::new(choices)),
            None => Box::new(Guided::new(self.causes.iter().cloned())),
        }
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
    candidates: Vec<Cause>,
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
        let calm_hash = search.again.run.hash();
        let calm_turns = search.turns();
        let (telling, told) = Exact::telling(&record.choices);
        search.run(telling);
        let first = Candidates::new(told.take(), &failure.actors);
        let mut upward = Upward {
            parents: vec![Parent {
                causes: Vec::new(),
                candidates: first.of(&calm_turns, &[]),
            }],
            first,
            seen: HashSet::from([calm_hash]),
            tried: HashSet::new(),
        };
        let share = budget.runs / SHARE;
        let found = (1..DEPTH).find_map(|_| upward.level(&mut search, share));
        let few = found.as_ref().map(Vec::len);
        let limit = match few {
            Some(1) => 0,
            Some(_) => search.runs.saturating_add(IN_DOUBT).min(budget.runs),
            None => budget.runs,
        };
        let (choices, causes) = search.downward(&record.choices, limit);
        let found = match few {
            None if causes.len() > DEPTH => upward.level(&mut search, budget.runs),
            _ => found,
        };
        match found {
            Some(found) if found.len() <= causes.len() || limit == 0 => shrunk.causes = found,
            _ => (shrunk.causes, shrunk.choices) = (causes, Some(choices)),
        }
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

    fn may_go_on(&self, limit: u64) -> bool {
        self.runs < limit.min(self.budget.runs) && self.began.elapsed() < self.budget.time
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
    fn downward(&mut self, choices: &[Choice], limit: u64) -> (Vec<Choice>, Vec<Cause>) {
        let mut choices = choices.to_vec();
        let mut span = choices.len().div_ceil(2);
        while span != 0 && self.may_go_on(limit) {
            let mut from = 0;
            let mut any = false;
            while from < choices.len() && self.may_go_on(limit) {
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
            while choices[at].taken > 1 && self.may_go_on(limit) {
                let taken = choices[at].taken;
                let lowers = [1, taken / 2, taken - 1];
                let lower = lowers.into_iter().find(|&lower| {
                    let mut with_lower = choices.clone();
                    with_lower[at].taken = lower;
                    lower < taken && self.may_go_on(limit) && self.still_fails(&with_lower)
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
    involved: Vec<Key>,
}

impl Candidates {
    fn new(causes: Vec<Cause>, involved: &[Key]) -> Self {
        let mut of_failing = Vec::new();
        for cause in causes {
            let cause = match cause {
                Cause::Leaf { key, turn } => Cause::Hold { key, turn },
                // Whoever was passed over was held up before that turn.
                Cause::Ahead { of, turn, .. } => Cause::Hold { key: of, turn },
                other => other,
            };
            if !of_failing.contains(&cause) {
                of_failing.push(cause);
            }
        }
        Self {
            of_failing,
            involved: involved.to_vec(),
        }
    }

    /// All that can be decided in a run with these `turns`, but for what is decided in it already.
    fn of(&self, turns: &[(Key, u32)], decided: &[Cause]) -> Vec<Cause> {
        let has_turn = |key: &Key, turn: u32| {
            let there = turns.iter().find(|(there, _)| there == key);
            there.is_some_and(|&(_, turns)| turn <= turns)
        };
        let happens = |cause: &Cause| match cause {
            Cause::Hold { key, turn } | Cause::Draw { key, turn, .. } => has_turn(key, *turn),
            _ => false,
        };
        let mut holds: Vec<(bool, u32, &Key)> = turns
            .iter()
            .flat_map(|(key, turns)| (1..=*turns).map(move |turn| (key, turn)))
            .map(|(key, turn)| (!self.involved.contains(key), turn, key))
            .collect();
        holds.sort();
        let known: HashSet<&Cause> = self.of_failing.iter().collect();
        let holds = holds
            .into_iter()
            .map(|(_, turn, key)| Cause::Hold {
                key: key.clone(),
                turn,
            })
            .filter(|hold| !known.contains(hold));
        let of_failing = self.of_failing.iter().filter(|cause| happens(cause));
        of_failing
            .cloned()
            .chain(holds)
            .filter(|cause| !decided.contains(cause))
            .collect()
    }
}

struct Upward {
    first: Candidates,
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
    fn level(&mut self, search: &mut Search<'_, '_>, limit: u64) -> Option<Vec<Cause>> {
        let mut children = Vec::new();
        let widest = self.parents.iter().map(|parent| parent.candidates.len());
        let diagonals = widest.max().unwrap_or(0) + self.parents.len();
        for diagonal in 0..diagonals {
            for (at, parent) in self.parents.iter().enumerate().take(diagonal + 1) {
                let Some(cause) = parent.candidates.get(diagonal - at) else {
                    continue;
                };
                let mut causes = parent.causes.clone();
                causes.push(cause.clone());
                if !self.tried.insert(of_set(&causes)) {
                    continue;
                }
                if !search.may_go_on(limit) {
                    return None;
                }
                let ended = search.run(Guided::new(causes.iter().cloned()));
                if search.fails(&ended) {
                    return Some(causes);
                }
                if ended == Ended::Passed && self.seen.insert(search.again.run.hash()) {
                    let candidates = self.first.of(&search.turns(), &causes);
                    children.push(Parent { causes, candidates });
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
