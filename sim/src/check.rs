//! Is a run the same if it is done again? If not, nothing that is said of it can be relied on, and that is what is said.

use crate::actor::{Actor, Actors, Kind};
use crate::again::Again;
use crate::cause::{Called, Named};
use crate::chooser::Point;
use crate::program::{Ended, Failure, FailureKind};
use crate::record::{Record, word};
use crate::replay::Exact;
use crate::report::{counted, grouped};
use crate::run::{Checkpoint, Decision, Run};
use std::fmt;

/// How often a program is asked to keep its runs further apart.
const ISOLATIONS: usize = 4;

/// All of one run, as it is needed to compare it.
#[derive(Clone, Debug)]
struct Side {
    actors: Actors,
    decisions: Vec<Decision>,
    checkpoints: Vec<Checkpoint>,
    hash: u64,
    now: u64,
    failure: Option<Failure>,
}

impl Side {
    fn of(run: &Run, ended: &Ended) -> Self {
        Self {
            actors: run.actors().clone(),
            decisions: run.decisions().to_vec(),
            checkpoints: run.checkpoints().to_vec(),
            hash: run.hash(),
            now: run.now(),
            failure: failure_of(ended).cloned(),
        }
    }

    fn called(&self, actor: Actor) -> String {
        let named = self
            .actors
            .place(actor)
            .map(Named::from)
            .unwrap_or_default();
        Called(&self.actors.key(actor), &named).to_string()
    }

    /// What was chosen at decision `at`, in words.
    fn chose(&self, at: usize) -> String {
        let Some(&Decision {
            point,
            actor,
            count,
            taken,
        }) = self.decisions.get(at)
        else {
            return match &self.failure {
                None => format!("ends here, at {} ns, and passes", grouped(self.now)),
                Some(failure) => format!(
                    "ends here, at {} ns: {} {}",
                    grouped(self.now),
                    failure.kind,
                    failure.message
                ),
            };
        };
        let who = self.called(actor);
        match point {
            Point::Next => format!("{who} goes next, the {} of {count}", nth(taken)),
            Point::Leaf if taken == 0 => format!("{who} comes to a leaf and goes on"),
            Point::Leaf => format!("{who} is held up at a leaf"),
            point => format!("{who} draws {taken} of {count} for `{}`", word(point)),
        }
    }
}

fn nth(taken: u32) -> crate::cause::Nth {
    crate::cause::Nth(taken + 1)
}

pub(crate) fn failure_of(ended: &Ended) -> Option<&Failure> {
    match ended {
        Ended::Passed => None,
        Ended::Failed(failure) => Some(failure),
    }
}

/// Two runs that were given the same answers, and differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// How many decisions they have in common.
    pub agreed: u64,
    /// What the first run did then.
    pub first: String,
    /// What the second run did then.
    pub second: String,
    /// What was decided last in both, if anything was.
    pub last: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "two runs agree on {}, then differ",
            counted(self.agreed, "decision")
        )?;
        if let Some(last) = &self.last {
            write!(f, " (after this: {last})")?;
        }
        write!(
            f,
            "\n  first run    {}\n  second run   {}\nlikely: a static, a thread-local, a thread id or an address decides here, or \
             real time or entropy that the simulation does not see",
            self.first, self.second
        )
    }
}

/// Compares two runs: nothing if they were one.
///
/// The hashes on the way say between which two of them the runs part, so only those decisions are looked at.
fn compare(first: &Side, second: &Side) -> Option<Difference> {
    let same_failure = match (&first.failure, &second.failure) {
        (None, None) => true,
        (Some(first), Some(second)) => first.fingerprint() == second.fingerprint(),
        _ => false,
    };
    let same_run = first.hash == second.hash && first.decisions.len() == second.decisions.len();
    if same_run && same_failure {
        return None;
    }
    let pairs = || first.checkpoints.iter().zip(&second.checkpoints);
    let known = pairs().take_while(|(a, b)| a == b).last();
    let next = pairs().find(|(a, b)| a != b).map(|(a, _)| a.decisions);
    let from = known.map_or(0, |(both, _)| both.decisions as usize);
    let ends = first.decisions.len().max(second.decisions.len());
    let until = next.map_or(ends, |next| next as usize);
    // Actors are compared by key: a number alone may be given to another one.
    let same_at = |at: usize| match (first.decisions.get(at), second.decisions.get(at)) {
        (Some(a), Some(b)) => a == b && first.actors.key(a.actor) == second.actors.key(b.actor),
        _ => false,
    };
    let from = if same_run { ends } else { from };
    let differs_at = (from..until).find(|&at| !same_at(at));
    let at = differs_at.unwrap_or(until);
    let (first_did, second_did) = match differs_at {
        None if !same_run => (
            in_between(first, from, until),
            in_between(second, from, until),
        ),
        _ => (first.chose(at), second.chose(at)),
    };
    let agreed = match differs_at {
        None if !same_run => from,
        _ => at,
    };
    Some(Difference {
        agreed: agreed as u64,
        first: first_did,
        second: second_did,
        last: agreed
            .checked_sub(1)
            .filter(|&last| last < first.decisions.len())
            .map(|last| first.chose(last)),
    })
}

/// All decisions of a stretch are equal, so the runs differ in what is not decided: births, times, who went on alone.
fn in_between(side: &Side, from: usize, until: usize) -> String {
    let count = |kind| {
        (0..side.actors.len() as u32)
            .filter(|&actor| {
                side.actors.kind(Actor(actor)) == kind && side.actors.place(Actor(actor)).is_some()
            })
            .count() as u64
    };
    format!(
        "decides the same up to decision {}, and between decisions {} and {} does something else: it has {} and {} in \
         the end, at {} ns",
        grouped(until as u64),
        grouped(from as u64),
        grouped(until as u64),
        counted(count(Kind::Task), "task"),
        counted(count(Kind::Closure), "closure"),
        grouped(side.now)
    )
}

/// Why a run that was done again is not the same.
pub(crate) enum Apart {
    Differs(Difference),
    /// What was done again is what a simulation cannot allow: then it is no wonder that the other one went another way.
    Refused(Failure),
}

fn refused(ended: &Ended) -> Result<(), Apart> {
    match failure_of(ended) {
        Some(failure) if failure.kind == FailureKind::Refused => {
            Err(Apart::Refused(failure.clone()))
        }
        _ => Ok(()),
    }
}

/// Does the run that has just ended once more, and compares.
///
/// If the two differ, the program is asked to keep its runs apart, and two new ones are compared; what it says goes to
/// `isolated`. The run that is there at the end is the last of them.
pub(crate) fn twice(
    again: &mut Again<'_>,
    ended: &Ended,
    isolated: &mut Vec<String>,
) -> Result<(), Apart> {
    let mut first = Side::of(again.run, ended);
    let choices = Record::of(again.run).choices;
    for isolations in 0_usize.. {
        let ended = again.with(Box::new(Exact::new(&choices)));
        refused(&ended)?;
        let second = Side::of(again.run, &ended);
        let Some(difference) = compare(&first, &second) else {
            return Ok(());
        };
        let apart = Some(()).filter(|()| isolations < ISOLATIONS);
        match apart.and_then(|()| again.program.isolate()) {
            None => return Err(Apart::Differs(difference)),
            Some(line) => isolated.push(line),
        }
        let ended = again.with(Box::new(Exact::new(&choices)));
        refused(&ended)?;
        first = Side::of(again.run, &ended);
    }
    Ok(())
}
