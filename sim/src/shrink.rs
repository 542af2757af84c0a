//! Making a failure small: the fewest decisions in which a run that fails differs from the calm one.
//!
//! *Upward* from the calm run: with 1, 2, 3 decisions of {hold an actor at its n-th turn; a draw of the failing run}, breadth
//! first over the turns that the parent run had. The first that fails is the smallest of its kind. What was held or passed over
//! in the failing run is tried first, then whoever is part of the failure. A run that is the same as an earlier one has no
//! children of its own.
//!
//! *Downward* from the failing run: ddmin (Zeller and Hildebrandt, 2002) over the choices that are not 0, then lower values.
//!
//! One decision is looked for upward. If there is none, the search goes downward, which long programs need: there two of a
//! thousand turns are half a million pairs, and ddmin needs a few dozen runs. What it leaves is tried as holds, two and three at
//! a time, since a hold says more than the three answers that it comes to. Only what is still longer than two is searched for
//! upward in full.
//!
//! Only the same fingerprint counts, and the shorter wins; among equals the one that is told in holds. All of it is
//! deterministic, but for the limit of time. What was found is searched again until it comes to itself, so a run that was made
//! small is made to the same again.

mod upward;

use self::upward::{Upward, as_holds};
use crate::actor::{Actor, Key};
use crate::again::Again;
use crate::cause::Cause;
use crate::check::failure_of;
use crate::chooser::{Calm, Chooser};
use crate::program::{Ended, Failure};
use crate::record::{Choice, Record};
use crate::replay::{Exact, Guided, Telling};
use crate::settings::Budget;
use std::time::Instant;

/// Up to how many decisions the search upward goes.
const DEPTH: usize = 3;

/// Of how many decisions all twos and threes are tried.
const FEW: usize = 8;

/// How often it begins again with what it has found, at most.
const ROUNDS: usize = 8;

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

/// What a search has come to.
#[derive(PartialEq, Eq)]
enum Smallest {
    /// The calm run, but for these.
    Holds(Vec<Cause>),
    /// The answers of a run, and what they are by keys.
    Choices(Vec<Choice>, Vec<Cause>),
}

impl Smallest {
    fn len(&self) -> usize {
        match self {
            Self::Holds(causes) | Self::Choices(_, causes) => causes.len(),
        }
    }

    /// The answers of its run.
    fn choices(&self, search: &mut Search<'_, '_>) -> Vec<Choice> {
        match self {
            Self::Choices(choices, _) => choices.clone(),
            Self::Holds(causes) => {
                search.run(Guided::new(causes.iter().cloned()));
                Record::of(search.again.run).choices
            }
        }
    }
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
        (shrunk.causes, shrunk.choices) = match search.smallest(record, failure) {
            Smallest::Holds(causes) => (causes, None),
            Smallest::Choices(choices, causes) => (causes, Some(choices)),
        };
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

    /// The smallest that is found, after the calm run has passed.
    fn smallest(&mut self, record: &Record, failure: &Failure) -> Smallest {
        let calm_hash = self.again.run.hash();
        let calm_turns = self.turns();
        let of_failing = self.holds_of(&record.choices);
        let mut upward = Upward::new(calm_turns, calm_hash, of_failing, &failure.actors);
        if let Some(found) = upward.with(1, self) {
            return Smallest::Holds(found);
        }
        let mut best = self.best_of(&record.choices, &mut upward);
        // What was found is a failing run as well, so it is where the next round begins, until one comes to what it began with:
        // then whoever begins with that has the same.
        for _ in 0..ROUNDS {
            if !self.may_go_on() {
                break;
            }
            let choices = best.choices(self);
            let next = self.best_of(&choices, &mut upward);
            if next.len() > best.len() || next == best {
                break;
            }
            best = next;
        }
        best
    }

    /// The smallest that one round finds, which begins with `choices`.
    fn best_of(&mut self, choices: &[Choice], upward: &mut Upward) -> Smallest {
        let best = self.round(choices);
        let more = (2..=DEPTH).take_while(|&depth| depth < best.len());
        let found = more.into_iter().find_map(|depth| upward.with(depth, self));
        found.map_or(best, Smallest::Holds)
    }

    /// Downward from a run that fails, and what holds make of it: the smaller, or the holds.
    fn round(&mut self, choices: &[Choice]) -> Smallest {
        let holds = self.holds_of(choices);
        let among = self.among(&holds, DEPTH);
        if among.as_ref().is_some_and(|found| found.len() == 2) {
            return Smallest::Holds(among.unwrap_or_default());
        }
        let (choices, Telling { causes, holds }) = self.downward(choices);
        let most = among.as_ref().map_or(DEPTH, |found| found.len() - 1);
        let among = self
            .among(&as_holds(holds), most.min(causes.len()))
            .or(among);
        match among {
            Some(found) if found.len() <= causes.len() => Smallest::Holds(found),
            _ => Smallest::Choices(choices, causes),
        }
    }

    /// What was held in the run of `choices`.
    fn holds_of(&mut self, choices: &[Choice]) -> Vec<Cause> {
        let (telling, told) = Exact::telling(choices);
        self.run(telling);
        as_holds(told.take().holds)
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
    fn downward(&mut self, choices: &[Choice]) -> (Vec<Choice>, Telling) {
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
