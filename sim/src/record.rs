//! What has to be kept of a run so that it can be done again.

use crate::chooser::Point;
use crate::run::{Checkpoint, Run};

/// One answer that was not the calm one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Choice {
    /// The how manieth decision of its run it was, from 0.
    pub position: u64,
    /// Which answer was given; never 0, which is the calm one and is left out.
    pub taken: u32,
}

/// A run as it is kept: all that was not calm, and what it must come to if it is done again.
///
/// ```
/// use leno_sim::{Calm, Choice, Exact, Point, Record, Run};
///
/// let choices = [Choice { position: 0, taken: 2 }];
/// let mut run = Run::new(Box::new(Exact::new(&choices)));
/// run.begin(0);
/// run.draw(Point::Choice, 3);
/// let record = Record::of(&run);
/// assert_eq!(record.choices, choices);
///
/// let mut other = Run::new(Box::new(Calm));
/// other.begin(0);
/// other.draw(Point::Choice, 3);
/// assert_eq!(record.departed(&run), None);
/// assert_eq!(record.departed(&other), Some(0));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// How many decisions there were.
    pub decisions: u64,
    /// Those of them that were not calm, by position.
    pub choices: Vec<Choice>,
    /// The hash at the end.
    pub hash: u64,
    /// The hashes on the way.
    pub checkpoints: Vec<Checkpoint>,
    /// At how many nanoseconds it ended.
    pub ended_at: u64,
}

impl Record {
    /// Keeps the run that has just ended.
    pub fn of(run: &Run) -> Self {
        Self {
            decisions: run.decisions().len() as u64,
            choices: (0..)
                .zip(run.decisions())
                .filter(|(_, decision)| decision.taken != 0)
                .map(|(position, decision)| Choice {
                    position,
                    taken: decision.taken,
                })
                .collect(),
            hash: run.hash(),
            checkpoints: run.checkpoints().to_vec(),
            ended_at: run.now(),
        }
    }

    /// True if `run` was the same run, as far as hashes can tell.
    pub fn is(&self, run: &Run) -> bool {
        self.hash == run.hash() && self.decisions == run.decisions().len() as u64
    }

    /// Where `run` left this one, if it did: up to how many decisions the two are known to have been alike.
    pub fn departed(&self, run: &Run) -> Option<u64> {
        if self.is(run) {
            return None;
        }
        let mut alike = 0;
        for kept in &self.checkpoints {
            let there = run
                .checkpoints()
                .iter()
                .find(|there| there.decisions == kept.decisions);
            match there {
                Some(there) if there.hash == kept.hash => alike = kept.decisions,
                _ => break,
            }
        }
        Some(alike)
    }
}

/// The word for `point` in traces.
pub(crate) fn word(point: Point) -> &'static str {
    match point {
        Point::Next => "next",
        Point::Leaf => "leaf",
        Point::Start => "start",
        Point::Stall => "stall",
        Point::Closure => "closure",
        Point::Choice => "choice",
    }
}

/// The point of a draw that is called `word` in traces.
pub(crate) fn drawn(word: &str) -> Option<Point> {
    [Point::Start, Point::Stall, Point::Closure, Point::Choice]
        .into_iter()
        .find(|&point| self::word(point) == word)
}
