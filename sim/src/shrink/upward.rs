//! The search upward: the calm run with one decision more, and one more.

use super::Search;
use crate::actor::Key;
use crate::cause::Cause;
use crate::program::Ended;
use crate::replay::Guided;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Of how many actors' turns are kept, over all runs that others are made of: some ten megabytes.
const KEPT: usize = 200_000;

/// A run that did not fail, of which others are made by one more decision.
struct Parent {
    causes: Vec<Cause>,
    /// How many turns each actor had.
    turns: Vec<(Key, u32)>,
    hash: u64,
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

    /// Where `cause` stands in the order in which all are searched.
    fn rank(&self, cause: &Cause) -> (bool, bool, u32, Option<Key>) {
        let (is_hold, turn) = match cause {
            Cause::Hold { turn, .. } => (true, *turn),
            _ => (false, 0),
        };
        let key = cause.key();
        let is_involved = key.is_some_and(|key| self.involved.contains(key));
        (is_hold, !is_involved, turn, key.cloned())
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
        // Beyond one decision all failing runs are searched for in one order, so that what is found does not depend on which it
        // was.
        let is_first = parent.causes.is_empty();
        let holds = holds
            .into_iter()
            .map(|(_, turn, key)| Cause::Hold {
                key: key.clone(),
                turn,
            })
            .filter(|hold| !is_first || !self.known.contains(hold));
        let of_failing = self
            .of_failing
            .iter()
            .filter(happens)
            .filter(|cause| is_first || matches!(cause, Cause::Draw { .. }));
        of_failing
            .cloned()
            .chain(holds)
            .filter(|cause| !parent.causes.contains(cause))
            .take(most)
            .collect()
    }
}

/// Who was held up, as what is searched for: each once, in their order.
pub(super) fn as_holds(held: Vec<Cause>) -> Vec<Cause> {
    let mut known = HashSet::new();
    let mut at_leaf = HashSet::new();
    let mut holds = Vec::new();
    for cause in held {
        let hold = match cause {
            Cause::Leaf { key, turn } => {
                at_leaf.insert((key.clone(), turn));
                Cause::Hold { key, turn }
            }
            // It is passed over since it was held at the leaf before: one hold does both.
            Cause::Hold { key, turn }
                if at_leaf.contains(&(key.clone(), turn.saturating_sub(1))) =>
            {
                continue;
            }
            other => other,
        };
        if known.insert(hold.clone()) {
            holds.push(hold);
        }
    }
    holds
}

pub(super) struct Upward {
    candidates: Candidates,
    parents: Vec<Parent>,
    /// The hashes of all runs so far: one that is the same as another has nothing new below it.
    seen: HashSet<u64>,
    /// Sets of causes that were tried, in any order.
    tried: HashSet<u64>,
    /// What each level came to that is done.
    found: Vec<Option<Vec<Cause>>>,
}

impl Upward {
    /// Begins at the calm run: its turns and its hash. `of_failing` is what was held in the run that failed, `involved` who is
    /// part of the failure.
    pub(super) fn new(
        turns: Vec<(Key, u32)>,
        hash: u64,
        of_failing: Vec<Cause>,
        involved: &[Key],
    ) -> Self {
        Self {
            parents: vec![Parent {
                causes: Vec::new(),
                turns,
                hash,
            }],
            candidates: Candidates::new(of_failing, involved),
            seen: HashSet::from([hash]),
            tried: HashSet::new(),
            found: Vec::new(),
        }
    }

    /// The first `depth` decisions that fail, if none fewer do.
    pub(super) fn with(&mut self, depth: usize, search: &mut Search<'_, '_>) -> Option<Vec<Cause>> {
        while self.found.len() < depth {
            let found = self.level(search);
            self.found.push(found);
        }
        self.found[depth - 1].clone()
    }

    /// Tries one more decision for each of the parents: the first that fails, or none and the next parents are there.
    ///
    /// All parents take turns, and what ranks first in each is tried first.
    fn level(&mut self, search: &mut Search<'_, '_>) -> Option<Vec<Cause>> {
        let mut children = Vec::new();
        let mut kept = 0;
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
                let is_new = !self.seen.contains(&search.again.run.hash());
                if ended == Ended::Passed && is_new && kept < KEPT {
                    let turns = search.turns();
                    kept += turns.len();
                    let hash = search.again.run.hash();
                    children.push(Parent {
                        causes,
                        turns,
                        hash,
                    });
                }
            }
        }
        if self.found.is_empty() {
            children.sort_by_cached_key(|child| self.candidates.rank(&child.causes[0]));
        }
        children.retain(|child| self.seen.insert(child.hash));
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

#[cfg(test)]
mod tests {
    use crate::actor::{Actor, Kind, Place};
    use crate::record::Choice;
    use crate::replay::Exact;
    use crate::run::Run;

    #[test]
    fn who_waits_for_long_is_held_once() {
        let choices: Vec<Choice> = (0..1000)
            .map(|position| Choice { position, taken: 1 })
            .collect();
        let (telling, told) = Exact::telling(&choices);
        let mut run = Run::new(Box::new(telling));
        assert!(run.begin(0));
        for actor in [Actor(1), Actor(2)] {
            run.born(actor, Kind::Task, Place::default());
        }
        for _ in 0..1000 {
            run.next(&[Actor(1), Actor(2)]);
        }
        run.end(false);
        // As many decisions as there are, and one that waits for its first turn.
        let told = told.take();
        assert_eq!((told.causes.len(), told.holds.len()), (1000, 1));
    }
}
