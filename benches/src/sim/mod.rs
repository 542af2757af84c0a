//! leno's simulation beside shuttle and loom: `versus sim`.
//!
//! Programs that are wrong under some schedules are run until they fail, from a hundred different seeds; programs that are right
//! tell how many schedules a second there are. All of it is behind the feature `sim`, so that everything else is measured of a leno
//! that knows nothing of simulations. What was measured ([`Comparison`]) can be shown without the feature.

#[cfg(feature = "sim")]
mod asynchronous;
#[cfg(feature = "sim")]
mod measure;

/// Programs by their names: what runs them, mended or not.
#[cfg(feature = "sim")]
type Programs = [(&'static str, fn(bool))];

/// The programs on shuttle's threads.
#[cfg(feature = "sim")]
#[path = "."]
#[expect(
    clippy::duplicate_mod,
    reason = "once with the one's locks, once with the other's"
)]
mod shuttle_threads {
    use ::shuttle::{sync, thread};

    #[path = "programs.rs"]
    mod programs;
    pub(super) use programs::PROGRAMS;
}

/// The programs on loom's threads.
#[cfg(feature = "sim")]
#[path = "."]
#[expect(
    clippy::duplicate_mod,
    reason = "once with the one's locks, once with the other's"
)]
mod loom_threads {
    use ::loom::{sync, thread};

    #[path = "programs.rs"]
    mod programs;
    pub(super) use programs::PROGRAMS;
}

use crate::units::thousands;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

#[cfg(feature = "sim")]
pub use measure::measure;

/// What `versus sim` found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// From so many seeds each bug was looked for.
    pub starts: u64,
    /// So many runs were made at most from each.
    pub most: u64,
    /// What a run and a decision cost.
    pub costs: Vec<Cost>,
    /// What was found, in how many runs.
    pub programs: Vec<Program>,
}

/// What something costs by leno and by shuttle, in turns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// What it is.
    pub what: String,
    /// Nanoseconds by leno, the median of the rounds.
    pub leno: f64,
    /// Nanoseconds by shuttle.
    pub shuttle: f64,
}

/// A program of the corpus, and who found its bug.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// By each strategy that can express it.
    pub searches: Vec<Search>,
}

/// How a strategy looked for a bug.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// Whose it is, and what it is called.
    pub strategy: String,
    /// Runs to find it, ascending; those that did not are missing.
    pub runs: Vec<u64>,
    /// From so many seeds; 1 if it has none.
    pub starts: u64,
    /// Schedules a second of the mended program.
    pub rate: f64,
    /// Decisions of the schedule that was shrunk; `None` if nobody shrinks it.
    pub shrunk: Option<u64>,
}

impl Search {
    /// The runs by which so great a part of the starts had found it.
    fn by(&self, part: f64) -> Option<u64> {
        let index = (part * self.starts as f64).ceil().max(1.0) as usize - 1;
        self.runs.get(index).copied()
    }

    /// Median and 95 %, as text.
    pub(crate) fn found(&self) -> String {
        match (self.by(0.5), self.by(0.95)) {
            (None, _) => "–".to_owned(),
            (Some(runs), _) if self.starts == 1 => thousands(runs),
            (Some(median), Some(tail)) => format!("{} / {}", thousands(median), thousands(tail)),
            (Some(median), None) => format!("{} / –", thousands(median)),
        }
    }

    pub(crate) fn shrunk(&self) -> String {
        self.shrunk
            .map_or("–".to_owned(), |shrunk| shrunk.to_string())
    }
}

impl Cost {
    pub(crate) fn ratio(&self) -> String {
        format!("{:.2}", self.leno / self.shuttle)
    }

    /// Nanoseconds, and how many there are in a second.
    pub(crate) fn figure(nanoseconds: f64) -> String {
        let rate = thousands((1e9 / nanoseconds).round() as u64);
        format!("{nanoseconds:.0} ns ({rate}/s)")
    }
}

/// What stands under the tables.
pub(crate) fn legend(comparison: &Comparison) -> String {
    format!(
        "Runs to find: median / 95 % over {} seeds, {} runs at most from each; –: not found. loom has no seeds, and looks through \
         schedules in its order. Schedules a second are those of the mended program, on one thread. Decisions are those of the \
         schedule that is left when leno has shrunk it: 0 if the calm one fails. A program is missing where it cannot be expressed: \
         shuttle and loom have no `select!`, no `watch`, no time, and loom aborts at a deadlock. Theirs are written with their own locks, channels and tasks.",
        comparison.starts,
        thousands(comparison.most)
    )
}

/// The comparison as Markdown.
pub fn markdown(comparison: &Comparison) -> String {
    let mut text = String::from(
        "## simulation\n\n| cost | leno | shuttle | leno/shuttle |\n| --- | ---: | ---: | ---: |\n",
    );
    for cost in &comparison.costs {
        let (leno, shuttle) = (Cost::figure(cost.leno), Cost::figure(cost.shuttle));
        let _ = writeln!(
            text,
            "| {} | {leno} | {shuttle} | {} |",
            cost.what,
            cost.ratio()
        );
    }
    text += "\n| program | strategy | runs to find | schedules/s | decisions, shrunk |\n| --- | --- | ---: | ---: | ---: |\n";
    for program in &comparison.programs {
        for search in &program.searches {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} |",
                program.name,
                search.strategy,
                search.found(),
                thousands(search.rate.round() as u64),
                search.shrunk()
            );
        }
    }
    let _ = writeln!(text, "\n{}", legend(comparison));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(runs: impl IntoIterator<Item = u64>, starts: u64) -> Search {
        Search {
            strategy: "walk".to_owned(),
            runs: runs.into_iter().collect(),
            starts,
            rate: 1234.5,
            shrunk: None,
        }
    }

    #[test]
    fn says_in_how_many_runs() {
        assert_eq!(search(1..=100, 100).found(), "50 / 95");
        assert_eq!(search(1..=94, 100).found(), "50 / –");
        assert_eq!(search([], 100).found(), "–");
        assert_eq!(search([7], 1).found(), "7");
    }

    #[test]
    fn tables_have_a_line_for_each_search() {
        let comparison = Comparison {
            starts: 100,
            most: 20_000,
            costs: vec![Cost {
                what: "a run".to_owned(),
                leno: 2000.0,
                shuttle: 8000.0,
            }],
            programs: vec![Program {
                name: "dining_3".to_owned(),
                searches: vec![search(1..=100, 100)],
            }],
        };
        let text = markdown(&comparison);
        for line in [
            "| a run | 2000 ns (500,000/s) | 8000 ns (125,000/s) | 0.25 |",
            "| dining_3 | walk | 50 / 95 | 1,235 | – |",
            "over 100 seeds, 20,000 runs at most",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
