//! What an exploration came to.

use crate::claim::{Claim, Prefix};
use crate::distinct::Distinct;
use crate::report::{counted, grouped, of_seeds};
use crate::run::Run;
use crate::shard::Shard;
use crate::tally::Tally;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

/// Why an exploration ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Because {
    /// All seeds were run.
    #[default]
    Seeds,
    /// The chooser has nothing left that it would try.
    Exhausted,
    /// The time was over.
    Time,
    /// As many runs were made as were allowed.
    Runs,
    /// A failure was found.
    Found,
}

/// A point where an actor may be held, over all runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointSeen {
    /// Where the actor was born.
    pub born: String,
    /// What it may be held at.
    pub site: String,
    /// How often actors came there.
    pub reached: u64,
    /// How often one was held there.
    pub held: u64,
}

/// Something that should be true in some run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SometimesSeen {
    /// What it is.
    pub name: String,
    /// Where it stands.
    pub place: String,
    /// How often it was looked at and was so.
    pub so: u64,
}

/// What an exploration came to: how much was run, and what of the program it met.
///
/// Its [`Display`](fmt::Display) is a few lines for people.
///
/// ```
/// use leno_sim::{Because, Ended, Explorer, Run, Settings};
///
/// let summary = Explorer::new(Settings::new("nothing"))
///     .explore(&mut |_: &mut Run| Ended::Passed)
///     .unwrap();
/// assert_eq!(summary.runs(), 1000);
/// assert_eq!(summary.distinct(), (1, true));
/// assert_eq!(summary.because(), Because::Seeds);
/// println!("{summary}");
/// ```
#[derive(Clone, Debug)]
pub struct Summary {
    pub(crate) test: String,
    pub(crate) strategy: String,
    pub(crate) seeds: Range<u64>,
    pub(crate) shard: Shard,
    pub(crate) runs: u64,
    pub(crate) decisions: u64,
    pub(crate) distinct: Distinct,
    pub(crate) last_new: Option<u64>,
    pub(crate) last_seed: Option<u64>,
    pub(crate) because: Because,
    pub(crate) points: Vec<PointSeen>,
    pub(crate) sometimes: Vec<SometimesSeen>,
    pub(crate) notes: Vec<String>,
    pub(crate) failures: u64,
    pub(crate) claim: Option<Claim>,
    pub(crate) unexplored: Vec<Prefix>,
    pub(crate) elapsed: Duration,
}

impl Summary {
    pub(crate) fn new(test: &str, strategy: &str, seeds: Range<u64>, shard: Shard) -> Self {
        Self {
            test: test.to_owned(),
            strategy: strategy.to_owned(),
            seeds,
            shard,
            runs: 0,
            decisions: 0,
            distinct: Distinct::default(),
            last_new: None,
            last_seed: None,
            because: Because::Seeds,
            points: Vec::new(),
            sometimes: Vec::new(),
            notes: Vec::new(),
            failures: 0,
            claim: None,
            unexplored: Vec::new(),
            elapsed: Duration::ZERO,
        }
    }

    /// Counts the run of `seed` that has just ended.
    #[inline]
    pub(crate) fn count(&mut self, seed: u64, run: &Run) {
        self.runs += 1;
        self.decisions += run.decisions().len() as u64;
        self.last_seed = Some(seed);
        if self.distinct.insert(run.hash()) {
            self.last_new = Some(seed);
        }
    }

    /// Takes what was met on the way; points of one text are one, whatever their addresses.
    pub(crate) fn take_tally(&mut self, tally: &Tally) {
        let mut points = BTreeMap::new();
        for (born, site, reached, held) in tally.points() {
            let point = points.entry((born, site)).or_insert((0, 0));
            *point = (point.0 + reached, point.1 + held);
        }
        self.points = points
            .into_iter()
            .map(|((born, site), (reached, held))| PointSeen {
                born,
                site,
                reached,
                held,
            })
            .collect();
        let mut sometimes = BTreeMap::new();
        for (name, place, so) in tally.sometimes_all() {
            *sometimes.entry((place, name)).or_insert(0) += so;
        }
        self.sometimes = sometimes
            .into_iter()
            .map(|((place, name), so)| SometimesSeen {
                name: name.to_owned(),
                place,
                so,
            })
            .collect();
    }

    /// How many runs were made, without those that looked closer at one.
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// How many decisions were made in all runs.
    pub fn decisions(&self) -> u64 {
        self.decisions
    }

    /// How many different runs there were, and whether that number is exact: if there are many, it is off by a few percent.
    pub fn distinct(&self) -> (u64, bool) {
        (self.distinct.count(), self.distinct.is_exact())
    }

    /// The seed of the last run that was not like any before.
    pub fn last_new(&self) -> Option<u64> {
        self.last_new
    }

    /// Why it ended.
    pub fn because(&self) -> Because {
        self.because
    }

    /// All points where an actor came that could be held there.
    pub fn points(&self) -> &[PointSeen] {
        &self.points
    }

    /// What should be true in some run, and how often it was.
    pub fn sometimes(&self) -> &[SometimesSeen] {
        &self.sometimes
    }

    /// What was done on the way that is worth knowing.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// How many different failures were found.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// What was covered, if the strategy goes through schedules and does not only draw them.
    pub fn claim(&self) -> Option<&Claim> {
        self.claim.as_ref()
    }

    /// Where another search can go on with what this one did not come to: [`Strategy::resume`](crate::Strategy::resume).
    pub fn unexplored(&self) -> &[Prefix] {
        &self.unexplored
    }

    /// How long it took.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// What should be true in some run and was true in none. Only if all were run that were meant to: one that was cut short says
    /// nothing.
    pub(crate) fn never(&self) -> impl Iterator<Item = &SometimesSeen> {
        let whole = matches!(self.because, Because::Seeds | Because::Exhausted);
        // One shard of many has seen its part only; `merge` looks at all of them.
        let whole = whole && self.shard == Shard::WHOLE && self.runs != 0;
        self.sometimes
            .iter()
            .filter(move |one| whole && one.so == 0)
    }
}

/// How many lines of one kind are shown.
const SHOWN: usize = 10;

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ended = match self.because {
            Because::Seeds => "all seeds were run",
            Because::Exhausted => "nothing is left to try",
            Because::Time => "the time was over",
            Because::Runs => "the limit of runs was met",
            Because::Found => "it ended at a failure",
        };
        write!(
            f,
            "{}: {} ({}), {}, {:.2} s; {ended}",
            self.test,
            counted(self.runs, "run"),
            self.strategy,
            counted(self.decisions, "decision"),
            self.elapsed.as_secs_f64()
        )?;
        if self.shard != Shard::WHOLE {
            write!(f, " of shard {}", self.shard)?;
        }
        let (distinct, exact) = self.distinct();
        let about = if exact { "" } else { "about " };
        write!(f, "\n  {about}{}", counted(distinct, "different run"))?;
        if let Some(last) = self.last_new.filter(|_| self.claim.is_none()) {
            let last = of_seeds(last, &self.seeds);
            write!(f, "; the last new one came at seed {last}")?;
        }
        if let Some(claim) = &self.claim {
            write!(f, "\n  {claim}")?;
        }
        let held = self.points.iter().filter(|point| point.held != 0).count();
        if !self.points.is_empty() {
            write!(
                f,
                "\n  {} where an actor may be held, {held} where one was",
                counted(self.points.len() as u64, "point")
            )?;
            let never = || self.points.iter().filter(|point| point.held == 0);
            for point in never().take(SHOWN) {
                write!(
                    f,
                    "\n    never held: {} at {} (there {})",
                    point.born,
                    point.site,
                    counted(point.reached, "time")
                )?;
            }
            more(f, never().count())?;
        }
        for one in self.sometimes.iter().take(SHOWN) {
            let (name, place) = (&one.name, &one.place);
            match one.so {
                0 => write!(f, "\n  never true: `{name}` ({place})")?,
                so => write!(
                    f,
                    "\n  sometimes true: `{name}` ({place}), {} times",
                    grouped(so)
                )?,
            }
        }
        more(f, self.sometimes.len())?;
        self.notes
            .iter()
            .try_for_each(|note| write!(f, "\n  {note}"))
    }
}

fn more(f: &mut fmt::Formatter<'_>, count: usize) -> fmt::Result {
    match count.checked_sub(SHOWN) {
        None | Some(0) => Ok(()),
        Some(more) => write!(f, "\n    … and {more} more"),
    }
}
